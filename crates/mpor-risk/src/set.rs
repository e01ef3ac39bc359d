//! A set of scenarios as arrays: one column a scenario, one row an underlying.

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::error::RiskError;
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
    /// A delta keeps its volatility, moved by the at-the-money level of the scenario: today's smile of the expiry is read at
    /// the strike's new delta. Undiscounted delta in the forward, `N(d1)`, not adjusted for the premium.
    StickyDelta,
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

    /// Whether all parts have one entry a scenario and an underlying.
    ///
    /// # Errors
    /// [`RiskError::NoScenarios`] or [`RiskError::SetShape`] naming the first part that does not fit.
    pub fn check(&self, underlyings: usize) -> Result<(), RiskError> {
        if self.is_empty() {
            return Err(RiskError::NoScenarios);
        }
        let tenors = match &self.vol {
            VolMoves::Shocks(shocks) => vec![("volatility moves", shocks.len(), self.len())],
            VolMoves::Tenors(tenors) => {
                let inner = tenors.iter().flat_map(|tenors| {
                    let (rows, columns) = tenors.ratio.dim();
                    [
                        ("rows of volatility ratios", rows, tenors.years.len()),
                        ("volatility ratios", columns, self.len()),
                    ]
                });
                std::iter::once(("underlyings with volatility ratios", tenors.len(), underlyings))
                    .chain(inner)
                    .collect()
            }
        };
        let matrices = [&self.spot, &self.carry, &self.perpetual].into_iter().flat_map(|matrix| {
            [("underlyings", matrix.nrows(), underlyings), ("moves", matrix.ncols(), self.len())]
        });
        let weights = self.weights.iter().map(|weights| ("weights", weights.len(), self.len()));
        let cover = self.cover.iter().map(|cover| ("covers", cover.len(), self.len()));
        let mut parts = matrices.chain(tenors).chain(weights).chain(cover);
        match parts.find(|(_, found, expected)| found != expected) {
            None => Ok(()),
            Some((what, found, expected)) => Err(RiskError::SetShape { what, found, expected }),
        }
    }
}

impl TenorRatios {
    /// Ratio at `years` in scenario `s`: linear in tenor, flat outside the tenors, one where there is none.
    #[must_use]
    pub fn at(&self, years: f64, s: usize) -> f64 {
        let right = self.years.partition_point(|&tenor| tenor < years);
        let (Some(first), Some(last)) = (self.years.first(), self.years.last()) else { return 1.0 };
        if years <= *first || years >= *last {
            return self.ratio[[right.min(self.years.len() - 1), s]];
        }
        let (from, to) = (self.years[right - 1], self.years[right]);
        let (left, right) = (self.ratio[[right - 1, s]], self.ratio[[right, s]]);
        left + (years - from) / (to - from) * (right - left)
    }
}
