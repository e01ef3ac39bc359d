//! A margin date as the portfolio margin sees it: one currency an underlying, with the contracts that anyone holds.

use mpor_risk::Day;

use super::assessment::DeribitAssessment;
use super::parameters::DeribitParameters;
use super::units::DeribitUnits;
use super::{Parameters, report};
use crate::error::MarginError;
use crate::model::{Amounts, MarginReport};
use crate::models::by_market::{Market, NotTaken};
use crate::models::slots::Slots;
use crate::models::venue;

/// One currency on one day, valued for everyone.
pub(super) struct DayMarket<'d> {
    /// The study's underlying.
    pub underlying: &'d str,
    pub parameters: DeribitParameters,
    pub units: DeribitUnits,
    /// Names of the cells, the standard table first.
    pub cells: Vec<String>,
    /// What can bind: the cells, then that none loses.
    pub texts: Vec<String>,
}

impl Market for DayMarket<'_> {
    type Assessment = DeribitAssessment;

    fn assess(&self, book: &[(usize, f64)]) -> Result<DeribitAssessment, NotTaken> {
        Ok(DeribitAssessment::new(&self.parameters, &self.units, book))
    }

    fn report(parts: &[(&Self, DeribitAssessment)], gross_notional: f64) -> MarginReport {
        report::of_markets(parts, gross_notional)
    }

    fn amounts<'p>(parts: &[(&'p Self, DeribitAssessment)]) -> Amounts<'p> {
        report::amounts(parts)
    }
}

/// Where the held instruments belong, and the currencies they belong to.
pub(super) fn markets<'d>(
    parameters: &Parameters,
    day: &'d Day<'_>,
) -> Result<(Slots, Vec<DayMarket<'d>>), MarginError> {
    let (slots, groups) = venue::group(day, |underlying, _| match parameters.of(underlying) {
        Some(_) => Ok(()),
        None => Err(format!(
            "these rules have no currency for `{underlying}`; map it with markets = {{ {underlying} = \"..\" }}, known: {}",
            parameters.known()
        )),
    })?;
    let mut markets = Vec::with_capacity(groups.len());
    for group in groups {
        let underlying = day.universe.underlying(group.underlying).name.as_str();
        let Some(own) = parameters.of(underlying) else { continue };
        let index = day.state.underlying(group.underlying).spot;
        let units = DeribitUnits::new(own, index, group.contracts)?;
        let cells = cells(own);
        let all = cells.iter().map(String::as_str).chain(["no losing scenario"]);
        let texts = all.map(|cell| format!("{underlying}: {cell}")).collect();
        markets.push(DayMarket { underlying, parameters: own.clone(), units, cells, texts });
    }
    Ok((slots, markets))
}

fn cells(parameters: &DeribitParameters) -> Vec<String> {
    let vols = ["vol up", "vol unchanged", "vol down"];
    let standard = parameters.standard_moves().into_iter();
    let extended = parameters.extended_price_moves.iter();
    standard
        .flat_map(|x| vols.map(|vol| format!("{}, {vol}", venue::spot_text(x))))
        .chain(extended.map(|&x| format!("extended table: {}, vol up", venue::spot_text(x))))
        .collect()
}
