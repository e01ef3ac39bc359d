//! The assessment of each market as a requirement with its breakdown.

use super::DayMarket;
use super::assessment::{SrmAssessment, SrmExpiry, SrmLevel};
use crate::component::Component;
use crate::model::MarginReport;

/// The markets added. Requirements are what Derive's margins leave short, on top of mark-to-market value.
pub(super) fn of_markets(
    parts: &[(&DayMarket<'_>, SrmAssessment)],
    gross_notional: f64,
) -> MarginReport {
    let level = |of: fn(&SrmAssessment) -> &SrmLevel| -> Vec<Component> {
        let market = |(market, assessment): &(&DayMarket<'_>, SrmAssessment)| {
            Component::sum(
                market.underlying.to_owned(),
                requirement(market, assessment, of(assessment)),
            )
        };
        parts.iter().map(market).collect()
    };
    let initial = Component::sum("initial margin", level(|assessment| &assessment.initial));
    MarginReport {
        binding: binding(&initial),
        initial,
        maintenance: Component::sum(
            "maintenance margin",
            level(|assessment| &assessment.maintenance),
        ),
        gross_notional,
    }
}

fn requirement(
    market: &DayMarket<'_>,
    assessment: &SrmAssessment,
    level: &SrmLevel,
) -> Vec<Component> {
    let expiries = level.expiries.iter().map(|held| expiry(market, held)).collect();
    let mut parts = vec![
        Component::leaf("perpetual", -level.perp),
        Component::sum("options", expiries),
        Component::leaf("collateral haircut", assessment.base_mtm - level.base),
    ];
    for (name, penalty) in [
        ("low confidence: perpetual", level.perp_confidence),
        ("low confidence: options", level.option_confidence),
        ("low confidence: collateral", level.base_confidence),
        ("cash below its peg", level.depeg),
    ] {
        if penalty != 0.0 {
            parts.push(Component::leaf(name, -penalty));
        }
    }
    parts
}

/// The cheaper of the two tests, each with the value of the options, which the venue does not count.
fn expiry(market: &DayMarket<'_>, held: &SrmExpiry) -> Component {
    let days = market.market.expiries[held.expiry].seconds / 86_400.0;
    let value = Component::leaf("value of the options", held.mtm);
    let isolated = vec![value.clone(), Component::leaf("shorts", -held.isolated)];
    let worst = vec![
        value,
        Component::leaf(
            format!("loss settled at {}", held.worst_settlement),
            held.unpaired - held.max_loss,
        ),
        Component::leaf("net short calls", -held.unpaired),
    ];
    Component::min(
        format!("expiry in {} days", (days * 100.0).round() / 100.0),
        vec![
            Component::sum("each short on its own", isolated),
            Component::sum("worst settlement", worst),
        ],
    )
}

/// The largest part of the largest market.
fn binding(initial: &Component) -> Option<String> {
    let largest = |node: &Component| {
        let parts = node.parts().iter().enumerate();
        parts.max_by(|a, b| a.1.amount().total_cmp(&b.1.amount()).then(b.0.cmp(&a.0))).map(|p| p.0)
    };
    let market = &initial.parts()[largest(initial)?];
    let part = &market.parts()[largest(market)?];
    let Some(expiry) = largest(part).map(|index| &part.parts()[index]) else {
        return Some(format!("{}: {}", market.name(), part.name()));
    };
    let tests = expiry.parts();
    let test = tests.iter().find(|test| test.amount() == expiry.amount());
    let test = test.map_or("", Component::name);
    Some(format!("{}: {}, {test}", market.name(), expiry.name()))
}
