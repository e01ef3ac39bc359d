//! Why did a portfolio gain or lose? Full revaluation in steps, one cause at a time.
//!
//! Between the margin date and the end of the loss, the market state is changed in this order, each contract being valued
//! again in full after each change:
//!
//! ```text
//! spot        index to its later value; carry, perpetual basis, volatilities and time as they were
//! basis       carry, rate, perpetual and listed forwards to their later values
//! volatility  surface and listed volatilities to their later values
//! time        the clock moves; contracts that expired are worth their payoff at the later index
//! funding     what perpetuals paid
//! residual    realised P&L less all of the above: settlement at an average or at an earlier index
//! ```
//!
//! The causes add up to the realised P&L exactly as printed, because the residual is what is left. The order matters where
//! causes interact (spot with volatility): an interaction belongs to the later of the two. A volatility is taken at the
//! contract's moneyness and remaining life, so the move along the smile belongs to spot.

use mpor_core::{History, InstrumentIx, MarketState, Portfolio};
use mpor_pricing::{PricingError, expiry_pnl, pnl};
use ndarray::Array2;

use crate::error::BacktestError;
use crate::realised::UnitPnl;
use crate::result::Cause;

/// The causes in order of revaluation.
pub const CAUSES: [Cause; 6] =
    [Cause::Spot, Cause::Basis, Cause::Volatility, Cause::Time, Cause::Funding, Cause::Residual];

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
        let path = Path::new(history, &states[0], &states[k]);
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
    between: [MarketState; 3],
    to: &'a MarketState,
}

impl<'a> Path<'a> {
    fn new(history: &History, from: &'a MarketState, to: &'a MarketState) -> Self {
        let spot = with_spot(history, from, to);
        let basis = with_basis(&spot, to);
        let volatility = with_volatility(history, &basis, to);
        Path { from, between: [spot, basis, volatility], to }
    }

    /// P&L of one long contract from the margin date to each state on the path.
    fn pnl(&self, history: &History, ix: InstrumentIx) -> Result<[f64; 4], PricingError> {
        let universe = &history.universe;
        let mut steps = [0.0; 4];
        for (step, state) in steps.iter_mut().zip(&self.between) {
            *step = pnl(self.from, state, universe, ix)?;
        }
        let instrument = universe.instrument(ix);
        let expired = instrument.contract.expiry().is_some_and(|expiry| expiry <= self.to.time);
        steps[3] = if expired {
            let index = self.to.underlying(instrument.underlying).spot;
            expiry_pnl(self.from, universe, ix, index, index)?
        } else {
            pnl(self.from, self.to, universe, ix)?
        };
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
        now.rate = later.rate;
    }
    state
}

/// A listing that ended by expiry keeps its mark, so that its last move is one of time; one that ended otherwise is valued
/// by the later surface from here on, as the realised P&L is.
fn with_volatility(history: &History, basis: &MarketState, to: &MarketState) -> MarketState {
    let mut state = basis.clone();
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
