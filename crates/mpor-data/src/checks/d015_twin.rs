//! D015 twin: are two sources of one symbol the same data under two names?
//!
//! ```text
//! share of common rows whose closes are equal to the last digit >= 95 %, of 50 rows or more at which the close moved
//! ```
//!
//! Closes of two venues are equal in about one row of a hundred. A twin confirms nothing: an index of the two has one
//! source, and a spike in one is in both.
//!
//! Default: mark.

use super::{Check, Fault, Subject, View};
use crate::policy::Policy;
use crate::raw::SeriesKind;

/// The check.
pub const CHECK: Check = Check {
    code: "D015",
    name: "twin",
    asks: "sources are independent of each other",
    default: Policy::MARK,
    removes: false,
    kinds: &[SeriesKind::Price, SeriesKind::Volatility],
    find,
};

/// Share of equal closes that is too much.
const SHARE: f64 = 0.95;
/// Fewest rows compared.
const FEWEST: usize = 50;

fn find(subject: &Subject<'_>) -> Vec<Fault> {
    let same = subject.peers.iter().filter(|peer| {
        peer.raw.symbol == subject.raw.symbol && peer.raw.source != subject.raw.source
    });
    same.filter_map(|peer| equal(subject, peer)).flat_map(|detail| subject.whole(detail)).collect()
}

fn equal(subject: &Subject<'_>, peer: &View<'_>) -> Option<String> {
    let (mut common, mut equal) = (0usize, 0usize);
    for (place, &time) in subject.times.iter().enumerate().skip(1) {
        let (Some(mine), Some(theirs)) = (subject.value(place), peer.value_at(time)) else {
            continue;
        };
        if subject.value(place - 1) == Some(mine) {
            continue;
        }
        common += 1;
        equal += usize::from(mine == theirs);
    }
    (common >= FEWEST && equal as f64 >= SHARE * common as f64).then(|| {
        format!(
            "{equal} of {common} closes equal those of `{}` to the last digit: one source under two names",
            peer.raw.source
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::made_up::{faults_beside, from_source, walk};
    use super::*;

    #[test]
    fn one_source_under_two_names_is_told_and_two_venues_are_not() {
        let raw = walk(300, 11);
        let mut twin = from_source(walk(300, 11), "copy");
        twin.values[40] = twin.values[40].map(|value| value + 0.01);
        let found = faults_beside(&raw, &twin, find);
        assert_eq!(found.len(), 1);
        assert!(found[0].detail.contains("equal those of `copy`"), "{}", found[0].detail);
        let mut other = from_source(walk(300, 11), "venue");
        for (row, value) in other.values.iter_mut().enumerate() {
            *value = value.map(|value| value + 0.01 * (row % 3) as f64);
        }
        assert_eq!(faults_beside(&raw, &other, find), []);
        let mut renamed = from_source(walk(300, 11), "copy");
        renamed.symbol = "X-PERP".to_owned();
        assert_eq!(faults_beside(&raw, &renamed, find), [], "another instrument");
    }
}
