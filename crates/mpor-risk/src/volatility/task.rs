//! One fit as a sequence of questions: which parameters to evaluate next, until there is an answer.
//!
//! The task holds no sample while it waits, so that several tasks can be evaluated in one pass over interleaved samples. First the
//! fixed list of starting points is ranked by likelihood, where any of them is needed; then one search after the other is led to its
//! end; the likeliest end is the answer. Searches after the first are rough, and only one that ends above the best is led further.
//! While the best lies on an edge of the model, where likelihoods have flat shoulders with a maximum of their own, searches go on
//! through the whole list.

use super::coordinates::{Coordinates, Image};
use super::evaluate::Evaluation;
use super::fit::{Fit, FitOptions};
use super::optimiser::{End, Next, Search, Told};
use super::parameters::{ALPHA, BETA, GAMMA, LAMBDA, MU, NU, Natural, OMEGA, Parameters, Square};
use super::sample::Sample;
use super::{Dynamics, Innovations, Model, Stationarity};
use crate::status::{Edge, Failure, Status};

/// What may be left to gain by a search that is not the first, in units of log-likelihood.
const ROUGH: f64 = 1e-3;

/// Parameters closer to an edge than this are on it.
const ON_EDGE: f64 = 1e-5;
/// Parameters closer to an edge than this are where flat shoulders are.
const NEAR_EDGE: f64 = 2e-3;

/// A fit under way.
#[derive(Debug)]
pub(super) struct Task {
    model: Model,
    coordinates: Coordinates,
    options: FitOptions,
    /// Starting points still to be ranked, last first, and those ranked.
    unranked: Vec<Natural>,
    ranked: Vec<(f64, Natural)>,
    warm: Option<Natural>,
    search: Option<Search>,
    image: Image,
    curved: bool,
    made: usize,
    /// Whether the search continues one that was rough.
    refining: bool,
    evaluations: usize,
    first: f64,
    best: Option<Found>,
}

/// The end of one search.
#[derive(Clone, Copy, Debug)]
struct Found {
    search: Search,
    end: End,
}

impl Task {
    /// A fit of a sample.
    pub fn new(model: &Model, sample: &Sample, options: &FitOptions) -> Self {
        let coordinates = Coordinates::new(model, sample.variance);
        let warm = options
            .warm
            .map(|warm| coordinates.point(&sample.scaled(model.dynamics, warm.array())));
        let cold = options.starts > usize::from(warm.is_some());
        let mut task = Task {
            model: *model,
            image: coordinates.image(&[0.0; 7]),
            coordinates,
            options: *options,
            unranked: if cold { cold_starts(model, sample) } else { Vec::new() },
            ranked: Vec::new(),
            warm,
            search: None,
            curved: false,
            made: 0,
            refining: false,
            evaluations: 0,
            first: f64::INFINITY,
            best: None,
        };
        if task.unranked.is_empty() {
            task.next_search();
        }
        task
    }

    /// Parameters to evaluate, and whether the curvature is wanted there; `None` when the task has its answer.
    pub fn wanted(&self) -> Option<(Natural, bool)> {
        match self.unranked.last() {
            Some(natural) => Some((*natural, false)),
            None => self.search.map(|_| (self.image.natural, self.curved)),
        }
    }

    /// Takes in an evaluation of what was wanted.
    pub fn tell(&mut self, evaluation: &Evaluation, curvature: Option<&Square>) {
        self.evaluations += 1;
        if let Some(natural) = self.unranked.pop() {
            let value = if evaluation.value.is_finite() { evaluation.value } else { f64::MIN };
            self.ranked.push((value, self.coordinates.point(&natural)));
            if self.unranked.is_empty() {
                self.ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
                self.next_search();
            }
            return;
        }
        let Some(search) = &mut self.search else { return };
        let gradient = self.coordinates.pull_back(&self.image, &evaluation.gradient).map(|g| -g);
        let curvature = curvature.map(|c| self.coordinates.pull_back_square(&self.image, c));
        let told = Told { value: -evaluation.value, gradient, curvature: curvature.as_ref() };
        match search.tell(told) {
            Next::Evaluate { point, curvature } => self.aim(&point, curvature),
            Next::Done(end) => self.ended(end),
        }
    }

    fn aim(&mut self, point: &Natural, curved: bool) {
        self.image = self.coordinates.image(point);
        self.curved = curved;
    }

    fn ended(&mut self, end: End) {
        let Some(search) = self.search.take() else { return };
        if self.made == 1 {
            self.first = search.value;
        }
        if self.best.is_none_or(|best| search.value < best.search.value) {
            self.best = Some(Found { search, end });
            if self.made > 1 && !self.refining && end == End::Met {
                self.refining = true;
                return self.begin(&search.point, self.options.tolerance);
            }
        }
        self.refining = false;
        self.next_search();
    }

    /// The search from the next point, while there is one and searches are left.
    fn next_search(&mut self) {
        let next = match self.warm.take() {
            Some(warm) => Some(warm),
            None => self.ranked.pop().map(|(_, point)| point),
        };
        let wanted = self.made < self.options.starts || self.best_on_edge();
        let Some(start) = next.filter(|_| wanted) else { return };
        self.made += 1;
        let tolerance = self.options.tolerance;
        self.begin(&start, if self.made > 1 { tolerance.max(ROUGH) } else { tolerance });
    }

    fn begin(&mut self, start: &Natural, tolerance: f64) {
        let (count, most) = (self.coordinates.count, self.options.evaluations);
        self.search = Some(Search::new(*start, count, tolerance, most).0);
        self.aim(start, true);
    }

    fn best_on_edge(&self) -> bool {
        self.best.is_some_and(|best| {
            self.edge(&self.coordinates.image(&best.search.point).natural, NEAR_EDGE).is_some()
        })
    }

    /// The likeliest end.
    pub fn answer(&self, sample: &Sample) -> Fit {
        let Some(best) = &self.best else { return self.no_answer() };
        let image = self.coordinates.image(&best.search.point);
        let natural = sample.to_unit(self.model.dynamics, image.natural);
        let largest = best.search.gradient.iter().fold(0.0_f64, |most, g| most.max(g.abs()));
        Fit {
            parameters: Parameters::from_array(natural),
            log_likelihood: sample.likelihood_in_unit(-best.search.value),
            gradient_norm: largest,
            left_to_gain: best.search.decrement,
            status: self.status(&image, best),
            evaluations: self.evaluations,
            starts: self.made,
            gain_over_first: if self.first.is_finite() {
                self.first - best.search.value
            } else {
                0.0
            },
        }
    }

    /// No search had a start.
    fn no_answer(&self) -> Fit {
        Fit {
            parameters: Parameters::default(),
            log_likelihood: f64::NEG_INFINITY,
            gradient_norm: f64::INFINITY,
            left_to_gain: f64::INFINITY,
            status: Status::Failed(Failure::NoStart),
            evaluations: self.evaluations,
            starts: self.made,
            gain_over_first: 0.0,
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
        self.edge(&image.natural, ON_EDGE).map_or(Status::Converged, Status::Boundary)
    }

    /// The first edge that the parameters lie on.
    fn edge(&self, p: &Natural, close: f64) -> Option<Edge> {
        /// More degrees of freedom are the normal law.
        const MANY: f64 = 500.0;
        let linear = self.model.dynamics != Dynamics::Egarch;
        let gjr = self.model.dynamics == Dynamics::Gjr;
        let room = 1.0 - self.model.persistence(&Parameters::from_array(*p));
        let required = self.model.stationarity == Stationarity::Required || !linear;
        let shaped = self.model.innovations != Innovations::Normal;
        [
            (linear && p[ALPHA] < close, Edge::NoNews),
            (gjr && p[ALPHA] + p[GAMMA] < close, Edge::NoNews),
            (linear && p[BETA] < close, Edge::NoMemory),
            (required && room < close, Edge::UnitPersistence),
            (linear && p[OMEGA] < 1e-8, Edge::NoConstant),
            (shaped && p[NU] > MANY, Edge::ThinTails),
            (shaped && p[NU] < 2.05 + close, Edge::FatTails),
            (p[LAMBDA].abs() > 1.0 - close, Edge::OneSided),
        ]
        .into_iter()
        .find_map(|(on, edge)| on.then_some(edge))
    }
}

/// Plausible parameters of the scaled sample, from a quiet long memory to a loud short one.
fn cold_starts(model: &Model, sample: &Sample) -> Vec<Natural> {
    const LINEAR: [(f64, f64); 6] =
        [(0.05, 0.97), (0.1, 0.9), (0.03, 0.99), (0.15, 0.75), (0.02, 0.5), (0.01, 0.96)];
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
        (p[MU], p[OMEGA], p[ALPHA], p[GAMMA], p[BETA]) = (sample.mean, omega, alpha, gamma, beta);
        p[NU] = if model.innovations == Innovations::Normal { 0.0 } else { 7.0 };
        p
    };
    let v = sample.variance;
    match model.dynamics {
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
