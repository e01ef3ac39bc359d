//! The part of the Standard Manager that does not depend on a book: each option's mark, and what one coin short of it needs.
//!
//! With `S` spot and the mark undiscounted on the forward:
//!
//! ```text
//! OTM         = max(K - S, 0) call, max(S - K, 0) put
//! call MM     = mm_call S + mark,                      IM = max(max_req - OTM/S, min_req) S + mark
//! put  MM     = max(mm_put S, mm_put_mtm mark) + mark, IM = max( max(max_req - OTM/S, min_req) S + mark, MM offset )
//! ```

use mpor_core::Right;
use mpor_pricing::PricingError;

use super::parameters::{SrmOption, SrmParameters};
use crate::models::derive::values::value;
use crate::models::derive::{DeriveMarket, DeriveOption};

/// A market's options, valued once for everyone.
#[derive(Clone, Debug)]
pub struct SrmUnits {
    /// The options; those that expire at one time have one expiry, the first of the market's at that time.
    pub options: Vec<DeriveOption>,
    /// By option; none where the market lists no options.
    pub(super) units: Vec<SrmUnit>,
}

/// One coin of an option. USD.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct SrmUnit {
    /// Value, undiscounted.
    pub mark: f64,
    /// What a short one needs in initial margin, its mark included.
    pub initial: f64,
    /// The same in maintenance margin.
    pub maintenance: f64,
}

impl SrmUnits {
    /// Values every option.
    ///
    /// # Errors
    /// [`PricingError::Input`] for a forward, strike or volatility that admits no value.
    pub fn new(
        parameters: &SrmParameters,
        market: &DeriveMarket,
        mut options: Vec<DeriveOption>,
    ) -> Result<Self, PricingError> {
        let mut units = Vec::with_capacity(options.len());
        if let Some(rule) = &parameters.option {
            for option in &options {
                let mark = value(option, &market.expiries[option.expiry], 1.0, option.vol, 0.0)?;
                units.push(rule.unit(option, market.spot, mark));
            }
        }
        for option in &mut options {
            let seconds = market.expiries[option.expiry].seconds;
            let first = market.expiries.iter().position(|known| known.seconds == seconds);
            option.expiry = first.unwrap_or(option.expiry);
        }
        Ok(SrmUnits { options, units })
    }
}

impl SrmOption {
    fn unit(&self, option: &DeriveOption, spot: f64, mark: f64) -> SrmUnit {
        let out_of_the_money = option.right.payoff(option.strike, spot);
        let share = (self.max_spot_req - out_of_the_money / spot).max(self.min_spot_req);
        let initial = share * spot + mark;
        match option.right {
            Right::Call => {
                SrmUnit { mark, initial, maintenance: self.mm_call_spot_req * spot + mark }
            }
            Right::Put => {
                let by_mark = self.mm_put_mtm_req * mark;
                let maintenance = (self.mm_put_spot_req * spot).max(by_mark) + mark;
                let initial = initial.max(maintenance * self.mm_offset_scale);
                SrmUnit { mark, initial, maintenance }
            }
        }
    }
}
