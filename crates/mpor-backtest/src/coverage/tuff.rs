//! Time until the first failure: did the first breach come as late as promised?
//!
//! ```text
//! LR(v) = -2 ln [ p (1-p)^(v-1) / ( (1/v) (1 - 1/v)^(v-1) ) ] ~ chi2(1),   v = position of the first hit, from 1
//! ```
//!
//! Source: Kupiec (1995), Journal of Derivatives 3(2), 73-84, section on the time until first failure. Looks at one
//! breach only, so its power is low. Not defined without a breach.

use super::{CoverageError, CoverageTest, HitSequence, TestOutcome};

/// Time until the first failure.
#[derive(Clone, Copy, Debug)]
pub struct TimeUntilFirstFailure;

const ID: &str = "tuff";

impl CoverageTest for TimeUntilFirstFailure {
    fn id(&self) -> &'static str {
        ID
    }

    fn test(&self, hits: &HitSequence) -> Result<TestOutcome, CoverageError> {
        let first = hits.hit_times().next().ok_or(CoverageError::TooFewBreaches {
            test: ID,
            needed: 1,
            found: 0,
        })?;
        Ok(TestOutcome::chi_squared(waiting_ratio(first, hits.tail()), 1))
    }
}

/// The likelihood ratio of one waiting time of `v` periods, at least 1, against hit probability `p`.
pub(super) fn waiting_ratio(v: usize, p: f64) -> f64 {
    let before = (v - 1) as f64;
    let promised = libm::log(p) + before * libm::log1p(-p);
    let rate = 1.0 / v as f64;
    let observed = if v == 1 { 0.0 } else { libm::log(rate) + before * libm::log1p(-rate) };
    (2.0 * (observed - promised)).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hit_on_the_first_day_by_hand() {
        // -2 ln p.
        assert!((waiting_ratio(1, 0.05) - 5.991_464_547_107_982).abs() < 1e-14);
    }

    #[test]
    fn the_promised_wait_scores_zero() {
        assert!(waiting_ratio(100, 0.01).abs() < 1e-12);
    }
}
