//! What a risk model cannot answer.

use mpor_core::{CoreError, Timestamp};
use mpor_pricing::PricingError;

/// A scenario set or risk figure that cannot be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RiskError {
    /// The window reaches before the first observation.
    #[error(
        "{what} needs {needed} observations, and {found} are known at {time}; start the study later or shorten the window"
    )]
    ShortHistory {
        /// Which model or estimate.
        what: String,
        /// Observations needed.
        needed: usize,
        /// Observations known.
        found: usize,
        /// Margin date.
        time: Timestamp,
    },
    /// A parameter outside its domain.
    #[error("{name} = {found} is outside its range: {expected}")]
    Parameter {
        /// The parameter.
        name: &'static str,
        /// What was given.
        found: String,
        /// What is allowed.
        expected: &'static str,
    },
    /// A question about no scenarios.
    #[error("no scenarios: a risk figure needs at least one")]
    NoScenarios,
    /// A value that the market state cannot give.
    #[error(transparent)]
    Pricing(#[from] PricingError),
    /// A panel or state that cannot give an input.
    #[error(transparent)]
    Market(#[from] CoreError),
}
