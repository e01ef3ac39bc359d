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
//! Source: Hull and White (1998), "Incorporating volatility updating into the historical simulation method for value
//! at risk", Journal of Risk 1(1), 5-19, eq. 1 (EWMA in place of GARCH). The floor is that of the clearing houses'
//! published anti-procyclicality rules. A factor that has not moved before `i` has no ratio: its move stays as it was.

use mpor_core::Horizon;
use mpor_stats::ewma::{BURN_IN, Decay};
use ndarray::{Array2, ArrayView1};
use serde::{Deserialize, Serialize};

use super::historical::{Passage, Scaling, move_names, moving_smile};
use super::moves::{Moves, last_moves};
use super::{check_decay, check_window};
use crate::day::Day;
use crate::error::RiskError;
use crate::series::filter::{Filter, filtered_returns};
use crate::set::{ScenarioSet, SmileDynamics};

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
        let Volatility::Ewma(decay) = self.volatility;
        check_decay("volatility.ewma", decay)?;
        if self.burn_in == 0 {
            return super::refuse("burn_in", 0, "at least 1 return");
        }
        Ok(())
    }

    /// Steps of history needed, the margin date included: the burn-in comes before the window.
    #[must_use]
    pub fn history_steps(&self, _horizon: Horizon) -> usize {
        self.window + self.burn_in + 1
    }

    /// The scenarios of a day.
    ///
    /// # Errors
    /// As [`last_moves`].
    pub fn scenarios(&self, day: &Day<'_>) -> Result<ScenarioSet, RiskError> {
        self.scaling.check(self.window, day.horizon)?;
        let returns = day.past.len() - 1;
        let all = last_moves(&day.past, day.universe.underlyings().len(), 1, returns)?;
        let mut values = Array2::zeros((all.factors.len(), self.window));
        for (history, mut scaled) in all.values.rows().into_iter().zip(values.rows_mut()) {
            let (moves, _) = filtered_returns(&history.to_vec(), self.window, self.filter()?)?;
            scaled.assign(&ArrayView1::from(&moves));
        }
        let lag = self.scaling.lag(day.horizon);
        let mut moves = Moves { factors: all.factors, values }.overlapping_sums(lag);
        moves.values *= self.scaling.multiple(day.horizon);
        let names = move_names(day, lag, moves.values.ncols());
        let mut set = moves.into_set(day, names, self.smile);
        set.years_forward = self.time.years(day.horizon);
        Ok(set)
    }

    fn filter(&self) -> Result<Filter, RiskError> {
        let Volatility::Ewma(decay) = self.volatility;
        let decay = Decay::new(decay)?;
        Ok(Filter { decay, burn_in: self.burn_in, floor: self.floor, rescale: self.rescale })
    }
}
