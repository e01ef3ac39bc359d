//! The underlying, with a call sold against it.

use mpor_core::{Right, Settlement, Span};
use serde::{Deserialize, Serialize};

use super::{Opens, cash, one};
use crate::books::desk::{DeltaOne, Desk, Leg, Size, Terms};
use crate::books::error::Problem;
use crate::books::listing::Listing;

/// `covered_call = { underlying = "BTC", delta = 0.25, tenor = "30d", roll = "7d", quantity = 10 }`
///
/// The underlying is held in as many units as the calls are on; a future ends with the calls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoveredCall {
    /// What it is written on.
    pub underlying: String,
    /// The contract that covers the calls.
    #[serde(default = "spot")]
    pub cover: DeltaOne,
    /// Absolute forward delta of the call, such as 0.25.
    pub delta: f64,
    /// Time to expiry.
    pub tenor: Span,
    /// How long until it is renewed.
    pub roll: Span,
    /// Calls sold; positive = long the underlying and short the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<f64>,
    /// Reporting currency of the underlying at each roll.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notional: Option<f64>,
    /// Which expiries are listed.
    #[serde(default)]
    pub listing: Listing,
    /// What the contracts settle in.
    #[serde(default = "cash")]
    pub settlement: Settlement,
    /// Units of the underlying a contract; of the quote currency for a coin-settled cover.
    #[serde(default = "one")]
    pub contract_size: f64,
}

impl Opens for CoveredCall {
    fn roll(&self) -> Span {
        self.roll
    }

    fn open(&self, desk: &Desk<'_>) -> Result<Vec<Leg>, Problem> {
        let terms = Terms { settlement: self.settlement, contract_size: self.contract_size };
        let market = desk.market(&self.underlying, terms)?;
        let chain = desk.chain(market, "tenor", self.tenor, self.listing)?;
        let call = chain.option(chain.strike_of_delta(Right::Call, self.delta)?, Right::Call);
        let calls = market.contracts(&call, Size::of(self.quantity, self.notional)?);
        let cover = desk.delta_one(market, self.cover, Some(self.tenor), self.listing)?;
        let units = market.units(&call, calls);
        let held = market.contracts_for_units(&cover, units);
        Ok(vec![
            Leg { instrument: cover, quantity: held },
            Leg { instrument: call, quantity: -calls },
        ])
    }
}

fn spot() -> DeltaOne {
    DeltaOne::Spot
}
