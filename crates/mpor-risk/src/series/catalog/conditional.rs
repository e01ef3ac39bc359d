//! The volatility of today from a fitted model, times the tail of its residuals.
//!
//! ```text
//! VaR = sigma[T+1] q - mu,   ES = sigma[T+1] e - mu         q, e of the losses -z,  z = (r - mu) / sigma
//! sample    the scenarios mu + sigma[T+1] z of the window    filtered historical simulation
//! normal    q, e of the normal law                            student   of the t law that the fit found
//! pareto    of a generalised Pareto law above the threshold that the settings' share of the -z exceeds, fitted with the rest
//! ```
//!
//! Sources: Barone-Adesi, Giannopoulos and Vosper (1999) as in [`super::super::fhs`]; McNeil and Frey (2000), "Estimation of tail-related
//! risk measures for heteroscedastic financial time series: an extreme value approach", Journal of Empirical Finance 7(3-4), 271-300,
//! sections 2.2 and 2.3, with a constant mean.

use mpor_stats::Level;

use super::super::last;
use super::scenarios::figures;
use super::{Estimate, SeriesVar, Settings};
use crate::checks::parameter;
use crate::error::RiskError;
use crate::parametric::{Law, ParetoTail, VarEs};
use crate::predicted::PredictedLaw;
use crate::status::Status;
use crate::volatility::{Dynamics, FitOptions, Innovations, Model, Parameters, VolatilityPath};

/// What is taken for the law of residuals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Residuals {
    /// Themselves.
    Sample,
    /// Normal.
    Normal,
    /// The Student t law of the fit.
    Student,
    /// A generalised Pareto tail.
    Pareto,
}

/// A volatility model with a law of its residuals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conditional {
    window: usize,
    model: Model,
    options: FitOptions,
    residuals: Residuals,
    beyond: f64,
}

/// Numbers of a volatility model, and with them those of a tail: threshold, exceedances, residuals, shape, scale.
const VOLATILITY: usize = 7;
const TAIL: usize = 5;

impl Conditional {
    /// With the settings' window, fit and threshold.
    #[must_use]
    pub fn new(
        settings: &Settings,
        dynamics: Dynamics,
        innovations: Innovations,
        residuals: Residuals,
    ) -> Self {
        let model = Model { dynamics, innovations, ..Model::default() };
        let Settings { window, fit: options, beyond, .. } = *settings;
        Conditional { window, model, options, residuals, beyond }
    }

    /// The volatilities of the window by an estimate, all of them numbers.
    fn path(
        &self,
        recent: &[f64],
        estimate: &Estimate,
    ) -> Result<(Parameters, VolatilityPath), RiskError> {
        let p = volatility(estimate)?;
        let path = self.model.path(recent, &p)?;
        if path.sigma.iter().any(|sigma| !(sigma.is_finite() && *sigma > 0.0)) {
            let expected = "one whose volatilities stay finite and above zero on these returns; refit more often, or take another model";
            return Err(parameter("volatility model", format!("{p:?}"), expected));
        }
        Ok((p, path))
    }

    /// A tail of the losses of residuals above their own quantile.
    fn pareto(&self, returns: &[f64], path: &VolatilityPath) -> Result<ParetoTail, RiskError> {
        if !(self.beyond > 0.0 && self.beyond < 1.0) {
            return Err(parameter("beyond", self.beyond, "a share between 0 and 1, such as 0.1"));
        }
        let losses: Vec<f64> = path.residuals(returns).iter().map(|z| -z).collect();
        let mut sorted = losses.clone();
        sorted.sort_by(|a, b| b.total_cmp(a));
        let count = (self.beyond * losses.len() as f64).ceil() as usize;
        ParetoTail::fit(&losses, sorted[count.min(losses.len() - 1)])
    }
}

impl SeriesVar for Conditional {
    fn needs(&self) -> usize {
        self.window
    }

    /// The parameters of the volatility model in the order of [`Parameters`], with those of the Pareto tail where there is one.
    fn fit(&self, r: &[f64], _: Level, warm: Option<&Estimate>) -> Result<Estimate, RiskError> {
        let recent = last(r, self.window, "a conditional volatility")?;
        let warm = warm.map(volatility).transpose()?.or(self.options.warm);
        let fit = self.model.fit(recent, &FitOptions { warm, ..self.options })?;
        let mut parameters = fit.parameters.array().to_vec();
        let mut status = fit.status;
        if self.residuals == Residuals::Pareto && status.is_usable() {
            let path = self.model.path(recent, &fit.parameters)?;
            let tail = self.pareto(recent, &path)?;
            let (exceedances, losses) = (tail.exceedances as f64, tail.losses as f64);
            parameters.extend([tail.threshold, exceedances, losses, tail.xi, tail.beta]);
            if status == Status::Converged {
                status = tail.status;
            }
        }
        let (log_likelihood, gradient_norm) = (Some(fit.log_likelihood), Some(fit.gradient_norm));
        Ok(Estimate { parameters, status: Some(status), log_likelihood, gradient_norm })
    }

    fn tail(&self, r: &[f64], level: Level, estimate: &Estimate) -> Result<VarEs, RiskError> {
        let recent = last(r, self.window, "a conditional volatility")?;
        let (p, path) = self.path(recent, estimate)?;
        let sigma = path.forecast();
        let standard = match self.residuals {
            Residuals::Sample => return figures(&moved(recent, &path), None, level),
            Residuals::Normal => Law::Normal.multipliers(level)?,
            Residuals::Student => Law::Student(p.nu).multipliers(level)?,
            Residuals::Pareto => tail(estimate)?.tail(level)?,
        };
        Ok(standard.affine(sigma, -path.mean))
    }

    fn law(&self, r: &[f64], estimate: &Estimate) -> Result<Option<PredictedLaw>, RiskError> {
        let recent = last(r, self.window, "a conditional volatility")?;
        let (p, path) = self.path(recent, estimate)?;
        let (mean, deviation) = (path.mean, path.forecast());
        Ok(match self.residuals {
            Residuals::Sample => {
                Some(PredictedLaw::Scenarios { pnl: moved(recent, &path), weights: None })
            }
            Residuals::Normal => Some(PredictedLaw::Normal { mean, deviation }),
            Residuals::Student => Some(PredictedLaw::Student { mean, deviation, freedom: p.nu }),
            Residuals::Pareto => None,
        })
    }
}

/// The returns of the window at the volatility of tomorrow.
fn moved(returns: &[f64], path: &VolatilityPath) -> Vec<f64> {
    let sigma = path.forecast();
    path.residuals(returns).iter().map(|z| path.mean + sigma * z).collect()
}

fn volatility(estimate: &Estimate) -> Result<Parameters, RiskError> {
    let found = estimate.parameters.first_chunk::<VOLATILITY>();
    found.copied().map(Parameters::from_array).ok_or_else(|| other_model(estimate))
}

fn tail(estimate: &Estimate) -> Result<ParetoTail, RiskError> {
    let found = estimate.parameters.get(VOLATILITY..).and_then(|tail| tail.first_chunk::<TAIL>());
    let &[threshold, exceedances, losses, xi, beta] = found.ok_or_else(|| other_model(estimate))?;
    ParetoTail::given(threshold, (exceedances as usize, losses as usize), xi, beta)
}

fn other_model(estimate: &Estimate) -> RiskError {
    let found = format!("{} numbers", estimate.parameters.len());
    parameter("estimate", found, "the estimate of the same model, whose fit did not fail")
}
