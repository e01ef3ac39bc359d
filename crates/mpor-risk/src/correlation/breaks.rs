//! What if correlations broke?
//!
//! ```text
//! C(w) = (1 - w) C + w S          w from 0 (as estimated) to 1 (fully stressed), unit diagonal
//! ```
//!
//! `S` has one number off the diagonal (1: everything moves together; 0: nothing does; -1: hedges turn against each
//! other) or is a matrix of its own. Between valid matrices every mixture is valid; three factors cannot all be at -1
//! against each other, and then the nearest correlation matrix ([`super::nearest`]) takes the place of the mixture,
//! which is reported.
//!
//! Source: Rebonato and Jäckel (2000), "The most general methodology to create a valid correlation matrix for risk
//! management and option pricing purposes", Journal of Risk 2(2), 17-27, for the problem; the repair is Higham's.

use ndarray::{Array2, ArrayView2};

use super::nearest::{Nearest, nearest_correlation};
use crate::checks::{lengths, parameter, symmetric};
use crate::error::RiskError;

/// Where correlations go.
#[derive(Clone, Debug, PartialEq)]
pub enum Stressed {
    /// One correlation for all pairs, from -1 to 1.
    All(f64),
    /// A correlation a pair.
    Matrix(Array2<f64>),
    /// One correlation for the pairs of named factors with each other, the others kept.
    Among {
        /// Rows of the factors.
        factors: Vec<usize>,
        /// Their correlation, from -1 to 1.
        correlation: f64,
    },
}

/// Correlations after a break.
#[derive(Clone, Debug, PartialEq)]
pub struct Broken {
    /// The correlation matrix to be used.
    pub matrix: Array2<f64>,
    /// How far it is from the mixture that was asked for, Frobenius; zero where that was valid.
    pub repaired: f64,
    /// Projections of the repair.
    pub steps: usize,
}

/// Moves a correlation matrix a share `strength` of the way towards a stressed state.
///
/// # Errors
/// [`RiskError::Parameter`] for a strength outside `[0, 1]`, a correlation outside `[-1, 1]`, or a matrix that is not
/// symmetric; [`RiskError::Stats`] for sizes that differ.
pub fn correlation_break(
    matrix: ArrayView2<'_, f64>,
    towards: &Stressed,
    strength: f64,
) -> Result<Broken, RiskError> {
    symmetric(matrix)?;
    if !(0.0..=1.0).contains(&strength) {
        return Err(parameter("strength", strength, "from 0 to 1"));
    }
    let target = target(matrix, towards)?;
    let mixture = Array2::from_shape_fn(matrix.dim(), |(i, j)| {
        let (low, high) = (i.min(j), i.max(j));
        let (from, to) = (matrix[[low, high]], target[[low, high]]);
        if i == j { 1.0 } else { (1.0 - strength) * from + strength * to }
    });
    let Nearest { matrix, distance, steps } = nearest_correlation(mixture.view(), 0.0)?;
    Ok(Broken { matrix, repaired: distance, steps })
}

fn target(matrix: ArrayView2<'_, f64>, towards: &Stressed) -> Result<Array2<f64>, RiskError> {
    let n = matrix.nrows();
    let target = match towards {
        Stressed::All(correlation) => Array2::from_elem((n, n), *correlation),
        Stressed::Matrix(stressed) => {
            symmetric(stressed.view())?;
            lengths("rows of the correlations and of the stressed ones", n, stressed.nrows())?;
            stressed.clone()
        }
        Stressed::Among { factors, correlation } => {
            if let Some(row) = factors.iter().find(|row| **row >= n) {
                return Err(parameter(
                    "factors",
                    row,
                    "rows of the correlation matrix, counted from 0",
                ));
            }
            Array2::from_shape_fn((n, n), |(i, j)| {
                let both = factors.contains(&i) && factors.contains(&j);
                if both { *correlation } else { matrix[[i, j]] }
            })
        }
    };
    let outside = |(i, j): (usize, usize)| i != j && !(-1.0..=1.0).contains(&target[[i, j]]);
    match target.indexed_iter().find(|(place, _)| outside(*place)) {
        Some((_, entry)) => Err(parameter("stressed correlation", entry, "from -1 to 1")),
        None => Ok(target),
    }
}
