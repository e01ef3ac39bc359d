//! D021 pause: does a series stop for a month or more and go on?
//!
//! A silence of more than thirty days between two rows. Reference rates of a currency that was not quoted (the Icelandic
//! krona at the ECB from 2008 to 2018), a venue before its launch, a download that lost a month: what stood before says
//! nothing about what comes after, and the move across is no move of a day. The rows that are missing are counted by
//! check `D001`, whose limit decides whether a study may carry a value into the silence.
//!
//! Default: mark.

use mpor_core::Span;

use super::{ANY, Check, Fault, Subject};
use crate::policy::Policy;

/// The check.
pub const CHECK: Check = Check {
    code: "D021",
    name: "pause",
    asks: "a series does not stop and go on",
    default: Policy::MARK,
    removes: false,
    kinds: ANY,
    find,
};

/// A silence longer than this is a pause.
const LONGEST: Span = Span::days(30);

fn find(subject: &Subject<'_>) -> Vec<Fault> {
    let pauses = (1..subject.times.len())
        .filter(|&place| subject.times[place] - subject.times[place - 1] > LONGEST);
    pauses
        .flat_map(|place| {
            let (from, to) = (subject.times[place - 1], subject.times[place]);
            let detail = format!("nothing from {from} to {to}, {}", to - from);
            let mut faults = subject.block(place..place + 1, &detail);
            faults.iter_mut().for_each(|fault| fault.from = from);
            faults
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::made_up::{faults, series, start};
    use super::*;

    #[test]
    fn a_currency_that_pauses_is_told_and_a_closure_is_not() {
        let at = |days: &[i64]| {
            let times = days.iter().map(|&day| start() + Span::days(day)).collect();
            faults(&series(times, vec![Some(1.0); days.len()]), find)
        };
        assert!(at(&[0, 1, 2, 9, 10, 40]).is_empty());
        let found = at(&[0, 1, 2, 500, 501]);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].entries.clone(), found[0].from), (3..4, start() + Span::days(2)));
        assert_eq!(found[0].to, start() + Span::days(500));
    }
}
