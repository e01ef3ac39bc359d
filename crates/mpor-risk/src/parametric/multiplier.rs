//! How many standard deviations are the VaR and the expected shortfall of a normal or Student t loss?
//!
//! ```text
//! normal        VaR = z,                ES = phi(z) / tail                                z = quantile at the level
//! Student t     VaR = q,                ES = f(q) / tail * (nu + q^2) / (nu - 1)          of scale 1
//!               both times sqrt((nu - 2) / nu)                                            of variance 1
//! linear book   VaR = k sqrt(d' Sigma d) - d' mu
//! ```
//!
//! Source: McNeil, Frey and Embrechts (2015), "Quantitative Risk Management", 2nd ed., examples 2.11, 2.14 and 2.15.
//! The two scales of a Student t are named apart because mixing them is the commonest error with it: at four degrees of
//! freedom they differ by 41 %.

use mpor_stats::Level;
use mpor_stats::special::{normal_pdf, normal_quantile, student_quantile, student_unit_scale};
use ndarray::ArrayView2;

use crate::checks::{finite, lengths, parameter, symmetric};
use crate::error::RiskError;

/// A VaR and an expected shortfall, positive = loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VarEs {
    /// Value at risk.
    pub var: f64,
    /// Expected shortfall.
    pub es: f64,
}

/// A law of losses with mean zero and variance 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Law {
    /// Normal.
    Normal,
    /// Student t with so many degrees of freedom, above 2.
    Student(f64),
}

impl VarEs {
    /// Both figures times a scale, plus a shift.
    #[must_use]
    pub fn affine(self, scale: f64, shift: f64) -> Self {
        VarEs { var: scale * self.var + shift, es: scale * self.es + shift }
    }
}

impl Law {
    /// Multiples of the standard deviation.
    ///
    /// # Errors
    /// [`RiskError::Stats`] for two degrees of freedom or fewer.
    pub fn multipliers(self, level: Level) -> Result<VarEs, RiskError> {
        match self {
            Law::Normal => normal(level),
            Law::Student(freedom) => student_unit_variance(level, freedom),
        }
    }

    /// VaR and ES of a linear book: `exposures` in money per unit of each factor, `covariance` of the factors' moves.
    ///
    /// # Errors
    /// [`RiskError::Stats`] for sizes that differ, [`RiskError::Parameter`] for a matrix that gives the book a negative
    /// variance.
    pub fn linear_book(
        self,
        exposures: &[f64],
        covariance: ArrayView2<'_, f64>,
        level: Level,
    ) -> Result<VarEs, RiskError> {
        let variance = book_variance(exposures, covariance)?;
        Ok(self.multipliers(level)?.affine(variance.sqrt(), 0.0))
    }
}

/// Multipliers of the normal law.
///
/// # Errors
/// None for a [`Level`].
pub fn normal(level: Level) -> Result<VarEs, RiskError> {
    let z = -normal_quantile(level.tail())?;
    Ok(VarEs { var: z, es: normal_pdf(z) / level.tail() })
}

/// Multipliers of the Student t law of scale 1, whose variance is `nu / (nu - 2)`.
///
/// # Errors
/// [`RiskError::Parameter`] unless `freedom > 1`, below which there is no expected shortfall.
pub fn student_unit_scale_law(level: Level, freedom: f64) -> Result<VarEs, RiskError> {
    if !(freedom > 1.0 && freedom.is_finite()) {
        let expected = "above 1, so that a mean of the tail exists";
        return Err(parameter("degrees_of_freedom", freedom, expected));
    }
    let rough = -student_quantile(level.tail(), freedom)?;
    // The shortfall magnifies what a quantile is off by, so one step of Newton's method takes out the rest.
    let beyond = student_upper(rough, freedom);
    let q = rough + (beyond - level.tail()) / student_density(rough, freedom);
    let shape = (freedom + q * q) / (freedom - 1.0);
    Ok(VarEs { var: q, es: student_density(q, freedom) / level.tail() * shape })
}

/// Multipliers of the Student t law scaled to variance 1.
///
/// # Errors
/// [`RiskError::Stats`] unless `freedom > 2`.
pub fn student_unit_variance(level: Level, freedom: f64) -> Result<VarEs, RiskError> {
    let scale = student_unit_scale(freedom)?;
    Ok(student_unit_scale_law(level, freedom)?.affine(scale, 0.0))
}

/// Density of the Student t law of scale 1.
pub(crate) fn student_density(x: f64, freedom: f64) -> f64 {
    let half = 0.5 * (freedom + 1.0);
    let constant = gamma_ratio(0.5 * freedom) / (freedom * std::f64::consts::PI).sqrt();
    constant * libm::exp(-half * libm::log1p(x * x / freedom))
}

/// `Gamma(x + 1/2) / Gamma(x)`, without the cancellation of two large logarithms.
pub(crate) fn gamma_ratio(x: f64) -> f64 {
    if x < 80.0 {
        return libm::tgamma(x + 0.5) / libm::tgamma(x);
    }
    // Its asymptotic series; the next term is below 1e-15 of it.
    let y = 1.0 / (8.0 * x);
    let series = 1.0 + y * (-1.0 + y * (0.5 + y * (2.5 + y * (-2.625 + y * -49.875))));
    x.sqrt() * series
}

/// `P(T > q)` for `q > 0`, scale 1: half the incomplete beta integral of `nu / (nu + q^2)` with shapes `nu / 2` and `1/2`, by its
/// continued fraction (DLMF 8.17.22) on the side on which it converges fast, with the constant from [`gamma_ratio`].
fn student_upper(q: f64, freedom: f64) -> f64 {
    let (a, square) = (0.5 * freedom, q * q);
    let (x, rest) = (freedom / (freedom + square), square / (freedom + square));
    let front = libm::exp(-a * libm::log1p(square / freedom)) * rest.sqrt();
    let front = front * gamma_ratio(a) / std::f64::consts::PI.sqrt();
    if x < (a + 1.0) / (a + 2.5) {
        0.5 * front / (a * beta_fraction(x, a, 0.5))
    } else {
        0.5 - front / beta_fraction(rest, 0.5, a)
    }
}

/// `1 + d1 / (1 + d2 / (1 + ...))`, from a depth at which nothing more changes.
fn beta_fraction(x: f64, a: f64, b: f64) -> f64 {
    let term = |n: u32| {
        let m = f64::from(n / 2);
        if n.is_multiple_of(2) {
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m))
        } else {
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))
        }
    };
    (1..=400).rev().fold(1.0, |tail, n| 1.0 + term(n) / tail)
}

/// `d' Sigma d`, zero where rounding leaves less.
fn book_variance(exposures: &[f64], covariance: ArrayView2<'_, f64>) -> Result<f64, RiskError> {
    symmetric(covariance)?;
    finite(exposures)?;
    lengths("exposures and rows of the covariance", exposures.len(), covariance.nrows())?;
    let (mut variance, mut size) = (0.0, 0.0);
    for ((i, j), entry) in covariance.indexed_iter() {
        let term = exposures[i] * entry * exposures[j];
        variance += term;
        size += term.abs();
    }
    if variance < -1e-12 * size {
        return Err(parameter("variance of the book", variance, "zero or more"));
    }
    Ok(variance.max(0.0))
}
