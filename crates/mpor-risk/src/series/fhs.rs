//! Filtered historical simulation of one series: what would the returns of the past be at the volatility of today?
//!
//! ```text
//! z[i] = (r[i] - mu) / sigma[i]                          sigma[i] known before r[i]
//! rescale = full:  mu + z[i] s                           s = sigma[T+1], today's forecast
//! rescale = mid:   mu + z[i] (s + sigma[i]) / 2
//! floor = median:  s = max( sigma[T+1], median of sigma[i] in the window )
//! paths:           r* = mu + sigma* z[j],  j drawn from the window at every step, sigma* moved on by the model
//! ```
//!
//! Sources: Hull and White (1998), Journal of Risk 1(1), 5-19, for the rescaling; Barone-Adesi, Giannopoulos and Vosper (1999), "VaR
//! without correlations for portfolios of derivative securities", Journal of Futures Markets 19(5), 583-602, for bootstrapped paths.
//! Residuals are used as they are, without recentring. The filter's first variances depend on its start: give it more returns than
//! the window where it has a long memory.

use mpor_stats::descriptive::median;
use mpor_stats::ewma::{Decay, ewma_volatility};
use mpor_stats::random::Streams;

use super::last;
use crate::error::RiskError;
use crate::scenario::{Rescale, VolatilityFloor};
use crate::volatility::riskmetrics::RiskMetrics2006;
use crate::volatility::{
    Dynamics, Fit, FitOptions, Model, Parameters, VolatilityPath, Walker, riskmetrics2006,
};

/// How the volatility of a series is estimated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum VolatilityFilter {
    /// Exponentially weighted mean square.
    Ewma {
        /// Decay a step.
        decay: Decay,
        /// Returns whose mean square starts the estimate.
        burn_in: usize,
    },
    /// Weighted mean of exponential averages.
    RiskMetrics2006(RiskMetrics2006),
    /// A model whose parameters are given.
    Given {
        /// The model.
        model: Model,
        /// Its parameters.
        parameters: Parameters,
    },
    /// A model whose parameters are fitted on all returns of the series.
    Fitted {
        /// The model.
        model: Model,
        /// How hard the fit tries.
        options: FitOptions,
    },
}

/// The last returns of a series with the volatilities known before them, and today's.
#[derive(Clone, Debug, PartialEq)]
pub struct FilteredSeries {
    /// Mean return.
    pub mean: f64,
    /// Standardised residuals of the window, oldest first.
    pub residuals: Vec<f64>,
    /// Volatilities known before them.
    pub sigma: Vec<f64>,
    /// Volatility of the return to come, floored where that was asked for.
    pub today: f64,
    /// The fit, where one was made: its status is for the caller to look at.
    pub fit: Option<Fit>,
    /// How variance moves on from here, where the filter has one variance.
    onwards: Option<(Dynamics, Parameters)>,
}

/// Filters a series and keeps its last `window` returns.
///
/// A return before which nothing had moved has no residual: it gets 0.
///
/// # Errors
/// [`RiskError::ShortSeries`] for fewer returns than the window, [`RiskError::Stats`] for returns that are not finite, and those of
/// [`Model::fit`].
pub fn filter_series(
    returns: &[f64],
    window: usize,
    filter: &VolatilityFilter,
) -> Result<FilteredSeries, RiskError> {
    let recent = last(returns, window, "a filtered window")?;
    let mut fit = None;
    let (path, onwards) = match filter {
        VolatilityFilter::Ewma { decay, burn_in } => {
            let sigma = ewma_volatility(returns, *decay, *burn_in)?;
            let (alpha, beta) = (1.0 - decay.value(), decay.value());
            let onwards = Parameters { alpha, beta, ..Parameters::default() };
            (VolatilityPath { mean: 0.0, sigma }, Some((Dynamics::Garch, onwards)))
        }
        VolatilityFilter::RiskMetrics2006(rule) => (riskmetrics2006(returns, *rule)?, None),
        VolatilityFilter::Given { model, parameters } => {
            (model.path(returns, parameters)?, Some((model.dynamics, *parameters)))
        }
        VolatilityFilter::Fitted { model, options } => {
            let found = model.fit(returns, options)?;
            fit = Some(found);
            let path = model.path(returns, &found.parameters)?;
            (path, Some((model.dynamics, found.parameters)))
        }
    };
    let sigma = path.sigma[returns.len() - window..returns.len()].to_vec();
    let standardised = |(r, sigma): (&f64, &f64)| {
        if *sigma > 0.0 { (r - path.mean) / sigma } else { 0.0 }
    };
    let residuals = recent.iter().zip(&sigma).map(standardised).collect();
    Ok(FilteredSeries { mean: path.mean, residuals, sigma, today: path.forecast(), fit, onwards })
}

impl FilteredSeries {
    /// Lifts today's volatility to a floor.
    ///
    /// # Errors
    /// [`RiskError::Stats`] for a window without returns.
    pub fn floored(mut self, floor: Option<VolatilityFloor>) -> Result<Self, RiskError> {
        if floor == Some(VolatilityFloor::Median) {
            self.today = self.today.max(median(&self.sigma, &mut Vec::new())?);
        }
        Ok(self)
    }

    /// The returns of the window at today's volatility, or half way to it.
    #[must_use]
    pub fn rescaled(&self, rescale: Rescale) -> Vec<f64> {
        let scale = |then: f64| match rescale {
            Rescale::Full => self.today,
            Rescale::Mid => 0.5 * (self.today + then),
        };
        let moved = |(z, then): (&f64, &f64)| self.mean + z * scale(*then);
        self.residuals.iter().zip(&self.sigma).map(moved).collect()
    }

    /// Returns over `steps` of `paths` bootstrapped paths. Path `i` draws its residuals from stream `i`, so that its numbers depend
    /// neither on how many paths there are nor on who draws them; series of one market that share `streams` and have windows of one
    /// length draw the same dates.
    ///
    /// # Errors
    /// [`RiskError::Parameter`] for no steps, for a window beyond 32 bits, and for a filter that has no single variance to move on.
    pub fn bootstrap(
        &self,
        steps: usize,
        paths: usize,
        streams: Streams,
    ) -> Result<Vec<f64>, RiskError> {
        let refuse =
            |name, found: String, expected| Err(RiskError::Parameter { name, found, expected });
        let Some((dynamics, parameters)) = self.onwards else {
            let expected = "ewma, garch, gjr or egarch for bootstrapped paths";
            return refuse("volatility", "riskmetrics2006".to_owned(), expected);
        };
        let window = u32::try_from(self.residuals.len()).unwrap_or(0);
        if steps == 0 || window == 0 {
            let found = format!("{steps} steps, {} residuals", self.residuals.len());
            return refuse("bootstrap", found, "at least 1 step and 1 to 4,294,967,295 residuals");
        }
        let path = |index: usize| {
            let mut stream = streams.path(index as u64);
            let mut walker = Walker::new(dynamics, parameters, self.today);
            let mut draw = || walker.draw(self.residuals[stream.below(window) as usize]);
            (0..steps).map(|_| draw()).sum()
        };
        Ok((0..paths).map(path).collect())
    }
}
