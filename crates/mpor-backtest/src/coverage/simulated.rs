//! How unusual is a statistic of hits in a sample of this length, when its textbook law cannot be trusted?
//!
//! Independent hits at the promised rate are drawn `draws` times, and the statistic is compared with those of the draws:
//!
//! ```text
//! p-value = (1 + #{draws with statistic > observed} + ties above in a random order) / (1 + defined draws)
//! ```
//!
//! which rejects a right model in exactly the promised share of samples, whatever the length. Source: Dufour (2006), "Monte Carlo
//! tests with nuisance parameters", Journal of Econometrics 133(2), 443-477 (ties broken at random, as for the duration tests in
//! Christoffersen and Pelletier 2004). Draws for which the statistic is not defined are left out: the test is one given that it
//! is defined. Assumes independent periods.

use mpor_stats::random::Streams;

use super::{CoverageError, CoverageTest, HitSequence, Law, TestOutcome};

/// How many series are drawn, from which seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draws {
    /// Seed of the study.
    pub seed: u64,
    /// Series drawn; 999 makes p-values of three digits.
    pub count: usize,
}

/// Statistics closer than this are ties.
const TIE: f64 = 1e-9;

/// The outcome of a test with its Monte Carlo p-value.
///
/// # Errors
/// [`CoverageError`] where the statistic is not defined for these hits, or without draws.
pub fn test(
    test: &dyn CoverageTest,
    hits: &HitSequence,
    draws: Draws,
) -> Result<TestOutcome, CoverageError> {
    let observed = test.test(hits)?.statistic;
    let null = null_statistics(test, hits, draws);
    if null.is_empty() {
        let reason = "it is defined for no series drawn under the null";
        return Err(CoverageError::NotDefined { test: test.id(), reason });
    }
    let mut order = Streams::new(draws.seed, "ties of a simulated test", 0).path(0);
    let own = order.uniform();
    let beyond = null.iter().filter(|statistic| {
        let tied = order.uniform() >= own;
        **statistic > observed + TIE || (tied && (**statistic - observed).abs() <= TIE)
    });
    let outcome = TestOutcome::simulated(observed, beyond.count(), null.len());
    Ok(TestOutcome { law: Law::Simulated(null.len()), ..outcome })
}

/// The statistics of series drawn under the null, where they are defined.
fn null_statistics(test: &dyn CoverageTest, hits: &HitSequence, draws: Draws) -> Vec<f64> {
    let streams = Streams::new(draws.seed, test.id(), 0);
    let drawn = |path: u64| -> Vec<bool> {
        let mut stream = streams.path(path);
        (0..hits.len()).map(|_| stream.uniform() < hits.tail()).collect()
    };
    (0..draws.count as u64)
        .filter_map(|path| test.test(&HitSequence::daily(drawn(path), hits.level())).ok())
        .map(|outcome| outcome.statistic)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coverage::exact;
    use crate::coverage::kupiec::Kupiec;
    use mpor_core::Level;

    /// The exact p-value of Kupiec's ratio is what this approaches, ties aside.
    #[test]
    fn the_simulated_p_value_approaches_the_exact_one() {
        let hits = (0..250).map(|at| at % 31 == 0).collect();
        let hits = HitSequence::daily(hits, Level::P99);
        let found = test(&Kupiec, &hits, Draws { seed: 3, count: 4000 }).unwrap().p_value;
        let exact = exact::p_value(250, hits.count(), 0.01);
        // The tied share is P(X = 9) = 0.0007 at most; three standard errors of the draws.
        let error = 3.0 * (exact * (1.0 - exact) / 4000.0).sqrt() + 0.002;
        assert!((found - exact).abs() < error, "{found} {exact}");
    }

    #[test]
    fn nothing_drawn_is_no_answer() {
        let hits = HitSequence::daily(vec![true; 3], Level::P99);
        assert!(test(&Kupiec, &hits, Draws { seed: 1, count: 0 }).is_err());
    }
}
