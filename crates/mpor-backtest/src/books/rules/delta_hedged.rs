//! Another rule, with its delta hedged at intervals.
//!
//! At each hedge the net delta of the inner positions, per underlying, is offset by one contract on it. Between hedges the hedge
//! is held as it is, so the book carries its gamma. The delta is the sensitivity to spot with each strike's volatility fixed.

use std::collections::BTreeMap;

use mpor_core::{InstrumentIx, MarketState, Position, Settlement, Span, UnderlyingIx, Universe};
use mpor_pricing::sensitivity::sensitivities;
use serde::{Deserialize, Serialize};

use super::{Rule, cash, one};
use crate::books::desk::{DeltaOne, Desk, Leg, Terms};
use crate::books::error::Problem;
use crate::books::listing::Listing;

/// `delta_hedged = { rule = { strangle = { ... } }, with = "perpetual", every = "1d" }`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeltaHedged {
    /// What is hedged.
    pub rule: Box<Rule>,
    /// The hedge, on each underlying that the rule holds.
    #[serde(default = "perpetual")]
    pub with: DeltaOne,
    /// Time between hedges. The inner rule's roll is a hedge too.
    pub every: Span,
    /// Time to expiry of a future.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenor: Option<Span>,
    /// Which expiries are listed.
    #[serde(default)]
    pub listing: Listing,
    /// What the hedge settles in.
    #[serde(default = "cash")]
    pub settlement: Settlement,
    /// Units of the underlying a contract of the hedge; of the quote currency for a coin-settled one.
    #[serde(default = "one")]
    pub contract_size: f64,
}

impl DeltaHedged {
    /// One contract of the hedge for each underlying in `held`, long.
    pub(in crate::books) fn contracts(
        &self,
        desk: &Desk<'_>,
        held: &[Position],
    ) -> Result<Vec<Leg>, Problem> {
        let terms = Terms { settlement: self.settlement, contract_size: self.contract_size };
        let mut underlyings: Vec<UnderlyingIx> = held
            .iter()
            .map(|position| desk.universe.instrument(position.instrument).underlying)
            .collect();
        underlyings.sort_unstable();
        underlyings.dedup();
        underlyings
            .into_iter()
            .map(|ix| {
                let market = desk.market(&desk.universe.underlying(ix).name, terms)?;
                let instrument = desk.delta_one(market, self.with, self.tenor, self.listing)?;
                Ok(Leg { instrument, quantity: 1.0 })
            })
            .collect()
    }
}

/// The quantities of `hedges` that bring the net delta of `held` to zero on each underlying.
pub(in crate::books) fn offsetting(
    universe: &Universe,
    state: &MarketState,
    held: &[Position],
    hedges: &[InstrumentIx],
) -> Result<Vec<Position>, Problem> {
    let mut net = BTreeMap::<UnderlyingIx, f64>::new();
    for position in held {
        let delta = sensitivities(state, universe, position.instrument)?.delta_units;
        let underlying = universe.instrument(position.instrument).underlying;
        *net.entry(underlying).or_default() += position.quantity * delta;
    }
    hedges
        .iter()
        .map(|&instrument| {
            let unit = sensitivities(state, universe, instrument)?.delta_units;
            let net = net.get(&universe.instrument(instrument).underlying).copied();
            Ok(Position { instrument, quantity: -net.unwrap_or(0.0) / unit })
        })
        .collect()
}

fn perpetual() -> DeltaOne {
    DeltaOne::Perpetual
}
