//! Moves that somebody wrote down, and ladders of one factor: what does the book do there?
//!
//! ```toml
//! [[scenario]]
//! name = "spot halves, volatility doubles"
//! shocks = [{ spot = -0.5, vol = 1.0 }]
//! ```
//!
//! Shocks without an underlying hit all of them; a later shock of one underlying replaces an earlier one. Moves are
//! instantaneous.

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::checks::parameter;
use crate::day::Day;
use crate::error::RiskError;
use crate::set::{ScenarioSet, SmileDynamics, TenorRatios, VolMoves};

/// A joint move with a name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hypothetical {
    /// Name for people.
    pub name: String,
    /// Moves by underlying.
    pub shocks: Vec<Shock>,
}

/// Moves of one underlying's factors.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Shock {
    /// Name of the underlying; all of them when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub underlying: Option<String>,
    /// Relative move of spot: -0.5 halves it.
    pub spot: f64,
    /// Relative move of the ratio of the perpetual to spot.
    pub perpetual: f64,
    /// Absolute move of carry, per year.
    pub carry: f64,
    /// Relative move of every volatility: 1.0 doubles it.
    pub vol: f64,
}

/// A factor moved in steps, all others at rest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sweep {
    /// Relative moves of spot.
    Spot(Vec<f64>),
    /// Relative moves of volatility.
    Vol(Vec<f64>),
    /// Absolute moves of carry.
    Carry(Vec<f64>),
}

impl Sweep {
    /// One scenario a step.
    #[must_use]
    pub fn scenarios(&self) -> Vec<Hypothetical> {
        let (what, steps) = match self {
            Sweep::Spot(steps) => ("spot", steps),
            Sweep::Vol(steps) => ("vol", steps),
            Sweep::Carry(steps) => ("carry", steps),
        };
        let one = |step: f64| match self {
            Sweep::Spot(_) => Shock { spot: step, ..Shock::default() },
            Sweep::Vol(_) => Shock { vol: step, ..Shock::default() },
            Sweep::Carry(_) => Shock { carry: step, ..Shock::default() },
        };
        let named = |&step: &f64| Hypothetical {
            name: format!("{what} {step:+}"),
            shocks: vec![one(step)],
        };
        steps.iter().map(named).collect()
    }
}

/// The scenarios of a day.
///
/// # Errors
/// [`RiskError::NoScenarios`]; [`RiskError::Parameter`] for an underlying that the study does not have, a spot, premium
/// or volatility that would fall to zero or below, or a move that is not finite.
pub fn hypothetical_set(
    day: &Day<'_>,
    scenarios: &[Hypothetical],
    dynamics: SmileDynamics,
) -> Result<ScenarioSet, RiskError> {
    if scenarios.is_empty() {
        return Err(RiskError::NoScenarios);
    }
    let underlyings = day.universe.underlyings();
    let dim = (underlyings.len(), scenarios.len());
    let (mut spot, mut perpetual, mut carry) =
        (Array2::zeros(dim), Array2::zeros(dim), Array2::zeros(dim));
    let mut vol = Array2::ones(dim);
    for (s, scenario) in scenarios.iter().enumerate() {
        for shock in &scenario.shocks {
            check(&scenario.name, shock)?;
            let hit: Vec<usize> = (0..dim.0)
                .filter(|&u| {
                    shock.underlying.as_ref().is_none_or(|name| *name == underlyings[u].name)
                })
                .collect();
            if hit.is_empty() {
                let found = format!("{:?} in `{}`", shock.underlying, scenario.name);
                return Err(parameter("underlying", found, "an underlying of the study"));
            }
            for u in hit {
                spot[[u, s]] = shock.spot;
                perpetual[[u, s]] = shock.perpetual;
                carry[[u, s]] = shock.carry;
                vol[[u, s]] = 1.0 + shock.vol;
            }
        }
    }
    let flat = |row: ndarray::ArrayView1<'_, f64>| TenorRatios {
        years: vec![1.0],
        ratio: row.to_owned().insert_axis(ndarray::Axis(0)),
    };
    Ok(ScenarioSet {
        names: scenarios.iter().map(|scenario| scenario.name.clone()).collect(),
        spot,
        carry,
        perpetual,
        vol: VolMoves::Tenors(vol.rows().into_iter().map(flat).collect()),
        weights: None,
        cover: None,
        dynamics,
        years_forward: 0.0,
    })
}

fn check(scenario: &str, shock: &Shock) -> Result<(), RiskError> {
    for (what, move_by) in
        [("spot", shock.spot), ("perpetual", shock.perpetual), ("vol", shock.vol)]
    {
        if !(move_by > -1.0 && move_by.is_finite()) {
            return Err(parameter(
                what,
                format!("{move_by} in `{scenario}`"),
                "above -1 and finite",
            ));
        }
    }
    if !shock.carry.is_finite() {
        return Err(parameter("carry", format!("{} in `{scenario}`", shock.carry), "finite"));
    }
    Ok(())
}
