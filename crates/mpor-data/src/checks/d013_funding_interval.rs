//! D013 funding interval: does a payment follow the one before sooner than payments usually do?
//!
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
    let Cadence::Every { step, .. } = subject.cadence else { return Vec::new() };
    let times = subject.times;
    let early = |place: usize| (times[place] - times[place - 1]).0 < step.0 - jitter(step).0;
    let places: Vec<usize> = (1..times.len()).filter(|&place| early(place)).collect();
    places
        .chunk_by(|a, b| a + 1 == *b)
        .flat_map(|run| {
            let (first, last) = (run[0], run[run.len() - 1]);
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
    fn a_missing_payment_is_not_one_too_soon() {
        assert!(paid(&[0, 8, 16, 32, 40, 48, 56]).is_empty());
    }
}
