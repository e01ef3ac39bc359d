//! Filtered historical simulation day after day: a model refitted every few returns, and a forecast for every return.
//!
//! For the return `t` the window is `r[t-n] .. r[t-1]`. The parameters are those of the last refit at or before `t`; the window is
//! filtered from its own start, its residuals standardised, and the figure taken of `mu + sigma[t] z`. Returns are the P&L of the
//! unit (gain positive): a figure is in their unit, positive = loss.

use rayon::prelude::*;

use super::RiskError;
use crate::measure::{RiskMeasure, Scratch};
use crate::volatility::{FitOptions, Model, Refit, Status, Windows};

/// A rolling forecast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RollingFhs {
    /// The volatility model.
    pub model: Model,
    /// Window and refits.
    pub windows: Windows,
    /// How hard a refit tries.
    pub options: FitOptions,
    /// The figure.
    pub measure: RiskMeasure,
}

/// The forecast for one return, made with earlier returns only.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Forecast {
    /// The return it is for, counted from 0.
    pub at: usize,
    /// Its volatility.
    pub sigma: f64,
    /// The figure, positive = loss.
    pub amount: f64,
    /// How the fit ended whose parameters were used.
    pub status: Status,
}

/// Forecasts of one series, and the refits behind them.
pub type Forecasts = (Vec<Forecast>, Vec<Refit>);

impl RollingFhs {
    /// Forecasts for the returns from `windows.length` on, and the refits behind them.
    ///
    /// # Errors
    /// As [`Model::refit`]; [`RiskError::ShortSeries`] where no return follows the first window.
    pub fn forecasts(&self, returns: &[f64]) -> Result<Forecasts, RiskError> {
        let (length, n) = (self.windows.length, returns.len());
        if n <= length {
            let what = "a rolling forecast";
            return Err(RiskError::ShortSeries { what, needed: length + 1, found: n });
        }
        let refits = self.model.refit(returns, self.windows, &self.options)?;
        let forecasts = self.between(returns, &refits)?;
        Ok((forecasts, refits))
    }

    /// [`RollingFhs::forecasts`] of many series, in their order; the plain model is refitted many series at a time.
    ///
    /// # Errors
    /// Those of the first series that has one.
    pub fn forecasts_all(&self, series: &[&[f64]]) -> Result<Vec<Forecasts>, RiskError> {
        let needed = self.windows.length + 1;
        if let Some(short) = series.iter().find(|returns| returns.len() < needed) {
            let what = "a rolling forecast";
            return Err(RiskError::ShortSeries { what, needed, found: short.len() });
        }
        let refits = self.model.refit_all(series, self.windows, &self.options)?;
        let pairs = series.par_iter().zip(refits);
        let forecasts = pairs.map(|(returns, refits)| {
            let forecasts = self.between(returns, &refits)?;
            Ok((forecasts, refits))
        });
        let forecasts: Vec<Result<_, RiskError>> = forecasts.collect();
        forecasts.into_iter().collect()
    }

    /// A forecast for each return from the first refit on.
    fn between(&self, returns: &[f64], refits: &[Refit]) -> Result<Vec<Forecast>, RiskError> {
        let (length, n) = (self.windows.length, returns.len());
        let (mut scratch, mut pnl) = (Scratch::default(), Vec::with_capacity(length));
        let mut forecasts = Vec::with_capacity(n - length);
        for (index, refit) in refits.iter().enumerate() {
            let end = refits.get(index + 1).map_or(n, |next| next.at);
            for at in refit.at..end {
                let path = self.model.window_path(returns, at, length, &refit.fit)?;
                let sigma = path.forecast();
                pnl.clear();
                let window = returns[at - length..at].iter().zip(&path.sigma);
                pnl.extend(window.map(|(r, then)| path.mean + sigma * ((r - path.mean) / then)));
                let amount = self.measure.of(&pnl, None, &mut scratch)?.amount;
                forecasts.push(Forecast { at, sigma, amount, status: refit.fit.status });
            }
        }
        Ok(forecasts)
    }
}
