//! One dated future, rolled into the next listed one some days before it expires.
//!
//! At the first margin date that is at or after `expiry - roll_before`, the future held is given up and the first listed one that
//! expires later than `roll_before` from then is held instead, as many contracts or as much money as the rule says. A roll is a
//! trade at the prices of its margin date: it changes what is held and gains or loses nothing.

use mpor_core::{Settlement, Span};
use serde::{Deserialize, Serialize};

use super::{Opens, cash, one};
use crate::books::desk::{Desk, LONGEST, Leg, Size, Terms};
use crate::books::error::Problem;
use crate::books::listing::Listing;

/// `futures = { underlying = "BTC", roll_before = "3d", notional = 1_000_000, listing = "listed" }`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Futures {
    /// What it is written on.
    pub underlying: String,
    /// How long before its expiry a future is rolled.
    pub roll_before: Span,
    /// Contracts; positive = long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<f64>,
    /// Reporting currency at each roll; positive = long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notional: Option<f64>,
    /// Which expiries are listed.
    #[serde(default)]
    pub listing: Listing,
    /// What the future settles in.
    #[serde(default = "cash")]
    pub settlement: Settlement,
    /// Units of the underlying a contract; of the quote currency for coin-settled ones.
    #[serde(default = "one")]
    pub contract_size: f64,
}

impl Opens for Futures {
    /// Only an expiry ends the holding.
    fn roll(&self) -> Span {
        LONGEST
    }

    fn before_expiry(&self) -> Span {
        self.roll_before
    }

    fn open(&self, desk: &Desk<'_>) -> Result<Vec<Leg>, Problem> {
        if self.roll_before < Span(0) {
            return Err(Problem::OutOfRange {
                key: "roll_before",
                found: self.roll_before.as_days(),
                expected: "a time before expiry, 0d or longer",
            });
        }
        let terms = Terms { settlement: self.settlement, contract_size: self.contract_size };
        let market = desk.market(&self.underlying, terms)?;
        let size = Size::of(self.quantity, self.notional)?;
        let instrument = desk.future_after(market, desk.now() + self.roll_before, self.listing)?;
        let quantity = market.contracts(&instrument, size);
        Ok(vec![Leg { instrument, quantity }])
    }
}
