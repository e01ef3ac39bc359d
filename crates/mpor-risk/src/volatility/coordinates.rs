//! Parameters as free numbers, so that every point the optimiser tries is a model.
//!
//! ```text
//! GARCH, stationary   alpha, beta              = shares of exp(u1), exp(u2), 1         the last share is 1 - persistence
//! GJR, stationary     alpha/2, (alpha+gamma)/2, beta = shares of exp(u1), exp(u2), exp(u3), 1
//! free                alpha = exp(u1),  alpha + gamma = exp(u2),  beta = 1 / (1 + exp(-u))
//! EGARCH              alpha, gamma as they are,  beta = tanh(u)
//! omega = exp(u), or by the target variance;   nu = 2.05 + exp(u);   lambda = tanh(u);   mu as it is
//! ```

use super::parameters::{ALPHA, BETA, GAMMA, LAMBDA, MU, NU, Natural, OMEGA, Square};
use super::{Dynamics, Innovations, Mean, Model, Stationarity, Targeting};

/// Fewest degrees of freedom that a fit tries; at 2 the variance is infinite.
const LEAST_FREEDOM: f64 = 2.05;

/// The free numbers of a model, of samples with this target variance.
#[derive(Clone, Copy, Debug)]
pub(super) struct Coordinates {
    model: Model,
    target: f64,
    /// Parameter that stands at each place of a point, in order.
    slots: [usize; 7],
    /// How many there are.
    pub count: usize,
}

/// Parameters and their derivatives: `slope[i][j]` = of parameter `i` by free number `j`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Image {
    pub natural: Natural,
    pub slope: Square,
}

impl Coordinates {
    pub fn new(model: &Model, target: f64) -> Self {
        let (mut slots, mut count) = ([0; 7], 0);
        for index in [MU, OMEGA, ALPHA, GAMMA, BETA, NU, LAMBDA] {
            let targeted = index == OMEGA && model.targeting == Targeting::SampleVariance;
            if model.has(index) && !targeted {
                slots[count] = index;
                count += 1;
            }
        }
        Coordinates { model: *model, target, slots, count }
    }

    fn place(&self, index: usize) -> usize {
        self.slots[..self.count].iter().position(|&slot| slot == index).unwrap_or(0)
    }

    /// The parameters at a point. Beyond the bounds of a free number nothing moves any more, so that a parameter on an edge does not
    /// carry the search along for ever.
    pub fn image(&self, u: &Natural) -> Image {
        let mut image = Image { natural: [0.0; 7], slope: [[0.0; 7]; 7] };
        let mut inside = *u;
        for (value, index) in inside.iter_mut().zip(&self.slots[..self.count]) {
            let (low, high) = self.bounds(*index);
            *value = value.clamp(low, high);
        }
        self.place_all(&inside, &mut image);
        for at in (0..self.count).filter(|&at| inside[at] != u[at]) {
            image.slope.iter_mut().for_each(|row| row[at] = 0.0);
        }
        image
    }

    /// Between which values a free number moves its parameter.
    fn bounds(&self, index: usize) -> (f64, f64) {
        match (index, self.model.dynamics) {
            (OMEGA | ALPHA | GAMMA | BETA, Dynamics::Garch | Dynamics::Gjr) => (-27.0, 27.0),
            (BETA | LAMBDA, _) => (-14.0, 14.0),
            (NU, _) => (-14.0, 8.0),
            _ => (f64::NEG_INFINITY, f64::INFINITY),
        }
    }

    fn place_all(&self, u: &Natural, image: &mut Image) {
        if self.model.mean == Mean::Constant {
            image.put(MU, u[0], self.place(MU), 1.0);
        }
        self.persistence(u, image);
        if self.model.innovations != Innovations::Normal {
            let at = self.place(NU);
            let above = libm::exp(u[at]);
            image.put(NU, LEAST_FREEDOM + above, at, above);
        }
        if self.model.innovations == Innovations::SkewT {
            let at = self.place(LAMBDA);
            let lambda = libm::tanh(u[at]);
            image.put(LAMBDA, lambda, at, 1.0 - lambda * lambda);
        }
        self.level(u, image);
    }

    fn persistence(&self, u: &Natural, image: &mut Image) {
        let (alpha, gamma, beta) = (self.place(ALPHA), self.place(GAMMA), self.place(BETA));
        match (self.model.dynamics, self.model.stationarity) {
            (Dynamics::Egarch, _) => {
                let persistence = libm::tanh(u[beta]);
                image.put(ALPHA, u[alpha], alpha, 1.0);
                image.put(GAMMA, u[gamma], gamma, 1.0);
                image.put(BETA, persistence, beta, 1.0 - persistence * persistence);
            }
            (Dynamics::Garch, Stationarity::Free) => {
                let up = libm::exp(u[alpha]);
                image.put(ALPHA, up, alpha, up);
                let share = logistic(u[beta]);
                image.put(BETA, share, beta, share * (1.0 - share));
            }
            (Dynamics::Gjr, Stationarity::Free) => {
                let (up, down) = (libm::exp(u[alpha]), libm::exp(u[gamma]));
                image.put(ALPHA, up, alpha, up);
                image.put(GAMMA, down - up, gamma, down);
                image.slope[GAMMA][alpha] = -up;
                let share = logistic(u[beta]);
                image.put(BETA, share, beta, share * (1.0 - share));
            }
            (Dynamics::Garch, Stationarity::Required) => {
                let [a, b, _] = shares([u[alpha], u[beta], f64::NEG_INFINITY]);
                image.put(ALPHA, a, alpha, a * (1.0 - a));
                image.slope[ALPHA][beta] = -a * b;
                image.put(BETA, b, beta, b * (1.0 - b));
                image.slope[BETA][alpha] = -a * b;
            }
            (Dynamics::Gjr, Stationarity::Required) => {
                let [up, down, b] = shares([u[alpha], u[gamma], u[beta]]);
                let places = [(alpha, up), (gamma, down), (beta, b)];
                image.natural[ALPHA] = 2.0 * up;
                image.natural[GAMMA] = 2.0 * (down - up);
                image.natural[BETA] = b;
                for (at, share) in places {
                    let by = |own: usize, value: f64| if own == at { value } else { 0.0 } - value * share;
                    let (by_up, by_down) = (by(alpha, up), by(gamma, down));
                    image.slope[ALPHA][at] = 2.0 * by_up;
                    image.slope[GAMMA][at] = 2.0 * (by_down - by_up);
                    image.slope[BETA][at] = by(beta, b);
                }
            }
        }
    }

    /// The constant of the variance, free or by the target.
    fn level(&self, u: &Natural, image: &mut Image) {
        let weights: [(usize, f64); 3] = match self.model.dynamics {
            Dynamics::Egarch => [(BETA, 1.0), (ALPHA, 0.0), (GAMMA, 0.0)],
            _ => [(ALPHA, 1.0), (GAMMA, 0.5), (BETA, 1.0)],
        };
        let logged = self.model.dynamics == Dynamics::Egarch;
        if self.model.targeting == Targeting::None {
            let at = self.place(OMEGA);
            let omega = if logged { u[at] } else { libm::exp(u[at]) };
            image.put(OMEGA, omega, at, if logged { 1.0 } else { omega });
            return;
        }
        let level = if logged { libm::log(self.target) } else { self.target };
        let persistence: f64 = weights.iter().map(|(i, weight)| weight * image.natural[*i]).sum();
        image.natural[OMEGA] = level * (1.0 - persistence);
        for at in 0..self.count {
            let slope: f64 = weights.iter().map(|(i, weight)| weight * image.slope[*i][at]).sum();
            image.slope[OMEGA][at] = -level * slope;
        }
    }

    /// The point whose image these parameters are, moved inside where they lie on an edge.
    pub fn point(&self, p: &Natural) -> Natural {
        let mut u = [0.0; 7];
        let inside = |value: f64| value.clamp(1e-4, 1.0 - 1e-4);
        let slack = (1.0 - (p[ALPHA] + 0.5 * p[GAMMA] + p[BETA])).max(1e-4);
        let log_of = |value: f64| libm::log(value.max(1e-4));
        for (at, &index) in self.slots[..self.count].iter().enumerate() {
            u[at] = match (index, self.model.dynamics, self.model.stationarity) {
                (OMEGA, Dynamics::Garch | Dynamics::Gjr, _) => libm::log(p[OMEGA].max(1e-10)),
                (ALPHA, Dynamics::Garch, Stationarity::Required) => log_of(p[ALPHA] / slack),
                (ALPHA, Dynamics::Gjr, Stationarity::Required) => log_of(0.5 * p[ALPHA] / slack),
                (GAMMA, Dynamics::Gjr, Stationarity::Required) => {
                    log_of(0.5 * (p[ALPHA] + p[GAMMA]) / slack)
                }
                (BETA, Dynamics::Garch | Dynamics::Gjr, Stationarity::Required) => {
                    log_of(p[BETA] / slack)
                }
                (ALPHA, Dynamics::Garch | Dynamics::Gjr, _) => log_of(p[ALPHA]),
                (GAMMA, Dynamics::Gjr, _) => log_of(p[ALPHA] + p[GAMMA]),
                (BETA, Dynamics::Garch | Dynamics::Gjr, _) => {
                    let share = inside(p[BETA]);
                    libm::log(share / (1.0 - share))
                }
                (BETA, Dynamics::Egarch, _) => libm::atanh(p[BETA].clamp(-0.9999, 0.9999)),
                (NU, ..) => libm::log((p[NU] - LEAST_FREEDOM).clamp(1e-2, 1e3)),
                (LAMBDA, ..) => libm::atanh(p[LAMBDA].clamp(-0.99, 0.99)),
                _ => p[index],
            };
        }
        u
    }

    /// A gradient by parameters as one by free numbers.
    pub fn pull_back(&self, image: &Image, gradient: &Natural) -> Natural {
        let mut by_point = [0.0; 7];
        for (at, sum) in by_point[..self.count].iter_mut().enumerate() {
            *sum = (0..7).map(|i| image.slope[i][at] * gradient[i]).sum();
        }
        by_point
    }

    /// A curvature by parameters as one by free numbers.
    pub fn pull_back_square(&self, image: &Image, curvature: &Square) -> Square {
        let mut by_point = [[0.0; 7]; 7];
        for (i, row) in by_point[..self.count].iter_mut().enumerate() {
            for (j, entry) in row[..self.count].iter_mut().enumerate() {
                let through =
                    |k: usize| -> f64 { (0..7).map(|l| curvature[k][l] * image.slope[l][j]).sum() };
                *entry = (0..7).map(|k| image.slope[k][i] * through(k)).sum();
            }
        }
        by_point
    }
}

impl Image {
    fn put(&mut self, index: usize, value: f64, at: usize, slope: f64) {
        self.natural[index] = value;
        self.slope[index][at] = slope;
    }
}

fn logistic(u: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-u))
}

/// `exp(u) / (1 + sum of exp(u))`.
fn shares(u: [f64; 3]) -> [f64; 3] {
    let top = u.iter().copied().fold(0.0, f64::max);
    let raw = u.map(|u| libm::exp(u - top));
    let total = libm::exp(-top) + raw.iter().sum::<f64>();
    raw.map(|share| share / total)
}
