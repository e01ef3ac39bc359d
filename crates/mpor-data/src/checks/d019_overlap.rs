//! D019 overlap: do bars begin before the one before has ended?
//!
//! Two rows closer together than the step of the series, or than half a day for trading sessions: the periods that they
//! stand for overlap, and a move is counted twice. Of the two, the one off the grid is named, else the later.
//!
//! Default: mark. With `carry` the rows are dropped. Typical after an outage, when bars restart at an odd minute.

use mpor_core::Span;

use super::{Check, Fault, POSITIVE, Subject, jitter};
use crate::cadence::Cadence;
use crate::policy::Policy;

/// The check.
pub const CHECK: Check = Check {
    code: "D019",
    name: "overlap",
    asks: "bars do not overlap",
    default: Policy::MARK,
    removes: true,
    kinds: POSITIVE,
    find,
};

/// Sessions closer together than this are one.
const SESSION: Span = Span::hours(12);

fn find(subject: &Subject<'_>) -> Vec<Fault> {
    let (closest, grid) = match subject.cadence {
        Cadence::Every { step, anchor } => (Span(step.0 - jitter(step).0), Some((step, anchor))),
        Cadence::Sessions { .. } => (SESSION, None),
        Cadence::Irregular => return Vec::new(),
    };
    let off = |place: usize| {
        grid.is_some_and(|(step, anchor)| {
            let distance = (subject.times[place].0 - anchor.0).rem_euclid(step.0);
            distance.min(step.0 - distance) > jitter(step).0
        })
    };
    (1..subject.times.len())
        .filter(|&place| subject.times[place] - subject.times[place - 1] < closest)
        .flat_map(|place| {
            let (before, after) = (subject.times[place - 1], subject.times[place]);
            let odd = if off(place - 1) && !off(place) { place - 1 } else { place };
            let every = grid.map_or(Span::days(1), |(step, _)| step);
            let detail = format!(
                "rows of {before} and {after} are {} apart, one every {every} expected",
                after - before
            );
            subject.block(odd..odd + 1, &detail)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::made_up::{faults, hourly};
    use super::*;

    #[test]
    fn the_bar_off_the_grid_is_the_one_that_overlaps() {
        let mut raw = hourly(&[0, 1, 2, 5, 6, 7, 8, 9, 10], &[1.0; 9]);
        assert_eq!(faults(&raw, find), []);
        // Bars of 05:28 and 06:28 between 02:00 and 07:00: only the last meets a regular one.
        for entry in 3..5 {
            raw.times[entry] = raw.times[entry] + Span(28 * 60_000_000);
        }
        let found = faults(&raw, find);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].entries, 4..5);
        assert!(found[0].detail.contains("are 32m apart, one every 1h"), "{}", found[0].detail);
    }
}
