//! A grid scan: every combination of price moves and volatility moves, and extreme moves counted in part.
//!
//! The moves hit all underlyings alike; a model that scans each underlying on its own takes the worst scenario of each.
//! Time does not pass, carry and the perpetual's premium stay, and an option keeps the volatility of its strike
//! (`smile = "sticky_strike"`) unless the study says otherwise.

use serde::{Deserialize, Serialize};

use super::refuse;
use super::vol_shock::{TenorPower, VolShock};
use crate::day::Day;
use crate::error::RiskError;
use crate::set::{ScenarioSet, SmileDynamics, VolMoves};
use ndarray::Array2;

/// A grid of price and volatility moves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grid {
    /// Relative moves of spot, above -1: `-0.1` is ten per cent down.
    pub price: Vec<f64>,
    /// Moves of volatility, by `vol_rule`.
    #[serde(default = "no_move")]
    pub vol: Vec<f64>,
    /// What a volatility move means.
    #[serde(default)]
    pub vol_rule: VolRule,
    /// Moves beyond the grid, of which a share of the P&L counts.
    #[serde(default)]
    pub extreme: Vec<Extreme>,
    /// What happens to the smile when spot moves.
    #[serde(default)]
    pub smile: SmileDynamics,
}

/// What a grid's volatility moves mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VolRule {
    /// Shares of the volatility.
    #[default]
    Relative,
    /// Absolute points as decimals.
    Points,
    /// Shares of the volatility, scaled by tenor.
    TenorPower(TenorPower),
}

/// One move beyond the grid.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extreme {
    /// Relative move of spot.
    pub price: f64,
    /// Move of volatility, by the grid's rule.
    #[serde(default)]
    pub vol: f64,
    /// Share of the P&L that counts, in (0, 1].
    pub cover: f64,
}

fn no_move() -> Vec<f64> {
    vec![0.0]
}

impl VolRule {
    /// The shock of one move under this rule.
    #[must_use]
    pub fn shock(self, shift: f64) -> VolShock {
        match self {
            VolRule::Relative => VolShock::Relative(shift),
            VolRule::Points => VolShock::Points(shift),
            VolRule::TenorPower(rule) => VolShock::TenorPower { shift, rule },
        }
    }
}

impl Grid {
    /// Every scenario as (spot move, volatility move, share of P&L that counts): the grid, price by price, then the
    /// extremes in the order written.
    fn points(&self) -> Vec<(f64, f64, f64)> {
        let grid = self.price.iter().flat_map(|&p| self.vol.iter().map(move |&v| (p, v, 1.0)));
        grid.chain(self.extreme.iter().map(|e| (e.price, e.vol, e.cover))).collect()
    }

    /// Whether moves and covers are possible.
    ///
    /// # Errors
    /// [`RiskError::Parameter`] naming the first that is not.
    pub fn check(&self) -> Result<(), RiskError> {
        for (price, vol, cover) in self.points() {
            if !(price > -1.0 && price.is_finite()) {
                return refuse("price", price, "relative moves above -1, such as -0.15");
            }
            if !vol.is_finite() {
                return refuse("vol", vol, "finite moves of volatility, such as 0.3");
            }
            if !(cover > 0.0 && cover <= 1.0) {
                return refuse("cover", cover, "a share above 0 and at most 1");
            }
        }
        if let VolRule::TenorPower(rule) = self.vol_rule {
            let whole = [rule.p_short, rule.p_long, rule.min_vol_up].iter().all(|x| x.is_finite());
            if !(whole && rule.floor_days > 0.0) {
                return refuse(
                    "vol_rule",
                    format!("{rule:?}"),
                    "finite powers, floor_days above 0",
                );
            }
        }
        if self.points().is_empty() { Err(RiskError::NoScenarios) } else { Ok(()) }
    }

    /// The scenarios for a day's underlyings.
    #[must_use]
    pub fn scenarios(&self, day: &Day<'_>) -> ScenarioSet {
        let (points, underlyings) = (self.points(), day.universe.underlyings().len());
        let still = Array2::zeros((underlyings, points.len()));
        let part = points.iter().any(|point| point.2 != 1.0);
        ScenarioSet {
            names: points.iter().map(|&(p, v, cover)| self.name(p, v, cover)).collect(),
            spot: Array2::from_shape_fn(still.dim(), |(_, s)| points[s].0),
            carry: still.clone(),
            perpetual: still,
            vol: VolMoves::Shocks(points.iter().map(|p| self.vol_rule.shock(p.1)).collect()),
            weights: None,
            cover: part.then(|| points.iter().map(|point| point.2).collect()),
            dynamics: self.smile,
            years_forward: 0.0,
        }
    }

    fn name(&self, price: f64, vol: f64, cover: f64) -> String {
        let unit = if self.vol_rule == VolRule::Points { "pts" } else { "%" };
        let mut name = format!("spot {} %, vol {} {unit}", percent(price), percent(vol));
        if cover != 1.0 {
            name.push_str(&format!(", {} % counted", unsigned(cover)));
        }
        name
    }
}

/// A fraction in per cent with its sign, to at most four decimals: `+10`, `-12.5`, `0`.
fn percent(fraction: f64) -> String {
    let sign = if fraction > 0.0 { "+" } else { "" };
    format!("{sign}{}", unsigned(fraction))
}

fn unsigned(fraction: f64) -> f64 {
    (fraction * 1e6).round() / 1e4 + 0.0
}
