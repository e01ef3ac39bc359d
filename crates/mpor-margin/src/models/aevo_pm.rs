//! Aevo's portfolio margin, as far as it is public: the worst loss over a grid of price and volatility moves.
//!
//! ```text
//! scenarios  price step x spot_range, each with every volatility move in points, added to the volatility, not below zero
//! P&L        perpetual: mark x move;  option: V(F (1 + move), vol') - V(F, vol)
//! initial    max( 0, worst loss ),   maintenance = maintenance x initial
//! ```
//!
//! each underlying on its own, the underlyings added.
//!
//! Source: Aevo's documents, portfolio margin (excerpt): 15 scenarios. **Not known**, and lines of the breakdown at zero: the floor
//! that the documents add, and how the maintenance margin differs. **Style**, chosen here: strikes keep their volatility, every forward
//! moves by the same share, options without interest, underlyings without offset.
//! The venue lists perpetuals and options: dated futures and spot are refused, or count as perpetuals on request. Coin-settled
//! contracts, which it does not list, count as the coins they stand for. Says nothing about open orders. Sub-additive.

use std::borrow::Cow;

use mpor_pricing::PricingError;
use mpor_risk::Day;
use serde::Deserialize;
use toml::Table;

use crate::catalog::{KindInfo, Parameter, Size};
use crate::component::Component;
use crate::error::MarginError;
use crate::held::Held;
use crate::model::{Amounts, MarginModel, MarginReport, Merging, Prepared};
use crate::models::by_market::{ByMarket, Market, NotTaken};
use crate::models::venue::{self, Unlisted, VenueContract, VenueOption};
use crate::parse;

pub(crate) const INFO: KindInfo = KindInfo {
    id: "aevo-pm-style",
    summary: "Aevo portfolio margin, in the style of: worst loss over 15 scenarios; its floor is not known",
    source: "Aevo's documents, portfolio margin (excerpt)",
    size: Size::Proportional,
    parameters: &[
        Parameter::required("spot_range", "largest price move, share of the price, such as 0.2"),
        Parameter::required("spot_steps", "[0, 0.5, ..]: price moves as shares of spot_range"),
        Parameter::required(
            "vol_points",
            "[0.5, 0, ..]: volatility moves, added to the volatility",
        ),
        Parameter::required("maintenance", "maintenance margin as a share of initial, 0 to 1"),
        Parameter::optional(
            "unlisted",
            "\"refuse\"",
            "dated futures and spot: \"refuse\" or \"as_perpetual\"",
        ),
    ],
    build,
};

const FLOOR: &str = "floor: size not known, counted as zero";
const LEVEL: &str = "maintenance level: not stated by the venue, a share of initial";

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    spot_range: f64,
    spot_steps: Vec<f64>,
    vol_points: Vec<f64>,
    maintenance: f64,
    #[serde(default)]
    unlisted: Unlisted,
}

struct AevoPm {
    id: String,
    parameters: Parameters,
}

/// One underlying on one day, valued for everyone.
struct DayMarket<'d> {
    underlying: &'d str,
    /// Maintenance margin as a share of initial.
    maintenance: f64,
    /// Names of the scenarios.
    scenarios: Vec<String>,
    /// What can bind: the scenarios, then that none loses.
    texts: Vec<String>,
    /// One row a contract: P&L of one coin by scenario.
    values: Vec<f64>,
}

/// P&L of one book by scenario, gain positive.
type Pnl = Vec<f64>;

fn build(name: &str, table: Table) -> Result<Box<dyn MarginModel>, MarginError> {
    let parameters: Parameters = parse::parameters(name, "", table)?;
    let refuse = |(key, problem): (String, String)| parse::refuse(name, key, problem);
    let most = f64::MAX;
    venue::check(&[
        ("spot_range", parameters.spot_range, f64::MIN_POSITIVE, 0.99),
        ("maintenance", parameters.maintenance, 0.0, 1.0),
    ])
    .map_err(refuse)?;
    for (key, values, low) in [
        ("spot_steps", &parameters.spot_steps, -1.0),
        ("vol_points", &parameters.vol_points, -most),
    ] {
        if values.is_empty() {
            return Err(parse::refuse(name, key, "is empty: at least one"));
        }
        for (index, &value) in values.iter().enumerate() {
            venue::check(&[(&format!("{key}[{index}]"), value, low, most)]).map_err(refuse)?;
        }
    }
    Ok(Box::new(AevoPm { id: name.to_owned(), parameters }))
}

impl Parameters {
    /// Price and volatility moves of every scenario.
    fn scenarios(&self) -> impl Iterator<Item = (f64, f64)> {
        let prices = self.spot_steps.iter().map(|step| step * self.spot_range);
        prices.flat_map(|price| self.vol_points.iter().map(move |&vol| (price, vol)))
    }

    fn row(&self, contract: &VenueContract) -> Result<Pnl, PricingError> {
        self.scenarios().map(|(price, vol)| pnl(contract, price, vol)).collect()
    }
}

fn pnl(contract: &VenueContract, price: f64, points: f64) -> Result<f64, PricingError> {
    Ok(match contract {
        VenueContract::Spot { price: mark }
        | VenueContract::Perpetual { mark }
        | VenueContract::Future { mark, .. } => mark * price,
        VenueContract::Option(option) => {
            let forward = option.forward * (1.0 + price);
            let vol = (option.vol + points).max(0.0);
            VenueOption { forward, vol, ..*option }.value()? - option.value()?
        }
    })
}

/// `spot -20 %, vol +50 points`.
fn scenario_text(price: f64, points: f64) -> String {
    let spot = venue::spot_text(price);
    if points == 0.0 {
        return format!("{spot}, vol unchanged");
    }
    format!("{spot}, vol {:+} points", (points * 1e6).round() / 1e4)
}

impl MarginModel for AevoPm {
    fn id(&self) -> &str {
        &self.id
    }

    fn history_steps(&self) -> usize {
        1
    }

    fn merging(&self) -> Merging {
        Merging::NeverMore
    }

    fn prepare<'d>(&self, day: &'d Day<'_>) -> Result<Box<dyn Prepared + 'd>, MarginError> {
        let parameters = &self.parameters;
        let (slots, groups) = venue::group(day, |_, contract| parameters.unlisted.cover(contract))?;
        let scenarios: Vec<String> =
            parameters.scenarios().map(|(price, points)| scenario_text(price, points)).collect();
        let mut markets = Vec::with_capacity(groups.len());
        for group in groups {
            let underlying = day.universe.underlying(group.underlying).name.as_str();
            let rows = group.contracts.iter().map(|contract| parameters.row(contract));
            let values = rows.collect::<Result<Vec<Pnl>, _>>()?.concat();
            let all = scenarios.iter().map(String::as_str).chain(["no losing scenario"]);
            let texts = all.map(|rule| format!("{underlying}: {rule}")).collect();
            let (scenarios, maintenance) = (scenarios.clone(), parameters.maintenance);
            markets.push(DayMarket { underlying, maintenance, scenarios, texts, values });
        }
        Ok(Box::new(ByMarket { held: Held::new(&self.id, day), slots, markets }))
    }
}

impl Market for DayMarket<'_> {
    type Assessment = Pnl;

    fn assess(&self, book: &[(usize, f64)]) -> Result<Pnl, NotTaken> {
        let columns = self.scenarios.len();
        let mut pnl = vec![0.0; columns];
        for &(contract, coins) in book {
            venue::add(&mut pnl, coins, &self.values[contract * columns..][..columns]);
        }
        Ok(pnl)
    }

    fn report(parts: &[(&Self, Pnl)], gross_notional: f64) -> MarginReport {
        let (mut initial, mut maintenance) = (Vec::new(), Vec::new());
        for (market, pnl) in parts {
            let own = vec![market.worst(pnl), Component::leaf(FLOOR, 0.0)];
            let own = Component::sum(market.underlying.to_owned(), own);
            let level = Component::scaled(LEVEL, market.maintenance, own.clone());
            maintenance.push(Component::sum(market.underlying.to_owned(), vec![level]));
            initial.push(own);
        }
        MarginReport {
            initial: Component::sum("initial margin", initial),
            maintenance: Component::sum("maintenance margin", maintenance),
            binding: binding(parts).map(Cow::into_owned),
            gross_notional,
        }
    }

    fn amounts<'p>(parts: &[(&'p Self, Pnl)]) -> Amounts<'p> {
        let losses = parts.iter().map(|(market, pnl)| (market.maintenance, worst(pnl).0));
        Amounts {
            initial: venue::sum(losses.clone().map(|(_, loss)| loss)),
            maintenance: venue::sum(losses.map(|(share, loss)| share * loss)),
            binding: binding(parts),
        }
    }
}

impl DayMarket<'_> {
    fn worst(&self, pnl: &[f64]) -> Component {
        let none = Component::leaf("no loss", 0.0);
        let losses = self.scenarios.iter().zip(pnl);
        // Never minus zero.
        let losses = losses.map(|(name, pnl)| Component::leaf(name.clone(), 0.0 - pnl));
        Component::max("worst scenario", std::iter::once(none).chain(losses).collect())
    }
}

/// The largest loss, at least zero, and the first scenario that has it; without a loss one past the last.
fn worst(pnl: &[f64]) -> (f64, usize) {
    let none = (0.0, pnl.len());
    pnl.iter().enumerate().fold(
        none,
        |worst, (at, pnl)| {
            if 0.0 - pnl > worst.0 { (0.0 - pnl, at) } else { worst }
        },
    )
}

fn binding<'p>(parts: &[(&'p DayMarket<'_>, Pnl)]) -> Option<Cow<'p, str>> {
    venue::joined(parts.iter().map(|(market, pnl)| market.texts[worst(pnl).1].as_str()))
}
