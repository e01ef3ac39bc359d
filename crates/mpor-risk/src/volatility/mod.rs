//! How volatile will the next return be? Conditional volatility models of one series, fitted by maximum likelihood.
//!
//! ```text
//! r[t] = mu + e[t],   e[t] = sqrt(h[t]) z[t],   z independent with mean 0 and variance 1
//! GARCH(1,1)   h[t+1] = omega + alpha e[t]^2 + beta h[t]
//! GJR          h[t+1] = omega + (alpha + gamma [e[t] < 0]) e[t]^2 + beta h[t]
//! EGARCH       ln h[t+1] = omega + beta ln h[t] + alpha (|z[t]| - sqrt(2/pi)) + gamma z[t]
//! ```
//!
//! `h[t]` knows returns up to `t - 1` only; `h[T]`, one past the last return, is the forecast. What stands for the time before the
//! first return is a named rule, [`Presample`]. Parameters without likelihood ([`riskmetrics2006`],
//! [`mpor_stats::ewma`]) are filters of the same kind.
//!
//! Sources: Bollerslev (1986), "Generalized autoregressive conditional heteroskedasticity", Journal of Econometrics 31(3), 307-327;
//! Glosten, Jagannathan and Runkle (1993), Journal of Finance 48(5), 1779-1801; Nelson (1991), "Conditional heteroskedasticity in
//! asset returns: a new approach", Econometrica 59(2), 347-370. Returns may be in any unit: a fit of `c r` is that of `r` with `mu`
//! times `c` and `omega` times `c^2`.

mod coordinates;
mod density;
mod evaluate;
pub mod fit;
mod lanes;
mod optimiser;
pub mod parameters;
mod path;
mod presample;
mod recursion;
pub mod refit;
pub mod riskmetrics;
mod sample;
pub mod standard_errors;
mod task;

use serde::{Deserialize, Serialize};

pub use crate::status::Status;
pub use fit::{Fit, FitOptions};
pub use parameters::Parameters;
pub use path::VolatilityPath;
pub(crate) use path::Walker;
pub use refit::{Refit, Windows};
pub use riskmetrics::riskmetrics2006;
pub(crate) use sample::power_of_two;
pub use standard_errors::{Covariance, StandardErrors};

/// How variance follows from the past.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dynamics {
    /// Symmetric in the last return.
    #[default]
    Garch,
    /// Falls count for more than rises.
    Gjr,
    /// In logarithms; needs no sign constraint.
    Egarch,
}

/// Law of the standardised innovations, always with mean 0 and variance 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Innovations {
    /// Normal: a quasi-likelihood where it is not true.
    #[default]
    Normal,
    /// Student t with `nu` degrees of freedom.
    StudentT,
    /// Hansen's skewed Student t with `nu` degrees of freedom and asymmetry `lambda`.
    SkewT,
}

/// The mean of returns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mean {
    /// Zero.
    Zero,
    /// A constant, estimated with the rest.
    #[default]
    Constant,
}

/// What stands for the time before the first return. `v` is a variance of the sample.
///
/// With a presample variance `v` the first variance is `omega + (alpha + gamma/2 + beta) v`. For EGARCH it is `ln h = omega + beta ln v`
/// with `arch_backcast`, and with `ssr`, whose presample residual is zero, `ln h = omega - alpha sqrt(2/pi) + beta ln v`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presample {
    /// `v` = mean of `(r - mu)^2` at the current `mu`: Fiorentini, Calzolari and Panattoni (1996).
    #[default]
    Ssr,
    /// `v` = mean of the first 75 squared residuals about the sample mean, weighted with `0.94^t`: the Python package `arch`.
    ArchBackcast,
    /// The first variance is the unconditional one, `omega / (1 - alpha - gamma/2 - beta)`.
    Unconditional,
    /// The first variance itself is the mean of `(r - mu)^2`.
    SampleVariance,
}

/// Whether the level of variance is estimated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Targeting {
    /// `omega` is estimated with the rest.
    #[default]
    None,
    /// `omega` is such that the unconditional variance (for EGARCH the exponential of the mean of `ln h`) is the mean square about the
    /// sample mean: one parameter fewer, and another estimator.
    SampleVariance,
}

/// Whether an unconditional variance must exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stationarity {
    /// `alpha + gamma/2 + beta < 1`; for EGARCH `|beta| < 1`, as always.
    #[default]
    Required,
    /// Only `beta < 1`: some samples are likeliest beyond, where variance has no long-run level.
    Free,
}

/// A conditional volatility model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Model {
    /// How variance follows from the past.
    pub dynamics: Dynamics,
    /// Law of the standardised innovations.
    pub innovations: Innovations,
    /// The mean of returns.
    pub mean: Mean,
    /// What stands for the time before the first return.
    pub presample: Presample,
    /// Whether the level of variance is estimated.
    pub targeting: Targeting,
    /// Whether an unconditional variance must exist.
    pub stationarity: Stationarity,
}
