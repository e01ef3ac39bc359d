//! Historical simulation: the joint moves of all factors over the last `window` steps, as they happened.
//!
//! Over a margin period of `m` steps, `overlapping` takes the `window - m + 1` overlapping moves over `m` steps inside
//! the window; `sqrt_time` takes the `window` one-step moves times `sqrt(m)`, which assumes independent moves.
//!
//! Source: Hull (2018), "Options, Futures, and Other Derivatives", 10th ed., section 22.2, for `m = 1`; the horizon
//! conventions are those of the Basel framework MAR33.4 (direct) and of its predecessor (scaled).
//! Says nothing about the volatility of today: a calm window gives calm scenarios in a storm.

use mpor_core::Horizon;
use serde::{Deserialize, Serialize};

use super::moves::last_moves;
use super::{check_window, refuse};
use crate::day::Day;
use crate::error::RiskError;
use crate::set::{ScenarioSet, SmileDynamics};

/// Moves as they happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Historical {
    /// One-step returns that the scenarios are made of.
    pub window: usize,
    /// How one-step moves become moves over the margin period.
    #[serde(default)]
    pub scaling: Scaling,
    /// What happens to the smile when spot moves.
    #[serde(default = "moving_smile")]
    pub smile: SmileDynamics,
    /// Whether the margin period passes in the scenarios.
    #[serde(default)]
    pub time: Passage,
}

/// How one-step moves become moves over a margin period of `m` steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scaling {
    /// Overlapping moves over `m` steps.
    #[default]
    Overlapping,
    /// One-step moves times `sqrt(m)`.
    SqrtTime,
}

/// Whether time passes in the scenarios.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Passage {
    /// The margin period passes: options lose its time value, and what expires inside it settles on the moved spot.
    #[default]
    Horizon,
    /// The moves are instantaneous.
    Instant,
}

/// At-the-money volatilities were observed at their own moneyness, so the smile moves with the forward.
pub(crate) fn moving_smile() -> SmileDynamics {
    SmileDynamics::StickyMoneyness
}

impl Passage {
    /// Years that pass in the scenarios.
    #[must_use]
    pub fn years(self, horizon: Horizon) -> f64 {
        match self {
            Passage::Horizon => horizon.span().years(),
            Passage::Instant => 0.0,
        }
    }
}

impl Scaling {
    /// Steps spanned by one scenario's observed move.
    #[must_use]
    pub(crate) fn lag(self, horizon: Horizon) -> usize {
        match self {
            Scaling::Overlapping => horizon.steps(),
            Scaling::SqrtTime => 1,
        }
    }

    /// What observed moves are multiplied by.
    #[must_use]
    pub(crate) fn multiple(self, horizon: Horizon) -> f64 {
        match self {
            Scaling::Overlapping => 1.0,
            Scaling::SqrtTime => (horizon.steps() as f64).sqrt(),
        }
    }

    /// Refuses a window that does not hold two moves.
    pub(crate) fn check(self, window: usize, horizon: Horizon) -> Result<(), RiskError> {
        check_window(window)?;
        if window > self.lag(horizon) {
            return Ok(());
        }
        refuse("window", window, "more returns than the margin period has steps")
    }
}

impl Historical {
    /// Whether the parameters are inside their domains.
    ///
    /// # Errors
    /// [`RiskError::Parameter`].
    pub fn check(&self) -> Result<(), RiskError> {
        check_window(self.window)
    }

    /// Steps of history needed, the margin date included.
    #[must_use]
    pub fn history_steps(&self, _horizon: Horizon) -> usize {
        self.window + 1
    }

    /// The scenarios of a day.
    ///
    /// # Errors
    /// As [`last_moves`].
    pub fn scenarios(&self, day: &Day<'_>) -> Result<ScenarioSet, RiskError> {
        self.scaling.check(self.window, day.horizon)?;
        let lag = self.scaling.lag(day.horizon);
        let count = self.window + 1 - lag;
        let mut moves = last_moves(&day.past, day.universe.underlyings().len(), lag, count)?;
        moves.values *= self.scaling.multiple(day.horizon);
        let mut set = moves.into_set(day, move_names(day, lag, count), self.smile);
        set.years_forward = self.time.years(day.horizon);
        Ok(set)
    }
}

/// Names of the last `count` moves over `lag` steps: the instants between which they happened.
pub(crate) fn move_names(day: &Day<'_>, lag: usize, count: usize) -> Vec<String> {
    let times = day.past.times();
    let recent = &times[times.len().saturating_sub(count + lag)..];
    recent.iter().zip(&recent[lag..]).map(|(from, to)| format!("{from} to {to}")).collect()
}
