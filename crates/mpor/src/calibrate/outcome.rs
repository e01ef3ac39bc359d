//! What a calibration comes to: the chosen point with its record out of sample, the frontier, and the points around it.

use std::collections::{BTreeMap, BTreeSet};

use mpor_core::Timestamp;
use rayon::prelude::*;

use super::Found;
use super::evaluate::Bench;
use super::frontier::{Region, Resampling, regions, undominated};
use super::lattice::{Point, neighbour};
use super::record::{Market, Record, Score, Terms, Window};
use super::search::{Fold, Searched, search};
use super::{candidate, evaluate, rules};
use crate::error::MporError;
use crate::study::StudyFile;
use crate::study::calibrate::Axis;

/// Distances along each parameter at which points are looked at; 0 is the chosen one.
const AROUND: [isize; 5] = [-2, -1, 0, 1, 2];

/// Everything that is written.
pub(crate) struct Outcome {
    /// The parameters.
    pub axes: Vec<Axis>,
    /// Dates and observations.
    pub market: Market,
    /// What was asked.
    pub terms: Terms,
    /// Windows and blocks.
    pub folds: Vec<Fold>,
    /// The search.
    pub searched: Searched,
    /// Points of the last rung on all dates.
    pub scores: BTreeMap<Point, Score>,
    /// The points that no other beats in coverage, cost and calm at once.
    pub undominated: BTreeSet<Point>,
    /// Their regions, and that of the chosen point, which one may beat that is beyond the zone allowed.
    pub frontier: BTreeMap<Point, Option<Region>>,
    /// Each fold's choice on its test block.
    pub tests: Vec<Score>,
    /// The blocks joined.
    pub out_of_sample: (Record, Score),
    /// Parameter, distance, point and score of what lies around the chosen point, itself at distance 0.
    pub around: Vec<(usize, isize, Point, Score)>,
    /// The model as the study writes it.
    pub written: Score,
    /// Cost of the baseline.
    pub baseline: Option<f64>,
    /// Remarks.
    pub notes: Vec<String>,
}

impl Outcome {
    /// The chosen point on all dates.
    pub fn chosen(&self) -> &Score {
        &self.searched.last.score
    }

    /// The chosen point.
    pub fn point(&self) -> &Point {
        &self.searched.last.point
    }

    /// First and last margin date.
    pub fn span(&self) -> (Timestamp, Timestamp) {
        let times = &self.market.times;
        (times.first().copied().unwrap_or_default(), times.last().copied().unwrap_or_default())
    }

    /// Cost as a multiple of the baseline's.
    pub fn relative(&self, cost: Option<f64>) -> Option<f64> {
        Some(cost? / self.baseline.filter(|&baseline| baseline > 0.0)?)
    }

    /// The summary.
    pub fn found(&self, file: &StudyFile) -> Found {
        let values = self.axes.iter().zip(self.point());
        let chosen = self.chosen();
        Found {
            model: file.study.calibrate.as_ref().map_or(String::new(), |spec| spec.model.clone()),
            parameters: values.map(|(axis, &at)| (axis.key.clone(), axis.values[at])).collect(),
            chosen: chosen.clone(),
            written: self.written.clone(),
            out_of_sample: self.out_of_sample.1.clone(),
            relative: self.relative(chosen.cost),
            candidates: self.scores.len() + self.searched.dropped.len(),
            covering: self.scores.values().filter(|score| score.feasible).count(),
            frontier: self.undominated.len(),
            rules: chosen.feasible.then(|| rules::name(file)),
            notes: self.notes.clone(),
        }
    }
}

/// Moves the first margin date to where every point of the search has its history.
pub(crate) fn begin_where_all_answer(
    bench: &mut Bench<'_>,
    start: &[Point],
) -> Result<Option<String>, MporError> {
    let needed = |point| Ok(bench.build(point)?.model.history_steps());
    let needed: Vec<Result<usize, MporError>> = start.par_iter().map(needed).collect();
    let needed = needed.into_iter().collect::<Result<Vec<usize>, _>>()?;
    let most = needed.into_iter().max().unwrap_or(1).saturating_sub(1);
    if most <= bench.steps.start {
        return Ok(None);
    }
    if most >= bench.steps.end {
        let problem = format!(
            "a candidate needs {} steps of history and the data has {}: no margin date is left",
            most + 1,
            bench.steps.end
        );
        return Err(bench.file.error_at(&["calibrate", "parameters"], problem).into());
    }
    bench.steps.start = most;
    let first = bench.times().first().copied().unwrap_or_default().date();
    Ok(Some(format!(
        "Margin dates begin at {first}: a candidate needs {} steps of history.",
        most + 1
    )))
}

/// Searches, and gathers the evidence about what was chosen.
pub(crate) fn reach(
    bench: &Bench<'_>,
    start: Vec<Point>,
    terms: Terms,
    folds: Vec<Fold>,
    block: usize,
    mut notes: Vec<String>,
) -> Result<Outcome, MporError> {
    let baseline = bench.file.models.iter().find(|spec| spec.baseline);
    let specs: Vec<_> = [bench.base].into_iter().chain(baseline).collect();
    let (market, references) = bench.references(&specs)?;
    let searched = search(bench, start, &market, terms, &folds)?;
    let all = Window::new(&market, terms, 0..market.times.len(), 1);
    let of = |(point, record): (&Point, &Record)| (point.clone(), all.score(record));
    let scores: BTreeMap<Point, Score> = searched.full.par_iter().map(of).collect();
    let undominated = free(&scores);
    let frontier = resampled(bench, &market, &searched, &undominated, block)?;
    let tests = tests(&market, terms, &folds, &searched);
    let out_of_sample = joined(&market, terms, &folds, &searched);
    let around = around(bench, &all, &searched, &scores, &mut notes)?;
    let reference: Vec<Score> = references.iter().map(|record| all.score(record)).collect();
    remarks(bench.axes, &searched, &folds, &mut notes);
    if searched.last.score.feasible && !bench.base.overlays.is_empty() {
        let note = "Overlays are no part of a rule file: the study writes them beside `rules`, as chosen.toml says in a note.";
        notes.push(note.to_owned());
    }
    let baseline = baseline.and_then(|_| reference.last()?.cost);
    let written = reference.into_iter().next().unwrap_or_else(|| searched.last.score.clone());
    let axes = bench.axes.to_vec();
    Ok(Outcome {
        axes,
        terms,
        folds,
        scores,
        undominated,
        frontier,
        tests,
        out_of_sample,
        around,
        written,
        baseline,
        notes,
        searched,
        market,
    })
}

/// The points that no other beats.
fn free(scores: &BTreeMap<Point, Score>) -> BTreeSet<Point> {
    let values: Vec<&Score> = scores.values().collect();
    let free = scores.keys().zip(undominated(&values)).filter(|(_, free)| *free);
    free.map(|(point, _)| point.clone()).collect()
}

fn resampled(
    bench: &Bench<'_>,
    market: &Market,
    searched: &Searched,
    free: &BTreeSet<Point>,
    block: usize,
) -> Result<BTreeMap<Point, Option<Region>>, MporError> {
    let points: BTreeSet<&Point> = free.iter().chain([&searched.last.point]).collect();
    let records: Vec<&Record> = points.iter().map(|point| &searched.full[*point]).collect();
    let draws = bench.file.calibrate_spec()?.bootstrap.draws;
    let how = Resampling { draws, block, seed: bench.file.study.seed };
    bench.progress.begin("resampling the frontier", points.len());
    let found = regions(market, &records, how);
    bench.progress.end();
    Ok(points.into_iter().cloned().zip(found).collect())
}

fn tests(market: &Market, terms: Terms, folds: &[Fold], searched: &Searched) -> Vec<Score> {
    let test = |(fold, choice): (&Fold, &super::search::Choice)| {
        Window::new(market, terms, fold.test.clone(), 1).score(&searched.full[&choice.point])
    };
    folds.iter().zip(&searched.folds).map(test).collect()
}

fn joined(market: &Market, terms: Terms, folds: &[Fold], searched: &Searched) -> (Record, Score) {
    let choices = folds.iter().zip(&searched.folds);
    let parts: Vec<_> =
        choices.map(|(fold, choice)| (fold.test.clone(), &searched.full[&choice.point])).collect();
    let record = Record::spliced(market.times.len(), &parts);
    let from = folds.first().map_or(0, |fold| fold.test.start);
    let score = Window::new(market, terms, from..market.times.len(), 1).score(&record);
    (record, score)
}

/// The points one and two values away along each parameter; those that the search has not seen are evaluated.
fn around(
    bench: &Bench<'_>,
    all: &Window<'_>,
    searched: &Searched,
    scores: &BTreeMap<Point, Score>,
    notes: &mut Vec<String>,
) -> Result<Vec<(usize, isize, Point, Score)>, MporError> {
    let chosen = &searched.last.point;
    let mut places = Vec::new();
    for axis in 0..bench.axes.len() {
        for by in AROUND {
            let Some(point) = neighbour(bench.axes, chosen, axis, by) else { continue };
            if bench.build(&point)?.model.history_steps() > bench.steps.start + 1 {
                let label = candidate::label(bench.axes, &point);
                notes.push(format!("Not in the sensitivities, for want of history: {label}."));
                continue;
            }
            places.push((axis, by, point));
        }
    }
    let mut unseen: Vec<Point> = places
        .iter()
        .map(|place| place.2.clone())
        .filter(|point| !scores.contains_key(point))
        .collect();
    unseen.sort_unstable();
    unseen.dedup();
    let records = bench.records("around the choice", &unseen, 1)?;
    let fresh = records.iter().map(|record| all.score(record));
    let fresh: BTreeMap<Point, Score> = unseen.into_iter().zip(fresh).collect();
    let scored = places.into_iter().filter_map(|(axis, by, point)| {
        let score = scores.get(&point).or_else(|| fresh.get(&point))?.clone();
        Some((axis, by, point, score))
    });
    Ok(scored.collect())
}

fn remarks(axes: &[Axis], searched: &Searched, folds: &[Fold], notes: &mut Vec<String>) {
    if searched.rungs.len() > 1 {
        let rung = |(stride, points): &(usize, usize)| match stride {
            1 => format!("{points} points on every margin date"),
            _ => format!("{points} points on one margin date in {stride}"),
        };
        let rungs: Vec<String> = searched.rungs.iter().map(rung).collect();
        notes.push(format!("Rungs, all windows together: {}.", rungs.join("; ")));
    }
    for (number, choice) in searched.folds.iter().enumerate() {
        if !choice.score.feasible {
            notes.push(format!(
                "No point covers in the training window of fold {}, of {} dates: its test block is that of the nearest, {}.",
                number + 1,
                folds[number].training.len(),
                candidate::label(axes, &choice.point)
            ));
        }
    }
    if !searched.last.score.feasible {
        notes.push(format!(
            "No point covers on all margin dates; the nearest is {}. No rule file is written.",
            candidate::label(axes, &searched.last.point)
        ));
    }
    for (axis, &at) in axes.iter().zip(&searched.last.point) {
        if axis.values.len() > 1 && (at == 0 || at + 1 == axis.values.len()) {
            notes.push(format!(
                "`{}` = {} lies at the edge of its range; a wider range may hold a better point.",
                axis.key, axis.values[at]
            ));
        }
    }
}

/// When rules chosen here can hold.
pub(crate) fn valid_from(outcome: &Outcome) -> Timestamp {
    evaluate::day_after(outcome.span().1)
}
