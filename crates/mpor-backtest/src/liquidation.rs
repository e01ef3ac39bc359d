//! When is an account with stated collateral liquidated? At the first instant at which what it has is less than what it
//! must have: looked at on every margin date, and between them at every instant at which a price of it is known.
//!
//! ```text
//! equity(s)  = collateral(s) + P&L of every step up to the last margin date t <= s + P&L of the positions from t to s
//! liquidated at the first s with equity(s) < maintenance(t)
//! ```
//!
//! Collateral is amounts times prices as they are known at `s`. The P&L of a step is that of the positions held over it, in
//! reporting currency, funding and settlements included. Between margin dates spot and perpetual prices move as their own
//! series do, a perpetual without a series in proportion to spot; forwards and listed marks move with spot and keep their
//! basis and volatility; surfaces (by moneyness), carry, rates and the maintenance margin stand; funding is paid at the
//! margin date. Cash from trades, fees and interest are not in it: positions change hands at their value. Collateral is not
//! sold step by step, nothing is bought or closed, and after the first liquidation the account is not looked at again.
//! Strictly below: an account with exactly its maintenance margin lives on.

use std::ops::Range;

use mpor_core::{Books, History, MarketState, Portfolio, PriceSeries, Timestamp, UnderlyingIx};
use rayon::prelude::*;

use crate::error::BacktestError;
use crate::realised::{UnitPnl, pnl_between};
use crate::replay::held;

/// An account that has less than it must have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Liquidation {
    /// When.
    pub time: Timestamp,
    /// Position in the margin dates of the last one, whose maintenance margin holds.
    pub step: usize,
    /// What the collateral is then worth.
    pub collateral: f64,
    /// P&L since the first margin date, gain positive.
    pub pnl: f64,
    /// What the account must have.
    pub maintenance: f64,
}

impl Liquidation {
    /// Collateral and P&L together; below zero the account owes.
    #[must_use]
    pub fn equity(&self) -> f64 {
        self.collateral + self.pnl
    }
}

/// The prices of one underlying at their own resolution.
#[derive(Clone, Debug, Default)]
pub struct LivePrices {
    /// Spot or index price.
    pub spot: PriceSeries,
    /// Mark of the perpetual, where it has a history of its own.
    pub perpetual: Option<PriceSeries>,
}

/// An asset that an account has put up.
#[derive(Clone, Copy, Debug)]
pub struct Pledge<'a> {
    /// How much of it.
    pub amount: f64,
    /// What one is worth; `None` = 1, throughout.
    pub prices: Option<&'a PriceSeries>,
}

/// One account, and what it is looked at with.
#[derive(Clone, Copy, Debug)]
pub struct Watched<'a> {
    /// Position in the books' accounts.
    pub account: usize,
    /// What it has put up.
    pub pledges: &'a [Pledge<'a>],
    /// Its P&L since the first margin date, one a margin date.
    pub pnl: &'a [f64],
    /// By model, its maintenance margin, one a margin date.
    pub maintenance: &'a [&'a [f64]],
}

/// The first instant at which an account has less than it must have, by model. `steps` are the margin dates and `live` the
/// underlyings' prices in their order.
///
/// # Errors
/// [`BacktestError`] naming the instrument that cannot be valued or settled.
pub fn liquidations(
    history: &History,
    books: &Books,
    steps: Range<usize>,
    live: &[LivePrices],
    watched: &Watched<'_>,
) -> Result<Vec<Option<Liquidation>>, BacktestError> {
    let mut found: Vec<Option<Liquidation>> = vec![None; watched.maintenance.len()];
    for (at, step) in steps.clone().enumerate() {
        let time = history.panel.times()[step];
        let mut look = |time: Timestamp, moved: f64| {
            let (collateral, pnl) = (value(watched.pledges, time), watched.pnl[at] + moved);
            for (found, maintenance) in found.iter_mut().zip(watched.maintenance) {
                let now =
                    Liquidation { time, step: at, collateral, pnl, maintenance: maintenance[at] };
                if found.is_none() && now.equity() < now.maintenance {
                    *found = Some(now);
                }
            }
            found.iter().all(Option::is_some)
        };
        if look(time, 0.0) {
            break;
        }
        let Some(&end) = history.panel.times().get(step + 1).filter(|_| step + 1 < steps.end)
        else {
            continue;
        };
        let portfolio = &books.portfolios[step][watched.account];
        let instants = between(history, portfolio, live, watched.pledges, time..end);
        if instants.is_empty() {
            continue;
        }
        let from = history.state(step)?;
        for instant in instants {
            let to = moved_to(history, &from, instant, live);
            if look(instant, moved(history, portfolio, &from, &to)?) {
                break;
            }
        }
    }
    Ok(found)
}

/// Worth of what was put up.
fn value(pledges: &[Pledge<'_>], time: Timestamp) -> f64 {
    let price = |pledge: &Pledge<'_>| match pledge.prices {
        None => 1.0,
        Some(prices) => prices.as_of(time).map_or(0.0, |(_, price)| price),
    };
    pledges.iter().map(|pledge| pledge.amount * price(pledge)).sum()
}

/// The instants strictly inside a step at which a price that matters to the account becomes known.
fn between(
    history: &History,
    portfolio: &Portfolio,
    live: &[LivePrices],
    pledges: &[Pledge<'_>],
    step: Range<Timestamp>,
) -> Vec<Timestamp> {
    let mut all: Vec<Timestamp> = Vec::new();
    let mut add = |series: &PriceSeries| {
        let from = series.times.partition_point(|&known| known <= step.start);
        let to = series.times.partition_point(|&known| known < step.end);
        all.extend_from_slice(&series.times[from..to]);
    };
    pledges.iter().filter_map(|pledge| pledge.prices).for_each(&mut add);
    let mut done: Vec<UnderlyingIx> = Vec::new();
    for position in portfolio.positions() {
        let underlying = history.universe.instrument(position.instrument).underlying;
        if done.contains(&underlying) {
            continue;
        }
        done.push(underlying);
        if let Some(prices) = live.get(underlying.0) {
            add(&prices.spot);
            prices.perpetual.iter().for_each(&mut add);
        }
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// A market state with the prices of a later instant.
fn moved_to(
    history: &History,
    from: &MarketState,
    time: Timestamp,
    live: &[LivePrices],
) -> MarketState {
    let mut to = from.clone();
    to.time = time;
    // A price that has not been renewed stands as it is in the state.
    let renewed = |series: &PriceSeries| {
        series.as_of(time).filter(|(known, _)| *known > from.time).map(|(_, price)| price)
    };
    for (state, prices) in to.underlyings.iter_mut().zip(live) {
        let spot = renewed(&prices.spot).unwrap_or(state.spot);
        state.perpetual = match &prices.perpetual {
            Some(own) => renewed(own).unwrap_or(state.perpetual),
            None => state.perpetual * (spot / state.spot),
        };
        state.spot = spot;
    }
    for (ix, mark) in &mut to.marks {
        let underlying = history.universe.instrument(*ix).underlying;
        mark.forward *= to.underlyings[underlying.0].spot / from.underlying(underlying).spot;
    }
    to
}

/// P&L of a portfolio from a margin date to an instant before the next one.
fn moved(
    history: &History,
    portfolio: &Portfolio,
    from: &MarketState,
    to: &MarketState,
) -> Result<f64, BacktestError> {
    let mut sum = 0.0;
    for position in portfolio.positions() {
        sum += position.quantity * pnl_between(history, from, to, position.instrument)?;
    }
    Ok(sum)
}

/// P&L of some accounts from the first margin date to each, by account: zero at the first.
///
/// # Errors
/// [`BacktestError`] naming the instrument that cannot be valued or settled.
pub fn pnl_since_start(
    history: &History,
    books: &Books,
    steps: Range<usize>,
    accounts: &[usize],
) -> Result<Vec<Vec<f64>>, BacktestError> {
    let over = |step: usize| step_pnl(history, &books.portfolios[step], step, accounts);
    let moves: Vec<Result<Vec<f64>, BacktestError>> =
        (steps.start..steps.end.saturating_sub(1)).into_par_iter().map(over).collect();
    let mut paths = vec![vec![0.0]; accounts.len()];
    for step in moves {
        for (path, pnl) in paths.iter_mut().zip(step?) {
            path.push(path[path.len() - 1] + pnl);
        }
    }
    Ok(paths)
}

/// P&L from one margin date to the next, one an account.
fn step_pnl(
    history: &History,
    portfolios: &[Portfolio],
    step: usize,
    accounts: &[usize],
) -> Result<Vec<f64>, BacktestError> {
    let involved: Vec<Portfolio> =
        accounts.iter().map(|&account| portfolios[account].clone()).collect();
    let states: Vec<MarketState> =
        (step..=step + 1).map(|step| history.state(step)).collect::<Result<_, _>>()?;
    let held = held(history.universe.instruments().len(), &involved);
    let unit = UnitPnl::realise(history, step, &states, held)?;
    Ok(involved.iter().map(|portfolio| unit.portfolio(portfolio, 0).0).collect())
}
