//! D003 off-grid: do rows stand at instants where the series is not observed?
//!
//! Around the clock: the time modulo the step differs by more than a second from that of most rows. Trading sessions: a stamp more than two
//! hours from the usual time of day (summer time moves it by one), or on a weekend.
//!
//! Default: mark. With `carry` the rows are dropped. Typical causes are bars that restart after an outage, and files
//! glued together from two clocks.

use mpor_core::Span;

use super::{ANY, Check, Fault, Subject, jitter, runs};
use crate::cadence::{Cadence, is_weekend};
use crate::policy::Policy;

/// The check.
pub const CHECK: Check = Check {
    code: "D003",
    name: "off-grid",
    asks: "rows stand where the series is observed",
    default: Policy::MARK,
    removes: true,
    kinds: ANY,
    find,
};

/// How far a session's stamp may be from the usual time of day.
const SESSION_TOLERANCE: Span = Span::hours(2);

fn find(subject: &Subject<'_>) -> Vec<Fault> {
    let raw = subject.raw;
    let time = |entry: usize| raw.times[entry];
    match subject.cadence {
        Cadence::Every { step, anchor } => {
            let off = |entry: usize| {
                let distance = (time(entry).0 - anchor.0).rem_euclid(step.0);
                distance.min(step.0 - distance) > jitter(step).0
            };
            runs(raw, off, |run| {
                let count = run.len();
                format!("{count} off the grid of one every {step}, first {}", time(run.start))
            })
        }
        Cadence::Sessions { anchor } => {
            let day = Span::days(1).0;
            let off = |entry: usize| {
                let distance = (time(entry).0 - anchor.0).rem_euclid(day);
                distance.min(day - distance) > SESSION_TOLERANCE.0 || is_weekend(time(entry))
            };
            runs(raw, off, |run| {
                let count = run.len();
                format!("{count} not near the usual time of a session, first {}", time(run.start))
            })
        }
        Cadence::Irregular => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::made_up::{faults, hourly};
    use super::*;

    #[test]
    fn a_stamp_some_milliseconds_late_is_on_the_grid() {
        let mut raw = hourly(&[0, 1, 2, 3, 4, 5, 6, 7, 8], &[1.0; 9]);
        raw.times[4] = raw.times[4] + Span(1_000);
        assert!(faults(&raw, find).is_empty());
        assert!(faults(&raw, super::super::d001_gap::CHECK.find).is_empty());
    }

    #[test]
    fn bars_that_restart_at_an_odd_minute_are_one_fault() {
        let mut raw = hourly(&[0, 1, 2, 3, 4, 5, 6, 7, 8], &[1.0; 9]);
        let odd = Span(28 * 60 * 1_000_000 + 14 * 1_000_000);
        for entry in 3..5 {
            raw.times[entry] = raw.times[entry] + odd;
        }
        let found = faults(&raw, find);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].entries, 3..5);
        assert!(found[0].detail.ends_with("first 2020-01-06T03:28:14Z"));
    }
}
