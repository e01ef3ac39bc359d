//! Why a coverage test has no answer.

/// A statistic that is not defined, or hits that cannot be tested as asked.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CoverageError {
    /// Losses over more than one step, taken every step.
    #[error(
        "losses over {horizon} steps taken every {stride} steps overlap, and tests that assume independence would reject good models; use `OverlappingHits`"
    )]
    Overlapping {
        /// Steps between observations.
        stride: usize,
        /// Steps that one loss covers.
        horizon: usize,
    },
    /// A loss must cover at least a step.
    #[error("a loss over zero steps is no loss: the horizon must be at least 1")]
    NoHorizon,
    /// Too few observations.
    #[error("{test} needs at least {needed} observations, found {found}")]
    TooShort {
        /// The test.
        test: &'static str,
        /// Observations needed.
        needed: usize,
        /// Observations given.
        found: usize,
    },
    /// Too few breaches.
    #[error("{test} needs at least {needed} breaches, found {found}")]
    TooFewBreaches {
        /// The test.
        test: &'static str,
        /// Breaches needed.
        needed: usize,
        /// Breaches found.
        found: usize,
    },
    /// The statistic has no value for this series.
    #[error("{test} is not defined here: {reason}")]
    NotDefined {
        /// The test.
        test: &'static str,
        /// Why.
        reason: &'static str,
    },
    /// Series of unequal length.
    #[error("{what} has {found} values, the losses have {expected}")]
    Lengths {
        /// Which series.
        what: &'static str,
        /// Its length.
        found: usize,
        /// Number of losses.
        expected: usize,
    },
    /// A value that no score can take.
    #[error("{what} at observation {at} is {value}: {expected}")]
    Value {
        /// Which series.
        what: &'static str,
        /// Position, counted from 1.
        at: usize,
        /// The value.
        value: f64,
        /// What is allowed.
        expected: &'static str,
    },
    /// A setting of a test outside its range.
    #[error("{what} of {test} is {found}: {expected}")]
    Setting {
        /// The test.
        test: &'static str,
        /// The setting.
        what: &'static str,
        /// The value given.
        found: f64,
        /// What is allowed.
        expected: &'static str,
    },
    /// A statistic of the series has no answer.
    #[error(transparent)]
    Stats(#[from] mpor_stats::StatsError),
    /// Parameters that cannot be read.
    #[error("the Basel multipliers cannot be read: {0}")]
    Multipliers(String),
    /// A bet outside its range.
    #[error("an e-process bets a fraction in [0, 1), found {0}")]
    Bet(f64),
}
