//! A margin date as PMRM 2 sees it: each market valued once for everyone.

use mpor_risk::Day;

use super::Parameters;
use super::assessment::{PmrmAssessment, UnknownCollateral};
use super::book::{PmrmBook, PmrmHolding};
use super::parameters::PmrmParameters;
use super::units::PmrmUnits;
use crate::error::MarginError;
use crate::models::derive::DeriveMarket;
use crate::models::derive::day::{Draft, Slot};

/// One market on one day, valued for everyone.
pub(super) struct DayMarket<'d> {
    /// The study's underlying.
    pub underlying: &'d str,
    /// The venue's market whose parameters it uses.
    coin: String,
    pub parameters: PmrmParameters,
    market: DeriveMarket,
    units: PmrmUnits,
}

impl DayMarket<'_> {
    /// The market's coin as collateral.
    pub fn posted(&self, amount: f64) -> PmrmHolding {
        let (price, confidence) = (self.market.spot, self.market.spot_confidence);
        PmrmHolding { name: self.coin.clone(), amount, price, confidence }
    }

    pub fn assess(&self, book: &PmrmBook) -> Result<PmrmAssessment, UnknownCollateral> {
        PmrmAssessment::new(&self.parameters, &self.market, &self.units, book)
    }
}

/// The slot of every held instrument, and the markets they belong to.
pub(super) fn markets<'d>(
    parameters: &Parameters,
    day: &'d Day<'_>,
) -> Result<(Vec<Slot>, Vec<DayMarket<'d>>), MarginError> {
    let (slots, drafts) = parameters.listing().slots(day)?;
    let mut markets = Vec::with_capacity(drafts.len());
    for Draft { underlying, coin, market, options, .. } in drafts {
        let Some(own) = parameters.coins.get(&coin) else { continue };
        let units = PmrmUnits::new(own, &market, options)?;
        markets.push(DayMarket { underlying, coin, parameters: own.clone(), market, units });
    }
    Ok((slots, markets))
}
