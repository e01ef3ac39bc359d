//! `[[index]]`, `[[fault]]` and `[[collateral]]`: prices made of several sources, what may be wrong with those, and what
//! they value.

use mpor_core::{Span, Timestamp};
use mpor_data::index::FaultKind;
use serde::{Deserialize, Serialize};

/// An index price: several sources, one rule.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct IndexSpec {
    /// Name that `[[underlying]] prices` and `[[collateral]] valued_on` use.
    pub name: String,
    /// Name of the rule, `venue/index`; see `mpor rules`.
    pub rule: String,
    /// Takes the version in force at this time for all times; the version in force at each time where absent.
    #[serde(default)]
    pub as_of: Option<Timestamp>,
    /// The oldest that a source's value may be, in place of the rule's limit: for bars coarser than the venue's feed.
    #[serde(default)]
    pub stale_after: Option<Span>,
    /// Whose prices it is made of.
    pub sources: Vec<SourceSpec>,
}

/// One series of the `prices` table by symbol and source.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SourceSpec {
    /// Symbol.
    pub prices: String,
    /// Venue or provider, as the table's `source` column says.
    pub source: String,
    /// Currency it is quoted in; the reporting currency where absent.
    #[serde(default)]
    pub quote: Option<String>,
    /// Its weight over the rule's, where the rule weighs.
    #[serde(default)]
    pub weight: Option<f64>,
}

/// One fault of one source; faults of one name happen together.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FaultSpec {
    /// Name of the scenario that it is part of.
    pub name: String,
    /// The source, as `[[index]]` or `[[collateral]]` names it.
    pub source: String,
    /// Symbol, where only one of the source's series is meant.
    #[serde(default)]
    pub prices: Option<String>,
    /// What is wrong with it.
    pub kind: FaultKind,
    /// First instant of the fault.
    pub from: Timestamp,
    /// First instant after it.
    pub to: Timestamp,
    /// For `lagged`: how late.
    #[serde(default)]
    pub lag: Option<Span>,
    /// For `spiked` and `depegged`: the move as a fraction, such as -0.35.
    #[serde(default, rename = "move")]
    pub shift: Option<f64>,
    /// For `depegged`: how long the move takes to build up.
    #[serde(default)]
    pub ramp: Option<Span>,
}

/// What an account has put up.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CollateralSpec {
    /// The account: a portfolio's name, or one of the positions table.
    pub account: String,
    /// The reporting currency, an `[[underlying]]`, or any name together with `valued_on`.
    pub asset: String,
    /// Units of the asset, above zero.
    pub amount: f64,
    /// What one unit is worth: an index, or one source's own book; the underlying's own price where absent.
    #[serde(default)]
    pub valued_on: Option<ValuedOn>,
}

/// Whose price collateral is valued at.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(
    untagged,
    expecting = "write the name of an `[[index]]`, or one source such as { prices = \"BTC/USDT\", source = \"binance\" }"
)]
pub enum ValuedOn {
    /// An index by name.
    Index(String),
    /// One source alone.
    Book(SourceSpec),
}
