//! What the study's index prices, their faults and its collateral come to: tables and remarks beside those of every study.
//!
//! | table | row | when |
//! | --- | --- | --- |
//! | `index` | scenario (empty = as recorded), index, instant of its sources: price, sources used, stale, absent, clamped, whether carried | with `[[index]]` |
//! | `liquidations` | scenario (empty = as recorded), account with collateral, model | with `[[collateral]]` |
//! | `oracle` | scenario, account, model: requirement, breaches, shortfall and liquidations with the faults and without | with `[[fault]]` |
//!
//! Under a scenario the prices that its faults reach are made anew (see [`faulted`](crate::market::faulted)), and so is every
//! requirement and loss, of what the venue then believed: the same accounts, positions and margin dates, other prices.
//! Positions that a rule opened stay those of the recorded prices, so that what differs is the oracle alone. Liquidations
//! are looked for at every price between margin dates, see [`mpor_backtest::liquidation`].

use mpor_backtest::coverage::Wanted;
use mpor_backtest::day::Parts;
use mpor_backtest::liquidation::{self, Liquidation, LivePrices, Pledge, Watched, pnl_since_start};
use mpor_backtest::{Assembly, BacktestResult, ReplayConfig, assemble, replay};
use mpor_core::{Column, CoreError, History, Table, Timestamp};
use mpor_data::index::StepCounts;
use mpor_report::FaultScenario;
use rayon::prelude::*;

use crate::error::MporError;
use crate::loaded::{Loaded, replay_error};
use crate::market::{self, AllSeries, BuiltIndex, Faulted, Held};
use crate::oracle_report;
use crate::progress::Progress;
use crate::run::assembly;
use crate::study::{FaultSpec, StudyFile};

/// What is to be written, and said.
#[derive(Debug, Default)]
pub(crate) struct Oracle {
    /// Further tables of the run.
    pub tables: Vec<Table>,
    /// Remarks for the report.
    pub notes: Vec<String>,
    /// What each scenario did, for the report's own section.
    pub faults: Vec<FaultScenario>,
}

/// One account under one model, with a scenario's faults and without.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Comparison {
    scenario: String,
    pub account: usize,
    pub model: usize,
    pub mean_without: f64,
    pub mean_with: f64,
    /// The largest rise and the largest fall of the initial margin at any date.
    pub rise: f64,
    pub fall: f64,
    pub without: Losses,
    pub with: Losses,
    /// Whether it was liquidated; `None` for an account without collateral.
    pub liquidated: Option<(bool, bool)>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Losses {
    pub breaches: usize,
    pub shortfall: f64,
    pub worst: f64,
}

/// One account under one model in one scenario.
pub(crate) struct Row {
    scenario: String,
    pub account: usize,
    pub model: usize,
    pub found: Option<Liquidation>,
}

/// Replays every scenario and compares it with what was found on the recorded prices.
pub(crate) fn tell(
    file: &StudyFile,
    loaded: &Loaded,
    result: &BacktestResult,
    progress: &dyn Progress,
) -> Result<Oracle, MporError> {
    let mut oracle = Oracle::default();
    let names = file.scenarios();
    let mut indices = vec![("", loaded.market.indices.clone())];
    if names.is_empty() && file.study.collateral.is_empty() {
        oracle.tables.extend(index_table(&indices)?);
        return Ok(oracle);
    }
    progress.begin("replaying oracle faults", names.len() + 1);
    let live = market::live(file, &loaded.market.read)?;
    let recorded =
        liquidations(loaded, result, loaded.history(), (&loaded.market.collateral, &live), "")?;
    progress.advance(1);
    let (mut rows, mut compared) = (Vec::new(), Vec::new());
    let mut shown = Vec::new();
    for name in &names {
        let under = scenario(file, loaded, name).map_err(|error| {
            MporError::History(format!("under the fault scenario `{name}`: {error}"))
        })?;
        let own = compare(name, result, &under.result, &recorded, &under.rows);
        shown.push(oracle_report::scenario(file, loaded, result, name, &under, (&own, &recorded)));
        compared.extend(own);
        rows.extend(under.rows);
        indices.push((*name, under.read.indices.built));
        progress.advance(1);
    }
    progress.end();
    let all: Vec<Row> = recorded.into_iter().chain(rows).collect();
    if !file.study.collateral.is_empty() {
        oracle.notes.extend(at_most(collateral_notes(loaded), "assets put up"));
        oracle.notes.push(LOOKED_AT.to_owned());
        let recorded = all.iter().filter(|row| row.scenario.is_empty());
        let liquidated = recorded.filter_map(|row| liquidated_note(row, result)).collect();
        oracle.notes.extend(at_most(liquidated, "liquidations, in the table of that name"));
        oracle.tables.push(liquidation_table(&all, result)?);
    }
    if !names.is_empty() {
        for ((name, under), fault) in indices[1..].iter().zip(&mut shown) {
            fault.remarks.insert(0, scenario_note(file, name, &compared, result));
            fault.remarks.extend(index_notes(name, &loaded.market.indices, under));
        }
        oracle.faults = shown;
        oracle.tables.push(oracle_table(&compared, result)?);
    }
    oracle.tables.extend(index_table(&indices)?);
    Ok(oracle)
}

/// The study under a scenario's faults.
pub(crate) struct Under {
    pub result: BacktestResult,
    pub rows: Vec<Row>,
    pub read: AllSeries,
}

fn scenario(file: &StudyFile, loaded: &Loaded, name: &str) -> Result<Under, MporError> {
    let Faulted { history, read, collateral, live } = market::faulted(file, &loaded.market, name)?;
    let (steps, horizon) = (loaded.steps.clone(), loaded.horizon);
    let config = ReplayConfig {
        steps,
        horizon,
        seed: file.study.seed,
        parts: Parts::Drop,
        forecasts: false,
    };
    let days = replay(&history, &loaded.books, &loaded.asked(), &config)
        .map_err(|error| replay_error(file, error))?;
    // Requirements, losses and breaches are compared; nobody reads the tests of a market that never was.
    let untested = Assembly { tests: Wanted::Named(&[]), ..assembly(file, loaded, &history) };
    let result = assemble(days, untested)?;
    let rows = liquidations(loaded, &result, &history, (&collateral, &live), name)?;
    Ok(Under { result, rows, read })
}

/// Every account with collateral under every model, in order of account and model.
fn liquidations(
    loaded: &Loaded,
    result: &BacktestResult,
    history: &History,
    (held, live): (&[Held], &[LivePrices]),
    scenario: &str,
) -> Result<Vec<Row>, MporError> {
    let has = |account: &&usize| held.iter().any(|one| one.account == result.accounts[**account]);
    let all: Vec<usize> = (0..result.accounts.len()).collect();
    let accounts: Vec<usize> = all.iter().filter(has).copied().collect();
    if accounts.is_empty() {
        return Ok(Vec::new());
    }
    let steps = loaded.steps.clone();
    let paths = pnl_since_start(history, &loaded.books, steps.clone(), &accounts)?;
    let of = |(&account, pnl): (&usize, &Vec<f64>)| {
        let own = held.iter().filter(|one| one.account == result.accounts[account]);
        let pledges: Vec<Pledge<'_>> =
            own.map(|one| Pledge { amount: one.amount, prices: one.prices.as_ref() }).collect();
        let asked = result.requirements.iter().map(|paths| &paths[account].maintenance[..]);
        let maintenance: Vec<&[f64]> = asked.collect();
        let watched = Watched { account, pledges: &pledges, pnl, maintenance: &maintenance };
        liquidation::liquidations(history, &loaded.books, steps.clone(), live, &watched)
    };
    let found: Vec<_> = accounts.par_iter().zip(&paths).map(of).collect();
    let mut rows = Vec::new();
    for (account, found) in accounts.into_iter().zip(found) {
        let of_model =
            |(model, found)| Row { scenario: scenario.to_owned(), account, model, found };
        rows.extend(found?.into_iter().enumerate().map(of_model));
    }
    Ok(rows)
}

fn compare(
    scenario: &str,
    without: &BacktestResult,
    with: &BacktestResult,
    recorded: &[Row],
    under: &[Row],
) -> Vec<Comparison> {
    let pairs = recorded.iter().zip(under);
    let liquidated = |model: usize, account: usize| {
        let mut own = pairs.clone().filter(|(row, _)| row.model == model && row.account == account);
        own.next().map(|(before, after)| (before.found.is_some(), after.found.is_some()))
    };
    let mut all = Vec::new();
    for account in 0..without.accounts.len() {
        for model in 0..without.models.len() {
            let before = &without.requirements[model][account].initial;
            let after = &with.requirements[model][account].initial;
            let moves = || before.iter().zip(after).map(|(before, after)| after - before);
            let mean = |path: &[f64]| path.iter().sum::<f64>() / path.len().max(1) as f64;
            all.push(Comparison {
                scenario: scenario.to_owned(),
                account,
                model,
                mean_without: mean(before),
                mean_with: mean(after),
                rise: moves().fold(0.0, f64::max),
                fall: moves().fold(0.0, |most, change| f64::max(most, -change)),
                without: losses(without, model, account),
                with: losses(with, model, account),
                liquidated: liquidated(model, account),
            });
        }
    }
    all
}

fn losses(result: &BacktestResult, model: usize, account: usize) -> Losses {
    let own = result.breaches.iter().filter(|row| row.model == model && row.account == account);
    own.fold(Losses::default(), |sum, breach| Losses {
        breaches: sum.breaches + 1,
        shortfall: sum.shortfall + breach.shortfall(),
        worst: sum.worst.max(breach.shortfall()),
    })
}

/// What the reader must know of liquidations.
const LOOKED_AT: &str = "Liquidations are looked for at every margin date and, between two, at every instant at which a price of the collateral or of what is held is known; until the next margin date the maintenance margin, volatilities, carry and rates stand and funding is not paid.";

/// Most remarks of one kind: many accounts would fill the report with them.
const MOST: usize = 12;

fn at_most(mut notes: Vec<String>, what: &str) -> Vec<String> {
    let more = notes.len().saturating_sub(MOST);
    notes.truncate(MOST);
    notes.extend((more > 0).then(|| format!("And {more} more {what}.")));
    notes
}

/// Whose price the collateral of each account is valued at.
fn collateral_notes(loaded: &Loaded) -> Vec<String> {
    let held = loaded.market.collateral.iter();
    held.map(|one| {
        format!("Collateral of {}: {} valued on {}.", one.account, one.asset, one.valued_on)
    })
    .collect()
}

pub(crate) fn liquidated_note(row: &Row, result: &BacktestResult) -> Option<String> {
    let found = row.found?;
    let prices = match row.scenario.as_str() {
        "" => "on the recorded prices".to_owned(),
        name => format!("under the fault {name}"),
    };
    Some(format!(
        "Liquidated {prices}: {} under {} at {}: collateral of {:.0} and P&L of {:.0} since the start are below the maintenance margin of {:.0}.",
        result.accounts[row.account],
        result.models[row.model].id,
        found.time,
        found.collateral,
        found.pnl,
        found.maintenance
    ))
}

/// A scenario in two sentences.
fn scenario_note(
    file: &StudyFile,
    name: &str,
    compared: &[Comparison],
    result: &BacktestResult,
) -> String {
    let faults = file.study.fault.iter().filter(|fault| fault.name == name);
    let faults: Vec<String> = faults.map(shown).collect();
    let rows = || compared.iter().filter(|row| row.scenario == name);
    let largest = rows().max_by(|a, b| {
        let most = |row: &Comparison| row.rise.max(row.fall);
        most(a).total_cmp(&most(b))
    });
    let moved = largest.filter(|row| row.rise.max(row.fall) > 0.0).map(|row| {
        let up = row.rise >= row.fall;
        format!(
            "the initial margin is off by at most {:.0} ({} under {}, {})",
            row.rise.max(row.fall),
            result.accounts[row.account],
            result.models[row.model].id,
            if up { "too high" } else { "too low" }
        )
    });
    let moved = moved.unwrap_or_else(|| "no initial margin changes".to_owned());
    let breaches = |of: fn(&Comparison) -> usize| rows().map(of).sum::<usize>();
    let sold = |of: fn((bool, bool)) -> bool| {
        rows().filter_map(|row| row.liquidated).filter(|&pair| of(pair)).count()
    };
    format!(
        "Fault {name} ({}): {moved}; breaches {} without and {} with it; liquidations {} without and {} with it, over all accounts and models.",
        faults.join("; "),
        breaches(|row| row.without.breaches),
        breaches(|row| row.with.breaches),
        sold(|pair| pair.0),
        sold(|pair| pair.1)
    )
}

/// `own USDE/USDT depegged by -35 % from ... to ...`.
pub(crate) fn shown(fault: &FaultSpec) -> String {
    let symbol = fault.prices.as_ref().map(|symbol| format!(" {symbol}")).unwrap_or_default();
    let size = match (fault.shift, fault.lag) {
        (Some(shift), _) => format!(" by {:+.1} %", 100.0 * shift),
        (None, Some(lag)) => format!(" by {lag}"),
        (None, None) => String::new(),
    };
    let (source, kind) = (&fault.source, fault.kind);
    format!("{source}{symbol} {kind}{size} from {} to {}", fault.from, fault.to)
}

/// What the faults made of each index whose counts they changed.
fn index_notes(name: &str, recorded: &[BuiltIndex], under: &[BuiltIndex]) -> Vec<String> {
    let changed = recorded.iter().zip(under).filter(|(a, b)| a.index.tally() != b.index.tally());
    changed
        .map(|(_, built)| {
            let tally = built.index.tally();
            format!(
                "Fault {name}: of the {} instants of {} under it, {} lack a source (at the fewest {} of {} are left), {} leave out a stale one, {} clamp or leave out a price, and {} carry the last index.",
                tally.instants,
                built.name,
                tally.incomplete,
                tally.fewest,
                built.index.sources,
                tally.stale,
                tally.clamped,
                tally.carried
            )
        })
        .collect()
}

/// `None` without an index.
fn index_table(all: &[(&str, Vec<BuiltIndex>)]) -> Result<Option<Table>, CoreError> {
    if all.iter().all(|(_, indices)| indices.is_empty()) {
        return Ok(None);
    }
    let rows = || {
        all.iter().flat_map(|(scenario, indices)| {
            indices.iter().flat_map(move |built| {
                let index = &built.index;
                (0..index.steps.len()).map(move |at| (*scenario, built, at))
            })
        })
    };
    let count = |of: fn(&StepCounts) -> usize| {
        Column::counts(rows().map(|(_, built, at)| of(&built.index.steps[at])))
    };
    let series = || rows().map(|(_, built, at)| (&built.index.series, at));
    let table = Table::new(
        "index",
        [
            ("time", Column::times(series().map(|(series, at)| series.times[at]))),
            ("scenario", Column::labels(rows().map(|(scenario, ..)| scenario))),
            ("index", Column::labels(rows().map(|(_, built, _)| built.name.as_str()))),
            ("price", Column::numbers(series().map(|(series, at)| series.values[at]))),
            ("used", count(|step| step.used)),
            ("stale", count(|step| step.stale)),
            ("absent", count(|step| step.absent)),
            ("clamped", count(|step| step.clamped)),
            ("carried", count(|step| usize::from(step.carried))),
        ],
    )?;
    Ok(Some(table))
}

fn liquidation_table(all: &[Row], result: &BacktestResult) -> Result<Table, CoreError> {
    let number = |of: fn(Liquidation) -> f64| {
        Column::Number(all.iter().map(|row| row.found.map(of)).collect())
    };
    let time = |of: &dyn Fn(Liquidation) -> Timestamp| {
        Column::Time(all.iter().map(|row| row.found.map(of)).collect())
    };
    Table::new(
        "liquidations",
        [
            ("scenario", Column::labels(all.iter().map(|row| row.scenario.as_str()))),
            ("account", Column::labels(all.iter().map(|row| &result.accounts[row.account]))),
            ("model", Column::labels(all.iter().map(|row| &result.models[row.model].id))),
            ("time", time(&|found| found.time)),
            ("margin_date", time(&|found| result.times[found.step])),
            ("collateral", number(|found| found.collateral)),
            ("pnl", number(|found| found.pnl)),
            ("equity", number(|found| found.equity())),
            ("maintenance", number(|found| found.maintenance)),
        ],
    )
}

fn oracle_table(all: &[Comparison], result: &BacktestResult) -> Result<Table, CoreError> {
    let number = |of: fn(&Comparison) -> f64| Column::numbers(all.iter().map(of));
    let count = |of: fn(&Comparison) -> usize| Column::counts(all.iter().map(of));
    let sold = |of: fn((bool, bool)) -> bool| {
        let one = |row: &Comparison| row.liquidated.map(|pair| i64::from(of(pair)));
        Column::Count(all.iter().map(one).collect())
    };
    Table::new(
        "oracle",
        [
            ("scenario", Column::labels(all.iter().map(|row| row.scenario.as_str()))),
            ("account", Column::labels(all.iter().map(|row| &result.accounts[row.account]))),
            ("model", Column::labels(all.iter().map(|row| &result.models[row.model].id))),
            ("requirement_without", number(|row| row.mean_without)),
            ("requirement_with", number(|row| row.mean_with)),
            ("largest_rise", number(|row| row.rise)),
            ("largest_fall", number(|row| row.fall)),
            ("breaches_without", count(|row| row.without.breaches)),
            ("breaches_with", count(|row| row.with.breaches)),
            ("shortfall_without", number(|row| row.without.shortfall)),
            ("shortfall_with", number(|row| row.with.shortfall)),
            ("worst_shortfall_without", number(|row| row.without.worst)),
            ("worst_shortfall_with", number(|row| row.with.worst)),
            ("liquidated_without", sold(|pair| pair.0)),
            ("liquidated_with", sold(|pair| pair.1)),
        ],
    )
}
