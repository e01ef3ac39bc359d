//! Why did a portfolio gain or lose? Full revaluation in steps, one cause at a time.
//!
//! Between the margin date and the end of the loss, the market state is changed in this order, each contract being valued
//! again in full after each change:
//!
//! ```text
//! spot              index to its later value; carry, perpetual basis, rates, volatilities and time as they were
//! basis             carry, perpetual and listed forwards to their later values
//! rate              discount rate to its later value
//! volatility level  each volatility times the ratio of the later to the earlier volatility at the money of its expiry
//! volatility shape  surface and listed volatilities to their later values
//! time              the clock moves; contracts that expired are worth their payoff at the later index
//! fx                coins, until here at the worth of the margin date, at their later worth
//! funding           what perpetuals paid
//! residual          realised P&L less all of the above: settlement at an average or at an earlier index
//! ```
//!
//! The causes add up to the realised P&L exactly as printed, because the residual is what is left. The order matters where
//! causes interact (spot with volatility): an interaction belongs to the later of the two. A volatility is taken at the
//! contract's moneyness and remaining life, so the move along the smile belongs to spot.
//!
//! The volatility at the money comes from where the contract's own does: a contract listed at both ends follows the listed
//! contract of its expiry that is listed at both ends and nearest to its forward (the first of equals); any other contract
//! follows the surface at log-moneyness zero and its remaining life. Without such a pair the level has not moved, and all is
//! shape.
//!
//! The only money beside the reporting currency is the coin of a coin-settled contract. Such a contract is valued in coins
//! first: `spot` to `time` are coins gained at the coin's earlier worth, and `fx` is what the coins (for an option its whole
//! value in coins, for a future or perpetual the coins gained) change in worth.

use std::collections::BTreeMap;

use mpor_core::{
    Contract, History, InstrumentIx, MarketState, OptionMark, Portfolio, Timestamp, UnderlyingIx,
};
use mpor_pricing::{PricingError, expiry_pnl, pnl, settlement_pnl};
use ndarray::Array2;

use crate::error::BacktestError;
use crate::realised::UnitPnl;
use crate::result::Cause;

/// The causes in order of revaluation.
pub const CAUSES: [Cause; 9] = [
    Cause::Spot,
    Cause::Basis,
    Cause::Rate,
    Cause::VolatilityLevel,
    Cause::VolatilityShape,
    Cause::Time,
    Cause::Fx,
    Cause::Funding,
    Cause::Residual,
];

/// Causes found by revaluation: all but funding and the residual.
const REVALUED: usize = CAUSES.len() - 2;

/// P&L of one long contract of each held instrument, by cause.
#[derive(Clone, Debug)]
pub struct UnitCauses {
    /// `[[instrument, cause]]` in the order of [`CAUSES`] but for the residual, reporting currency, gain positive.
    pnl: Array2<f64>,
}

impl UnitCauses {
    /// Causes from the margin date `states[0]` to `states[k]`, for the instruments of `unit`.
    ///
    /// # Errors
    /// [`BacktestError::Realised`] naming the instrument that cannot be valued.
    pub fn explain(
        history: &History,
        states: &[MarketState],
        k: usize,
        unit: &UnitPnl,
    ) -> Result<Self, BacktestError> {
        let path = Path::new(history, &states[0], &states[k], &unit.held);
        let mut causes = Array2::zeros((unit.held.len(), CAUSES.len() - 1));
        for (row, &ix) in unit.held.iter().enumerate() {
            let steps = path.pnl(history, ix).map_err(|source| BacktestError::Realised {
                instrument: history.universe.instrument(ix).name.clone(),
                from: states[0].time,
                to: states[k].time,
                source: Box::new(source),
            })?;
            let mut before = 0.0;
            for (cause, after) in steps.into_iter().enumerate() {
                causes[[row, cause]] = after - before;
                before = after;
            }
            causes[[row, steps.len()]] = unit.funding[[row, k - 1]];
        }
        Ok(UnitCauses { pnl: causes })
    }

    /// A portfolio's P&L by cause, adding up to `realised`, the P&L of the same portfolio over the same steps.
    #[must_use]
    pub fn portfolio(
        &self,
        unit: &UnitPnl,
        portfolio: &Portfolio,
        realised: f64,
    ) -> Vec<(Cause, f64)> {
        let mut amounts = [0.0; CAUSES.len()];
        for (row, quantity) in unit.rows(portfolio) {
            for (amount, unit) in amounts.iter_mut().zip(self.pnl.row(row)) {
                *amount += quantity * unit;
            }
        }
        let explained: f64 = amounts.iter().sum();
        amounts[CAUSES.len() - 1] = realised - explained;
        CAUSES.into_iter().zip(amounts).collect()
    }
}

/// The states between the margin date and the end of the loss, each with one more cause at its later value.
struct Path<'a> {
    from: &'a MarketState,
    between: [MarketState; 5],
    to: &'a MarketState,
}

impl<'a> Path<'a> {
    fn new(
        history: &History,
        from: &'a MarketState,
        to: &'a MarketState,
        held: &[InstrumentIx],
    ) -> Self {
        let spot = with_spot(history, from, to);
        let basis = with_basis(&spot, to);
        let rate = with_rate(&basis, to);
        let level = with_level(history, &rate, to, held);
        let shape = with_volatility(history, &rate, to);
        Path { from, between: [spot, basis, rate, level, shape], to }
    }

    /// P&L of one long contract from the margin date to each state on the path, then to the later state with coins at their
    /// earlier worth, then with coins at their later worth.
    fn pnl(&self, history: &History, ix: InstrumentIx) -> Result<[f64; REVALUED], PricingError> {
        let universe = &history.universe;
        let instrument = universe.instrument(ix);
        let spot = |state: &MarketState| state.underlying(instrument.underlying).spot;
        let coin = instrument.contract.is_inverse();
        let at_earlier_worth = |state: &MarketState| -> Result<f64, PricingError> {
            if coin {
                return Ok(settlement_pnl(self.from, state, universe, ix)? * spot(self.from));
            }
            pnl(self.from, state, universe, ix)
        };
        let mut steps = [0.0; REVALUED];
        for (step, state) in steps.iter_mut().zip(&self.between) {
            *step = at_earlier_worth(state)?;
        }
        let expired = instrument.contract.expiry().is_some_and(|expiry| expiry <= self.to.time);
        let index = spot(self.to);
        let (time, fx) = if expired {
            let worth = if coin { spot(self.from) } else { index };
            let paid = |worth| expiry_pnl(self.from, universe, ix, index, worth);
            (paid(worth)?, paid(index)?)
        } else {
            (at_earlier_worth(self.to)?, pnl(self.from, self.to, universe, ix)?)
        };
        steps[REVALUED - 2] = time;
        steps[REVALUED - 1] = fx;
        Ok(steps)
    }
}

fn with_spot(history: &History, from: &MarketState, to: &MarketState) -> MarketState {
    let mut state = from.clone();
    for (ix, mark) in &mut state.marks {
        let underlying = history.universe.instrument(*ix).underlying;
        mark.forward *= to.underlying(underlying).spot / from.underlying(underlying).spot;
    }
    for (now, later) in state.underlyings.iter_mut().zip(&to.underlyings) {
        now.perpetual *= later.spot / now.spot;
        now.spot = later.spot;
    }
    state
}

fn with_basis(spot: &MarketState, to: &MarketState) -> MarketState {
    let mut state = spot.clone();
    for (ix, mark) in &mut state.marks {
        mark.forward = to.marks.get(ix).map_or(mark.forward, |later| later.forward);
    }
    for (now, later) in state.underlyings.iter_mut().zip(&to.underlyings) {
        now.perpetual = later.perpetual;
        now.carry = later.carry;
        now.forwards = later.forwards.clone();
    }
    state
}

fn with_rate(basis: &MarketState, to: &MarketState) -> MarketState {
    let mut state = basis.clone();
    for (now, later) in state.underlyings.iter_mut().zip(&to.underlyings) {
        now.rate = later.rate;
    }
    state
}

/// The volatility of every held option times the ratio by which the volatility at the money of its expiry moved; written
/// as marks, which take precedence over the surface.
fn with_level(
    history: &History,
    rate: &MarketState,
    to: &MarketState,
    held: &[InstrumentIx],
) -> MarketState {
    let listed = listed_levels(history, rate, to);
    let mut state = rate.clone();
    for &ix in held {
        let instrument = history.universe.instrument(ix);
        let Contract::Option { expiry, strike, .. } = instrument.contract else { continue };
        let (was, is) = (rate.marks.contains_key(&ix), to.marks.contains_key(&ix));
        // As in `with_volatility`: what was listed and expired keeps its mark.
        if was && expiry <= to.time {
            continue;
        }
        let underlying = instrument.underlying;
        // An option without a volatility is an error of the revaluation that follows.
        let Some(inputs) = rate.option_inputs(ix, underlying, expiry, strike) else { continue };
        let ratio = match listed.get(&(underlying, expiry)) {
            Some(&(_, ratio)) if was && is => Some(ratio),
            _ => surface_level(rate, to, underlying, inputs.years),
        };
        if let Some(ratio) = ratio.filter(|ratio| ratio.is_finite() && *ratio > 0.0) {
            let vol = inputs.vol * ratio;
            state.marks.insert(ix, OptionMark { vol, forward: inputs.forward });
        }
    }
    state
}

/// Of each expiry, the listed contract nearest to its forward that is listed at both ends: how far it is from the forward in
/// log-moneyness, and its later over its earlier volatility.
fn listed_levels(
    history: &History,
    rate: &MarketState,
    to: &MarketState,
) -> BTreeMap<(UnderlyingIx, Timestamp), (f64, f64)> {
    let mut levels: BTreeMap<_, (f64, f64)> = BTreeMap::new();
    for (ix, mark) in &rate.marks {
        let instrument = history.universe.instrument(*ix);
        let Contract::Option { expiry, strike, .. } = instrument.contract else { continue };
        let Some(later) = to.marks.get(ix) else { continue };
        let far = libm::log(strike / mark.forward).abs();
        let level = (far, later.vol / mark.vol);
        let nearest = levels.entry((instrument.underlying, expiry)).or_insert(level);
        if far < nearest.0 {
            *nearest = level;
        }
    }
    levels
}

/// Later over earlier volatility at the money of the surface; `None` without a surface at either end, or without time.
fn surface_level(
    rate: &MarketState,
    to: &MarketState,
    underlying: UnderlyingIx,
    years: f64,
) -> Option<f64> {
    let surface = |state: &MarketState| {
        let surface = state.underlying(underlying).surface.as_ref()?;
        (years > 0.0).then(|| surface.vol(0.0, years))
    };
    Some(surface(to)? / surface(rate)?)
}

/// A listing that ended by expiry keeps its mark, so that its last move is one of time; one that ended otherwise is valued
/// by the later surface from here on, as the realised P&L is.
fn with_volatility(history: &History, rate: &MarketState, to: &MarketState) -> MarketState {
    let mut state = rate.clone();
    let expired = |ix: InstrumentIx| {
        let expiry = history.universe.instrument(ix).contract.expiry();
        expiry.is_some_and(|expiry| expiry <= to.time)
    };
    state.marks.retain(|ix, _| expired(*ix));
    state.marks.extend(to.marks.iter().map(|(ix, mark)| (*ix, *mark)));
    for (now, later) in state.underlyings.iter_mut().zip(&to.underlyings) {
        now.surface = later.surface.clone();
    }
    state
}
