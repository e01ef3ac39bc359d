//! Volatility-weighted historical simulation of one series, over one step or over the margin period.
//!
//! Rescaling as in [`super::filter`]. From the rescaled one-step returns `x[1] .. x[n]` to a horizon of `m` steps:
//!
//! ```text
//! one_step      x                                                    the figure of one step
//! sqrt_time     x                                                    the figure of one step times sqrt(m)
//! overlapping   s[i] = x[i] + .. + x[i+m-1],  i = 1 .. n-m+1
//! interleaved   for b = 0 .. m-1 the sub-sample s[n-m+1-b], s[n-m+1-b-m], ..;  the mean of the m figures
//! ```
//!
//! Source: Hull and White (1998), "Incorporating volatility updating into the historical simulation method for value at
//! risk", Journal of Risk 1(1), 5-19. `sqrt_time` assumes independent returns; `overlapping` sums share returns, so their
//! effective number is nearer `n / m`.

use super::filter::{Filter, filtered_returns};
use super::{Holding, Sampled};
use crate::error::RiskError;

/// From one step to a horizon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steps {
    /// The figure of one step.
    One,
    /// The figure of one step times the root of this many.
    SqrtTime(usize),
    /// Overlapping sums of this many returns.
    Overlapping(usize),
    /// Sub-samples of non-overlapping sums of this many returns, whose figures are averaged.
    Interleaved(usize),
}

/// P&L of one unit in the rescaled scenarios of the last `window` returns.
///
/// # Errors
/// [`RiskError::ShortSeries`] for fewer returns than the window or a window shorter than the horizon;
/// [`RiskError::Parameter`] for a horizon of zero steps.
pub fn hull_white(
    returns: &[f64],
    window: usize,
    filter: Filter,
    steps: Steps,
    holding: Holding,
) -> Result<Sampled, RiskError> {
    let (scaled, _) = filtered_returns(returns, window, filter)?;
    let samples = match steps {
        Steps::One | Steps::SqrtTime(_) => vec![scaled],
        Steps::Overlapping(m) => vec![overlapping_sums(&scaled, m)?],
        Steps::Interleaved(m) => interleaved(&overlapping_sums(&scaled, m)?, m),
    };
    let multiple = if let Steps::SqrtTime(m) = steps { (m as f64).sqrt() } else { 1.0 };
    let samples = samples.iter().map(|sample| holding.pnl(sample)).collect();
    Ok(Sampled { samples, multiple })
}

/// Sums of `m` consecutive returns, oldest first.
///
/// # Errors
/// [`RiskError::Parameter`] for `m = 0`, [`RiskError::ShortSeries`] for fewer returns than `m`.
pub fn overlapping_sums(returns: &[f64], m: usize) -> Result<Vec<f64>, RiskError> {
    let (name, expected) = ("horizon", "at least 1 step");
    match (m, returns.len()) {
        (0, _) => Err(RiskError::Parameter { name, found: m.to_string(), expected }),
        (_, found) if found < m => {
            Err(RiskError::ShortSeries { what: "a sum over the horizon", needed: m, found })
        }
        _ => Ok(returns.windows(m).map(|run| run.iter().sum()).collect()),
    }
}

/// The sub-samples that start from the last value, the last but one, .. and take every `m`-th value back in time.
fn interleaved(sums: &[f64], m: usize) -> Vec<Vec<f64>> {
    let start = |b| sums.iter().rev().skip(b).step_by(m).copied().collect();
    (0..m.min(sums.len())).map(start).collect()
}
