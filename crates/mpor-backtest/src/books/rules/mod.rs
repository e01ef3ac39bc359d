//! The rules that a study's portfolios follow, one file each, and the keys they have in the study.
//!
//! Every rule has `roll`, and exactly one of `quantity` (contracts) and `notional` (reporting currency at each roll, so that a
//! book keeps its size through time); positive is long what the rule's name says. Most have `settlement` (`"cash"` or
//! `"coin"`), `contract_size`, and `listing` for what expires.

mod butterfly;
mod calendar;
mod covered_call;
mod delta_hedged;
mod futures;
mod outright;
mod random_book;
mod risk_reversal;
mod spread;
mod straddle;
mod strangle;

use mpor_core::{Settlement, Span};
use serde::{Deserialize, Serialize};

pub use butterfly::Butterfly;
pub use calendar::{Calendar, CalendarOf};
pub use covered_call::CoveredCall;
pub use delta_hedged::DeltaHedged;
pub use futures::Futures;
pub use outright::Outright;
pub use random_book::{Mix, RandomBook};
pub use risk_reversal::RiskReversal;
pub use spread::Spread;
pub use straddle::Straddle;
pub use strangle::Strangle;

pub(super) use delta_hedged::offsetting;

use super::desk::{Desk, Leg};
use super::error::Problem;

/// A portfolio of the study, made by a rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedRule {
    /// The account's name.
    pub name: String,
    /// What it holds.
    pub rule: Rule,
}

/// What an account holds, and when it is renewed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// One spot, perpetual or future.
    Outright(Outright),
    /// One dated future, rolled before it expires.
    Futures(Futures),
    /// One underlying against another.
    Spread(Spread),
    /// Two expiries of one underlying.
    Calendar(Calendar),
    /// An out-of-the-money put and call.
    Strangle(Strangle),
    /// A put and a call at the money.
    Straddle(Straddle),
    /// Two wings around a body.
    Butterfly(Butterfly),
    /// The underlying, with a call sold against it.
    CoveredCall(CoveredCall),
    /// A call against a put.
    RiskReversal(RiskReversal),
    /// Another rule, with its delta hedged.
    DeltaHedged(DeltaHedged),
    /// Many accounts of mixed positions.
    RandomBook(RandomBook),
}

/// Positions opened together and renewed together.
pub(super) trait Opens: Send + Sync {
    /// How long the positions are held, unless one expires before.
    fn roll(&self) -> Span;

    /// How long before the first expiry among them the positions are renewed; nothing for rules that hold until expiry.
    fn before_expiry(&self) -> Span {
        Span(0)
    }

    /// The positions for a market, known at its time.
    fn open(&self, desk: &Desk<'_>) -> Result<Vec<Leg>, Problem>;
}

impl Opens for &dyn Opens {
    fn roll(&self) -> Span {
        (**self).roll()
    }

    fn before_expiry(&self) -> Span {
        (**self).before_expiry()
    }

    fn open(&self, desk: &Desk<'_>) -> Result<Vec<Leg>, Problem> {
        (**self).open(desk)
    }
}

impl Rule {
    /// The rule as positions that open together; a problem for rules that make several accounts or wrap others.
    pub(super) fn opens(&self) -> Result<&dyn Opens, Problem> {
        match self {
            Rule::Outright(rule) => Ok(rule),
            Rule::Futures(rule) => Ok(rule),
            Rule::Spread(rule) => Ok(rule),
            Rule::Calendar(rule) => Ok(rule),
            Rule::Strangle(rule) => Ok(rule),
            Rule::Straddle(rule) => Ok(rule),
            Rule::Butterfly(rule) => Ok(rule),
            Rule::CoveredCall(rule) => Ok(rule),
            Rule::RiskReversal(rule) => Ok(rule),
            Rule::DeltaHedged(_) => Err(Problem::NotHedgeable { inner: "delta_hedged" }),
            Rule::RandomBook(_) => Err(Problem::NotHedgeable { inner: "random_book" }),
        }
    }
}

/// Refuses what is not a finite number above zero.
pub(super) fn above_zero(key: &'static str, found: f64) -> Result<f64, Problem> {
    if found > 0.0 && found.is_finite() {
        return Ok(found);
    }
    Err(Problem::OutOfRange { key, found, expected: "above zero" })
}

fn cash() -> Settlement {
    Settlement::Cash
}

fn one() -> f64 {
    1.0
}
