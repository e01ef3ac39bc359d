//! Payments whose interval changes: which of them are absent?
//!
//! A venue states with each funding rate the interval that it is paid for, and lengthens or shortens it: eight hours, four, one,
//! eight again. A payment at `t` of interval `h` closes `(t - h, t]`. Payments are absent where that leaves a hole after the
//! payment before it, at `s`:
//!
//! ```text
//! absent between s and t : floor((t - s) / h) - 1,   at t - h, t - 2h, ...
//! ```
//!
//! so a longer interval is no hole, whatever came before. Where the file states no interval the most frequent distance of the
//! series stands in its place. Nothing is absent before the first payment: when a series should have begun is not known.

use mpor_core::{Span, Timestamp};

use crate::checks::jitter;
use crate::series::Series;

/// Payments through time, each with the interval that it closes.
#[derive(Clone, Debug, PartialEq)]
pub struct Payments {
    /// Rates at the times of payment, a fraction of notional an interval.
    pub rates: Series,
    /// The interval of each; `None` where the file does not state it.
    pub intervals: Vec<Option<Span>>,
}

/// A hole between two neighbouring payments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hole {
    /// The payment before it.
    pub from: Timestamp,
    /// The payment after it.
    pub to: Timestamp,
    /// The interval of the payment after it.
    pub interval: Span,
    /// Payments that are absent.
    pub count: i64,
}

impl Hole {
    /// The times at which the absent payments belong, latest first.
    fn times(self) -> impl Iterator<Item = Timestamp> {
        (1..=self.count).map(move |nth| self.to - Span(nth * self.interval.0))
    }
}

/// The shortest interval that any venue could pay at.
const SHORTEST: Span = Span(1_000_000);

/// The interval that a number of hours means; `None` for what is no interval, such as less than a second.
pub(crate) fn interval(hours: Option<f64>) -> Option<Span> {
    let hours = hours.filter(|hours| *hours > 0.0 && *hours <= 24.0 * 31.0)?;
    let interval = Span((hours * Span::hours(1).0 as f64).round() as i64);
    (interval >= SHORTEST).then_some(interval)
}

/// The holes between payments in time order; `usual` stands in for an interval that is not stated.
pub(crate) fn holes(
    times: &[Timestamp],
    intervals: impl Fn(usize) -> Option<Span>,
    usual: Option<Span>,
) -> Vec<Hole> {
    let hole = |place: usize| {
        let (from, to) = (times[place - 1], times[place]);
        let interval = intervals(place).or(usual)?;
        let count = ((to - from).0 - jitter(interval).0) / interval.0;
        (to - from > Span(interval.0 + jitter(interval).0) && count > 0).then_some(Hole {
            from,
            to,
            interval,
            count,
        })
    };
    (1..times.len()).filter_map(hole).collect()
}

impl Payments {
    /// The times at which payments are absent, in order: in the holes of the series, and from its last payment until `end`.
    pub(crate) fn absent(&self, end: Timestamp) -> Vec<Timestamp> {
        let (times, usual) = (&self.rates.times, self.rates.cadence.step());
        let stated = |place: usize| self.intervals.get(place).copied().flatten();
        let holes = holes(times, stated, usual);
        let mut absent: Vec<Timestamp> = holes.into_iter().flat_map(Hole::times).collect();
        let last = times.len().checked_sub(1);
        let open = last.and_then(|place| Some((times[place], stated(place).or(usual)?)));
        if let Some((last, interval)) = open {
            let count = (end - last).0 / interval.0;
            absent.extend((1..=count.max(0)).map(|nth| last + Span(nth * interval.0)));
        }
        absent.sort_unstable();
        absent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp(0) + Span::hours(hour)
    }

    /// Two days of eight hours, one of four, one of one, two of eight again: the hours and their intervals.
    fn changing() -> Vec<(i64, i64)> {
        let run = |from: i64, to: i64, step: i64| {
            (from / step + 1..=to / step).map(move |nth| (nth * step, step))
        };
        std::iter::once((0, 8))
            .chain(run(0, 48, 8))
            .chain(run(48, 72, 4))
            .chain(run(72, 96, 1))
            .chain(run(96, 144, 8))
            .collect()
    }

    fn found(rows: &[(i64, i64)], usual: Option<Span>) -> Vec<(i64, i64)> {
        let times: Vec<Timestamp> = rows.iter().map(|row| at(row.0)).collect();
        let stated = |place: usize| Some(Span::hours(rows[place].1));
        let hole = |hole: Hole| ((hole.from.0) / Span::hours(1).0, hole.count);
        holes(&times, stated, usual).into_iter().map(hole).collect()
    }

    #[test]
    fn a_change_of_interval_is_no_hole_in_either_direction() {
        assert!(found(&changing(), Some(Span::hours(1))).is_empty());
    }

    #[test]
    fn what_is_absent_is_counted_in_the_interval_of_its_time() {
        let without = |hours: &[i64]| {
            let mut rows = changing();
            rows.retain(|row| !hours.contains(&row.0));
            found(&rows, None)
        };
        assert_eq!(without(&[16]), [(8, 1)]);
        assert_eq!(without(&[60, 64]), [(56, 2)]);
        assert_eq!(without(&[90, 91, 92]), [(89, 3)]);
        assert_eq!(without(&[112, 120]), [(104, 2)]);
        // The first payment after a change of interval: a hole as long as the new interval.
        assert_eq!(without(&[104]), [(96, 1)]);
    }

    #[test]
    fn hours_that_are_no_interval_are_none() {
        assert_eq!(interval(Some(8.0)), Some(Span::hours(8)));
        assert_eq!(interval(Some(0.5)), Some(Span(1_800_000_000)));
        for bad in [None, Some(0.0), Some(-8.0), Some(1e9)] {
            assert_eq!(interval(bad), None);
        }
    }
}
