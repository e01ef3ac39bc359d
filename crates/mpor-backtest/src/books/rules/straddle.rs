//! A put and a call at the strike nearest to the forward.

use mpor_core::{Right, Settlement, Span};
use serde::{Deserialize, Serialize};

use super::{Opens, cash, one};
use crate::books::desk::{Desk, Leg, Size, Terms};
use crate::books::error::Problem;
use crate::books::listing::Listing;

/// `straddle = { underlying = "BTC", tenor = "30d", roll = "7d", quantity = -10 }`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Straddle {
    /// What it is written on.
    pub underlying: String,
    /// Time to expiry.
    pub tenor: Span,
    /// How long until it is renewed.
    pub roll: Span,
    /// Contracts of each option; negative = sold.
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

impl Opens for Straddle {
    fn roll(&self) -> Span {
        self.roll
    }

    fn open(&self, desk: &Desk<'_>) -> Result<Vec<Leg>, Problem> {
        let terms = Terms { settlement: self.settlement, contract_size: self.contract_size };
        let market = desk.market(&self.underlying, terms)?;
        let chain = desk.chain(market, "tenor", self.tenor, self.listing)?;
        let strike = chain.at_the_money();
        let (put, call) = (chain.option(strike, Right::Put), chain.option(strike, Right::Call));
        let quantity = market.contracts(&put, Size::of(self.quantity, self.notional)?);
        Ok(vec![Leg { instrument: put, quantity }, Leg { instrument: call, quantity }])
    }
}
