//! Du and Escanciano's tests: are the violations of the whole tail as large as promised, and without memory?
//!
//! ```text
//! H_t = (1 - d_t / p)+,   d_t = 1 - F(loss_t)
//! unconditional  U = sqrt(n) (mean H - p/2) / sqrt(p (1/3 - p/4))                       ~ N(0, 1), two-sided
//! conditional    C = n sum_{j=1..m} r_j^2,  r_j = g_j / g_0                             ~ chi2(m)
//!                g_j = (1/(n - j)) sum (H_t - p/2)(H_{t-j} - p/2)
//! ```
//!
//! Source: Du and Escanciano (2017), "Backtesting Expected Shortfall: Accounting for Tail Risk", Management Science 63(4), 940-958.
//! `U` is the `Z` of [`costanzino_curran`], judged on both sides. Takes the parameters of the forecast law as
//! known. Assumes losses that do not overlap. The conditional test
//! with five lags rejects 10 % of right models at 250 and at 1,000 periods and 97.5 %, 7 % at 5,000 (`tests/size.rs`).

use mpor_core::Level;

use super::costanzino_curran;
use crate::coverage::{CoverageError, Pits, TestOutcome};

const CONDITIONAL: &str = "du-escanciano-conditional";

/// The unconditional test.
///
/// # Errors
/// [`CoverageError::TooShort`] without periods.
pub fn unconditional(pits: &Pits, level: Level) -> Result<TestOutcome, CoverageError> {
    Ok(TestOutcome::normal_two_sided(costanzino_curran::z(pits, level)?.statistic))
}

/// The conditional test with `lags` autocorrelations.
///
/// # Errors
/// [`CoverageError`] for no lag, or fewer than two periods more than lags.
pub fn conditional(pits: &Pits, level: Level, lags: usize) -> Result<TestOutcome, CoverageError> {
    if lags == 0 {
        return Err(CoverageError::Setting {
            test: CONDITIONAL,
            what: "the number of lags",
            found: 0.0,
            expected: "at least one",
        });
    }
    pits.at_least(CONDITIONAL, lags + 2)?;
    let expected = 0.5 * level.tail();
    let h: Vec<f64> = pits.cumulative_violations(level).iter().map(|h| h - expected).collect();
    let covariance = |j: usize| {
        let products = h.iter().skip(j).zip(&h).map(|(now, before)| now * before);
        products.sum::<f64>() / (h.len() - j) as f64
    };
    let variance = covariance(0);
    let squares: f64 = (1..=lags).map(|j| (covariance(j) / variance).powi(2)).sum();
    Ok(TestOutcome::chi_squared(h.len() as f64 * squares, lags))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_periods_by_hand() {
        // Level 0.75: H = 1, 0, 0, 0 less 1/8; g_0 = (49 + 3)/256, g_1 = (-7 + 1 + 1)/192.
        let pits = Pits::of_gains(&[0.0, 0.5, 0.5, 0.5]).unwrap();
        let found = conditional(&pits, Level::new(0.75).unwrap(), 1).unwrap();
        let r = (-5.0 / 192.0) / (52.0 / 256.0);
        assert!((found.statistic - 4.0 * r * r).abs() < 1e-14);
        assert!(conditional(&pits, Level::P99, 3).is_err());
        assert!(conditional(&pits, Level::P99, 0).is_err());
    }

    #[test]
    fn clustered_violations_are_rejected() {
        let gains: Vec<f64> = (0..1000).map(|at| if at % 200 < 5 { 0.004 } else { 0.6 }).collect();
        let pits = Pits::of_gains(&gains).unwrap();
        let level = Level::new(0.975).unwrap();
        assert!(conditional(&pits, level, 5).unwrap().p_value < 1e-6);
    }
}
