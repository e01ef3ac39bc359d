//! Historical simulation of one series of log returns: the family that research and the published tests use.
//!
//! Returns are oldest first and end at the margin date. One long unit gains `exp(x) - 1` of its notional for a log return
//! `x`, one short unit loses it. Each file makes the scenarios of one method; [`Sampled`] and [`Weighted`] take figures of
//! them.
//!
//! [`catalog`] has every model of one series behind one trait, on P&L instead of log returns, and [`track`] runs any of them day after day.

pub mod age_weighted;
pub mod bucketed;
pub mod catalog;
pub mod fhs;
pub mod filter;
pub mod hull_white;
pub mod plain;
pub mod rolling;
pub mod stress_blend;
pub mod track;

use crate::error::RiskError;
use crate::measure::{RiskMeasure, Scratch, worst_mean};

pub use age_weighted::age_weighted;
pub use bucketed::{Bucketed, Buckets, SigmaFloor};
pub use catalog::{CATALOG, Estimate, SeriesVar, Settings};
pub use fhs::{FilteredSeries, VolatilityFilter, filter_series};
pub use filter::{Filter, filtered_returns};
pub use hull_white::{Steps, hull_white, overlapping_sums};
pub use plain::plain;
pub use rolling::{Forecast, Forecasts, RollingFhs};
pub use stress_blend::{blend_amounts, pooled};
pub use track::{Rolling, TailForecast, TailRefit, Track};

/// Who holds the unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holding {
    /// Gains when the price rises.
    Long,
    /// Gains when the price falls.
    Short,
}

/// Samples of equally likely P&L of one unit, gain positive, as fractions of notional.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampled {
    /// One or more samples; a figure is the mean of their figures.
    pub samples: Vec<Vec<f64>>,
    /// What figures are multiplied by.
    pub multiple: f64,
}

/// Weighted P&L of one unit, gain positive, as fractions of notional.
#[derive(Clone, Debug, PartialEq)]
pub struct Weighted {
    /// P&L by scenario.
    pub pnl: Vec<f64>,
    /// Relative weights.
    pub weights: Vec<f64>,
}

impl Sampled {
    /// The risk figure, positive = loss.
    ///
    /// # Errors
    /// As [`RiskMeasure::of`].
    pub fn figure(&self, measure: RiskMeasure) -> Result<f64, RiskError> {
        self.mean(|pnl, scratch| Ok(measure.of(pnl, None, scratch)?.amount))
    }

    /// Mean of the `count` largest losses.
    ///
    /// # Errors
    /// As [`worst_mean`].
    pub fn worst_mean(&self, count: usize) -> Result<f64, RiskError> {
        self.mean(|pnl, scratch| Ok(worst_mean(pnl, count, scratch)?.amount))
    }

    fn mean(
        &self,
        figure: impl Fn(&[f64], &mut Scratch) -> Result<f64, RiskError>,
    ) -> Result<f64, RiskError> {
        let (mut sum, mut scratch) = (0.0, Scratch::default());
        if self.samples.is_empty() {
            return Err(RiskError::NoScenarios);
        }
        for pnl in &self.samples {
            sum += figure(pnl, &mut scratch)?;
        }
        Ok(self.multiple * (sum / self.samples.len() as f64))
    }
}

impl Weighted {
    /// The risk figure, positive = loss.
    ///
    /// # Errors
    /// As [`RiskMeasure::of`].
    pub fn figure(&self, measure: RiskMeasure) -> Result<f64, RiskError> {
        Ok(measure.of(&self.pnl, Some(&self.weights), &mut Scratch::default())?.amount)
    }
}

impl Holding {
    /// P&L of one unit for each log return, as a fraction of notional, gain positive.
    #[must_use]
    pub fn pnl(self, returns: &[f64]) -> Vec<f64> {
        returns.iter().map(|&x| self.sign() * libm::expm1(x)).collect()
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
