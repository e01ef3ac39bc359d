//! Age-weighted historical simulation: the last `window` returns, older ones weighing less.
//!
//! ```text
//! weight = (1 - lambda) lambda^age / (1 - lambda^window),   age 0 the newest
//! ```
//!
//! Source: Boudoukh, Richardson and Whitelaw (1998), "The best of both worlds", Risk 11(5), 64-67, without their
//! interpolation between scenarios. A large move stops to matter because it is old, not because markets are calm.

use mpor_stats::ewma::Decay;
use mpor_stats::weighted::age_weights;

use super::{Holding, Weighted, last};
use crate::error::RiskError;

/// P&L of one unit over the last `window` returns with their weights.
///
/// # Errors
/// [`RiskError::ShortSeries`] for fewer returns.
pub fn age_weighted(
    returns: &[f64],
    window: usize,
    decay: Decay,
    holding: Holding,
) -> Result<Weighted, RiskError> {
    let recent = last(returns, window, "age-weighted historical simulation")?;
    Ok(Weighted { pnl: holding.pnl(recent), weights: age_weights(window, decay.value())? })
}
