//! How does risk move with the slope of what it is scored by? Generalised autoregressive score models of one series.
//!
//! | file | what moves | by the slope of |
//! | --- | --- | --- |
//! | [`student`] | a variance | the Student t likelihood: a fat tail moves it less than its square |
//! | [`factor`] | value at risk and expected shortfall, together | their joint score: only breaches raise it |
//!
//! Source of the family: Creal, Koopman and Lucas (2013), "Generalized autoregressive score models with applications", Journal of Applied
//! Econometrics 28(5), 777-795. Every figure of a return is known before it; the last of a path is the forecast.

pub mod factor;
pub mod student;

pub use factor::{FactorFit, FactorGas};
pub use student::{StudentFit, StudentGas};

/// `1 / (1 + e^-x)`.
fn share(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}

/// The `x` of a share.
fn log_odds(share: f64) -> f64 {
    libm::log(share / (1.0 - share))
}
