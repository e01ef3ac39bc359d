//! D011 unconfirmed: does a price stand apart from the same symbol's at another source?
//!
//! ```text
//! d[t] = p[t] / q[t]    m, s: median of d and of |d / m - 1| over the 24 rows before and after
//! apart: |d[t] / m - 1| >= 2 % and >= 40 s, or >= 20 % and >= 8 s
//! ```
//!
//! Venues differ by a premium that moves slowly, more in a crash: Coinbase and Bitstamp reach 38 `s` in 2015, Binance and
//! Coinbase 33 in 2018. Those are real; a price left over from the day before, or a bar cut off by the end of a download,
//! is further out. `s` is at least one part in ten thousand.
//!
//! Default: mark. Says that two sources disagree; both are listed, and which one is wrong is for the user to say, with
//! `prefer` or `carry`.

use super::{Check, Fault, Subject, View, median};
use crate::policy::Policy;
use crate::raw::SeriesKind;

/// The check.
pub const CHECK: Check = Check {
    code: "D011",
    name: "unconfirmed",
    asks: "sources of one symbol agree",
    default: Policy::MARK,
    removes: true,
    kinds: &[SeriesKind::Price],
    find,
};

/// Rows before and after that tell what difference is usual.
const AROUND: usize = 24;
/// Fewest rows in common.
const FEWEST: usize = 30;
/// Smallest spread of the usual differences.
const SPREAD: f64 = 1e-4;
/// Distance from the usual difference, and times the spread, that are too much; either pair is enough.
const APART: [(f64, f64); 2] = [(0.02, 40.0), (0.2, 8.0)];

fn find(subject: &Subject<'_>) -> Vec<Fault> {
    let same = subject.peers.iter().filter(|peer| {
        peer.raw.symbol == subject.raw.symbol && peer.raw.source != subject.raw.source
    });
    same.flat_map(|peer| apart(subject, peer)).collect()
}

fn apart(subject: &Subject<'_>, peer: &View<'_>) -> Vec<Fault> {
    let common: Vec<(usize, f64, f64)> = subject
        .times
        .iter()
        .enumerate()
        .filter_map(|(place, &time)| {
            let (mine, theirs) = (subject.value(place)?, peer.value_at(time)?);
            (mine > 0.0 && theirs > 0.0).then(|| (place, mine / theirs, theirs))
        })
        .collect();
    if common.len() < FEWEST {
        return Vec::new();
    }
    let faulty = |nth: usize| {
        let (place, ratio, theirs) = common[nth];
        let around = &common[nth.saturating_sub(AROUND)..(nth + AROUND + 1).min(common.len())];
        let others = || around.iter().filter(|row| row.0 != place).map(|row| row.1);
        let usual = median(&mut others().collect::<Vec<_>>())?;
        let mut off: Vec<f64> = others().map(|other| (other / usual - 1.0).abs()).collect();
        let (spread, distance) = (median(&mut off)?.max(SPREAD), (ratio / usual - 1.0).abs());
        APART
            .iter()
            .any(|(least, times)| distance >= *least && distance >= times * spread)
            .then(|| {
                let mine = subject.value(place).unwrap_or_default();
                let (time, source) = (subject.times[place], &peer.raw.source);
                let percent = 100.0 * distance;
                let detail = format!(
                    "{mine} at {time} is {theirs} at `{source}`, {percent:.1} % further apart than around"
                );
                subject.block(place..place + 1, &detail)
            })
    };
    (0..common.len()).filter_map(faulty).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::super::made_up::{faults, faults_beside, from_source, start, walk};
    use super::*;
    use mpor_core::Span;

    #[test]
    fn a_price_of_the_day_before_is_not_confirmed() {
        let other = || from_source(walk(200, 3), "other");
        let mut raw = walk(200, 3);
        assert_eq!(faults_beside(&raw, &other(), find), []);
        raw.values[100] = raw.values[100].map(|value| value * 1.03);
        let found = faults_beside(&raw, &other(), find);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].entries.clone(), found[0].from),
            (100..101, start() + Span::hours(100))
        );
        assert!(found[0].detail.contains("at `other`, 3.0 % further apart"), "{}", found[0].detail);
        assert_eq!(faults(&raw, find), [], "nothing to compare with");
    }

    #[test]
    fn a_premium_that_stays_is_no_fault() {
        let mut raw = walk(200, 3);
        raw.values.iter_mut().for_each(|value| *value = value.map(|value| value * 1.05));
        assert_eq!(faults_beside(&raw, &from_source(walk(200, 3), "other"), find), []);
    }
}
