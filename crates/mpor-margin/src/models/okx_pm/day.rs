//! A margin date as the portfolio margin sees it: one risk unit an underlying, with the contracts that anyone holds.

use mpor_risk::Day;

use super::assessment::{OkxAssessment, OkxBinding};
use super::parameters::OkxParameters;
use super::units::{OkxUnits, VOLS};
use super::{Parameters, report};
use crate::error::MarginError;
use crate::model::{Amounts, MarginReport};
use crate::models::by_market::{Market, NotTaken};
use crate::models::slots::Slots;
use crate::models::venue;

/// USD per unit of the coin that things are quoted in: at par on a margin date.
const PAR: f64 = 1.0;

/// One risk unit on one day, valued for everyone.
pub(super) struct RiskUnit<'d> {
    /// The study's underlying.
    pub underlying: &'d str,
    pub parameters: OkxParameters,
    pub units: OkxUnits,
    /// Names of what can bind: cells of MR1, then MR2, MR6 down and up, MR4, MR7, nothing.
    pub names: Vec<String>,
    /// The same with the underlying before it.
    pub texts: Vec<String>,
}

impl Market for RiskUnit<'_> {
    type Assessment = OkxAssessment;

    fn assess(&self, book: &[(usize, f64)]) -> Result<OkxAssessment, NotTaken> {
        Ok(OkxAssessment::new(&self.parameters, &self.units, book))
    }

    fn report(parts: &[(&Self, OkxAssessment)], gross_notional: f64) -> MarginReport {
        report::of_units(parts, gross_notional)
    }

    fn amounts<'p>(parts: &[(&'p Self, OkxAssessment)]) -> Amounts<'p> {
        report::amounts(parts)
    }
}

impl RiskUnit<'_> {
    /// What bound, in words.
    pub fn bound(&self, assessment: &OkxAssessment) -> &str {
        let grid = self.units.grid();
        let at = match assessment.binding() {
            OkxBinding::SpotShock(price, vol) => VOLS * price + vol,
            OkxBinding::Decay => grid,
            OkxBinding::Extreme(side) => grid + 1 + side,
            OkxBinding::Basis => grid + 3,
            OkxBinding::Minimum => grid + 4,
            OkxBinding::Nothing => grid + 5,
        };
        &self.texts[at]
    }
}

/// Where the held instruments belong, and the risk units they belong to.
pub(super) fn risk_units<'d>(
    parameters: &Parameters,
    day: &'d Day<'_>,
) -> Result<(Slots, Vec<RiskUnit<'d>>), MarginError> {
    let (slots, groups) = venue::group(day, |underlying, _| match parameters.of(underlying) {
        Some(_) => Ok(()),
        None => Err(format!(
            "these rules have no class for `{underlying}`; give it one with coins = {{ {underlying} = \"..\" }}, known: {}",
            parameters.known()
        )),
    })?;
    let mut units = Vec::with_capacity(groups.len());
    for group in groups {
        let underlying = day.universe.underlying(group.underlying).name.as_str();
        let Some(own) = parameters.of(underlying) else { continue };
        let index = day.state.underlying(group.underlying).spot;
        let names = names(own);
        let texts = names.iter().map(|name| format!("{underlying}: {name}")).collect();
        units.push(RiskUnit {
            underlying,
            parameters: own.clone(),
            units: OkxUnits::new(own, index, PAR, &group.contracts)?,
            names,
            texts,
        });
    }
    Ok((slots, units))
}

fn names(parameters: &OkxParameters) -> Vec<String> {
    let vols = ["vol down", "vol unchanged", "vol up"];
    let grid = parameters.spot_moves.iter();
    let grid = grid.flat_map(|&x| vols.map(|vol| format!("MR1 {}, {vol}", venue::spot_text(x))));
    let extreme = |x: f64| format!("MR6 {}", venue::spot_text(x));
    let (down, up) = (extreme(-parameters.extreme_move), extreme(parameters.extreme_move));
    let decay = "MR2 one day of decay".to_owned();
    let others = ["MR4 basis", "MR7 minimum charge", "nothing charged"].map(str::to_owned);
    grid.chain([decay, down, up]).chain(others).collect()
}
