//! Times as other tools write them.
//!
//! ```text
//! 1577836800  1577836800000  1577836800000000  1577836800000000000     seconds to nanoseconds since 1970, by size
//! 2020-01-31  2020-01-31T08:30:15.250Z  2020/01/31 08:30  20200131     offset, Z or nothing behind the clock
//! 2019-10-17 09-AM  01/31/2020 08:30 PM  31.01.2020                    which of the first two is the day: see `Order`
//! ```
//!
//! Anything else is read by a strftime format of the user's.

use chrono::NaiveDate;
use chrono::format::{Item, Parsed, StrftimeItems, parse};

use crate::era;
use crate::import::cell::Cell;
use crate::import::error::ImportError;
use crate::import::zone::Zone;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// A time as far as its text says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// Microseconds since the epoch, UTC.
    Utc(i64),
    /// Microseconds on a clock without a zone.
    Civil(i64),
    /// Days since the epoch, without a clock.
    Day(i64),
}

/// Which comes first in `03/04/2020`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// The day.
    Day,
    /// The month.
    Month,
    /// Not known, so such a date is not read.
    Unknown,
}

/// How a column's times are read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TimeForm {
    /// By their shape.
    Shape(Order),
    /// By a strftime format.
    Custom(Vec<Item<'static>>),
}

impl TimeForm {
    /// A strftime format such as `%d.%m.%Y %H:%M`.
    pub fn custom(format: &str) -> Result<Self, ImportError> {
        let items: Result<Vec<Item<'static>>, _> = StrftimeItems::new(format).parse_to_owned();
        items.map(TimeForm::Custom).map_err(|_| {
            ImportError::spec(format!(
                "--time-format `{format}` is not a format: %Y year, %m month, %d day, %H hour, %I with %p hour of am and pm, %M minute, %S second, %z offset"
            ))
        })
    }

    /// The time in a cell, unless it is of no year that history has.
    pub fn read(&self, cell: &Cell<'_>) -> Option<Written> {
        self.written(cell).filter(|written| match *written {
            Written::Utc(micros) | Written::Civil(micros) => era::holds(micros),
            Written::Day(days) => days.checked_mul(DAY).is_some_and(era::holds),
        })
    }

    fn written(&self, cell: &Cell<'_>) -> Option<Written> {
        match (self, cell) {
            (_, Cell::Instant { micros, zoned: true }) => Some(Written::Utc(*micros)),
            (_, Cell::Instant { micros, zoned: false }) => Some(Written::Civil(*micros)),
            (_, Cell::Day(days)) => Some(Written::Day(*days)),
            (TimeForm::Shape(_), Cell::Whole(value)) => whole(*value),
            (TimeForm::Shape(_), Cell::Number(value)) => fraction(*value),
            (TimeForm::Shape(order), Cell::Text(text)) => shape(text, *order),
            (TimeForm::Custom(items), Cell::Text(text)) => by_format(items, text),
            (TimeForm::Custom(items), Cell::Whole(value)) => by_format(items, &value.to_string()),
            _ => None,
        }
    }
}

/// Unit of a number of this size: between 1973 and 5138 they do not overlap.
pub(crate) fn epoch_unit(value: i64) -> &'static str {
    match value.unsigned_abs() {
        0..100_000_000_000 => "seconds",
        100_000_000_000..100_000_000_000_000 => "milliseconds",
        100_000_000_000_000..100_000_000_000_000_000 => "microseconds",
        _ => "nanoseconds",
    }
}

fn whole(value: i64) -> Option<Written> {
    if let Some(day) = compact_day(value) {
        return Some(Written::Day(day));
    }
    let micros = match epoch_unit(value) {
        "seconds" => value * SECOND,
        "milliseconds" => value * 1_000,
        "microseconds" => value,
        _ => value.div_euclid(1_000),
    };
    Some(Written::Utc(micros))
}

/// 20200131: as seconds it would lie in 1970, where there is no market to read.
fn compact_day(value: i64) -> Option<i64> {
    if !(19_000_101..=21_001_231).contains(&value) {
        return None;
    }
    days(value / 10_000, value / 100 % 100, value % 100)
}

fn fraction(value: f64) -> Option<Written> {
    if !value.is_finite() || value.abs() >= 9e18 {
        return None;
    }
    let whole_part = value as i64;
    match epoch_unit(whole_part) {
        "seconds" if compact_day(whole_part).is_none() => {
            Some(Written::Utc((value * 1e6).round() as i64))
        }
        _ => whole(whole_part),
    }
}

fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let date = NaiveDate::from_ymd_opt(
        i32::try_from(year).ok()?,
        u32::try_from(month).ok()?,
        u32::try_from(day).ok()?,
    )?;
    Some(i64::from(date.to_epoch_days()))
}

/// Whether a text could be a time; for telling a header from rows.
pub(crate) fn looks_like_time(text: &str) -> bool {
    !text.is_empty() && shape(text, Order::Day).or_else(|| shape(text, Order::Month)).is_some()
}

/// First two numbers of `03/04/2020`, where a text begins so.
pub(crate) fn ambiguous_pair(text: &str) -> Option<(i64, i64)> {
    let mut scan = Scan { bytes: text.as_bytes(), at: 0 };
    let (first, length) = scan.digits()?;
    let separator = scan.take(b"/.-")?;
    let (second, _) = scan.digits()?;
    (length <= 2 && scan.take(&[separator]).is_some()).then_some((first, second))
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn digits(&mut self) -> Option<(i64, usize)> {
        let (start, mut value) = (self.at, 0_i64);
        while let Some(digit) = self.peek().filter(u8::is_ascii_digit) {
            value = value.checked_mul(10)?.checked_add(i64::from(digit - b'0'))?;
            self.at += 1;
        }
        (self.at > start).then_some((value, self.at - start))
    }

    /// The next byte, where it is one of these.
    fn take(&mut self, any: &[u8]) -> Option<u8> {
        let byte = self.peek().filter(|byte| any.contains(byte))?;
        self.at += 1;
        Some(byte)
    }

    fn ended(&self) -> bool {
        self.at == self.bytes.len()
    }

    fn rest(&self) -> &[u8] {
        &self.bytes[self.at..]
    }
}

fn shape(text: &str, order: Order) -> Option<Written> {
    let text = text.trim();
    let negative = text.strip_prefix('-');
    let mut scan = Scan { bytes: negative.unwrap_or(text).as_bytes(), at: 0 };
    let (first, length) = scan.digits()?;
    if scan.ended() {
        return whole(if negative.is_some() { -first } else { first });
    }
    if negative.is_some() {
        return None;
    }
    let day = match (length, scan.peek()?) {
        (8, b' ' | b'T') => compact_day(first)?,
        (_, b'.') if length >= 9 => return fraction(text.parse().ok()?),
        (4, separator @ (b'-' | b'/' | b'.')) => {
            scan.at += 1;
            let (month, _) = scan.digits()?;
            scan.take(&[separator])?;
            let (day, _) = scan.digits()?;
            days(first, month, day)?
        }
        (1 | 2, separator @ (b'/' | b'.' | b'-')) => {
            scan.at += 1;
            let (second, _) = scan.digits()?;
            scan.take(&[separator])?;
            let (year, digits) = scan.digits()?;
            let order = if separator == b'.' { Order::Day } else { order };
            match order {
                _ if digits != 4 => return None,
                Order::Day => days(year, second, first)?,
                Order::Month => days(year, first, second)?,
                Order::Unknown => return None,
            }
        }
        _ => return None,
    };
    if scan.ended() {
        return Some(Written::Day(day));
    }
    scan.take(b" T")?;
    let clock = clock(&mut scan)?;
    let civil = day * DAY + clock;
    if scan.ended() {
        return Some(Written::Civil(civil));
    }
    offset(&mut scan).map(|offset| Written::Utc(civil - offset))
}

/// `08`, `08:30`, `08:30:15.25`, with or without `AM` or `PM`, in microseconds.
fn clock(scan: &mut Scan<'_>) -> Option<i64> {
    let (hours, length) = scan.digits()?;
    let (mut minutes, mut seconds, mut micros) = (0, 0, 0);
    let mut hours = hours;
    if length == 6 || length == 4 {
        (seconds, minutes, hours) = match length {
            6 => (hours % 100, hours / 100 % 100, hours / 10_000),
            _ => (0, hours % 100, hours / 100),
        };
    } else if scan.take(b":").is_some() {
        minutes = scan.digits()?.0;
        if scan.take(b":").is_some() {
            seconds = scan.digits()?.0;
        }
    }
    if scan.take(b".,").is_some() {
        let (value, digits) = scan.digits()?;
        let scale = 10_i64.checked_pow(u32::try_from(digits).ok()?)?;
        micros = i64::try_from(i128::from(value) * i128::from(SECOND) / i128::from(scale)).ok()?;
    }
    if let Some(half) = half_of_day(scan) {
        if !(1..=12).contains(&hours) {
            return None;
        }
        hours = hours % 12 + 12 * half;
    }
    let whole_day = hours == 24 && minutes == 0 && seconds == 0 && micros == 0;
    let fits = (hours < 24 || whole_day) && minutes < 60 && seconds < 60;
    fits.then(|| ((hours * 60 + minutes) * 60 + seconds) * SECOND + micros)
}

/// `AM` is 0 and `PM` is 1, behind a space, a hyphen or nothing.
fn half_of_day(scan: &mut Scan<'_>) -> Option<i64> {
    let rest = scan.rest();
    let gap = usize::from(rest.first().is_some_and(|byte| b" -".contains(byte)));
    let letters = rest.get(gap..gap + 2)?;
    let half = match letters.to_ascii_lowercase().as_slice() {
        b"am" => 0,
        b"pm" => 1,
        _ => return None,
    };
    scan.at += gap + 2;
    Some(half)
}

/// `Z`, `UTC`, `+03:00`, `-1000`, behind a space or nothing; microseconds.
fn offset(scan: &mut Scan<'_>) -> Option<i64> {
    let rest = std::str::from_utf8(scan.rest()).ok()?.trim_start();
    if rest.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    rest.parse::<Zone>().ok().and_then(Zone::fixed)
}

fn by_format(items: &[Item<'static>], text: &str) -> Option<Written> {
    let mut parsed = Parsed::new();
    parse(&mut parsed, text, items.iter()).ok()?;
    if let Some(seconds) = parsed.timestamp() {
        return Some(Written::Utc(seconds.checked_mul(SECOND)?));
    }
    let day = i64::from(parsed.to_naive_date().ok()?.to_epoch_days());
    if parsed.hour_mod_12().is_none() {
        return Some(Written::Day(day));
    }
    // A clock of hours alone is at the full hour.
    if parsed.minute().is_none() {
        parsed.set_minute(0).ok()?;
    }
    let time = parsed.to_naive_time().ok()?;
    let seconds = i64::from(chrono::Timelike::num_seconds_from_midnight(&time));
    let micros = i64::from(chrono::Timelike::nanosecond(&time)) / 1_000;
    let civil = day * DAY + seconds * SECOND + micros;
    match parsed.offset() {
        Some(offset) => Some(Written::Utc(civil - i64::from(offset) * SECOND)),
        None => Some(Written::Civil(civil)),
    }
}

#[cfg(test)]
mod tests {
    use mpor_core::Timestamp;

    use super::*;

    fn micros(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().0
    }

    fn read(text: &str) -> Option<Written> {
        TimeForm::Shape(Order::Month).read(&Cell::text(text))
    }

    #[test]
    fn epochs_by_their_size() {
        // 2020-01-01T00:00:00Z is 1577836800, as `date -u -d 2020-01-01 +%s` says.
        let new_year = Some(Written::Utc(micros("2020-01-01T00:00:00Z")));
        for text in ["1577836800", "1577836800000", "1577836800000000", "1577836800000000000"] {
            assert_eq!(read(text), new_year, "{text}");
        }
        assert_eq!(read("1577836800.0"), new_year);
        assert_eq!(read("1577836800.25"), Some(Written::Utc(micros("2020-01-01T00:00:00.25Z"))));
        assert_eq!(TimeForm::Shape(Order::Unknown).read(&Cell::Whole(1_577_836_800_000)), new_year);
    }

    #[test]
    fn clocks_with_and_without_an_offset() {
        let civil = |text: &str| Some(Written::Civil(micros(text)));
        let utc = |text: &str| Some(Written::Utc(micros(text)));
        assert_eq!(read("2020-01-31 08:30"), civil("2020-01-31T08:30:00Z"));
        assert_eq!(read("2020/01/31 08:30:15.250"), civil("2020-01-31T08:30:15.250Z"));
        assert_eq!(read("2020-01-31T08:30:15Z"), utc("2020-01-31T08:30:15Z"));
        assert_eq!(read("2024-01-01 07:00:00-10:00"), utc("2024-01-01T17:00:00Z"));
        assert_eq!(read("2024-12-31 08:00:00.000000000+00:00"), utc("2024-12-31T08:00:00Z"));
        assert_eq!(read("2024-12-31 08:00 UTC"), utc("2024-12-31T08:00:00Z"));
        assert_eq!(read("20200131 083015"), civil("2020-01-31T08:30:15Z"));
        assert_eq!(read("2019-10-17 09-AM"), civil("2019-10-17T09:00:00Z"));
        assert_eq!(read("2019-10-17 12-AM"), civil("2019-10-17T00:00:00Z"));
        assert_eq!(read("2019-10-17 12-PM"), civil("2019-10-17T12:00:00Z"));
        assert_eq!(read("01/31/2020 8:30 PM"), civil("2020-01-31T20:30:00Z"));
    }

    #[test]
    fn dates_have_no_clock() {
        let day = Some(Written::Day(micros("2020-01-31T00:00:00Z") / DAY));
        for text in ["2020-01-31", "2020/1/31", "20200131", "01/31/2020", "31.01.2020"] {
            assert_eq!(read(text), day, "{text}");
        }
        assert_eq!(TimeForm::Shape(Order::Day).read(&Cell::text("31/01/2020")), day);
        assert_eq!(TimeForm::Shape(Order::Unknown).read(&Cell::text("01/31/2020")), None);
    }

    #[test]
    fn what_is_no_time() {
        for text in
            ["2020-02-30", "2020-01-01 25:00", "12.5", "abc", "2020-01-01 13:00 PM", "1/2/20"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn formats_of_the_user() {
        let custom =
            |format: &str, text: &str| TimeForm::custom(format).unwrap().read(&Cell::text(text));
        let nine = Some(Written::Civil(micros("2019-10-17T09:00:00Z")));
        assert_eq!(custom("%Y-%m-%d %I-%p", "2019-10-17 09-AM"), nine);
        assert_eq!(custom("%d %b %Y %H:%M", "17 Oct 2019 09:00"), nine);
        assert_eq!(
            custom("%d %b %Y %H:%M %z", "17 Oct 2019 09:00 +0300"),
            Some(Written::Utc(micros("2019-10-17T06:00:00Z")))
        );
        assert_eq!(
            custom("%b %d, %Y", "Jan 31, 2020"),
            Some(Written::Day(micros("2020-01-31T00:00:00Z") / DAY))
        );
        let odd = TimeForm::custom("%Q").unwrap_err().to_string();
        assert!(odd.contains("%Y year"), "{odd}");
    }
}
