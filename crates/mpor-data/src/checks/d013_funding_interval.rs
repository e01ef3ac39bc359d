//! D013 funding interval: does a payment follow the one before sooner than its interval allows?
//!
//! The interval is the one that the payment states; where the file states none, the distance at which payments usually follow.
//! Payments in a row that come too soon are one fault. Venues do change their interval (from eight hours to four or one,
//! when the rate runs into its cap), and files have payments at hours when none was made: both change what a rate is
//! worth, because it is a fraction of notional an interval.
//!
//! Default: mark. A payment that is missing is check `D001`'s.

use super::{Check, Fault, Subject, jitter};
use crate::cadence::Cadence;
use crate::policy::Policy;
use crate::raw::SeriesKind;

/// The check.
pub const CHECK: Check = Check {
    code: "D013",
    name: "funding-interval",
    asks: "funding is paid at one interval",
    default: Policy::MARK,
    removes: false,
    kinds: &[SeriesKind::Funding],
    find,
};

fn find(subject: &Subject<'_>) -> Vec<Fault> {
    let usual = match subject.cadence {
        Cadence::Every { step, .. } => Some(step),
        Cadence::Sessions { .. } | Cadence::Irregular => None,
    };
    let times = subject.times;
    let interval = |place: usize| subject.interval(place).or(usual);
    let early = |place: usize| {
        interval(place)
            .is_some_and(|step| (times[place] - times[place - 1]).0 < step.0 - jitter(step).0)
    };
    let places: Vec<usize> = (1..times.len()).filter(|&place| early(place)).collect();
    places
        .chunk_by(|a, b| a + 1 == *b)
        .flat_map(|run| {
            let (first, last) = (run[0], run[run.len() - 1]);
            let step = interval(first).unwrap_or_default();
            let detail = format!(
                "{} paid sooner than {step} after the one before, first {} after {}",
                run.len(),
                times[first],
                times[first] - times[first - 1]
            );
            subject.block(first..last + 1, &detail)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::made_up::{faults, series, start};
    use super::*;
    use mpor_core::Span;

    fn paid(hours: &[i64]) -> Vec<Fault> {
        let times = hours.iter().map(|&hour| start() + Span::hours(hour)).collect();
        let mut raw = series(times, vec![Some(0.0001); hours.len()]);
        raw.kind = SeriesKind::Funding;
        raw.bars = None;
        faults(&raw, find)
    }

    #[test]
    fn an_extra_payment_and_a_change_of_interval_are_told() {
        let usual: Vec<i64> = (0..20).map(|nth| 8 * nth).collect();
        assert!(paid(&usual).is_empty());
        let mut extra = usual.clone();
        extra.insert(5, 37);
        let found = paid(&extra);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].entries, 5..7, "37 after 32 and 40 after 37");
        let mut changed = usual;
        changed.extend((1..6).map(|nth| 152 + 4 * nth));
        assert_eq!(paid(&changed)[0].count, 5);
    }

    #[test]
    fn a_change_of_interval_that_the_payments_state_is_none_too_soon() {
        let rows: Vec<(i64, i64)> = (1..=6)
            .map(|nth| (8 * nth, 8))
            .chain((1..=6).map(|nth| (48 + 4 * nth, 4)))
            .chain((1..=24).map(|nth| (72 + nth, 1)))
            .chain((1..=6).map(|nth| (96 + 8 * nth, 8)))
            .collect();
        let found = |rows: &[(i64, i64)]| {
            let times = rows.iter().map(|row| start() + Span::hours(row.0)).collect();
            let mut raw = series(times, vec![Some(0.0001); rows.len()]);
            (raw.kind, raw.bars) = (SeriesKind::Funding, None);
            raw.intervals = rows.iter().map(|row| Some(row.1 as f64)).collect();
            faults(&raw, find)
        };
        assert!(found(&rows).is_empty());
        // A payment that says eight hours and comes after four.
        let mut wrong = rows;
        wrong[8].1 = 8;
        assert_eq!(found(&wrong).iter().map(|fault| fault.count).collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn a_missing_payment_is_not_one_too_soon() {
        assert!(paid(&[0, 8, 16, 32, 40, 48, 56]).is_empty());
    }
}
