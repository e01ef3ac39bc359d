//! D022 magnitude: can a number of this size be a price?
//!
//! A price of a bar above 1e12 or, above zero, below 1e-12 in size, in any currency: the largest prices quoted are those of a bitcoin in
//! rupiah or dong, about 3e9, the smallest those of the meanest coins in bitcoin, about 1e-10. Such numbers are counts,
//! volumes, or prices in units of a smaller coin.
//!
//! Default: fail.

use super::{Check, Fault, Subject, runs};
use crate::policy::Policy;
use crate::raw::SeriesKind;

/// The check.
pub const CHECK: Check = Check {
    code: "D022",
    name: "magnitude",
    asks: "a price is of a price's size",
    default: Policy::FAIL,
    removes: true,
    kinds: &[SeriesKind::Price],
    find,
};

/// Largest and smallest number that can be a price.
const LARGEST: f64 = 1e12;
const SMALLEST: f64 = 1e-12;

fn find(subject: &Subject<'_>) -> Vec<Fault> {
    let raw = subject.raw;
    let odd = |entry: usize| {
        let bars = raw.bars.as_ref();
        let others = bars.map(|bars| [bars.open[entry], bars.high[entry], bars.low[entry]]);
        let mut all = [raw.values[entry]].into_iter().chain(others.into_iter().flatten()).flatten();
        all.find(|price| price.abs() > LARGEST || (*price != 0.0 && price.abs() < SMALLEST))
    };
    runs(
        raw,
        |entry| odd(entry).is_some(),
        |run| {
            let first = odd(run.start).unwrap_or_default();
            format!("{} that cannot be prices, the first {first:e}", run.len())
        },
    )
}

#[cfg(test)]
mod tests {
    use super::super::made_up::{faults, hourly};
    use super::*;

    #[test]
    fn numbers_of_no_price_are_found() {
        let found = faults(&hourly(&[0, 1, 2, 3], &[4.29e13, 3e9, 1e-8, 2e-15]), find);
        let entries: Vec<_> = found.iter().map(|fault| fault.entries.clone()).collect();
        assert_eq!(entries, [0..1, 3..4]);
        assert!(found[0].detail.ends_with("the first 4.29e13"), "{}", found[0].detail);
        let mut raw = hourly(&[0, 1, 2], &[100.0, 101.0, 102.0]);
        if let Some(bars) = raw.bars.as_mut() {
            bars.high[1] = Some(1.01e14);
        }
        assert_eq!(faults(&raw, find)[0].entries, 1..2);
    }
}
