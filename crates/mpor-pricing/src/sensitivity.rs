//! How does one contract's P&L respond to its risk factors?
//!
//! Derivatives of [`crate::value::pnl`] at no move, per long contract in reporting currency. A move of spot carries the forward
//! and the perpetual with it in proportion; each strike keeps its volatility. The Black-76 greeks become
//!
//! ```text
//! delta_cash = F dV/dF,   delta_units = delta_cash / S,   gamma = (F/S)^2 d2V/dF2
//! ```
//!
//! A coin-settled option, worth `B(F) / F * S`, moves as `(S/F) B(F)`: the ratio of spot to forward does not change. A
//! coin-settled future's gain, converted at the later spot, is linear in spot.

use mpor_core::{Contract, InstrumentIx, MarketState, Universe};

use crate::error::PricingError;
use crate::value::Listed;

/// Sensitivities of one long contract, in reporting currency.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sensitivities {
    /// Size of the exposure, never negative: units of the underlying at spot; the face of a coin-settled future.
    pub notional: f64,
    /// P&L per 1.00 (100 %) relative move of spot.
    pub delta_cash: f64,
    /// P&L per unit of price move of spot: units of the underlying that hedge the contract.
    pub delta_units: f64,
    /// Change of `delta_units` per unit of price move of spot.
    pub gamma: f64,
    /// P&L per 1.00 of volatility.
    pub vega: f64,
    /// P&L per year that passes, forward and volatility fixed.
    pub theta: f64,
}

/// Sensitivities of one long contract.
///
/// # Errors
/// As [`crate::value::value`], except that coin-settled futures have them.
pub fn sensitivities(
    state: &MarketState,
    universe: &Universe,
    ix: InstrumentIx,
) -> Result<Sensitivities, PricingError> {
    let listed = Listed::new(state, universe, ix)?;
    let (spot, size) = (listed.spot(), listed.instrument.contract_size);
    let inverse = listed.instrument.contract.is_inverse();
    let Some(option) = &listed.option else {
        let price = listed.price()?;
        let delta_cash = if inverse { size * spot / price } else { size * price };
        let notional = if inverse { size } else { size * spot };
        return Ok(linear(notional, delta_cash, spot));
    };
    let greeks = option.black.greeks();
    let forward = option.black.forward();
    let units = if inverse { size * spot / forward } else { size };
    let delta_cash = units * greeks.delta * forward;
    Ok(Sensitivities {
        notional: size * spot,
        delta_cash,
        delta_units: delta_cash / spot,
        gamma: units * greeks.gamma * (forward / spot).powi(2),
        vega: units * greeks.vega,
        theta: units * greeks.theta,
    })
}

/// P&L of one long contract per 1.00 relative move of spot, in reporting currency.
///
/// # Errors
/// As [`sensitivities`].
pub fn delta_cash(
    state: &MarketState,
    universe: &Universe,
    ix: InstrumentIx,
) -> Result<f64, PricingError> {
    sensitivities(state, universe, ix).map(|all| all.delta_cash)
}

/// Size of one contract's exposure in reporting currency; needs no volatility.
#[must_use]
pub fn notional(state: &MarketState, universe: &Universe, ix: InstrumentIx) -> f64 {
    let instrument = universe.instrument(ix);
    let size = instrument.contract_size.abs();
    match instrument.contract {
        Contract::Option { .. } => size * state.underlying(instrument.underlying).spot,
        contract if contract.is_inverse() => size,
        _ => size * state.underlying(instrument.underlying).spot,
    }
}

fn linear(notional: f64, delta_cash: f64, spot: f64) -> Sensitivities {
    Sensitivities {
        notional,
        delta_cash,
        delta_units: delta_cash / spot,
        gamma: 0.0,
        vega: 0.0,
        theta: 0.0,
    }
}
