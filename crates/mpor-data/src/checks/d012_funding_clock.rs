//! D012 funding clock: do payments stand at whole hours where no venue pays?
//!
//! Venues that pay every eight hours pay at 00:00, 08:00 and 16:00 UTC, BitMEX at 04:00, 12:00 and 20:00; those that pay
//! every four or two hours, at multiples of them. Payments that stand a whole number of hours beside that, such as 03:00,
//! 11:00 and 19:00, were most likely written in another zone without saying so.
//!
//! Default: mark. Says that the clock is suspect; its zone is for the user to find out. Nothing is moved.

use mpor_core::Span;

use super::{Check, Fault, Subject, jitter};
use crate::cadence::Cadence;
use crate::policy::Policy;
use crate::raw::SeriesKind;

/// The check.
pub const CHECK: Check = Check {
    code: "D012",
    name: "funding-clock",
    asks: "funding is paid when venues pay it",
    default: Policy::MARK,
    removes: false,
    kinds: &[SeriesKind::Funding],
    find,
};

/// Offset within eight hours at which a venue pays: BitMEX.
const ALSO: Span = Span::hours(4);

fn find(subject: &Subject<'_>) -> Vec<Fault> {
    let Cadence::Every { step, anchor } = subject.cadence else { return Vec::new() };
    let hour = Span::hours(1).0;
    let near = jitter(step).0;
    let offset = (anchor.0 + near).rem_euclid(step.0).div_euclid(hour);
    let whole = (anchor.0 + near).rem_euclid(hour) <= 2 * near;
    let usual = offset == 0 || (step == Span::hours(8) && Span(offset * hour) == ALSO);
    // A day that is no multiple of the interval has no hours of payment to hold it against.
    if usual || !whole || step.0 <= hour || Span::days(1).0 % step.0 != 0 {
        return Vec::new();
    }
    let at = |start: i64| {
        let hours = (0..Span::days(1).0 / step.0).map(|nth| (start * hour + nth * step.0) / hour);
        hours.map(|hour| format!("{hour:02}:00")).collect::<Vec<_>>().join(", ")
    };
    subject.whole(format!(
        "paid at {} and not at {} UTC: the times are most likely of a zone {offset}h ahead of UTC, or {}h behind it",
        at(offset),
        at(0),
        step.0 / hour - offset
    ))
}

#[cfg(test)]
mod tests {
    use super::super::made_up::{faults, series, start};
    use super::*;

    fn paid(first: i64, step: i64) -> Vec<Fault> {
        let times = (0..30).map(|nth| start() + Span::hours(first + nth * step)).collect();
        let mut raw = series(times, vec![Some(0.0001); 30]);
        raw.kind = SeriesKind::Funding;
        raw.bars = None;
        faults(&raw, find)
    }

    #[test]
    fn payments_at_three_eleven_and_nineteen_are_suspect() {
        let found = paid(3, 8);
        assert_eq!((found[0].entries.clone(), found[0].count), (0..30, 30));
        assert!(
            found[0]
                .detail
                .starts_with("paid at 03:00, 11:00, 19:00 and not at 00:00, 08:00, 16:00")
        );
        assert!(found[0].detail.contains("a zone 3h ahead of UTC, or 5h behind it"));
        assert_eq!(paid(1, 4).len(), 1);
    }

    #[test]
    fn hours_at_which_venues_pay_are_not() {
        for (first, step) in [(0, 8), (4, 8), (0, 4), (0, 1), (5, 1)] {
            assert!(paid(first, step).is_empty(), "{first} every {step}");
        }
    }
}
