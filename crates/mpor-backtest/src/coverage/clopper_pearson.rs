//! Clopper-Pearson bounds: which hit rates are compatible with this many hits?
//!
//! ```text
//! low  = the a/2 quantile of Beta(x, n - x + 1),       0 without hits
//! high = the 1 - a/2 quantile of Beta(x + 1, n - x),   1 when all are hits,        a = 1 - confidence
//! ```
//!
//! Source: Clopper and Pearson (1934), Biometrika 26(4), 404-413. Assumes independent periods; conservative by design.
//! Counts need not be whole: losses over `m` overlapping steps are given `x / m` of `n / m`, the count of one sub-sample
//! without overlap, which is wider than any estimate that trusts the overlapping periods.

use mpor_core::Level;
use mpor_stats::StatsError;
use mpor_stats::special::beta_quantile;

/// Two-sided bounds of a hit rate, low then high, at a confidence level.
///
/// # Errors
/// [`StatsError::Domain`] without observations, or with hits below zero or above the observations.
pub fn bounds(observations: f64, hits: f64, confidence: Level) -> Result<(f64, f64), StatsError> {
    if !(observations > 0.0 && hits >= 0.0 && hits <= observations) {
        return Err(StatsError::Domain {
            function: "the Clopper-Pearson bounds",
            argument: "hits",
            found: hits,
            expected: "between zero and the number of observations, which must be above zero",
        });
    }
    let side = confidence.tail() / 2.0;
    let misses = observations - hits;
    let low = if hits == 0.0 { 0.0 } else { beta_quantile(side, hits, misses + 1.0)? };
    // By the other tail: 1 - side would lose digits.
    let high = if misses == 0.0 { 1.0 } else { 1.0 - beta_quantile(side, misses, hits + 1.0)? };
    Ok((low, high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_hit_by_closed_form() {
        let (low, high) = bounds(250.0, 0.0, Level::new(0.95).unwrap()).unwrap();
        assert_eq!(low, 0.0);
        // 1 - (a/2)^(1/n).
        assert!((high - (1.0 - 0.025_f64.powf(1.0 / 250.0))).abs() < 1e-13);
    }

    #[test]
    fn impossible_counts_are_refused() {
        assert!(bounds(0.0, 0.0, Level::P99).is_err());
        assert!(bounds(10.0, 11.0, Level::P99).is_err());
    }
}
