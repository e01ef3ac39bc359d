//! D025 untraded: do bars stand where nothing was traded?
//!
//! Three bars or more in a row that did not move (open = high = low = close) with a volume of zero. Fillers write such
//! bars into weekends, holidays and outages; the price in them is an old one. One or two are a quiet hour.
//!
//! Default: mark. With `carry` the rows are dropped, and the value before them is carried as in any gap.

use super::{Check, Fault, Subject};
use crate::policy::Policy;
use crate::raw::SeriesKind;

/// The check.
pub const CHECK: Check = Check {
    code: "D025",
    name: "untraded",
    asks: "bars stand where something was traded",
    default: Policy::MARK,
    removes: true,
    kinds: &[SeriesKind::Price],
    find,
};

/// Bars in a row that are too many.
const RUN: usize = 3;

fn find(subject: &Subject<'_>) -> Vec<Fault> {
    let raw = subject.raw;
    let Some(bars) = &raw.bars else { return Vec::new() };
    let still = |place: usize| {
        let entry = subject.order[place];
        let close = raw.values[entry];
        let others = [bars.open[entry], bars.high[entry], bars.low[entry]];
        close.is_some()
            && bars.volume[entry] == Some(0.0)
            && others.iter().all(|price| *price == close)
    };
    let places: Vec<usize> = (0..subject.order.len()).filter(|&place| still(place)).collect();
    places
        .chunk_by(|a, b| a + 1 == *b)
        .filter(|run| run.len() >= RUN)
        .flat_map(|run| {
            let (first, end) = (run[0], run[run.len() - 1] + 1);
            let value = subject.value(first).unwrap_or_default();
            let detail =
                format!("{} bars in a row without a trade, the first at {value}", run.len());
            subject.block(first..end, &detail)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::made_up::{faults, walk};
    use super::*;

    #[test]
    fn flat_bars_without_volume_are_fillers() {
        let mut raw = walk(60, 17);
        let bars = raw.bars.as_mut().unwrap();
        for row in [5, 6, 20, 21, 22, 23] {
            for column in [&mut bars.open, &mut bars.high, &mut bars.low, &mut raw.values] {
                column[row] = Some(99.0);
            }
            bars.volume[row] = Some(0.0);
        }
        let found = faults(&raw, find);
        assert_eq!(found.len(), 1, "two in a row are a quiet hour");
        assert_eq!((found[0].entries.clone(), found[0].count), (20..24, 4));
    }
}
