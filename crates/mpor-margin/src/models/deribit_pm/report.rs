//! The assessment of each currency as a requirement with its breakdown, in reporting currency.

use std::borrow::Cow;

use super::assessment::{DeribitAssessment, DeribitCell, aggregated};
use super::day::DayMarket;
use super::units::VOLS;
use crate::component::Component;
use crate::model::{Amounts, MarginReport};
use crate::models::venue::{joined, sum};

/// A charge whose formula no source gives, of every version.
const CORRELATION: &str = "correlation contingency: formula not known, counted as zero";

/// The currencies added.
pub(super) fn of_markets(
    parts: &[(&DayMarket<'_>, DeribitAssessment)],
    gross_notional: f64,
) -> MarginReport {
    let initial: Vec<Component> =
        parts.iter().map(|(market, assessment)| risk_matrix(market, assessment)).collect();
    let maintenance = parts.iter().zip(&initial).map(|((market, assessment), matrix)| {
        let name = market.underlying.to_owned();
        Component::scaled(name, assessment.mm_factor, matrix.clone())
    });
    let maintenance = maintenance.collect();
    MarginReport {
        binding: binding(parts).map(Cow::into_owned),
        initial: Component::sum("initial margin", initial),
        maintenance: Component::sum("maintenance margin", maintenance),
        gross_notional,
    }
}

/// The amounts of [`of_markets`], to the bit.
pub(super) fn amounts<'p>(parts: &[(&'p DayMarket<'_>, DeribitAssessment)]) -> Amounts<'p> {
    let matrix = |market: &DayMarket<'_>, assessment: &DeribitAssessment| {
        let index = market.units.index;
        let charges = charges(market, assessment).into_iter().map(|(_, charge)| charge);
        let roll = sum(assessment.rolls.iter().map(|roll| roll.roll * index));
        sum([assessment.worst_case * index, roll].into_iter().chain(charges))
    };
    let matrices: Vec<f64> = parts.iter().map(|(market, own)| matrix(market, own)).collect();
    let maintenance = parts.iter().zip(&matrices).map(|((_, own), matrix)| own.mm_factor * matrix);
    Amounts {
        initial: sum(matrices.iter().copied()),
        maintenance: sum(maintenance),
        binding: binding(parts),
    }
}

fn risk_matrix(market: &DayMarket<'_>, assessment: &DeribitAssessment) -> Component {
    let index = market.units.index;
    let offset = market.parameters.pnl_offset;
    let pnl = assessment.standard.iter().chain(&assessment.dampened);
    let cells = market.cells.iter().zip(pnl).map(|(name, &pnl)| {
        // Never minus zero.
        Component::leaf(name.clone(), 0.0 - aggregated(offset, pnl) * index)
    });
    let rolls = assessment.rolls.iter().map(|roll| {
        let name = match market.units.expiries[roll.expiry] {
            Some(days) => format!("expiry in {:.2} days", days),
            None => "perpetual".to_owned(),
        };
        Component::leaf(name, roll.roll * index)
    });
    let mut parts = vec![
        Component::max("worst scenario", cells.collect()),
        Component::sum("roll shock", rolls.collect()),
    ];
    parts.extend(
        charges(market, assessment).into_iter().map(|(name, charge)| Component::leaf(name, charge)),
    );
    parts.push(Component::leaf(CORRELATION, 0.0));
    let gaps = market.parameters.gaps.iter();
    parts.extend(gaps.map(|gap| Component::leaf(gap.clone(), 0.0)));
    Component::sum(market.underlying.to_owned(), parts)
}

/// Charges of this version beside matrix and roll.
fn charges(market: &DayMarket<'_>, assessment: &DeribitAssessment) -> Vec<(&'static str, f64)> {
    let (parameters, index) = (&market.parameters, market.units.index);
    let all = [
        (parameters.max_delta_shock, "delta shock", assessment.delta_shock),
        (parameters.option_contingency, "net short options", assessment.option_contingency),
        (parameters.futures_contingency, "futures", assessment.futures_contingency),
    ];
    let own = all.into_iter().filter(|(rate, ..)| *rate > 0.0);
    own.map(|(_, name, charge)| (name, charge * index)).collect()
}

fn binding<'p>(parts: &[(&'p DayMarket<'_>, DeribitAssessment)]) -> Option<Cow<'p, str>> {
    joined(parts.iter().map(|(market, assessment)| bound(market, assessment)))
}

fn bound<'p>(market: &'p DayMarket<'_>, assessment: &DeribitAssessment) -> &'p str {
    let cell = match assessment.worst_cell {
        _ if assessment.worst_case == 0.0 => market.cells.len(),
        DeribitCell::Standard(price, vol) => VOLS * price + vol,
        DeribitCell::Extended(price) => assessment.standard.len() + price,
    };
    &market.texts[cell]
}
