//! A margin date as PMRM 2 sees it: each market valued once for everyone.

use mpor_risk::Day;

use super::assessment::PmrmAssessment;
use super::book::{PmrmBook, PmrmHolding};
use super::parameters::PmrmParameters;
use super::units::PmrmUnits;
use super::{Parameters, report, taken};
use crate::error::MarginError;
use crate::model::{Amounts, MarginReport};
use crate::models::by_market::{Market, NotTaken};
use crate::models::derive::day::Draft;
use crate::models::derive::{self, DeriveBook, DeriveMarket};
use crate::models::slots::Slots;

/// One market on one day, valued for everyone.
pub(super) struct DayMarket<'d> {
    /// The study's underlying.
    pub underlying: &'d str,
    /// The venue's market whose parameters it uses.
    coin: String,
    pub parameters: PmrmParameters,
    market: DeriveMarket,
    units: PmrmUnits,
    /// What can bind: the scenarios, the basis test, that nothing loses.
    pub texts: Vec<String>,
}

impl Market for DayMarket<'_> {
    type Assessment = PmrmAssessment;

    fn assess(&self, book: &[(usize, f64)]) -> Result<PmrmAssessment, NotTaken> {
        let DeriveBook { perp, perp_unrealised, base, options } = DeriveBook::of_slots(book);
        let collaterals = if base == 0.0 { Vec::new() } else { vec![self.posted(base)] };
        let book = PmrmBook { perp, perp_unrealised, options, collaterals };
        PmrmAssessment::new(&self.parameters, &self.market, &self.units, &book).map_err(|unknown| {
            let reason = format!("the market of `{}` does not accept it", self.underlying);
            NotTaken { instrument: unknown.0, reason }
        })
    }

    fn report(parts: &[(&Self, PmrmAssessment)], gross_notional: f64) -> MarginReport {
        report::of_markets(parts, gross_notional)
    }

    fn amounts<'p>(parts: &[(&'p Self, PmrmAssessment)]) -> Amounts<'p> {
        report::amounts(parts)
    }
}

impl DayMarket<'_> {
    /// The market's coin as collateral.
    fn posted(&self, amount: f64) -> PmrmHolding {
        let (price, confidence) = (self.market.spot, self.market.spot_confidence);
        PmrmHolding { name: self.coin.clone(), amount, price, confidence }
    }
}

/// Where the held instruments belong, and the markets they belong to.
pub(super) fn markets<'d>(
    parameters: &Parameters,
    day: &'d Day<'_>,
) -> Result<(Slots, Vec<DayMarket<'d>>), MarginError> {
    let (slots, drafts) = parameters.listing(taken).slots(day)?;
    let mut markets = Vec::with_capacity(drafts.len());
    for Draft { underlying, coin, market, options, .. } in drafts {
        let Some(parameters) = parameters.coins.get(&coin).cloned() else { continue };
        let units = PmrmUnits::new(&parameters, &market, options)?;
        let texts = derive::bindings(underlying, &parameters.scenarios);
        markets.push(DayMarket { underlying, coin, parameters, market, units, texts });
    }
    Ok((slots, markets))
}
