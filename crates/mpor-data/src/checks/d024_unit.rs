//! D024 unit: are volatilities and rates written in percent where decimals are expected?
//!
//! ```text
//! volatility: median above 3 (300 % a year)        0.2 or 0.8 is usual, 20 or 80 in percent
//! rate:       any above 1 in size (100 % a year)   0.05 is usual, 5 in percent
//! funding:    median size above 0.002 an interval  0.0001 is usual, 0.01 in percent
//! ```
//!
//! Default: mark. A volatility of 20 makes every option worth its underlying, so that a study does not go far without
//! noticing; a funding rate a hundred times too large is paid in silence.

use super::{Check, Fault, Subject, median};
use crate::policy::Policy;
use crate::raw::SeriesKind;

/// The check.
pub const CHECK: Check = Check {
    code: "D024",
    name: "unit",
    asks: "volatilities and rates are decimals",
    default: Policy::MARK,
    removes: false,
    kinds: &[SeriesKind::Volatility, SeriesKind::Rate, SeriesKind::Funding],
    find,
};

/// Median volatility a year beyond which it is percent.
const VOLATILITY: f64 = 3.0;
/// Interest rate a year beyond which it is percent.
const RATE: f64 = 1.0;
/// Median size of a funding payment beyond which it is percent.
const FUNDING: f64 = 0.002;

fn find(subject: &Subject<'_>) -> Vec<Fault> {
    let mut sizes: Vec<f64> = subject
        .raw
        .values
        .iter()
        .flatten()
        .map(|value| value.abs())
        .filter(|size| *size > 0.0)
        .collect();
    let largest = sizes.iter().copied().fold(0.0, f64::max);
    let Some(middle) = median(&mut sizes) else { return Vec::new() };
    let (found, limit, what) = match subject.raw.kind {
        SeriesKind::Volatility => (middle, VOLATILITY, "median volatility"),
        SeriesKind::Rate => (largest, RATE, "largest rate"),
        SeriesKind::Funding => (middle, FUNDING, "median payment"),
        SeriesKind::Price => return Vec::new(),
    };
    if found <= limit {
        return Vec::new();
    }
    subject.whole(format!(
        "the {what} is {found}, above {limit}: most likely percent, and decimals are expected"
    ))
}

#[cfg(test)]
mod tests {
    use super::super::made_up::{faults, hourly};
    use super::*;

    fn of(kind: SeriesKind, values: &[f64; 3]) -> usize {
        let mut raw = hourly(&[0, 1, 2], values);
        raw.kind = kind;
        faults(&raw, find).len()
    }

    #[test]
    fn percent_is_told_from_decimals() {
        assert_eq!(of(SeriesKind::Volatility, &[18.2, 20.1, 55.0]), 1);
        assert_eq!(of(SeriesKind::Volatility, &[0.182, 0.201, 1.55]), 0);
        assert_eq!(of(SeriesKind::Rate, &[0.1, 0.2, 5.3]), 1);
        assert_eq!(of(SeriesKind::Rate, &[0.001, 0.002, 0.053]), 0);
        assert_eq!(of(SeriesKind::Funding, &[0.01, 0.01, -0.02]), 1);
        assert_eq!(of(SeriesKind::Funding, &[0.0001, 0.0001, -0.02]), 0);
        assert_eq!(of(SeriesKind::Price, &[18.2, 20.1, 55.0]), 0);
    }
}
