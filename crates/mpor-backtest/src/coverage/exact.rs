//! Which counts of breaches are compatible with the promised rate, exactly and at any level?
//!
//! ```text
//! p-value = P(LR(X) >= LR(x)),   X ~ Binomial(n, 1 - level),   LR Kupiec's ratio
//! bounds:  the counts x with P(X <= x) > a/2 and P(X >= x) > a/2,   a = 1 - confidence
//! ```
//!
//! The chi-squared law of Kupiec's ratio is rough for few expected breaches: at 99 % over 250 periods the nominal 5 % test rejects a
//! right model in 9.5 % of samples. The exact p-value has no such fault: it never rejects more often than it says. Source of the ordering by
//! likelihood ratio: Kupiec (1995), Journal of Derivatives 3(2), 73-84. Assumes independent periods.

use mpor_core::Level;

use super::laws::{binomial_cumulative, binomial_upper};
use super::likelihood::bernoulli_ratio;
use super::{CoverageError, CoverageTest, HitSequence, Law, TestOutcome, kupiec};

/// Kupiec's ratio with its exact p-value.
#[derive(Clone, Copy, Debug)]
pub struct KupiecExact;

const ID: &str = "kupiec-exact";

/// Ratios closer than this are one: two counts on either side of the promised rate may tie.
const TIE: f64 = 1e-9;

impl CoverageTest for KupiecExact {
    fn id(&self) -> &'static str {
        ID
    }

    fn test(&self, hits: &HitSequence) -> Result<TestOutcome, CoverageError> {
        let statistic = kupiec::ratio(ID, hits)?;
        let p_value = p_value(hits.len(), hits.count(), hits.tail());
        Ok(TestOutcome { statistic, law: Law::Exact, p_value })
    }
}

/// Exact p-value of Kupiec's ratio for `x` hits in `n` periods.
///
/// The ratio falls to the promised rate and rises after it, so that the counts as extreme as `x` are two tails.
#[must_use]
pub fn p_value(n: usize, x: usize, p: f64) -> f64 {
    let observed = bernoulli_ratio(p, n, x) - TIE;
    let extreme = |count: usize| bernoulli_ratio(p, n, count) >= observed;
    let centre = ((p * n as f64) as usize).min(n);
    // The last count of the lower tail, and the first of the upper one.
    let lower = last_true(centre + 1, &extreme);
    let upper = (centre + 1) + first_true(n - centre, |step| extreme(centre + 1 + step));
    let below = lower.map_or(0.0, |last| binomial_cumulative(n, last, p));
    let above = if upper > n { 0.0 } else { binomial_upper(n, upper, p) };
    (below + above).min(1.0)
}

/// Fewest and most hits that a two-sided test at this confidence does not reject.
///
/// # Errors
/// [`CoverageError::TooShort`] without periods.
pub fn count_bounds(
    n: usize,
    level: Level,
    confidence: Level,
) -> Result<(usize, usize), CoverageError> {
    if n == 0 {
        return Err(CoverageError::TooShort { test: ID, needed: 1, found: 0 });
    }
    let (p, side) = (level.tail(), confidence.tail() / 2.0);
    let fewest = first_true(n, |x| binomial_cumulative(n, x, p) > side);
    let most = first_true(n + 1, |x| binomial_upper(n, x, p) <= side) - 1;
    Ok((fewest, most.max(fewest)))
}

/// The first of `0..n` for which a test that turns from false to true holds; `n` if none.
fn first_true(n: usize, test: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, n);
    while low < high {
        let middle = low + (high - low) / 2;
        if test(middle) { high = middle } else { low = middle + 1 }
    }
    low
}

/// The last of `0..n` for which a test that turns from true to false holds.
fn last_true(n: usize, test: &impl Fn(usize) -> bool) -> Option<usize> {
    first_true(n, |at| !test(at)).checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Twin: adds the probability of every count that is at least as extreme.
    fn slow(n: usize, x: usize, p: f64) -> f64 {
        let observed = bernoulli_ratio(p, n, x) - TIE;
        let mass = |count: usize| {
            binomial_cumulative(n, count, p)
                - if count == 0 { 0.0 } else { binomial_cumulative(n, count - 1, p) }
        };
        (0..=n).filter(|&count| bernoulli_ratio(p, n, count) >= observed).map(mass).sum()
    }

    #[test]
    fn the_tails_are_the_sum_over_all_counts() {
        for n in [1, 2, 10, 250] {
            for x in 0..=n.min(30) {
                for p in [0.01, 0.025, 0.3] {
                    let (found, expected) = (p_value(n, x, p), slow(n, x, p));
                    assert!((found - expected).abs() < 1e-12, "{n} {x} {p}: {found} {expected}");
                }
            }
        }
    }

    /// SciPy 1.17.1: `binom.ppf(0.025, 250, 0.01)` = 0, `binom.isf(0.025, 250, 0.01)` = 6; at 97.5 %: 2 and 11.
    #[test]
    fn bounds_of_a_year() {
        let confidence = Level::new(0.95).unwrap();
        assert_eq!(count_bounds(250, Level::P99, confidence).unwrap(), (0, 6));
        let level = Level::new(0.975).unwrap();
        assert_eq!(count_bounds(250, level, confidence).unwrap(), (2, 11));
        assert!(count_bounds(0, level, confidence).is_err());
    }
}
