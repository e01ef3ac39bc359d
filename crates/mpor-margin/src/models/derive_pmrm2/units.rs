//! The part of PMRM 2 that does not depend on a book: expiry terms, and each option's value in every scenario.
//!
//! ```text
//! m          = (30 / max(days, floor))^p,   p = short-term power where days <= 30, long-term power beyond
//! vol up     = max( min_vol_up, vol (1 + range_up m) ),    vol down = vol max(1 - range_down m, 0)
//! L          = long_base  exp(-T (r long_mult + long_add))                    on positive shocked expiry values
//! N          = min( exp(r T), short_base exp(+T (r short_mult + short_add)) ) on negative ones
//! skew       cap = c_base sqrt(T) + base_cap,   k* = max( min_k, sqrt(T) width (vol_static + sqrt(T) vol_scale) )
//!            k = ln(K/F) or |ln(K/F)|,   u = k cap / k*,   vol' = vol max(1 + clamp(u, -cap, cap), 0)
//! ```
//!
//! where the upper bound of the clamp holds for `k >= 0` and the lower one for `k < 0`.

use mpor_pricing::PricingError;

use super::parameters::{PmrmParameters, PmrmScenario, PmrmVolShock, SkewShock};
use crate::models::derive::values::{Values, tenor_multiple, value};
use crate::models::derive::{DeriveExpiry, DeriveMarket, DeriveOption};

/// What the formulas need of one expiry.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExpiryTerms {
    /// `exp(-r T)`.
    pub discount: f64,
    /// `1 + range_up m`.
    pub vol_up_factor: f64,
    /// `max(1 - range_down m, 0)`.
    pub vol_down_factor: f64,
    /// `L`.
    pub static_discount_long: f64,
    /// `N`.
    pub static_discount_short: f64,
    /// Share of a basis loss that counts.
    pub basis_factor: f64,
    years: f64,
}

/// A market's options, valued once for everyone.
#[derive(Clone, Debug)]
pub struct PmrmUnits {
    /// By expiry of the market.
    pub terms: Vec<ExpiryTerms>,
    /// The options.
    pub options: Vec<DeriveOption>,
    values: Values,
}

impl PmrmUnits {
    /// Values every option in every scenario.
    ///
    /// # Errors
    /// [`PricingError::Input`] for a forward, strike or volatility that admits no value.
    pub fn new(
        parameters: &PmrmParameters,
        market: &DeriveMarket,
        options: Vec<DeriveOption>,
    ) -> Result<Self, PricingError> {
        let terms: Vec<ExpiryTerms> =
            market.expiries.iter().map(|expiry| ExpiryTerms::new(parameters, expiry)).collect();
        let mut values = Values::with_capacity(options.len(), parameters.scenarios.len());
        for option in &options {
            let (expiry, terms) = (&market.expiries[option.expiry], &terms[option.expiry]);
            let basis = parameters.basis_contingency;
            let rate = expiry.rate.max(0.0);
            values.push(value(option, expiry, 1.0, option.vol, rate)?);
            values.push(value(option, expiry, basis.spot_up, option.vol, rate)?);
            values.push(value(option, expiry, basis.spot_down, option.vol, rate)?);
            for scenario in &parameters.scenarios {
                let vol = shocked_vol(parameters, terms, option, expiry, scenario);
                values.push(value(option, expiry, scenario.spot_shock, vol, rate)?);
            }
        }
        Ok(PmrmUnits { terms, options, values })
    }

    /// Values of one option: base, basis up, basis down, then the scenarios, USD per coin.
    #[must_use]
    pub fn row(&self, option: usize) -> &[f64] {
        self.values.row(option)
    }

    /// Number of columns of a row.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.values.columns()
    }
}

impl ExpiryTerms {
    fn new(parameters: &PmrmParameters, expiry: &DeriveExpiry) -> Self {
        let (vol, margin, basis) =
            (&parameters.vol_shock, &parameters.margin, &parameters.basis_contingency);
        let (years, rate) = (expiry.years(), expiry.rate.max(0.0));
        let multiple = tenor_multiple(
            expiry.seconds,
            vol.dte_floor_seconds,
            vol.short_term_power,
            vol.long_term_power,
        );
        let long = -years * (rate * margin.long_rate_mult + margin.long_rate_add);
        let short = years * (rate * margin.short_rate_mult + margin.short_rate_add);
        let undiscount = libm::exp(rate * years);
        ExpiryTerms {
            discount: libm::exp(-rate * years),
            vol_up_factor: 1.0 + vol.range_up * multiple,
            vol_down_factor: (1.0 - vol.range_down * multiple).max(0.0),
            static_discount_long: margin.long_base_static_discount * libm::exp(long),
            static_discount_short: undiscount
                .min(margin.short_base_static_discount * libm::exp(short)),
            basis_factor: basis.add_factor + basis.mult_factor * years,
            years,
        }
    }
}

fn shocked_vol(
    parameters: &PmrmParameters,
    terms: &ExpiryTerms,
    option: &DeriveOption,
    expiry: &DeriveExpiry,
    scenario: &PmrmScenario,
) -> f64 {
    let skew = &parameters.skew_shock;
    let k = libm::log(option.strike / expiry.forward(1.0));
    match scenario.vol_shock {
        PmrmVolShock::Up => (option.vol * terms.vol_up_factor).max(parameters.vol_shock.min_vol_up),
        PmrmVolShock::Down => option.vol * terms.vol_down_factor,
        PmrmVolShock::None => option.vol,
        PmrmVolShock::Linear => {
            option.vol * skew.multiple(k, terms.years, skew.linear_base_cap, skew.linear_c_base)
        }
        PmrmVolShock::Abs => {
            option.vol * skew.multiple(k.abs(), terms.years, skew.abs_base_cap, skew.abs_c_base)
        }
    }
}

impl SkewShock {
    /// Multiplier of the volatility at (absolute) log-moneyness `k`.
    fn multiple(&self, k: f64, years: f64, base_cap: f64, c_base: f64) -> f64 {
        let root = years.sqrt();
        let cap = c_base * root + base_cap;
        let width = root * self.width_scale * (self.vol_param_static + root * self.vol_param_scale);
        let move_ = k * cap / width.max(self.min_k_star);
        let move_ = if k >= 0.0 { move_.min(cap) } else { move_.max(-cap) };
        (1.0 + move_).max(0.0)
    }
}
