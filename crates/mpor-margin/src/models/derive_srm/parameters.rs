//! Parameters of the Standard Manager, named as the contracts name them.
//!
//! Requirements are shares of spot, of the perpetual's mark or of an option's mark; scales are multipliers.

use serde::Deserialize;

/// One market: what it lists, and at which margin.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SrmParameters {
    /// Its perpetual, where it lists one.
    pub perp: Option<SrmPerp>,
    /// Its options, where it lists them.
    pub option: Option<SrmOption>,
    /// Its coin as collateral, where it is accepted.
    pub base: Option<SrmBase>,
    /// Feeds of low confidence.
    pub oracle_contingency: SrmOracle,
}

/// Shares of the perpetual's mark.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SrmPerp {
    /// Maintenance margin.
    pub mm_req: f64,
    /// Initial margin.
    pub im_req: f64,
}

/// Margin of short options.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SrmOption {
    /// Initial margin at the money, share of spot.
    pub max_spot_req: f64,
    /// Least initial margin out of the money, share of spot.
    pub min_spot_req: f64,
    /// Maintenance margin of a call, share of spot.
    pub mm_call_spot_req: f64,
    /// Maintenance margin of a put, share of spot.
    pub mm_put_spot_req: f64,
    /// The same as a share of the put's mark, where that is more.
    pub mm_put_mtm_req: f64,
    /// Share of the forward for each call that is short of a long one, initial margin.
    pub unpaired_im_scale: f64,
    /// The same, maintenance margin.
    pub unpaired_mm_scale: f64,
    /// Least multiple of the maintenance margin that the initial margin of a put is.
    pub mm_offset_scale: f64,
}

/// What a coin posted counts for.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SrmBase {
    /// Share of its value, maintenance margin.
    pub margin_factor: f64,
    /// Multiplier of that share, initial margin.
    pub im_scale: f64,
}

/// Penalties for feeds of low confidence, initial margin only.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SrmOracle {
    /// Confidence below which perpetuals are penalised.
    pub perp_threshold: f64,
    /// Confidence below which short options are penalised.
    pub option_threshold: f64,
    /// Confidence below which collateral is penalised.
    pub base_threshold: f64,
    /// Share of spot per unit of missing confidence.
    pub factor: f64,
}

/// Penalty for a cash coin below its peg, initial margin only.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SrmDepeg {
    /// Price of the cash coin, in USD, below which it bites.
    pub threshold: f64,
    /// Share of spot per unit below the threshold.
    pub factor: f64,
}

impl SrmParameters {
    /// The first parameter that is impossible, as key and sentence.
    ///
    /// # Errors
    /// The key below the market's own, and what is wrong with it.
    pub fn check(&self) -> Result<(), (String, String)> {
        if let Some(SrmPerp { mm_req, im_req }) = self.perp {
            ordered("perp.im_req", im_req, "mm_req", mm_req)?;
        }
        if let Some(option) = self.option {
            option.check()?;
        }
        if let Some(SrmBase { margin_factor, im_scale }) = self.base {
            within_one("base.margin_factor", margin_factor)?;
            within_one("base.im_scale", im_scale)?;
        }
        let SrmOracle { perp_threshold, option_threshold, base_threshold, factor } =
            self.oracle_contingency;
        within_one("oracle_contingency.perp_threshold", perp_threshold)?;
        within_one("oracle_contingency.option_threshold", option_threshold)?;
        within_one("oracle_contingency.base_threshold", base_threshold)?;
        ordered("oracle_contingency.factor", factor, "zero", 0.0)
    }
}

impl SrmOption {
    fn check(&self) -> Result<(), (String, String)> {
        let call = ("mm_call_spot_req", self.mm_call_spot_req);
        ordered("option.min_spot_req", self.min_spot_req, call.0, call.1)?;
        ordered("option.max_spot_req", self.max_spot_req, "min_spot_req", self.min_spot_req)?;
        ordered("option.mm_put_spot_req", self.mm_put_spot_req, "zero", 0.0)?;
        ordered("option.mm_put_mtm_req", self.mm_put_mtm_req, "zero", 0.0)?;
        let unpaired = ("unpaired_mm_scale", self.unpaired_mm_scale);
        ordered("option.unpaired_im_scale", self.unpaired_im_scale, unpaired.0, unpaired.1)?;
        ordered("option.mm_offset_scale", self.mm_offset_scale, "one", 1.0)
    }
}

impl SrmDepeg {
    /// The first parameter that is impossible, as key and sentence.
    ///
    /// # Errors
    /// The key, and what is wrong with it.
    pub fn check(&self) -> Result<(), (String, String)> {
        ordered("depeg.threshold", self.threshold, "zero", 0.0)?;
        ordered("depeg.factor", self.factor, "zero", 0.0)
    }
}

/// `value` finite and at least `least`, which is not below zero itself.
fn ordered(key: &str, value: f64, name: &str, least: f64) -> Result<(), (String, String)> {
    if least >= 0.0 && value >= least && value.is_finite() {
        return Ok(());
    }
    Err((key.to_owned(), format!("is {value}: at least {name}, which is {least}, and not below 0")))
}

fn within_one(key: &str, value: f64) -> Result<(), (String, String)> {
    let holds = (0.0..=1.0).contains(&value);
    if holds { Ok(()) } else { Err((key.to_owned(), format!("is {value}: between 0 and 1"))) }
}
