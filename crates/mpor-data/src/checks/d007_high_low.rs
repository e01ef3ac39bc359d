//! D007 high-low: are the highest and lowest price of a bar the highest and lowest?
//!
//! `low <= open, close <= high`, for those that the bar has, to one part in a thousand million: adjusted prices carry the
//! rounding of the factor. A traded volume below zero is as impossible.
//!
//! Default: mark, because vendors round. With `carry` the rows are dropped.

use super::{Check, Fault, Subject, runs};
use crate::policy::Policy;
use crate::raw::SeriesKind;

/// The check.
pub const CHECK: Check = Check {
    code: "D007",
    name: "high-low",
    asks: "low <= open, close <= high",
    default: Policy::MARK,
    removes: true,
    kinds: &[SeriesKind::Price],
    find,
};

fn find(subject: &Subject<'_>) -> Vec<Fault> {
    let raw = subject.raw;
    let Some(bars) = &raw.bars else { return Vec::new() };
    let inconsistent = |entry: usize| {
        let (high, low) = (bars.high[entry], bars.low[entry]);
        let inner = [bars.open[entry], raw.values[entry]];
        let above = inner
            .iter()
            .chain([&low])
            .flatten()
            .any(|&p| high.is_some_and(|high| p > high + slack(high)));
        let below =
            inner.iter().flatten().any(|&price| low.is_some_and(|low| price < low - slack(low)));
        above || below || bars.volume[entry].is_some_and(|volume| volume < 0.0)
    };
    runs(raw, inconsistent, |run| {
        let entry = run.start;
        let written =
            |value: Option<f64>| value.map_or("none".to_owned(), |value| value.to_string());
        format!(
            "{} whose high, low or volume does not hold; the first has open {}, high {}, low {}, close {}",
            run.len(),
            written(bars.open[entry]),
            written(bars.high[entry]),
            written(bars.low[entry]),
            written(raw.values[entry])
        )
    })
}

/// How far rounding may carry a price beyond another.
fn slack(price: f64) -> f64 {
    1e-9 * price.abs()
}

#[cfg(test)]
mod tests {
    use super::super::made_up::{faults, hourly};
    use super::*;

    #[test]
    fn a_close_outside_the_bar_is_found_and_an_absent_high_is_not() {
        let mut raw = hourly(&[0, 1, 2, 3], &[10.0, 11.0, 12.0, 13.0]);
        if let Some(bars) = raw.bars.as_mut() {
            bars.high[1] = Some(10.5);
            bars.low[2] = None;
            bars.high[2] = None;
            bars.low[3] = Some(13.5);
        }
        let found = faults(&raw, find);
        assert_eq!(
            found.iter().map(|fault| fault.entries.clone()).collect::<Vec<_>>(),
            [1..2, 3..4]
        );
        assert!(found[0].detail.ends_with("open 11, high 10.5, low 11, close 11"));
    }
}
