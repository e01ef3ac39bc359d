//! D014 clock: are the bars stamped in another zone than they say?
//!
//! Two kinds of evidence, for bars of twelve hours or less:
//!
//! *The weekend.* A market that is silent once a week for 40 to 80 hours rests over Saturday and Sunday: from Sydney to
//! New York none that rests at all trades between Saturday 06:00 and Sunday 20:00 UTC (currencies stop on Friday and
//! resume on Sunday, both at 17:00 in New York). Three such silences or more, of which fewer than a fifth span those hours,
//! were stamped by another clock.
//!
//! *A peer.* The moves of the two series are compared at every shift of up to a day. Where they agree at a shift
//! (correlation of at least 0.8) and not as stamped (below 0.5), one of the two clocks is off. 5000 moves are looked at.
//!
//! Default: mark. Daily bars, and markets that never rest and have no peer, leave no evidence. Nothing is moved.

use mpor_core::{Span, Timestamp};

use super::{Check, Fault, Subject, View, jitter};
use crate::cadence::Cadence;
use crate::policy::Policy;
use crate::raw::SeriesKind;

/// The check.
pub const CHECK: Check = Check {
    code: "D014",
    name: "clock",
    asks: "bars are stamped in the zone they say",
    default: Policy::MARK,
    removes: false,
    kinds: &[SeriesKind::Price],
    find,
};

/// Longest bar whose clock leaves evidence.
const LONGEST_BAR: Span = Span::hours(12);
/// A weekly rest lasts from the first to the second.
const REST: (Span, Span) = (Span::hours(40), Span::hours(80));
/// Fewest rests.
const RESTS: usize = 3;
/// Share of the rests that span the weekend, at least.
const SPAN_WEEKEND: f64 = 0.2;
/// Saturday 06:00 and Sunday 20:00 UTC after Monday 00:00.
const WEEKEND: (Span, Span) = (Span::hours(126), Span::hours(164));
/// A Monday.
const MONDAY: Timestamp = Timestamp(4 * 86_400_000_000);
/// Hours after Monday 00:00 UTC at which currencies resume, in the winter of New York.
const RESUME: i64 = -2;
/// Moves that are compared with a peer.
const MOVES: usize = 5000;
/// Fewest of them.
const FEWEST: usize = 200;
/// Agreement of moves that proves a shift, and the most there may be without one.
const SHIFTED: (f64, f64) = (0.8, 0.5);

fn find(subject: &Subject<'_>) -> Vec<Fault> {
    let Cadence::Every { step, .. } = subject.cadence else { return Vec::new() };
    if step > LONGEST_BAR {
        return Vec::new();
    }
    let weekend = rests(subject);
    let found =
        weekend.or_else(|| subject.peers.iter().find_map(|peer| shifted(subject, peer, step)));
    found.map_or(Vec::new(), |detail| subject.whole(detail))
}

/// What is wrong with the weekly rests, if anything.
fn rests(subject: &Subject<'_>) -> Option<String> {
    let rests: Vec<(Timestamp, Timestamp)> = traded(subject)
        .windows(2)
        .filter(|pair| (REST.0..=REST.1).contains(&(pair[1] - pair[0])))
        .map(|pair| (pair[0], pair[1]))
        .collect();
    let at_weekend = |(from, to): &&(Timestamp, Timestamp)| {
        let begins = (*from - MONDAY).0.rem_euclid(Span::days(7).0);
        begins <= WEEKEND.0.0 && begins + (*to - *from).0 >= WEEKEND.1.0
    };
    let spanning = rests.iter().filter(at_weekend).count();
    if rests.len() < RESTS || spanning as f64 >= SPAN_WEEKEND * rests.len() as f64 {
        return None;
    }
    let (from, to) = rests[rests.len() / 2];
    let week = Span::days(7).0;
    let late = (to - MONDAY).0 - RESUME * Span::hours(1).0;
    let hours = (late.rem_euclid(week) + Span::hours(1).0 / 2).div_euclid(Span::hours(1).0);
    let hours = if hours > 84 { hours - 168 } else { hours };
    Some(format!(
        "{} weekly rests, such as {} {from} to {} {to}, of which {spanning} span Saturday and Sunday UTC: the clock is most likely off, by about {hours}h if the market resumes on Sunday at 22:00 UTC",
        rests.len(),
        weekday(from),
        weekday(to),
    ))
}

fn weekday(time: Timestamp) -> String {
    time.utc().format("%A").to_string()
}

/// Times of the bars in which something was traded.
fn traded(subject: &Subject<'_>) -> Vec<Timestamp> {
    let still = |entry: usize| {
        subject.raw.bars.as_ref().is_some_and(|bars| {
            bars.volume[entry] == Some(0.0) && bars.high[entry] == bars.low[entry]
        })
    };
    let rows = subject.order.iter().zip(subject.times);
    rows.filter(|(entry, _)| !still(**entry)).map(|(_, time)| *time).collect()
}

/// The shift at which a series moves with a peer, if it is not zero.
fn shifted(subject: &Subject<'_>, peer: &View<'_>, step: Span) -> Option<String> {
    if peer.cadence.step() != Some(step) {
        return None;
    }
    let first = subject.order.len().saturating_sub(MOVES + 1);
    let moves: Vec<(Timestamp, f64)> = (first + 1..subject.order.len())
        .filter_map(|place| {
            let (before, time) = (subject.times[place - 1], subject.times[place]);
            let together = ((time - before).0 - step.0).abs() <= jitter(step).0;
            let (old, new) = (subject.value(place - 1)?, subject.value(place)?);
            (together && old > 0.0 && new > 0.0).then(|| (time, new / old - 1.0))
        })
        .collect();
    let agreement = |shift: i64| {
        let lag = Span(shift * step.0);
        let pairs: Vec<(f64, f64)> = moves
            .iter()
            .filter_map(|&(time, mine)| {
                let old = peer.value_at(time + lag - step).filter(|value| *value > 0.0)?;
                let new = peer.value_at(time + lag).filter(|value| *value > 0.0)?;
                Some((mine, new / old - 1.0))
            })
            .collect();
        if pairs.len() < FEWEST { 0.0 } else { correlation(&pairs) }
    };
    let stamped = agreement(0);
    if stamped >= SHIFTED.1 {
        return None;
    }
    let day = Span::days(1).0 / step.0;
    let shifts = (-day..=day).filter(|shift| *shift != 0);
    let best = shifts.map(|shift| (agreement(shift), shift)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 >= SHIFTED.0).then(|| {
        let when = if best.1 > 0 { "later" } else { "earlier" };
        format!(
            "moves as {} of `{}` does {} {when} (correlation {:.2}; {stamped:.2} as stamped): one of the two clocks is off",
            peer.raw.symbol,
            peer.raw.source,
            Span(best.1.abs() * step.0),
            best.0
        )
    })
}

/// Correlation of pairs of moves about zero.
fn correlation(pairs: &[(f64, f64)]) -> f64 {
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in pairs {
        (xy, xx, yy) = (xy + x * y, xx + x * x, yy + y * y);
    }
    if xx > 0.0 && yy > 0.0 { xy / (xx * yy).sqrt() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::super::made_up::{faults, faults_beside, from_source, start, walk};
    use super::*;
    use crate::raw::RawSeries;

    /// A currency that rests from Friday 22:00 to Sunday 22:00 UTC for six weeks, on a clock that is so many hours ahead.
    fn currency(ahead: i64) -> RawSeries {
        let mut raw = walk(6 * 120, 5);
        // `start` is a Monday; each week's first bar ends on Sunday at 23:00.
        for (row, time) in raw.times.iter_mut().enumerate() {
            let (week, hour) = (row as i64 / 120, row as i64 % 120);
            *time = start() + Span::hours(168 * week + hour - 1 + ahead);
        }
        raw
    }

    #[test]
    fn a_week_that_rests_at_the_wrong_time_is_of_another_zone() {
        assert_eq!(faults(&currency(0), find), []);
        assert_eq!(faults(&currency(-1), find), [], "summer time");
        let found = faults(&currency(20), find);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].count, 720);
        assert!(found[0].detail.contains("5 weekly rests"), "{}", found[0].detail);
        assert!(found[0].detail.contains("by about 21h"), "{}", found[0].detail);
    }

    #[test]
    fn a_peer_shows_the_shift() {
        let truth = walk(600, 6);
        let mut late = from_source(walk(600, 6), "late");
        late.times.iter_mut().for_each(|time| *time = *time + Span::hours(3));
        let found = faults_beside(&late, &truth, find);
        assert_eq!(found.len(), 1);
        assert!(
            found[0].detail.contains("does 3h earlier (correlation 1.00"),
            "{}",
            found[0].detail
        );
        assert_eq!(faults_beside(&truth, &from_source(walk(600, 6), "same"), find), []);
        assert_eq!(faults_beside(&truth, &from_source(walk(600, 7), "another"), find), []);
    }
}
