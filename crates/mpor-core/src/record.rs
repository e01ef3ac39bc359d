//! Rows of the `positions` and `trades` tables, as files and studies hand them over.

use crate::time::Timestamp;

/// One line of a snapshot: all lines of an account and time together are all that it holds, until its next snapshot.
#[derive(Clone, Debug, PartialEq)]
pub struct PositionRow {
    /// Instant from which the snapshot holds.
    pub time: Timestamp,
    /// Who holds it.
    pub account: String,
    /// Name of the contract.
    pub instrument: String,
    /// Contracts, short negative.
    pub quantity: f64,
}

/// One trade. Price and fee belong to the account's cash, which no requirement depends on.
#[derive(Clone, Debug, PartialEq)]
pub struct TradeRow {
    /// When.
    pub time: Timestamp,
    /// Who traded.
    pub account: String,
    /// Name of the contract.
    pub instrument: String,
    /// Contracts bought; sales negative.
    pub quantity: f64,
    /// Price, as the contract is quoted.
    pub price: f64,
    /// Fee paid, in reporting currency.
    pub fee: f64,
}
