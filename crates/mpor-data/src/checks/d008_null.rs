//! D008 null: is there a row without a value?
//!
//! An empty cell, or one that is not a finite number (NaN, infinity), in the column the series lives by: the close of a
//! bar, the rate, the volatility. Such a row cannot be used, whatever the policy; `fail` refuses the file.
//!
//! Default: carry, at most five days, like a gap.

use mpor_core::Span;

use super::{ANY, Check, Fault, Subject, runs};
use crate::policy::Policy;

/// The check.
pub const CHECK: Check = Check {
    code: "D008",
    name: "null",
    asks: "every row has a value",
    default: Policy::carry(Span::days(5)),
    removes: true,
    kinds: ANY,
    find,
};

fn find(subject: &Subject<'_>) -> Vec<Fault> {
    let raw = subject.raw;
    runs(
        raw,
        |entry| raw.values[entry].is_none(),
        |run| format!("{} without a finite value", run.len()),
    )
}

#[cfg(test)]
mod tests {
    use super::super::made_up::{faults, hourly};
    use super::*;

    #[test]
    fn rows_without_a_value_are_found() {
        let mut raw = hourly(&[0, 1, 2, 3], &[10.0, 11.0, 12.0, 13.0]);
        raw.values[1] = None;
        raw.values[2] = None;
        let found = faults(&raw, find);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].entries.clone(), found[0].count), (1..3, 2));
    }
}
