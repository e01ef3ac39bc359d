//! From replayed days to the result: overlays, breaches with their causes, coverage and procyclicality.
//!
//! Overlays walk each account through time, oldest date first, so a rule may use the account's own past and cannot see its
//! future. Accounts are independent of each other and run in parallel; the collect is ordered.

use std::ops::Range;

use mpor_core::{Books, History, Horizon, Labels, Level, LossConvention, Timestamp};
use mpor_margin::{Component, MarginReport, Now, Overlay, Walk};
use rayon::prelude::*;

use crate::blocks::{Blocks, Keep};
use crate::coverage::Wanted;
use crate::day::{DayResult, additive_parts};
use crate::error::BacktestError;
use crate::forecast_paths::{self, ForecastPath};
use crate::result::{BacktestResult, LossPath, ModelInfo, OwnPath, RequirementPath};
use crate::turnover::traded;

/// What the days are assembled with: the study's terms, and the history that explains breaches.
pub struct Assembly<'a> {
    /// Reporting currency.
    pub currency: String,
    /// The margin period of risk of the replay.
    pub horizon: Horizon,
    /// Which loss decides a breach.
    pub convention: LossConvention,
    /// The coverage that the models are tested against.
    pub level: Level,
    /// The models, in the order of the replay.
    pub models: Vec<ModelInfo>,
    /// Overlays of each model, in the order the study writes them; empty for all = none.
    pub overlays: &'a [Vec<Box<dyn Overlay>>],
    /// The history that was replayed.
    pub history: &'a History,
    /// The books that were replayed.
    pub books: &'a Books,
    /// By account, when calls were met late, for overlays that look at it; empty where none is known.
    pub late_calls: &'a [Vec<Timestamp>],
    /// The tests of each account under each model.
    pub tests: Wanted<'a>,
}

/// The result of consecutive replayed days.
///
/// # Errors
/// [`BacktestError`] when days, models and accounts do not fit together, or an overlay cannot be applied.
pub fn assemble(
    days: Vec<DayResult>,
    assembly: Assembly<'_>,
) -> Result<BacktestResult, BacktestError> {
    check(&days, &assembly)?;
    let times: Vec<Timestamp> = days.iter().map(|day| day.time).collect();
    let steps: Vec<usize> = days.iter().map(|day| day.step).collect();
    let accounts = 0..assembly.books.accounts.len();
    let mut blocks = Blocks::new(assembly, steps, times, Keep::All)?;
    let block = blocks.walk(accounts, days)?;
    blocks.take(block)?;
    blocks.finish()
}

fn check(days: &[DayResult], assembly: &Assembly<'_>) -> Result<(), BacktestError> {
    if days.is_empty() {
        return Err(BacktestError::Nothing("margin dates"));
    }
    for pair in days.windows(2) {
        let (earlier, later) = (pair[0].step, pair[1].step);
        if later != earlier + 1 {
            return Err(BacktestError::DayOrder { earlier, later });
        }
    }
    check_counts(days, assembly)
}

/// That every day has an answer of each model for each account.
pub(crate) fn check_counts(
    days: &[DayResult],
    assembly: &Assembly<'_>,
) -> Result<(), BacktestError> {
    check_accounts(days, assembly, &(0..assembly.books.accounts.len()))
}

/// The same of days that hold a block of the accounts.
pub(crate) fn check_accounts(
    days: &[DayResult],
    assembly: &Assembly<'_>,
    accounts: &Range<usize>,
) -> Result<(), BacktestError> {
    let (models, all) = (assembly.models.len(), assembly.books.accounts.len());
    let accounts = accounts.len();
    same_count("accounts of the books", all.max(accounts), all)?;
    if !assembly.overlays.is_empty() {
        same_count("models with overlays", assembly.overlays.len(), models)?;
    }
    for day in days {
        same_count("models of a day", day.models.len(), models)?;
        same_count("accounts of a day", day.losses.len(), accounts)?;
        for model in &day.models {
            same_count("requirements of a day", model.initial.len(), accounts)?;
        }
    }
    Ok(())
}

pub(crate) fn same_count(
    what: &'static str,
    found: usize,
    expected: usize,
) -> Result<(), BacktestError> {
    if found == expected { Ok(()) } else { Err(BacktestError::Counts { what, found, expected }) }
}

pub(crate) fn losses(days: &[DayResult], accounts: usize) -> Vec<LossPath> {
    let path = |account: usize| {
        let losses = || days.iter().map(|day| &day.losses[account]);
        LossPath {
            horizon: losses().map(|loss| loss.horizon).collect(),
            worst: losses().map(|loss| loss.worst).collect(),
            gross_notional: losses().map(|loss| loss.gross_notional).collect(),
            sources: losses().map(|loss| loss.sources).collect(),
        }
    };
    (0..accounts).into_par_iter().map(path).collect()
}

/// The forecasts of a block of accounts, which are the accounts of the days, by model.
pub(crate) fn forecasts(
    days: &[DayResult],
    models: usize,
    accounts: usize,
) -> Vec<Vec<ForecastPath>> {
    let model = |model: usize| {
        let path = |account: usize| forecast_paths::path(days, model, account);
        (0..accounts).into_par_iter().map(path).collect()
    };
    (0..models).map(model).collect()
}

/// The paths of a block of accounts, which are the accounts of the days, by model.
pub(crate) fn requirements(
    days: &[DayResult],
    times: &[Timestamp],
    assembly: &Assembly<'_>,
    accounts: &Range<usize>,
) -> Result<Vec<Vec<RequirementPath>>, BacktestError> {
    let model = |model: usize| {
        let overlays = assembly.overlays.get(model).map_or(&[][..], Vec::as_slice);
        if overlays.is_empty() && days.iter().all(|day| day.models[model].parts.is_empty()) {
            return Ok(own_paths(days, model, accounts.len()));
        }
        let path = |account: usize| {
            let of = Of { account, at: account - accounts.start };
            walk(days, times, assembly, model, of).map(|(path, _)| path)
        };
        let paths: Vec<Result<RequirementPath, BacktestError>> =
            accounts.clone().into_par_iter().map(path).collect();
        paths.into_iter().collect()
    };
    (0..assembly.models.len()).map(model).collect()
}

/// An account: its position among all, and in days that hold a block of them.
#[derive(Clone, Copy)]
struct Of {
    account: usize,
    at: usize,
}

/// One account under one model from the first day to the last: its path, and what it has lived through then.
fn walk(
    days: &[DayResult],
    times: &[Timestamp],
    assembly: &Assembly<'_>,
    model: usize,
    Of { account, at: column }: Of,
) -> Result<(RequirementPath, Walk), BacktestError> {
    let overlays = assembly.overlays.get(model).map_or(&[][..], Vec::as_slice);
    let own = (!overlays.is_empty()).then(OwnPath::default);
    let mut path = RequirementPath { own, ..RequirementPath::default() };
    let mut walk = Walk::new(&assembly.books.accounts[account], overlays.len());
    let late = assembly.late_calls.get(account).map_or(&[][..], Vec::as_slice);
    let traded = traded(days, assembly, overlays, account)?;
    for (at, day) in days.iter().enumerate() {
        let of = &day.models[model];
        let own: Vec<(&str, f64)> = of
            .parts
            .iter()
            .filter_map(|(name, amounts)| Some((name.as_str(), (*amounts.get(column)?)?)))
            .collect();
        if let Some(before) = &mut path.own {
            before.initial.push(of.initial[column]);
        }
        let report = MarginReport {
            initial: Component::leaf(OWN, of.initial[column]),
            maintenance: Component::leaf(OWN, of.maintenance[column]),
            binding: of.binding.get(column).map(str::to_owned),
            gross_notional: day.losses[column].gross_notional,
        };
        learn(&mut walk, days, at, assembly, column);
        let since = at.checked_sub(1).map(|before| times[before]);
        let now = Now {
            time: day.time,
            traded: traded.get(at).copied().unwrap_or(0.0),
            late: late.iter().filter(|&&t| t <= day.time && since.is_none_or(|s| t > s)).count()
                as f64,
            figures: &of.figures.of(column),
        };
        let report = walk.step(overlays, report, now).map_err(|source| {
            let model = assembly.models[model].id.clone();
            let (account, time) = (assembly.books.accounts[account].clone(), day.time);
            BacktestError::Requirement { model, account, time, source: Box::new(source) }
        })?;
        push(&mut path, report, &own);
    }
    learn(&mut walk, days, days.len(), assembly, column);
    pad(&mut path.components, path.initial.len());
    if let Some(before) = &mut path.own {
        pad(&mut before.components, before.initial.len());
    }
    Ok((path, walk))
}

/// Tells the outcomes of all margin dates whose margin period of risk is over at date number `at`, and no other.
fn learn(walk: &mut Walk, days: &[DayResult], at: usize, to: &Assembly<'_>, column: usize) {
    while walk.learnt() + to.horizon.steps() <= at {
        let loss = &days[walk.learnt()].losses[column];
        walk.learn(match to.convention {
            LossConvention::Horizon => loss.horizon,
            LossConvention::Worst => loss.worst,
        });
    }
}

/// What every account has lived through under each model after the last of consecutive replayed days, by model and account: the past
/// that overlays see on the margin date that follows.
///
/// # Errors
/// As [`assemble`].
pub fn walks(days: &[DayResult], assembly: &Assembly<'_>) -> Result<Vec<Vec<Walk>>, BacktestError> {
    check(days, assembly)?;
    let times: Vec<Timestamp> = days.iter().map(|day| day.time).collect();
    let of_model = |model: usize| {
        let walks: Vec<Result<Walk, BacktestError>> = (0..assembly.books.accounts.len())
            .into_par_iter()
            .map(|account| {
                let of = Of { account, at: account };
                walk(days, &times, assembly, model, of).map(|(_, walk)| walk)
            })
            .collect();
        walks.into_iter().collect()
    };
    (0..assembly.models.len()).map(of_model).collect()
}

/// The paths of a model without overlays whose parts are not kept: the replayed amounts as they are.
fn own_paths(days: &[DayResult], model: usize, accounts: usize) -> Vec<RequirementPath> {
    let of = || days.iter().map(|day| &day.models[model]);
    let mut binding = Labels::default();
    of().for_each(|of| binding.extend_spaced(&of.binding, 1));
    let path = |account: usize| RequirementPath {
        initial: of().map(|of| of.initial[account]).collect(),
        maintenance: of().map(|of| of.maintenance[account]).collect(),
        binding: binding.every(account, accounts),
        components: Vec::new(),
        own: None,
    };
    (0..accounts).into_par_iter().map(path).collect()
}

/// The node that stands for the model's own requirement below the overlays.
const OWN: &str = "model";

/// Appends one date; the model's own node is replaced by its parts, so that the parts of a path add up to its requirement.
fn push(path: &mut RequirementPath, report: MarginReport, own: &[(&str, f64)]) {
    let at = path.initial.len();
    path.initial.push(report.initial.amount());
    path.maintenance.push(report.maintenance.amount());
    path.binding.push(report.binding.as_deref());
    if own.is_empty() {
        return;
    }
    if let Some(before) = &mut path.own {
        own.iter().for_each(|(part, amount)| add(&mut before.components, part, at, *amount));
    }
    let total: f64 = own.iter().map(|part| part.1).sum();
    for (name, amount) in additive_parts(&report.initial) {
        if name == OWN && total != 0.0 {
            let components = &mut path.components;
            own.iter().for_each(|(part, own)| add(components, part, at, own * (amount / total)));
        } else {
            add(&mut path.components, name, at, amount);
        }
    }
}

fn add(components: &mut Vec<(String, Vec<f64>)>, name: &str, at: usize, amount: f64) {
    let known = components.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
        components.push((name.to_owned(), Vec::new()));
        components.len() - 1
    });
    let amounts = &mut components[known].1;
    amounts.resize(at + 1, 0.0);
    amounts[at] += amount;
}

fn pad(components: &mut [(String, Vec<f64>)], steps: usize) {
    components.iter_mut().for_each(|(_, amounts)| amounts.resize(steps, 0.0));
}
