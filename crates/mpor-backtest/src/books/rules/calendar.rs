//! Two expiries of one underlying: long the far one, short the near one.

use mpor_core::{Contract, Right, Settlement, Span};
use serde::{Deserialize, Serialize};

use super::{Opens, cash, one};
use crate::books::desk::{DeltaOne, Desk, Leg, Size, Terms};
use crate::books::error::Problem;
use crate::books::listing::Listing;

/// `calendar = { underlying = "BTC", of = "options", near = "30d", far = "90d", roll = "7d", quantity = 10 }`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// What it is written on.
    pub underlying: String,
    /// Futures, or options struck at the near forward.
    pub of: CalendarOf,
    /// Call or put, for options.
    #[serde(default = "call")]
    pub right: Right,
    /// Time to the expiry that is sold.
    pub near: Span,
    /// Time to the expiry that is bought.
    pub far: Span,
    /// How long until it is renewed.
    pub roll: Span,
    /// Contracts of each expiry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<f64>,
    /// Reporting currency of each expiry at each roll.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notional: Option<f64>,
    /// Which expiries are listed.
    #[serde(default)]
    pub listing: Listing,
    /// What the contracts settle in.
    #[serde(default = "cash")]
    pub settlement: Settlement,
    /// Units of the underlying a contract; of the quote currency for coin-settled futures.
    #[serde(default = "one")]
    pub contract_size: f64,
}

/// What a calendar spread is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CalendarOf {
    /// Dated futures.
    Futures,
    /// Options at one strike.
    Options,
}

impl Opens for Calendar {
    fn roll(&self) -> Span {
        self.roll
    }

    fn open(&self, desk: &Desk<'_>) -> Result<Vec<Leg>, Problem> {
        let terms = Terms { settlement: self.settlement, contract_size: self.contract_size };
        let market = desk.market(&self.underlying, terms)?;
        let (near, far) = match self.of {
            CalendarOf::Futures => {
                let future =
                    |tenor| desk.delta_one(market, DeltaOne::Future, Some(tenor), self.listing);
                (future(self.near)?, future(self.far)?)
            }
            CalendarOf::Options => {
                let near = desk.chain(market, "near", self.near, self.listing)?;
                let far = desk.chain(market, "far", self.far, self.listing)?;
                let strike = near.at_the_money();
                (near.option(strike, self.right), far.option(strike, self.right))
            }
        };
        let expiry = |contract: &Contract| contract.expiry().unwrap_or_default();
        let (sold, bought) = (expiry(&near.contract), expiry(&far.contract));
        if sold >= bought {
            return Err(Problem::OneExpiry { near: self.near, far: self.far, expiry: sold });
        }
        let size = Size::of(self.quantity, self.notional)?;
        let quantity = market.contracts(&near, size);
        Ok(vec![Leg { instrument: near, quantity: -quantity }, Leg { instrument: far, quantity }])
    }
}

fn call() -> Right {
    Right::Call
}
