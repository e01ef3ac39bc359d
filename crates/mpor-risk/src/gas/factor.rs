//! What are value at risk and expected shortfall of the next return, if one factor moves both? The one-factor score model.
//!
//! ```text
//! V[t] = a e^k[t],   E[t] = b e^k[t],   0 < a < b,   k[0] = 0,   L[t] = -r[t]
//! k[t+1] = beta k[t] + gamma ( [L[t] > V[t]] L[t] / (tail E[t]) - 1 )
//! least at the fit:  mean of  max(L - V, 0) / (tail E) + V/E + ln E - 1
//! ```
//!
//! Only breaches raise the factor, by how large they are; every other day lets it fall a little. No law is assumed. The criterion jumps
//! where a breach stops to be one: the best of many random points are polished by simplices without derivatives, and a fit says how
//! they ended. The fit is of one level.
//!
//! Source: Patton, Ziegel and Chen (2019), "Dynamic semiparametric models for expected shortfall (and value-at-risk)", Journal of
//! Econometrics 211(2), 388-413, section 2.2 for the model, eq. 6 for the score; their signs turned to losses.

use mpor_stats::random::Streams;
use mpor_stats::{Level, QuantileRule, Side, quantile};
use serde::Serialize;

use super::{log_odds, share};
use crate::checks::{finite, one_in_the_tail, parameter, unit};
use crate::descent::{SearchOptions, least_of};
use crate::error::RiskError;
use crate::parametric::VarEs;
use crate::status::{Edge, Status};

/// Fewest returns of a fit.
const FEWEST: usize = 50;
/// Shares closer to 0 or 1 than this are on the edge.
const EDGE: f64 = 1e-6;
/// Reactions that are drawn from, evenly in logarithms.
const REACTION: (f64, f64) = (0.0005, 0.1);

/// A loss nearer than this to its value at risk, in logarithms, is compared without them.
const NEAR: f64 = 1e-9;

/// Parameters; `a` and `b` in the unit of the returns.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct FactorGas {
    /// Value at risk where the factor is zero, `a`.
    pub var: f64,
    /// Expected shortfall where the factor is zero, `b`.
    pub es: f64,
    /// Memory of the factor, `beta`, between 0 and 1.
    pub memory: f64,
    /// Reaction of the factor, `gamma`, zero or above.
    pub reaction: f64,
}

/// A fitted model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct FactorFit {
    /// Parameters.
    pub model: FactorGas,
    /// Mean joint score there.
    pub score: f64,
    /// How the search ended: without derivatives, converged means that the simplices shrank to nothing at one point.
    pub status: Status,
}

/// The joint score of a value at risk and an expected shortfall above zero for one loss.
#[must_use]
pub fn joint_score(loss: f64, tail: VarEs, level: Level) -> f64 {
    (loss - tail.var).max(0.0) / (level.tail() * tail.es) + tail.var / tail.es + libm::log(tail.es)
        - 1.0
}

impl FactorGas {
    /// The parameters of least score, from random points and from earlier parameters where they are given.
    ///
    /// # Errors
    /// [`RiskError::ShortSeries`] for fewer than 50 returns or too few for one in the tail, [`RiskError::Stats`] for returns that are not
    /// finite, [`RiskError::Parameter`] for returns that do not vary or gain even in the tail. A search that fails is no error:
    /// [`FactorFit::status`] says so.
    pub fn fit(
        returns: &[f64],
        level: Level,
        options: &SearchOptions,
        warm: Option<&FactorGas>,
    ) -> Result<FactorFit, RiskError> {
        let needed = FEWEST.max(one_in_the_tail(level));
        let unit = unit(returns, needed, "a score-driven value at risk")?;
        let scaled: Vec<f64> = returns.iter().map(|r| r / unit).collect();
        let losses: Vec<f64> = scaled.iter().map(|r| -r).collect();
        let mut scratch = Vec::new();
        let var = QuantileRule::HsCeil.var(&losses, level, Side::Loss, &mut scratch)?;
        let es = quantile::expected_shortfall(&losses, level, &mut scratch)?;
        if var <= 0.0 {
            let found = format!("{} at level {level}", unit * var);
            return Err(parameter("value at risk of the returns", found, "above zero"));
        }
        let known = warm.map(|model| model.times(1.0 / unit).coordinates());
        let mut stream = Streams::new(options.seed, "factor gas", 0).path(0);
        let centre = FactorGas { var, es: es.max(1.01 * var), memory: 0.9, reaction: 0.01 };
        let drawn = (0..options.draws).map(|_| {
            let uniform = [(); 4].map(|()| stream.uniform());
            centre.draw(uniform)
        });
        let logarithms = with_logarithms(&scaled);
        let mut score = |x: &[f64]| FactorGas::at(x).score(&logarithms, level.tail());
        let least = least_of(known, drawn, options.polished, 0.1, &mut score);
        let model = FactorGas::at(&least.at);
        let edges = [
            (model.reaction < EDGE, Edge::NoNews),
            (model.memory < EDGE, Edge::NoMemory),
            (model.memory > 1.0 - EDGE, Edge::UnitPersistence),
            (model.es < model.var * (1.0 + EDGE), Edge::NoBreach),
        ];
        Ok(FactorFit {
            model: model.times(unit),
            score: least.value + libm::log(unit),
            status: Status::of_search(least.value, least.converged, Edge::first(&edges)),
        })
    }

    /// Value at risk and expected shortfall of each return as known before it, and one more: the forecast after the last.
    ///
    /// # Errors
    /// [`RiskError::Stats`] for returns or parameters that are not finite, [`RiskError::Parameter`] for parameters outside the domain
    /// and for returns under which the factor grows without bound.
    pub fn path(&self, returns: &[f64], level: Level) -> Result<Vec<VarEs>, RiskError> {
        let FactorGas { var, es, memory, reaction } = *self;
        finite(returns.iter().chain(&[var, es, memory, reaction]))?;
        let expected = "0 < a <= b, 0 <= beta <= 1 and 0 <= gamma, with a factor that stays finite";
        let refuse = || Err(parameter("score-driven value at risk", format!("{self:?}"), expected));
        if !(var > 0.0 && es >= var && (0.0..=1.0).contains(&memory) && reaction >= 0.0) {
            return refuse();
        }
        let path = self.walk(returns, level);
        if path.iter().all(|tail| tail.es.is_finite() && tail.var > 0.0) {
            Ok(path)
        } else {
            refuse()
        }
    }

    /// Value at risk and expected shortfall of the return after the last.
    ///
    /// # Errors
    /// As [`FactorGas::path`].
    pub fn forecast(&self, returns: &[f64], level: Level) -> Result<VarEs, RiskError> {
        Ok(self.path(returns, level)?[returns.len()])
    }

    /// Mean joint score of returns, infinite where the factor grows without bound.
    #[must_use]
    pub fn mean_score(&self, returns: &[f64], level: Level) -> f64 {
        self.score(&with_logarithms(returns), level.tail())
    }

    /// The same of losses with their logarithms. Only a breach needs the exponential of the factor, and a loss so near its value at risk
    /// that logarithms cannot tell: breaches are those of [`FactorGas::path`], bit for bit.
    fn score(&self, losses: &[(f64, f64)], tail: f64) -> f64 {
        let FactorGas { var, es, memory, reaction } = *self;
        let log_var = libm::log(var);
        let (mut k, mut factors, mut beyond) = (0.0, 0.0, 0.0);
        for &(loss, logarithm) in losses {
            factors += k;
            let gap = logarithm - log_var - k;
            let mut breach = 0.0;
            if gap > -NEAR {
                let scale = libm::exp(k);
                if loss > var * scale {
                    breach = loss / (tail * (es * scale));
                    beyond += breach - var / (tail * es);
                }
            }
            k = memory * k + reaction * (breach - 1.0);
        }
        let n = losses.len() as f64;
        let mean = (beyond + factors) / n + var / es + libm::log(es) - 1.0;
        if mean.is_finite() && k.is_finite() { mean } else { f64::INFINITY }
    }

    /// Figures of each return, and of the one after the last.
    fn walk(&self, returns: &[f64], level: Level) -> Vec<VarEs> {
        let at = |k: f64| {
            let scale = libm::exp(k);
            VarEs { var: self.var * scale, es: self.es * scale }
        };
        let (mut k, mut path) = (0.0, Vec::with_capacity(returns.len() + 1));
        for r in returns {
            let (tail, loss) = (at(k), -r);
            let breach = if loss > tail.var { loss / (level.tail() * tail.es) } else { 0.0 };
            k = self.memory * k + self.reaction * (breach - 1.0);
            path.push(tail);
        }
        path.push(at(k));
        path
    }

    /// A random point about this one.
    fn draw(&self, uniform: [f64; 4]) -> Vec<f64> {
        let mut x = self.coordinates();
        x[0] += uniform[0] - 0.5;
        x[1] += uniform[1] - 0.5;
        x[2] = log_odds(1.0 - 0.3 * uniform[2] * uniform[2] - EDGE);
        let (low, high) = (libm::log(REACTION.0), libm::log(REACTION.1));
        x[3] = low + (high - low) * uniform[3];
        x
    }

    /// Parameters of returns that are `unit` times larger.
    fn times(mut self, unit: f64) -> Self {
        self.var *= unit;
        self.es *= unit;
        self
    }

    /// Free numbers: logarithms of `a` and `b/a - 1`, log-odds of the memory, logarithm of the reaction.
    fn coordinates(&self) -> Vec<f64> {
        let beyond = (self.es / self.var - 1.0).max(EDGE);
        let memory = self.memory.clamp(EDGE, 1.0 - EDGE);
        let reaction = libm::log(self.reaction.max(EDGE));
        vec![libm::log(self.var), libm::log(beyond), log_odds(memory), reaction]
    }

    fn at(x: &[f64]) -> Self {
        let &[var, beyond, memory, reaction] = x else {
            let none = f64::NAN;
            return FactorGas { var: none, es: none, memory: none, reaction: none };
        };
        let var = libm::exp(var);
        let es = var * (1.0 + libm::exp(beyond));
        FactorGas { var, es, memory: share(memory), reaction: libm::exp(reaction) }
    }
}

/// Losses with their logarithms, below every number where there is no loss.
fn with_logarithms(returns: &[f64]) -> Vec<(f64, f64)> {
    let of = |r: &f64| (-r, if *r < 0.0 { libm::log(-r) } else { f64::NEG_INFINITY });
    returns.iter().map(of).collect()
}
