//! The part of PMRM 1 that does not depend on a book: expiry terms, and each option's value in every scenario.
//!
//! ```text
//! m          = (30 / max(days, floor))^p,   p = short-term power where days <= 30, long-term power beyond
//! vol up     = vol (1 + range_up m),        vol down = vol max(1 - range_down m, 0)
//! d          = base_static_discount exp(-T (r rate_mult + rate_add))       on positive shocked expiry values
//! ```
//!
//! Options are valued by Black-76 without discount; rates below zero count as zero.

use mpor_pricing::PricingError;

use super::parameters::{Pmrm1Parameters, Pmrm1VolShock};
use crate::models::derive::values::{Values, tenor_multiple, value};
use crate::models::derive::{DeriveExpiry, DeriveMarket, DeriveOption};

/// Discount rate of option values.
const UNDISCOUNTED: f64 = 0.0;

/// What the formulas need of one expiry.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pmrm1Terms {
    /// `1 + range_up m`.
    pub vol_up_factor: f64,
    /// `max(1 - range_down m, 0)`.
    pub vol_down_factor: f64,
    /// `d`.
    pub static_discount: f64,
    /// Share of a basis loss that counts.
    pub basis_factor: f64,
}

/// A market's options, valued once for everyone.
#[derive(Clone, Debug)]
pub struct Pmrm1Units {
    /// By expiry of the market.
    pub terms: Vec<Pmrm1Terms>,
    /// The options.
    pub options: Vec<DeriveOption>,
    pub(super) values: Values,
}

impl Pmrm1Units {
    /// Values every option in every scenario.
    ///
    /// # Errors
    /// [`PricingError::Input`] for a forward, strike or volatility that admits no value.
    pub fn new(
        parameters: &Pmrm1Parameters,
        market: &DeriveMarket,
        options: Vec<DeriveOption>,
    ) -> Result<Self, PricingError> {
        let terms: Vec<Pmrm1Terms> =
            market.expiries.iter().map(|expiry| Pmrm1Terms::new(parameters, expiry)).collect();
        let mut values = Values::with_capacity(options.len(), parameters.scenarios.len());
        let basis = parameters.basis_contingency;
        for option in &options {
            let (expiry, terms) = (&market.expiries[option.expiry], &terms[option.expiry]);
            for shock in [1.0, basis.spot_up, basis.spot_down] {
                values.push(value(option, expiry, shock, option.vol, UNDISCOUNTED)?);
            }
            for scenario in &parameters.scenarios {
                let vol = option.vol * terms.vol_factor(scenario.vol_shock);
                values.push(value(option, expiry, scenario.spot_shock, vol, UNDISCOUNTED)?);
            }
        }
        Ok(Pmrm1Units { terms, options, values })
    }
}

impl Pmrm1Terms {
    fn new(parameters: &Pmrm1Parameters, expiry: &DeriveExpiry) -> Self {
        let (vol, margin, basis) =
            (&parameters.vol_shock, &parameters.margin, &parameters.basis_contingency);
        let (years, rate) = (expiry.years(), expiry.rate.max(0.0));
        let multiple = tenor_multiple(
            expiry.seconds,
            vol.dte_floor_seconds,
            vol.short_term_power,
            vol.long_term_power,
        );
        let growth = years * (rate * margin.rate_mult + margin.rate_add);
        Pmrm1Terms {
            vol_up_factor: 1.0 + vol.range_up * multiple,
            vol_down_factor: (1.0 - vol.range_down * multiple).max(0.0),
            static_discount: margin.base_static_discount * libm::exp(-growth),
            basis_factor: basis.add_factor + basis.mult_factor * years,
        }
    }

    fn vol_factor(&self, shock: Pmrm1VolShock) -> f64 {
        match shock {
            Pmrm1VolShock::Up => self.vol_up_factor,
            Pmrm1VolShock::Down => self.vol_down_factor,
            Pmrm1VolShock::None => 1.0,
        }
    }
}
