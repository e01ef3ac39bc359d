//! Names of options as Deribit writes them: `BTC-26JUN26-60000-C`.
//!
//! Coin or pair, date of expiry, strike, right; `XRP_USDC-30AUG24-0d5-P` has the decimal point of its strike as a `d` and is
//! quoted and settled in USDC. Options expire at 08:00 UTC.
//!
//! Source: Deribit, "Instrument naming" and "Contract specifications: options".

use chrono::NaiveDate;

/// Microseconds after midnight UTC at which Deribit's options expire.
const EXPIRY_CLOCK: i64 = 8 * 3_600_000_000;
const DAY: i64 = 86_400_000_000;
const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

/// The parts of a name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct OptionName<'a> {
    /// The coin.
    pub coin: &'a str,
    /// The currency of the price, where the name has one; else the price is in coin.
    pub quote: Option<&'a str>,
    /// Microseconds since the epoch.
    pub expiry: i64,
    /// In quote currency.
    pub strike: f64,
    /// `call` or `put`.
    pub right: &'static str,
}

/// Takes a name apart; `None` for what is no option.
pub(crate) fn parse(name: &str) -> Option<OptionName<'_>> {
    let mut parts = name.split('-');
    let (pair, date, strike, right) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let (coin, quote) = match pair.split_once('_') {
        Some((coin, quote)) => (coin, Some(quote)),
        None => (pair, None),
    };
    let right = match right {
        "C" => "call",
        "P" => "put",
        _ => return None,
    };
    let strike = strike.replace('d', ".").parse::<f64>().ok().filter(|strike| *strike > 0.0)?;
    Some(OptionName { coin, quote, expiry: day(date)? * DAY + EXPIRY_CLOCK, strike, right })
}

/// `26JUN26` or `3JAN25` in days since the epoch.
fn day(text: &str) -> Option<i64> {
    let letters = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (day, rest) = text.split_at(letters);
    let month = MONTHS.iter().position(|month| Some(*month) == rest.get(..3))?;
    let year = rest.get(3..).filter(|year| year.len() == 2)?.parse::<i32>().ok()?;
    let date =
        NaiveDate::from_ymd_opt(2000 + year, u32::try_from(month + 1).ok()?, day.parse().ok()?)?;
    Some(i64::from(date.to_epoch_days()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart() {
        let expiry = |text: &str| text.parse::<mpor_core::Timestamp>().unwrap().0;
        assert_eq!(
            parse("BTC-26JUN26-60000-C"),
            Some(OptionName {
                coin: "BTC",
                quote: None,
                expiry: expiry("2026-06-26T08:00:00Z"),
                strike: 60_000.0,
                right: "call",
            })
        );
        assert_eq!(
            parse("XRP_USDC-3JAN25-0d5-P"),
            Some(OptionName {
                coin: "XRP",
                quote: Some("USDC"),
                expiry: expiry("2025-01-03T08:00:00Z"),
                strike: 0.5,
                right: "put",
            })
        );
    }

    #[test]
    fn futures_and_combinations_are_no_options() {
        for name in
            ["BTC-26JUN26", "BTC-PERPETUAL", "BTC-CS-26JUN26-60000_70000", "BTC-26JUN26-60000-X"]
        {
            assert_eq!(parse(name), None, "{name}");
        }
    }
}
