//! What a file's folders say about its rows: `year=2020/symbol=BTC/part.parquet`.
//!
//! A file whose folders rule it out is not opened. `year`, `month` (with `year`), `day` (with both) and `date` are times
//! of UTC; the table's own text columns, such as `symbol`, are values. A day of slack on both sides covers writers that
//! partition by the start of a bar rather than by its end.

use chrono::{Days, Months, NaiveDate};
use mpor_core::{Span, Timestamp};

/// The `key=value` folders of a path, outermost first.
#[must_use]
pub fn parts(path: &str) -> Vec<(String, String)> {
    let Some((folders, _)) = path.rsplit_once('/') else { return Vec::new() };
    folders
        .split('/')
        .filter_map(|folder| folder.split_once('='))
        .map(|(key, value)| (key.to_owned(), decoded(value)))
        .collect()
}

/// Hive writers percent-encode what a path cannot hold, such as the slash of `BTC/USDT`.
fn decoded(value: &str) -> String {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let [first, tail @ ..] = rest {
        let escape = match (first, tail) {
            (b'%', [high, low, ..]) => {
                let text = [*high, *low];
                std::str::from_utf8(&text).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok())
            }
            _ => None,
        };
        match escape {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| value.to_owned())
}

/// Whether the folders say that no row lies in `from..=to`.
#[must_use]
pub fn outside(parts: &[(String, String)], from: Option<Timestamp>, to: Option<Timestamp>) -> bool {
    let Some((first, last)) = period(parts) else { return false };
    let (first, last) = (first - Span::days(1), last + Span::days(1));
    from.is_some_and(|from| last < from) || to.is_some_and(|to| first > to)
}

/// The time that the folders span, its end included; `None` when they say nothing of time.
fn period(parts: &[(String, String)]) -> Option<(Timestamp, Timestamp)> {
    let value = |key: &str| parts.iter().find(|(known, _)| known == key).map(|(_, value)| value);
    let number = |key: &str| value(key)?.parse::<u32>().ok();
    let days = |first: NaiveDate, end: Option<NaiveDate>| {
        Some((Timestamp::from_date(first), Timestamp::from_date(end?)))
    };
    if let Some(date) = value("date").and_then(|text| text.parse::<NaiveDate>().ok()) {
        return days(date, date.checked_add_days(Days::new(1)));
    }
    let year = i32::try_from(number("year")?).ok()?;
    match (number("month"), number("day")) {
        (Some(month), Some(day)) => {
            let first = NaiveDate::from_ymd_opt(year, month, day)?;
            days(first, first.checked_add_days(Days::new(1)))
        }
        (Some(month), None) => {
            let first = NaiveDate::from_ymd_opt(year, month, 1)?;
            days(first, first.checked_add_months(Months::new(1)))
        }
        (None, _) => {
            let first = NaiveDate::from_ymd_opt(year, 1, 1)?;
            days(first, first.checked_add_months(Months::new(12)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excluded(path: &str, from: &str, to: &str) -> bool {
        outside(&parts(path), Some(from.parse().unwrap()), Some(to.parse().unwrap()))
    }

    #[test]
    fn folders_rule_files_out_by_time() {
        assert!(excluded("d/year=2019/a.parquet", "2020-03-01", "2020-04-01"));
        assert!(!excluded("d/year=2020/a.parquet", "2020-03-01", "2020-04-01"));
        assert!(!excluded("d/year=2019/a.parquet", "2020-01-01", "2020-04-01"), "a day of slack");
        assert!(excluded("d/year=2020/month=12/a.parquet", "2020-03-01", "2020-04-01"));
        assert!(!excluded("d/year=2020/month=03/day=09/a.parquet", "2020-03-09", "2020-03-09"));
        assert!(excluded("d/date=2020-03-12/a.parquet", "2020-03-15", "2020-03-16"));
        assert!(!excluded("d/desk=7/a.parquet", "2020-03-14", "2020-03-15"));
        assert!(!excluded("d/year=twenty/a.parquet", "2020-03-14", "2020-03-15"));
    }

    #[test]
    fn values_are_percent_decoded() {
        let found = parts("d/symbol=BTC%2FUSDT/source=100%/a.parquet");
        assert_eq!(found[0], ("symbol".to_owned(), "BTC/USDT".to_owned()));
        assert_eq!(found[1].1, "100%");
    }
}
