//! Means, deviations, moments and percentiles of a sample.
//!
//! Sums run in the order of the sample. Percentiles interpolate as Hyndman and Fan (1996) definition 7; margins and risk
//! numbers take [`QuantileRule`](crate::QuantileRule) instead, whose ranks are exact.

use ndarray::ArrayView1;
use ndarray_stats::SummaryStatisticsExt;

use crate::error::{StatsError, all_finite, at_least};

/// Arithmetic mean.
///
/// # Errors
/// [`StatsError::TooFew`] without observations.
pub fn mean(values: &[f64]) -> Result<f64, StatsError> {
    at_least("a mean", 1, values.len())?;
    Ok(values.iter().sum::<f64>() / values.len() as f64)
}

/// Variance about the sample mean, divided by `n - 1`.
///
/// # Errors
/// [`StatsError::TooFew`] below two observations.
pub fn sample_variance(values: &[f64]) -> Result<f64, StatsError> {
    at_least("a sample variance", 2, values.len())?;
    let mean = mean(values)?;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    Ok(squares / (values.len() - 1) as f64)
}

/// Standard deviation about the sample mean, variance divided by `n - 1`.
///
/// # Errors
/// [`StatsError::TooFew`] below two observations.
pub fn sample_std(values: &[f64]) -> Result<f64, StatsError> {
    Ok(sample_variance(values)?.sqrt())
}

/// Skewness, `m3 / m2^(3/2)` with moments divided by `n`.
///
/// # Errors
/// [`StatsError::TooFew`] without observations, [`StatsError::Domain`] for a sample without variance.
pub fn skewness(values: &[f64]) -> Result<f64, StatsError> {
    at_least("a skewness", 1, values.len())?;
    defined("the skewness", ArrayView1::from(values).skewness().unwrap_or(f64::NAN))
}

/// Kurtosis, `m4 / m2^2` with moments divided by `n`: 3 for the normal law.
///
/// # Errors
/// [`StatsError::TooFew`] without observations, [`StatsError::Domain`] for a sample without variance.
pub fn kurtosis(values: &[f64]) -> Result<f64, StatsError> {
    at_least("a kurtosis", 1, values.len())?;
    defined("the kurtosis", ArrayView1::from(values).kurtosis().unwrap_or(f64::NAN))
}

/// The percentile at `p` in [0, 1] of an ascending sample, interpolated (definition 7).
///
/// # Errors
/// [`StatsError::TooFew`] without observations, [`StatsError::Domain`] for `p` outside [0, 1].
pub fn percentile_sorted(ascending: &[f64], p: f64) -> Result<f64, StatsError> {
    at_least("a percentile", 1, ascending.len())?;
    if !(0.0..=1.0).contains(&p) {
        return Err(StatsError::Domain {
            function: "a percentile",
            argument: "the probability",
            found: p,
            expected: "between 0 and 1",
        });
    }
    let place = p * (ascending.len() - 1) as f64;
    let below = (place.floor() as usize).min(ascending.len() - 1);
    let above = (below + 1).min(ascending.len() - 1);
    let (low, high) = (ascending[below], ascending[above]);
    Ok(low + (place - below as f64) * (high - low))
}

/// The middle value, or the mean of the two middle ones. `scratch` is overwritten.
///
/// # Errors
/// [`StatsError::TooFew`] without observations, [`StatsError::NotFinite`] naming the value.
pub fn median(values: &[f64], scratch: &mut Vec<f64>) -> Result<f64, StatsError> {
    at_least("a median", 1, values.len())?;
    all_finite(values)?;
    scratch.clear();
    scratch.extend_from_slice(values);
    let half = values.len() / 2;
    let (before, &mut upper, _) = scratch.select_nth_unstable_by(half, f64::total_cmp);
    if values.len() % 2 == 1 {
        return Ok(upper);
    }
    let lower = before.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    Ok(lower + 0.5 * (upper - lower))
}

fn defined(function: &'static str, value: f64) -> Result<f64, StatsError> {
    if value.is_finite() {
        return Ok(value);
    }
    let expected = "above zero and finite";
    Err(StatsError::Domain { function, argument: "the sample variance", found: 0.0, expected })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_samples_by_hand() {
        let values = [2.0, 4.0, 4.0, 6.0];
        assert_eq!(mean(&values).unwrap(), 4.0);
        assert!((sample_variance(&values).unwrap() - 8.0 / 3.0).abs() < 1e-15);
        assert_eq!(skewness(&values).unwrap(), 0.0);
        assert_eq!(kurtosis(&values).unwrap(), 2.0);
        assert_eq!(percentile_sorted(&values, 0.25).unwrap(), 3.5);
        assert_eq!(percentile_sorted(&values, 1.0).unwrap(), 6.0);
        assert_eq!(median(&[5.0, 1.0, 3.0], &mut Vec::new()).unwrap(), 3.0);
        assert_eq!(median(&[5.0, 1.0, 3.0, 2.0], &mut Vec::new()).unwrap(), 2.5);
    }

    #[test]
    fn what_is_not_defined_is_refused() {
        assert!(mean(&[]).is_err());
        assert!(sample_std(&[1.0]).is_err());
        assert!(skewness(&[1.0, 1.0]).is_err());
        assert!(percentile_sorted(&[1.0], 1.5).is_err());
        assert!(median(&[f64::NAN], &mut Vec::new()).is_err());
    }
}
