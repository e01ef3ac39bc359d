//! How far may a simulated VaR or ES be from its limit, and are these paths enough?
//!
//! ```text
//! VaR of n independent paths   error = (L(k - s) - L(k + s)) / 2,   L(k) the k-th largest loss, k the rank of the VaR, s = sqrt(n tail (1 - tail))
//! ES                           error = sd of max(L - VaR, 0) / (tail sqrt(n))
//! R repetitions                figure = their mean, error = their sd / sqrt(R)          for antithetic and Sobol paths, which are not independent
//! ```
//!
//! Sources: Conover (1999), "Practical Nonparametric Statistics", 3rd ed., section 3.2, for the order statistics; Chen
//! (2008), "Nonparametric estimation of expected shortfall", Journal of Financial Econometrics 6(1), 87-107, for the
//! ES; Glasserman (2004), "Monte Carlo Methods in Financial Engineering", section 5.4, for repetitions. The errors are
//! those of the draws, not of the model or of its parameters.

use std::ops::Range;

use mpor_stats::Level;
use mpor_stats::descriptive::{mean, sample_std};
use mpor_stats::quantile::expected_shortfall_sorted;

use crate::checks::{at_least, finite, parameter};
use crate::error::RiskError;

/// Simulated figures, positive = loss, each with its standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Value at risk.
    pub var: f64,
    /// Its standard error.
    pub var_error: f64,
    /// Expected shortfall.
    pub es: f64,
    /// Its standard error.
    pub es_error: f64,
    /// Paths used.
    pub paths: usize,
    /// Whether the precision that was asked for is reached; true where none was.
    pub precise: bool,
}

/// When to stop drawing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StopRule {
    /// Both standard errors at most this share of their figures.
    pub relative: f64,
    /// Paths of the first batch; each further batch doubles what there is.
    pub first: usize,
    /// Paths after which to stop in any case.
    pub most: usize,
}

/// VaR (`ceil(n tail)`-th largest loss) and ES of independent losses with their standard errors.
///
/// # Errors
/// [`RiskError::Stats`] for fewer than two losses or losses that are not finite.
pub fn standard_errors(losses: &[f64], level: Level) -> Result<Estimate, RiskError> {
    at_least("a standard error", 2, losses.len())?;
    finite(losses)?;
    let mut sorted = losses.to_vec();
    sorted.sort_unstable_by(|a, b| b.total_cmp(a));
    let n = sorted.len();
    let (count, rank) = (n as f64, level.tail_rank(n));
    let (var, es) = (sorted[rank - 1], expected_shortfall_sorted(&sorted, level)?);
    let spread = (count * level.tail() * level.value()).sqrt().ceil() as usize;
    let (above, below) = (rank.saturating_sub(spread).max(1), (rank + spread).min(n));
    let var_error =
        (sorted[above - 1] - sorted[below - 1]) * (spread as f64 / (below - above).max(1) as f64);
    let excess: f64 = sorted[..rank].iter().map(|loss| loss - var).sum::<f64>() / count;
    let square: f64 =
        sorted[..rank].iter().map(|loss| (loss - var) * (loss - var)).sum::<f64>() / count;
    let es_error = ((square - excess * excess).max(0.0) / count).sqrt() / level.tail();
    Ok(Estimate { var, var_error, es, es_error, paths: n, precise: true })
}

/// Draws independent losses until both figures are as precise as the rule asks, or the most paths are drawn; `draw`
/// gives the losses of a range of paths.
///
/// # Errors
/// Whatever `draw` returns; [`RiskError::Parameter`] for a rule that cannot be met.
pub fn until_precise(
    rule: StopRule,
    level: Level,
    draw: &mut dyn FnMut(Range<usize>) -> Result<Vec<f64>, RiskError>,
) -> Result<Estimate, RiskError> {
    if !(rule.relative > 0.0 && rule.relative.is_finite()) {
        return Err(parameter("relative precision", rule.relative, "above zero, such as 0.01"));
    }
    if rule.first < 2 || rule.most < rule.first {
        let found = format!("{} to {}", rule.first, rule.most);
        return Err(parameter("paths", found, "at least 2, the first batch not above the most"));
    }
    let mut losses = draw(0..rule.first)?;
    loop {
        let mut estimate = standard_errors(&losses, level)?;
        estimate.precise = estimate.var_error <= rule.relative * estimate.var.abs()
            && estimate.es_error <= rule.relative * estimate.es.abs();
        let next = (2 * losses.len()).min(rule.most);
        if estimate.precise || next == losses.len() {
            return Ok(estimate);
        }
        losses.extend(draw(losses.len()..next)?);
    }
}

/// Figures as the mean over independent repetitions, each with its own seed: `draw` gives the losses of one of them.
///
/// # Errors
/// Whatever `draw` returns; [`RiskError::Stats`] for fewer than two repetitions.
pub fn replicated(
    repetitions: usize,
    level: Level,
    draw: &mut dyn FnMut(usize) -> Result<Vec<f64>, RiskError>,
) -> Result<Estimate, RiskError> {
    at_least("repetitions of a simulation", 2, repetitions)?;
    let (mut vars, mut shortfalls, mut paths) = (Vec::new(), Vec::new(), 0);
    for repetition in 0..repetitions {
        let losses = draw(repetition)?;
        let one = standard_errors(&losses, level)?;
        paths += losses.len();
        vars.push(one.var);
        shortfalls.push(one.es);
    }
    let root = (repetitions as f64).sqrt();
    Ok(Estimate {
        var: mean(&vars)?,
        var_error: sample_std(&vars)? / root,
        es: mean(&shortfalls)?,
        es_error: sample_std(&shortfalls)? / root,
        paths,
        precise: true,
    })
}
