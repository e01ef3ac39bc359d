//! What is the covariance of many series of which few observations are known?
//!
//! ```text
//! S      = sample covariance about the means, divided by T
//! Sigma  = (1 - d) S + d F
//! F      = identity        mean variance on the diagonal, zero elsewhere
//!          constant        s_ii on the diagonal, r sqrt(s_ii s_jj) elsewhere, r = mean sample correlation
//! d      = min(1, max(0, (pi - rho) / gamma / T))
//! pi     = sum of asymptotic variances of sqrt(T) s_ij,  rho = of their covariances with f_ij,  gamma = || F - S ||^2
//! ```
//!
//! Sources: Ledoit and Wolf (2004), "A well-conditioned estimator for large-dimensional covariance matrices", Journal
//! of Multivariate Analysis 88(2), 365-411 (identity; what scikit-learn computes); Ledoit and Wolf (2004), "Honey, I
//! shrunk the sample covariance matrix", Journal of Portfolio Management 30(4), 110-119, appendix B (constant
//! correlation).

use ndarray::{Array2, ArrayView2};

use crate::checks::{at_least, finite, parameter};
use crate::error::RiskError;

/// What a covariance is shrunk towards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// No correlation, equal variances.
    Identity,
    /// The sample's variances, and its mean correlation for every pair.
    ConstantCorrelation,
}

/// A shrunk covariance.
#[derive(Clone, Debug, PartialEq)]
pub struct Shrunk {
    /// The covariance.
    pub covariance: Array2<f64>,
    /// Weight of the target, 0 to 1.
    pub intensity: f64,
}

/// Shrinks the covariance of observations (rows) by the intensity that minimises its expected squared error.
///
/// # Errors
/// [`RiskError::Stats`] for fewer than two rows, no column or values that are not finite; [`RiskError::Parameter`] for
/// a constant series where correlations are needed.
pub fn ledoit_wolf(observations: ArrayView2<'_, f64>, target: Target) -> Result<Shrunk, RiskError> {
    let (rows, columns) = observations.dim();
    at_least("a shrunk covariance", 2, rows)?;
    at_least("a shrunk covariance (series)", 1, columns)?;
    finite(observations.iter())?;
    let series = centred(observations);
    let sample = moments(&series, &series);
    let (goal, rho) = match target {
        Target::Identity => (identity(&sample), 0.0),
        Target::ConstantCorrelation => constant_correlation(&series, &sample)?,
    };
    let squares = series.mapv(|x| x * x);
    let fourth = moments(&squares, &squares);
    let pi: f64 = fourth.iter().zip(&sample).map(|(m, s)| m - s * s).sum();
    let gamma: f64 = goal.iter().zip(&sample).map(|(f, s)| (f - s) * (f - s)).sum();
    // A target that the sample already meets: any weight gives the same matrix.
    let intensity =
        if gamma > 0.0 { ((pi - rho) / gamma / rows as f64).clamp(0.0, 1.0) } else { 0.0 };
    let covariance = &sample * (1.0 - intensity) + &goal * intensity;
    Ok(Shrunk { covariance, intensity })
}

fn identity(sample: &Array2<f64>) -> Array2<f64> {
    let n = sample.nrows();
    Array2::eye(n) * (sample.diag().sum() / n as f64)
}

/// The target and the sum of asymptotic covariances of its entries with the sample's.
fn constant_correlation(
    series: &Array2<f64>,
    sample: &Array2<f64>,
) -> Result<(Array2<f64>, f64), RiskError> {
    let n = sample.nrows();
    let deviations: Vec<f64> = sample.diag().iter().map(|v| v.sqrt()).collect();
    if let Some(column) = deviations.iter().position(|sd| *sd == 0.0) {
        return Err(parameter("series", format!("constant in column {column}"), "one that moves"));
    }
    let mut mean = 0.0;
    for i in 0..n {
        for j in 0..i {
            mean += sample[[i, j]] / (deviations[i] * deviations[j]);
        }
    }
    mean /= (n * n.saturating_sub(1) / 2).max(1) as f64;
    let goal = Array2::from_shape_fn((n, n), |(i, j)| {
        if i == j { sample[[i, i]] } else { mean * deviations[i] * deviations[j] }
    });
    let squares = series.mapv(|x| x * x);
    let cubes = series.mapv(|x| x * x * x);
    // theta[i, j]: covariance of s_ii with s_ij.
    let mixed = moments(&cubes, series);
    let fourth = moments(&squares, &squares);
    let mut rho = 0.0;
    for i in 0..n {
        rho += fourth[[i, i]] - sample[[i, i]] * sample[[i, i]];
        for j in (0..n).filter(|&j| j != i) {
            let theta = mixed[[i, j]] - sample[[i, i]] * sample[[i, j]];
            rho += mean * deviations[j] / deviations[i] * theta;
        }
    }
    Ok((goal, rho))
}

/// Series as rows, each less its mean.
fn centred(observations: ArrayView2<'_, f64>) -> Array2<f64> {
    let mut series = observations.t().as_standard_layout().into_owned();
    for mut row in series.rows_mut() {
        let mean = row.sum() / row.len() as f64;
        row -= mean;
    }
    series
}

/// Mean products of two sets of series.
fn moments(left: &Array2<f64>, right: &Array2<f64>) -> Array2<f64> {
    let rows = left.ncols() as f64;
    Array2::from_shape_fn((left.nrows(), right.nrows()), |(i, j)| {
        left.row(i).iter().zip(right.row(j)).map(|(a, b)| a * b).sum::<f64>() / rows
    })
}
