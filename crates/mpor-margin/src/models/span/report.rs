//! The assessment of an account as a requirement with its breakdown.

use std::borrow::Cow;

use super::array::{SCENARIOS, scenario_name};
use super::assessment::{CommodityAssessment, Order, SpanAssessment};
use super::day::DayCommodity;
use crate::component::Component;
use crate::model::{Amounts, MarginReport};
use crate::models::venue::joined;

/// Requirements on top of the value of the positions: what must be there beside the options, and their value.
pub(super) fn of_account(
    commodities: &[&DayCommodity<'_>],
    assessment: &SpanAssessment,
    order: Order,
    initial_ratio: f64,
    gross_notional: f64,
) -> MarginReport {
    let risk = match order {
        Order::Commodity => by_commodity(commodities, assessment),
        Order::Account => over_account(commodities, assessment),
    };
    let initial = Component::scaled("initial risk", initial_ratio, risk.clone());
    let binding = binding(commodities, assessment, order, initial.amount());
    MarginReport {
        initial: requirement("initial margin", initial, assessment),
        maintenance: requirement("maintenance margin", risk, assessment),
        binding: binding.map(Cow::into_owned),
        gross_notional,
    }
}

/// The amounts of [`of_account`], to the bit.
pub(super) fn amounts<'p>(
    commodities: &[&'p DayCommodity<'_>],
    assessment: &SpanAssessment,
    order: Order,
    initial_ratio: f64,
) -> Amounts<'p> {
    let initial = initial_ratio * assessment.risk;
    let level = |risk: f64| risk.max(assessment.net_option_value).max(0.0);
    Amounts {
        initial: level(initial),
        maintenance: level(assessment.risk),
        binding: binding(commodities, assessment, order, initial),
    }
}

/// Options that were paid for lose at most what they are worth; with all of them worth less than the risk, the risk is needed.
fn requirement(name: &'static str, risk: Component, assessment: &SpanAssessment) -> Component {
    let value = Component::leaf("net option value", assessment.net_option_value);
    Component::max(name, vec![risk, value, Component::leaf("nothing", 0.0)])
}

fn by_commodity(commodities: &[&DayCommodity<'_>], assessment: &SpanAssessment) -> Component {
    let commodity = |(of, own): (&&DayCommodity<'_>, &CommodityAssessment)| {
        let credit = Component::leaf("inter-commodity credit", -own.inter_credit);
        let risk = Component::sum("after credits", vec![charged("risk", of, own), credit]);
        let minimum = Component::leaf("short option minimum", own.short_option_minimum);
        Component::max(of.name.to_owned(), vec![risk, minimum])
    };
    let parts = commodities.iter().zip(&assessment.commodities).map(commodity);
    Component::sum("risk of commodities", parts.collect())
}

fn over_account(commodities: &[&DayCommodity<'_>], assessment: &SpanAssessment) -> Component {
    let own = || commodities.iter().zip(&assessment.commodities);
    let leaves = |name: &'static str, of: fn(&CommodityAssessment) -> f64| {
        let leaf = |(commodity, own): (&&DayCommodity<'_>, &CommodityAssessment)| {
            Component::leaf(commodity.name.to_owned(), of(own))
        };
        Component::sum(name, own().map(leaf).collect())
    };
    let parts = own().map(|(of, own)| charged(of.name.to_owned(), of, own)).collect();
    let charged = Component::sum("scan risk and charges", parts);
    let minimum = leaves("short option minimum", |own| own.short_option_minimum);
    let larger = Component::max("before credits", vec![charged, minimum]);
    let credits = leaves("inter-commodity credits", |own| own.inter_credit);
    Component::sum("risk", vec![larger, Component::scaled("credits", -1.0, credits)])
}

fn charged(
    name: impl Into<Cow<'static, str>>,
    of: &DayCommodity<'_>,
    own: &CommodityAssessment,
) -> Component {
    let scan = format!("scan risk: {}", scenario(own));
    let spreads = of
        .terms
        .charges(&own.intra_formed)
        .enumerate()
        .map(|(index, charge)| Component::leaf(format!("spread {}", index + 1), charge));
    let parts = vec![
        Component::leaf(scan, own.scan_risk),
        Component::sum("intra-commodity spreads", spreads.collect()),
        Component::leaf("spot month", own.spot_charge),
    ];
    Component::sum(name, parts)
}

fn binding<'p>(
    commodities: &[&'p DayCommodity<'_>],
    assessment: &SpanAssessment,
    order: Order,
    initial: f64,
) -> Option<Cow<'p, str>> {
    if !commodities.is_empty() && assessment.net_option_value > initial.max(0.0) {
        return Some(Cow::Borrowed("net option value"));
    }
    let own = commodities.iter().zip(&assessment.commodities);
    joined(own.map(|(commodity, own)| bound(commodity, own, order)))
}

fn bound<'p>(commodity: &'p DayCommodity<'_>, own: &CommodityAssessment, order: Order) -> &'p str {
    let minimum =
        order == Order::Commodity && own.short_option_minimum > own.charged() - own.inter_credit;
    let which = match own {
        _ if minimum => SCENARIOS,
        _ if own.scan_risk > 0.0 => own.active_scenario,
        _ => SCENARIOS + 1,
    };
    &commodity.texts[which]
}

fn scenario(own: &CommodityAssessment) -> String {
    if own.scan_risk > 0.0 {
        scenario_name(own.active_scenario)
    } else {
        "no losing scenario".to_owned()
    }
}
