//! D001 gap: are there instants at which the series should have been observed and was not?
//!
//! Around the clock: `missing = distance / step - 1` rows between two neighbours more than a step apart. Trading
//! sessions: holidays are not known, so a gap is a silence of more than seven days
//! ([`LONGEST_CLOSURE`]). Irregular series have no gaps. Payments that state their interval are held against it and not against
//! each other's distance, because venues change it: see [`crate::payments`].
//!
//! Default: carry the last value, at most five days. That covers the longest holiday of the embedded daily data and the
//! longest exchange outage of the hourly; the limit applies where a study's grid meets the gap (see [`crate::align`]).
//! Says nothing about why the rows are absent.

use mpor_core::Span;

use super::{ANY, Check, Fault, Subject, jitter};
use crate::cadence::{Cadence, LONGEST_CLOSURE};
use crate::payments::{Hole, holes};
use crate::policy::Policy;

/// The check.
pub const CHECK: Check = Check {
    code: "D001",
    name: "gap",
    asks: "every instant between the first and the last row is observed",
    default: Policy::carry(Span::days(5)),
    removes: false,
    kinds: ANY,
    find,
};

fn find(subject: &Subject<'_>) -> Vec<Fault> {
    if subject.raw.intervals.iter().any(Option::is_some) {
        return unpaid(subject);
    }
    let (step, silence) = match subject.cadence {
        Cadence::Every { step, .. } => (step, step),
        Cadence::Sessions { .. } => (Span::days(1), LONGEST_CLOSURE),
        Cadence::Irregular => return Vec::new(),
    };
    let distant = subject
        .times
        .windows(2)
        .filter(|pair| pair[1] - pair[0] > Span(silence.0 + jitter(step).0));
    distant
        .map(|pair| {
            let (before, after) = (pair[0], pair[1]);
            let count = ((after - before).0 - jitter(step).0) / step.0;
            let count = usize::try_from(count).unwrap_or_default();
            let what = if count == 1 { "row is" } else { "rows are" };
            Fault {
                entries: 0..0,
                from: before,
                to: after,
                count,
                detail: format!(
                    "{count} {what} missing between {before} and {after}, one every {step} expected"
                ),
            }
        })
        .filter(|fault| fault.count > 0)
        .collect()
}

/// Payments that are absent at the interval which the one after them states.
fn unpaid(subject: &Subject<'_>) -> Vec<Fault> {
    let holes = holes(subject.times, |place| subject.interval(place), subject.cadence.step());
    let fault = |hole: Hole| {
        let Hole { from, to, interval, count } = hole;
        let what = if count == 1 { "payment is" } else { "payments are" };
        let detail = format!(
            "{count} {what} missing between {from} and {to}, one every {interval} expected"
        );
        Fault { entries: 0..0, from, to, count: usize::try_from(count).unwrap_or_default(), detail }
    };
    holes.into_iter().map(fault).collect()
}

#[cfg(test)]
mod tests {
    use super::super::made_up::{faults, hourly, series, start};
    use super::*;

    #[test]
    fn absent_hours_are_counted() {
        let raw = hourly(&[0, 1, 2, 3, 7, 8, 9, 11], &[1.0; 8]);
        let found = faults(&raw, find);
        assert_eq!(found.iter().map(|fault| fault.count).collect::<Vec<_>>(), [3, 1]);
        assert_eq!(found[0].from, start() + Span::hours(3));
        assert_eq!(found[0].to, start() + Span::hours(7));
    }

    #[test]
    fn weekends_are_not_gaps_and_long_silences_are() {
        let days: Vec<i64> = (0..60).filter(|day| day % 7 < 5).collect();
        let at = |days: &[i64]| {
            let times: Vec<_> = days.iter().map(|&day| start() + Span::days(day)).collect();
            let values = vec![Some(1.0); times.len()];
            faults(&series(times, values), find)
        };
        assert!(at(&days).is_empty());
        let silent: Vec<i64> = days.into_iter().filter(|day| !(14..24).contains(day)).collect();
        let found = at(&silent);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].from, start() + Span::days(11));
        assert_eq!(found[0].to, start() + Span::days(24));
    }

    /// Eight hours, four, one and eight again: a day of each, every payment with its interval.
    #[test]
    fn a_stated_interval_that_changes_is_no_gap() {
        let day = |from: i64, step: i64| (1..=24 / step).map(move |nth| (from + nth * step, step));
        let rows: Vec<(i64, i64)> = [(0, 8), (24, 4), (48, 1), (72, 8)]
            .into_iter()
            .flat_map(|(from, step)| day(from, step))
            .collect();
        let found = |rows: &[(i64, i64)]| {
            let times: Vec<_> = rows.iter().map(|row| start() + Span::hours(row.0)).collect();
            let mut raw = series(times, vec![Some(0.0001); rows.len()]);
            raw.intervals = rows.iter().map(|row| Some(row.1 as f64)).collect();
            faults(&raw, find)
        };
        assert!(found(&rows).is_empty());
        let without: Vec<(i64, i64)> = rows.into_iter().filter(|row| row.0 != 88).collect();
        let gap = found(&without);
        assert_eq!((gap.len(), gap[0].count), (1, 1));
        assert!(gap[0].detail.ends_with("one every 8h expected"), "{}", gap[0].detail);
    }
}
