//! The tables of a calibration.

use std::path::Path;

use mpor_core::{Column, Table};

use super::lattice::Point;
use super::outcome::Outcome;
use super::record::{Score, Window};
use crate::error::MporError;
use crate::stage::{Written, write_table};

type Columns = Vec<(String, Column)>;

/// Writes every table as Parquet.
pub(crate) fn write(folder: &Path, outcome: &Outcome) -> Result<Vec<Written>, MporError> {
    let tables = [
        candidates(outcome)?,
        folds(outcome)?,
        frontier(outcome)?,
        out_of_sample(outcome)?,
        sensitivity(outcome)?,
    ];
    tables.iter().map(|table| write_table(folder, table)).collect()
}

/// Every point tried, on all dates (`stride` 1) or on those of the rung that left it behind.
fn candidates(outcome: &Outcome) -> Result<Table, MporError> {
    let full = outcome.scores.iter().map(|(point, score)| (point, 1, score));
    let left =
        outcome.searched.dropped.iter().map(|(point, stride, score)| (point, *stride, score));
    let mut rows: Vec<(&Point, usize, &Score)> = full.chain(left).collect();
    rows.sort_by(|a, b| a.0.cmp(b.0));
    let points: Vec<&Point> = rows.iter().map(|row| row.0).collect();
    let scores: Vec<&Score> = rows.iter().map(|row| row.2).collect();
    let mut columns = parameters(outcome, &points);
    columns.push(("stride".to_owned(), Column::counts(rows.iter().map(|row| row.1))));
    columns.extend(figures(outcome, &scores));
    let frontier = points.iter().map(|point| outcome.undominated.contains(*point));
    columns.push(flags("frontier", frontier));
    columns.push(flags("chosen", points.iter().map(|point| *point == outcome.point())));
    Ok(Table::new("candidates", columns)?)
}

/// The points that no other beats in coverage, cost and calm at once, and the chosen one, with their 90 % regions.
fn frontier(outcome: &Outcome) -> Result<Table, MporError> {
    let points: Vec<&Point> = outcome.frontier.keys().collect();
    let scores: Vec<&Score> = points.iter().map(|point| &outcome.scores[*point]).collect();
    let regions = || outcome.frontier.values();
    let mut columns = parameters(outcome, &points);
    columns.extend(figures(outcome, &scores));
    columns.extend([
        number("coverage_low", regions().map(|r| r.map(|r| r.coverage.0))),
        number("coverage_high", regions().map(|r| r.map(|r| r.coverage.1))),
        number("cost_low", regions().map(|r| r.map(|r| r.cost.0))),
        number("cost_high", regions().map(|r| r.map(|r| r.cost.1))),
        flags("undominated", points.iter().map(|point| outcome.undominated.contains(*point))),
        flags("chosen", points.iter().map(|point| *point == outcome.point())),
    ]);
    Ok(Table::new("frontier", columns)?)
}

/// Each fold's choice in training and on its test block.
fn folds(outcome: &Outcome) -> Result<Table, MporError> {
    let folds = &outcome.folds;
    let choices = &outcome.searched.folds;
    let points: Vec<&Point> = choices.iter().map(|choice| &choice.point).collect();
    let times = &outcome.market.times;
    let time = |name: &str, of: &dyn Fn(&super::search::Fold) -> usize| {
        (name.to_owned(), Column::times(folds.iter().map(|fold| times[of(fold)])))
    };
    let mut columns = vec![
        ("fold".to_owned(), Column::counts(1..=folds.len())),
        time("training_from", &|fold| fold.training.start),
        time("training_to", &|fold| fold.training.end - 1),
        time("test_from", &|fold| fold.test.start),
        time("test_to", &|fold| fold.test.end - 1),
    ];
    columns.extend(parameters(outcome, &points));
    let training: Vec<&Score> = choices.iter().map(|choice| &choice.score).collect();
    for (which, scores) in [("training", training), ("test", outcome.tests.iter().collect())] {
        let named = figures(outcome, &scores).into_iter();
        columns.extend(named.map(|(name, column)| (format!("{which}_{name}"), column)));
    }
    Ok(Table::new("folds", columns)?)
}

/// The test blocks joined, date by date.
fn out_of_sample(outcome: &Outcome) -> Result<Table, MporError> {
    let (record, _) = &outcome.out_of_sample;
    let (market, folds) = (&outcome.market, &outcome.folds);
    let dates = folds.first().map_or(0, |fold| fold.test.start)..market.times.len();
    let fold_of = |date: usize| folds.iter().position(|fold| fold.test.contains(&date));
    let ratios = Window::new(market, outcome.terms, dates.clone(), 1).ratios(record);
    let mut breaches = vec![0; market.times.len()];
    record.breaches.iter().for_each(|(date, _)| breaches[*date] += 1);
    let seen = market.seen();
    let columns = [
        ("time", Column::times(dates.clone().map(|date| market.times[date]))),
        ("fold", Column::counts(dates.clone().map(|date| fold_of(date).map_or(0, |at| at + 1)))),
        ("requirement", Column::numbers(dates.clone().map(|date| record.totals[date]))),
        ("gross_notional", Column::numbers(dates.clone().map(|date| market.gross[date]))),
        ("ratio", Column::Number(ratios)),
        ("observations", Column::counts(dates.clone().map(|date| seen[date]))),
        ("breaches", Column::counts(dates.map(|date| breaches[date]))),
    ];
    Ok(Table::new("out_of_sample", columns)?)
}

/// The chosen point and those one and two values away along each parameter.
fn sensitivity(outcome: &Outcome) -> Result<Table, MporError> {
    let rows = &outcome.around;
    let axis = |row: &(usize, isize, Point, Score)| &outcome.axes[row.0];
    let scores: Vec<&Score> = rows.iter().map(|row| &row.3).collect();
    let mut columns = vec![
        ("parameter".to_owned(), Column::texts(rows.iter().map(|row| axis(row).key.as_str()))),
        ("distance".to_owned(), Column::Count(rows.iter().map(|row| Some(row.1 as i64)).collect())),
        number("value", rows.iter().map(|row| Some(axis(row).values[row.2[row.0]].get()))),
    ];
    columns.extend(figures(outcome, &scores));
    Ok(Table::new("sensitivity", columns)?)
}

/// A column a parameter.
fn parameters(outcome: &Outcome, points: &[&Point]) -> Columns {
    let axes = outcome.axes.iter().enumerate();
    let value = |at: usize, point: &Point| outcome.axes[at].values[point[at]].get();
    let column = |at| points.iter().map(move |point| value(at, point));
    axes.map(|(at, axis)| (axis.key.clone(), Column::numbers(column(at)))).collect()
}

/// What a score says.
fn figures(outcome: &Outcome, scores: &[&Score]) -> Columns {
    let all = || scores.iter();
    vec![
        ("observations".to_owned(), Column::counts(all().map(|score| score.observations))),
        ("breaches".to_owned(), Column::counts(all().map(|score| score.breaches))),
        number("coverage", all().map(|score| score.coverage)),
        number("cost", all().map(|score| score.cost)),
        number("cost_relative_to_baseline", all().map(|score| outcome.relative(score.cost))),
        number("calm", all().map(|score| Some(score.calm))),
        number("objective", all().map(|score| Some(score.objective).filter(|o| o.is_finite()))),
        (
            "worst_zone".to_owned(),
            Column::Text(all().map(|score| score.zone().map(str::to_owned)).collect()),
        ),
        ("accounts_beyond_zone".to_owned(), Column::counts(all().map(|score| score.beyond))),
        flags("feasible", all().map(|score| score.feasible)),
    ]
}

fn number(name: &str, values: impl Iterator<Item = Option<f64>>) -> (String, Column) {
    (name.to_owned(), Column::Number(values.collect()))
}

fn flags(name: &str, values: impl Iterator<Item = bool>) -> (String, Column) {
    (name.to_owned(), Column::Flag(values.map(Some).collect()))
}
