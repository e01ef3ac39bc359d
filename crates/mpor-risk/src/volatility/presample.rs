//! The first variance of a sample, with its derivatives. The rules are those of [`Presample`].

use std::f64::consts::FRAC_2_PI;

use super::parameters::{ALPHA, BETA, GAMMA, MU, Natural, OMEGA};
use super::sample::Sample;
use super::{Dynamics, Model, Presample};

/// The first variance (log variance for EGARCH) and its derivatives by `mu .. beta`.
#[derive(Clone, Copy, Debug)]
pub(super) struct First {
    pub value: f64,
    pub slope: [f64; 5],
}

impl First {
    /// By the model's rule, at these parameters of the scaled returns.
    pub fn new(model: &Model, sample: &Sample, p: &Natural) -> Self {
        let (v, by_mu) = match model.presample {
            Presample::ArchBackcast => (sample.backcast, 0.0),
            _ => {
                let off = sample.mean - p[MU];
                (sample.variance + off * off, -2.0 * off)
            }
        };
        match (model.dynamics, model.presample) {
            (Dynamics::Egarch, Presample::SampleVariance) => log_of(v, by_mu),
            (Dynamics::Egarch, Presample::Unconditional) => {
                let long_run = p[OMEGA] / (1.0 - p[BETA]);
                let mut slope = [0.0; 5];
                slope[OMEGA] = 1.0 / (1.0 - p[BETA]);
                slope[BETA] = long_run / (1.0 - p[BETA]);
                First { value: long_run, slope }
            }
            (Dynamics::Egarch, _) => {
                let before = log_of(v, by_mu);
                // The terms of the shock: those of a residual of zero, or none.
                let shock = match model.presample {
                    Presample::Ssr => -FRAC_2_PI.sqrt(),
                    _ => 0.0,
                };
                let slope = [p[BETA] * before.slope[MU], 1.0, shock, 0.0, before.value];
                First { value: p[OMEGA] + p[ALPHA] * shock + p[BETA] * before.value, slope }
            }
            (_, Presample::SampleVariance) => {
                First { value: v, slope: [by_mu, 0.0, 0.0, 0.0, 0.0] }
            }
            (_, Presample::Unconditional) => {
                let room = 1.0 - (p[ALPHA] + 0.5 * p[GAMMA] + p[BETA]);
                let value = p[OMEGA] / room;
                let (one, half) = (value / room, 0.5 * value / room);
                First { value, slope: [0.0, 1.0 / room, one, half, one] }
            }
            (_, Presample::Ssr | Presample::ArchBackcast) => {
                let weight = p[ALPHA] + 0.5 * p[GAMMA] + p[BETA];
                let slope = [weight * by_mu, 1.0, v, 0.5 * v, v];
                First { value: p[OMEGA] + weight * v, slope }
            }
        }
    }
}

fn log_of(v: f64, by_mu: f64) -> First {
    First { value: libm::log(v), slope: [by_mu / v, 0.0, 0.0, 0.0, 0.0] }
}
