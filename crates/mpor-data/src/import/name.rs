//! What the name of a file says: pair, interval and month, in the manner of Binance's archive and of freqtrade.
//!
//! ```text
//! BTCUSDT-1h-2024-01.csv           pair, length of a bar, the month that the file holds
//! BTC_USDT-1h.feather              pair BTC/USDT
//! BTCUSDT-1h-2024-01.csv.gz, .zip   the same, packed
//! BTC_USDT_USDT-1h-futures.feather pair BTC/USDT:USDT, a perpetual
//! ```

use std::path::Path;

use chrono::NaiveDate;
use mpor_core::{Span, Timestamp};

/// What text files are called, inside what they are packed in.
const TEXTS: &[&str] = &["csv", "txt", "json"];

/// The parts that were found.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct FileName {
    /// The first part.
    pub pair: Option<String>,
    /// Length of a bar.
    pub interval: Option<Span>,
    /// First instant and first instant after, of the month or day that it is named for, on its own clock.
    pub period: Option<(Timestamp, Timestamp)>,
}

/// Reads the name of a file.
pub(crate) fn read(path: &Path) -> FileName {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let packed = [".gz", ".zip"].iter().find_map(|end| name.strip_suffix(end));
    let name = packed.unwrap_or(&name);
    let stem = match name.rsplit_once('.') {
        Some((stem, end)) if packed.is_none() || TEXTS.contains(&end) => stem,
        _ => name,
    };
    let parts: Vec<&str> = stem.split('-').collect();
    let interval = parts.iter().skip(1).find_map(|part| interval(part));
    let period = period(&parts);
    let archived = interval.is_some() || period.is_some();
    let pair = parts.first().filter(|_| archived && parts.len() > 1);
    FileName { pair: pair.map(|pair| (*pair).to_owned()), interval, period }
}

impl FileName {
    /// The pair in the spelling of ccxt, for freqtrade's `BTC_USDT` and `BTC_USDT_USDT`.
    pub fn ccxt_pair(&self) -> Option<String> {
        let pair = self.pair.as_ref()?;
        match pair.split('_').collect::<Vec<_>>().as_slice() {
            [base, quote] => Some(format!("{base}/{quote}")),
            [base, quote, settlement] => Some(format!("{base}/{quote}:{settlement}")),
            _ => None,
        }
    }
}

/// `1h`, `5m`, `1d`; months have no fixed length and are left out.
fn interval(part: &str) -> Option<Span> {
    let digits = part.strip_suffix(['s', 'm', 'h', 'd', 'w'])?;
    if digits.is_empty() || digits.len() > 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    match part.strip_suffix('w') {
        Some(weeks) => Some(Span::days(7 * weeks.parse::<i64>().ok()?)),
        None => part.parse().ok(),
    }
}

/// The last `2024-01` or `2024-01-31` among the parts.
fn period(parts: &[&str]) -> Option<(Timestamp, Timestamp)> {
    let number = |part: Option<&&str>, length: usize| {
        part.filter(|part| part.len() == length).and_then(|part| part.parse::<u32>().ok())
    };
    let at = (0..parts.len()).find(|&at| {
        number(parts.get(at), 4).is_some_and(|year| (1970..2100).contains(&year))
            && number(parts.get(at + 1), 2).is_some()
    })?;
    let (year, month) = (number(parts.get(at), 4)?, number(parts.get(at + 1), 2)?);
    let first = |year: u32, month: u32, day: u32| {
        NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day).map(Timestamp::from_date)
    };
    match number(parts.get(at + 2), 2) {
        Some(day) => {
            let start = first(year, month, day)?;
            Some((start, start + Span::days(1)))
        }
        None => {
            let (next_year, next_month) =
                if month == 12 { (year + 1, 1) } else { (year, month + 1) };
            Some((first(year, month, 1)?, first(next_year, next_month, 1)?))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn names_of_archives() {
        let month = read(Path::new("a/BTCUSDT-1h-2024-12.csv"));
        assert_eq!(month.pair.as_deref(), Some("BTCUSDT"));
        for packed in ["BTCUSDT-1h-2024-12.csv.gz", "BTCUSDT-1h-2024-12.zip"] {
            assert_eq!(read(Path::new(packed)), month);
        }
        assert_eq!(month.interval, Some(Span::hours(1)));
        assert_eq!(month.period, Some((time("2024-12-01"), time("2025-01-01"))));
        let day = read(Path::new("ETHUSDT-5m-2024-02-29.csv"));
        assert_eq!(day.period, Some((time("2024-02-29"), time("2024-03-01"))));
        let perpetual = read(Path::new("BTC_USDT_USDT-8h-funding_rate.feather"));
        assert_eq!(perpetual.ccxt_pair().as_deref(), Some("BTC/USDT:USDT"));
        assert_eq!(read(Path::new("prices.csv")), FileName::default());
    }
}
