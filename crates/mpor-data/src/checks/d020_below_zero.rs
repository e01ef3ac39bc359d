//! D020 below zero: does a price stay below zero, as none does in a market?
//!
//! Twenty closes or more in a row below zero. A market price may fall below zero for a day (WTI, April 2020); a history
//! that stays there was adjusted for dividends or rolls by subtraction, and its returns mean nothing.
//!
//! Default: fail. Prices adjusted by a factor stay positive; so do prices that are not adjusted.

use super::{Check, Fault, Subject};
use crate::policy::Policy;
use crate::raw::SeriesKind;

/// The check.
pub const CHECK: Check = Check {
    code: "D020",
    name: "below-zero",
    asks: "prices are not adjusted to below zero",
    default: Policy::FAIL,
    removes: true,
    kinds: &[SeriesKind::Price],
    find,
};

/// Closes in a row below zero that no market has.
const RUN: usize = 20;

fn find(subject: &Subject<'_>) -> Vec<Fault> {
    let below = |place: usize| subject.value(place).is_some_and(|value| value < 0.0);
    let places: Vec<usize> = (0..subject.order.len()).filter(|&place| below(place)).collect();
    places
        .chunk_by(|a, b| a + 1 == *b)
        .filter(|run| run.len() >= RUN)
        .flat_map(|run| {
            let (first, end) = (run[0], run[run.len() - 1] + 1);
            let values = (first..end).filter_map(|place| subject.value(place));
            let lowest = values.min_by(f64::total_cmp).unwrap_or_default();
            let detail = format!(
                "{} in a row below zero, the lowest {lowest}: prices adjusted by subtraction",
                run.len()
            );
            subject.block(first..end, &detail)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::made_up::{faults, walk};
    use super::*;

    #[test]
    fn a_long_stretch_is_adjusted_and_a_day_is_a_market() {
        let mut raw = walk(100, 15);
        raw.values[50] = Some(-37.63);
        assert_eq!(faults(&raw, find), []);
        raw.values[..25].iter_mut().for_each(|value| *value = value.map(|value| value - 200.0));
        let found = faults(&raw, find);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].entries.clone(), found[0].count), (0..25, 25));
    }
}
