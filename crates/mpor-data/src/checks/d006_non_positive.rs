//! D006 non-positive: is a price or volatility zero or below?
//!
//! Any of open, high, low and close of a bar, or the value of a volatility series.
//!
//! Default: fail, because log returns do not exist and Black-76 has no value. Some prices do go below zero (WTI, April
//! 2020): `mark` keeps them for looking at, and a study that would use them is refused with their row. With `carry` the
//! rows are dropped.

use super::{Check, Fault, POSITIVE, Subject, runs};
use crate::policy::Policy;

/// The check.
pub const CHECK: Check = Check {
    code: "D006",
    name: "non-positive",
    asks: "prices and volatilities are above zero",
    default: Policy::FAIL,
    removes: true,
    kinds: POSITIVE,
    find,
};

fn find(subject: &Subject<'_>) -> Vec<Fault> {
    let raw = subject.raw;
    let worst = |entry: usize| {
        let bars = raw.bars.as_ref();
        let others = bars.map(|bars| [bars.open[entry], bars.high[entry], bars.low[entry]]);
        let all = others.into_iter().flatten().chain([raw.values[entry]]).flatten();
        all.min_by(f64::total_cmp)
    };
    runs(
        raw,
        |entry| worst(entry).is_some_and(|value| value <= 0.0),
        |run| {
            let lowest = run.clone().filter_map(worst).min_by(f64::total_cmp).unwrap_or_default();
            let first = raw.times[run.start];
            format!("{} at or below zero from {first} on, the lowest {lowest}", run.len())
        },
    )
}

#[cfg(test)]
mod tests {
    use super::super::made_up::{faults, hourly};
    use super::*;

    #[test]
    fn a_negative_low_is_enough() {
        let mut raw = hourly(&[0, 1, 2, 3], &[10.0, -37.63, 0.0, 9.0]);
        if let Some(bars) = raw.bars.as_mut() {
            bars.low[3] = Some(-14.0);
        }
        let found = faults(&raw, find);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].entries, 1..4);
        assert!(found[0].detail.ends_with("the lowest -37.63"));
    }
}
