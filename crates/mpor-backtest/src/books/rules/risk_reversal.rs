//! A call against a put of one delta: long the call, short the put.

use mpor_core::{Right, Settlement, Span};
use serde::{Deserialize, Serialize};

use super::{Opens, cash, one};
use crate::books::desk::{Desk, Leg, Size, Terms};
use crate::books::error::Problem;
use crate::books::listing::Listing;

/// `risk_reversal = { underlying = "BTC", delta = 0.25, tenor = "30d", roll = "7d", quantity = 10 }`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RiskReversal {
    /// What it is written on.
    pub underlying: String,
    /// Absolute forward delta of each option, such as 0.25.
    pub delta: f64,
    /// Time to expiry.
    pub tenor: Span,
    /// How long until it is renewed.
    pub roll: Span,
    /// Contracts of the call; the put is held the other way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<f64>,
    /// Reporting currency of the underlying that each option is on, at each roll.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notional: Option<f64>,
    /// Which expiries are listed.
    #[serde(default)]
    pub listing: Listing,
    /// What the options settle in.
    #[serde(default = "cash")]
    pub settlement: Settlement,
    /// Units of the underlying a contract.
    #[serde(default = "one")]
    pub contract_size: f64,
}

impl Opens for RiskReversal {
    fn roll(&self) -> Span {
        self.roll
    }

    fn open(&self, desk: &Desk<'_>) -> Result<Vec<Leg>, Problem> {
        let terms = Terms { settlement: self.settlement, contract_size: self.contract_size };
        let market = desk.market(&self.underlying, terms)?;
        let chain = desk.chain(market, "tenor", self.tenor, self.listing)?;
        let (low, high) = chain.wings(self.delta)?;
        let (put, call) = (chain.option(low, Right::Put), chain.option(high, Right::Call));
        let quantity = market.contracts(&call, Size::of(self.quantity, self.notional)?);
        Ok(vec![Leg { instrument: put, quantity: -quantity }, Leg { instrument: call, quantity }])
    }
}
