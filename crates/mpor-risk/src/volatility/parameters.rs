//! The numbers of a conditional volatility model.

use serde::Serialize;

use super::{Dynamics, Innovations, Mean, Model, Presample, Stationarity};
use crate::error::RiskError;

/// How many parameters the largest model has.
pub(crate) const MOST: usize = 7;
/// A number for each parameter, in the order of [`Parameters`].
pub(crate) type Natural = [f64; MOST];
/// A number for each pair of parameters.
pub(super) type Square = [[f64; MOST]; MOST];

pub(super) const MU: usize = 0;
pub(super) const OMEGA: usize = 1;
pub(super) const ALPHA: usize = 2;
pub(super) const GAMMA: usize = 3;
pub(super) const BETA: usize = 4;
pub(super) const NU: usize = 5;
pub(super) const LAMBDA: usize = 6;

/// Names, in order.
const NAMES: [&str; MOST] = ["mu", "omega", "alpha", "gamma", "beta", "nu", "lambda"];

/// Parameters in the unit of the returns; what a model does not have is zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Parameters {
    /// Mean return.
    pub mu: f64,
    /// Constant of the variance (of the log variance for EGARCH).
    pub omega: f64,
    /// Weight of the last squared return (of the size of the last innovation for EGARCH).
    pub alpha: f64,
    /// Further weight of the last squared return where it was a fall (of the signed innovation for EGARCH).
    pub gamma: f64,
    /// Weight of the last variance (log variance for EGARCH).
    pub beta: f64,
    /// Degrees of freedom, above 2.
    pub nu: f64,
    /// Asymmetry in (-1, 1), below zero for a heavier lower tail.
    pub lambda: f64,
}

impl Parameters {
    pub(crate) fn array(self) -> Natural {
        [self.mu, self.omega, self.alpha, self.gamma, self.beta, self.nu, self.lambda]
    }

    pub(crate) fn from_array(p: Natural) -> Self {
        let [mu, omega, alpha, gamma, beta, nu, lambda] = p;
        Parameters { mu, omega, alpha, gamma, beta, nu, lambda }
    }
}

impl Model {
    /// Persistence of variance: `alpha + gamma/2 + beta`, for EGARCH `beta`. Variance has a long-run level below 1.
    #[must_use]
    pub fn persistence(&self, p: &Parameters) -> f64 {
        match self.dynamics {
            Dynamics::Garch => p.alpha + p.beta,
            Dynamics::Gjr => p.alpha + 0.5 * p.gamma + p.beta,
            Dynamics::Egarch => p.beta,
        }
    }

    /// Names of the parameters that the model has, `omega` included where it is targeted.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        (0..MOST).filter(|&i| self.has(i)).map(|i| NAMES[i]).collect()
    }

    /// Whether the model has the parameter at this place.
    pub(super) fn has(&self, index: usize) -> bool {
        match index {
            MU => self.mean == Mean::Constant,
            GAMMA => self.dynamics != Dynamics::Garch,
            NU => self.innovations != Innovations::Normal,
            LAMBDA => self.innovations == Innovations::SkewT,
            _ => true,
        }
    }

    /// Whether these parameters define a variance above zero and a law.
    ///
    /// # Errors
    /// [`RiskError::Parameter`] naming the first that does not, and one that the model does not have.
    pub fn check(&self, p: &Parameters) -> Result<(), RiskError> {
        for (index, value) in p.array().into_iter().enumerate() {
            if !value.is_finite() {
                return refuse(NAMES[index], value, "a finite number");
            }
            if value != 0.0 && !self.has(index) {
                return refuse(NAMES[index], value, "0: the model does not have this parameter");
            }
        }
        if self.dynamics != Dynamics::Egarch {
            self.check_positive(p)?;
        }
        if p.beta.abs() >= 1.0 && self.dynamics == Dynamics::Egarch {
            return refuse("beta", p.beta, "between -1 and 1");
        }
        if self.has(NU) && p.nu <= 2.0 {
            return refuse("nu", p.nu, "above 2, so that a variance exists");
        }
        if p.lambda.abs() >= 1.0 {
            return refuse("lambda", p.lambda, "strictly between -1 and 1");
        }
        let long_run = self.presample == Presample::Unconditional
            || self.stationarity == Stationarity::Required;
        if long_run && self.persistence(p) >= 1.0 {
            let expected = "a persistence below 1 (stationarity = \"free\" allows more)";
            return refuse("alpha + gamma/2 + beta", self.persistence(p), expected);
        }
        Ok(())
    }

    /// Whether variance stays above zero.
    fn check_positive(&self, p: &Parameters) -> Result<(), RiskError> {
        if p.omega <= 0.0 {
            return refuse("omega", p.omega, "above zero");
        }
        if p.alpha < 0.0 {
            return refuse("alpha", p.alpha, "zero or above");
        }
        if p.alpha + p.gamma < 0.0 {
            return refuse("alpha + gamma", p.alpha + p.gamma, "zero or above");
        }
        if !(0.0..=1.0).contains(&p.beta) {
            return refuse("beta", p.beta, "between 0 and 1");
        }
        Ok(())
    }
}

fn refuse(name: &'static str, found: f64, expected: &'static str) -> Result<(), RiskError> {
    Err(RiskError::Parameter { name, found: found.to_string(), expected })
}
