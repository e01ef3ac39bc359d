//! Numbers and dates as people read them: scaled, rounded, with their unit.

use chrono::Timelike;
use mpor_core::{Horizon, Timestamp};

/// Joins a number and its unit, so that no line breaks between them.
pub(crate) const NBSP: char = '\u{A0}';
const MINUS: char = '\u{2212}';
/// Powers of a thousand: factor and prefix.
const SCALES: [(f64, &str); 5] = [(1e12, "tn"), (1e9, "bn"), (1e6, "m"), (1e3, "k"), (1.0, "")];

/// One unit for a group of amounts, such as a column of a table or an axis: `k USD`.
#[derive(Clone, Debug, PartialEq)]
pub struct MoneyUnit {
    factor: f64,
    label: String,
    decimals: usize,
}

impl MoneyUnit {
    /// The unit in which the largest of the amounts has one to three digits before the point.
    #[must_use]
    pub fn of(amounts: impl IntoIterator<Item = f64>, currency: &str) -> Self {
        let largest = amounts.into_iter().map(f64::abs).fold(0.0, f64::max);
        let (factor, prefix) = scale_of(largest);
        let label = if prefix.is_empty() {
            currency.to_owned()
        } else {
            format!("{prefix}{NBSP}{currency}")
        };
        MoneyUnit { factor, label, decimals: decimals(largest / factor) }
    }

    /// The unit's name, such as `m USD`.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// How many of the currency one unit is.
    #[must_use]
    pub fn factor(&self) -> f64 {
        self.factor
    }

    /// An amount in this unit, without the unit's name, rounded.
    #[must_use]
    pub fn round(&self, amount: f64) -> String {
        grouped(amount / self.factor, self.decimals)
    }

    /// An amount in this unit, without the unit's name; `<0.01` for one that rounding would hide.
    #[must_use]
    pub fn show(&self, amount: f64) -> String {
        let scaled = amount / self.factor;
        let step = 10f64.powi(-(self.decimals as i32));
        if scaled != 0.0 && scaled.abs() < step / 2.0 {
            let sign = if scaled < 0.0 { "> −" } else { "< " };
            return format!("{sign}{step:.*}", self.decimals);
        }
        grouped(scaled, self.decimals)
    }
}

/// An amount with three digits and its unit: `1.23 m USD`.
#[must_use]
pub fn money(amount: f64, currency: &str) -> String {
    let (factor, prefix) = scale_of(amount.abs());
    let scaled = amount / factor;
    let number = grouped(scaled, decimals(scaled.abs()));
    if prefix.is_empty() {
        format!("{number}{NBSP}{currency}")
    } else {
        format!("{number}{NBSP}{prefix}{NBSP}{currency}")
    }
}

/// A share as a percentage with two decimals, or as many as it takes not to round to 100 %.
#[must_use]
pub fn percent(share: f64) -> String {
    if share == 1.0 || share == 0.0 {
        return format!("{}{NBSP}%", share * 100.0);
    }
    let decimals = (2..7).find(|&places| !rounds_to_an_end(share, places)).unwrap_or(7);
    format!("{}{NBSP}%", grouped(share * 100.0, decimals))
}

/// A share as a percentage without trailing zeros: `99 %`, `99.5 %`.
#[must_use]
pub fn short_percent(share: f64) -> String {
    let text = format!("{:.4}", share * 100.0);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{}{NBSP}%", text.replace('-', &MINUS.to_string()))
}

/// A whole number with thousands separated: `17,520`.
#[must_use]
pub fn count(number: usize) -> String {
    grouped(number as f64, 0)
}

/// A count with its noun: `1 breach`, `2 breaches`.
#[must_use]
pub fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{}{NBSP}{}", count(number), if number == 1 { one } else { many })
}

/// A ratio with two or three digits: `4.2×`, `0.35×`, `112×`.
#[must_use]
pub fn ratio(value: f64) -> String {
    let places = if value.abs() >= 99.5 {
        0
    } else if value.abs() >= 9.95 {
        1
    } else {
        2
    };
    format!("{}×", grouped(value, places))
}

/// A p-value with three decimals, `<0.001` below.
#[must_use]
pub fn p_value(p: f64) -> String {
    if p < 0.0005 { "<0.001".to_owned() } else { format!("{p:.3}") }
}

/// A margin period of risk before a noun: `2-day`, `6-hour`.
#[must_use]
pub fn period(horizon: Horizon) -> String {
    let (number, unit) = span_parts(horizon);
    format!("{number}-{unit}")
}

/// A margin period of risk by itself: `2 days`, `1 hour`.
#[must_use]
pub fn duration(horizon: Horizon) -> String {
    let (number, unit) = span_parts(horizon);
    format!("{number}{NBSP}{unit}{}", if number == "1" { "" } else { "s" })
}

fn span_parts(horizon: Horizon) -> (String, &'static str) {
    let text = horizon.to_string();
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let unit = match &text[split..] {
        "d" => "day",
        "h" => "hour",
        "m" => "minute",
        _ => "second",
    };
    (text[..split].to_owned(), unit)
}

/// A day: `12 Mar 2020`.
#[must_use]
pub fn day(time: Timestamp) -> String {
    time.utc().format("%-d\u{A0}%b\u{A0}%Y").to_string()
}

/// An instant: `12 Mar 2020 08:00`.
#[must_use]
pub fn minute(time: Timestamp) -> String {
    time.utc().format("%-d\u{A0}%b\u{A0}%Y\u{A0}%H:%M").to_string()
}

/// The text with every instant in it written as `show` does.
#[must_use]
pub fn with_instants(text: &str, show: impl Fn(Timestamp) -> String) -> String {
    let shown = |word: &str| {
        let bare = word.trim_end_matches([',', ';', ':', '.', ')']);
        let instant = if bare.contains('T') { bare.parse::<Timestamp>().ok() } else { None };
        instant.map_or_else(|| word.to_owned(), |time| show(time) + &word[bare.len()..])
    };
    text.split(' ').map(shown).collect::<Vec<_>>().join(" ")
}

/// How the report writes margin dates: days where all of them share one time of day, else to the minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dates {
    daily: bool,
}

impl Dates {
    /// The form for these instants.
    #[must_use]
    pub fn for_times(times: &[Timestamp]) -> Self {
        let clock = |time: &Timestamp| time.utc().num_seconds_from_midnight();
        let daily = times.windows(2).all(|pair| clock(&pair[0]) == clock(&pair[1]));
        Dates { daily }
    }

    /// A margin date in this form.
    #[must_use]
    pub fn show(self, time: Timestamp) -> String {
        if self.daily { day(time) } else { minute(time) }
    }
}

fn rounds_to_an_end(share: f64, places: usize) -> bool {
    let text = format!("{:.places$}", share.abs() * 100.0);
    matches!(text.parse::<f64>(), Ok(rounded) if rounded == 100.0 || rounded == 0.0)
}

/// The factor whose multiple has at most three digits before the point after rounding to three digits.
fn scale_of(size: f64) -> (f64, &'static str) {
    SCALES.into_iter().find(|(factor, _)| size >= factor * 0.9995).unwrap_or((1.0, ""))
}

/// Decimals that leave three digits.
fn decimals(size: f64) -> usize {
    match size {
        size if size >= 99.95 => 0,
        size if size >= 9.995 => 1,
        _ => 2,
    }
}

/// A number with its thousands separated by commas and a true minus sign.
fn grouped(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut shown = String::new();
    if value < 0.0 && text.bytes().any(|digit| (b'1'..=b'9').contains(&digit)) {
        shown.push(MINUS);
    }
    for (position, digit) in whole.chars().enumerate() {
        if position > 0 && (whole.len() - position) % 3 == 0 {
            shown.push(',');
        }
        shown.push(digit);
    }
    if !fraction.is_empty() {
        shown.push('.');
        shown.push_str(fraction);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        text.replace(NBSP, " ")
    }

    #[test]
    fn amounts_have_three_digits_and_a_unit() {
        let cases = [
            (1_234_567.0, "1.23 m USD"),
            (-98_765.4, "−98.8 k USD"),
            (999_999.0, "1.00 m USD"),
            (950.0, "950 USD"),
            (0.0, "0.00 USD"),
            (-0.001, "0.00 USD"),
            (4.56e15, "4,560 tn USD"),
        ];
        for (amount, expected) in cases {
            assert_eq!(plain(&money(amount, "USD")), expected);
        }
    }

    #[test]
    fn a_column_has_one_unit() {
        let unit = MoneyUnit::of([1_500_000.0, 40_000.0], "EUR");
        assert_eq!(plain(unit.label()), "m EUR");
        assert_eq!(unit.show(40_000.0), "0.04");
        assert_eq!(unit.show(10.0), "< 0.01");
        assert_eq!(unit.show(0.0), "0.00");
    }

    #[test]
    fn coverage_below_one_is_never_printed_as_one() {
        assert_eq!(plain(&percent(0.991_23)), "99.12 %");
        assert_eq!(plain(&percent(0.999_99)), "99.999 %");
        assert_eq!(plain(&percent(1.0)), "100 %");
        assert_eq!(plain(&short_percent(0.995)), "99.5 %");
    }

    #[test]
    fn instants_in_a_text_become_dates() {
        let bound = "2008-10-07T21:00:00Z to 2008-10-09T21:00:00Z, Tuesday";
        assert_eq!(plain(&with_instants(bound, day)), "7 Oct 2008 to 9 Oct 2008, Tuesday");
        let marked = "late (2008-10-07T00:00:00Z): 2008-10-09T00:00:00Z; done.";
        assert_eq!(plain(&with_instants(marked, day)), "late (7 Oct 2008): 9 Oct 2008; done.");
        assert_eq!(with_instants("spot −20 %", day), "spot −20 %");
    }

    #[test]
    fn ratios_and_counts() {
        assert_eq!(ratio(4.234), "4.23×");
        assert_eq!(ratio(112.3), "112×");
        assert_eq!(count(17_520), "17,520");
        assert_eq!(p_value(0.0001), "<0.001");
    }

    #[test]
    fn dates_show_the_time_only_where_it_differs() {
        let cut: Vec<Timestamp> = ["2020-03-12T08:00:00Z", "2020-03-13T08:00:00Z"]
            .map(|text| text.parse().unwrap())
            .to_vec();
        assert_eq!(plain(&Dates::for_times(&cut).show(cut[0])), "12 Mar 2020");
        let hourly: Vec<Timestamp> = ["2020-03-12T08:00:00Z", "2020-03-12T09:00:00Z"]
            .map(|text| text.parse().unwrap())
            .to_vec();
        assert_eq!(plain(&Dates::for_times(&hourly).show(hourly[0])), "12 Mar 2020 08:00");
    }
}
