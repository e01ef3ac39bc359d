//! D023 change of scale: is a value ten times the one before, or a tenth?
//!
//! Neighbours a few steps apart whose ratio is ten or more, up or down. Markets do not move so; a split that was not
//! adjusted, a change of unit (cents for dollars, a contract of a thousand coins) or two series glued together do.
//!
//! Default: mark. The row named is the first on the new scale.

use super::{Check, Fault, POSITIVE, Subject};
use crate::policy::Policy;

/// The check.
pub const CHECK: Check = Check {
    code: "D023",
    name: "change-of-scale",
    asks: "values stay on one scale",
    default: Policy::MARK,
    removes: true,
    kinds: POSITIVE,
    find,
};

/// Ratio of neighbours that no market has.
const RATIO: f64 = 10.0;

fn find(subject: &Subject<'_>) -> Vec<Fault> {
    let near = subject.near();
    let changed = |place: usize| -> Option<Vec<Fault>> {
        let (before, after) = (subject.value(place - 1)?, subject.value(place)?);
        let (from, to) = (subject.times[place - 1], subject.times[place]);
        if before <= 0.0 || after <= 0.0 || to - from > near {
            return None;
        }
        let ratio = (after / before).max(before / after);
        let way = if after > before { "times" } else { "times smaller than" };
        (ratio >= RATIO).then(|| {
            let detail = format!("{after} at {to} is {ratio:.0} {way} the {before} before it");
            subject.block(place..place + 1, &detail)
        })
    };
    (1..subject.order.len()).filter_map(changed).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::super::made_up::{faults, walk};
    use super::*;

    #[test]
    fn cents_among_dollars_are_found_at_both_ends() {
        let mut raw = walk(60, 16);
        raw.values[20..30].iter_mut().for_each(|value| *value = value.map(|value| 100.0 * value));
        let found = faults(&raw, find);
        let entries: Vec<_> = found.iter().map(|fault| fault.entries.clone()).collect();
        assert_eq!(entries, [20..21, 30..31]);
        assert!(found[0].detail.contains("is 100 times the"), "{}", found[0].detail);
        assert!(found[1].detail.contains("is 100 times smaller than the"), "{}", found[1].detail);
    }
}
