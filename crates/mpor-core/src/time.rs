//! Instants and spans, in whole microseconds of UTC.

use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, Utc};

/// Microseconds in a day.
pub const DAY_MICROS: i64 = 86_400_000_000;
/// Days in the year that every rate and volatility is quoted on.
pub const YEAR_DAYS: f64 = 365.0;

/// An instant: microseconds since 1970-01-01T00:00:00Z.
///
/// A bar or fixing carries the instant from which it is known, that is the end of its interval.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub i64);

/// A span of time in microseconds, written `2d`, `48h`, `30m` or `15s`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span(pub i64);

/// Why a text is neither an instant nor a span.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not `YYYY-MM-DD` or RFC 3339.
    #[error("`{0}` is not a time: write 2020-03-12 or 2020-03-12T08:00:00Z")]
    NotATime(String),
    /// Not a number with a unit.
    #[error("`{0}` is not a span: write a whole number with d, h, m or s, such as 2d or 48h")]
    NotASpan(String),
}

impl Timestamp {
    /// Midnight UTC of a calendar day.
    #[must_use]
    pub fn from_date(date: NaiveDate) -> Self {
        Timestamp(date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_micros())
    }

    /// The civil date and time in UTC; the extremes of the range are clamped to what chrono can hold.
    #[must_use]
    pub fn utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or(if self.0 < 0 {
            DateTime::<Utc>::MIN_UTC
        } else {
            DateTime::<Utc>::MAX_UTC
        })
    }

    /// The civil date in UTC.
    #[must_use]
    pub fn date(self) -> NaiveDate {
        self.utc().date_naive()
    }

    /// Years of 365 days from `self` to `later`; negative when `later` is earlier.
    #[must_use]
    pub fn years_to(self, later: Timestamp) -> f64 {
        (later.0 - self.0) as f64 / (DAY_MICROS as f64 * YEAR_DAYS)
    }
}

impl Span {
    /// A number of whole days.
    #[must_use]
    pub const fn days(days: i64) -> Self {
        Span(days * DAY_MICROS)
    }

    /// A number of whole hours.
    #[must_use]
    pub const fn hours(hours: i64) -> Self {
        Span(hours * (DAY_MICROS / 24))
    }

    /// The span in years of 365 days.
    #[must_use]
    pub fn years(self) -> f64 {
        self.0 as f64 / (DAY_MICROS as f64 * YEAR_DAYS)
    }

    /// The span in days, with its fraction.
    #[must_use]
    pub fn as_days(self) -> f64 {
        self.0 as f64 / DAY_MICROS as f64
    }
}

impl Add<Span> for Timestamp {
    type Output = Timestamp;
    fn add(self, span: Span) -> Timestamp {
        Timestamp(self.0 + span.0)
    }
}

impl Sub<Span> for Timestamp {
    type Output = Timestamp;
    fn sub(self, span: Span) -> Timestamp {
        Timestamp(self.0 - span.0)
    }
}

impl Sub for Timestamp {
    type Output = Span;
    fn sub(self, earlier: Timestamp) -> Span {
        Span(self.0 - earlier.0)
    }
}

impl FromStr for Timestamp {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            return Ok(Timestamp::from_date(date));
        }
        if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
            return Ok(Timestamp(instant.timestamp_micros()));
        }
        NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M")
            .map(|civil| Timestamp(civil.and_utc().timestamp_micros()))
            .map_err(|_| TimeError::NotATime(text.to_owned()))
    }
}

impl FromStr for Span {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let refuse = || TimeError::NotASpan(text.to_owned());
        let unit = match text.chars().last() {
            Some('d') => DAY_MICROS,
            Some('h') => DAY_MICROS / 24,
            Some('m') => 60_000_000,
            Some('s') => 1_000_000,
            _ => return Err(refuse()),
        };
        let count = text[..text.len() - 1].parse::<u32>().map_err(|_| refuse())?;
        Ok(Span(i64::from(count).checked_mul(unit).ok_or_else(refuse)?))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.utc().to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(DAY_MICROS, "d"), (DAY_MICROS / 24, "h"), (60_000_000, "m")];
        for (unit, name) in units {
            if self.0 != 0 && self.0 % unit == 0 {
                return write!(f, "{}{name}", self.0 / unit);
            }
        }
        write!(f, "{}s", self.0 / 1_000_000)
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

macro_rules! serde_as_text {
    ($type:ty) => {
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'_, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    };
}
serde_as_text!(Timestamp);
serde_as_text!(Span);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_reads_as_its_midnight() {
        let midnight: Timestamp = "2020-03-12".parse().unwrap();
        assert_eq!(midnight, "2020-03-12T00:00:00Z".parse().unwrap());
        assert_eq!((midnight + Span::hours(8)).to_string(), "2020-03-12T08:00:00Z");
    }

    #[test]
    fn spans_print_as_they_are_written() {
        for text in ["2d", "6h", "30m", "15s"] {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), text);
        }
        assert_eq!("48h".parse::<Span>().unwrap().to_string(), "2d");
        assert!("2w".parse::<Span>().is_err());
        assert!("-2d".parse::<Span>().is_err());
        assert!("d".parse::<Span>().is_err());
        assert!("2€".parse::<Span>().is_err());
    }

    #[test]
    fn a_year_has_365_days() {
        assert_eq!(Span::days(365).years(), 1.0);
    }
}
