//! D004 out of order: does time run backwards within a file?
//!
//! A row earlier than the one before it in the same file. Rows are sorted before use, whatever the policy.
//!
//! Default: mark. A whole file in reverse is harmless; a few rows out of place often come from a botched merge.

use super::{ANY, Check, Fault, Subject, runs};
use crate::policy::Policy;

/// The check.
pub const CHECK: Check = Check {
    code: "D004",
    name: "out-of-order",
    asks: "times do not run backwards within a file",
    default: Policy::MARK,
    removes: false,
    kinds: ANY,
    find,
};

fn find(subject: &Subject<'_>) -> Vec<Fault> {
    let raw = subject.raw;
    let mut backward = vec![false; raw.len()];
    for (_, range) in &raw.files {
        for entry in range.clone().skip(1) {
            backward[entry] = raw.times[entry] < raw.times[entry - 1];
        }
    }
    runs(
        raw,
        |entry| backward[entry],
        |run| {
            let (time, before) = (raw.times[run.start], raw.times[run.start - 1]);
            let count = run.len();
            format!("{count} earlier than the row before, first {time} after {before}")
        },
    )
}

#[cfg(test)]
mod tests {
    use super::super::made_up::{faults, hourly};
    use super::*;

    #[test]
    fn a_step_back_is_found_and_a_new_file_is_not_one() {
        let mut raw = hourly(&[0, 1, 2, 5, 4, 6], &[1.0; 6]);
        let found = faults(&raw, find);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].entries, 4..5);
        raw.files = vec![("b.parquet".to_owned(), 0..4), ("a.parquet".to_owned(), 4..6)];
        assert!(faults(&raw, find).is_empty());
    }
}
