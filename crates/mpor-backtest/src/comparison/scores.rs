//! The score of each period, for tests that compare forecasts period by period.
//!
//! Means and formulas are those of [`pinball`](crate::coverage::pinball) and [`fz0`](crate::coverage::fz0).

use crate::coverage::{CoverageError, Forecasts};

/// Pinball loss of each period, in the unit of the losses.
#[must_use]
pub fn pinball(forecasts: &Forecasts<'_>) -> Vec<f64> {
    let (level, tail) = (forecasts.level().value(), forecasts.tail());
    let score = |(loss, var): (&f64, &f64)| {
        if loss > var { level * (loss - var) } else { tail * (var - loss) }
    };
    forecasts.loss().iter().zip(forecasts.var()).map(score).collect()
}

/// FZ0 score of each period, without unit.
///
/// # Errors
/// [`CoverageError`] where expected shortfall is missing or not above zero.
pub fn fz0(forecasts: &Forecasts<'_>) -> Result<Vec<f64>, CoverageError> {
    let es = forecasts.positive_es("fz0")?;
    let tail = forecasts.tail();
    let score = |(loss, var, es): (f64, f64, f64)| {
        let beyond = if loss > var { (loss - var) / (tail * es) } else { 0.0 };
        beyond + var / es + libm::log(es) - 1.0
    };
    Ok(forecasts.rows(es).map(score).collect())
}

/// Scores of two forecasts, period by period: first less second.
///
/// # Errors
/// [`CoverageError`] for series of unequal length or values that are not finite.
pub fn difference(first: &[f64], second: &[f64]) -> Result<Vec<f64>, CoverageError> {
    if first.len() != second.len() {
        let (found, expected) = (second.len(), first.len());
        return Err(CoverageError::Lengths { what: "the second score", found, expected });
    }
    for (what, scores) in [("the first score", first), ("the second score", second)] {
        if let Some(at) = scores.iter().position(|score| !score.is_finite()) {
            let (value, expected) = (scores[at], "every value must be a finite number");
            return Err(CoverageError::Value { what, at: at + 1, value, expected });
        }
    }
    Ok(first.iter().zip(second).map(|(first, second)| first - second).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coverage::{fz0 as fz0_mean, pinball as pinball_mean};
    use mpor_core::Level;

    #[test]
    fn their_means_are_the_mean_scores() {
        let (loss, var, es) = ([0.0, 3.0, -1.0], [1.0, 2.0, 1.5], [2.0, 2.5, 2.0]);
        let forecasts = Forecasts::new(&loss, &var, Level::P99).unwrap();
        let forecasts = forecasts.with_shortfall(&es).unwrap();
        let mean = |scores: Vec<f64>| scores.iter().sum::<f64>() / 3.0;
        assert_eq!(mean(pinball(&forecasts)), pinball_mean::mean(&forecasts).unwrap());
        assert_eq!(mean(fz0(&forecasts).unwrap()), fz0_mean::mean(&forecasts).unwrap());
    }

    #[test]
    fn scores_that_do_not_fit_are_refused() {
        assert!(difference(&[1.0], &[]).is_err());
        assert!(difference(&[1.0], &[f64::NAN]).is_err());
    }
}
