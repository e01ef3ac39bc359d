//! A set of scenarios as arrays: one column a scenario, one row an underlying.

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::scenario::VolShock;

/// What the smile does when the forward moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SmileDynamics {
    /// An option keeps the volatility of its strike, moved by the scenario.
    #[default]
    StickyStrike,
    /// The smile moves with the forward: the surface is read at the new moneyness, from the moved at-the-money level.
    StickyMoneyness,
}

/// Named joint moves of the risk factors. All matrices are `[underlying, scenario]`.
#[derive(Clone, Debug, PartialEq)]
pub struct ScenarioSet {
    /// One name a scenario.
    pub names: Vec<String>,
    /// Relative move of spot: `-0.1` is ten per cent down.
    pub spot: Array2<f64>,
    /// Absolute move of carry, per year.
    pub carry: Array2<f64>,
    /// Relative move of the ratio of the perpetual to spot.
    pub perpetual: Array2<f64>,
    /// Moves of volatility.
    pub vol: VolMoves,
    /// Relative weight of each scenario; `None` when all weigh the same.
    pub weights: Option<Vec<f64>>,
    /// Share of the P&L of each scenario that counts; `None` when all of it does.
    pub cover: Option<Vec<f64>>,
    /// What the smile does when the forward moves.
    pub dynamics: SmileDynamics,
    /// Time that passes in every scenario, in years; zero for an instantaneous move.
    pub years_forward: f64,
}

/// Moves of volatility in a set of scenarios.
#[derive(Clone, Debug, PartialEq)]
pub enum VolMoves {
    /// One rule a scenario, for all underlyings and tenors.
    Shocks(Vec<VolShock>),
    /// Ratios of new to old at-the-money volatility, by underlying.
    Tenors(Vec<TenorRatios>),
}

/// Ratios of new to old at-the-money volatility of one underlying.
#[derive(Clone, Debug, PartialEq)]
pub struct TenorRatios {
    /// Tenors in years, increasing; empty where the history has no volatility, which then does not move.
    pub years: Vec<f64>,
    /// `[tenor, scenario]`.
    pub ratio: Array2<f64>,
}

impl ScenarioSet {
    /// Number of scenarios.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}
