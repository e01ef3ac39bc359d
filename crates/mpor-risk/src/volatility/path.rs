//! The variances of a sample at given parameters, and forecasts beyond it.

use super::evaluate::{Gradient, evaluate};
use super::parameters::{MU, Natural, Parameters};
use super::presample::First;
use super::recursion::{Linear, Logarithmic, Recursion};
use super::sample::Sample;
use super::{Dynamics, Model};
use crate::error::RiskError;

/// Volatilities of a sample, in the unit of its returns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VolatilityPath {
    /// Mean return.
    pub mean: f64,
    /// Volatility of each return as known before it, and one more: the forecast after the last.
    pub sigma: Vec<f64>,
}

impl VolatilityPath {
    /// The volatility of the return to come.
    #[must_use]
    pub fn forecast(&self) -> f64 {
        self.sigma.last().copied().unwrap_or(0.0)
    }

    /// Standardised residuals `(r - mean) / sigma` of the returns that the path was made of, oldest first.
    #[must_use]
    pub fn residuals(&self, returns: &[f64]) -> Vec<f64> {
        returns.iter().zip(&self.sigma).map(|(r, sigma)| (r - self.mean) / sigma).collect()
    }
}

impl Model {
    /// Log-likelihood of returns at given parameters, constants included.
    ///
    /// # Errors
    /// As [`Model::check`]; [`RiskError::ShortSeries`] without returns, [`RiskError::Stats`] for returns that are not finite and
    /// [`RiskError::Parameter`] for returns that do not vary.
    pub fn log_likelihood(&self, returns: &[f64], p: &Parameters) -> Result<f64, RiskError> {
        self.check(p)?;
        let sample = Sample::new(self, returns, 1)?;
        let scaled = sample.scaled(self.dynamics, p.array());
        let value = evaluate(self, &sample, &scaled, &mut Gradient).value;
        Ok(sample.likelihood_in_unit(value))
    }

    /// Gradient of the log-likelihood, in the order of [`Model::names`].
    ///
    /// # Errors
    /// As [`Model::log_likelihood`].
    pub fn gradient(&self, returns: &[f64], p: &Parameters) -> Result<Vec<f64>, RiskError> {
        self.check(p)?;
        let sample = Sample::new(self, returns, 1)?;
        let scaled = sample.scaled(self.dynamics, p.array());
        let gradient = evaluate(self, &sample, &scaled, &mut Gradient).gradient;
        let unit = sample.gradient_in_unit(self.dynamics, &gradient);
        Ok((0..unit.len()).filter(|&i| self.has(i)).map(|i| unit[i]).collect())
    }

    /// Volatilities of returns at given parameters, the presample by the model's rule.
    ///
    /// # Errors
    /// As [`Model::log_likelihood`].
    pub fn path(&self, returns: &[f64], p: &Parameters) -> Result<VolatilityPath, RiskError> {
        self.check(p)?;
        let sample = Sample::new(self, returns, 1)?;
        let scaled = sample.scaled(self.dynamics, p.array());
        let mut sigma = Vec::with_capacity(returns.len() + 1);
        self.walk(&sample, &scaled, &mut sigma);
        Ok(VolatilityPath { mean: p.mu, sigma })
    }

    /// Volatilities of a scaled sample, in its unit times `unit`.
    pub(super) fn walk(&self, sample: &Sample, p: &Natural, sigma: &mut Vec<f64>) {
        let first = First::new(self, sample, p);
        sigma.clear();
        match self.dynamics {
            Dynamics::Egarch => walk::<Logarithmic>(sample, p, first, sigma),
            Dynamics::Garch | Dynamics::Gjr => walk::<Linear>(sample, p, first, sigma),
        }
    }

    /// Variances of the next `steps` returns after a path, each the expectation at its end.
    ///
    /// # Errors
    /// [`RiskError::Parameter`] for EGARCH beyond one step, whose expectation has no closed form: bootstrap paths instead.
    pub fn variance_forecasts(
        &self,
        path: &VolatilityPath,
        p: &Parameters,
        steps: usize,
    ) -> Result<Vec<f64>, RiskError> {
        if self.dynamics == Dynamics::Egarch && steps > 1 {
            let expected =
                "1 for EGARCH: further variances have no closed form, take bootstrapped paths";
            return Err(RiskError::Parameter { name: "steps", found: steps.to_string(), expected });
        }
        let persistence = self.persistence(p);
        let first = path.forecast() * path.forecast();
        let next = |h: &f64| Some(p.omega + persistence * h);
        Ok(std::iter::successors(Some(first), next).take(steps).collect())
    }
}

fn walk<R: Recursion>(sample: &Sample, p: &Natural, first: First, sigma: &mut Vec<f64>) {
    let mut step = R::new(p, first);
    for r in &sample.returns {
        let h = step.variance();
        sigma.push(h);
        step.advance(r - p[MU], 1.0 / h);
    }
    sigma.push(step.variance());
    // Roots wait for nothing, variances for each other: apart, the roots are a vector loop.
    sigma.iter_mut().for_each(|h| *h = sample.unit * h.sqrt());
}

/// Variance that moves on with innovations drawn from elsewhere.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walker {
    logarithmic: bool,
    p: Parameters,
    /// Variance of the return to come (its logarithm where the model is in logarithms).
    state: f64,
}

impl Walker {
    /// At a forecast volatility.
    pub(crate) fn new(dynamics: Dynamics, p: Parameters, sigma: f64) -> Self {
        let logarithmic = dynamics == Dynamics::Egarch;
        let h = sigma * sigma;
        Walker { logarithmic, p, state: if logarithmic { libm::log(h) } else { h } }
    }

    /// The return that an innovation makes.
    pub(crate) fn draw(&mut self, z: f64) -> f64 {
        let p = &self.p;
        if self.logarithmic {
            let sigma = libm::exp(0.5 * self.state);
            let size = z.abs() - std::f64::consts::FRAC_2_PI.sqrt();
            self.state = p.omega + p.beta * self.state + p.alpha * size + p.gamma * z;
            return p.mu + sigma * z;
        }
        let residual = self.state.sqrt() * z;
        let weight = if residual < 0.0 { p.alpha + p.gamma } else { p.alpha };
        self.state = p.omega + weight * residual * residual + p.beta * self.state;
        p.mu + residual
    }
}
