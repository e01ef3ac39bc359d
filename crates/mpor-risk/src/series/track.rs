//! Any model of the catalog day after day: refitted every few returns, started from the fit before, a forecast for every return.
//!
//! For the return `t` the model is shown `r[t-n] .. r[t-1]`, `n` = [`SeriesVar::needs`], and nothing else: no forecast can know its
//! outcome. A refit that fails is never used in silence: the forecasts go on with the last good estimate, carry the failed status, and
//! the refit is listed as not used. Where there is no good estimate yet, the failed one is used and its status says so.

use mpor_stats::Level;

use super::catalog::{Estimate, SeriesVar};
use crate::error::RiskError;
use crate::parametric::VarEs;
use crate::status::Status;
use crate::volatility::Windows;

/// A rolling forecast.
#[derive(Clone, Copy, Debug)]
pub struct Rolling<'m> {
    /// The model.
    pub model: &'m dyn SeriesVar,
    /// Level of the figures.
    pub level: Level,
    /// Returns from one refit to the next.
    pub every: usize,
}

/// The forecast for one return, made with earlier returns only.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TailForecast {
    /// The return it is for, counted from 0.
    pub at: usize,
    /// Value at risk and expected shortfall, positive = loss.
    pub tail: VarEs,
    /// How the latest refit ended; `None` where nothing is searched for.
    pub status: Option<Status>,
    /// The refit whose estimate was used: the return before which it was made.
    pub fitted: usize,
}

/// One refit.
#[derive(Clone, Debug, PartialEq)]
pub struct TailRefit {
    /// It was made before this return.
    pub at: usize,
    /// What it found.
    pub estimate: Estimate,
    /// Whether forecasts use it; a failed one is not used where an earlier one is good.
    pub used: bool,
}

/// Forecasts and the refits behind them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Track {
    /// One for each return after the first window.
    pub forecasts: Vec<TailForecast>,
    /// In their order.
    pub refits: Vec<TailRefit>,
}

impl Track {
    /// How many refits failed, used or not.
    #[must_use]
    pub fn failures(&self) -> usize {
        self.refits.iter().filter(|refit| !refit.estimate.is_usable()).count()
    }
}

impl Estimate {
    /// Whether the search, where there was one, did not fail.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.status.is_none_or(Status::is_usable)
    }
}

impl Rolling<'_> {
    /// Forecasts for the returns from [`SeriesVar::needs`] on.
    ///
    /// # Errors
    /// [`RiskError::ShortSeries`] where no return follows the first window, [`RiskError::Parameter`] for refits every 0 returns, and
    /// [`RiskError::Forecast`] for the first return that the model has no answer for: nothing is left out.
    pub fn forecasts(&self, returns: &[f64]) -> Result<Track, RiskError> {
        let (length, n) = (self.model.needs(), returns.len());
        if n <= length {
            let what = "a rolling forecast";
            return Err(RiskError::ShortSeries { what, needed: length + 1, found: n });
        }
        let ends = Windows { length, every: self.every }.ends(n)?;
        let mut track = Track::default();
        let mut good: Option<(usize, Estimate)> = None;
        for (index, &at) in ends.iter().enumerate() {
            let warm = good.as_ref().map(|(_, estimate)| estimate);
            let estimate =
                self.model.fit(&returns[at - length..at], self.level, warm).map_err(named(at))?;
            let usable = estimate.is_usable();
            if usable {
                good = Some((at, estimate.clone()));
            }
            let (fitted, known) = match &good {
                Some((fitted, known)) => (*fitted, known),
                None => (at, &estimate),
            };
            for day in at..ends.get(index + 1).copied().unwrap_or(n) {
                let tail = self
                    .model
                    .tail(&returns[day - length..day], self.level, known)
                    .map_err(named(day))?;
                let status = estimate.status;
                track.forecasts.push(TailForecast { at: day, tail, status, fitted });
            }
            let used = fitted == at;
            track.refits.push(TailRefit { at, estimate, used });
        }
        Ok(track)
    }
}

/// Says which forecast failed.
fn named(at: usize) -> impl Fn(RiskError) -> RiskError {
    move |reason| RiskError::Forecast { at, reason: Box::new(reason) }
}
