//! Historical simulation of one series of log returns: the family that research and the published tests use.
//!
//! Returns are oldest first and end at the margin date. One long unit gains `exp(x) - 1` of its notional for a log return
//! `x`, one short unit loses it.

pub mod filter;

use crate::error::RiskError;

/// Who holds the unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holding {
    /// Gains when the price rises.
    Long,
    /// Gains when the price falls.
    Short,
}

impl Holding {
    /// P&L of one unit for each log return, as a fraction of notional, gain positive.
    #[must_use]
    pub fn pnl(self, returns: &[f64]) -> Vec<f64> {
        returns.iter().map(|&x| self.sign() * x.exp_m1()).collect()
    }

    /// `+1` long, `-1` short.
    #[must_use]
    pub fn sign(self) -> f64 {
        match self {
            Holding::Long => 1.0,
            Holding::Short => -1.0,
        }
    }
}

/// The last `count` returns.
pub(crate) fn last<'r>(
    returns: &'r [f64],
    count: usize,
    what: &'static str,
) -> Result<&'r [f64], RiskError> {
    let found = returns.len();
    match found.checked_sub(count) {
        Some(start) if count > 0 => Ok(&returns[start..]),
        _ => Err(RiskError::ShortSeries { what, needed: count.max(1), found }),
    }
}
