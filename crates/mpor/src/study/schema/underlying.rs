//! `[[underlying]]`: what instruments are written on, and where its market comes from.

use std::collections::BTreeMap;

use mpor_core::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use super::time::eight;
use super::{ChainsSpec, Paths, VolatilitySpec};

/// One underlying and where its market comes from.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct UnderlyingSpec {
    /// Name used in portfolios and rules.
    pub name: String,
    /// Name of an `[[index]]`, or symbol of its spot or index series in the `prices` table.
    pub prices: String,
    /// Currency the series is quoted in; the reporting currency where absent.
    #[serde(default)]
    pub quote: Option<String>,
    /// Symbol of its perpetual in the `prices` table; the index is used where absent, and the report says so.
    #[serde(default)]
    pub perpetual: Option<String>,
    /// Symbol of its funding in the `funding` table; no funding accrues where absent.
    #[serde(default)]
    pub funding: Option<String>,
    /// Continuously compounded growth of forwards over spot, per year.
    #[serde(default)]
    pub carry: f64,
    /// Continuously compounded discount rate of the quote currency, per year.
    #[serde(default)]
    pub rate: f64,
    /// Averaging time of the settlement price before an expiry; `0s` = the index at the instant.
    #[serde(default)]
    pub settlement_window: Span,
    /// Symbol of the series in the `prices` table that contracts settle on; `prices` where absent.
    #[serde(default)]
    pub settles_on: Option<String>,
    /// Modelled volatilities, for options on history without chains.
    #[serde(default)]
    pub volatility: Option<VolatilitySpec>,
    /// A history of option chains: surfaces, forwards and marks as quoted, instead of modelled ones.
    #[serde(default)]
    pub chains: Option<ChainsSpec>,
    /// Prices of its dated futures and its perpetual, with which it has a basis curve of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub futures: Option<FuturesSpec>,
}

/// Futures with prices of their own.
///
/// Dated futures are found in the files by their symbols: `BTC-27MAR26` of the underlying `BTC`. Symbols that say nothing of
/// their expiry are stated under `expiries`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FuturesSpec {
    /// Files in the schema `prices`; those of `data.prices` where absent.
    #[serde(default)]
    pub prices: Paths,
    /// Symbol of the perpetual in them. Other than `perpetual` of the underlying, it may begin later or end earlier than the
    /// study: the index stands in its place there, and is counted as modelled.
    #[serde(default)]
    pub perpetual: Option<String>,
    /// What symbols of dated futures begin with, before the date; the underlying's own name where absent.
    #[serde(default)]
    pub name: Option<String>,
    /// Time of day at which futures expire whose symbol says the date, UTC, `HH:MM`.
    #[serde(default = "eight")]
    pub expires_at: String,
    /// Expiries by symbol: `{ CLK20 = "2020-04-21T18:30:00Z" }`.
    #[serde(default)]
    pub expiries: BTreeMap<String, Timestamp>,
    /// How long the last price may stand for the basis; the chain's forward or the flat carry after that.
    pub limit: Span,
    /// What the basis does in scenarios made of history.
    #[serde(default)]
    pub basis: BasisMoves,
}

/// What the basis does in scenarios made of history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BasisMoves {
    /// The carry of all expiries moves as that of 30 days did.
    #[default]
    Moves,
    /// Each expiry keeps its carry: futures move with spot.
    Held,
}

impl UnderlyingSpec {
    /// Symbol of the series that contracts settle on.
    pub(crate) fn settlement_series(&self) -> &String {
        self.settles_on.as_ref().unwrap_or(&self.prices)
    }
}
