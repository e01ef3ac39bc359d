//! What has no answer.

/// A statistic that does not exist for the numbers given.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StatsError {
    /// Too few observations.
    #[error("{what} needs at least {needed} observations and got {found}")]
    TooFew {
        /// The statistic.
        what: &'static str,
        /// Observations it needs.
        needed: usize,
        /// Observations given.
        found: usize,
    },
    /// An observation is NaN or infinite.
    #[error("observation {index} is {value}, which is not a finite number")]
    NotFinite {
        /// Position, counted from 0.
        index: usize,
        /// The value found.
        value: f64,
    },
    /// An argument outside a function's domain.
    #[error("{argument} of {function} is {found}, and must be {expected}")]
    Domain {
        /// The function.
        function: &'static str,
        /// Its argument.
        argument: &'static str,
        /// The value found.
        found: f64,
        /// The domain, in words.
        expected: &'static str,
    },
    /// Two lengths that must agree do not.
    #[error("{what}: {left} and {right} must be equally many")]
    Lengths {
        /// What has the lengths.
        what: &'static str,
        /// First length.
        left: usize,
        /// Second length.
        right: usize,
    },
    /// A matrix that is no covariance.
    #[error(
        "the matrix is not positive semi-definite: {pivot:e} is left on the diagonal at row {row} (counted from 0); check that its correlations can hold together"
    )]
    NotPositive {
        /// Row at which the factorisation stopped.
        row: usize,
        /// What was left on the diagonal.
        pivot: f64,
    },
}

/// The first value that is not finite, as an error.
pub(crate) fn all_finite(values: &[f64]) -> Result<(), StatsError> {
    // Without an early exit this is a vector loop; which value it was is only looked for when one was.
    if values.iter().fold(true, |all, value| all & value.is_finite()) {
        return Ok(());
    }
    match values.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(index) => Err(StatsError::NotFinite { index, value: values[index] }),
    }
}

/// Refuses fewer than `needed` observations.
pub(crate) fn at_least(what: &'static str, needed: usize, found: usize) -> Result<(), StatsError> {
    if found < needed { Err(StatsError::TooFew { what, needed, found }) } else { Ok(()) }
}
