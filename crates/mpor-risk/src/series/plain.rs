//! Plain historical simulation: the last `window` returns, all equally likely.
//!
//! Source: Hull (2018), "Options, Futures, and Other Derivatives", 10th ed., section 22.2.
//! Says nothing about the volatility of today.

use super::{Holding, Sampled, last};
use crate::error::RiskError;

/// P&L of one unit over the last `window` returns.
///
/// # Errors
/// [`RiskError::ShortSeries`] for fewer returns.
pub fn plain(returns: &[f64], window: usize, holding: Holding) -> Result<Sampled, RiskError> {
    let recent = last(returns, window, "plain historical simulation")?;
    Ok(Sampled { samples: vec![holding.pnl(recent)], multiple: 1.0 })
}
