//! The search on each training window: which point covers at least cost, judged by nothing after the window?
//!
//! Walk-forward: the dates fall into `folds + 1` blocks of equal length. Training `k` is everything before block `k` but
//! the dates whose MPOR ends in it (purged); its best point is tested on block `k`. The last window is all dates.
//!
//! Successive halving: rung `r` of `R` looks at every `keep^(R - r)`-th date and keeps the best `1 / keep`, the last rung at
//! every date. Each window halves for itself, on its own dates, so that no fold's choice has seen its test block. A stride
//! that divides a cycle of the books, such as 7 and a weekly roll, sees one phase of it only: `keep = 2` sees all of a week.
//!
//! Sources: Karnin, Koren and Somekh (2013), "Almost optimal exploration in multi-armed bandits", ICML (successive halving);
//! López de Prado (2018), "Advances in financial machine learning", ch. 7 (purging).

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use rayon::prelude::*;

use super::evaluate::Bench;
use super::lattice::Point;
use super::record::{Market, Record, Score, Terms, Window};
use crate::error::MporError;
use crate::study::calibrate::Search;

/// Fewest dates of a training window that a rung looks at.
const FEWEST_DATES: usize = 20;

/// One training window and the block that its choice is tested on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fold {
    /// Dates chosen on.
    pub training: Range<usize>,
    /// Dates tested on.
    pub test: Range<usize>,
}

/// The best point of a window, or the nearest to covering where none covers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Choice {
    /// The point.
    pub point: Point,
    /// On the window's dates.
    pub score: Score,
}

/// What the search found.
#[derive(Debug)]
pub(crate) struct Searched {
    /// Points with records of every date.
    pub full: BTreeMap<Point, Record>,
    /// The choice of each fold.
    pub folds: Vec<Choice>,
    /// The choice on all dates.
    pub last: Choice,
    /// Points that the window of all dates left behind, with the stride of the dates that they were judged on.
    pub dropped: Vec<(Point, usize, Score)>,
    /// Stride and number of points of each rung.
    pub rungs: Vec<(usize, usize)>,
}

/// The folds of so many dates; `None` where a block is not longer than the MPOR.
pub(crate) fn folds(dates: usize, folds: usize, horizon: usize) -> Option<Vec<Fold>> {
    let edge = |block: usize| dates * block / (folds + 1);
    if edge(1) <= horizon {
        return None;
    }
    let fold =
        |block| Fold { training: 0..edge(block) - horizon, test: edge(block)..edge(block + 1) };
    Some((1..=folds).map(fold).collect())
}

/// Searches every training window and all dates.
pub(crate) fn search(
    bench: &Bench<'_>,
    start: Vec<Point>,
    market: &Market,
    terms: Terms,
    folds: &[Fold],
) -> Result<Searched, MporError> {
    let search = bench.file.calibrate_spec()?.search;
    let all = 0..market.times.len();
    let windows: Vec<Range<usize>> =
        folds.iter().map(|fold| fold.training.clone()).chain([all]).collect();
    let shortest = windows.iter().map(Range::len).min().unwrap_or_default();
    let (keep, strides) = strides(search, start.len(), shortest);
    let mut alive = vec![start; windows.len()];
    let (mut dropped, mut rungs) = (Vec::new(), Vec::new());
    for (rung, &stride) in strides.iter().enumerate() {
        let points: BTreeSet<&Point> = alive.iter().flatten().collect();
        let points: Vec<Point> = points.into_iter().cloned().collect();
        rungs.push((stride, points.len()));
        let records = bench.records(&format!("rung {rung}"), &points, stride)?;
        let records: BTreeMap<Point, Record> = points.into_iter().zip(records).collect();
        if rung + 1 == strides.len() {
            let best = |(dates, alive): (&Range<usize>, &Vec<Point>)| {
                let window = Window::new(market, terms, dates.clone(), stride);
                ranked(&window, alive, &records).into_iter().next()
            };
            let mut folds: Vec<Choice> = windows.iter().zip(&alive).filter_map(best).collect();
            if let Some(last) = folds.pop() {
                // What a fold kept to the end is known on every date.
                dropped.retain(|left: &(Point, usize, Score)| !records.contains_key(&left.0));
                return Ok(Searched { full: records, folds, last, dropped, rungs });
            }
        }
        for (number, (dates, alive)) in windows.iter().zip(&mut alive).enumerate() {
            let window = Window::new(market, terms, dates.clone(), stride);
            let mut ranked = ranked(&window, alive, &records);
            let left = ranked.split_off(alive.len().div_ceil(keep));
            if number + 1 == windows.len() {
                dropped.extend(left.into_iter().map(|choice| (choice.point, stride, choice.score)));
            }
            *alive = ranked.into_iter().map(|choice| choice.point).collect();
            alive.sort_unstable();
        }
    }
    Err(MporError::Question("the search of `[calibrate]` has no point to try".to_owned()))
}

/// Points from the best to the worst; equals in the order of the grid.
fn ranked(window: &Window<'_>, points: &[Point], records: &BTreeMap<Point, Record>) -> Vec<Choice> {
    let score =
        |point: &Point| Choice { point: point.clone(), score: window.score(&records[point]) };
    let mut choices: Vec<Choice> = points.par_iter().map(score).collect();
    choices.sort_by(|a, b| a.score.rank(&b.score));
    choices
}

/// One of how many stays, and the strides of the rungs; the last is one.
fn strides(search: Search, points: usize, shortest: usize) -> (usize, Vec<usize>) {
    let Search::Halving(halving) = search else { return (1, vec![1]) };
    let keep = halving.keep;
    let (mut strides, mut left) = (vec![1], points);
    while left > keep * keep && shortest / (strides[0] * keep) >= FEWEST_DATES {
        strides.insert(0, strides[0] * keep);
        left = left.div_ceil(keep);
    }
    (keep, strides)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::calibrate::Halving;

    #[test]
    fn training_ends_one_mpor_before_its_test_block() {
        let found = folds(103, 4, 2).unwrap();
        let trainings: Vec<_> = found.iter().map(|fold| fold.training.clone()).collect();
        let tests: Vec<_> = found.iter().map(|fold| fold.test.clone()).collect();
        assert_eq!(trainings, [0..18, 0..39, 0..59, 0..80]);
        assert_eq!(tests, [20..41, 41..61, 61..82, 82..103]);
        assert_eq!(folds(14, 4, 2), None);
    }

    #[test]
    fn rungs_look_at_more_and_more_dates() {
        let of = |points, keep| strides(Search::Halving(Halving { points, keep }), points, 400).1;
        // 64 points: 64, 32, 16, 8, then 4 on every date; 400 dates allow a stride of 20.
        assert_eq!(of(64, 2), [16, 8, 4, 2, 1]);
        assert_eq!(of(81, 3), [9, 3, 1]);
        assert_eq!(of(4, 2), [1]);
        assert_eq!(strides(Search::Grid, 1000, 400), (1, vec![1]));
    }
}
