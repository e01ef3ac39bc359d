//! D005 stale: does a value stand still for longer than a market does?
//!
//! Ten or more equal values in a row, in time order. Ten sessions or hours without a move is rare in a liquid series
//! and normal in a thinly traded one. Funding and interest rates may stand still and are not looked at.
//!
//! Default: mark. Says that nothing moved, not whether nothing traded.

use super::{Check, Fault, POSITIVE, Subject};
use crate::policy::Policy;

/// The check.
pub const CHECK: Check = Check {
    code: "D005",
    name: "stale",
    asks: "values move",
    default: Policy::MARK,
    removes: false,
    kinds: POSITIVE,
    find,
};

/// Equal values in a row that are too many.
const RUN: usize = 10;

fn find(subject: &Subject<'_>) -> Vec<Fault> {
    let raw = subject.raw;
    let mut order: Vec<usize> =
        (0..raw.len()).filter(|&entry| raw.values[entry].is_some()).collect();
    order.sort_by_key(|&entry| raw.times[entry]);
    order
        .chunk_by(|&a, &b| raw.values[a] == raw.values[b])
        .filter(|run| run.len() >= RUN)
        .filter_map(|run| {
            let (first, last) = (*run.first()?, *run.last()?);
            let value = raw.values[first]?;
            Some(Fault {
                entries: first..first + 1,
                from: raw.times[first],
                to: raw.times[last],
                count: run.len(),
                detail: format!("{} values in a row are {value}", run.len()),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::made_up::{faults, hourly};
    use super::*;

    #[test]
    fn ten_in_a_row_are_stale_and_nine_are_not() {
        let hours: Vec<i64> = (0..20).collect();
        let still = |length: i64| {
            let closes: Vec<f64> =
                hours.iter().map(|&h| if h < length { 50.0 } else { 60.0 + h as f64 }).collect();
            faults(&hourly(&hours, &closes), find)
        };
        assert!(still(9).is_empty());
        assert_eq!(still(10)[0].count, 10);
    }
}
