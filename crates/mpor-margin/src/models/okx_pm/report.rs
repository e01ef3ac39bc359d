//! The assessment of each risk unit as a requirement with its breakdown.

use std::borrow::Cow;

use super::assessment::OkxAssessment;
use super::day::RiskUnit;
use crate::component::Component;
use crate::model::{Amounts, MarginReport};
use crate::models::venue::{joined, sum};

/// Modules without a public formula, and modules about what a study's portfolio does not hold.
const MR3: &str = "MR3 vega across expiries: formula not known, not in the requirement";
const MR5: &str = "MR5 rates: formula not known, not in the requirement";
const MR8: &str = "MR8 borrowing: a study borrows nothing";
const MR9: &str = "MR9 stablecoin depeg: cash is no part of a study's portfolio";

/// The risk units added.
pub(super) fn of_units(
    parts: &[(&RiskUnit<'_>, OkxAssessment)],
    gross_notional: f64,
) -> MarginReport {
    let mut maintenance: Vec<Component> =
        parts.iter().map(|(unit, assessment)| of_unit(unit, assessment)).collect();
    let initial = parts.iter().zip(&maintenance).map(|((unit, assessment), own)| {
        Component::scaled(unit.underlying.to_owned(), assessment.im_over_mm, own.clone())
    });
    let mut initial: Vec<Component> = initial.collect();
    for level in [&mut initial, &mut maintenance] {
        level.extend([MR8, MR9].map(|module| Component::leaf(module, 0.0)));
    }
    MarginReport {
        initial: Component::sum("initial margin", initial),
        maintenance: Component::sum("maintenance margin", maintenance),
        binding: binding(parts).map(Cow::into_owned),
        gross_notional,
    }
}

/// The amounts of [`of_units`], to the bit.
pub(super) fn amounts<'p>(parts: &[(&'p RiskUnit<'_>, OkxAssessment)]) -> Amounts<'p> {
    Amounts {
        initial: sum(parts.iter().map(|(_, own)| own.initial_margin())),
        maintenance: sum(parts.iter().map(|(_, own)| own.maintenance_margin())),
        binding: binding(parts),
    }
}

fn of_unit(unit: &RiskUnit<'_>, assessment: &OkxAssessment) -> Component {
    let worst = Component::max(
        "worst module",
        vec![
            Component::max("MR1 spot shock", losses(&unit.names, &assessment.grid)),
            Component::max(
                "MR2 decay",
                losses(&unit.names[unit.units.grid()..], &[assessment.decay]),
            ),
            Component::scaled(
                "MR6 extreme move",
                unit.parameters.extreme_weight,
                Component::max(
                    "worst extreme",
                    losses(&unit.names[unit.units.grid() + 1..], &assessment.extremes),
                ),
            ),
        ],
    );
    let basis = assessment.basis.iter().map(|basis| {
        let name = match unit.units.expiries[basis.expiry] {
            Some(days) => format!("expiry in {days:.2} days"),
            None => "perpetual".to_owned(),
        };
        Component::leaf(name, basis.charge)
    });
    let modules = Component::sum(
        "modules",
        vec![
            worst,
            Component::leaf(MR3, 0.0),
            Component::sum("MR4 basis", basis.collect()),
            Component::leaf(MR5, 0.0),
        ],
    );
    let tiers = unit.parameters.tiers(assessment.mr7_raw).map(|(multiplier, part)| {
        Component::scaled("tier", multiplier, Component::leaf("closing cost", part))
    });
    let minimum = Component::sum("MR7 minimum charge", tiers.collect());
    Component::max(unit.underlying.to_owned(), vec![modules, minimum])
}

/// Losses by name, and that none is possible.
fn losses(names: &[String], pnl: &[f64]) -> Vec<Component> {
    let none = Component::leaf("no loss", 0.0);
    // Never minus zero.
    let losses = names.iter().zip(pnl).map(|(name, pnl)| Component::leaf(name.clone(), 0.0 - pnl));
    std::iter::once(none).chain(losses).collect()
}

fn binding<'p>(parts: &[(&'p RiskUnit<'_>, OkxAssessment)]) -> Option<Cow<'p, str>> {
    joined(parts.iter().map(|(unit, assessment)| unit.bound(assessment)))
}
