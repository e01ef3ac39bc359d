//! Scenarios: named joint moves of the risk factors over the margin period of risk.
//!
//! A [`ScenarioSpec`] is what the study writes, one file a kind; a [`ScenarioSet`] is what it becomes on a margin date,
//! from [`Day::past`] alone. Equal specifications on one day share one set and one revaluation
//! ([`Day::revaluation`]).
//!
//! Factors that move: spot prices, the perpetual's premium over spot, carry, at-the-money volatilities by tenor.
//! Discount rates and the shape of the smile stay as they are.

pub mod bucketed;
pub mod copula;
pub mod filtered;
pub mod grid;
pub mod historical;
pub mod monte_carlo;
pub mod moves;
pub mod periods;
pub mod vol_shock;

use mpor_core::Horizon;
use serde::{Deserialize, Serialize};

use crate::day::Day;
use crate::error::RiskError;
use crate::set::ScenarioSet;

pub use bucketed::{BucketVolatility, Bucketed};
pub use copula::Copula;
pub use filtered::{Filtered, Rescale, Volatility, VolatilityFloor};
pub use grid::{Extreme, Grid, VolRule};
pub use historical::{Historical, Passage, Scaling};
pub use monte_carlo::{Blocks, Draws, MonteCarlo, SpotJumps};
pub use periods::{Period, Periods};
pub use vol_shock::{TenorPower, VolShock};

/// Which scenarios a model asks for, as the study writes it:
///
/// ```toml
/// scenarios = { filtered = { window = 1000, volatility = { ewma = 0.97 } } }
/// scenarios = { historical = { window = 500 } }
/// scenarios = { monte_carlo = { paths = 10000, degrees_of_freedom = 5, window = 500, decay = 0.97 } }
/// scenarios = { grid = { price = [-0.1, 0, 0.1], vol = [-0.25, 0, 0.5] } }
/// scenarios = { bucketed = { look_back = 750, window = 750, volatility = { ewma = 0.97 }, floor = "median" } }
/// scenarios = { periods = { list = [{ first = "2020-03-01", last = "2020-03-31" }] } }
/// scenarios = { copula = { paths = 10000, copula_freedom = 6, margin_freedom = 4, window = 500, decay = 0.97 } }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScenarioSpec {
    /// Moves as they happened.
    Historical(Historical),
    /// Moves as they happened, rescaled to today's volatility.
    Filtered(Filtered),
    /// Draws from an estimated multivariate Student t.
    MonteCarlo(MonteCarlo),
    /// Every combination of price moves and volatility moves.
    Grid(Grid),
    /// Moves over the margin period, rescaled inside interleaved buckets.
    Bucketed(Bucketed),
    /// Moves as they happened in listed periods.
    Periods(Periods),
    /// Draws from a Student t copula with Student t margins.
    Copula(Copula),
}

impl ScenarioSpec {
    /// Whether the parameters are inside their domains.
    ///
    /// # Errors
    /// [`RiskError::Parameter`] naming the first that is not.
    pub fn check(&self) -> Result<(), RiskError> {
        match self {
            ScenarioSpec::Historical(spec) => spec.check(),
            ScenarioSpec::Filtered(spec) => spec.check(),
            ScenarioSpec::MonteCarlo(spec) => spec.check(),
            ScenarioSpec::Grid(spec) => spec.check(),
            ScenarioSpec::Bucketed(spec) => spec.check(),
            ScenarioSpec::Periods(spec) => spec.check(),
            ScenarioSpec::Copula(spec) => spec.check(),
        }
    }

    /// Steps of history needed before the scenarios can be made, the margin date included.
    #[must_use]
    pub fn history_steps(&self, horizon: Horizon) -> usize {
        match self {
            ScenarioSpec::Historical(spec) => spec.history_steps(horizon),
            ScenarioSpec::Filtered(spec) => spec.history_steps(horizon),
            ScenarioSpec::MonteCarlo(spec) => spec.history_steps(),
            ScenarioSpec::Grid(_) => 1,
            ScenarioSpec::Bucketed(spec) => spec.history_steps(horizon),
            ScenarioSpec::Periods(spec) => spec.history_steps(horizon),
            ScenarioSpec::Copula(spec) => spec.history_steps(horizon),
        }
    }

    /// The scenarios on a day, from what is known on it.
    ///
    /// # Errors
    /// [`RiskError::ShortHistory`] or [`RiskError::Parameter`].
    pub fn scenarios(&self, day: &Day<'_>) -> Result<ScenarioSet, RiskError> {
        self.check()?;
        let needed = self.history_steps(day.horizon);
        if day.past.len() < needed {
            return Err(RiskError::ShortHistory {
                what: self.kind().to_owned(),
                needed,
                found: day.past.len(),
                time: day.time(),
            });
        }
        match self {
            ScenarioSpec::Historical(spec) => spec.scenarios(day),
            ScenarioSpec::Filtered(spec) => spec.scenarios(day),
            ScenarioSpec::MonteCarlo(spec) => spec.scenarios(day),
            ScenarioSpec::Grid(spec) => Ok(spec.scenarios(day)),
            ScenarioSpec::Bucketed(spec) => spec.scenarios(day),
            ScenarioSpec::Periods(spec) => spec.scenarios(day),
            ScenarioSpec::Copula(spec) => spec.scenarios(day),
        }
    }

    /// The specification as one line of text, equal exactly when the specifications are: the key of shared revaluations.
    #[must_use]
    pub fn canonical(&self) -> String {
        format!("{self:?}")
    }

    fn kind(&self) -> &'static str {
        match self {
            ScenarioSpec::Historical(_) => "a historical scenario set",
            ScenarioSpec::Filtered(_) => "a filtered scenario set",
            ScenarioSpec::MonteCarlo(_) => "a monte_carlo scenario set",
            ScenarioSpec::Grid(_) => "a grid of scenarios",
            ScenarioSpec::Bucketed(_) => "a bucketed scenario set",
            ScenarioSpec::Periods(_) => "a set of stress periods",
            ScenarioSpec::Copula(_) => "a copula scenario set",
        }
    }
}

/// A parameter error.
pub(crate) fn refuse(
    name: &'static str,
    found: impl ToString,
    expected: &'static str,
) -> Result<(), RiskError> {
    Err(RiskError::Parameter { name, found: found.to_string(), expected })
}

/// Checks that a window holds at least two returns, so that a tail and a variance exist.
pub(crate) fn check_window(window: usize) -> Result<(), RiskError> {
    if window < 2 { refuse("window", window, "at least 2 returns") } else { Ok(()) }
}

/// Checks that an exponential decay leaves some memory and some news.
pub(crate) fn check_decay(name: &'static str, decay: f64) -> Result<(), RiskError> {
    if decay > 0.0 && decay < 1.0 {
        Ok(())
    } else {
        refuse(name, decay, "strictly between 0 and 1, such as 0.97")
    }
}
