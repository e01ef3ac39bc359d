//! Giacomini and White's test: could one have known beforehand which of two forecasts would score better?
//!
//! ```text
//! z_t = (1, d_{t-h}) d_t,   GW = n mean(z)' Omega^-1 mean(z)  ~ chi2(2),   Omega = long-run second moments with h - 1 lags
//! ```
//!
//! with `d_t` = score of the first less score of the second. It rejects when one forecast is better on average, or when the last difference
//! predicts the next, so that switching would help. Source: Giacomini and White (2006), "Tests of Conditional Predictive Ability",
//! Econometrica 74(6), 1545-1578, section 3.4 (instruments 1 and the last difference). Allows estimated parameters of a fixed
//! window. Bartlett weights for more than one step, so that `Omega` is never indefinite.

use mpor_stats::hac::{LagWindow, long_run_moments};
use mpor_stats::regression::quadratic_form;

use super::scores::difference;
use crate::coverage::{CoverageError, TestOutcome};

const ID: &str = "giacomini-white";

/// The conditional test of two series of scores of `horizon`-step forecasts.
///
/// # Errors
/// [`CoverageError`] for series that do not fit, are too short, or differ by a constant.
pub fn test(first: &[f64], second: &[f64], horizon: usize) -> Result<TestOutcome, CoverageError> {
    if horizon == 0 {
        return Err(CoverageError::NoHorizon);
    }
    let d = difference(first, second)?;
    let needed = 2 * horizon + 2;
    if d.len() < needed {
        return Err(CoverageError::TooShort { test: ID, needed, found: d.len() });
    }
    let now = d[horizon..].to_vec();
    let with_last: Vec<f64> = now.iter().zip(&d).map(|(now, before)| now * before).collect();
    let n = now.len() as f64;
    let mean = [now.iter().sum::<f64>() / n, with_last.iter().sum::<f64>() / n];
    let moments = long_run_moments(&[now, with_last], horizon - 1, LagWindow::Bartlett)?;
    let reason = "the scores differ by a constant or not at all";
    let not_defined = CoverageError::NotDefined { test: ID, reason };
    let form = quadratic_form(&moments, &mean).ok_or(not_defined)?;
    Ok(TestOutcome::chi_squared(n * form, 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_periods_by_hand() {
        // d = 1, -1, 2, 1: z = (-1, -1), (2, -2), (1, 2); means 2/3, -1/3; Omega = [2, -1/3; -1/3, 3].
        let found = test(&[1.0, -1.0, 2.0, 1.0], &[0.0; 4], 1).unwrap();
        let det = 6.0 - 1.0 / 9.0;
        let (a, b) = (2.0_f64 / 3.0, -1.0 / 3.0);
        let form = (3.0 * a * a + 2.0 * a * b / 3.0 + 2.0 * b * b) / det;
        assert!((found.statistic - 3.0 * form).abs() < 1e-12);
    }

    #[test]
    fn equal_scores_have_no_answer() {
        assert!(test(&[1.0; 9], &[1.0; 9], 1).is_err());
        assert!(test(&[1.0; 9], &[0.0; 9], 1).is_err());
        assert!(test(&[1.0; 9], &[0.0; 9], 0).is_err());
    }
}
