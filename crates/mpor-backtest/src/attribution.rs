//! Does the pricer of the scenarios move as the market's marks do? The P&L attribution test.
//!
//! Over the margin dates of an account, positions held still for `k` steps:
//!
//! ```text
//! hypothetical P&L   every contract at its mark where it is listed, at the surface otherwise: what the account is judged by
//! theoretical P&L    every contract at the surface, as the scenarios value it
//! correlation        Spearman: Pearson's correlation of the ranks, equal values at the mean of their ranks
//! distance           Kolmogorov-Smirnov: largest | F_hypothetical(x) - F_theoretical(x) | of the empirical distributions
//! ```
//!
//! | zone | rule of [`FRTB`](crate::standards::FRTB) |
//! | --- | --- |
//! | green | correlation > 0.80 and distance < 0.09 |
//! | red | correlation < 0.70 or distance > 0.12 |
//! | amber | all else |
//!
//! The limits are made for 250 daily observations: the row says how many there were, and a longer `k` makes them overlap. An
//! account that holds no listed contract has one P&L and not two: it gets no zone. The test says whether the two P&L agree in
//! order and in spread; a constant share of error in all of them leaves the correlation at 1.

use std::ops::Range;

use mpor_core::{Books, Column, History, InstrumentIx, MarketState, Portfolio, Table};
use rayon::prelude::*;

use crate::error::BacktestError;
use crate::realised::UnitPnl;
use crate::replay::held;
use crate::standards::AttributionLimits;

/// Where an account falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Zone {
    /// The pricer follows the marks.
    Green,
    /// Neither green nor red.
    Amber,
    /// It does not.
    Red,
}

/// Both P&L of one account, in time order, gain positive, reporting currency.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PnlPair {
    /// All contracts at the surface.
    pub theoretical: Vec<f64>,
    /// Listed contracts at their marks.
    pub hypothetical: Vec<f64>,
    /// Dates on which at least one position was valued at a listed mark at either end.
    pub marked: usize,
}

/// The test of one account.
#[derive(Clone, Debug, PartialEq)]
pub struct AttributionRow {
    /// Index into the accounts of the books.
    pub account: usize,
    /// Dates on which something was held.
    pub observations: usize,
    /// Of them, those with a position at a listed mark.
    pub marked: usize,
    /// Spearman's correlation; `None` below two observations or where one of the P&L never changes.
    pub correlation: Option<f64>,
    /// Kolmogorov-Smirnov distance; `None` without observations.
    pub distance: Option<f64>,
    /// The zone; `None` where a statistic is missing or nothing was marked.
    pub zone: Option<Zone>,
    /// What to know about the row; empty for nothing.
    pub note: String,
}

impl Zone {
    /// The zone of a pair of statistics.
    #[must_use]
    pub fn of(correlation: f64, distance: f64, limits: &AttributionLimits) -> Self {
        if correlation < limits.red_correlation || distance > limits.red_distance {
            Zone::Red
        } else if correlation > limits.green_correlation && distance < limits.green_distance {
            Zone::Green
        } else {
            Zone::Amber
        }
    }

    /// As printed.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Zone::Green => "green",
            Zone::Amber => "amber",
            Zone::Red => "red",
        }
    }
}

/// Spearman's rank correlation; `None` below two pairs or where one side is constant.
///
/// # Errors
/// [`BacktestError::Counts`] for series of different length, [`BacktestError::Figure`] for a value that is not finite.
pub fn spearman(a: &[f64], b: &[f64]) -> Result<Option<f64>, BacktestError> {
    check(a, b)?;
    if a.len() != b.len() {
        let (what, found, expected) = ("theoretical P&L", b.len(), a.len());
        return Err(BacktestError::Counts { what, found, expected });
    }
    Ok(mpor_stats::rank::spearman(a, b))
}

/// Kolmogorov-Smirnov distance of two samples; `None` where one is empty.
///
/// # Errors
/// [`BacktestError::Figure`] for a value that is not finite.
pub fn kolmogorov_smirnov(a: &[f64], b: &[f64]) -> Result<Option<f64>, BacktestError> {
    check(a, b)?;
    if a.is_empty() || b.is_empty() {
        return Ok(None);
    }
    let (a, b) = (sorted(a), sorted(b));
    let (mut i, mut j, mut distance) = (0, 0, 0.0_f64);
    while i < a.len() && j < b.len() {
        let at = a[i].min(b[j]);
        i += a[i..].iter().take_while(|value| **value <= at).count();
        j += b[j..].iter().take_while(|value| **value <= at).count();
        let gap = i as f64 / a.len() as f64 - j as f64 / b.len() as f64;
        distance = distance.max(gap.abs());
    }
    Ok(Some(distance))
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut values = values.to_vec();
    values.sort_unstable_by(f64::total_cmp);
    values
}

fn check(a: &[f64], b: &[f64]) -> Result<(), BacktestError> {
    for (what, values) in [("hypothetical P&L", a), ("theoretical P&L", b)] {
        if let Some(at) = values.iter().position(|value| !value.is_finite()) {
            return Err(BacktestError::Figure { what, at: at + 1, value: values[at] });
        }
    }
    Ok(())
}

/// Both P&L of every account over `k` steps (at least 1) from each of `steps` that has so many steps after it.
///
/// # Errors
/// [`BacktestError`] naming the instrument that cannot be valued: a listed option needs a surface beside its mark.
pub fn pnl_pairs(
    history: &History,
    books: &Books,
    steps: Range<usize>,
    k: usize,
) -> Result<Vec<PnlPair>, BacktestError> {
    let k = k.max(1);
    let last = history.panel.times().len().saturating_sub(k).min(books.portfolios.len());
    let steps = steps.start..steps.end.min(last);
    let days: Vec<_> = steps.into_par_iter().map(|step| day(history, books, step, k)).collect();
    let mut pairs = vec![PnlPair::default(); books.accounts.len()];
    for day in days {
        for (pair, of_day) in pairs.iter_mut().zip(day?) {
            let Some((theoretical, hypothetical, marked)) = of_day else { continue };
            pair.theoretical.push(theoretical);
            pair.hypothetical.push(hypothetical);
            pair.marked += usize::from(marked);
        }
    }
    Ok(pairs)
}

/// Theoretical and hypothetical P&L of one date and whether they may differ, by account; `None` where nothing is held.
type Day = Vec<Option<(f64, f64, bool)>>;

fn day(history: &History, books: &Books, step: usize, k: usize) -> Result<Day, BacktestError> {
    let portfolios = &books.portfolios[step];
    let state = |at: usize| history.state(at);
    let states: Vec<MarketState> = (step..=step + k).map(state).collect::<Result<_, _>>()?;
    let unmarked: Vec<MarketState> = states
        .iter()
        .map(|state| MarketState { marks: Default::default(), ..state.clone() })
        .collect();
    let held = held(history.universe.instruments().len(), portfolios);
    let market = UnitPnl::realise(history, step, &states, held.clone())?;
    let model = UnitPnl::realise(history, step, &unmarked, held)?;
    let marked =
        |ix: &InstrumentIx| states[0].marks.contains_key(ix) || states[k].marks.contains_key(ix);
    let of_account = |portfolio: &Portfolio| {
        let any = portfolio.positions().iter().any(|position| marked(&position.instrument));
        let pnl = |unit: &UnitPnl| unit.portfolio(portfolio, k - 1).0;
        (!portfolio.is_empty()).then(|| (pnl(&model), pnl(&market), any))
    };
    Ok(portfolios.iter().map(of_account).collect())
}

/// The test of every account.
///
/// # Errors
/// As [`spearman`].
pub fn rows(
    pairs: &[PnlPair],
    limits: &AttributionLimits,
) -> Result<Vec<AttributionRow>, BacktestError> {
    pairs.iter().enumerate().map(|(account, pair)| row(account, pair, limits)).collect()
}

fn row(
    account: usize,
    pair: &PnlPair,
    limits: &AttributionLimits,
) -> Result<AttributionRow, BacktestError> {
    let correlation = spearman(&pair.hypothetical, &pair.theoretical)?;
    let distance = kolmogorov_smirnov(&pair.hypothetical, &pair.theoretical)?;
    let (observations, marked) = (pair.hypothetical.len(), pair.marked);
    let both = correlation.zip(distance).filter(|_| marked > 0);
    let zone = both.map(|(correlation, distance)| Zone::of(correlation, distance, limits));
    let needed = limits.observations;
    let note = if observations == 0 {
        "nothing was held".to_owned()
    } else if marked == 0 {
        "no position had a listed mark: there is one P&L and not two".to_owned()
    } else if correlation.is_none() {
        "one of the P&L never changes, so there is no rank correlation".to_owned()
    } else if observations < needed {
        format!("{observations} observations, and the limits are made for {needed}")
    } else {
        String::new()
    };
    Ok(AttributionRow { account, observations, marked, correlation, distance, zone, note })
}

/// Table `attribution`: a row an account of the books.
///
/// # Errors
/// None for rows of [`rows`] and the account names they were made with.
pub fn table(rows: &[AttributionRow], accounts: &[String]) -> Result<Table, BacktestError> {
    let number =
        |of: fn(&AttributionRow) -> Option<f64>| Column::Number(rows.iter().map(of).collect());
    let count = |of: fn(&AttributionRow) -> usize| Column::counts(rows.iter().map(of));
    let note = |row: &AttributionRow| Some(row.note.clone()).filter(|note| !note.is_empty());
    let account = |row: &AttributionRow| accounts.get(row.account).map(String::as_str);
    Ok(Table::new(
        "attribution",
        [
            ("account", Column::Label(rows.iter().map(account).collect())),
            ("observations", count(|row| row.observations)),
            ("marked", count(|row| row.marked)),
            ("spearman", number(|row| row.correlation)),
            ("kolmogorov_smirnov", number(|row| row.distance)),
            ("zone", Column::Label(rows.iter().map(|row| row.zone.map(Zone::name)).collect())),
            ("note", Column::Text(rows.iter().map(note).collect())),
        ],
    )?)
}
