//! Which parameters make a sample likeliest?
//!
//! The log-likelihood is maximised from several starting points: the parameters of an earlier fit where they are given, then the
//! likeliest of a fixed list. Every search is the quasi-Newton one of `optimiser`, in coordinates in which every point is a model,
//! with analytic gradients. A fit says how it ended: [`Status`]. A sample that is likeliest on an edge of the model (no reaction to
//! news, no long-run level, the normal law) is told from one whose search failed; neither is replaced by anything.

use serde::Serialize;

use super::evaluate::evaluation;
use super::parameters::Parameters;
use super::sample::{FEWEST, Sample};
use super::task::Task;
use super::{Dynamics, Model, Stationarity};
use crate::error::RiskError;
use crate::status::Status;

/// How hard a fit tries.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FitOptions {
    /// Searches, each from another point; at least 1. Where more than one is asked for and the best ends on an edge, more are made.
    pub starts: usize,
    /// A search ends when less than this is left to gain, in units of log-likelihood.
    pub tolerance: f64,
    /// Most evaluations of one search.
    pub evaluations: usize,
    /// Parameters to start the first search from.
    pub warm: Option<Parameters>,
}

impl Default for FitOptions {
    /// Three starts, parameters within a billionth of their standard errors.
    fn default() -> Self {
        FitOptions { starts: 3, tolerance: 1e-18, evaluations: 400, warm: None }
    }
}

/// A fitted model. `status` is part of the answer: a failed fit has the best parameters found, and they are no maximum.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Fit {
    /// Parameters in the unit of the returns.
    pub parameters: Parameters,
    /// Log-likelihood there, constants included.
    pub log_likelihood: f64,
    /// Largest component of the gradient in the coordinates of the search.
    pub gradient_norm: f64,
    /// What was left to gain by the last quadratic model, in units of log-likelihood.
    pub left_to_gain: f64,
    /// How it ended.
    pub status: Status,
    /// Evaluations of all searches.
    pub evaluations: usize,
    /// Searches made.
    pub starts: usize,
    /// What the best search is likelier than the first one: above zero, further starts mattered.
    pub gain_over_first: f64,
}

impl Fit {
    /// Whether the parameters are a maximum, inside the model or on its edge, or at a kink.
    #[must_use]
    pub fn is_maximum(&self) -> bool {
        !matches!(self.status, Status::Failed(_))
    }
}

impl Model {
    /// The parameters that make returns likeliest.
    ///
    /// # Errors
    /// [`RiskError::ShortSeries`] for fewer than 20 returns, [`RiskError::Stats`] for returns that are not finite,
    /// [`RiskError::Parameter`] for returns that do not vary, for no starts, and for an unconditional presample without the
    /// stationarity that it needs. A search that fails is no error: [`Fit::status`] says so.
    pub fn fit(&self, returns: &[f64], options: &FitOptions) -> Result<Fit, RiskError> {
        Ok(Fitter::new(self, returns, options)?.fit(options))
    }
}

/// A model and a sample, whose memory serves one window after the other.
#[derive(Debug)]
pub(super) struct Fitter {
    pub model: Model,
    pub sample: Sample,
}

impl Fitter {
    pub fn new(model: &Model, returns: &[f64], options: &FitOptions) -> Result<Self, RiskError> {
        let (name, found) = ("starts", options.starts.to_string());
        if options.starts == 0 {
            return Err(RiskError::Parameter { name, found, expected: "at least 1" });
        }
        model.check_rules()?;
        Ok(Fitter { model: *model, sample: Sample::new(model, returns, FEWEST)? })
    }

    /// Another window of the same series.
    pub fn refill(&mut self, returns: &[f64]) -> Result<(), RiskError> {
        self.sample.refill(&self.model, returns, FEWEST)
    }

    /// The likeliest parameters of the sample.
    pub fn fit(&self, options: &FitOptions) -> Fit {
        let mut task = Task::new(&self.model, &self.sample, options);
        while let Some((natural, curved)) = task.wanted() {
            let (evaluation, curvature) = evaluation(&self.model, &self.sample, &natural, curved);
            task.tell(&evaluation, curvature.as_ref());
        }
        task.answer(&self.sample)
    }
}

impl Model {
    /// Whether the rules fit together.
    ///
    /// # Errors
    /// [`RiskError::Parameter`].
    pub fn check_rules(&self) -> Result<(), RiskError> {
        let long_run = self.presample == super::Presample::Unconditional
            || self.targeting == super::Targeting::SampleVariance;
        if long_run && self.stationarity == Stationarity::Free && self.dynamics != Dynamics::Egarch
        {
            return Err(RiskError::Parameter {
                name: "stationarity",
                found: "free".to_owned(),
                expected: "`required` with an unconditional presample or a targeted variance",
            });
        }
        Ok(())
    }
}
