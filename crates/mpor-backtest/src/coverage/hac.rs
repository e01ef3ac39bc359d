//! Is the hit rate too high, when hits may come in clusters?
//!
//! ```text
//! t = (rate - p) / sqrt(LRV / n),   LRV = g0 + 2 sum_{j=1..lag} (1 - j/(lag+1)) g_j,   g_j = (1/n) sum (h_i - rate)(h_{i-j} - rate)
//! ```
//!
//! Source: Newey and West (1987), Econometrica 55(3), 703-708 (Bartlett weights). One-sided: only too many hits fail. For
//! losses over `m` overlapping steps the lag must be at least `m - 1`. Normal in large samples only: with few hits the
//! overlap zones are the better judge.

use super::{CoverageError, TestOutcome};

const ID: &str = "hac";

/// Below this the hits have no variance to speak of.
const NO_VARIANCE: f64 = 1e-15;

/// The statistic with the variance it was divided by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HacOutcome {
    /// Long-run variance of one hit.
    pub long_run_variance: f64,
    /// `t` and its upper-tail p-value.
    pub outcome: TestOutcome,
}

/// The test of hits, overlapping or not, against a promised hit probability.
///
/// # Errors
/// [`CoverageError`] without observations or without variance (no hit, or nothing but hits).
pub fn test(hits: &[bool], tail: f64, lag: usize) -> Result<HacOutcome, CoverageError> {
    if hits.is_empty() {
        return Err(CoverageError::TooShort { test: ID, needed: 1, found: 0 });
    }
    let n = hits.len() as f64;
    let rate = hits.iter().filter(|hit| **hit).count() as f64 / n;
    let long_run_variance = long_run_variance(hits, rate, lag);
    if long_run_variance <= NO_VARIANCE {
        let reason = "the hits have no variance";
        return Err(CoverageError::NotDefined { test: ID, reason });
    }
    let t = (rate - tail) / (long_run_variance / n).sqrt();
    Ok(HacOutcome { long_run_variance, outcome: TestOutcome::normal_upper(t) })
}

fn long_run_variance(hits: &[bool], rate: f64, lag: usize) -> f64 {
    let deviations: Vec<f64> = hits.iter().map(|&hit| f64::from(u8::from(hit)) - rate).collect();
    let n = deviations.len() as f64;
    let autocovariance = |j: usize| {
        let products = deviations.iter().skip(j).zip(&deviations).map(|(now, before)| now * before);
        products.sum::<f64>() / n
    };
    let weighted = |j: usize| (1.0 - j as f64 / (lag + 1) as f64) * autocovariance(j);
    autocovariance(0) + 2.0 * (1..=lag).map(weighted).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lag_zero_is_the_binomial_variance() {
        let hits: Vec<bool> = (0..100).map(|at| at % 20 == 0).collect();
        let found = test(&hits, 0.01, 0).unwrap();
        // By hand: 0.05 * 0.95, and 0.04 / sqrt(0.0475 / 100).
        assert!((found.long_run_variance - 0.0475).abs() < 1e-15);
        assert!((found.outcome.statistic - 1.835_325_870_964_494).abs() < 1e-12);
    }

    #[test]
    fn no_hit_has_no_variance() {
        assert!(matches!(test(&[false; 50], 0.01, 4), Err(CoverageError::NotDefined { .. })));
    }
}
