//! Stress periods: the moves over the margin period as they happened in listed stretches of history, and no others.
//!
//! A move over `m` steps is a scenario when each of its steps ended on a day of the list, so no calm day before or after a
//! period dilutes it. Periods that are not over yet give the moves that are known; one that has not begun, or lies before
//! the history, gives none.
//!
//! Source: Commission Delegated Regulation (EU) 153/2013, article 28(1)(b), which asks for stressed observations without
//! saying which; the lists are the clearing houses' own. Moves are not rescaled to today's volatility.

use std::fmt;

use mpor_core::{Horizon, Timestamp};
use ndarray::Axis;
use serde::{Deserialize, Serialize};

use super::historical::{Passage, moving_smile};
use super::moves::{Moves, last_moves};
use super::refuse;
use crate::day::Day;
use crate::error::RiskError;
use crate::set::{ScenarioSet, SmileDynamics};

/// Moves as they happened in listed periods.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Periods {
    /// The periods, in any order; they may overlap.
    pub list: Vec<Period>,
    /// What happens to the smile when spot moves.
    #[serde(default = "moving_smile")]
    pub smile: SmileDynamics,
    /// Whether the margin period passes in the scenarios.
    #[serde(default)]
    pub time: Passage,
}

/// Days from the first to the last, both counted, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// First day.
    pub first: Timestamp,
    /// Last day.
    pub last: Timestamp,
}

impl Period {
    fn holds(&self, time: Timestamp) -> bool {
        (self.first.date()..=self.last.date()).contains(&time.date())
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.first.date(), self.last.date())
    }
}

impl Periods {
    /// Whether the parameters are inside their domains.
    ///
    /// # Errors
    /// [`RiskError::Parameter`] for a period that ends before it begins, [`RiskError::NoScenarios`] for an empty list.
    pub fn check(&self) -> Result<(), RiskError> {
        match self.list.iter().find(|period| period.last.date() < period.first.date()) {
            Some(period) => {
                refuse("list", period, "periods whose last day is not before the first")
            }
            None if self.list.is_empty() => Err(RiskError::NoScenarios),
            None => Ok(()),
        }
    }

    /// Steps of history needed, the margin date included.
    #[must_use]
    pub fn history_steps(&self, horizon: Horizon) -> usize {
        horizon.steps() + 1
    }

    /// The scenarios of a day, oldest first.
    ///
    /// # Errors
    /// As [`last_moves`]; [`RiskError::NoScenarios`] when no listed day has a whole margin period of listed days before it.
    pub fn scenarios(&self, day: &Day<'_>) -> Result<ScenarioSet, RiskError> {
        let (steps, times) = (day.horizon.steps(), day.past.times());
        let listed: Vec<bool> = times.iter().map(|&time| self.lists(time)).collect();
        let whole = |&end: &usize| listed[end + 1 - steps..=end].iter().all(|&is| is);
        let ends: Vec<usize> = (steps..times.len()).filter(whole).collect();
        if ends.is_empty() {
            return Err(RiskError::NoScenarios);
        }
        let count = times.len() - steps;
        let all = last_moves(&day.past, day.universe.underlyings().len(), steps, count)?;
        let columns: Vec<usize> = ends.iter().map(|end| end - steps).collect();
        let values = all.values.select(Axis(1), &columns);
        let name = |&end: &usize| format!("{} to {}", times[end - steps], times[end]);
        let names = ends.iter().map(name).collect();
        let mut set = Moves { factors: all.factors, values }.into_set(day, names, self.smile);
        set.years_forward = self.time.years(day.horizon);
        Ok(set)
    }

    /// Periods with a day among those known on a day, of those listed.
    #[must_use]
    pub fn known(&self, day: &Day<'_>) -> usize {
        let known = |period: &&Period| day.past.times().iter().any(|&time| period.holds(time));
        self.list.iter().filter(known).count()
    }

    fn lists(&self, time: Timestamp) -> bool {
        self.list.iter().any(|period| period.holds(time))
    }
}
