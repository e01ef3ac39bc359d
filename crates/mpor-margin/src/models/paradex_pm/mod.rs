//! Paradex's portfolio margin: the worst weighted loss over 24 scenarios, with a minimum for net and hedged delta.
//!
//! ```text
//! initial = max( scan, minimum for delta ) + provisions,    maintenance = 0.5 max( scan, minimum for delta ) + provisions
//! ```
//!
//! each underlying on its own, the underlyings added; the arithmetic is in [`assessment`].
//!
//! Source: docs.paradex.trade, portfolio margin (undated). **Exact** as the documents state it, and its worked example of the
//! minimum is reproduced; no public account confirms the whole. **Style**: deltas of options on their forward, no floor under the
//! volatility of the rises, underlyings without offset, and the provisions for funding (8 h) and fees, which a study does not
//! know: a line of the breakdown at zero.
//! Assumes options without interest; every forward moves by the same share, strikes keep their volatility. The venue lists
//! perpetuals and options: dated futures and spot are refused, or count as perpetuals on request. Coin-settled contracts, which
//! it does not list, count as the coins they stand for. Sub-additive where the net rate is at least half the hedged one, as it is.

pub mod assessment;
pub mod parameters;

mod report;

use mpor_risk::Day;
use serde::Deserialize;
use toml::Table;

use crate::catalog::{KindInfo, Parameter, Size};
use crate::error::MarginError;
use crate::held::Held;
use crate::model::{Amounts, MarginModel, MarginReport, Merging, Prepared};
use crate::models::by_market::{ByMarket, Market, NotTaken};
use crate::models::venue::{self, Unlisted};
use crate::parse;

pub use assessment::{ParadexAssessment, ParadexUnits};
pub use parameters::{ParadexParameters, ParadexScenario, ParadexVol};

pub(crate) const INFO: KindInfo = KindInfo {
    id: "paradex-pm-style",
    summary: "Paradex portfolio margin, in the style of: weighted scenarios and a minimum for delta",
    source: "docs.paradex.trade, portfolio margin",
    size: Size::Proportional,
    parameters: &[
        Parameter::required(
            "all",
            "{ scenarios, vol_up, .. }: of every underlying, as in rules/paradex/pm-style",
        ),
        Parameter::optional(
            "unlisted",
            "\"refuse\"",
            "dated futures and spot: \"refuse\" or \"as_perpetual\"",
        ),
    ],
    build,
};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    all: ParadexParameters,
    #[serde(default)]
    unlisted: Unlisted,
}

struct ParadexPm {
    id: String,
    parameters: Parameters,
}

/// One underlying on one day, valued for everyone.
struct DayMarket<'d> {
    /// The study's underlying.
    underlying: &'d str,
    parameters: ParadexParameters,
    units: ParadexUnits,
    /// Names of the scenarios.
    scenarios: Vec<String>,
    /// What can bind: the scenarios, the minimum, that none loses.
    texts: Vec<String>,
}

fn build(name: &str, table: Table) -> Result<Box<dyn MarginModel>, MarginError> {
    let parameters: Parameters = parse::parameters(name, "", table)?;
    let checked = parameters.all.check();
    checked.map_err(|(key, problem)| parse::refuse(name, format!("all.{key}"), problem))?;
    Ok(Box::new(ParadexPm { id: name.to_owned(), parameters }))
}

impl MarginModel for ParadexPm {
    fn id(&self) -> &str {
        &self.id
    }

    fn history_steps(&self) -> usize {
        1
    }

    fn merging(&self) -> Merging {
        let all = &self.parameters.all;
        // The minimum is (net - hedged / 2) |net delta| + hedged / 2 gross delta.
        if 2.0 * all.net_rate >= all.hedged_rate { Merging::NeverMore } else { Merging::MayBeMore }
    }

    fn prepare<'d>(&self, day: &'d Day<'_>) -> Result<Box<dyn Prepared + 'd>, MarginError> {
        let unlisted = self.parameters.unlisted;
        let (slots, groups) = venue::group(day, |_, contract| unlisted.cover(contract))?;
        let parameters = &self.parameters.all;
        let mut markets = Vec::with_capacity(groups.len());
        for group in groups {
            let underlying = day.universe.underlying(group.underlying).name.as_str();
            let spot = day.state.underlying(group.underlying).spot;
            let units = ParadexUnits::new(parameters, spot, &group.contracts)?;
            let scenarios: Vec<String> =
                parameters.scenarios.iter().map(ToString::to_string).collect();
            let rules = ["minimum for delta", "no losing scenario"];
            let all = scenarios.iter().map(String::as_str).chain(rules);
            let texts = all.map(|rule| format!("{underlying}: {rule}")).collect();
            let parameters = parameters.clone();
            markets.push(DayMarket { underlying, parameters, units, scenarios, texts });
        }
        Ok(Box::new(ByMarket { held: Held::new(&self.id, day), slots, markets }))
    }
}

impl Market for DayMarket<'_> {
    type Assessment = ParadexAssessment;

    fn assess(&self, book: &[(usize, f64)]) -> Result<ParadexAssessment, NotTaken> {
        // A study knows neither the funding of the next hours nor the venue's fees.
        Ok(ParadexAssessment::new(&self.parameters, &self.units, book, 0.0))
    }

    fn report(parts: &[(&Self, ParadexAssessment)], gross_notional: f64) -> MarginReport {
        report::of_markets(parts, gross_notional)
    }

    fn amounts<'p>(parts: &[(&'p Self, ParadexAssessment)]) -> Amounts<'p> {
        report::amounts(parts)
    }
}
