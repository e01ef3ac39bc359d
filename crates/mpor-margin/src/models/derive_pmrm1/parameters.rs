//! Parameters of one market of PMRM 1, named as the contracts name them.
//!
//! Shocks and bases are multipliers; volatilities, percentages and confidences are fractions; rates are continuously
//! compounded per year.

use serde::Deserialize;

pub use crate::models::derive_pmrm2::parameters::BasisContingency;

/// One market: the options, perpetual and coin of one name.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pmrm1Parameters {
    /// Scenarios in the order in which their P&L is reported.
    pub scenarios: Vec<Pmrm1Scenario>,
    /// The basis test, an alternative to the scenarios.
    pub basis_contingency: BasisContingency,
    /// How volatilities move up and down.
    pub vol_shock: Pmrm1VolRange,
    /// Contingencies by position, confidence and peg.
    pub other_contingency: Pmrm1Contingency,
    /// Level factor and the static discount.
    pub margin: Pmrm1Margin,
}

/// One joint move.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pmrm1Scenario {
    /// Multiplier of the market's spot price.
    pub spot_shock: f64,
    /// What volatilities do.
    pub vol_shock: Pmrm1VolShock,
}

/// What volatilities do in a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pmrm1VolShock {
    /// Rise by the tenor's factor.
    Up,
    /// Fall by the tenor's factor.
    Down,
    /// Stay.
    None,
}

/// How volatilities move up and down.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pmrm1VolRange {
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
}

/// Contingencies by position, confidence and peg.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pmrm1Contingency {
    /// Price of the cash coin, in USD, below which the peg term bites.
    pub peg_loss_threshold: f64,
    /// Added to the initial factor per unit below the threshold.
    pub peg_loss_factor: f64,
    /// Confidence below which a feed is penalised.
    pub conf_threshold: f64,
    /// Penalty per unit of missing confidence, share of notional.
    pub conf_margin: f64,
    /// Share of the value of the coins posted.
    pub base_percent: f64,
    /// Share of the perpetual's notional.
    pub perp_percent: f64,
    /// Share of spot per naked short option.
    pub option_percent: f64,
}

/// Level factor and the static discount.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pmrm1Margin {
    /// Multiplier of the worst loss and the static contingency, initial margin.
    pub im_factor: f64,
    /// Discount of positive values at no time to expiry.
    pub base_static_discount: f64,
    /// Multiple of the rate in the discount of positive values.
    pub rate_mult: f64,
    /// Rate added in the discount of positive values.
    pub rate_add: f64,
}

impl Pmrm1Parameters {
    /// The first parameter that is impossible, as key and sentence.
    ///
    /// # Errors
    /// The key below the market's own, and what is wrong with it.
    pub fn check(&self) -> Result<(), (String, String)> {
        if self.scenarios.is_empty() {
            return Err(("scenarios".to_owned(), "is empty: at least one".to_owned()));
        }
        for (index, scenario) in self.scenarios.iter().enumerate() {
            above_zero(&format!("scenarios[{index}].spot_shock"), scenario.spot_shock)?;
        }
        let Pmrm1Margin { im_factor, base_static_discount, rate_mult, rate_add } = self.margin;
        if !(im_factor >= 1.0 && im_factor.is_finite()) {
            let problem =
                format!("is {im_factor}: 1 or more, the factor of the maintenance margin");
            return Err(("margin.im_factor".to_owned(), problem));
        }
        let (basis, vol, other) =
            (&self.basis_contingency, &self.vol_shock, &self.other_contingency);
        above_zero("basis_contingency.spot_up", basis.spot_up)?;
        above_zero("basis_contingency.spot_down", basis.spot_down)?;
        above_zero("vol_shock.dte_floor_seconds", vol.dte_floor_seconds)?;
        for (key, value) in [
            ("basis_contingency.add_factor", basis.add_factor),
            ("basis_contingency.mult_factor", basis.mult_factor),
            ("vol_shock.range_up", vol.range_up),
            ("vol_shock.range_down", vol.range_down),
            ("vol_shock.short_term_power", vol.short_term_power),
            ("vol_shock.long_term_power", vol.long_term_power),
            ("other_contingency.peg_loss_threshold", other.peg_loss_threshold),
            ("other_contingency.peg_loss_factor", other.peg_loss_factor),
            ("other_contingency.conf_threshold", other.conf_threshold),
            ("other_contingency.conf_margin", other.conf_margin),
            ("other_contingency.base_percent", other.base_percent),
            ("other_contingency.perp_percent", other.perp_percent),
            ("other_contingency.option_percent", other.option_percent),
            ("margin.base_static_discount", base_static_discount),
            ("margin.rate_mult", rate_mult),
            ("margin.rate_add", rate_add),
        ] {
            not_below_zero(key, value)?;
        }
        Ok(())
    }
}

fn above_zero(key: &str, value: f64) -> Result<(), (String, String)> {
    let holds = value > 0.0 && value.is_finite();
    if holds { Ok(()) } else { Err((key.to_owned(), format!("is {value}: above zero"))) }
}

fn not_below_zero(key: &str, value: f64) -> Result<(), (String, String)> {
    let holds = value >= 0.0 && value.is_finite();
    if holds { Ok(()) } else { Err((key.to_owned(), format!("is {value}: zero or more"))) }
}

/// `spot x 1.18, vol up`.
impl std::fmt::Display for Pmrm1Scenario {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "spot x {}, ", self.spot_shock)?;
        f.write_str(match self.vol_shock {
            Pmrm1VolShock::Up => "vol up",
            Pmrm1VolShock::Down => "vol down",
            Pmrm1VolShock::None => "vol unchanged",
        })
    }
}
