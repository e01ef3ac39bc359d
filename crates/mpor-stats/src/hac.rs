//! How uncertain is a mean when its terms depend on each other?
//!
//! ```text
//! LRV = g0 + 2 sum_{j=1..lag} w_j g_j,   g_j = (1/n) sum (x_t - mean)(x_{t-j} - mean)
//! w_j = 1 - j/(lag+1) (Bartlett),  1 (rectangular);   variance of the mean = LRV / n
//! ```
//!
//! Source: Newey and West (1987), Econometrica 55(3), 703-708 (Bartlett, never negative); Hansen and Hodrick (1980), Journal of
//! Political Economy 88(5), 829-853 (rectangular, unbiased for an `(lag+1)`-step forecast error, and may be negative).

use crate::error::{StatsError, all_finite, at_least};

/// How fast the weight of far autocovariances falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LagWindow {
    /// Linear to zero: never negative.
    Bartlett,
    /// All lags alike: may be negative.
    Rectangular,
}

impl LagWindow {
    fn weight(self, j: usize, lag: usize) -> f64 {
        match self {
            LagWindow::Bartlett => 1.0 - j as f64 / (lag + 1) as f64,
            LagWindow::Rectangular => 1.0,
        }
    }
}

/// Lags by the rule of Newey and West (1994), `floor(4 (n/100)^(2/9))`.
#[must_use]
pub fn automatic_lag(n: usize) -> usize {
    (4.0 * libm::pow(n as f64 / 100.0, 2.0 / 9.0)) as usize
}

/// Long-run variance of one term around the mean; lags beyond the series count nothing.
///
/// # Errors
/// [`StatsError`] without values, or for a value that is not finite.
pub fn long_run_variance(values: &[f64], lag: usize, window: LagWindow) -> Result<f64, StatsError> {
    at_least("a long-run variance", 1, values.len())?;
    all_finite(values)?;
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let centred: Vec<f64> = values.iter().map(|value| value - mean).collect();
    Ok(weighted(lag, window, |j| lagged_product(&centred, &centred, j)))
}

/// Long-run second moments of several series around **zero**, row by row: what a test of zero means divides by.
///
/// # Errors
/// [`StatsError`] without values, for series of unequal length, or for a value that is not finite.
pub fn long_run_moments(
    series: &[Vec<f64>],
    lag: usize,
    window: LagWindow,
) -> Result<Vec<Vec<f64>>, StatsError> {
    let n = series.first().map_or(0, Vec::len);
    at_least("long-run moments", 1, n)?;
    for one in series {
        all_finite(one)?;
        if one.len() != n {
            return Err(StatsError::Lengths { what: "series", left: n, right: one.len() });
        }
    }
    // Both orders, because a lagged product is not symmetric.
    let both = |a: &[f64], b: &[f64], j| 0.5 * (lagged_product(a, b, j) + lagged_product(b, a, j));
    let row = |a: &Vec<f64>| -> Vec<f64> {
        series.iter().map(|b| weighted(lag, window, |j| both(a, b, j))).collect()
    };
    Ok(series.iter().map(row).collect())
}

fn weighted(lag: usize, window: LagWindow, product: impl Fn(usize) -> f64) -> f64 {
    let later = (1..=lag).map(|j| window.weight(j, lag) * product(j)).sum::<f64>();
    product(0) + 2.0 * later
}

fn lagged_product(now: &[f64], before: &[f64], j: usize) -> f64 {
    let products = now.iter().skip(j).zip(before).map(|(now, before)| now * before);
    products.sum::<f64>() / now.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_values_by_hand() {
        // Mean 2; deviations -1, -1, 2; g0 = 6/3, g1 = (1 - 2)/3; Bartlett weight 1/2.
        let values = [1.0, 1.0, 4.0];
        let bartlett = long_run_variance(&values, 1, LagWindow::Bartlett).unwrap();
        let rectangular = long_run_variance(&values, 1, LagWindow::Rectangular).unwrap();
        assert!((bartlett - (2.0 - 1.0 / 3.0)).abs() < 1e-15);
        assert!((rectangular - (2.0 - 2.0 / 3.0)).abs() < 1e-15);
    }

    #[test]
    fn moments_of_one_series_around_zero() {
        let moments = long_run_moments(&[vec![1.0, -2.0]], 0, LagWindow::Bartlett).unwrap();
        assert_eq!(moments, [[2.5]]);
        assert!(long_run_moments(&[vec![1.0], vec![1.0, 2.0]], 0, LagWindow::Bartlett).is_err());
        assert!(long_run_variance(&[f64::NAN], 0, LagWindow::Bartlett).is_err());
    }

    #[test]
    fn the_rule_of_thumb() {
        assert_eq!((automatic_lag(100), automatic_lag(1000)), (4, 6));
    }
}
