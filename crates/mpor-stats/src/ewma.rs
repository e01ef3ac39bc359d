//! How volatile is it now? Exponentially weighted variance of returns with mean zero.
//!
//! ```text
//! v[0]   = mean of r[0]^2 .. r[b-1]^2          b = burn-in, 50 by default
//! v[t+1] = lambda v[t] + (1 - lambda) r[t]^2   v[t] does not know r[t]; v[T+1] is the forecast after the last return T
//! ```
//!
//! Source: J.P. Morgan/Reuters (1996), "RiskMetrics - Technical Document", 4th ed., section 5.3.1, eq. 5.3, started from the
//! mean square of a burn-in. Within the burn-in the variance knows later returns of the burn-in; from `b` on it knows earlier
//! returns only, so one pass over a history serves every date in it.

use crate::error::{StatsError, all_finite, at_least};

/// Returns whose mean square starts the recursion.
pub const BURN_IN: usize = 50;

/// Decay factor of an exponentially weighted average, strictly between 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decay(f64);

impl Decay {
    /// A decay factor per step, such as 0.97.
    ///
    /// # Errors
    /// [`StatsError::Domain`] unless `0 < lambda < 1`.
    pub fn new(lambda: f64) -> Result<Self, StatsError> {
        if lambda > 0.0 && lambda < 1.0 {
            return Ok(Decay(lambda));
        }
        Err(StatsError::Domain {
            function: "an exponentially weighted average",
            argument: "the decay factor",
            found: lambda,
            expected: "strictly between 0 and 1, such as 0.97",
        })
    }

    /// The factor.
    #[must_use]
    pub fn value(self) -> f64 {
        self.0
    }

    /// `lambda * old + (1 - lambda) * new`.
    #[must_use]
    pub fn blend(self, old: f64, new: f64) -> f64 {
        self.0 * old + (1.0 - self.0) * new
    }
}

/// Variances per step of `returns`: one more than returns, the last one the forecast.
///
/// The burn-in is the whole history where that is shorter.
///
/// # Errors
/// [`StatsError::TooFew`] without returns, [`StatsError::NotFinite`] naming the return.
pub fn ewma_variance(
    returns: &[f64],
    decay: Decay,
    burn_in: usize,
) -> Result<Vec<f64>, StatsError> {
    at_least("an exponentially weighted variance", 1, returns.len())?;
    all_finite(returns)?;
    let start = &returns[..burn_in.clamp(1, returns.len())];
    let mut variance = start.iter().map(|r| r * r).sum::<f64>() / start.len() as f64;
    let mut path = Vec::with_capacity(returns.len() + 1);
    path.push(variance);
    for r in returns {
        variance = decay.blend(variance, r * r);
        path.push(variance);
    }
    Ok(path)
}

/// Volatilities per step: the square roots of [`ewma_variance`].
///
/// # Errors
/// As [`ewma_variance`].
pub fn ewma_volatility(
    returns: &[f64],
    decay: Decay,
    burn_in: usize,
) -> Result<Vec<f64>, StatsError> {
    let mut path = ewma_variance(returns, decay, burn_in)?;
    path.iter_mut().for_each(|variance| *variance = variance.sqrt());
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_steps_by_hand() {
        let decay = Decay::new(0.5).unwrap();
        let path = ewma_variance(&[1.0, 3.0, 1.0], decay, 2).unwrap();
        assert_eq!(path, [5.0, 3.0, 6.0, 3.5]);
        assert_eq!(ewma_volatility(&[2.0], decay, BURN_IN).unwrap(), [2.0, 2.0]);
    }

    #[test]
    fn what_follows_changes_no_earlier_variance() {
        let mut returns: Vec<f64> = (0..80).map(|i| 0.01 * f64::from((i * 37) % 11 - 5)).collect();
        let decay = Decay::new(0.97).unwrap();
        let before = ewma_variance(&returns, decay, BURN_IN).unwrap();
        returns.extend([0.5, -0.5]);
        let after = ewma_variance(&returns, decay, BURN_IN).unwrap();
        assert_eq!(before, after[..81]);
    }

    #[test]
    fn decay_is_a_share() {
        for bad in [0.0, 1.0, 97.0, f64::NAN] {
            assert!(Decay::new(bad).is_err());
        }
        assert!(ewma_variance(&[], Decay::new(0.9).unwrap(), 50).is_err());
    }
}
