//! Parameters of Paradex's portfolio margin.
//!
//! Moves, ranges, weights and rates are fractions; the floor is days.

use serde::Deserialize;

use crate::models::venue::{self, TenorShock};

/// The scenarios and rates, the same for every underlying.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParadexParameters {
    /// Scenarios in the order in which their P&L is reported.
    pub scenarios: Vec<ParadexScenario>,
    /// Relative rise of volatility at 30 days.
    pub vol_up: f64,
    /// Relative fall of volatility at 30 days.
    pub vol_down: f64,
    /// Power of 30 / days up to 30 days.
    pub short_power: f64,
    /// Power of 30 / days beyond.
    pub long_power: f64,
    /// Days below which the tenor factor grows no more.
    pub dte_floor: f64,
    /// Minimum per net delta.
    pub net_rate: f64,
    /// Minimum per hedged delta.
    pub hedged_rate: f64,
    /// Maintenance margin as a share of the initial one, before provisions.
    pub mm_factor: f64,
}

/// One joint move.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParadexScenario {
    /// Relative move of every price.
    #[serde(rename = "move")]
    pub price: f64,
    /// What volatilities do.
    pub vol: ParadexVol,
    /// Share of the P&L that counts.
    pub weight: f64,
}

/// What volatilities do in a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ParadexVol {
    /// Rise by the tenor's factor.
    Up,
    /// Fall by the tenor's factor.
    Down,
}

impl ParadexParameters {
    /// The first parameter that is impossible, as key and sentence.
    ///
    /// # Errors
    /// The key, and what is wrong with it.
    pub fn check(&self) -> Result<(), (String, String)> {
        let (above, most) = (f64::MIN_POSITIVE, f64::MAX);
        if self.scenarios.is_empty() {
            return Err(("scenarios".to_owned(), "is empty: at least one".to_owned()));
        }
        for (index, scenario) in self.scenarios.iter().enumerate() {
            venue::check(&[
                (&format!("scenarios[{index}].move"), scenario.price, -0.99, most),
                (&format!("scenarios[{index}].weight"), scenario.weight, 0.0, most),
            ])?;
        }
        venue::check(&[
            ("vol_up", self.vol_up, 0.0, most),
            ("vol_down", self.vol_down, 0.0, most),
            ("short_power", self.short_power, 0.0, most),
            ("long_power", self.long_power, 0.0, most),
            ("dte_floor", self.dte_floor, above, most),
            ("net_rate", self.net_rate, 0.0, most),
            ("hedged_rate", self.hedged_rate, 0.0, most),
            ("mm_factor", self.mm_factor, 0.0, 1.0),
        ])
    }

    /// The volatility of an option in a scenario.
    #[must_use]
    pub fn shocked_vol(&self, vol: f64, days: f64, move_: ParadexVol) -> f64 {
        let shock = TenorShock {
            range_up: self.vol_up,
            range_down: self.vol_down,
            short_power: self.short_power,
            long_power: self.long_power,
            floor_days: self.dte_floor,
            least_vol_up: 0.0,
        };
        match move_ {
            ParadexVol::Up => shock.up(vol, days),
            ParadexVol::Down => shock.down(vol, days),
        }
    }
}

/// `spot +100 %, vol up, 16 % counted`.
impl std::fmt::Display for ParadexScenario {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let vol = match self.vol {
            ParadexVol::Up => "vol up",
            ParadexVol::Down => "vol down",
        };
        write!(f, "{}, {vol}", venue::spot_text(self.price))?;
        if self.weight != 1.0 {
            write!(f, ", {} % counted", (self.weight * 1e6).round() / 1e4)?;
        }
        Ok(())
    }
}
