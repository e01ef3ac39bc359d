//! How large are the calls of a requirement, the largest and the usual ones?
//!
//! For a path `M[0], ..., M[T-1]` above zero and a lag of `n` steps, over all `t >= n`:
//!
//! | column | definition |
//! | --- | --- |
//! | changes | number of `t`, `T - n` |
//! | largest ratio, amount | largest `M[t] / M[t-n]` with its first `t`, largest `M[t] - M[t-n]` |
//! | within ratio, amount | the same over every lag from 1 to `n` |
//! | over 25 % | number of `t` with `M[t] / M[t-n] > 1.25` |
//! | ratio, amount at `q` | quantile `q` of `M[t] / M[t-n]` and of `M[t] - M[t-n]`, falls included as they are |
//!
//! Quantiles are linear between order statistics (Hyndman and Fan type 7), so that `q = 1` is the largest. A fall calls
//! nothing; it stays in the sample so that the quantile says how often a call of that size comes. Source of the metric: see
//! [`procyclicality`](crate::procyclicality). Calls of an account whose positions change mix the model with the account.

use mpor_core::{Column, Table, Timestamp};
use mpor_stats::descriptive::percentile_sorted;

use crate::error::BacktestError;
use crate::procyclicality::{CALL_LAGS, Call, MarginPath};
use crate::result::BacktestResult;

/// The quantiles shown.
pub const QUANTILES: [f64; 3] = [0.9, 0.95, 0.99];

/// The calls of one path at one lag.
#[derive(Clone, Debug, PartialEq)]
pub struct Calls {
    /// Lag in steps.
    pub lag: usize,
    /// Pairs of requirements `lag` steps apart.
    pub changes: usize,
    /// The largest.
    pub largest: Call,
    /// Quantiles of the ratio, one for each probability asked for.
    pub ratios: Vec<f64>,
    /// Quantiles of the amount, reporting currency.
    pub amounts: Vec<f64>,
}

/// The calls of one account under one model at one lag.
#[derive(Clone, Debug, PartialEq)]
pub struct CallRow {
    /// Index into the result's models.
    pub model: usize,
    /// Index into the result's accounts.
    pub account: usize,
    /// Lag in steps.
    pub lag: usize,
    /// The calls; `None` for a path that is no longer than the lag or not above zero throughout.
    pub calls: Option<Calls>,
}

impl Calls {
    /// The calls of a path over `lag` steps; `None` for no lag, or a path that is no longer than it.
    ///
    /// # Errors
    /// [`BacktestError::Stats`] for a probability outside [0, 1].
    pub fn new(
        path: MarginPath<'_>,
        lag: usize,
        probabilities: &[f64],
    ) -> Result<Option<Self>, BacktestError> {
        let Some(largest) = path.call(lag) else { return Ok(None) };
        let sorted = |of: fn((f64, f64)) -> f64| {
            let mut values: Vec<f64> = path.pairs(lag).map(of).collect();
            values.sort_unstable_by(f64::total_cmp);
            values
        };
        let quantiles = |sorted: &[f64]| {
            probabilities.iter().map(|&p| percentile_sorted(sorted, p)).collect::<Result<_, _>>()
        };
        let ratios = sorted(|(then, now)| now / then);
        let amounts = sorted(|(then, now)| now - then);
        Ok(Some(Calls {
            lag,
            changes: ratios.len(),
            largest,
            ratios: quantiles(&ratios)?,
            amounts: quantiles(&amounts)?,
        }))
    }
}

/// The calls by model, account and lag, at the quantiles of [`QUANTILES`].
///
/// # Errors
/// None for a result of [`assemble`](crate::assemble::assemble).
pub fn rows(result: &BacktestResult) -> Result<Vec<CallRow>, BacktestError> {
    let mut rows = Vec::new();
    for (model, paths) in result.requirements.iter().enumerate() {
        for (account, path) in paths.iter().enumerate() {
            for lag in CALL_LAGS {
                let calls = match MarginPath::new(&path.initial) {
                    Ok(path) => Calls::new(path, lag, &QUANTILES)?,
                    Err(_) => None,
                };
                rows.push(CallRow { model, account, lag, calls });
            }
        }
    }
    Ok(rows)
}

/// Table `calls`: a row a model, account and lag.
///
/// # Errors
/// As [`rows`].
pub fn table(result: &BacktestResult) -> Result<Table, BacktestError> {
    let rows = rows(result)?;
    let number = |of: &dyn Fn(&Calls) -> Option<f64>| {
        Column::Number(rows.iter().map(|row| row.calls.as_ref().and_then(of)).collect())
    };
    let count = |of: &dyn Fn(&Calls) -> usize| {
        Column::Count(rows.iter().map(|row| Some(of(row.calls.as_ref()?) as i64)).collect())
    };
    let time = |row: &CallRow| -> Option<Timestamp> {
        result.times.get(row.calls.as_ref()?.largest.ratio_at).copied()
    };
    let model = |row: &CallRow| result.models[row.model].id.as_str();
    let account = |row: &CallRow| result.accounts[row.account].as_str();
    let mut columns: Vec<(String, Column)> = [
        ("model", Column::labels(rows.iter().map(model))),
        ("account", Column::labels(rows.iter().map(account))),
        ("lag", Column::counts(rows.iter().map(|row| row.lag))),
        ("changes", count(&|calls| calls.changes)),
        ("largest_ratio", number(&|calls| Some(calls.largest.ratio))),
        ("largest_ratio_time", Column::Time(rows.iter().map(time).collect())),
        ("largest_amount", number(&|calls| Some(calls.largest.amount))),
        ("within_ratio", number(&|calls| Some(calls.largest.within_ratio))),
        ("within_amount", number(&|calls| Some(calls.largest.within_amount))),
        ("over_25_percent", count(&|calls| calls.largest.over_25_percent)),
    ]
    .map(|(name, column)| (name.to_owned(), column))
    .into();
    for (at, q) in QUANTILES.into_iter().enumerate() {
        let percent = (q * 100.0).round();
        let ratio = number(&|calls| calls.ratios.get(at).copied());
        columns.push((format!("ratio_q{percent}"), ratio));
        let amount = number(&|calls| calls.amounts.get(at).copied());
        columns.push((format!("amount_q{percent}"), amount));
    }
    Ok(Table::new("calls", columns)?)
}
