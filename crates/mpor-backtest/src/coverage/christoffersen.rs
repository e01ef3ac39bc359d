//! Christoffersen's tests: does a breach today change the odds of one tomorrow, and is the rate right as well?
//!
//! With `n_ij` transitions from state `i` to `j` (0 = no hit, 1 = hit) over the `n - 1` pairs,
//!
//! ```text
//! LR_ind = 2 [ l(n01, n00; pi_01) + l(n11, n10; pi_11) - l(n01 + n11, n00 + n10; pi) ] ~ chi2(1)
//! LR_cc  = LR_kupiec (all n periods) + LR_ind                                       ~ chi2(2)
//! ```
//!
//! where each `pi` is the observed share and a state never visited contributes likelihood 1. The first-dropped form is the
//! exact ratio over the `n - 1` pairs. Source: Christoffersen (1998), "Evaluating Interval Forecasts", International
//! Economic Review 39(4), 841-862. Sees dependence of first order only; a duration test sees longer memory.

use super::likelihood::{bernoulli_ln, bernoulli_ratio};
use super::{CoverageError, CoverageTest, HitSequence, TestOutcome, kupiec};

/// Independence alone.
#[derive(Clone, Copy, Debug)]
pub struct Independence;

/// Coverage and independence together, coverage over all periods.
#[derive(Clone, Copy, Debug)]
pub struct ConditionalCoverage;

/// Coverage and independence together, both over the periods after the first.
#[derive(Clone, Copy, Debug)]
pub struct ConditionalCoverageFirstDropped;

/// How often each state followed each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transitions {
    /// No hit after no hit.
    pub n00: usize,
    /// A hit after no hit.
    pub n01: usize,
    /// No hit after a hit.
    pub n10: usize,
    /// A hit after a hit.
    pub n11: usize,
}

const INDEPENDENCE: &str = "christoffersen-independence";
const CONDITIONAL: &str = "christoffersen-conditional";
const FIRST_DROPPED: &str = "christoffersen-conditional-first-dropped";

impl CoverageTest for Independence {
    fn id(&self) -> &'static str {
        INDEPENDENCE
    }

    fn test(&self, hits: &HitSequence) -> Result<TestOutcome, CoverageError> {
        let pairs = pairs(INDEPENDENCE, hits)?;
        Ok(TestOutcome::chi_squared(pairs.independence_ratio(), 1))
    }
}

impl CoverageTest for ConditionalCoverage {
    fn id(&self) -> &'static str {
        CONDITIONAL
    }

    fn test(&self, hits: &HitSequence) -> Result<TestOutcome, CoverageError> {
        let pairs = pairs(CONDITIONAL, hits)?;
        let coverage = kupiec::ratio(CONDITIONAL, hits)?;
        Ok(TestOutcome::chi_squared(coverage + pairs.independence_ratio(), 2))
    }
}

impl CoverageTest for ConditionalCoverageFirstDropped {
    fn id(&self) -> &'static str {
        FIRST_DROPPED
    }

    fn test(&self, hits: &HitSequence) -> Result<TestOutcome, CoverageError> {
        let pairs = pairs(FIRST_DROPPED, hits)?;
        let hit = pairs.n01 + pairs.n11;
        let coverage = bernoulli_ratio(hits.tail(), hits.len() - 1, hit);
        Ok(TestOutcome::chi_squared(coverage + pairs.independence_ratio(), 2))
    }
}

fn pairs(test: &'static str, hits: &HitSequence) -> Result<Transitions, CoverageError> {
    if hits.len() < 2 {
        return Err(CoverageError::TooShort { test, needed: 2, found: hits.len() });
    }
    Ok(Transitions::of(hits))
}

impl Transitions {
    /// Counts the transitions of a series.
    #[must_use]
    pub fn of(hits: &HitSequence) -> Self {
        let mut counts = Transitions::default();
        for pair in hits.hits().windows(2) {
            match (pair[0], pair[1]) {
                (false, false) => counts.n00 += 1,
                (false, true) => counts.n01 += 1,
                (true, false) => counts.n10 += 1,
                (true, true) => counts.n11 += 1,
            }
        }
        counts
    }

    pub(super) fn independence_ratio(&self) -> f64 {
        let after_none = maximum_ln(self.n00 + self.n01, self.n01);
        let after_hit = maximum_ln(self.n10 + self.n11, self.n11);
        let total = self.n00 + self.n01 + self.n10 + self.n11;
        let pooled = maximum_ln(total, self.n01 + self.n11);
        (2.0 * (after_none + after_hit - pooled)).max(0.0)
    }
}

/// Log likelihood at the observed share; zero for a state never visited.
fn maximum_ln(n: usize, x: usize) -> f64 {
    if n == 0 { 0.0 } else { bernoulli_ln(x as f64 / n as f64, n, x) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mpor_core::Level;

    #[test]
    fn alternating_hits_are_dependent() {
        let hits = (0..20).map(|at| at % 2 == 0).collect();
        let sequence = HitSequence::daily(hits, Level::P99);
        assert_eq!(Transitions::of(&sequence), Transitions { n00: 0, n01: 9, n10: 10, n11: 0 });
        // By hand: every transition is certain under dependence; pooled 9 of 19.
        let expected = -2.0 * (9.0 * (9.0_f64 / 19.0).ln() + 10.0 * (10.0_f64 / 19.0).ln());
        let found = Independence.test(&sequence).unwrap().statistic;
        assert!((found - expected).abs() < 1e-12);
    }
}
