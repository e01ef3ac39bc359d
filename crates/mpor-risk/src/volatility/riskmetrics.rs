//! How volatile is it now, over many memories at once? RiskMetrics 2006: a weighted mean of exponential averages.
//!
//! ```text
//! tau[k]  = tau1 rho^k,  k = 0 .. kmax - 1            memories in steps: 4, 5.7, 8, .. with the defaults
//! w[k]    ~ 1 - ln tau[k] / ln tau0                   scaled to add up to 1
//! v[k,t+1] = mu[k] v[k,t] + (1 - mu[k]) r[t]^2,       mu[k] = exp(-1 / tau[k])
//! v[t]    = sum of w[k] v[k,t]
//! ```
//!
//! Long memory without a parameter to fit: weights of old squares fall with the logarithm of their age. Source: Zumbach (2007), "The
//! RiskMetrics 2006 methodology", RiskMetrics Group, eq. 2 to 6, for the law of one step. Started from a weighted mean of the first
//! squares of each memory, back to where weights fall below 1 %, as the Python package `arch` does.

use mpor_stats::StatsError;

use super::path::VolatilityPath;
use crate::error::RiskError;

/// Parameters of the methodology.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RiskMetrics2006 {
    /// Cut-off of the logarithmic decay, in steps.
    pub tau0: f64,
    /// Shortest memory, in steps.
    pub tau1: f64,
    /// Number of memories.
    pub kmax: usize,
    /// Ratio of a memory to the one before.
    pub rho: f64,
}

impl Default for RiskMetrics2006 {
    /// Zumbach's: 1560 steps, 4 steps, 14 memories, root of two.
    fn default() -> Self {
        RiskMetrics2006 { tau0: 1560.0, tau1: 4.0, kmax: 14, rho: std::f64::consts::SQRT_2 }
    }
}

/// Volatilities of returns with mean zero, and one more: the forecast after the last.
///
/// # Errors
/// [`RiskError::ShortSeries`] without returns, [`RiskError::Stats`] naming a return that is not finite, [`RiskError::Parameter`] for
/// memories that do not grow from above zero to below `tau0`.
pub fn riskmetrics2006(
    returns: &[f64],
    rule: RiskMetrics2006,
) -> Result<VolatilityPath, RiskError> {
    if returns.is_empty() {
        let what = "a RiskMetrics 2006 volatility";
        return Err(RiskError::ShortSeries { what, needed: 1, found: 0 });
    }
    if let Some(index) = returns.iter().position(|r| !r.is_finite()) {
        return Err(StatsError::NotFinite { index, value: returns[index] }.into());
    }
    let memories = rule.memories()?;
    let mut variance = vec![0.0; returns.len() + 1];
    for (weight, decay) in memories {
        let mut v = start(returns, decay);
        variance[0] += weight * v;
        for (sum, r) in variance[1..].iter_mut().zip(returns) {
            v = decay * v + (1.0 - decay) * r * r;
            *sum += weight * v;
        }
    }
    Ok(VolatilityPath { mean: 0.0, sigma: variance.into_iter().map(f64::sqrt).collect() })
}

impl RiskMetrics2006 {
    /// Weight and decay of each memory.
    fn memories(&self) -> Result<Vec<(f64, f64)>, RiskError> {
        let RiskMetrics2006 { tau0, tau1, kmax, rho } = *self;
        let powers = std::iter::successors(Some(tau1), |tau| Some(tau * rho)).take(kmax);
        let taus: Vec<f64> = powers.collect();
        let last = taus.last().copied().unwrap_or(f64::NAN);
        if !(tau1 > 0.0 && rho > 1.0 && last < tau0 && tau0 > 1.0 && tau0.is_finite()) {
            let (name, found) = ("riskmetrics 2006", format!("{self:?}"));
            let expected = "0 < tau1, 1 < rho, at least one memory and the longest, tau1 rho^(kmax - 1), below tau0";
            return Err(RiskError::Parameter { name, found, expected });
        }
        let raw = |tau: &f64| 1.0 - libm::log(*tau) / libm::log(tau0);
        let total: f64 = taus.iter().map(raw).sum();
        Ok(taus.iter().map(|tau| (raw(tau) / total, libm::exp(-1.0 / tau))).collect())
    }
}

/// Weighted mean of the first squares.
fn start(returns: &[f64], decay: f64) -> f64 {
    let end = (libm::log(0.01) / libm::log(decay)).floor() as usize;
    let (mut sum, mut total, mut weight) = (0.0, 0.0, 1.0);
    for r in returns.iter().take(end.max(1)) {
        sum += weight * r * r;
        total += weight;
        weight *= decay;
    }
    sum / total
}
