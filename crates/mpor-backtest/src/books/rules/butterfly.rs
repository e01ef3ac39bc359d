//! Calls at three strikes equally far apart: one low, minus two at the money, one high.

use mpor_core::{Right, Settlement, Span};
use serde::{Deserialize, Serialize};

use super::{Opens, cash, one};
use crate::books::desk::{Chain, Desk, Leg, Size, Terms};
use crate::books::error::Problem;
use crate::books::listing::Listing;

/// `butterfly = { underlying = "BTC", width = 0.1, tenor = "30d", roll = "7d", quantity = 10 }`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Butterfly {
    /// What it is written on.
    pub underlying: String,
    /// Distance of each wing from the body, as a share of the forward.
    pub width: f64,
    /// Time to expiry.
    pub tenor: Span,
    /// How long until it is renewed.
    pub roll: Span,
    /// Contracts of each wing; the body is twice as many, held the other way.
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

impl Opens for Butterfly {
    fn roll(&self) -> Span {
        self.roll
    }

    fn open(&self, desk: &Desk<'_>) -> Result<Vec<Leg>, Problem> {
        let terms = Terms { settlement: self.settlement, contract_size: self.contract_size };
        let market = desk.market(&self.underlying, terms)?;
        let chain = desk.chain(market, "tenor", self.tenor, self.listing)?;
        let body = chain.at_the_money();
        let (low, high) = self.wings(&chain, body)?;
        let call = |strike| chain.option(strike, Right::Call);
        let middle = call(body);
        let quantity = market.contracts(&middle, Size::of(self.quantity, self.notional)?);
        Ok(vec![
            Leg { instrument: call(low), quantity },
            Leg { instrument: middle, quantity: -2.0 * quantity },
            Leg { instrument: call(high), quantity },
        ])
    }
}

impl Butterfly {
    /// The strikes on either side of the body.
    fn wings(&self, chain: &Chain<'_>, body: i64) -> Result<(i64, i64), Problem> {
        let wings = chain.strikes.wings(body, chain.forward, self.width);
        if let Some(wings) = wings.filter(|_| self.width > 0.0) {
            return Ok(wings);
        }
        let expected = match self.listing {
            Listing::Listed => "such that a listed strike lies on either side of the body",
            _ => "above 0 and below 1, such as 0.1",
        };
        Err(Problem::OutOfRange { key: "width", found: self.width, expected })
    }
}
