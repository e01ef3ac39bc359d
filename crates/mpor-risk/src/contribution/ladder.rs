//! What is the book's delta, gamma, vega and theta, and at which expiry does it sit?
//!
//! Sensitivities are those of [`mpor_pricing::sensitivity`], times the quantities held: per 1.00 relative move of spot
//! (delta cash), units of the underlying (delta, gamma per unit of price), per 1.00 of volatility (vega), per year
//! (theta). An expired or unpriced contract is an error, never a gap.

use std::collections::BTreeMap;

use mpor_core::{MarketState, Portfolio, Timestamp, UnderlyingIx, Universe};
use mpor_pricing::sensitivity::{Sensitivities, sensitivities};

use crate::error::RiskError;

/// Sums of sensitivities in reporting currency.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rung {
    /// Expiry of the contracts; `None` for spot and perpetuals, and for the net.
    pub expiry: Option<Timestamp>,
    /// P&L per 1.00 (100 %) relative move of spot.
    pub delta_cash: f64,
    /// Units of the underlying that hedge the book, with the sign of the book.
    pub delta_units: f64,
    /// Change of `delta_units` per unit of price move of spot.
    pub gamma: f64,
    /// P&L per 1.00 of volatility.
    pub vega: f64,
    /// P&L per year that passes.
    pub theta: f64,
}

/// The sensitivities of one underlying.
#[derive(Clone, Debug, PartialEq)]
pub struct Ladder {
    /// The underlying.
    pub underlying: UnderlyingIx,
    /// All contracts together.
    pub net: Rung,
    /// What does not expire first, then by expiry.
    pub rungs: Vec<Rung>,
}

/// Ladders of a portfolio, by underlying.
///
/// # Errors
/// [`RiskError::Pricing`] for a contract without a value.
pub fn ladder(
    state: &MarketState,
    universe: &Universe,
    portfolio: &Portfolio,
) -> Result<Vec<Ladder>, RiskError> {
    let mut rungs: BTreeMap<(UnderlyingIx, Option<Timestamp>), Rung> = BTreeMap::new();
    for position in portfolio.positions() {
        let instrument = universe.instrument(position.instrument);
        let unit = sensitivities(state, universe, position.instrument)?;
        let expiry = instrument.contract.expiry();
        let rung = rungs.entry((instrument.underlying, expiry)).or_default();
        rung.expiry = expiry;
        rung.add(&unit, position.quantity);
    }
    let mut ladders: Vec<Ladder> = Vec::new();
    for ((underlying, _), rung) in rungs {
        if ladders.last().is_none_or(|ladder| ladder.underlying != underlying) {
            ladders.push(Ladder { underlying, net: Rung::default(), rungs: Vec::new() });
        }
        if let Some(ladder) = ladders.last_mut() {
            ladder.net.join(&rung);
            ladder.rungs.push(rung);
        }
    }
    Ok(ladders)
}

impl Rung {
    fn add(&mut self, unit: &Sensitivities, quantity: f64) {
        self.delta_cash += quantity * unit.delta_cash;
        self.delta_units += quantity * unit.delta_units;
        self.gamma += quantity * unit.gamma;
        self.vega += quantity * unit.vega;
        self.theta += quantity * unit.theta;
    }

    fn join(&mut self, other: &Rung) {
        self.delta_cash += other.delta_cash;
        self.delta_units += other.delta_units;
        self.gamma += other.gamma;
        self.vega += other.vega;
        self.theta += other.theta;
    }
}
