//! One underlying against another: long the first, short `ratio` times as much of the second.

use mpor_core::{Settlement, Span};
use serde::{Deserialize, Serialize};

use super::{Opens, above_zero, cash, one};
use crate::books::desk::{DeltaOne, Desk, Leg, Size, Terms};
use crate::books::error::Problem;
use crate::books::listing::Listing;

/// `spread = { long = "ETH", short = "BTC", contract = "perpetual", roll = "7d", notional = 1_000_000 }`
///
/// `ratio` counts in contracts with `quantity`, and in money with `notional`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    /// Held long when the size is positive.
    pub long: String,
    /// Held short when the size is positive.
    pub short: String,
    /// Which contract, on both.
    pub contract: DeltaOne,
    /// Short size for a long size of 1.
    #[serde(default = "one")]
    pub ratio: f64,
    /// Time to expiry of the futures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenor: Option<Span>,
    /// How long until it is renewed.
    pub roll: Span,
    /// Contracts of the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<f64>,
    /// Reporting currency of the first at each roll.
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

impl Opens for Spread {
    fn roll(&self) -> Span {
        self.roll
    }

    fn open(&self, desk: &Desk<'_>) -> Result<Vec<Leg>, Problem> {
        let terms = Terms { settlement: self.settlement, contract_size: self.contract_size };
        let size = Size::of(self.quantity, self.notional)?;
        let ratio = above_zero("ratio", self.ratio)?;
        let leg = |name: &str, share: f64| -> Result<Leg, Problem> {
            let market = desk.market(name, terms)?;
            let instrument = desk.delta_one(market, self.contract, self.tenor, self.listing)?;
            let quantity = share * market.contracts(&instrument, size);
            Ok(Leg { instrument, quantity })
        };
        Ok(vec![leg(&self.long, 1.0)?, leg(&self.short, -ratio)?])
    }
}
