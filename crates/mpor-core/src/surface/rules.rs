//! What a surface says where nothing was quoted: before its first pillar, after its last, beyond its outermost strikes.

use serde::{Deserialize, Serialize};

/// Before the first pillar. At the money the volatility is flat under each, which is also what flat forward variance is
/// there; a surface with one shape for all tenors has a law for its smile and needs no rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShortEnd {
    /// Every log-moneyness keeps its volatility: total variance goes to zero in proportion to time.
    #[default]
    FlatVol,
    /// The smile keeps its shape in standard deviations, so that its skew grows as time shrinks.
    FlatSmile,
}

/// After the last pillar, where the smile keeps the slopes of its wings in total variance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LongEnd {
    /// The at-the-money volatility stays.
    #[default]
    FlatVol,
    /// At-the-money variance accrues at the rate of the last interval between pillars; with one pillar as [`LongEnd::FlatVol`].
    FlatForwardVariance,
}

/// Beyond the outermost quoted strikes of an expiry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wings {
    /// The model's own wings.
    #[default]
    Model,
    /// The volatility of the outermost quoted strike. Not free of arbitrage: the kink there is a negative density.
    Clamped,
}

/// The rules of one surface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields, default)]
pub struct Extrapolation {
    /// Before the first pillar.
    pub short: ShortEnd,
    /// After the last pillar.
    pub long: LongEnd,
    /// Beyond the outermost strikes.
    pub wings: Wings,
}
