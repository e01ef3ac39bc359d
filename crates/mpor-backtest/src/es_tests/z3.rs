//! Acerbi and Szekely's third test: is the average of the worst ranks what the forecast law makes of such ranks?
//!
//! The transforms `u` of the losses are turned back into losses by the law of scale 1, and the mean of the `k = floor(n p)` largest is
//! compared with its expectation for `n` independent uniform ones:
//!
//! ```text
//! Z3 = 1 - M(u) / E[M],   M(u) = (1/k) sum of the k largest q(u_t)
//! E[M] = (n/k) integral over (0,1) of q(1 - v) P(B <= k - 1) dv,   B ~ Binomial(n - 1, v)
//! ```
//!
//! **Negative when risk is understated.** For laws that differ from day to day by a scale only, the scales cancel in every day's ratio,
//! and this is the statistic of the paper. Source: Acerbi and Szekely (2014), "Backtesting Expected Shortfall", Risk, December,
//! test 3. It tests the shape of the whole tail and does not need value at risk; it says nothing about when losses come.

use mpor_core::Level;
use mpor_stats::random::Streams;
use mpor_stats::special::binomial_cdf;

use super::TailLaw;
use super::acerbi_szekely::lower_tail;
use crate::coverage::simulated::Draws;
use crate::coverage::{CoverageError, Pits, TestOutcome};

const ID: &str = "acerbi-szekely-z3";

/// Steps of the integral in `ln v`.
const STEPS: usize = 2000;

/// Depths below `exp` of this add nothing to an integral of a law with a mean.
const DEEPEST: f64 = -60.0;

/// The test of transforms of losses whose law has this shape; one-sided.
///
/// # Errors
/// [`CoverageError`] where the tail is not expected to hold one loss, or for a loss beyond what the law allows.
pub fn test(
    pits: &Pits,
    law: TailLaw,
    level: Level,
    draws: Draws,
) -> Result<TestOutcome, CoverageError> {
    let n = pits.len();
    let k = level.tail_mass(n).floor() as usize;
    if k == 0 {
        let needed = (1.0 / level.tail()).ceil() as usize;
        return Err(CoverageError::TooShort { test: ID, needed, found: n });
    }
    if let Some(at) = pits.depth().iter().position(|depth| *depth <= 0.0) {
        let expected = "a loss beyond what the forecast allows has no size in it";
        let what = "probability integral transform";
        return Err(CoverageError::Value { what, at: at + 1, value: 1.0, expected });
    }
    let expected = expected_mean(law, n, k)?;
    let mut depth = pits.depth().to_vec();
    depth.sort_by(f64::total_cmp);
    let observed = 1.0 - worst_mean(law, &depth[..k])? / expected;
    let streams = Streams::new(draws.seed, ID, 0);
    let mut null = Vec::with_capacity(draws.count);
    for path in 0..draws.count as u64 {
        let mut stream = streams.path(path);
        // The k smallest of n uniform values, smallest first, without drawing the others.
        let (mut log_left, mut smallest) = (0.0, Vec::with_capacity(k));
        for rank in 0..k {
            log_left += libm::log(1.0 - stream.uniform()) / (n - rank) as f64;
            smallest.push(-libm::expm1(log_left));
        }
        null.push(1.0 - worst_mean(law, &smallest)? / expected);
    }
    null.sort_by(f64::total_cmp);
    Ok(lower_tail(observed, &null))
}

fn worst_mean(law: TailLaw, depths: &[f64]) -> Result<f64, CoverageError> {
    let mut sum = 0.0;
    for depth in depths {
        sum += law.loss(depth.clamp(f64::MIN_POSITIVE, 1.0 - 1e-16))?;
    }
    Ok(sum / depths.len() as f64)
}

/// `E[M]` by Simpson's rule in `ln v`, where the integrand is smooth.
fn expected_mean(law: TailLaw, n: usize, k: usize) -> Result<f64, CoverageError> {
    let width = -DEEPEST / STEPS as f64;
    let mut sum = 0.0;
    for step in 0..STEPS {
        let v = libm::exp(DEEPEST + step as f64 * width);
        let weight = if step == 0 { 1.0 } else { 2.0 + 2.0 * (step % 2) as f64 };
        let inside = binomial_cdf(k as u64 - 1, n as u64 - 1, v)?;
        sum += weight * v * law.loss(v)? * inside;
    }
    // The last point, v = 1, has no weight unless all losses are in the tail, which floor(n p) < n excludes.
    Ok(sum * width / 3.0 * n as f64 / k as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SciPy 1.17.1: `n/k quad(norm.isf(v) binom.cdf(k-1, n-1, v))`; the first is the mean of the largest of 40 normal variates.
    #[test]
    fn expected_worst_means_of_scipy() {
        for (n, k, expected) in [(40, 1, 2.160_777_178_174_779), (250, 6, 2.319_583_646_526_045)] {
            let found = expected_mean(TailLaw::Normal, n, k).unwrap();
            assert!((found - expected).abs() < 1e-8, "{found}");
        }
    }

    #[test]
    fn evenly_spread_transforms_are_accepted_and_bunched_ones_are_not() {
        let level = Level::new(0.975).unwrap();
        let draws = Draws { seed: 2, count: 499 };
        let even: Vec<f64> = (0..500).map(|at| (f64::from(at) + 0.5) / 500.0).collect();
        let bunched: Vec<f64> = even.iter().map(|u| u.powi(3)).collect();
        let p = |values: &[f64]| {
            let pits = Pits::of_gains(values).unwrap();
            test(&pits, TailLaw::Normal, level, draws).unwrap().p_value
        };
        assert!(p(&even) > 0.2);
        assert!(p(&bunched) < 0.01);
        let short = Pits::of_gains(&[0.5; 10]).unwrap();
        assert!(test(&short, TailLaw::Normal, level, draws).is_err());
    }
}
