//! The assessment of each market as a requirement with its breakdown.

use std::borrow::Cow;

use super::DayMarket;
use super::assessment::{SrmAssessment, SrmExpiry, SrmLevel};
use crate::component::Component;
use crate::model::{Amounts, MarginReport};
use crate::models::derive::{DeriveExpiry, sum};

/// The markets added. Requirements are what Derive's margins leave short, on top of mark-to-market value.
pub(super) fn of_markets(
    parts: &[(&DayMarket<'_>, SrmAssessment)],
    gross_notional: f64,
) -> MarginReport {
    let level = |of: fn(&SrmAssessment) -> &SrmLevel| -> Vec<Component> {
        let market = |(market, assessment): &(&DayMarket<'_>, SrmAssessment)| {
            let level = of(assessment);
            let parts = Parts::new(assessment, level);
            let part = |(name, amount)| match name {
                OPTIONS => Component::sum(OPTIONS, expiries(market, level)),
                name => Component::leaf(name, amount),
            };
            Component::sum(market.underlying.to_owned(), parts.named().map(part).collect())
        };
        parts.iter().map(market).collect()
    };
    let maintenance = level(|assessment| &assessment.maintenance);
    MarginReport {
        initial: Component::sum("initial margin", level(|assessment| &assessment.initial)),
        maintenance: Component::sum("maintenance margin", maintenance),
        binding: binding(parts),
        gross_notional,
    }
}

/// The amounts of [`of_markets`], to the bit.
pub(super) fn amounts<'p>(parts: &[(&'p DayMarket<'_>, SrmAssessment)]) -> Amounts<'p> {
    let level = |of: fn(&SrmAssessment) -> &SrmLevel| {
        sum(parts.iter().map(|(_, assessment)| Parts::new(assessment, of(assessment)).total()))
    };
    Amounts {
        initial: level(|assessment| &assessment.initial),
        maintenance: level(|assessment| &assessment.maintenance),
        binding: binding(parts).map(Cow::Owned),
    }
}

/// An expiry in words.
pub(super) fn expiry_name(expiry: &DeriveExpiry) -> String {
    let days = expiry.seconds / 86_400.0;
    format!("expiry in {} days", (days * 100.0).round() / 100.0)
}

const OPTIONS: &str = "options";

/// What one market needs at one level, part by part: the first three always stand in the breakdown, the others where they bite.
struct Parts([(&'static str, f64); 7]);

impl Parts {
    const ALWAYS: usize = 3;

    fn new(assessment: &SrmAssessment, level: &SrmLevel) -> Self {
        Parts([
            ("perpetual", -level.perp),
            (OPTIONS, sum(level.expiries.iter().map(|held| tests(held).1))),
            ("collateral haircut", assessment.base_mtm - level.base),
            ("low confidence: perpetual", -level.perp_confidence),
            ("low confidence: options", -level.option_confidence),
            ("low confidence: collateral", -level.base_confidence),
            ("cash below its peg", -level.depeg),
        ])
    }

    fn named(&self) -> impl Iterator<Item = (&'static str, f64)> {
        let parts = self.0.iter().copied().enumerate();
        parts.filter(|(at, part)| *at < Parts::ALWAYS || part.1 != 0.0).map(|(_, part)| part)
    }

    fn total(&self) -> f64 {
        sum(self.named().map(|(_, amount)| amount))
    }
}

/// The two tests of the options of one expiry.
const TESTS: [&str; 2] = ["each short on its own", "worst settlement"];

/// Which of the two tests is the cheaper, and what it asks for: both with the value of the options, which the venue does not count.
fn tests(held: &SrmExpiry) -> (usize, f64) {
    let isolated = sum([held.mtm, -held.isolated].into_iter());
    let worst = sum([held.mtm, held.unpaired - held.max_loss, -held.unpaired].into_iter());
    if isolated <= worst { (0, isolated) } else { (1, worst) }
}

fn expiries(market: &DayMarket<'_>, level: &SrmLevel) -> Vec<Component> {
    let expiry = |held: &SrmExpiry| {
        let value = Component::leaf("value of the options", held.mtm);
        let isolated = vec![value.clone(), Component::leaf("shorts", -held.isolated)];
        let settled = format!("loss settled at {}", held.worst_settlement);
        let worst = vec![
            value,
            Component::leaf(settled, held.unpaired - held.max_loss),
            Component::leaf("net short calls", -held.unpaired),
        ];
        let tests = vec![Component::sum(TESTS[0], isolated), Component::sum(TESTS[1], worst)];
        Component::min(market.expiries[held.expiry].clone(), tests)
    };
    level.expiries.iter().map(expiry).collect()
}

/// The largest part of the largest market, at the initial level.
fn binding(parts: &[(&DayMarket<'_>, SrmAssessment)]) -> Option<String> {
    let own = |assessment: &SrmAssessment| Parts::new(assessment, &assessment.initial);
    let (market, assessment) = &parts[largest(parts.iter().map(|(_, each)| own(each).total()))?];
    let (own, held) = (own(assessment), &assessment.initial.expiries);
    let part = largest(own.named().map(|(_, amount)| amount))?;
    let part = own.named().nth(part)?.0;
    let underlying = market.underlying;
    match largest(held.iter().map(|held| tests(held).1)).filter(|_| part == OPTIONS) {
        Some(expiry) => {
            let (name, test) = (&market.expiries[held[expiry].expiry], tests(&held[expiry]).0);
            Some(format!("{underlying}: {name}, {}", TESTS[test]))
        }
        None => Some(format!("{underlying}: {part}")),
    }
}

/// The first of the largest.
fn largest(amounts: impl Iterator<Item = f64>) -> Option<usize> {
    let amounts = amounts.enumerate();
    amounts.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0))).map(|(at, _)| at)
}
