//! The tables of a stress test: one row an observation, accounts and models by name.

use std::path::Path;

use mpor_core::{Column, Table};

use super::reverse::{Exhausts, Moved, Nearest};
use super::summary::{ratio, shortfall};
use super::{Evidence, scenarios::Hit};
use crate::error::MporError;
use crate::stage::{Written, write_table};

/// Writes every table as Parquet.
pub(super) fn write(folder: &Path, evidence: &Evidence) -> Result<Vec<Written>, MporError> {
    let tables = [
        stress(evidence)?,
        ladders(evidence)?,
        greeks(evidence)?,
        stressed_var(evidence)?,
        reverse_stress(evidence)?,
        correlations(evidence)?,
        correlation_var(evidence)?,
        contributions(evidence)?,
        hedges(evidence)?,
    ];
    tables.iter().map(|table| write_table(folder, table)).collect()
}

type Named = (&'static str, Column);

/// A table whose first columns are the margin date and the account.
fn table<R>(
    evidence: &Evidence,
    name: &'static str,
    rows: &[R],
    account: impl Fn(&R) -> usize,
    columns: Vec<Named>,
) -> Result<Table, MporError> {
    let accounts = rows.iter().map(|row| evidence.accounts[account(row)].as_str());
    let first = [
        ("time", Column::times(rows.iter().map(|_| evidence.time))),
        ("account", Column::labels(accounts)),
    ];
    Ok(Table::new(name, first.into_iter().chain(columns))?)
}

fn numbers<R>(rows: &[R], of: impl Fn(&R) -> f64) -> Column {
    Column::numbers(rows.iter().map(of))
}

fn maybe<R>(rows: &[R], of: impl Fn(&R) -> Option<f64>) -> Column {
    Column::Number(rows.iter().map(of).collect())
}

fn labels<'r, R>(rows: &'r [R], of: impl Fn(&'r R) -> &'r str) -> Column {
    Column::labels(rows.iter().map(of))
}

/// An account in a scenario under a model.
fn stress(evidence: &Evidence) -> Result<Table, MporError> {
    let rows: Vec<(&Hit, usize, f64)> = evidence
        .hits
        .iter()
        .flat_map(|hit| {
            let models = evidence.requirements.iter().enumerate();
            models.map(move |(model, accounts)| (hit, model, accounts[hit.account]))
        })
        .collect();
    let loss = |row: &(&Hit, usize, f64)| -row.0.pnl;
    let columns = vec![
        ("model", labels(&rows, |row| &evidence.models[row.1])),
        ("kind", labels(&rows, |row| row.0.kind)),
        ("scenario", labels(&rows, |row| &row.0.scenario)),
        ("title", labels(&rows, |row| &row.0.title)),
        ("move", labels(&rows, |row| &row.0.worst)),
        ("moves", Column::counts(rows.iter().map(|row| row.0.moves))),
        ("pnl", numbers(&rows, |row| row.0.pnl)),
        ("requirement", numbers(&rows, |row| row.2)),
        ("ratio", maybe(&rows, |row| ratio(loss(row), row.2))),
        ("shortfall", numbers(&rows, |row| shortfall(loss(row), row.2))),
        ("source", labels(&rows, |row| &row.0.source)),
    ];
    table(evidence, "stress", &rows, |row| row.0.account, columns)
}

fn ladders(evidence: &Evidence) -> Result<Table, MporError> {
    let rows = &evidence.curves;
    let underlying = rows.iter().map(|row| row.underlying.as_deref()).collect();
    let columns = vec![
        ("factor", labels(rows, |row| row.factor)),
        ("underlying", Column::Label(underlying)),
        ("step", numbers(rows, |row| row.step)),
        ("pnl", numbers(rows, |row| row.pnl)),
    ];
    table(evidence, "ladders", rows, |row| row.account, columns)
}

fn greeks(evidence: &Evidence) -> Result<Table, MporError> {
    let rows = &evidence.greeks;
    let columns = vec![
        ("underlying", labels(rows, |row| &row.underlying)),
        ("bucket", labels(rows, |row| row.bucket)),
        ("expiry", Column::Time(rows.iter().map(|row| row.rung.expiry).collect())),
        ("delta_cash", numbers(rows, |row| row.rung.delta_cash)),
        ("delta_units", numbers(rows, |row| row.rung.delta_units)),
        ("gamma", numbers(rows, |row| row.rung.gamma)),
        ("vega", numbers(rows, |row| row.rung.vega)),
        ("theta", numbers(rows, |row| row.rung.theta)),
    ];
    table(evidence, "greeks", rows, |row| row.account, columns)
}

fn stressed_var(evidence: &Evidence) -> Result<Table, MporError> {
    let rows = &evidence.windows;
    let columns = vec![
        ("measure", labels(rows, |row| row.measure)),
        ("window", Column::counts(rows.iter().map(|row| row.window))),
        ("recent", numbers(rows, |row| row.recent)),
        ("stressed", numbers(rows, |row| row.worst)),
        ("ratio", maybe(rows, |row| ratio(row.worst, row.recent))),
        ("from", Column::times(rows.iter().map(|row| row.from))),
        ("to", Column::times(rows.iter().map(|row| row.to))),
        ("binding", labels(rows, |row| &row.binding)),
        ("windows", Column::counts(rows.iter().map(|row| row.windows))),
    ];
    table(evidence, "stressed_var", rows, |row| row.account, columns)
}

/// A factor of the nearest move; one row without a factor where none exhausts.
fn reverse_stress(evidence: &Evidence) -> Result<Table, MporError> {
    let rows: Vec<(&Nearest, Option<&Moved>)> = evidence
        .reverse
        .iter()
        .flat_map(|one| match &one.outcome {
            Exhausts::By(_, moved) => moved.iter().map(|part| (one, Some(part))).collect(),
            Exhausts::Never(_) => vec![(one, None)],
        })
        .collect();
    let found = |row: &(&Nearest, Option<&Moved>)| match &row.0.outcome {
        Exhausts::By(found, _) => Some(found.clone()),
        Exhausts::Never(_) => None,
    };
    let reason = rows.iter().map(|row| match &row.0.outcome {
        Exhausts::By(..) => None,
        Exhausts::Never(reason) => Some(reason.as_str()),
    });
    let factor = rows.iter().map(|row| row.1.map(|part| part.factor.as_str()));
    let columns = vec![
        ("model", labels(&rows, |row| &evidence.models[row.0.model])),
        ("requirement", numbers(&rows, |row| row.0.requirement)),
        ("exhausted", Column::Flag(rows.iter().map(|row| Some(row.1.is_some())).collect())),
        ("distance", maybe(&rows, |row| Some(found(row)?.distance))),
        ("held_at", maybe(&rows, |row| Some(found(row)?.held_at))),
        ("probability", maybe(&rows, |row| Some(found(row)?.probability))),
        ("loss", maybe(&rows, |row| Some(found(row)?.loss))),
        ("factor", Column::Label(factor.collect())),
        ("move", maybe(&rows, |row| Some(row.1?.by))),
        ("standard_deviations", maybe(&rows, |row| Some(row.1?.deviations))),
        ("reason", Column::Label(reason.collect())),
    ];
    table(evidence, "reverse_stress", &rows, |row| row.0.account, columns)
}

/// A pair of factors under a matrix.
fn correlations(evidence: &Evidence) -> Result<Table, MporError> {
    let all = &evidence.correlations;
    let n = all.factors.len();
    let rows: Vec<(usize, usize, usize)> = (0..all.states.len())
        .flat_map(|state| (0..n).flat_map(move |i| (i + 1..n).map(move |j| (state, i, j))))
        .collect();
    let state = |row: &(usize, usize, usize)| &all.states[row.0];
    let columns = [
        ("time", Column::times(rows.iter().map(|_| evidence.time))),
        ("state", labels(&rows, |row| &all.states[row.0].name)),
        ("estimator", labels(&rows, |_| all.estimator)),
        ("from", Column::times(rows.iter().map(|row| state(row).from))),
        ("to", Column::times(rows.iter().map(|row| state(row).to))),
        ("moves", Column::counts(rows.iter().map(|row| state(row).moves))),
        ("factor", labels(&rows, |row| &all.factors[row.1])),
        ("other", labels(&rows, |row| &all.factors[row.2])),
        ("correlation", numbers(&rows, |row| state(row).matrix[[row.1, row.2]])),
        ("repaired", numbers(&rows, |row| state(row).repaired)),
        ("shrinkage", maybe(&rows, |row| state(row).shrinkage)),
    ];
    Ok(Table::new("correlations", columns)?)
}

/// An account under a matrix.
fn correlation_var(evidence: &Evidence) -> Result<Table, MporError> {
    let (all, rows) = (&evidence.correlations, &evidence.correlations.tails);
    let recent = |account: usize| rows.iter().find(|row| row.state == 0 && row.account == account);
    let columns = vec![
        ("state", labels(rows, |row| &all.states[row.state].name)),
        ("var", numbers(rows, |row| row.var)),
        ("var_error", numbers(rows, |row| row.var_error)),
        ("es", numbers(rows, |row| row.es)),
        ("es_error", numbers(rows, |row| row.es_error)),
        ("var_to_recent", maybe(rows, |row| ratio(row.var, recent(row.account)?.var))),
        ("es_to_recent", maybe(rows, |row| ratio(row.es, recent(row.account)?.es))),
    ];
    table(evidence, "correlation_var", rows, |row| row.account, columns)
}

fn contributions(evidence: &Evidence) -> Result<Table, MporError> {
    let rows = &evidence.contributions;
    let columns = vec![
        ("measure", labels(rows, |row| row.measure)),
        ("by", labels(rows, |row| row.by)),
        ("name", labels(rows, |row| &row.name)),
        ("underlying", labels(rows, |row| &row.underlying)),
        ("quantity", maybe(rows, |row| row.quantity)),
        ("marginal", maybe(rows, |row| row.marginal)),
        ("component", numbers(rows, |row| row.component)),
        ("share", maybe(rows, |row| row.share)),
        ("incremental", numbers(rows, |row| row.incremental)),
        ("standard_error", maybe(rows, |row| row.standard_error)),
        ("figure", numbers(rows, |row| row.figure)),
        ("total", numbers(rows, |row| row.total)),
    ];
    table(evidence, "contributions", rows, |row| row.account, columns)
}

fn hedges(evidence: &Evidence) -> Result<Table, MporError> {
    let rows = &evidence.hedges;
    let columns = vec![
        ("model", labels(rows, |row| &evidence.models[row.model])),
        ("underlying", labels(rows, |row| &row.underlying)),
        ("instrument", labels(rows, |row| &row.instrument)),
        ("held", Column::Flag(rows.iter().map(|row| Some(row.held)).collect())),
        ("quantity", numbers(rows, |row| row.quantity)),
        ("delta_before", numbers(rows, |row| row.delta_before)),
        ("delta_after", numbers(rows, |row| row.delta_after)),
        ("requirement_before", numbers(rows, |row| row.before)),
        ("requirement_delta_neutral", numbers(rows, |row| row.neutral)),
        ("requirement_after", numbers(rows, |row| row.after)),
        ("evaluations", Column::counts(rows.iter().map(|row| row.evaluations))),
    ];
    table(evidence, "hedges", rows, |row| row.account, columns)
}
