//! D010 spike: does a price jump and jump back, where no other series of the asset does?
//!
//! ```text
//! move(x, y) = y / x - 1 upwards, 1 - x / y downwards: a jump and its way back are of one size
//! a = move(p[t-1], p[t])    b = move(p[t], p[t+1])    c = move(p[t-1], p[t+1])
//! spike: a and b of opposite sign, |c| <= 0.25 min(|a|, |b|), min(|a|, |b|) >= max(l, k m)
//! ```
//!
//! `m` is the median size of the moves that are not zero among the hundred around. Alone, `l` is 5 % and `k` 25: the hours
//! of 13 March 2020, which were real, reach 15, the crash of January 2015 at Bitstamp 17, the hour of 15 October 2018 in
//! which everything quoted in USDT jumped, 22. Beside a peer that has the three times and did not move at least half as
//! far the same way, `l` is 3 % and `k` 8; where it did, the move was real.
//!
//! Default: mark. With `carry` the row is dropped.

use super::{Check, Fault, Subject, median};
use crate::policy::Policy;
use crate::raw::SeriesKind;

/// The check.
pub const CHECK: Check = Check {
    code: "D010",
    name: "spike",
    asks: "prices do not jump and jump back",
    default: Policy::MARK,
    removes: true,
    kinds: &[SeriesKind::Price],
    find,
};

/// Largest part of the jump that may remain.
const REST: f64 = 0.25;
/// Smallest jump, and times the usual move that it must be, when nothing can confirm it.
const ALONE: (f64, f64) = (0.05, 25.0);
/// The same where another series was there and does not confirm it.
const UNCONFIRMED: (f64, f64) = (0.03, 8.0);
/// Part of the jump that confirms it.
const CONFIRMS: f64 = 0.5;
/// Moves before and after that tell what is usual.
const AROUND: usize = 50;
/// Fewest of them.
const FEWEST: usize = 10;

fn find(subject: &Subject<'_>) -> Vec<Fault> {
    let near = subject.near();
    let rows = subject.order.len();
    let moves: Vec<Option<f64>> = (1..rows)
        .map(|place| {
            let (before, after) = (subject.value(place - 1)?, subject.value(place)?);
            let follows = subject.times[place] - subject.times[place - 1] <= near;
            (follows && before > 0.0 && after > 0.0).then(|| step(before, after))
        })
        .collect();
    (1..moves.len()).filter_map(|place| spike(subject, &moves, place)).flatten().collect()
}

/// The fault at a place of the time order, between the move to it and the move from it.
fn spike(subject: &Subject<'_>, moves: &[Option<f64>], place: usize) -> Option<Vec<Fault>> {
    let (up, down) = (moves[place - 1]?, moves[place]?);
    let size = up.abs().min(down.abs());
    let (before, after) = (subject.value(place - 1)?, subject.value(place + 1)?);
    if up * down >= 0.0 || size < UNCONFIRMED.0 || step(before, after).abs() > REST * size {
        return None;
    }
    let around = moves[place.saturating_sub(AROUND)..(place + AROUND).min(moves.len())].iter();
    let mut usual: Vec<f64> =
        around.flatten().map(|size| size.abs()).filter(|size| *size > 0.0).collect();
    let times = if usual.len() < FEWEST { return None } else { size / median(&mut usual)? };
    let (confirmed, denied) = vouched(subject, place, up, down);
    let (least, needed) = if denied.is_some() { UNCONFIRMED } else { ALONE };
    if confirmed || size < least || times < needed {
        return None;
    }
    let said = denied.map_or(String::new(), |name| format!("; {name} does not confirm it"));
    let value = subject.value(place)?;
    let detail = format!(
        "{value} between {before} and {after} at {}, a jump and back of {:.1} %, {times:.0} times the usual move{said}",
        subject.times[place],
        100.0 * size
    );
    Some(subject.block(place..place + 1, &detail))
}

/// A move from one price to the next, as large upwards as the same way back is downwards.
fn step(before: f64, after: f64) -> f64 {
    if after >= before { after / before - 1.0 } else { 1.0 - before / after }
}

/// Whether a peer moved the same way, and the name of one that was there and did not.
fn vouched(subject: &Subject<'_>, place: usize, up: f64, down: f64) -> (bool, Option<String>) {
    let mut denied = None;
    for peer in subject.peers {
        let value = |place: usize| peer.value_at(subject.times[place]).filter(|value| *value > 0.0);
        let (Some(before), Some(at), Some(after)) =
            (value(place - 1), value(place), value(place + 1))
        else {
            continue;
        };
        let (there, back) = (step(before, at), step(at, after));
        if there / up >= CONFIRMS && back / down >= CONFIRMS {
            return (true, None);
        }
        denied.get_or_insert_with(|| format!("{} of `{}`", peer.raw.symbol, peer.raw.source));
    }
    (false, denied)
}

#[cfg(test)]
mod tests {
    use super::super::made_up::{faults, faults_beside, from_source, start, walk};
    use super::*;
    use crate::raw::RawSeries;
    use mpor_core::Span;

    fn with_jump(mut raw: RawSeries, row: usize, factor: f64) -> RawSeries {
        raw.values[row] = raw.values[row].map(|value| value * factor);
        raw
    }

    #[test]
    fn a_print_far_off_is_found() {
        assert_eq!(faults(&walk(300, 1), find), []);
        let found = faults(&with_jump(walk(300, 1), 150, 1.3), find);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].entries.clone(), found[0].from),
            (150..151, start() + Span::hours(150))
        );
    }

    #[test]
    fn a_jump_that_stays_is_a_move() {
        let mut raw = walk(300, 1);
        raw.values[150..].iter_mut().for_each(|value| *value = value.map(|value| value * 1.3));
        assert_eq!(faults(&raw, find), []);
    }

    #[test]
    fn another_series_confirms_or_denies() {
        // Twelve times the usual move of a quarter of a percent.
        let small = with_jump(walk(300, 1), 150, 1.035);
        assert_eq!(faults(&small, find), [], "not enough alone");
        let quiet = from_source(walk(300, 1), "quiet");
        let denied = faults_beside(&small, &quiet, find);
        assert_eq!(denied.len(), 1);
        assert!(
            denied[0].detail.ends_with("X of `quiet` does not confirm it"),
            "{}",
            denied[0].detail
        );
        let large = with_jump(walk(300, 1), 150, 1.3);
        let same = from_source(with_jump(walk(300, 1), 150, 1.2), "same");
        assert_eq!(faults_beside(&large, &same, find), []);
    }
}
