//! Diebold and Mariano's test: does one forecast score better than another by more than chance?
//!
//! With `d_t` = score of the first less score of the second and forecasts of `h` steps,
//!
//! ```text
//! DM  = mean(d) / sqrt(LRV / n)                               LRV with h - 1 lags (rectangular) or more (Bartlett)
//! HLN = DM sqrt( (n + 1 - 2h + h (h - 1)/n) / n )   ~ t(n - 1), two-sided
//! ```
//!
//! **Negative = the first is better.** Source: Diebold and Mariano (1995), Journal of Business and Economic Statistics 13(3), 253-263;
//! Harvey, Leybourne and Newbold (1997), International Journal of Forecasting 13(2), 281-291, eq. 9. Compares forecasts, not the models
//! behind them (Diebold 2015). A rectangular variance may come out negative: then there is no answer, and the Bartlett window has one.

use mpor_stats::hac::{LagWindow, long_run_variance};

use super::scores::difference;
use crate::coverage::{CoverageError, TestOutcome};

const ID: &str = "diebold-mariano";

/// How the variance of the mean difference is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Steps that a forecast looks ahead.
    pub horizon: usize,
    /// Lags of the long-run variance; at least `horizon - 1`.
    pub lag: usize,
    /// Their weights.
    pub window: LagWindow,
}

impl Terms {
    /// The original: `horizon - 1` lags, all alike.
    #[must_use]
    pub fn of_horizon(horizon: usize) -> Self {
        Terms { horizon, lag: horizon.saturating_sub(1), window: LagWindow::Rectangular }
    }
}

/// The test of two series of scores.
///
/// # Errors
/// [`CoverageError`] for series that do not fit, shorter than two horizons, or without variance.
pub fn test(first: &[f64], second: &[f64], terms: Terms) -> Result<TestOutcome, CoverageError> {
    let d = difference(first, second)?;
    let (n, h) = (d.len() as f64, terms.horizon as f64);
    if terms.horizon == 0 {
        return Err(CoverageError::NoHorizon);
    }
    let needed = (2 * terms.horizon).max(3);
    if d.len() < needed {
        return Err(CoverageError::TooShort { test: ID, needed, found: d.len() });
    }
    let lag = terms.lag.max(terms.horizon - 1);
    let variance = long_run_variance(&d, lag, terms.window)?;
    let size = d.iter().map(|d| d * d).sum::<f64>() / n;
    if variance <= 1e-14 * size || size == 0.0 {
        let reason = "the scores differ by a constant, or the rectangular variance is not positive: use Bartlett's window";
        return Err(CoverageError::NotDefined { test: ID, reason });
    }
    let mean = d.iter().sum::<f64>() / n;
    let corrected = ((n + 1.0 - 2.0 * h + h * (h - 1.0) / n) / n).sqrt();
    let statistic = mean / (variance / n).sqrt() * corrected;
    Ok(TestOutcome::student_two_sided(statistic, d.len() - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_periods_by_hand() {
        // d = 1, 1, 4: mean 2, variance 2; one step: 2 / sqrt(2/3) * sqrt(2/3) = 2.
        let found = test(&[1.0, 1.0, 4.0], &[0.0; 3], Terms::of_horizon(1)).unwrap();
        assert!((found.statistic - 2.0).abs() < 1e-14);
        // The t law of 2 degrees of freedom: 2 P(T > 2) = 1 - 2 / sqrt(6).
        assert!((found.p_value - (1.0 - 2.0 / 6.0_f64.sqrt())).abs() < 1e-12);
    }

    #[test]
    fn equal_scores_have_no_answer() {
        assert!(test(&[1.0; 9], &[1.0; 9], Terms::of_horizon(1)).is_err());
        assert!(test(&[2.0; 9], &[1.0; 9], Terms::of_horizon(1)).is_err());
        assert!(test(&[1.0], &[2.0], Terms::of_horizon(1)).is_err());
    }
}
