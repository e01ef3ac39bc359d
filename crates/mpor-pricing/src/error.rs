//! What cannot be valued.

use mpor_core::{CoreError, Timestamp};

/// An instrument that has no value in a market state.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PricingError {
    /// An option without a mark, on an underlying without volatilities.
    #[error(
        "option `{instrument}` has no mark at {time} and its underlying `{underlying}` has no volatility surface; give the study a `[[volatility]]` for it"
    )]
    NoVolatility {
        /// The option.
        instrument: String,
        /// Its underlying.
        underlying: String,
        /// When.
        time: Timestamp,
    },
    /// An expired instrument was asked for a value.
    #[error("`{instrument}` expired at {expiry} and has no value at {time}")]
    Expired {
        /// The instrument.
        instrument: String,
        /// Its expiry.
        expiry: Timestamp,
        /// When.
        time: Timestamp,
    },
    /// A contract that is worth nothing by itself was asked for a value.
    #[error(
        "`{instrument}` settles in coin and has no value, only gains and losses; ask for its P&L over a move"
    )]
    NoValue {
        /// The instrument.
        instrument: String,
    },
    /// A contract without an expiry was asked for its settlement.
    #[error("`{instrument}` has no expiry and never settles")]
    NeverSettles {
        /// The instrument.
        instrument: String,
    },
    /// A number outside its domain.
    #[error("{name} is {found}; it must be {expected}")]
    Input {
        /// What it is.
        name: &'static str,
        /// What was given.
        found: f64,
        /// What is allowed.
        expected: &'static str,
    },
    /// A price that no volatility gives.
    #[error(
        "a price of {price} implies no volatility: without arbitrage it is at least {low} and below {high}"
    )]
    PriceBounds {
        /// The price.
        price: f64,
        /// Discounted intrinsic value.
        low: f64,
        /// Discounted forward (call) or strike (put).
        high: f64,
    },
    /// A fit with too little to fit to.
    #[error(
        "{found} usable quotes or expiries, and at least {needed} are needed; use a fuller chain"
    )]
    TooFewQuotes {
        /// What was usable.
        found: usize,
        /// What is needed.
        needed: usize,
    },
    /// A chain of which no expiry can be fitted.
    #[error(
        "none of the {expiries} expiries has enough usable quotes; rows were dropped as: {reasons}. Use a fuller chain or wider rules"
    )]
    NoExpiry {
        /// Expiries of the chain.
        expiries: usize,
        /// Rows dropped by reason, as text.
        reasons: String,
    },
    /// A surface model by a name that is none.
    #[error("unknown surface model `{0}`; known: essvi, ssvi, svi")]
    NoSuchModel(String),
    /// Slices that belong together differ in length.
    #[error("{what} has {found} values, and {expected} were expected")]
    Length {
        /// The slice.
        what: &'static str,
        /// Its length.
        found: usize,
        /// The length it must have.
        expected: usize,
    },
    /// A market state that is not one.
    #[error(transparent)]
    Market(#[from] CoreError),
}
