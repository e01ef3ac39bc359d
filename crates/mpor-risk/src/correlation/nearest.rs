//! Which correlation matrix is nearest to one that is none?
//!
//! ```text
//! X = argmin || A - X ||_F   over X symmetric, unit diagonal, eigenvalues >= floor
//! R = Y - D,  X = P_floor(R),  D = X - R,  Y = P_unit(X)          until X and Y agree
//! ```
//!
//! Source: Higham (2002), "Computing the nearest correlation matrix - a problem from finance", IMA Journal of Numerical
//! Analysis 22(3), 329-343, algorithm 3.3: alternating projections with Dykstra's correction, here without weights and
//! with a floor of the eigenvalues. The steps converge linearly; the number of them is reported, and a matrix that has
//! not converged is an error, never returned.

use ndarray::{Array2, ArrayView2};

use super::eigen::Eigen;
use crate::checks::{at_least, parameter, symmetric};
use crate::error::RiskError;

/// Steps after which the projections are given up.
const MOST_STEPS: usize = 20_000;

/// The nearest correlation matrix and how far it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Nearest {
    /// A correlation matrix: symmetric, unit diagonal, positive semi-definite within rounding.
    pub matrix: Array2<f64>,
    /// Frobenius norm of what was changed.
    pub distance: f64,
    /// Projections made; zero when the matrix was valid.
    pub steps: usize,
}

/// The nearest correlation matrix whose eigenvalues are at least `floor`.
///
/// # Errors
/// [`RiskError::Parameter`] for a matrix that is not symmetric or a floor outside `[0, 1)`, and where the projections
/// do not converge; [`RiskError::Stats`] for an empty one or values that are not finite.
pub fn nearest_correlation(matrix: ArrayView2<'_, f64>, floor: f64) -> Result<Nearest, RiskError> {
    at_least("a correlation matrix", 1, matrix.nrows())?;
    symmetric(matrix)?;
    if !(0.0..1.0).contains(&floor) {
        return Err(parameter("floor of the eigenvalues", floor, "zero or more and below 1"));
    }
    if is_valid(matrix, floor) {
        return Ok(Nearest { matrix: matrix.to_owned(), distance: 0.0, steps: 0 });
    }
    let mut y = matrix.to_owned();
    let mut correction = Array2::<f64>::zeros(matrix.dim());
    for steps in 1..=MOST_STEPS {
        let shifted = &y - &correction;
        let x = Eigen::of(shifted.view()).map(|value| value.max(floor));
        correction = &x - &shifted;
        let mut next = x.clone();
        next.diag_mut().fill(1.0);
        let (gap, moved) = (norm(&(&next - &x)), norm(&(&next - &y)));
        y = next;
        if gap <= 1e-13 * norm(&y) && moved <= 1e-13 * norm(&y) || gap == 0.0 {
            let matrix_out = unit_diagonal(&x);
            let distance = norm(&(&matrix_out - &matrix));
            return Ok(Nearest { matrix: matrix_out, distance, steps });
        }
    }
    let expected = "a matrix whose nearest correlation is found in 20,000 projections";
    Err(parameter("matrix", "no convergence", expected))
}

/// The smallest eigenvalue of a symmetric matrix: negative where it is no covariance.
///
/// # Errors
/// As [`nearest_correlation`].
pub fn smallest_eigenvalue(matrix: ArrayView2<'_, f64>) -> Result<f64, RiskError> {
    at_least("a correlation matrix", 1, matrix.nrows())?;
    symmetric(matrix)?;
    Ok(Eigen::of(matrix).values[0])
}

fn is_valid(matrix: ArrayView2<'_, f64>, floor: f64) -> bool {
    matrix.diag().iter().all(|entry| *entry == 1.0)
        && Eigen::of(matrix).values[0] >= floor - 1e-14 * matrix.nrows() as f64
}

/// Scales rows and columns, which changes no sign of an eigenvalue, so that the diagonal is exactly 1.
fn unit_diagonal(matrix: &Array2<f64>) -> Array2<f64> {
    let deviations: Vec<f64> = matrix.diag().iter().map(|entry| entry.sqrt()).collect();
    Array2::from_shape_fn(matrix.dim(), |(i, j)| {
        if i == j {
            1.0
        } else {
            (matrix[[i, j]] / (deviations[i] * deviations[j])).clamp(-1.0, 1.0)
        }
    })
}

pub(crate) fn norm(matrix: &Array2<f64>) -> f64 {
    matrix.iter().map(|x| x * x).sum::<f64>().sqrt()
}
