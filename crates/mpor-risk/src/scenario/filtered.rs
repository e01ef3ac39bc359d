//! Filtered historical simulation: past moves, each rescaled to the volatility of today.
//!
//! With one-step moves `r[0], r[1], .., r[T]` of one factor,
//!
//! ```text
//! v[0] = mean of the first `burn_in` r^2,   v[t+1] = lambda v[t] + (1 - lambda) r[t]^2     (v[t] excludes r[t])
//! scaled move i = r[i] s / s[i],   s[i] = sqrt(v[i]),   s = sqrt(v[T+1])
//! floor = "median":  s = max( sqrt(v[T+1]), median of s[i] in the window )
//! rescale = "mid":   r[i] (s + s[i]) / (2 s[i])
//! ```
//!
//! over the last `window` moves. Every factor has its own ratio, so moves of one date stay together and ranks of
//! co-movement survive; correlations follow where volatilities went apart. Over `m` steps, `overlapping` sums the
//! scaled moves of `m` consecutive steps.
//!
//! `volatility = "riskmetrics2006"`, `{ garch = .. }`, `{ gjr = .. }` and `{ egarch = .. }` put another `s[i]` in the place of the
//! exponential one ([`crate::volatility`]); the latter three are fitted at every margin date, for every factor, on its last `fit`
//! returns, and a fit that fails stops the run with its factor and date. With `paths = n` the scenarios are `n` paths over the margin
//! period in place of rescaled dates: every step draws a date of the window, one for all factors, and each factor's volatility
//! moves on with its own residual ([`crate::series::fhs`]).
//!
//! Source: Hull and White (1998), "Incorporating volatility updating into the historical simulation method for value
//! at risk", Journal of Risk 1(1), 5-19, eq. 1. The floor is that of the clearing houses'
//! published anti-procyclicality rules. A factor that has not moved before `i` has no ratio: its move stays as it was; one
//! that never moves inside the returns a model is fitted on has no model, and all its moves stay.

use mpor_core::{Factor, Horizon};
use mpor_stats::ewma::{BURN_IN, Decay};
use mpor_stats::random::Streams;
use ndarray::{Array2, ArrayView1};
use serde::{Deserialize, Serialize};

use super::historical::{Passage, Scaling, move_names, moving_smile};
use super::moves::{Moves, last_moves};
use super::{check_decay, check_window, refuse};
use crate::day::Day;
use crate::error::RiskError;
use crate::series::fhs::{FilteredSeries, VolatilityFilter, filter_series};
use crate::series::filter::{Filter, filtered_returns};
use crate::set::{ScenarioSet, SmileDynamics};
use crate::volatility::{Dynamics, FitOptions, Innovations, Mean, Model, Presample};

/// Moves rescaled to today's volatility.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filtered {
    /// One-step returns that the scenarios are made of.
    pub window: usize,
    /// How volatility is estimated.
    pub volatility: Volatility,
    /// A lower bound of today's volatility.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<VolatilityFloor>,
    /// How far moves are rescaled.
    #[serde(default)]
    pub rescale: Rescale,
    /// How one-step moves become moves over the margin period.
    #[serde(default)]
    pub scaling: Scaling,
    /// Returns, from the start of the history, whose mean square starts the volatility estimate; none is a scenario.
    #[serde(default = "burn_in")]
    pub burn_in: usize,
    /// Number of bootstrapped paths over the margin period; rescaled dates when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paths: Option<usize>,
    /// What happens to the smile when spot moves.
    #[serde(default = "moving_smile")]
    pub smile: SmileDynamics,
    /// Whether the margin period passes in the scenarios.
    #[serde(default)]
    pub time: Passage,
}

/// An estimate of each factor's volatility.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Volatility {
    /// Exponentially weighted mean square with this decay.
    Ewma(f64),
    /// Weighted mean of exponential averages, with the parameters of its paper.
    #[serde(rename = "riskmetrics2006")]
    RiskMetrics2006,
    /// Fitted GARCH(1,1).
    Garch(FittedVolatility),
    /// Fitted GJR: falls count for more than rises.
    Gjr(FittedVolatility),
    /// Fitted EGARCH, in logarithms.
    Egarch(FittedVolatility),
}

/// A volatility model that is fitted at every margin date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FittedVolatility {
    /// Law of the innovations.
    #[serde(default)]
    pub innovations: Innovations,
    /// The mean of moves; rescaling takes out a mean that is estimated, and puts it back.
    #[serde(default = "zero_mean")]
    pub mean: Mean,
    /// What stands for the time before the first return.
    #[serde(default)]
    pub presample: Presample,
    /// Last returns that the model is fitted on and started from, at least the window; the window when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fit: Option<usize>,
}

fn zero_mean() -> Mean {
    Mean::Zero
}

/// A lower bound of today's volatility.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VolatilityFloor {
    /// The median of the window's volatilities.
    Median,
}

/// How far a move is rescaled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rescale {
    /// To today's volatility.
    #[default]
    Full,
    /// Half way.
    Mid,
}

fn burn_in() -> usize {
    BURN_IN
}

impl Filtered {
    /// Whether the parameters are inside their domains.
    ///
    /// # Errors
    /// [`RiskError::Parameter`].
    pub fn check(&self) -> Result<(), RiskError> {
        check_window(self.window)?;
        match self.volatility {
            Volatility::Ewma(decay) => check_decay("volatility.ewma", decay)?,
            Volatility::RiskMetrics2006 => {}
            Volatility::Garch(spec) | Volatility::Gjr(spec) | Volatility::Egarch(spec) => {
                if spec.fit.is_some_and(|fit| fit < self.window) {
                    let found = spec.fit.unwrap_or_default();
                    return refuse("volatility fit", found, "at least the window of scenarios");
                }
            }
        }
        if self.burn_in == 0 {
            return refuse("burn_in", 0, "at least 1 return");
        }
        match self.paths {
            Some(paths) if !(1..=MOST_PATHS).contains(&paths) => {
                refuse("paths", paths, "1 to 10,000,000 paths")
            }
            Some(_) if self.volatility == Volatility::RiskMetrics2006 => {
                let expected = "ewma, garch, gjr or egarch, whose variance moves on along a path";
                refuse("volatility", "riskmetrics2006", expected)
            }
            Some(_) if self.rescale == Rescale::Mid => {
                refuse("rescale", "mid", "full with bootstrapped paths")
            }
            Some(_) if self.scaling != Scaling::default() => {
                refuse("scaling", "sqrt_time", "no scaling: paths are drawn over the margin period")
            }
            _ => Ok(()),
        }
    }

    /// Steps of history needed, the margin date included: the burn-in comes before the window.
    #[must_use]
    pub fn history_steps(&self, _horizon: Horizon) -> usize {
        match self.volatility {
            Volatility::Ewma(_) | Volatility::RiskMetrics2006 => self.window + self.burn_in + 1,
            Volatility::Garch(spec) | Volatility::Gjr(spec) | Volatility::Egarch(spec) => {
                spec.fit.unwrap_or(self.window) + 1
            }
        }
    }

    /// The scenarios of a day.
    ///
    /// # Errors
    /// As [`last_moves`]; [`RiskError::NotFitted`] naming the factor whose model has no fit.
    pub fn scenarios(&self, day: &Day<'_>) -> Result<ScenarioSet, RiskError> {
        self.scaling.check(self.window, day.horizon)?;
        let returns = match self.volatility {
            Volatility::Ewma(_) | Volatility::RiskMetrics2006 => day.past.len() - 1,
            _ => self.history_steps(day.horizon) - 1,
        };
        let all = last_moves(&day.past, day.universe.underlyings().len(), 1, returns)?;
        let (moves, names) = match self.paths {
            Some(paths) => (self.paths(day, &all, paths)?, path_names(paths)),
            None => {
                let lag = self.scaling.lag(day.horizon);
                let mut moves = self.rescaled(day, &all)?.overlapping_sums(lag);
                moves.values *= self.scaling.multiple(day.horizon);
                let names = move_names(day, lag, moves.values.ncols());
                (moves, names)
            }
        };
        let mut set = moves.into_set(day, names, self.smile);
        set.years_forward = self.time.years(day.horizon);
        Ok(set)
    }

    /// The moves of the window at today's volatilities.
    fn rescaled(&self, day: &Day<'_>, all: &Moves) -> Result<Moves, RiskError> {
        let mut values = Array2::zeros((all.factors.len(), self.window));
        for (row, (history, mut scaled)) in
            all.values.rows().into_iter().zip(values.rows_mut()).enumerate()
        {
            let history = history.to_vec();
            let moves = match self.volatility {
                Volatility::Ewma(decay) => {
                    filtered_returns(&history, self.window, self.ewma(decay)?)?.0
                }
                _ => match self.filtered(day, all.factors[row], &history)? {
                    Some(series) => series.rescaled(self.rescale),
                    None => history[history.len() - self.window..].to_vec(),
                },
            };
            scaled.assign(&ArrayView1::from(&moves));
        }
        Ok(Moves { factors: all.factors.clone(), values })
    }

    /// Bootstrapped moves over the margin period, one a column.
    fn paths(&self, day: &Day<'_>, all: &Moves, paths: usize) -> Result<Moves, RiskError> {
        let streams = Streams::new(day.seed, PURPOSE, day.time().0);
        let mut values = Array2::zeros((all.factors.len(), paths));
        for (row, (history, mut drawn)) in
            all.values.rows().into_iter().zip(values.rows_mut()).enumerate()
        {
            let (history, steps) = (history.to_vec(), day.horizon.steps());
            match self.filtered(day, all.factors[row], &history)? {
                Some(series) => {
                    drawn.assign(&ArrayView1::from(&series.bootstrap(steps, paths, streams)?));
                }
                // No residuals to draw: every step is the one move that there was, mostly zero.
                None => drawn.fill(steps as f64 * history[0]),
            }
        }
        Ok(Moves { factors: all.factors.clone(), values })
    }

    /// One factor's residuals and volatilities; `None` for a factor that did not move.
    fn filtered(
        &self,
        day: &Day<'_>,
        factor: Factor,
        history: &[f64],
    ) -> Result<Option<FilteredSeries>, RiskError> {
        if history.iter().all(|r| *r == history[0]) {
            return Ok(None);
        }
        let series = filter_series(history, self.window, &self.filter()?)?;
        match series.fit {
            Some(fit) if !fit.is_maximum() => {
                Err(RiskError::NotFitted { factor, time: day.time(), status: fit.status })
            }
            _ => Ok(Some(series.floored(self.floor)?)),
        }
    }

    fn filter(&self) -> Result<VolatilityFilter, RiskError> {
        let fitted = |dynamics, spec: FittedVolatility| {
            let FittedVolatility { innovations, mean, presample, .. } = spec;
            let model = Model { dynamics, innovations, mean, presample, ..Model::default() };
            VolatilityFilter::Fitted { model, options: FIT }
        };
        Ok(match self.volatility {
            Volatility::Ewma(decay) => {
                VolatilityFilter::Ewma { decay: Decay::new(decay)?, burn_in: self.burn_in }
            }
            Volatility::RiskMetrics2006 => VolatilityFilter::RiskMetrics2006(Default::default()),
            Volatility::Garch(spec) => fitted(Dynamics::Garch, spec),
            Volatility::Gjr(spec) => fitted(Dynamics::Gjr, spec),
            Volatility::Egarch(spec) => fitted(Dynamics::Egarch, spec),
        })
    }

    fn ewma(&self, decay: f64) -> Result<Filter, RiskError> {
        let decay = Decay::new(decay)?;
        Ok(Filter { decay, burn_in: self.burn_in, floor: self.floor, rescale: self.rescale })
    }
}

/// What the random streams are for.
const PURPOSE: &str = "filtered paths";
/// More would only fill the memory: the error of a tail figure falls with the root of their number.
const MOST_PATHS: usize = 10_000_000;
/// Two starts; parameters within a ten-thousandth of their standard errors, which no scenario can tell.
const FIT: FitOptions = FitOptions { starts: 2, tolerance: 1e-8, evaluations: 300, warm: None };

fn path_names(paths: usize) -> Vec<String> {
    (1..=paths).map(|path| format!("path {path}")).collect()
}
