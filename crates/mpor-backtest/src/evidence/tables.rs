//! Forecasts and evidence as tables: those with a row, accounts and models by name.
//!
//! | table | row |
//! | --- | --- |
//! | `forecasts` | model, account, margin date with a forecast |
//! | `fits` | model, way in which fits ended |
//! | `es_tests`, `pit_tests` | model, account, test |
//! | `comparison` | score, level, and model (its mean, its place in the confidence set) or pair and test |
//! | `monitoring` | monitor, model, account (empty = pooled) |
//! | `monitoring_path` | monitor, model, margin date: the pooled wealth |
//! | `discoveries` | model, test, account |
//! | `pooled_view` | model |

use std::collections::BTreeMap;
use std::ops::Range;

use mpor_core::{Column, Labels, Table, Timestamp};

use super::{Evidence, EvidenceRow, contest, watch};
use crate::error::BacktestError;
use crate::forecast_paths::DayForecast;
use crate::result::BacktestResult;

/// All tables but the long one.
///
/// # Errors
/// Never for a result of [`assemble`](crate::assemble::assemble); [`BacktestError::Market`] when columns differ in length.
pub fn short(result: &BacktestResult) -> Result<Vec<Table>, BacktestError> {
    let Evidence { shortfall, transforms, .. } = &result.evidence;
    let mut tables = vec![
        fits(result)?,
        tests("es_tests", result, shortfall)?,
        tests("pit_tests", result, transforms)?,
        comparison(result)?,
        monitoring(result)?,
        monitoring_path(result)?,
        discoveries(result)?,
        pooled_view(result)?,
    ];
    tables.retain(|table| table.rows() > 0);
    Ok(tables)
}

/// Whether some model has forecasts, so that there is a table of them.
#[must_use]
pub fn has_forecasts(result: &BacktestResult) -> bool {
    result.forecasts.iter().flatten().any(|path| !path.points.is_empty())
}

/// One forecast where it stands.
struct Place<'r> {
    model: usize,
    account: usize,
    step: usize,
    point: &'r DayForecast,
    fit: Option<&'r str>,
}

fn places(result: &BacktestResult, accounts: Range<usize>) -> impl Iterator<Item = Place<'_>> {
    accounts.flat_map(move |account| {
        result.forecasts.iter().enumerate().flat_map(move |(model, paths)| {
            let path = &paths[account];
            let points = path.points.iter().enumerate();
            points.filter_map(move |(step, point)| {
                let (point, fit) = (point.as_ref()?, path.fits.get(step));
                Some(Place { model, account, step, point, fit })
            })
        })
    })
}

/// `forecasts` of a range of accounts: both figures positive = loss, `depth` the forecast probability of a P&L up to the realised one.
///
/// # Errors
/// As [`short`].
pub fn forecasts(result: &BacktestResult, accounts: Range<usize>) -> Result<Table, BacktestError> {
    let rows = || places(result, accounts.clone());
    let number = |of: fn(&DayForecast) -> Option<f64>| {
        Column::Number(rows().map(|place| of(place.point)).collect())
    };
    let (start, names) = (accounts.start, &result.accounts[accounts.clone()]);
    let models = result.models.iter().map(|model| &model.id);
    let outcome = |place: Place<'_>| place.point.outcome.map(mpor_margin::FitOutcome::name);
    let realised = rows().map(|place| result.losses[place.account].horizon[place.step]);
    Ok(Table::new(
        "forecasts",
        [
            ("time", Column::times(rows().map(|place| result.times[place.step]))),
            (
                "account",
                Column::Label(Labels::coded(names, rows().map(|place| place.account - start))),
            ),
            ("model", Column::Label(Labels::coded(models, rows().map(|place| place.model)))),
            ("level", number(|point| Some(point.level.value()))),
            ("var", number(|point| Some(point.var))),
            ("es", number(|point| Some(point.es))),
            ("loss_horizon", Column::Number(realised.collect())),
            ("depth", number(|point| point.depth)),
            ("fit", Column::Label(rows().map(|place| place.fit).collect())),
            ("outcome", Column::Label(rows().map(outcome).collect())),
            ("log_likelihood", number(|point| point.log_likelihood)),
            ("gradient_norm", number(|point| point.gradient_norm)),
        ],
    )?)
}

/// How the fits of each model ended, and how many did.
#[must_use]
pub fn fit_counts(
    result: &BacktestResult,
) -> BTreeMap<(usize, mpor_margin::FitOutcome, &str), usize> {
    let mut counts = BTreeMap::new();
    for place in places(result, 0..result.accounts.len()) {
        if let (Some(outcome), Some(fit)) = (place.point.outcome, place.fit) {
            *counts.entry((place.model, outcome, fit)).or_insert(0) += 1;
        }
    }
    counts
}

fn fits(result: &BacktestResult) -> Result<Table, BacktestError> {
    let counts = fit_counts(result);
    let models = counts.keys().map(|(model, ..)| result.models[*model].id.as_str());
    Ok(Table::new(
        "fits",
        [
            ("model", Column::labels(models)),
            ("outcome", Column::labels(counts.keys().map(|(_, outcome, _)| outcome.name()))),
            ("fit", Column::labels(counts.keys().map(|(.., fit)| *fit))),
            ("count", Column::counts(counts.values().copied())),
        ],
    )?)
}

fn tests(
    name: &'static str,
    result: &BacktestResult,
    rows: &[EvidenceRow],
) -> Result<Table, BacktestError> {
    let models = rows.iter().map(|row| result.models[row.model].id.as_str());
    let accounts = rows.iter().map(|row| result.accounts[row.account].as_str());
    Ok(Table::new(
        name,
        [
            ("model", Column::labels(models)),
            ("account", Column::labels(accounts)),
            ("test", Column::labels(rows.iter().map(|row| row.test.test))),
            ("observations", Column::counts(rows.iter().map(|row| row.observations))),
            ("statistic", Column::Number(rows.iter().map(|row| row.test.statistic).collect())),
            ("p_value", Column::Number(rows.iter().map(|row| row.test.p_value).collect())),
            ("note", Column::labels(rows.iter().map(|row| row.test.note.as_str()))),
        ],
    )?)
}

fn comparison(result: &BacktestResult) -> Result<Table, BacktestError> {
    let rows = || {
        let contests = result.evidence.contests.iter();
        contests.flat_map(|contest| contest.rows.iter().map(move |row| (contest, row)))
    };
    let number = |of: fn(&contest::ContestRow) -> Option<f64>| {
        Column::Number(rows().map(|(_, row)| of(row)).collect())
    };
    let model = |model: usize| result.models[model].id.as_str();
    Ok(Table::new(
        "comparison",
        [
            ("score", Column::labels(rows().map(|(contest, _)| contest.score))),
            ("level", Column::numbers(rows().map(|(contest, _)| contest.level.value()))),
            ("dates", Column::counts(rows().map(|(contest, _)| contest.dates))),
            ("left_out", Column::counts(rows().map(|(contest, _)| contest.left_out))),
            ("test", Column::labels(rows().map(|(_, row)| row.test))),
            ("model", Column::labels(rows().map(|(_, row)| model(row.model)))),
            ("against", Column::Label(rows().map(|(_, row)| row.against.map(model)).collect())),
            ("value", number(|row| row.value)),
            ("statistic", number(|row| row.statistic)),
            ("p_value", number(|row| row.p_value)),
            ("note", Column::labels(rows().map(|(_, row)| row.note.as_str()))),
        ],
    )?)
}

fn monitoring(result: &BacktestResult) -> Result<Table, BacktestError> {
    let rows = || result.evidence.watched.rows.iter();
    let account =
        |row: &watch::WatchRow| row.account.map(|account| result.accounts[account].as_str());
    let alarm = |which: usize| {
        let time = |row: &watch::WatchRow| row.alarms[which].map(|step| result.times[step]);
        Column::Time(rows().map(time).collect::<Vec<Option<Timestamp>>>())
    };
    Ok(Table::new(
        "monitoring",
        [
            ("monitor", Column::labels(rows().map(|row| row.monitor))),
            ("model", Column::labels(rows().map(|row| result.models[row.model].id.as_str()))),
            ("account", Column::Label(rows().map(account).collect())),
            ("level", Column::numbers(rows().map(|row| row.level.value()))),
            ("observations", Column::counts(rows().map(|row| row.observations))),
            ("log_wealth", Column::Number(rows().map(|row| row.log_wealth).collect())),
            ("log_most", Column::Number(rows().map(|row| row.log_most).collect())),
            ("alarm_5", alarm(0)),
            ("alarm_1", alarm(1)),
            ("note", Column::labels(rows().map(|row| row.note.as_str()))),
        ],
    )?)
}

fn monitoring_path(result: &BacktestResult) -> Result<Table, BacktestError> {
    let rows = || {
        let paths = result.evidence.watched.paths.iter();
        paths.flat_map(|path| {
            path.log_wealth.iter().enumerate().map(move |(step, log)| (path, step, *log))
        })
    };
    let model = |path: &watch::WatchPath| result.models[path.model].id.as_str();
    Ok(Table::new(
        "monitoring_path",
        [
            ("time", Column::times(rows().map(|(_, step, _)| result.times[step]))),
            ("monitor", Column::labels(rows().map(|(path, ..)| path.monitor))),
            ("model", Column::labels(rows().map(|(path, ..)| model(path)))),
            ("log_wealth", Column::numbers(rows().map(|(.., log)| log))),
        ],
    )?)
}

fn discoveries(result: &BacktestResult) -> Result<Table, BacktestError> {
    let rows = || result.evidence.discoveries.iter();
    Ok(Table::new(
        "discoveries",
        [
            ("model", Column::labels(rows().map(|row| result.models[row.model].id.as_str()))),
            ("test", Column::labels(rows().map(|row| row.test))),
            ("account", Column::labels(rows().map(|row| result.accounts[row.account].as_str()))),
            ("p_value", Column::numbers(rows().map(|row| row.p_value))),
            ("adjusted", Column::numbers(rows().map(|row| row.positive))),
            ("adjusted_any_dependence", Column::numbers(rows().map(|row| row.any))),
        ],
    )?)
}

fn pooled_view(result: &BacktestResult) -> Result<Table, BacktestError> {
    let rows = || result.evidence.pooled.iter();
    let account = |row: &super::Pooled, at: usize| result.accounts[row.accounts[at]].as_str();
    let runs = |row: &super::Pooled| row.view.accounts[row.view.most_clustered?].runs_adjusted;
    let longest = |row: &super::Pooled| {
        row.view.accounts.iter().map(|view| view.longest_run).max().unwrap_or(0)
    };
    let number =
        |of: &dyn Fn(&super::Pooled) -> Option<f64>| Column::Number(rows().map(of).collect());
    let label = |of: &dyn Fn(&super::Pooled) -> Option<usize>| {
        Column::Label(rows().map(|row| of(row).map(|at| account(row, at))).collect())
    };
    let worst = |row: &super::Pooled| row.worst_date.map(|(step, _)| result.times[step]);
    let on_worst = |row: &super::Pooled| row.worst_date.map(|(_, count)| count as i64);
    Ok(Table::new(
        "pooled_view",
        [
            ("model", Column::labels(rows().map(|row| result.models[row.model].id.as_str()))),
            ("accounts", Column::counts(rows().map(|row| row.accounts.len()))),
            ("observations", Column::counts(rows().map(|row| row.view.observations))),
            ("breaches", Column::counts(rows().map(|row| row.view.hits))),
            ("spread_p_value", number(&|row| Some(row.view.spread?.p_value))),
            ("most_clustered", label(&|row| row.view.most_clustered)),
            ("most_clustered_p_value", number(&runs)),
            ("longest_run", Column::counts(rows().map(longest))),
            ("most_breaches", label(&|row| Some(row.view.most_hits?.0))),
            ("most_breaches_share", number(&|row| Some(row.view.most_hits?.1))),
            ("worst_date", Column::Time(rows().map(worst).collect())),
            ("worst_date_breaches", Column::Count(rows().map(on_worst).collect())),
        ],
    )?)
}
