//! Kupiec's proportion of failures: is the breach rate the one the model promised?
//!
//! With `x` breaches in `n` periods and a promised tail probability `p = 1 - level`,
//!
//! ```text
//! LR = 2 [ l(x/n) - l(p) ],   l(q) = x ln q + (n - x) ln(1 - q),   0 ln 0 = 0,   LR ~ chi2(1)
//! ```
//!
//! Source: Kupiec (1995), "Techniques for Verifying the Accuracy of Risk Measurement Models", Journal of Derivatives
//! 3(2), 73-84. Assumes independent periods, which [`HitSequence`] guarantees not to overlap. Says nothing about
//! clustering (see `christoffersen`) or about the size of breaches. Two-sided: a margin that is too high fails too.

use super::likelihood::bernoulli_ratio;
use super::{CoverageError, CoverageTest, HitSequence, TestOutcome};

/// Proportion of failures.
#[derive(Clone, Copy, Debug)]
pub struct Kupiec;

impl CoverageTest for Kupiec {
    fn id(&self) -> &'static str {
        "kupiec"
    }

    fn test(&self, hits: &HitSequence) -> Result<TestOutcome, CoverageError> {
        Ok(TestOutcome::chi_squared(ratio("kupiec", hits)?, 1))
    }
}

/// The likelihood ratio, for the tests that add it to another.
pub(super) fn ratio(test: &'static str, hits: &HitSequence) -> Result<f64, CoverageError> {
    if hits.is_empty() {
        return Err(CoverageError::TooShort { test, needed: 1, found: 0 });
    }
    Ok(bernoulli_ratio(hits.tail(), hits.len(), hits.count()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use mpor_core::Level;

    fn statistic(n: usize, x: usize, level: f64) -> f64 {
        let hits = (0..n).map(|at| at < x).collect();
        Kupiec.test(&HitSequence::daily(hits, Level::new(level).unwrap())).unwrap().statistic
    }

    #[test]
    fn the_promised_rate_scores_zero() {
        assert_eq!(statistic(200, 10, 0.95), 0.0);
    }

    #[test]
    fn no_breach_is_finite() {
        // By hand: -2 * 250 * ln 0.99.
        assert!((statistic(250, 0, 0.99) - 5.025_167_926_750_726).abs() < 1e-12);
    }

    #[test]
    fn many_breaches_do_not_underflow() {
        // By hand: 2 [260 ln(0.052/0.05) + 4740 ln(0.948/0.95)].
        assert!((statistic(5_000, 260, 0.95) - 0.415_838_260_633).abs() < 1e-10);
    }

    #[test]
    fn nothing_observed_is_refused() {
        let empty = HitSequence::daily(Vec::new(), Level::P99);
        assert!(matches!(Kupiec.test(&empty), Err(CoverageError::TooShort { .. })));
    }
}
