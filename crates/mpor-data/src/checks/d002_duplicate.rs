//! D002 duplicate: does one instant have two rows?
//!
//! Rows of the same time, in one file or across files. The first in file order is kept, whatever the policy.
//!
//! Default: fail, because two different values for one instant mean that one of them is wrong. Says whether the values
//! agree, not which one is right.

use super::{ANY, Check, Fault, Subject};
use crate::policy::Policy;

/// The check.
pub const CHECK: Check = Check {
    code: "D002",
    name: "duplicate",
    asks: "every instant has one row",
    default: Policy::FAIL,
    removes: false,
    kinds: ANY,
    find,
};

fn find(subject: &Subject<'_>) -> Vec<Fault> {
    let raw = subject.raw;
    if subject.times.len() == raw.len() {
        return Vec::new();
    }
    let mut order: Vec<usize> = (0..raw.len()).collect();
    order.sort_by_key(|&entry| raw.times[entry]);
    order
        .chunk_by(|&a, &b| raw.times[a] == raw.times[b])
        .filter(|same| same.len() > 1)
        .map(|same| {
            let (first, second) = (same[0], same[1]);
            let agree = same.iter().all(|&entry| raw.values[entry] == raw.values[first]);
            let values = if agree { "the same value" } else { "different values" };
            let time = raw.times[first];
            Fault {
                entries: second..second + 1,
                from: time,
                to: time,
                count: same.len() - 1,
                detail: format!(
                    "{time} has {} rows with {values}; the first, row {}, is used",
                    same.len(),
                    raw.rows[first]
                ),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::made_up::{faults, hourly};
    use super::*;

    #[test]
    fn a_time_that_comes_twice_is_found_even_far_apart() {
        let found = faults(&hourly(&[0, 1, 2, 3, 1], &[5.0, 6.0, 7.0, 8.0, 6.5]), find);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].entries.clone(), found[0].count), (4..5, 1));
        assert!(found[0].detail.contains("different values; the first, row 2"));
    }

    #[test]
    fn repeats_of_a_value_are_told_apart_from_contradictions() {
        let found = faults(&hourly(&[0, 1, 1, 1, 2], &[5.0, 6.0, 6.0, 6.0, 7.0]), find);
        assert_eq!(found[0].count, 2);
        assert!(found[0].detail.contains("3 rows with the same value"));
    }
}
