//! The assessment of each market as a requirement with its breakdown.

use std::borrow::Cow;

use super::DayMarket;
use super::assessment::ParadexAssessment;
use crate::component::Component;
use crate::model::{Amounts, MarginReport};
use crate::models::venue::{joined, sum};

const PROVISIONS: &str = "funding and fee provisions: not known from a study, counted as zero";

/// The markets added.
pub(super) fn of_markets(
    parts: &[(&DayMarket<'_>, ParadexAssessment)],
    gross_notional: f64,
) -> MarginReport {
    let (mut initial, mut maintenance) = (Vec::new(), Vec::new());
    for (market, assessment) in parts {
        let (name, risk) = (market.underlying, risk(market, assessment));
        let provisions = Component::leaf(PROVISIONS, assessment.provisions);
        let share = Component::scaled("maintenance", assessment.mm_factor, risk.clone());
        initial.push(Component::sum(name.to_owned(), vec![risk, provisions.clone()]));
        maintenance.push(Component::sum(name.to_owned(), vec![share, provisions]));
    }
    MarginReport {
        initial: Component::sum("initial margin", initial),
        maintenance: Component::sum("maintenance margin", maintenance),
        binding: binding(parts).map(Cow::into_owned),
        gross_notional,
    }
}

/// The amounts of [`of_markets`], to the bit.
pub(super) fn amounts<'p>(parts: &[(&'p DayMarket<'_>, ParadexAssessment)]) -> Amounts<'p> {
    Amounts {
        initial: sum(parts.iter().map(|(_, own)| own.initial_margin())),
        maintenance: sum(parts.iter().map(|(_, own)| own.maintenance_margin())),
        binding: binding(parts),
    }
}

fn risk(market: &DayMarket<'_>, assessment: &ParadexAssessment) -> Component {
    let none = Component::leaf("no loss", 0.0);
    let losses = market.scenarios.iter().zip(&assessment.pnl);
    // Never minus zero.
    let losses = losses.map(|(name, pnl)| Component::leaf(name.clone(), 0.0 - pnl));
    Component::max(
        "risk",
        vec![
            Component::max("worst scenario", std::iter::once(none).chain(losses).collect()),
            Component::sum(
                "minimum for delta",
                vec![
                    Component::leaf("net", assessment.net_minimum),
                    Component::leaf("hedged", assessment.hedged_minimum),
                ],
            ),
        ],
    )
}

fn binding<'p>(parts: &[(&'p DayMarket<'_>, ParadexAssessment)]) -> Option<Cow<'p, str>> {
    joined(parts.iter().map(|(market, assessment)| bound(market, assessment)))
}

fn bound<'p>(market: &'p DayMarket<'_>, assessment: &ParadexAssessment) -> &'p str {
    let scenarios = market.scenarios.len();
    let which = match assessment {
        _ if assessment.minimum() > assessment.scan => scenarios,
        _ if assessment.scan > 0.0 => assessment.worst_scenario(),
        _ => scenarios + 1,
    };
    &market.texts[which]
}
