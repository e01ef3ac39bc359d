//! Which parameters make a sample likeliest?
//!
//! The log-likelihood is maximised from several starting points: the parameters of an earlier fit where they are given, then the
//! likeliest of a fixed list. Every search is the quasi-Newton one of `optimiser`, in coordinates in which every point is a model,
//! with analytic gradients. A fit says how it ended: [`Status`]. A sample that is likeliest on an edge of the model (no reaction to
//! news, no long-run level, the normal law) is told from one whose search failed; neither is replaced by anything.

use std::fmt;

use serde::Serialize;

use super::coordinates::{Coordinates, Image};
use super::evaluate::{Curvature, Gradient, evaluate};
use super::optimiser::{End, Next, Search, Told};
use super::parameters::{ALPHA, BETA, GAMMA, LAMBDA, MU, NU, Natural, OMEGA, Parameters};
use super::sample::{FEWEST, Sample};
use super::{Dynamics, Innovations, Model, Stationarity};
use crate::error::RiskError;

/// How hard a fit tries.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FitOptions {
    /// Searches, each from another point; at least 1.
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

/// How a fit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// At a maximum inside the model.
    Converged,
    /// At a maximum on an edge of the model.
    Boundary(Edge),
    /// No step raises the likelihood although its gradient is not zero: a kink, as EGARCH has by its mean.
    Stalled,
    /// Not at a maximum.
    Failed(Failure),
}

/// An edge of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Edge {
    /// Variance does not react to returns (or, for GJR, to rises or to falls).
    NoNews,
    /// Variance has no memory.
    NoMemory,
    /// Variance has no constant.
    NoConstant,
    /// Variance has no long-run level.
    UnitPersistence,
    /// So many degrees of freedom that the law is the normal one.
    ThinTails,
    /// As few degrees of freedom as are tried.
    FatTails,
    /// All asymmetry on one side.
    OneSided,
}

/// Why a search ended before a maximum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// It ran out of evaluations.
    Evaluations,
    /// No starting point has a likelihood.
    NoStart,
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

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Status::Converged => "converged",
            Status::Boundary(Edge::NoNews) => "boundary: no reaction to returns",
            Status::Boundary(Edge::NoMemory) => "boundary: no memory",
            Status::Boundary(Edge::NoConstant) => "boundary: no constant",
            Status::Boundary(Edge::UnitPersistence) => "boundary: no long-run variance",
            Status::Boundary(Edge::ThinTails) => "boundary: normal tails",
            Status::Boundary(Edge::FatTails) => "boundary: fewest degrees of freedom",
            Status::Boundary(Edge::OneSided) => "boundary: all asymmetry on one side",
            Status::Stalled => "stalled at a kink",
            Status::Failed(Failure::Evaluations) => "failed: out of evaluations",
            Status::Failed(Failure::NoStart) => "failed: no start has a likelihood",
        })
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
        Fitter::new(self, returns, options)?.fit(options)
    }
}

/// A model and a sample, whose memory serves one window after the other.
#[derive(Debug)]
pub(super) struct Fitter {
    pub model: Model,
    pub sample: Sample,
}

/// The end of one search.
#[derive(Clone, Copy)]
struct Found {
    search: Search,
    end: End,
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
    pub fn fit(&self, options: &FitOptions) -> Result<Fit, RiskError> {
        let coordinates = Coordinates::new(&self.model, self.sample.variance);
        let starts = self.starts(&coordinates, options);
        let (mut first, mut best): (Option<f64>, Option<Found>) = (None, None);
        let mut evaluations = 0;
        for start in &starts {
            let found = self.search(&coordinates, start, options);
            evaluations += found.search.evaluations;
            first.get_or_insert(found.search.value);
            if best.is_none_or(|best| found.search.value < best.search.value) {
                best = Some(found);
            }
        }
        let (Some(first), Some(best)) = (first, best) else { return Err(RiskError::NoScenarios) };
        let image = coordinates.image(&best.search.point);
        let natural = self.sample.to_unit(self.model.dynamics, image.natural);
        let largest = best.search.gradient.iter().fold(0.0_f64, |most, g| most.max(g.abs()));
        Ok(Fit {
            parameters: Parameters::from_array(natural),
            log_likelihood: self.sample.likelihood_in_unit(-best.search.value),
            gradient_norm: largest,
            left_to_gain: best.search.decrement,
            status: self.status(&image, &best),
            evaluations,
            starts: starts.len(),
            gain_over_first: first - best.search.value,
        })
    }

    /// One search from one point.
    fn search(&self, coordinates: &Coordinates, start: &Natural, options: &FitOptions) -> Found {
        let (mut search, mut next) =
            Search::new(*start, coordinates.count, options.tolerance, options.evaluations);
        loop {
            let (point, curved) = match next {
                Next::Evaluate { point, curvature } => (point, curvature),
                Next::Done(end) => return Found { search, end },
            };
            let image = coordinates.image(&point);
            let (evaluation, curvature) = if curved {
                let mut sink = Curvature::default();
                let evaluation = evaluate(&self.model, &self.sample, &image.natural, &mut sink);
                let square = coordinates.pull_back_square(&image, &sink.symmetric());
                (evaluation, Some(square))
            } else {
                (evaluate(&self.model, &self.sample, &image.natural, &mut Gradient), None)
            };
            let gradient = coordinates.pull_back(&image, &evaluation.gradient).map(|g| -g);
            let curvature = curvature.as_ref();
            next = search.tell(Told { value: -evaluation.value, gradient, curvature });
        }
    }

    /// Points to search from, as many as are asked for or known: the earlier fit's, then the likeliest of the list.
    fn starts(&self, coordinates: &Coordinates, options: &FitOptions) -> Vec<Natural> {
        let mut starts = Vec::with_capacity(options.starts);
        if let Some(warm) = options.warm {
            let scaled = self.sample.from_unit(self.model.dynamics, warm.array());
            starts.push(coordinates.point(&scaled));
        }
        let cold = options.starts.saturating_sub(starts.len());
        if cold > 0 {
            let mut ranked: Vec<(f64, Natural)> = self
                .cold_starts()
                .into_iter()
                .map(|natural| {
                    let value = evaluate(&self.model, &self.sample, &natural, &mut Gradient).value;
                    (value, coordinates.point(&natural))
                })
                .collect();
            let order = |value: f64| if value.is_finite() { value } else { f64::NEG_INFINITY };
            ranked.sort_by(|a, b| order(b.0).total_cmp(&order(a.0)));
            starts.extend(ranked.into_iter().take(cold).map(|(_, point)| point));
        }
        starts
    }

    /// Plausible parameters of the scaled sample, from a quiet long memory to a loud short one.
    fn cold_starts(&self) -> Vec<Natural> {
        const LINEAR: [(f64, f64); 5] =
            [(0.05, 0.97), (0.1, 0.9), (0.03, 0.99), (0.15, 0.75), (0.02, 0.5)];
        const SKEWED: [f64; 2] = [0.5, 1.5];
        const LOGGED: [(f64, f64, f64); 5] = [
            (0.12, -0.05, 0.98),
            (0.25, 0.0, 0.93),
            (0.12, -0.12, 0.97),
            (0.3, -0.1, 0.7),
            (0.05, 0.05, 0.99),
        ];
        let with = |alpha: f64, gamma: f64, beta: f64, omega: f64| {
            let mut p = [0.0; 7];
            (p[MU], p[OMEGA], p[ALPHA], p[GAMMA], p[BETA]) =
                (self.sample.mean, omega, alpha, gamma, beta);
            p[NU] = if self.model.innovations == Innovations::Normal { 0.0 } else { 7.0 };
            p
        };
        let v = self.sample.variance;
        match self.model.dynamics {
            Dynamics::Garch => LINEAR
                .iter()
                .map(|&(alpha, persistence)| {
                    with(alpha, 0.0, persistence - alpha, v * (1.0 - persistence))
                })
                .collect(),
            Dynamics::Gjr => LINEAR
                .iter()
                .flat_map(|&(news, persistence)| {
                    SKEWED.map(|tilt| {
                        let (alpha, gamma) = (news * (2.0 - tilt), 2.0 * news * (tilt - 1.0));
                        with(alpha, gamma, persistence - news, v * (1.0 - persistence))
                    })
                })
                .collect(),
            Dynamics::Egarch => LOGGED
                .iter()
                .map(|&(alpha, gamma, beta)| with(alpha, gamma, beta, (1.0 - beta) * libm::log(v)))
                .collect(),
        }
    }

    fn status(&self, image: &Image, found: &Found) -> Status {
        /// What rounding of the likelihood hides.
        const HIDDEN: f64 = 1e-7;
        let near = found.search.decrement < HIDDEN;
        match found.end {
            End::NoStart => return Status::Failed(Failure::NoStart),
            End::Exhausted if !near => return Status::Failed(Failure::Evaluations),
            End::Stalled if !near => return Status::Stalled,
            End::Met | End::Exhausted | End::Stalled => {}
        }
        self.edge(&image.natural).map_or(Status::Converged, Status::Boundary)
    }

    /// The first edge that the parameters lie on.
    fn edge(&self, p: &Natural) -> Option<Edge> {
        /// Closer to an edge than this is on it.
        const CLOSE: f64 = 1e-5;
        /// More degrees of freedom are the normal law.
        const MANY: f64 = 500.0;
        let linear = self.model.dynamics != Dynamics::Egarch;
        let gjr = self.model.dynamics == Dynamics::Gjr;
        let room = 1.0 - self.model.persistence(&Parameters::from_array(*p));
        let required = self.model.stationarity == Stationarity::Required || !linear;
        let shaped = self.model.innovations != Innovations::Normal;
        [
            (linear && p[ALPHA] < CLOSE, Edge::NoNews),
            (gjr && p[ALPHA] + p[GAMMA] < CLOSE, Edge::NoNews),
            (linear && p[BETA] < CLOSE, Edge::NoMemory),
            (required && room < CLOSE, Edge::UnitPersistence),
            (linear && p[OMEGA] < 1e-8, Edge::NoConstant),
            (shaped && p[NU] > MANY, Edge::ThinTails),
            (shaped && p[NU] < 2.05 + CLOSE, Edge::FatTails),
            (p[LAMBDA].abs() > 1.0 - CLOSE, Edge::OneSided),
        ]
        .into_iter()
        .find_map(|(on, edge)| on.then_some(edge))
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
