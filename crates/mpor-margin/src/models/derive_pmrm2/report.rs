//! The assessment of each market as a requirement with its breakdown.

use std::borrow::Cow;

use super::assessment::{Contingency, PmrmAssessment, PmrmBinding};
use super::day::DayMarket;
use crate::component::Component;
use crate::model::{Amounts, MarginReport};
use crate::models::venue::joined;

/// The markets added. Requirements are what Derive's margins leave short, on top of mark-to-market value.
pub(super) fn of_markets(
    parts: &[(&DayMarket<'_>, PmrmAssessment)],
    gross_notional: f64,
) -> MarginReport {
    let initial = parts.iter().map(|(market, assessment)| initial(market, assessment)).collect();
    let maintenance =
        parts.iter().map(|(market, assessment)| maintenance(market, assessment)).collect();
    MarginReport {
        initial: Component::sum("initial margin", initial),
        maintenance: Component::sum("maintenance margin", maintenance),
        binding: binding(parts).map(Cow::into_owned),
        gross_notional,
    }
}

/// The amounts of [`of_markets`], to the bit.
pub(super) fn amounts<'p>(parts: &[(&'p DayMarket<'_>, PmrmAssessment)]) -> Amounts<'p> {
    let (mut initial, mut maintenance) = (0.0, 0.0);
    for (_, own) in parts {
        let (loss, contingency) = (0.0 - own.worst_loss, own.maintenance_contingency.total());
        initial += own.im_factor * loss
            + contingency
            + own.initial_contingency.total()
            + own.confidence.total();
        maintenance += own.mm_factor * loss + contingency;
    }
    Amounts { initial, maintenance, binding: binding(parts) }
}

fn initial(market: &DayMarket<'_>, assessment: &PmrmAssessment) -> Component {
    let mut parts = vec![
        Component::scaled("scenario loss", assessment.im_factor, worst_loss(market, assessment)),
        contingency("contingency", &assessment.maintenance_contingency),
        contingency("extra contingency", &assessment.initial_contingency),
    ];
    if assessment.confidence.total() > 0.0 {
        parts.push(contingency("low confidence", &assessment.confidence));
    }
    Component::sum(market.underlying.to_owned(), parts)
}

fn maintenance(market: &DayMarket<'_>, assessment: &PmrmAssessment) -> Component {
    let parts = vec![
        Component::scaled("scenario loss", assessment.mm_factor, worst_loss(market, assessment)),
        contingency("contingency", &assessment.maintenance_contingency),
    ];
    Component::sum(market.underlying.to_owned(), parts)
}

/// The worst scenario against the basis test, as losses.
fn worst_loss(market: &DayMarket<'_>, assessment: &PmrmAssessment) -> Component {
    let pnl = &assessment.scenario_pnl;
    let worst = (0..pnl.len()).min_by(|&a, &b| pnl[a].total_cmp(&pnl[b]));
    let mut parts = vec![Component::leaf("basis test", -assessment.basis_contingency)];
    if let Some(worst) = worst {
        parts.push(Component::leaf(market.parameters.scenarios[worst].to_string(), -pnl[worst]));
    }
    Component::max("worst loss", parts)
}

fn contingency(name: &'static str, contingency: &Contingency) -> Component {
    let Contingency { perp, option, collateral } = *contingency;
    let parts = vec![
        Component::leaf("perpetual", perp),
        Component::leaf("naked short options", option),
        Component::leaf("collateral", collateral),
    ];
    Component::sum(name, parts)
}

fn binding<'p>(parts: &[(&'p DayMarket<'_>, PmrmAssessment)]) -> Option<Cow<'p, str>> {
    joined(parts.iter().map(|(market, assessment)| {
        let scenarios = market.parameters.scenarios.len();
        let which = match assessment.binding {
            PmrmBinding::Basis if assessment.worst_loss == 0.0 => scenarios + 1,
            PmrmBinding::Basis => scenarios,
            PmrmBinding::Scenario(index) => index,
        };
        market.texts[which].as_str()
    }))
}
