//! Eigenvalues and eigenvectors of a small symmetric matrix.
//!
//! ```text
//! A = V diag(values) V',   values ascending, columns of V orthonormal
//! ```
//!
//! Source: Golub and Van Loan (2013), "Matrix Computations", 4th ed., algorithms 8.5.1 and 8.5.3 (cyclic Jacobi).
//! Rotations run in a fixed order, so the bits do not depend on the machine. Cost grows with the cube of the size:
//! meant for up to some hundred factors.

use ndarray::{Array2, ArrayView2};

/// Sweeps after which rounding alone is left; convergence is quadratic and takes about eight.
const SWEEPS: usize = 60;

/// An eigendecomposition.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Eigen {
    /// Eigenvalues, ascending.
    pub(crate) values: Vec<f64>,
    /// Eigenvectors as columns, in the order of the values.
    pub(crate) vectors: Array2<f64>,
}

impl Eigen {
    /// Of a symmetric, finite matrix, whose lower half is taken to equal its upper half.
    pub(crate) fn of(matrix: ArrayView2<'_, f64>) -> Self {
        let n = matrix.nrows();
        let mut a = matrix.to_owned();
        let mut vectors = Array2::eye(n);
        let size: f64 = a.iter().map(|x| x * x).sum();
        for _ in 0..SWEEPS {
            let off: f64 = a.indexed_iter().filter(|((i, j), _)| i != j).map(|(_, x)| x * x).sum();
            if off <= 1e-32 * size {
                break;
            }
            for p in 0..n {
                for q in p + 1..n {
                    rotate(&mut a, &mut vectors, p, q);
                }
            }
        }
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|&i, &j| a[[i, i]].total_cmp(&a[[j, j]]));
        let values = order.iter().map(|&i| a[[i, i]]).collect();
        let vectors = Array2::from_shape_fn((n, n), |(row, column)| vectors[[row, order[column]]]);
        Eigen { values, vectors }
    }

    /// `V diag(f(values)) V'`.
    pub(crate) fn map(&self, f: impl Fn(f64) -> f64) -> Array2<f64> {
        let n = self.values.len();
        let mapped: Vec<f64> = self.values.iter().map(|&value| f(value)).collect();
        let mut out = Array2::zeros((n, n));
        for i in 0..n {
            for j in 0..=i {
                let entry = (0..n).map(|k| self.vectors[[i, k]] * mapped[k] * self.vectors[[j, k]]);
                out[[i, j]] = entry.sum();
                out[[j, i]] = out[[i, j]];
            }
        }
        out
    }
}

/// Makes `a[p, q]` zero by a plane rotation.
fn rotate(a: &mut Array2<f64>, vectors: &mut Array2<f64>, p: usize, q: usize) {
    let off = a[[p, q]];
    if off == 0.0 {
        return;
    }
    let ratio = (a[[q, q]] - a[[p, p]]) / (2.0 * off);
    let t = ratio.signum() / (ratio.abs() + libm::hypot(1.0, ratio));
    let t = if ratio == 0.0 { 1.0 } else { t };
    let c = 1.0 / libm::hypot(1.0, t);
    let s = t * c;
    for k in 0..a.nrows() {
        let (x, y) = (a[[k, p]], a[[k, q]]);
        a[[k, p]] = c * x - s * y;
        a[[k, q]] = s * x + c * y;
    }
    for k in 0..a.nrows() {
        let (x, y) = (a[[p, k]], a[[q, k]]);
        a[[p, k]] = c * x - s * y;
        a[[q, k]] = s * x + c * y;
    }
    (a[[p, q]], a[[q, p]]) = (0.0, 0.0);
    for k in 0..a.nrows() {
        let (x, y) = (vectors[[k, p]], vectors[[k, q]]);
        vectors[[k, p]] = c * x - s * y;
        vectors[[k, q]] = s * x + c * y;
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn eigenvalues_of_the_second_difference_matrix() {
        // Closed form: 2 - 2 cos(k pi / (n + 1)), n = 4.
        let matrix = array![
            [2.0, -1.0, 0.0, 0.0],
            [-1.0, 2.0, -1.0, 0.0],
            [0.0, -1.0, 2.0, -1.0],
            [0.0, 0.0, -1.0, 2.0]
        ];
        let eigen = Eigen::of(matrix.view());
        for (k, value) in eigen.values.iter().enumerate() {
            let expected = 2.0 - 2.0 * libm::cos((k + 1) as f64 * std::f64::consts::PI / 5.0);
            assert!((value - expected).abs() < 1e-14, "{value} {expected}");
        }
        let back = eigen.map(|value| value);
        assert!((&back - &matrix).iter().all(|error| error.abs() < 1e-14));
        let unit = eigen.vectors.t().dot(&eigen.vectors);
        assert!((&unit - &Array2::<f64>::eye(4)).iter().all(|error| error.abs() < 1e-14));
    }

    #[test]
    fn what_is_diagonal_stays_as_it_is() {
        let eigen = Eigen::of(array![[3.0, 0.0], [0.0, -1.0]].view());
        assert_eq!(eigen.values, [-1.0, 3.0]);
        assert_eq!(Eigen::of(array![[0.0, 0.0], [0.0, 0.0]].view()).values, [0.0, 0.0]);
    }
}
