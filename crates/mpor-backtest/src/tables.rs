//! The result as tables: one row an observation, accounts and models by name.
//!
//! | table | row |
//! | --- | --- |
//! | `requirements` | model, account, margin date, level (`initial`, `maintenance`) |
//! | `losses` | account, margin date, with what the positions were valued by |
//! | `breaches` | breach |
//! | `explain` | breach and cause |
//! | `coverage` | model, account (empty = pooled) |
//! | `coverage_tests` | model, account, test |
//! | `procyclicality` | model, account |
//! | `cost` | model, account (empty = all) |
//!
//! The two long tables come by ranges of accounts, so that very many accounts never stand in memory as text at once.

use std::ops::Range;

use mpor_core::{Column, Table};

use crate::cost::costs;
use crate::coverage::{Light, TestRow};
use crate::error::BacktestError;
use crate::procyclicality::{CALL_LAGS, Procyclicality};
use crate::result::{BacktestResult, RequirementPath, SourceCounts};

/// All tables of a result.
///
/// # Errors
/// Never for a result of [`assemble`](crate::assemble::assemble); [`BacktestError::Market`] when columns differ in length.
pub fn all(result: &BacktestResult) -> Result<Vec<Table>, BacktestError> {
    let accounts = 0..result.accounts.len();
    Ok(vec![
        requirements(result, accounts.clone())?,
        losses(result, accounts)?,
        breaches(result)?,
        explain(result)?,
        coverage(result)?,
        coverage_tests(result)?,
        procyclicality(result)?,
        cost(result)?,
    ])
}

/// `requirements` of a range of accounts.
///
/// # Errors
/// As [`all`].
pub fn requirements(
    result: &BacktestResult,
    accounts: Range<usize>,
) -> Result<Table, BacktestError> {
    let rows = || {
        accounts.clone().flat_map(|account| {
            (0..result.models.len()).flat_map(move |model| {
                let path = &result.requirements[model][account];
                let levels = [("initial", &path.initial), ("maintenance", &path.maintenance)];
                (0..result.times.len()).flat_map(move |step| {
                    levels.map(|(level, amounts)| Required {
                        account,
                        model,
                        step,
                        level,
                        amount: amounts[step],
                        path,
                    })
                })
            })
        })
    };
    let initial = |row: &Required<'_>| row.level == "initial";
    let components = |row: Required<'_>| {
        (initial(&row) && !row.path.components.is_empty()).then(|| row.components())
    };
    Ok(Table::new(
        "requirements",
        [
            ("time", Column::times(rows().map(|row| result.times[row.step]))),
            ("account", Column::labels(rows().map(|row| &result.accounts[row.account]))),
            ("model", Column::labels(rows().map(|row| &result.models[row.model].id))),
            ("level", Column::labels(rows().map(|row| row.level))),
            ("amount", Column::numbers(rows().map(|row| row.amount))),
            ("components", Column::Text(rows().map(components).collect())),
            ("binding", Column::Label(rows().map(|row| row.path.binding.get(row.step)).collect())),
        ],
    )?)
}

struct Required<'a> {
    account: usize,
    model: usize,
    step: usize,
    level: &'static str,
    amount: f64,
    path: &'a RequirementPath,
}

impl Required<'_> {
    /// `scan loss = 120.5; contingency = 3`, without the parts that are zero.
    fn components(&self) -> String {
        let parts = self.path.components.iter().map(|(name, amounts)| (name, amounts[self.step]));
        let texts: Vec<String> = parts
            .filter(|(_, amount)| *amount != 0.0)
            .map(|(name, amount)| format!("{name} = {amount}"))
            .collect();
        texts.join("; ")
    }
}

/// `losses` of a range of accounts.
///
/// # Errors
/// As [`all`].
pub fn losses(result: &BacktestResult, accounts: Range<usize>) -> Result<Table, BacktestError> {
    let rows = || {
        accounts
            .clone()
            .flat_map(|account| (0..result.times.len()).map(move |step| (account, step)))
    };
    let path = |account: usize| &result.losses[account];
    let sources = |of: fn(&SourceCounts) -> usize| {
        Column::counts(rows().map(|(account, step)| of(&path(account).sources[step])))
    };
    let horizon = rows().map(|(account, step)| path(account).horizon[step]);
    let worst = rows().map(|(account, step)| path(account).worst[step]);
    let gross = rows().map(|(account, step)| path(account).gross_notional[step]);
    Ok(Table::new(
        "losses",
        [
            ("time", Column::times(rows().map(|(_, step)| result.times[step]))),
            ("account", Column::labels(rows().map(|(account, _)| &result.accounts[account]))),
            ("loss_horizon", Column::Number(horizon.collect())),
            ("loss_worst", Column::Number(worst.collect())),
            ("gross_notional", Column::numbers(gross)),
            ("marks", sources(|sources| sources.marks)),
            ("surface", sources(|sources| sources.surface)),
            ("settlements", sources(|sources| sources.settlements)),
        ],
    )?)
}

/// `breaches`.
///
/// # Errors
/// As [`all`].
pub fn breaches(result: &BacktestResult) -> Result<Table, BacktestError> {
    let rows = || result.breaches.iter();
    let binding =
        rows().map(|row| Some(row.binding.as_str()).filter(|text| !text.is_empty())).collect();
    Ok(Table::new(
        "breaches",
        [
            ("time", Column::times(rows().map(|row| row.time))),
            ("account", Column::labels(rows().map(|row| result.accounts[row.account].as_str()))),
            ("model", Column::labels(rows().map(|row| result.models[row.model].id.as_str()))),
            ("requirement", Column::numbers(rows().map(|row| row.requirement))),
            ("loss", Column::numbers(rows().map(|row| row.loss))),
            ("shortfall", Column::numbers(rows().map(|row| row.shortfall()))),
            ("binding", Column::Label(binding)),
        ],
    )?)
}

/// `explain`: P&L of each breach by cause, gain positive.
///
/// # Errors
/// As [`all`].
pub fn explain(result: &BacktestResult) -> Result<Table, BacktestError> {
    let rows = || {
        let breaches = result.breaches.iter();
        breaches.flat_map(|breach| breach.causes.iter().map(move |cause| (breach, cause)))
    };
    let account = |account: usize| result.accounts[account].as_str();
    Ok(Table::new(
        "explain",
        [
            ("time", Column::times(rows().map(|(breach, _)| breach.time))),
            ("account", Column::labels(rows().map(|(breach, _)| account(breach.account)))),
            (
                "model",
                Column::labels(rows().map(|(breach, _)| result.models[breach.model].id.as_str())),
            ),
            ("cause", Column::labels(rows().map(|(_, (cause, _))| cause.name()))),
            ("pnl", Column::numbers(rows().map(|(_, (_, amount))| *amount))),
        ],
    )?)
}

/// `coverage`.
///
/// # Errors
/// As [`all`].
pub fn coverage(result: &BacktestResult) -> Result<Table, BacktestError> {
    let rows = || result.coverage.iter();
    let zone = |row: &crate::coverage::CoverageRow| row.zone.map(|zone| light(zone.light));
    let count = |of: fn(&crate::coverage::Zone) -> usize| {
        Column::Count(rows().map(|row| row.zone.as_ref().map(|zone| of(zone) as i64)).collect())
    };
    Ok(Table::new(
        "coverage",
        [
            ("model", Column::labels(rows().map(|row| result.models[row.model].id.as_str()))),
            ("account", Column::Label(rows().map(|row| name(result, row.account)).collect())),
            ("observations", Column::counts(rows().map(|row| row.observations))),
            ("breaches", Column::counts(rows().map(|row| row.breaches))),
            ("coverage", Column::Number(rows().map(|row| row.coverage).collect())),
            ("low_95", Column::Number(rows().map(|row| row.bounds.map(|b| b.0)).collect())),
            ("high_95", Column::Number(rows().map(|row| row.bounds.map(|b| b.1)).collect())),
            ("worst_shortfall", Column::numbers(rows().map(|row| row.worst_shortfall))),
            ("mean_shortfall", Column::numbers(rows().map(|row| row.mean_shortfall))),
            ("zone", Column::Label(rows().map(zone).collect())),
            ("green_max", count(|zone| zone.green_max)),
            ("yellow_max", count(|zone| zone.yellow_max)),
        ],
    )?)
}

/// `coverage_tests`: statistic and p-value of each test, and why there is none.
///
/// # Errors
/// As [`all`].
pub fn coverage_tests(result: &BacktestResult) -> Result<Table, BacktestError> {
    let rows = || {
        let rows = result.coverage.iter();
        rows.flat_map(|row| row.tests.iter().map(move |test| (row, test)))
    };
    let number = |of: fn(&TestRow) -> Option<f64>| {
        Column::Number(rows().map(|(_, test)| of(test)).collect())
    };
    let model = |model: usize| result.models[model].id.as_str();
    Ok(Table::new(
        "coverage_tests",
        [
            ("model", Column::labels(rows().map(|(row, _)| model(row.model)))),
            ("account", Column::Label(rows().map(|(row, _)| name(result, row.account)).collect())),
            ("test", Column::labels(rows().map(|(_, test)| test.test.as_str()))),
            ("statistic", number(|test| test.statistic)),
            ("p_value", number(|test| test.p_value)),
            ("note", Column::labels(rows().map(|(_, test)| test.note.as_str()))),
        ],
    )?)
}

/// `procyclicality`.
///
/// # Errors
/// As [`all`].
pub fn procyclicality(result: &BacktestResult) -> Result<Table, BacktestError> {
    let rows = || result.procyclicality.iter();
    let number = |of: &dyn Fn(&Procyclicality) -> Option<f64>| {
        Column::Number(rows().map(|row| row.metrics.as_ref().and_then(of)).collect())
    };
    let mut columns = vec![
        (
            "model".to_owned(),
            Column::labels(rows().map(|row| result.models[row.model].id.as_str())),
        ),
        (
            "account".to_owned(),
            Column::labels(rows().map(|row| result.accounts[row.account].as_str())),
        ),
        ("mean".to_owned(), number(&|metrics| Some(metrics.mean))),
        ("maximum".to_owned(), number(&|metrics| Some(metrics.maximum))),
        ("peak_to_trough".to_owned(), number(&|metrics| Some(metrics.peak_to_trough))),
        ("log_change_volatility".to_owned(), number(&|metrics| metrics.log_change_volatility)),
    ];
    for lag in CALL_LAGS {
        let call = move |metrics: &Procyclicality| {
            metrics.calls.iter().find(|call| call.0 == lag).copied()
        };
        columns.push((format!("call_{lag}_ratio"), number(&|metrics| Some(call(metrics)?.1))));
        columns.push((format!("call_{lag}_amount"), number(&|metrics| Some(call(metrics)?.2))));
    }
    Ok(Table::new("procyclicality", columns)?)
}

/// `cost`: mean and peak requirement, and both against the baseline.
///
/// # Errors
/// As [`all`].
pub fn cost(result: &BacktestResult) -> Result<Table, BacktestError> {
    let costs = costs(result);
    let rows = || costs.iter();
    Ok(Table::new(
        "cost",
        [
            ("model", Column::labels(rows().map(|row| result.models[row.model].id.as_str()))),
            ("account", Column::Label(rows().map(|row| name(result, row.account)).collect())),
            ("mean", Column::numbers(rows().map(|row| row.mean))),
            ("peak", Column::numbers(rows().map(|row| row.peak))),
            (
                "share_of_notional",
                Column::Number(rows().map(|row| row.share_of_notional).collect()),
            ),
            (
                "ratio_to_baseline",
                Column::Number(rows().map(|row| row.ratio_to_baseline).collect()),
            ),
            ("offset_benefit", Column::Number(rows().map(|row| row.offset_benefit).collect())),
        ],
    )?)
}

fn name(result: &BacktestResult, account: Option<usize>) -> Option<&str> {
    account.map(|account| result.accounts[account].as_str())
}

fn light(light: Light) -> &'static str {
    match light {
        Light::Green => "green",
        Light::Yellow => "yellow",
        Light::Red => "red",
    }
}
