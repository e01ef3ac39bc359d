//! The clock of times that carry no offset: a fixed distance from UTC, or the clock of a place with its summer time.
//!
//! A place's clock shows some times twice (when summer time ends) and some never (when it begins). Such a time is no
//! instant, and is told from the others instead of being put somewhere. The rules are those of the tz database in the
//! version of the `chrono-tz` crate: times after its release may be off where a country has changed its mind since.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, MappedLocalTime, NaiveDateTime, Offset, TimeZone};
use chrono_tz::{TZ_VARIANTS, Tz};
use serde::{Deserialize, Serialize};

/// The clock of times without an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Zone {
    /// Minutes east of Greenwich, all year.
    Fixed(i32),
    /// The clock of a place, such as `America/New_York`.
    Named(Tz),
}

/// A time on a clock that is not one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoInstant {
    /// The clock was put forward over it.
    Skipped,
    /// The clock was put back over it.
    Twice,
}

impl Default for Zone {
    fn default() -> Self {
        Zone::UTC
    }
}

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Zone = Zone::Fixed(0);

    /// A zone this many whole hours east of Greenwich.
    #[must_use]
    pub fn hours(hours: i32) -> Zone {
        Zone::Fixed(60 * hours)
    }

    /// The instant, in microseconds since the epoch, at which the zone's clock shows `civil`.
    pub(crate) fn instant(self, civil: i64) -> Result<i64, NoInstant> {
        let place = match self {
            Zone::Fixed(minutes) => return Ok(civil - micros(minutes)),
            Zone::Named(place) => place,
        };
        let local = naive(civil).ok_or(NoInstant::Skipped)?;
        match place.offset_from_local_datetime(&local) {
            MappedLocalTime::Single(offset) => {
                Ok(civil - i64::from(offset.fix().local_minus_utc()) * 1_000_000)
            }
            MappedLocalTime::Ambiguous(..) => Err(NoInstant::Twice),
            MappedLocalTime::None => Err(NoInstant::Skipped),
        }
    }

    /// What the zone's clock shows at an instant.
    pub(crate) fn civil(self, instant: i64) -> i64 {
        match self {
            Zone::Fixed(minutes) => instant + micros(minutes),
            Zone::Named(place) => naive(instant).map_or(instant, |utc| {
                let offset = place.offset_from_utc_datetime(&utc).fix();
                instant + i64::from(offset.local_minus_utc()) * 1_000_000
            }),
        }
    }

    /// Microseconds ahead of UTC, of a zone that is so all year.
    pub(crate) fn fixed(self) -> Option<i64> {
        match self {
            Zone::Fixed(minutes) => Some(micros(minutes)),
            Zone::Named(_) => None,
        }
    }
}

fn micros(minutes: i32) -> i64 {
    i64::from(minutes) * 60_000_000
}

fn naive(micros: i64) -> Option<NaiveDateTime> {
    DateTime::from_timestamp_micros(micros).map(|time| time.naive_utc())
}

impl NoInstant {
    /// Why a row with such a time is refused.
    pub(crate) fn reason(self, column: &str, zone: Zone) -> String {
        match self {
            NoInstant::Skipped => format!(
                "`{column}` is a time that the clock of {zone} skips when it is put forward"
            ),
            NoInstant::Twice => format!(
                "`{column}` is a time that the clock of {zone} shows twice when it is put back, so it is no instant"
            ),
        }
    }
}

impl FromStr for Zone {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let trimmed = text.trim();
        if ["utc", "z", "gmt"].contains(&trimmed.to_lowercase().as_str()) {
            return Ok(Zone::UTC);
        }
        if let Some(minutes) = offset(trimmed) {
            return Ok(Zone::Fixed(minutes));
        }
        // Names without a place, such as EST, mean different clocks to different people.
        let of_a_place = trimmed.contains('/') && !trimmed.starts_with("Etc/");
        match trimmed.parse::<Tz>().ok().filter(|_| of_a_place) {
            Some(place) => Ok(Zone::Named(place)),
            None => Err(refusal(text)),
        }
    }
}

/// Minutes east of Greenwich of `+03:00`, `-1000`, `UTC+3`.
fn offset(text: &str) -> Option<i32> {
    let bare = text.strip_prefix("UTC").unwrap_or(text);
    let (sign, digits) = match (bare.strip_prefix('+'), bare.strip_prefix(['-', '\u{2212}'])) {
        (Some(digits), _) => (1, digits),
        (_, Some(digits)) => (-1, digits),
        _ => return None,
    };
    let digits = digits.replace(':', "");
    if !(1..=4).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: i32 = digits.parse().ok()?;
    let (hours, minutes) =
        if digits.len() <= 2 { (number, 0) } else { (number / 100, number % 100) };
    (hours <= 14 && minutes <= 59).then_some(sign * (60 * hours + minutes))
}

fn refusal(text: &str) -> String {
    let folded = |name: &str| name.to_lowercase().replace([' ', '-'], "_");
    let wanted = folded(text.trim());
    let city = |name: &str| folded(name).rsplit('/').next() == Some(wanted.as_str());
    let same = |place: &&Tz| folded(place.name()) == wanted || city(place.name());
    let near = TZ_VARIANTS.iter().filter(|place| place.name().contains('/')).find(same);
    let near = near.map(|place| format!(" (did you mean {}?)", place.name())).unwrap_or_default();
    format!(
        "`{text}` is not a time zone known here{near}: pass UTC, a fixed offset such as +03:00 or -10:00, or a place such as America/New_York, whose summer time is then followed"
    )
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Zone::Fixed(0) => f.write_str("UTC"),
            Zone::Fixed(minutes) => {
                let sign = if *minutes < 0 { '-' } else { '+' };
                write!(f, "{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
            }
            Zone::Named(place) => f.write_str(place.name()),
        }
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
    use mpor_core::Timestamp;

    use super::*;

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().0
    }

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
            ("America/New_York", "America/New_York"),
        ] {
            assert_eq!(shown(text), zone);
        }
        assert_eq!("+03:00".parse::<Zone>().unwrap().fixed(), Some(10_800_000_000));
    }

    #[test]
    fn what_is_no_zone_is_told_with_what_would_be() {
        for text in ["EST", "Etc/GMT+5", "+15:00", "+ab", "3", "Europe/Berlim"] {
            let told = text.parse::<Zone>().unwrap_err();
            assert!(told.contains("pass UTC, a fixed offset such as +03:00"), "{told}");
        }
        for text in ["america/new york", "New York"] {
            let told = text.parse::<Zone>().unwrap_err();
            assert!(told.contains("did you mean America/New_York?"), "{told}");
        }
    }

    #[test]
    fn summer_time_by_the_newspaper() {
        // In 2024 New York's clocks went forward on 10 March at 02:00 and back on 3 November at 02:00; Berlin's on 31 March
        // and 27 October. New York is 5 hours behind UTC in winter, Berlin 1 hour ahead.
        let of = |zone: &str, civil: &str| zone.parse::<Zone>().unwrap().instant(at(civil));
        let (york, berlin) = ("America/New_York", "Europe/Berlin");
        assert_eq!(of(york, "2024-03-10T01:59:59Z"), Ok(at("2024-03-10T06:59:59Z")));
        assert_eq!(of(york, "2024-03-10T02:00"), Err(NoInstant::Skipped));
        assert_eq!(of(york, "2024-03-10T02:59:59Z"), Err(NoInstant::Skipped));
        assert_eq!(of(york, "2024-03-10T03:00"), Ok(at("2024-03-10T07:00")));
        assert_eq!(of(york, "2024-11-03T00:59"), Ok(at("2024-11-03T04:59")));
        assert_eq!(of(york, "2024-11-03T01:30"), Err(NoInstant::Twice));
        assert_eq!(of(york, "2024-11-03T02:00"), Ok(at("2024-11-03T07:00")));
        assert_eq!(of(berlin, "2024-07-01T12:00"), Ok(at("2024-07-01T10:00")));
        assert_eq!(of(berlin, "2024-10-27T02:30"), Err(NoInstant::Twice));
        let zone: Zone = york.parse().unwrap();
        assert_eq!(zone.civil(at("2024-11-03T05:30")), at("2024-11-03T01:30"));
        assert_eq!(zone.civil(at("2024-11-03T06:30")), at("2024-11-03T01:30"));
    }
}
