//! How do several series move together? Covariance, correlation and their triangular root.
//!
//! Observations are rows and series are columns of a `T x N` array. Products are summed along time in a fixed order and not by
//! a matrix product, whose order of summation and use of fused multiply-add depend on the machine.

use ndarray::{Array1, Array2, ArrayView2};

use crate::error::{StatsError, at_least};
use crate::ewma::Decay;

/// Covariance about the sample means, divided by `T - ddof` (`ddof` = 1 for the unbiased one, 0 for the moment).
///
/// # Errors
/// [`StatsError::TooFew`] unless there are more than `ddof` rows (and one), [`StatsError::NotFinite`] with the index in row order.
pub fn sample_covariance(
    observations: ArrayView2<'_, f64>,
    ddof: usize,
) -> Result<Array2<f64>, StatsError> {
    let rows = observations.nrows();
    at_least("a covariance", ddof + 1, rows)?;
    finite(observations)?;
    let centred = centred_series(observations);
    let scale = (rows - ddof) as f64;
    Ok(symmetric(centred.nrows(), |i, j| centred.row(i).dot(&centred.row(j)) / scale))
}

/// Exponentially weighted covariance with mean zero: the forecast after the last row.
///
/// `c[0]` = mean of the products over the first `burn_in` rows, `c[t+1] = lambda c[t] + (1 - lambda) r[t] r[t]'`, as in [`crate::ewma`].
///
/// # Errors
/// [`StatsError::TooFew`] without rows, [`StatsError::NotFinite`] with the index in row order.
pub fn ewma_covariance(
    observations: ArrayView2<'_, f64>,
    decay: Decay,
    burn_in: usize,
) -> Result<Array2<f64>, StatsError> {
    at_least("a covariance", 1, observations.nrows())?;
    finite(observations)?;
    let series = observations.t().as_standard_layout().into_owned();
    let start = burn_in.clamp(1, observations.nrows());
    Ok(symmetric(series.nrows(), |i, j| {
        let (left, right) = (series.row(i), series.row(j));
        let products = left.iter().zip(right).map(|(a, b)| a * b);
        let seed = products.clone().take(start).sum::<f64>() / start as f64;
        products.fold(seed, |covariance, product| decay.blend(covariance, product))
    }))
}

/// Correlations of a covariance matrix; 1 on the diagonal.
///
/// # Errors
/// [`StatsError::Domain`] for a series without variance, [`StatsError::Lengths`] for a matrix that is not square,
/// [`StatsError::NotFinite`].
pub fn correlation(covariance: ArrayView2<'_, f64>) -> Result<Array2<f64>, StatsError> {
    square(covariance)?;
    finite(covariance)?;
    let variances = covariance.diag();
    if let Some(&found) = variances.iter().find(|variance| **variance <= 0.0) {
        return Err(StatsError::Domain {
            function: "a correlation",
            argument: "a variance",
            found,
            expected: "above zero",
        });
    }
    let deviations: Array1<f64> = variances.mapv(f64::sqrt);
    Ok(Array2::from_shape_fn(covariance.dim(), |(i, j)| {
        if i == j {
            1.0
        } else {
            (covariance[[i, j]] / (deviations[i] * deviations[j])).clamp(-1.0, 1.0)
        }
    }))
}

/// The lower triangular `L` with `L L' = matrix`, reading its lower half.
///
/// A direction without variance (a pivot of zero within rounding) gets a column of zeros, so that a semi-definite matrix has a root.
///
/// # Errors
/// [`StatsError::NotPositive`] with the row at which it fails, [`StatsError::Lengths`] for a matrix that is not square,
/// [`StatsError::NotFinite`].
pub fn cholesky(matrix: ArrayView2<'_, f64>) -> Result<Array2<f64>, StatsError> {
    square(matrix)?;
    finite(matrix)?;
    let n = matrix.nrows();
    let mut root = Array2::<f64>::zeros((n, n));
    for column in 0..n {
        let tolerance = 1e-13 * n as f64 * matrix[[column, column]].abs();
        let pivot = matrix[[column, column]] - product(&root, column, column, column);
        if pivot < -tolerance {
            return Err(StatsError::NotPositive { row: column, pivot });
        }
        let diagonal = if pivot > tolerance { pivot.sqrt() } else { 0.0 };
        root[[column, column]] = diagonal;
        for row in column + 1..n {
            let rest = matrix[[row, column]] - product(&root, row, column, column);
            if diagonal > 0.0 {
                root[[row, column]] = rest / diagonal;
            } else if rest * rest > tolerance * matrix[[row, row]].abs() {
                return Err(StatsError::NotPositive { row: column, pivot: -rest.abs() });
            }
        }
    }
    Ok(root)
}

/// `sum over k < upto of root[row, k] root[column, k]`.
fn product(root: &Array2<f64>, row: usize, column: usize, upto: usize) -> f64 {
    (0..upto).map(|k| root[[row, k]] * root[[column, k]]).sum()
}

/// Series as rows, each less its mean.
fn centred_series(observations: ArrayView2<'_, f64>) -> Array2<f64> {
    let mut series = observations.t().as_standard_layout().into_owned();
    for mut row in series.rows_mut() {
        let mean = row.sum() / row.len() as f64;
        row -= mean;
    }
    series
}

fn symmetric(n: usize, entry: impl Fn(usize, usize) -> f64) -> Array2<f64> {
    let mut matrix = Array2::zeros((n, n));
    for i in 0..n {
        for j in 0..=i {
            matrix[[i, j]] = entry(i, j);
            matrix[[j, i]] = matrix[[i, j]];
        }
    }
    matrix
}

fn square(matrix: ArrayView2<'_, f64>) -> Result<(), StatsError> {
    let (left, right) = matrix.dim();
    let what = "rows and columns of a covariance matrix";
    if left == right { Ok(()) } else { Err(StatsError::Lengths { what, left, right }) }
}

fn finite(observations: ArrayView2<'_, f64>) -> Result<(), StatsError> {
    match observations.iter().enumerate().find(|(_, value)| !value.is_finite()) {
        None => Ok(()),
        Some((index, &value)) => Err(StatsError::NotFinite { index, value }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ewma::ewma_variance;
    use ndarray::array;
    use ndarray_stats::CorrelationExt;

    fn observations() -> Array2<f64> {
        Array2::from_shape_fn((40, 3), |(t, i)| {
            let t = t as f64;
            (t * (1.3 + i as f64)).sin() + 0.5 * (t * 0.7).cos()
        })
    }

    #[test]
    fn the_sample_covariance_is_that_of_ndarray_stats() {
        let data = observations();
        let ours = sample_covariance(data.view(), 1).unwrap();
        let theirs = data.t().cov(1.0).unwrap();
        assert!((&ours - &theirs).iter().all(|error| error.abs() < 1e-14), "{ours} {theirs}");
        let correlations = correlation(ours.view()).unwrap();
        let theirs = data.t().pearson_correlation().unwrap();
        assert!((&correlations - &theirs).iter().all(|error| error.abs() < 1e-14));
    }

    #[test]
    fn the_ewma_diagonal_is_the_ewma_variance() {
        let (data, decay) = (observations(), Decay::new(0.94).unwrap());
        let covariance = ewma_covariance(data.view(), decay, 20).unwrap();
        for i in 0..3 {
            let path = ewma_variance(&data.column(i).to_vec(), decay, 20).unwrap();
            assert!((covariance[[i, i]] - path[40]).abs() < 1e-15);
        }
        assert!(cholesky(covariance.view()).is_ok());
    }

    #[test]
    fn the_root_squares_to_the_matrix() {
        // By hand: the textbook matrix with root [2; 6 1; -8 5 3].
        let matrix = array![[4.0, 12.0, -16.0], [12.0, 37.0, -43.0], [-16.0, -43.0, 98.0]];
        let root = cholesky(matrix.view()).unwrap();
        assert_eq!(root, array![[2.0, 0.0, 0.0], [6.0, 1.0, 0.0], [-8.0, 5.0, 3.0]]);
    }

    #[test]
    fn a_series_held_twice_has_a_root_and_a_contradiction_has_none() {
        let twice = array![[1.0, 1.0, 0.5], [1.0, 1.0, 0.5], [0.5, 0.5, 1.0]];
        let root = cholesky(twice.view()).unwrap();
        let back = root.dot(&root.t());
        assert!((&back - &twice).iter().all(|error| error.abs() < 1e-15));
        let against = array![[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]];
        let error = cholesky(against.view()).unwrap_err();
        assert!(matches!(error, StatsError::NotPositive { row: 2, .. }), "{error}");
        assert!(cholesky(array![[0.0, 1.0], [1.0, 1.0]].view()).is_err());
    }

    #[test]
    fn what_is_no_sample_is_refused() {
        assert!(sample_covariance(array![[1.0, 2.0]].view(), 1).is_err());
        assert!(sample_covariance(array![[1.0], [f64::NAN]].view(), 1).is_err());
        assert!(correlation(array![[0.0]].view()).is_err());
        assert!(cholesky(array![[1.0, 2.0]].view()).is_err());
        assert!(cholesky(array![[f64::NAN]].view()).is_err());
    }
}
