//! How certain are fitted parameters? Five kinds of standard errors.
//!
//! With the scores `s[t]`, the Hessian `H` of minus the log-likelihood, `G = sum of s s'` and the information
//! `I = sum of (1/2 dln h dln h' + dmu dmu' / h)` of the normal law, covariances are
//!
//! ```text
//! hessian                 H^-1
//! opg                     G^-1
//! information             I^-1                      normal innovations only
//! bollerslev_wooldridge   I^-1 G I^-1               normal innovations only; robust to another law
//! sandwich                H^-1 G H^-1               robust to another law
//! ```
//!
//! `H` is the central difference of the analytic gradient. Source: Fiorentini, Calzolari and Panattoni (1996), "Analytic derivatives
//! and the computation of GARCH estimates", Journal of Applied Econometrics 11(4), 399-417; Bollerslev and Wooldridge (1992),
//! Econometric Reviews 11(2), 143-172. On an edge of the model no standard error is defined, and parameters there are left out.

use super::evaluate::{Curvature, Gradient, Sink, evaluate};
use super::optimiser::inverse_by_root;
use super::parameters::{MOST, MU, Natural, OMEGA, Parameters, Square};
use super::sample::Sample;
use super::{Dynamics, Innovations, Model, Targeting};
use crate::error::RiskError;

/// How a covariance of parameters is estimated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Covariance {
    /// Inverse of the observed information.
    Hessian,
    /// Inverse of the outer product of the scores.
    Opg,
    /// Inverse of the expected information of the normal law.
    Information,
    /// Sandwich with the expected information of the normal law.
    BollerslevWooldridge,
    /// Sandwich with the observed information.
    Sandwich,
}

/// Standard errors in the order of [`Parameters`]; zero for a parameter that the model does not estimate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StandardErrors {
    /// The kind.
    pub kind: Covariance,
    /// The errors, in the unit of the parameters.
    pub errors: Parameters,
}

/// Outer products of scores beside the curvature.
#[derive(Default)]
struct Scores {
    curvature: Curvature,
    outer: Square,
}

impl Sink for Scores {
    const EACH: bool = true;

    fn row(&mut self, score: &Natural, slope: &[f64; 5], inverse: f64) {
        self.curvature.row(score, slope, inverse);
        for (row, left) in self.outer.iter_mut().zip(score) {
            row.iter_mut().zip(score).for_each(|(sum, right)| *sum += left * right);
        }
    }
}

impl Model {
    /// Standard errors of fitted parameters.
    ///
    /// # Errors
    /// As [`Model::log_likelihood`]; [`RiskError::Parameter`] where the covariance does not exist: parameters that are no maximum or on
    /// an edge of the model, an information that the law or a targeted variance does not have.
    pub fn standard_errors(
        &self,
        returns: &[f64],
        p: &Parameters,
        kind: Covariance,
    ) -> Result<StandardErrors, RiskError> {
        self.check(p)?;
        self.check_kind(kind)?;
        let sample = Sample::new(self, returns, 1)?;
        let scaled = sample.scaled(self.dynamics, p.array());
        let free: Vec<usize> = (0..MOST).filter(|&i| self.has(i)).collect();
        let covariance = self.covariance(&sample, &scaled, kind, &free).ok_or_else(|| {
            let found = format!("{p:?}");
            let expected =
                "a maximum of the likelihood inside the model, where the information is positive";
            RiskError::Parameter { name: "parameters", found, expected }
        })?;
        let mut errors = [0.0; MOST];
        let spread = |weights: &Natural| -> f64 {
            let rows = covariance.iter().zip(weights);
            rows.map(|(row, a)| a * row.iter().zip(weights).map(|(c, b)| c * b).sum::<f64>()).sum()
        };
        for &index in &free {
            // A parameter in the unit of the returns is linear in those of the scaled ones.
            let mut only = [0.0; MOST];
            only[index] = 1.0;
            let weights = sample.slope_to_unit(self.dynamics, index, only);
            errors[index] = spread(&weights).sqrt();
        }
        Ok(StandardErrors { kind, errors: Parameters::from_array(errors) })
    }

    fn check_kind(&self, kind: Covariance) -> Result<(), RiskError> {
        let refuse =
            |name, found: String, expected| Err(RiskError::Parameter { name, found, expected });
        if self.targeting != Targeting::None {
            let expected = "`none`: the two steps of a targeted variance have no simple covariance";
            return refuse("targeting", "sample_variance".to_owned(), expected);
        }
        let normal = matches!(kind, Covariance::Information | Covariance::BollerslevWooldridge);
        if normal && self.innovations != Innovations::Normal {
            let expected = "hessian, opg or sandwich for innovations that are not normal";
            return refuse("covariance", format!("{kind:?}"), expected);
        }
        Ok(())
    }

    /// Covariance of the parameters of the scaled sample, at their own places.
    fn covariance(
        &self,
        sample: &Sample,
        p: &Natural,
        kind: Covariance,
        free: &[usize],
    ) -> Option<Square> {
        let mut scores = Scores::default();
        evaluate(self, sample, p, &mut scores);
        let outer = packed(&scores.outer, free);
        let information = packed(&self.information(scores.curvature), free);
        let count = free.len();
        let hessian = || inverse_by_root(&self.hessian(sample, p, free), count);
        let result = match kind {
            Covariance::Hessian => hessian()?,
            Covariance::Opg => inverse_by_root(&outer, count)?,
            Covariance::Information => inverse_by_root(&information, count)?,
            Covariance::BollerslevWooldridge => {
                sandwich(&inverse_by_root(&information, count)?, &outer)
            }
            Covariance::Sandwich => sandwich(&hessian()?, &outer),
        };
        Some(unpacked(&result, free))
    }

    /// The curvature, without its terms between mean and variance where their expectation is zero: a symmetric law and a variance that
    /// does not know the sign of returns.
    fn information(&self, curvature: Curvature) -> Square {
        let mut information = curvature.symmetric();
        if self.dynamics == Dynamics::Garch {
            information[MU][OMEGA..].fill(0.0);
            information[OMEGA..].iter_mut().for_each(|row| row[MU] = 0.0);
        }
        information
    }

    /// Minus the second derivatives of the log-likelihood, packed: central differences of the gradient, made symmetric.
    fn hessian(&self, sample: &Sample, p: &Natural, free: &[usize]) -> Square {
        let gradient = |p: &Natural| evaluate(self, sample, p, &mut Gradient).gradient;
        let mut hessian = [[0.0; MOST]; MOST];
        for (column, &index) in free.iter().enumerate() {
            let linear_constant = index == OMEGA && self.dynamics != Dynamics::Egarch;
            let size = if linear_constant { p[index] } else { p[index].abs().max(0.05) };
            let (mut up, mut down) = (*p, *p);
            up[index] += 3e-5 * size;
            down[index] -= 3e-5 * size;
            let (above, below) = (gradient(&up), gradient(&down));
            for (row, &other) in free.iter().enumerate() {
                hessian[row][column] = (below[other] - above[other]) / (up[index] - down[index]);
            }
        }
        let transposed = hessian;
        for (i, row) in hessian.iter_mut().enumerate() {
            row.iter_mut().zip(&transposed).for_each(|(h, column)| *h = 0.5 * (*h + column[i]));
        }
        hessian
    }
}

fn sandwich(bread: &Square, filling: &Square) -> Square {
    product(&product(bread, filling), bread)
}

fn product(left: &Square, right: &Square) -> Square {
    let mut result = [[0.0; MOST]; MOST];
    for (row, left) in result.iter_mut().zip(left) {
        for (j, entry) in row.iter_mut().enumerate() {
            *entry = left.iter().zip(right).map(|(a, right)| a * right[j]).sum();
        }
    }
    result
}

/// The rows and columns of these parameters, moved to the front.
fn packed(matrix: &Square, free: &[usize]) -> Square {
    let mut result = [[0.0; MOST]; MOST];
    for (i, &from) in free.iter().enumerate() {
        for (j, &to) in free.iter().enumerate() {
            result[i][j] = matrix[from][to];
        }
    }
    result
}

/// The reverse.
fn unpacked(matrix: &Square, free: &[usize]) -> Square {
    let mut result = [[0.0; MOST]; MOST];
    for (i, &from) in free.iter().enumerate() {
        for (j, &to) in free.iter().enumerate() {
            result[from][to] = matrix[i][j];
        }
    }
    result
}
