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
    /// A market state that is not one.
    #[error(transparent)]
    Market(#[from] CoreError),
}
