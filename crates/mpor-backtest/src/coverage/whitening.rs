//! Which part of each overlapping loss is news, so that tests of independence may be used on all of it?
//!
//! Losses over `m` steps of independent steps of one variance have correlation `C_ij = max(0, 1 - |i - j| / m)`. With `C = L L'`
//!
//! ```text
//! w = L^-1 x
//! ```
//!
//! are uncorrelated with the variance of `x`. Where value at risk changes, losses are taken in units of it, so that the variance is
//! one: a hit is `w_t > 1` for `x_t = loss_t / var_t`. Source: the decorrelated backtest of OpenRiskEngine (its market-risk backtest) and
//! ISDA's SIMM backtesting. Exact for Gaussian steps with value at risk in proportion to their deviation; for heavy tails the `w` are
//! uncorrelated but not independent, and their quantile is not that of the losses.

use mpor_core::Level;

use super::{CoverageError, Forecasts, HitSequence};

const ID: &str = "whitening";

/// The whitened series of overlapping sums over `horizon` steps.
///
/// # Errors
/// [`CoverageError`] for a horizon of no step, or a value that is not finite.
pub fn whiten(values: &[f64], horizon: usize) -> Result<Vec<f64>, CoverageError> {
    if horizon == 0 {
        return Err(CoverageError::NoHorizon);
    }
    if let Some(at) = values.iter().position(|value| !value.is_finite()) {
        let (value, expected) = (values[at], "every value must be a finite number");
        return Err(CoverageError::Value { what: "overlapping loss", at: at + 1, value, expected });
    }
    let correlation = |lag: usize| 1.0 - lag as f64 / horizon as f64;
    // Rows of L, the diagonal last: only `horizon` entries of each differ from zero.
    let mut rows: Vec<Vec<f64>> = Vec::with_capacity(values.len());
    let mut white: Vec<f64> = Vec::with_capacity(values.len());
    for (i, value) in values.iter().enumerate() {
        let first = i.saturating_sub(horizon - 1);
        let mut row: Vec<f64> = Vec::with_capacity(i - first + 1);
        for j in first..i {
            let other = &rows[j];
            // Column k of row j lies `j - k` before its end.
            let start = first.max(j + 1 - other.len());
            let known: f64 =
                (start..j).map(|k| row[k - first] * other[k + other.len() - 1 - j]).sum();
            row.push((correlation(i - j) - known) / other[other.len() - 1]);
        }
        let square: f64 = row.iter().map(|entry| entry * entry).sum();
        let diagonal = (1.0 - square).max(f64::MIN_POSITIVE).sqrt();
        let explained: f64 = row.iter().zip(&white[first..]).map(|(entry, w)| entry * w).sum();
        white.push((value - explained) / diagonal);
        row.push(diagonal);
        rows.push(row);
    }
    Ok(white)
}

/// Hits of whitened losses in units of value at risk: independent where the assumptions hold.
///
/// # Errors
/// [`CoverageError`] for series of unequal length, values that are not finite, or value at risk not above zero.
pub fn whitened_hits(
    loss: &[f64],
    var: &[f64],
    level: Level,
    horizon: usize,
) -> Result<HitSequence, CoverageError> {
    let forecasts = Forecasts::new(loss, var, level)?;
    if forecasts.is_empty() {
        return Err(CoverageError::TooShort { test: ID, needed: 1, found: 0 });
    }
    if let Some(at) = var.iter().position(|value| *value <= 0.0) {
        let (value, expected) =
            (var[at], "it must be above zero, for losses are taken in its unit");
        return Err(CoverageError::Value { what: "value at risk", at: at + 1, value, expected });
    }
    let scaled: Vec<f64> = loss.iter().zip(var).map(|(loss, var)| loss / var).collect();
    let white = whiten(&scaled, horizon)?;
    Ok(HitSequence::daily(white.into_iter().map(|w| w > 1.0).collect(), level))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_overlapping_losses_by_hand() {
        // C = [1, 1/2; 1/2, 1], L = [1, 0; 1/2, sqrt(3)/2].
        let white = whiten(&[1.0, 2.0], 2).unwrap();
        assert_eq!(white[0], 1.0);
        assert!((white[1] - 1.5 / 0.75_f64.sqrt()).abs() < 1e-15);
    }

    #[test]
    fn losses_of_one_step_are_news_already() {
        assert_eq!(whiten(&[1.0, -2.0, 0.5], 1).unwrap(), [1.0, -2.0, 0.5]);
        assert!(whiten(&[1.0], 0).is_err());
        assert!(whiten(&[f64::NAN], 2).is_err());
        assert!(whitened_hits(&[1.0], &[0.0], Level::P99, 2).is_err());
    }
}
