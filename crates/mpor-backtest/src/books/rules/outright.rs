//! One spot, perpetual or future.

use mpor_core::{Settlement, Span};
use serde::{Deserialize, Serialize};

use super::{Opens, cash, one};
use crate::books::desk::{DeltaOne, Desk, Leg, Size, Terms};
use crate::books::error::Problem;
use crate::books::listing::Listing;

/// `outright = { underlying = "BTC", contract = "perpetual", roll = "7d", notional = -1_000_000 }`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outright {
    /// What it is written on.
    pub underlying: String,
    /// Which contract.
    pub contract: DeltaOne,
    /// Time to expiry of the future.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenor: Option<Span>,
    /// How long until it is renewed.
    pub roll: Span,
    /// Contracts; positive = long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<f64>,
    /// Reporting currency at each roll; positive = long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notional: Option<f64>,
    /// Which expiries are listed.
    #[serde(default)]
    pub listing: Listing,
    /// What futures and perpetuals settle in.
    #[serde(default = "cash")]
    pub settlement: Settlement,
    /// Units of the underlying a contract; of the quote currency for coin-settled ones.
    #[serde(default = "one")]
    pub contract_size: f64,
}

impl Opens for Outright {
    fn roll(&self) -> Span {
        self.roll
    }

    fn open(&self, desk: &Desk<'_>) -> Result<Vec<Leg>, Problem> {
        let terms = Terms { settlement: self.settlement, contract_size: self.contract_size };
        let market = desk.market(&self.underlying, terms)?;
        let instrument = desk.delta_one(market, self.contract, self.tenor, self.listing)?;
        let size = Size::of(self.quantity, self.notional)?;
        let quantity = market.contracts(&instrument, size);
        Ok(vec![Leg { instrument, quantity }])
    }
}
