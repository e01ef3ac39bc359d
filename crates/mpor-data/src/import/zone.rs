//! The clock of times that carry no offset: a fixed distance from UTC.
//!
//! Clocks with summer time are not among them: their times come twice or never on two days a year, and a file of such
//! times is best written with offsets by whoever has the zone's rules.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A fixed offset from UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone {
    /// Minutes east of Greenwich.
    minutes: i32,
}

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Zone = Zone { minutes: 0 };

    /// A zone this many whole hours east of Greenwich.
    #[must_use]
    pub fn hours(hours: i32) -> Zone {
        Zone { minutes: 60 * hours }
    }

    /// Microseconds that local clocks are ahead of UTC.
    #[must_use]
    pub fn micros(self) -> i64 {
        i64::from(self.minutes) * 60_000_000
    }
}

impl FromStr for Zone {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refuse = || {
            format!(
                "`{text}` is not a time zone known here: pass UTC or a fixed offset such as +03:00 or -10:00; a zone with summer time has no fixed offset, so write its times with offsets"
            )
        };
        let trimmed = text.trim();
        if ["utc", "z", "gmt"].contains(&trimmed.to_lowercase().as_str()) {
            return Ok(Zone::UTC);
        }
        let bare = trimmed.strip_prefix("UTC").unwrap_or(trimmed);
        let (sign, digits) = match (bare.strip_prefix('+'), bare.strip_prefix(['-', '\u{2212}'])) {
            (Some(digits), _) => (1, digits),
            (_, Some(digits)) => (-1, digits),
            _ => return Err(refuse()),
        };
        let digits = digits.replace(':', "");
        if !(1..=4).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(refuse());
        }
        let number: i32 = digits.parse().map_err(|_| refuse())?;
        let (hours, minutes) =
            if digits.len() <= 2 { (number, 0) } else { (number / 100, number % 100) };
        if hours > 14 || minutes > 59 {
            return Err(refuse());
        }
        Ok(Zone { minutes: sign * (60 * hours + minutes) })
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.minutes == 0 {
            return f.write_str("UTC");
        }
        let sign = if self.minutes < 0 { '-' } else { '+' };
        write!(f, "{sign}{:02}:{:02}", self.minutes.abs() / 60, self.minutes.abs() % 60)
    }
}

impl TryFrom<String> for Zone {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> String {
        zone.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_in_every_spelling() {
        let shown = |text: &str| text.parse::<Zone>().unwrap().to_string();
        for (text, zone) in [
            ("UTC", "UTC"),
            ("z", "UTC"),
            ("+03:00", "+03:00"),
            ("+3", "+03:00"),
            ("-10", "-10:00"),
            ("+0530", "+05:30"),
            ("UTC-05:00", "-05:00"),
        ] {
            assert_eq!(shown(text), zone);
        }
        assert_eq!("+03:00".parse::<Zone>().unwrap().micros(), 10_800_000_000);
    }

    #[test]
    fn a_zone_with_summer_time_is_told() {
        for text in ["America/New_York", "+15:00", "+ab", "3"] {
            let told = text.parse::<Zone>().unwrap_err();
            assert!(told.contains("pass UTC or a fixed offset such as +03:00"), "{told}");
        }
    }
}
