//! The assessment of each market as a requirement with its breakdown.

use std::borrow::Cow;

use super::DayMarket;
use super::assessment::Pmrm1Assessment;
use crate::component::Component;
use crate::model::{Amounts, MarginReport};
use crate::models::venue::joined;

/// The markets added. Requirements are what Derive's margins leave short, on top of mark-to-market value.
pub(super) fn of_markets(
    parts: &[(&DayMarket<'_>, Pmrm1Assessment)],
    gross_notional: f64,
) -> MarginReport {
    let level = |of_market: fn(&DayMarket<'_>, &Pmrm1Assessment) -> Component| {
        parts.iter().map(|(market, assessment)| of_market(market, assessment)).collect()
    };
    MarginReport {
        initial: Component::sum("initial margin", level(initial)),
        maintenance: Component::sum("maintenance margin", level(maintenance)),
        binding: binding(parts).map(Cow::into_owned),
        gross_notional,
    }
}

/// The amounts of [`of_markets`], to the bit.
pub(super) fn amounts<'p>(parts: &[(&'p DayMarket<'_>, Pmrm1Assessment)]) -> Amounts<'p> {
    let (mut initial, mut maintenance) = (0.0, 0.0);
    for (_, own) in parts {
        let loss = 0.0 - own.worst_loss + own.static_contingency.total();
        let penalties = own.linear_penalty + own.option_penalty;
        initial += own.im_factor * loss + penalties;
        maintenance += loss;
    }
    Amounts { initial, maintenance, binding: binding(parts) }
}

fn initial(market: &DayMarket<'_>, assessment: &Pmrm1Assessment) -> Component {
    let base = Component::sum("scenario loss and contingency", loss(market, assessment));
    let mut parts = vec![Component::scaled("initial factor", assessment.im_factor, base)];
    if assessment.linear_penalty + assessment.option_penalty > 0.0 {
        let penalties = vec![
            Component::leaf("spot and perpetual", assessment.linear_penalty),
            Component::leaf("options", assessment.option_penalty),
        ];
        parts.push(Component::sum("low confidence", penalties));
    }
    Component::sum(market.underlying.to_owned(), parts)
}

fn maintenance(market: &DayMarket<'_>, assessment: &Pmrm1Assessment) -> Component {
    Component::sum(market.underlying.to_owned(), loss(market, assessment))
}

/// The worst scenario against the basis test, as losses, and the contingencies.
fn loss(market: &DayMarket<'_>, assessment: &Pmrm1Assessment) -> Vec<Component> {
    let pnl = &assessment.scenario_pnl;
    let mut tests = vec![Component::leaf("basis test", -assessment.basis_contingency)];
    if let Some(worst) = (0..pnl.len()).min_by(|&a, &b| pnl[a].total_cmp(&pnl[b])) {
        tests.push(Component::leaf(market.parameters.scenarios[worst].to_string(), -pnl[worst]));
    }
    let contingency = &assessment.static_contingency;
    let parts = vec![
        Component::leaf("perpetual", contingency.perp),
        Component::leaf("collateral", contingency.base),
        Component::leaf("naked short options", contingency.option),
    ];
    vec![Component::max("worst loss", tests), Component::sum("contingency", parts)]
}

fn binding<'p>(parts: &[(&'p DayMarket<'_>, Pmrm1Assessment)]) -> Option<Cow<'p, str>> {
    joined(parts.iter().map(|(market, assessment)| {
        let scenarios = market.parameters.scenarios.len();
        let which = match assessment.binding {
            None if assessment.worst_loss == 0.0 => scenarios + 1,
            None => scenarios,
            Some(index) => index,
        };
        market.texts[which].as_str()
    }))
}
