//! Parameters of one market of PMRM 2, named as the contracts name them.
//!
//! Shocks and bases are multipliers; volatilities, percentages, haircuts and confidences are fractions; rates are
//! continuously compounded per year.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Scenarios that the contracts admit in one market.
pub const MAX_SCENARIOS: usize = 40;

/// One market: the options, perpetual and collateral of one coin.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PmrmParameters {
    /// Scenarios in the order in which their P&L is reported.
    pub scenarios: Vec<PmrmScenario>,
    /// The basis test, an alternative to the scenarios.
    pub basis_contingency: BasisContingency,
    /// How volatilities move up and down.
    pub vol_shock: VolShockParameters,
    /// Contingencies by position, confidence and peg.
    pub other_contingency: OtherContingency,
    /// Level factors and the static discount.
    pub margin: MarginParameters,
    /// How the skew scenarios turn the smile.
    pub skew_shock: SkewShock,
    /// What may be posted.
    #[serde(default)]
    pub collaterals: BTreeMap<String, CollateralParameters>,
}

/// One joint move.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PmrmScenario {
    /// Multiplier of the market's spot price.
    pub spot_shock: f64,
    /// What volatilities do.
    pub vol_shock: PmrmVolShock,
    /// Share of the P&L that counts.
    pub dampening: f64,
}

/// What volatilities do in a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PmrmVolShock {
    /// Rise by the tenor's factor.
    Up,
    /// Fall by the tenor's factor.
    Down,
    /// Stay.
    None,
    /// Turn with log-moneyness.
    Linear,
    /// Bend with absolute log-moneyness.
    Abs,
}

/// The basis test.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BasisContingency {
    /// Spot multiplier upward.
    pub spot_up: f64,
    /// Spot multiplier downward.
    pub spot_down: f64,
    /// Share of the loss that counts at no time to expiry.
    pub add_factor: f64,
    /// Growth of that share per year to expiry.
    pub mult_factor: f64,
}

/// How volatilities move up and down.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VolShockParameters {
    /// Relative rise at 30 days.
    pub range_up: f64,
    /// Relative fall at 30 days.
    pub range_down: f64,
    /// Power of 30 / days up to 30 days.
    pub short_term_power: f64,
    /// Power of 30 / days beyond.
    pub long_term_power: f64,
    /// Seconds below which the factor grows no more.
    pub dte_floor_seconds: f64,
    /// Lowest volatility after a rise.
    pub min_vol_up: f64,
}

/// Contingencies by position, confidence and peg.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherContingency {
    /// Price of the cash coin, in USD, below which the peg term bites.
    pub peg_loss_threshold: f64,
    /// Added to the initial factor per unit below the threshold.
    pub peg_loss_factor: f64,
    /// Confidence below which a feed is penalised.
    pub conf_threshold: f64,
    /// Penalty per unit of missing confidence, share of notional.
    pub conf_margin: f64,
    /// Share of the perpetual's notional, both levels.
    pub mm_perp_percent: f64,
    /// Share of the perpetual's notional, initial margin only.
    pub im_perp_percent: f64,
    /// Share of spot per naked short option, both levels.
    pub mm_option_percent: f64,
    /// Share of spot per naked short option, initial margin only.
    pub im_option_percent: f64,
}

/// Level factors and the static discount.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarginParameters {
    /// Multiplier of the worst loss, initial margin.
    pub im_factor: f64,
    /// Multiplier of the worst loss, maintenance margin.
    pub mm_factor: f64,
    /// Multiple of the rate in the discount of negative values.
    pub short_rate_mult: f64,
    /// Multiple of the rate in the discount of positive values.
    pub long_rate_mult: f64,
    /// Rate added in the discount of negative values.
    pub short_rate_add: f64,
    /// Rate added in the discount of positive values.
    pub long_rate_add: f64,
    /// Discount of negative values at no time to expiry.
    pub short_base_static_discount: f64,
    /// Discount of positive values at no time to expiry.
    pub long_base_static_discount: f64,
}

/// How the skew scenarios turn the smile.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SkewShock {
    /// Cap of the relative move at no time to expiry, linear.
    pub linear_base_cap: f64,
    /// The same, absolute.
    pub abs_base_cap: f64,
    /// Change of the cap per root of time, linear.
    pub linear_c_base: f64,
    /// The same, absolute.
    pub abs_c_base: f64,
    /// Smallest log-moneyness at which the cap is reached.
    pub min_k_star: f64,
    /// Deviations to where the cap is reached.
    pub width_scale: f64,
    /// Volatility that the deviation is made of.
    pub vol_param_static: f64,
    /// Its growth per root of time.
    pub vol_param_scale: f64,
}

/// One asset that may be posted.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CollateralParameters {
    /// Whether its price moves with the market's spot in the scenarios.
    pub risk_cancelling: bool,
    /// Share of its value that does not count, both levels.
    pub mm_haircut: f64,
    /// Share of its value that does not count in addition, initial margin only.
    pub im_haircut_extra: f64,
}

impl PmrmParameters {
    /// The first parameter that is impossible, as key and sentence.
    ///
    /// # Errors
    /// The key below the market's own, and what is wrong with it.
    pub fn check(&self) -> Result<(), (String, String)> {
        if self.scenarios.is_empty() || self.scenarios.len() > MAX_SCENARIOS {
            let problem = format!("holds {}: between 1 and {MAX_SCENARIOS}", self.scenarios.len());
            return Err(("scenarios".to_owned(), problem));
        }
        for (index, scenario) in self.scenarios.iter().enumerate() {
            let fault = |problem: String| Err((format!("scenarios[{index}]"), problem));
            let PmrmScenario { spot_shock, vol_shock, dampening } = *scenario;
            if !(spot_shock > 0.0 && spot_shock.is_finite()) {
                return fault(format!("has spot_shock {spot_shock}: a multiplier above zero"));
            }
            if !(dampening >= 0.0 && dampening.is_finite()) {
                return fault(format!("has dampening {dampening}: zero or more"));
            }
            if vol_shock.is_skew() && spot_shock != 1.0 {
                return fault(format!(
                    "turns the smile with spot_shock {spot_shock}: it must be 1"
                ));
            }
        }
        self.check_levels()
    }

    fn check_levels(&self) -> Result<(), (String, String)> {
        let MarginParameters { im_factor, mm_factor, .. } = self.margin;
        if !(mm_factor >= 0.0 && im_factor >= mm_factor && im_factor.is_finite()) {
            let problem = format!("is {im_factor}: at least mm_factor {mm_factor}");
            return Err(("margin.im_factor".to_owned(), problem));
        }
        let BasisContingency { spot_up, spot_down, .. } = self.basis_contingency;
        if !(spot_down > 0.0 && spot_up.is_finite() && spot_up > 0.0) {
            let problem = format!("shocks by {spot_up} and {spot_down}: multipliers above zero");
            return Err(("basis_contingency".to_owned(), problem));
        }
        let floor = self.vol_shock.dte_floor_seconds;
        if floor.is_nan() || floor <= 0.0 {
            let problem = format!("is {floor}: above zero");
            return Err(("vol_shock.dte_floor_seconds".to_owned(), problem));
        }
        Ok(())
    }
}

impl PmrmVolShock {
    /// Whether it turns the smile instead of moving it.
    #[must_use]
    pub fn is_skew(self) -> bool {
        matches!(self, PmrmVolShock::Linear | PmrmVolShock::Abs)
    }
}

/// `spot x 1.18, vol up, 21 % counted`.
impl std::fmt::Display for PmrmScenario {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "spot x {}, ", self.spot_shock)?;
        f.write_str(match self.vol_shock {
            PmrmVolShock::Up => "vol up",
            PmrmVolShock::Down => "vol down",
            PmrmVolShock::None => "vol unchanged",
            PmrmVolShock::Linear => "skew linear",
            PmrmVolShock::Abs => "skew absolute",
        })?;
        if self.dampening != 1.0 {
            write!(f, ", {} % counted", (self.dampening * 1e6).round() / 1e4)?;
        }
        Ok(())
    }
}
