//! D009 repeated block: does a stretch of bars stand in two places?
//!
//! Three bars in a row (open, high, low and close, to the last digit) that come again, elsewhere in the series or at
//! another time of another source of the same symbol; ten closes in a row where only closes are known, at least five of
//! them different. Markets do not repeat themselves so exactly: three bars are twelve numbers. Fillers of gaps do, when
//! they copy hours from before or after. Bars that did not move (open = high = low = close) and bars that come more than
//! four times say nothing and are not compared.
//!
//! Of two places in one series the copy is the one that fits worse into what stands around it: the larger jumps from the
//! close before to its open and from its close to the next open. Where the two touch, the side with the larger jump
//! within two days of bars is accused. Another source that has the bars at another time settles it.
//!
//! Default: fail, because the prices of those hours are not known. With `carry` the rows are dropped.

use std::ops::Range;

use super::{Check, Fault, Subject, View};
use crate::policy::Policy;
use crate::raw::SeriesKind;

/// The check.
pub const CHECK: Check = Check {
    code: "D009",
    name: "repeated-block",
    asks: "no stretch of bars stands in two places",
    default: Policy::FAIL,
    removes: true,
    kinds: &[SeriesKind::Price],
    find,
};

/// Fewest bars in a row that are a block.
const BARS: usize = 3;
/// Fewest closes in a row that are a block, where only closes are known.
const CLOSES: usize = 10;
/// Fewest different closes among them.
const DIFFERENT: usize = 5;
/// Most places at which a bar stands that is still compared: more often, it is a pattern and not a copy.
const PLACES: usize = 4;
/// Rows around two blocks that touch in which a seam is looked for.
const AROUND: usize = 48;
/// Largest share of a series that is a block of another source: beyond it the clock is off (check `D014`).
const SHARE: f64 = 0.5;

/// The numbers of a bar, or its close alone.
type Key = [u64; 4];

/// A stretch that stands at two places of the time order.
struct Pair {
    first: Range<usize>,
    second: Range<usize>,
}

fn find(subject: &Subject<'_>) -> Vec<Fault> {
    let keys = keys(subject.raw, subject.order);
    let other = from_peers(subject, &keys);
    let mut faults: Vec<Fault> =
        pairs(subject, &keys).iter().flat_map(|pair| own(subject, pair)).collect();
    let told = |fault: &Fault| {
        other.iter().any(|known| {
            known.entries.start <= fault.entries.start && fault.entries.end <= known.entries.end
        })
    };
    faults.retain(|fault| !told(fault));
    faults.extend(other);
    faults.sort_by_key(|fault| fault.entries.start);
    faults.dedup_by_key(|fault| fault.entries.clone());
    faults
}

/// What each row of the time order is recognised by; `None` where it says nothing.
fn keys(raw: &crate::raw::RawSeries, order: &[usize]) -> Vec<Option<Key>> {
    let key = |entry: usize| -> Option<Key> {
        let close = raw.values[entry]?;
        let Some(bars) = &raw.bars else { return Some([close.to_bits(), 0, 0, 0]) };
        match (bars.open[entry], bars.high[entry], bars.low[entry]) {
            (Some(open), Some(high), Some(low)) if high != low => {
                Some([close, open, high, low].map(f64::to_bits))
            }
            (Some(_), Some(_), Some(_)) => None,
            _ => Some([close.to_bits(), 0, 0, 0]),
        }
    };
    order.iter().map(|&entry| key(entry)).collect()
}

/// Whether a run of rows is long and varied enough to be a copy.
fn is_block(keys: &[Option<Key>]) -> bool {
    let whole = keys.iter().flatten().filter(|key| key[1..] != [0; 3]).count();
    if whole >= BARS {
        return true;
    }
    let mut closes: Vec<u64> = keys.iter().flatten().map(|key| key[0]).collect();
    closes.sort_unstable();
    closes.dedup();
    keys.len() >= CLOSES && closes.len() >= DIFFERENT
}

fn pairs(subject: &Subject<'_>, keys: &[Option<Key>]) -> Vec<Pair> {
    let mut sorted: Vec<usize> = (0..keys.len()).filter(|&place| keys[place].is_some()).collect();
    sorted.sort_by_key(|&place| (keys[place], place));
    let mut equal: Vec<(usize, usize)> = Vec::new();
    for same in sorted.chunk_by(|&a, &b| keys[a] == keys[b]) {
        if same.len() > PLACES {
            continue;
        }
        for (nth, &first) in same.iter().enumerate() {
            equal.extend(same[nth + 1..].iter().map(|&second| (second - first, first)));
        }
    }
    equal.sort_unstable();
    equal
        .chunk_by(|a, b| a.0 == b.0 && a.1 + 1 == b.1)
        .map(|run| (run[0].0, run[0].1..run[0].1 + run.len()))
        // A stretch that overlaps its own copy is a pattern that goes round.
        .filter(|(lag, first)| *lag >= first.len() && is_block(&keys[first.clone()]))
        .filter(|(lag, first)| first.end + lag <= subject.order.len())
        .map(|(lag, first)| Pair { second: first.start + lag..first.end + lag, first })
        .collect()
}

/// The copy of two equal stretches of one series.
fn own(subject: &Subject<'_>, pair: &Pair) -> Vec<Fault> {
    let (first, second) = (&pair.first, &pair.second);
    let around = |before: Range<usize>, after: Range<usize>| {
        before.chain(after).filter_map(|place| seam(subject, place)).fold(0.0, f64::max)
    };
    let (odd_first, odd_second) = if first.end == second.start {
        let reach = first.start.saturating_sub(AROUND)..first.start + 1;
        (around(reach, 0..0), around(0..0, second.end..second.end + AROUND))
    } else {
        let of =
            |block: &Range<usize>| around(block.start..block.start + 1, block.end..block.end + 1);
        (of(first), of(second))
    };
    let (copy, original) = if odd_first > odd_second { (first, second) } else { (second, first) };
    let at = |place: usize| subject.times[place];
    let detail = format!(
        "{} bars are those of {} to {}, to the last digit",
        copy.len(),
        at(original.start),
        at(original.end - 1)
    );
    subject.block(copy.clone(), &detail)
}

/// The jump from the close before a place to what opens there, as a size; between closes where there is no open.
fn seam(subject: &Subject<'_>, place: usize) -> Option<f64> {
    let entry = *subject.order.get(place)?;
    let before = subject.value(place.checked_sub(1)?)?;
    let open = subject.raw.bars.as_ref().and_then(|bars| bars.open[entry]);
    let after = open.or(subject.raw.values[entry])?;
    (before > 0.0 && after > 0.0).then(|| (after / before - 1.0).abs())
}

/// Stretches that another source of the symbol has at another time.
fn from_peers(subject: &Subject<'_>, keys: &[Option<Key>]) -> Vec<Fault> {
    let same = |peer: &&&View<'_>| {
        peer.raw.symbol == subject.raw.symbol && peer.raw.source != subject.raw.source
    };
    subject.peers.iter().filter(same).flat_map(|peer| moved(subject, keys, peer)).collect()
}

fn moved(subject: &Subject<'_>, mine: &[Option<Key>], peer: &View<'_>) -> Vec<Fault> {
    let keys = self::keys(peer.raw, &peer.order);
    let mut sorted: Vec<(Key, usize)> =
        keys.iter().enumerate().filter_map(|(place, key)| Some(((*key)?, place))).collect();
    sorted.sort_unstable();
    // The one time at which the other source has a bar, unless it has it at the same time too.
    let elsewhere = |place: usize| -> Option<i64> {
        let key = mine[place]?;
        let first = sorted.partition_point(|(known, _)| *known < key);
        let (known, there) = sorted.get(first)?;
        let twice = sorted.get(first + 1).is_some_and(|(next, _)| *next == key);
        let lag = (peer.times[*there] - subject.times[place]).0;
        (*known == key && !twice && lag != 0).then_some(lag)
    };
    let lags: Vec<Option<i64>> = (0..mine.len()).map(elsewhere).collect();
    let mut faults = Vec::new();
    let mut start = 0;
    for run in lags.chunk_by(|a, b| a == b) {
        let places = start..start + run.len();
        start = places.end;
        let Some(lag) = run[0] else { continue };
        let whole = run.len() as f64 > SHARE * mine.len() as f64;
        if whole || !is_block(&mine[places.clone()]) {
            continue;
        }
        let when = if lag > 0 { "later" } else { "earlier" };
        let detail = format!(
            "{} bars are those that `{}` has {} {when}, to the last digit",
            run.len(),
            peer.raw.source,
            mpor_core::Span(lag.abs())
        );
        faults.extend(subject.block(places, &detail));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::super::made_up::{faults, faults_beside, from_source, start, walk};
    use super::*;
    use crate::raw::RawSeries;
    use mpor_core::Span;

    /// Bars `to` become those of as many hours from `from` on.
    fn copied(mut raw: RawSeries, from: usize, to: Range<usize>) -> RawSeries {
        let bars = raw.bars.as_mut().unwrap();
        for (nth, row) in to.enumerate() {
            for column in [&mut bars.open, &mut bars.high, &mut bars.low, &mut raw.values] {
                column[row] = column[from + nth];
            }
        }
        raw
    }

    #[test]
    fn four_hours_filled_from_seven_hours_later_are_found_and_a_walk_is_clean() {
        let clean = walk(400, 7);
        assert_eq!(faults(&clean, find), []);
        let found = faults(&copied(clean, 107, 100..104), find);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].entries.clone(), found[0].count), (100..104, 4));
        assert_eq!(found[0].from, start() + Span::hours(100));
        assert!(
            found[0].detail.contains("4 bars are those of 2020-01-10T11:00:00Z to"),
            "{}",
            found[0].detail
        );
    }

    #[test]
    fn hours_filled_from_before_are_the_later_ones() {
        let found = faults(&copied(walk(400, 8), 50, 200..205), find);
        assert_eq!(found[0].entries, 200..205);
    }

    #[test]
    fn two_bars_are_a_coincidence() {
        assert_eq!(faults(&copied(walk(400, 9), 50, 200..202), find), []);
    }

    #[test]
    fn another_source_tells_a_whole_day_that_is_hours_off() {
        let truth = from_source(walk(400, 10), "other");
        // Rows 100..124 show what happened eight hours later, so that only the last eight stand twice.
        let mut wrong = walk(400, 10);
        let bars = wrong.bars.as_mut().unwrap();
        for row in 100..124 {
            let of = truth.bars.as_ref().unwrap();
            bars.open[row] = of.open[row + 8];
            bars.high[row] = of.high[row + 8];
            bars.low[row] = of.low[row + 8];
            wrong.values[row] = truth.values[row + 8];
        }
        let alone = faults(&wrong, find);
        assert_eq!((alone.len(), alone[0].entries.clone()), (1, 116..124));
        let beside = faults_beside(&wrong, &truth, find);
        assert_eq!(beside.len(), 1);
        assert_eq!((beside[0].entries.clone(), beside[0].count), (100..124, 24));
        assert!(beside[0].detail.contains("that `other` has 8h later"), "{}", beside[0].detail);
    }
}
