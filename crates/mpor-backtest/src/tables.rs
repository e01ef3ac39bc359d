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
//! | forecasts and what they show | as in [`evidence::tables`] |
//!
//! The two [`LONG`] tables come by ranges of accounts, so that those of very many accounts never stand in memory whole.

use std::iter::repeat_n;
use std::ops::Range;

use mpor_core::{Column, Labels, Table};

use crate::cost::costs;
use crate::coverage::TestRow;
use crate::error::BacktestError;
use crate::evidence;
use crate::procyclicality::{CALL_LAGS, Procyclicality};
use crate::result::{BacktestResult, RequirementPath, SourceCounts};

/// A table of a range of accounts.
pub type ByAccount = fn(&BacktestResult, Range<usize>) -> Result<Table, BacktestError>;

/// The tables that grow with accounts and dates, by name.
pub const LONG: [(&str, ByAccount); 2] = [("requirements", requirements), ("losses", losses)];

/// The tables that grow with accounts and dates and have a row for this result.
#[must_use]
pub fn long(result: &BacktestResult) -> Vec<(&'static str, ByAccount)> {
    let forecasts: ByAccount = evidence::tables::forecasts;
    let forecasts = evidence::tables::has_forecasts(result).then_some(("forecasts", forecasts));
    LONG.into_iter().chain(forecasts).collect()
}

/// Rows of `requirements` that a piece is to hold.
const PIECE: usize = 1 << 17;

/// Ranges of accounts that cover all of them, each of at most 131,072 rows of `requirements` or of one account.
pub fn pieces(result: &BacktestResult) -> impl Iterator<Item = Range<usize>> {
    let accounts = result.accounts.len();
    let size = accounts_a_piece(result.models.len(), result.times.len());
    (0..accounts).step_by(size).map(move |start| start..(start + size).min(accounts))
}

/// Accounts a piece, for a number of models and margin dates: a block of accounts that is a multiple of it has the pieces of
/// the whole.
#[must_use]
pub fn accounts_a_piece(models: usize, dates: usize) -> usize {
    let rows = LEVELS.len() * models * dates;
    (PIECE / rows.max(1)).max(1)
}

/// A table of all accounts.
pub type Short = fn(&BacktestResult) -> Result<Table, BacktestError>;

/// All other tables of a result.
pub const SHORT: [Short; 6] = [breaches, explain, coverage, coverage_tests, procyclicality, cost];

/// The [`SHORT`] tables together.
///
/// # Errors
/// Never for a result of [`assemble`](crate::assemble::assemble); [`BacktestError::Market`] when columns differ in length.
pub fn short(result: &BacktestResult) -> Result<Vec<Table>, BacktestError> {
    let mut tables: Vec<Table> =
        SHORT.iter().map(|table| table(result)).collect::<Result<_, _>>()?;
    tables.extend(evidence::tables::short(result)?);
    Ok(tables)
}

const LEVELS: [&str; 2] = ["initial", "maintenance"];

/// `requirements` of a range of accounts.
///
/// # Errors
/// As [`short`].
pub fn requirements(
    result: &BacktestResult,
    accounts: Range<usize>,
) -> Result<Table, BacktestError> {
    let start = accounts.start;
    let names = &result.accounts[accounts.clone()];
    let models = result.models.iter().map(|model| &model.id);
    // Rows come by account, model, margin date and level.
    let paths = || {
        let of_account = |account: usize| {
            let of_model = move |(model, paths)| (account, model, &Vec::as_slice(paths)[account]);
            result.requirements.iter().enumerate().map(of_model)
        };
        accounts.clone().flat_map(of_account)
    };
    let rows = LEVELS.len() * result.times.len();
    let times = || result.times.iter().flat_map(|time| LEVELS.map(|_| *time));
    let account = paths().flat_map(|(account, ..)| repeat_n(account - start, rows));
    let model = paths().flat_map(|(_, model, _)| repeat_n(model, rows));
    let level = paths().flat_map(|_| (0..rows).map(|row| row % LEVELS.len()));
    let amounts = paths().flat_map(|(.., path)| {
        let both = path.initial.iter().zip(&path.maintenance);
        both.flat_map(|(initial, maintenance)| [*initial, *maintenance])
    });
    let parts = paths().flat_map(|(.., path)| {
        (0..result.times.len()).flat_map(move |step| [components(path, step), None])
    });
    // What binds is found for the initial margin, and said there.
    let mut binding = Labels::default();
    paths().for_each(|(.., path)| binding.extend_spaced(&path.binding, LEVELS.len()));
    Ok(Table::new(
        "requirements",
        [
            ("time", Column::times(paths().flat_map(|_| times()))),
            ("account", Column::Label(Labels::coded(names, account))),
            ("model", Column::Label(Labels::coded(models, model))),
            ("level", Column::Label(Labels::coded(LEVELS, level))),
            ("amount", Column::numbers(amounts)),
            ("components", Column::Text(parts.collect())),
            ("binding", Column::Label(binding)),
        ],
    )?)
}

/// `scan loss = 120.5; contingency = 3`, without the parts that are zero; nothing where the replay kept none.
fn components(path: &RequirementPath, step: usize) -> Option<String> {
    if path.components.is_empty() {
        return None;
    }
    let parts = path.components.iter().map(|(name, amounts)| (name, amounts[step]));
    let texts: Vec<String> = parts
        .filter(|(_, amount)| *amount != 0.0)
        .map(|(name, amount)| format!("{name} = {amount}"))
        .collect();
    Some(texts.join("; "))
}

/// `losses` of a range of accounts.
///
/// # Errors
/// As [`short`].
pub fn losses(result: &BacktestResult, accounts: Range<usize>) -> Result<Table, BacktestError> {
    let rows = || {
        accounts
            .clone()
            .flat_map(|account| (0..result.times.len()).map(move |step| (account, step)))
    };
    let (start, names) = (accounts.start, &result.accounts[accounts.clone()]);
    let account = rows().map(|(account, _)| account - start);
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
            ("account", Column::Label(Labels::coded(names, account))),
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
/// As [`short`].
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
/// As [`short`].
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
/// As [`short`].
pub fn coverage(result: &BacktestResult) -> Result<Table, BacktestError> {
    let rows = || result.coverage.iter();
    let zone = |row: &crate::coverage::CoverageRow| row.zone.map(|zone| zone.light.name());
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
/// As [`short`].
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
            ("test", Column::labels(rows().map(|(_, test)| test.test))),
            ("statistic", number(|test| test.statistic)),
            ("p_value", number(|test| test.p_value)),
            ("note", Column::labels(rows().map(|(_, test)| test.note.as_str()))),
        ],
    )?)
}

/// `procyclicality`.
///
/// # Errors
/// As [`short`].
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
/// As [`short`].
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
