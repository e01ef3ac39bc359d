//! What a risk model cannot answer.

use mpor_core::{CoreError, Factor, Timestamp};
use mpor_pricing::PricingError;
use mpor_stats::StatsError;

use crate::status::Status;

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
    /// A single series too short for what is asked of it.
    #[error(
        "{what} needs {needed} returns, and {found} are given; give a longer series or a shorter window"
    )]
    ShortSeries {
        /// What was to be computed.
        what: &'static str,
        /// Returns needed.
        needed: usize,
        /// Returns given.
        found: usize,
    },
    /// A price or volatility that has no logarithm.
    #[error(
        "{factor} is {value} at {time}: relative moves need values above zero; correct the history or leave it out of the study"
    )]
    NotPositive {
        /// The factor.
        factor: Factor,
        /// The value found.
        value: f64,
        /// When.
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
    /// A volatility model without a maximum of its likelihood.
    #[error(
        "the volatility model of {factor} has no fit at {time}: {status}; take another model or window, or ewma, which needs no fit"
    )]
    NotFitted {
        /// The factor.
        factor: Factor,
        /// Margin date.
        time: Timestamp,
        /// How the search ended.
        status: Status,
    },
    /// A forecast of a rolling series that cannot be made.
    #[error("the forecast for return {at} (counted from 0): {reason}")]
    Forecast {
        /// The return that was to be forecast.
        at: usize,
        /// Why it cannot be.
        reason: Box<RiskError>,
    },
    /// A scenario set whose parts do not fit together or to the study.
    #[error("a scenario set has {found} {what}, and {expected} were expected")]
    SetShape {
        /// The part.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
    /// A scenario under which an instrument has no value.
    #[error(
        "`{instrument}` has no finite P&L at {time} in scenario `{scenario}`; the scenario's moves are too large to value"
    )]
    NotFinite {
        /// The instrument.
        instrument: String,
        /// The scenario.
        scenario: String,
        /// Margin date.
        time: Timestamp,
    },
    /// A question about no scenarios.
    #[error("no scenarios: a risk figure needs at least one")]
    NoScenarios,
    /// A value that the market state cannot give.
    #[error(transparent)]
    Pricing(#[from] PricingError),
    /// A statistic that does not exist.
    #[error(transparent)]
    Stats(#[from] StatsError),
    /// A panel or state that cannot give an input.
    #[error(transparent)]
    Market(#[from] CoreError),
}
