//! D018 wrong column: do the columns of the bars hold what they are named for?
//!
//! Three mix-ups, each in nine rows of ten or more, of ten rows or more: the only number is in `open` and high, low and
//! close are zero (freqtrade keeps funding rates so); high is below low (the two are swapped); the close equals the volume.
//!
//! Default: fail, because no row means what it says.

use super::{Check, Fault, Subject};
use crate::policy::Policy;
use crate::raw::{BarColumns, SeriesKind};

/// The check.
pub const CHECK: Check = Check {
    code: "D018",
    name: "wrong-column",
    asks: "columns hold what they are named for",
    default: Policy::FAIL,
    removes: false,
    kinds: &[SeriesKind::Price],
    find,
};

/// Share of rows that says that it is the column.
const SHARE: f64 = 0.9;
/// Fewest rows.
const FEWEST: usize = 10;
/// A rate is below this in size, a price that is written with the usual decimals above.
const RATE: f64 = 0.05;

fn find(subject: &Subject<'_>) -> Vec<Fault> {
    let raw = subject.raw;
    let Some(bars) = &raw.bars else { return Vec::new() };
    let rows = raw.len();
    let most = |holds: &dyn Fn(usize) -> bool| {
        let count = (0..rows).filter(|&entry| holds(entry)).count();
        (rows >= FEWEST && count as f64 >= SHARE * rows as f64).then_some(count)
    };
    let only_open = |entry: usize| {
        let zero = |value: Option<f64>| value == Some(0.0);
        bars.open[entry].is_some_and(|open| open != 0.0)
            && zero(bars.high[entry])
            && zero(bars.low[entry])
            && zero(raw.values[entry])
    };
    let swapped =
        |entry: usize| bars.high[entry].zip(bars.low[entry]).is_some_and(|(high, low)| high < low);
    let volume = |entry: usize| {
        raw.values[entry].is_some_and(|close| close != 0.0 && bars.volume[entry] == Some(close))
    };
    let mut details = Vec::new();
    if let Some(count) = most(&only_open) {
        details.push(format!(
            "{count} of {rows} have a number in `open` alone, {}, and zero in high, low and close{}",
            bars.open[0].unwrap_or_default(),
            if is_rate(bars) { ": a rate, such as funding, and not a price" } else { "" }
        ));
    }
    if let Some(count) = most(&swapped) {
        details
            .push(format!("{count} of {rows} have a high below the low: the columns are swapped"));
    }
    if let Some(count) = most(&volume) {
        details.push(format!("{count} of {rows} have a close that is the volume"));
    }
    details.into_iter().flat_map(|detail| subject.whole(detail)).collect()
}

fn is_rate(bars: &BarColumns) -> bool {
    bars.open.iter().flatten().all(|open| open.abs() < RATE)
}

#[cfg(test)]
mod tests {
    use super::super::made_up::{faults, walk};
    use super::*;

    #[test]
    fn rates_in_the_open_are_no_bars() {
        let mut raw = walk(40, 14);
        assert_eq!(faults(&raw, find), []);
        let rows = raw.len();
        let bars = raw.bars.as_mut().unwrap();
        bars.open = vec![Some(0.0001); rows];
        (bars.high, bars.low) = (vec![Some(0.0); rows], vec![Some(0.0); rows]);
        raw.values = vec![Some(0.0); rows];
        let found = faults(&raw, find);
        assert_eq!((found[0].entries.clone(), found[0].count), (0..40, 40));
        assert!(found[0].detail.contains("`open` alone, 0.0001"), "{}", found[0].detail);
        assert!(found[0].detail.ends_with("a rate, such as funding, and not a price"));
    }

    #[test]
    fn swapped_columns_and_a_volume_for_a_close_are_told() {
        let mut raw = walk(40, 14);
        let bars = raw.bars.as_mut().unwrap();
        std::mem::swap(&mut bars.high, &mut bars.low);
        bars.volume.clone_from(&raw.values);
        let found = faults(&raw, find);
        assert_eq!(found.len(), 2);
        assert!(found[0].detail.contains("high below the low"));
        assert!(found[1].detail.contains("close that is the volume"));
    }
}
