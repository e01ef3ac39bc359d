//! The exact one-sided binomial test: how likely were this many breaches, or more?
//!
//! ```text
//! p-value = P(X >= x),   X ~ Binomial(n, 1 - level)
//! ```
//!
//! Closed form `I_p(x, n - x + 1)`. Assumes independent periods. One-sided: a margin that is too high never fails.

use super::laws::binomial_upper;
use super::{CoverageError, CoverageTest, HitSequence, Law, TestOutcome};

/// Exact upper-tail binomial test.
#[derive(Clone, Copy, Debug)]
pub struct Binomial;

impl CoverageTest for Binomial {
    fn id(&self) -> &'static str {
        "binomial"
    }

    fn test(&self, hits: &HitSequence) -> Result<TestOutcome, CoverageError> {
        if hits.is_empty() {
            return Err(CoverageError::TooShort { test: "binomial", needed: 1, found: 0 });
        }
        let p_value = binomial_upper(hits.len(), hits.count(), hits.tail());
        Ok(TestOutcome { statistic: hits.count() as f64, law: Law::BinomialUpper, p_value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mpor_core::Level;

    #[test]
    fn one_hit_in_two_by_hand() {
        let hits = HitSequence::daily(vec![true, false], Level::new(0.9).unwrap());
        // 1 - 0.9^2.
        assert!((Binomial.test(&hits).unwrap().p_value - 0.19).abs() < 1e-15);
    }
}
