//! The returns of one fit, in a unit in which their variance is near 1.
//!
//! The unit is a power of two, so that scaling rounds nothing and a sample times a power of two gives the same bits.

use mpor_stats::StatsError;

use super::parameters::{BETA, MU, Natural, OMEGA};
use super::{Dynamics, Mean, Model};
use crate::error::RiskError;

/// Fewest returns that a model is fitted on.
pub(super) const FEWEST: usize = 20;
/// Weights of the presample rule of `arch`.
const BACKCAST_DECAY: f64 = 0.94;
const BACKCAST_RETURNS: usize = 75;

/// Returns divided by `unit`.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    pub returns: Vec<f64>,
    pub unit: f64,
    /// Sample mean, or zero where the model's mean is.
    pub mean: f64,
    /// Mean square about `mean`.
    pub variance: f64,
    /// The presample variance of `arch`.
    pub backcast: f64,
}

impl Sample {
    /// Checks and scales returns.
    pub fn new(model: &Model, returns: &[f64], fewest: usize) -> Result<Self, RiskError> {
        let mut sample =
            Sample { returns: Vec::new(), unit: 1.0, mean: 0.0, variance: 0.0, backcast: 0.0 };
        sample.refill(model, returns, fewest)?;
        Ok(sample)
    }

    /// The same, in the memory of another sample.
    pub fn refill(
        &mut self,
        model: &Model,
        returns: &[f64],
        fewest: usize,
    ) -> Result<(), RiskError> {
        let found = returns.len();
        if found < fewest.max(1) {
            let what = "a conditional volatility model";
            return Err(RiskError::ShortSeries { what, needed: fewest.max(1), found });
        }
        if let Some(index) = returns.iter().position(|r| !r.is_finite()) {
            return Err(StatsError::NotFinite { index, value: returns[index] }.into());
        }
        let n = found as f64;
        let mean = match model.mean {
            Mean::Zero => 0.0,
            Mean::Constant => returns.iter().sum::<f64>() / n,
        };
        let square = |sum: f64, r: &f64| sum + (r - mean) * (r - mean);
        let variance = returns.iter().fold(0.0, square) / n;
        // A mean that is not a double leaves rounding behind in a series that does not move.
        let largest = returns.iter().fold(0.0_f64, |most, r| most.max(r.abs()));
        if variance.sqrt() <= 1e-14 * largest || variance < f64::MIN_POSITIVE {
            return Err(RiskError::Parameter {
                name: "returns",
                found: format!("{found} returns that are all {}", returns[0]),
                expected: "returns that vary: a series that does not move has no volatility model",
            });
        }
        let unit = power_of_two(variance.sqrt());
        self.returns.clear();
        self.returns.extend(returns.iter().map(|r| r / unit));
        self.unit = unit;
        self.mean = mean / unit;
        self.variance = variance / (unit * unit);
        self.backcast = backcast(&self.returns, self.mean);
        Ok(())
    }

    /// Log-likelihood of the returns from that of the scaled ones.
    pub fn likelihood_in_unit(&self, scaled: f64) -> f64 {
        scaled - self.returns.len() as f64 * libm::log(self.unit)
    }

    /// What a parameter is multiplied by to leave the scaled unit, but for the constant of EGARCH.
    pub fn factors(&self, dynamics: Dynamics) -> Natural {
        let square = if dynamics == Dynamics::Egarch { 1.0 } else { self.unit * self.unit };
        let mut factors = [1.0; 7];
        factors[MU] = self.unit;
        factors[OMEGA] = square;
        factors
    }

    /// A gradient by parameters of the scaled returns as one by parameters in the unit of the returns.
    pub fn gradient_in_unit(&self, dynamics: Dynamics, gradient: &Natural) -> Natural {
        let mut unit = *gradient;
        if dynamics == Dynamics::Egarch {
            // The constant of the scaled returns moves with beta.
            unit[BETA] += gradient[OMEGA] * 2.0 * libm::log(self.unit);
        }
        unit.iter_mut().zip(self.factors(dynamics)).for_each(|(g, factor)| *g /= factor);
        unit
    }

    /// Derivatives of parameter `index` in the unit of the returns by those of the scaled returns; `only` has a 1 at `index`.
    pub fn slope_to_unit(&self, dynamics: Dynamics, index: usize, mut only: Natural) -> Natural {
        only[index] = self.factors(dynamics)[index];
        if dynamics == Dynamics::Egarch && index == OMEGA {
            only[BETA] = -2.0 * libm::log(self.unit);
        }
        only
    }

    /// Parameters of the scaled returns in the unit of the returns.
    pub fn to_unit(&self, dynamics: Dynamics, mut p: Natural) -> Natural {
        p.iter_mut().zip(self.factors(dynamics)).for_each(|(value, factor)| *value *= factor);
        if dynamics == Dynamics::Egarch {
            p[OMEGA] += (1.0 - p[BETA]) * 2.0 * libm::log(self.unit);
        }
        p
    }

    /// Parameters in the unit of the returns as those of the scaled returns.
    pub fn scaled(&self, dynamics: Dynamics, mut p: Natural) -> Natural {
        if dynamics == Dynamics::Egarch {
            p[OMEGA] -= (1.0 - p[BETA]) * 2.0 * libm::log(self.unit);
        }
        p.iter_mut().zip(self.factors(dynamics)).for_each(|(value, factor)| *value /= factor);
        p
    }
}

/// The power of two at or below a number above zero.
pub(crate) fn power_of_two(value: f64) -> f64 {
    let exponent = value.to_bits() >> 52;
    f64::from_bits(exponent.clamp(64, 1982) << 52)
}

fn backcast(returns: &[f64], mean: f64) -> f64 {
    let (mut sum, mut total, mut weight) = (0.0, 0.0, 1.0);
    for r in returns.iter().take(BACKCAST_RETURNS) {
        sum += weight * (r - mean) * (r - mean);
        total += weight;
        weight *= BACKCAST_DECAY;
    }
    sum / total
}
