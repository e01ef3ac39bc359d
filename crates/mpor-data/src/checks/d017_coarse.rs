//! D017 coarse: were the decimals cut off in a stretch of values?
//!
//! ```text
//! fine   = most decimals that a fifth of the values have or exceed
//! coarse = at most fine - 2 decimals: one value in a hundred by chance
//! stretch: of 60 values in a row, two thirds are coarse
//! ```
//!
//! Series of computed values (more than six decimals in a tenth of the rows or more) have no tick and are not looked at.
//! Traders like round numbers: whole dollars are 37 of 60 hours of BTC in September 2017, which is still below. What is
//! cut off costs up to a unit of the coarse tick, which is a third of a percent for an index at 330.
//!
//! Default: mark.

use super::{Check, Fault, Subject};
use crate::policy::Policy;
use crate::raw::SeriesKind;

/// The check.
pub const CHECK: Check = Check {
    code: "D017",
    name: "coarse",
    asks: "values have the decimals of the rest of the series",
    default: Policy::MARK,
    removes: false,
    kinds: &[SeriesKind::Price],
    find,
};

/// Values in a row that are looked at together.
const WINDOW: usize = 60;
/// Coarse ones among them that are too many.
const TOO_MANY: usize = 40;
/// Share of values that have the fine decimals.
const FINE: f64 = 0.2;
/// Decimals beyond which a value is computed and not quoted, and the share of such values that says so.
const COMPUTED: (usize, f64) = (6, 0.1);

fn find(subject: &Subject<'_>) -> Vec<Fault> {
    let rows: Vec<(usize, usize)> = (0..subject.order.len())
        .filter_map(|place| Some((place, decimals(subject.value(place)?))))
        .collect();
    let Some(fine) = fine(&rows) else { return Vec::new() };
    if rows.len() < WINDOW {
        return Vec::new();
    }
    let coarse = |nth: usize| rows[nth].1 + 2 <= fine;
    let mut count = (0..WINDOW).filter(|&nth| coarse(nth)).count();
    let mut stretches: Vec<(usize, usize)> = Vec::new();
    for end in WINDOW..=rows.len() {
        if count >= TOO_MANY {
            let begin = end - WINDOW;
            match stretches.last_mut().filter(|(_, last)| begin <= *last) {
                Some((_, last)) => *last = end,
                None => stretches.push((begin, end)),
            }
        }
        if end < rows.len() {
            count = count + usize::from(coarse(end)) - usize::from(coarse(end - WINDOW));
        }
    }
    stretches
        .into_iter()
        .flat_map(|(begin, end)| stretch(subject, &rows, begin..end, fine))
        .collect()
}

/// A stretch from its first to its last coarse value; the count is that of the coarse values.
fn stretch(
    subject: &Subject<'_>,
    rows: &[(usize, usize)],
    window: std::ops::Range<usize>,
    fine: usize,
) -> Vec<Fault> {
    let coarse: Vec<usize> =
        rows[window].iter().filter(|row| row.1 + 2 <= fine).map(|row| row.0).collect();
    let (Some(&first), Some(&last)) = (coarse.first(), coarse.last()) else { return Vec::new() };
    let rows = last + 1 - first;
    let detail = format!(
        "{} of {rows} have {} decimals or fewer, and the series {fine}: most likely cut off",
        coarse.len(),
        fine - 2
    );
    let mut faults = subject.block(first..last + 1, &detail);
    if let [only] = faults.as_mut_slice() {
        only.count = coarse.len();
    }
    faults
}

/// Decimals that a fifth of the values reach; `None` where they are fewer than two or the values are computed.
fn fine(rows: &[(usize, usize)]) -> Option<usize> {
    let share = |least: usize| {
        rows.iter().filter(|row| row.1 >= least).count() as f64 / rows.len().max(1) as f64
    };
    if share(COMPUTED.0 + 1) >= COMPUTED.1 {
        return None;
    }
    (2..=COMPUTED.0).rev().find(|&decimals| share(decimals) >= FINE)
}

/// Decimals of a number as it is written shortest.
fn decimals(value: f64) -> usize {
    value.to_string().split_once('.').map_or(0, |(_, decimals)| decimals.len())
}

#[cfg(test)]
mod tests {
    use super::super::made_up::{faults, walk};
    use super::*;

    #[test]
    fn decimals_cut_off_on_most_days_are_a_stretch() {
        let mut raw = walk(400, 13);
        assert_eq!(faults(&raw, find), []);
        for row in (100..200).filter(|row| row % 5 != 0) {
            raw.values[row] = raw.values[row].map(f64::trunc);
        }
        let found = faults(&raw, find);
        assert_eq!(found.len(), 1);
        let (start, end) = (found[0].entries.start, found[0].entries.end);
        assert!((80..=101).contains(&start) && (200..=225).contains(&end), "{start}..{end}");
        assert!(found[0].count >= 80, "{}", found[0].detail);
    }

    #[test]
    fn computed_values_have_no_tick() {
        let mut raw = walk(400, 13);
        for row in 0..400 {
            let value = raw.values[row].map(|value| value / 3.0);
            raw.values[row] = if row < 150 { value.map(f64::trunc) } else { value };
        }
        assert_eq!(faults(&raw, find), []);
    }
}
