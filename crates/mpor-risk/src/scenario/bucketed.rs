//! Filtered historical simulation over moves of the whole margin period, devolatilised inside interleaved buckets.
//!
//! Each factor's moves over the `m` steps of the margin period are standardised and rescaled as in
//! [`crate::series::bucketed`]: bucket `b` holds the dates `T - b, T - b - m, ..`, so that no two moves of a bucket share a
//! step, and
//!
//! ```text
//! scenario = (R[t] - mu[t-m]) / sigma[t-m] x sigma*,   sigma* = mean of the last m daily volatilities
//! floor = "median":  sigma* at least the median volatility of the bucket's dates
//! ```
//!
//! over the last `look_back` dates (rounded down to a multiple of `m`), oldest first. Scenarios of one date stay together.
//! A figure over all of them treats overlapping moves as independent; taken over every `m`-th and averaged, it is the
//! figure of the clearing house whose form this is. The multiple `K` of that form belongs to the figure, not to the moves.
//!
//! Source: the published replication of a clearing house's index futures, as in [`crate::series::bucketed`]. The mean of the
//! past moves is taken out and not put back. A factor that had not moved before a date keeps its move of that date.

use mpor_core::Horizon;
use mpor_stats::ewma::Decay;
use ndarray::{Array2, ArrayView1};
use serde::{Deserialize, Serialize};

use super::filtered::VolatilityFloor;
use super::historical::{Passage, move_names, moving_smile};
use super::moves::{Moves, last_moves};
use super::{check_decay, check_window};
use crate::day::Day;
use crate::error::RiskError;
use crate::series::SigmaFloor;
use crate::series::bucketed::Windows;
use crate::set::{ScenarioSet, SmileDynamics};

/// Moves over the margin period, rescaled inside interleaved buckets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bucketed {
    /// Dates that scenarios are taken from.
    pub look_back: usize,
    /// Dates that each mean and volatility is estimated on.
    pub window: usize,
    /// How volatility is estimated; the decay is from one move to the previous of the same bucket.
    pub volatility: BucketVolatility,
    /// A lower bound of today's volatility.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<VolatilityFloor>,
    /// What happens to the smile when spot moves.
    #[serde(default = "moving_smile")]
    pub smile: SmileDynamics,
    /// Whether the margin period passes in the scenarios.
    #[serde(default)]
    pub time: Passage,
}

/// An estimate of volatility inside a bucket, where moves are too few for a fitted one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BucketVolatility {
    /// Exponentially weighted mean square with this decay.
    Ewma(f64),
}

impl Bucketed {
    /// Whether the parameters are inside their domains.
    ///
    /// # Errors
    /// [`RiskError::Parameter`].
    pub fn check(&self) -> Result<(), RiskError> {
        check_window(self.look_back)?;
        check_window(self.window)?;
        let BucketVolatility::Ewma(decay) = self.volatility;
        check_decay("volatility.ewma", decay)
    }

    /// Steps of history needed, the margin date included.
    #[must_use]
    pub fn history_steps(&self, horizon: Horizon) -> usize {
        let most = self.look_back + 2 * self.window;
        self.windows(horizon).and_then(|windows| windows.returns()).map_or(most, |n| n + 1)
    }

    /// The scenarios of a day.
    ///
    /// # Errors
    /// As [`last_moves`]; [`RiskError::Parameter`] for windows shorter than the margin period.
    pub fn scenarios(&self, day: &Day<'_>) -> Result<ScenarioSet, RiskError> {
        let windows = self.windows(day.horizon)?;
        let all = last_moves(&day.past, day.universe.underlyings().len(), 1, windows.returns()?)?;
        let floor = match self.floor {
            None => SigmaFloor::None,
            Some(VolatilityFloor::Median) => SigmaFloor::Median,
        };
        let count = self.look_back / windows.steps * windows.steps;
        let mut values = Array2::zeros((all.factors.len(), count));
        for (history, mut row) in all.values.rows().into_iter().zip(values.rows_mut()) {
            let moves = windows.buckets(&history.to_vec())?.rescaled(floor);
            row.assign(&ArrayView1::from(&moves));
        }
        let names = move_names(day, windows.steps, count);
        let mut set = Moves { factors: all.factors, values }.into_set(day, names, self.smile);
        set.years_forward = self.time.years(day.horizon);
        Ok(set)
    }

    fn windows(&self, horizon: Horizon) -> Result<Windows, RiskError> {
        let BucketVolatility::Ewma(decay) = self.volatility;
        let (look_back, window, decay) = (self.look_back, self.window, Decay::new(decay)?);
        Ok(Windows { steps: horizon.steps(), look_back, window, decay })
    }
}
