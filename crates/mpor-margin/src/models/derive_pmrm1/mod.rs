//! Derive's first Portfolio Margin Risk Manager: worst loss over a grid of spot and volatility, with a discount of what is owned and static contingencies.
//!
//! ```text
//! maintenance = -worst + static                       (what Derive states, turned around:
//! initial     = (-worst + static) im_factor            requirement = mtm + cash - margin)
//! ```
//!
//! each market on its own, the markets added; the arithmetic is in [`assessment`], what is shared by all accounts in [`units`].
//!
//! Source: rules of derivexyz/v2-core at 7736900d (2026-01-21) and parameters of derivexyz/v2-scripts at a27b06a (2025-12-08), restated as
//! formulas; checked against published test portfolios of the venue and computed cases.
//! Assumes on a margin date of history: every feed at full confidence, cash coin at one USD, no cash and no unrealised P&L
//! in the perpetual (requirements come on top of mark-to-market value). Inside the last half hour the part of the
//! settlement average that has passed is taken at today's forward. Coin-settled contracts, which the venue does not list, count as the coins they
//! stand for. Says nothing about interest, funding or the size of an account: there is no concentration rule.

pub mod assessment;
pub mod parameters;
pub mod units;

mod report;

use std::collections::BTreeMap;

use mpor_core::Portfolio;
use mpor_risk::Day;
use serde::Deserialize;
use toml::Table;

use crate::catalog::{KindInfo, Parameter, Size};
use crate::error::MarginError;
use crate::held::Held;
use crate::model::{MarginModel, MarginReport, Prepared};
use crate::parse;

pub use super::derive::{DeriveExpiry, DeriveMarket, DeriveOption};
pub use assessment::{Pmrm1Assessment, Pmrm1Book, Pmrm1ExpiryAssessment, StaticContingency};
pub use parameters::Pmrm1Parameters;
pub use units::{Pmrm1Terms, Pmrm1Units};

use super::derive::day::{Draft, Futures, Listing, Slot, Taken};

pub(crate) const INFO: KindInfo = KindInfo {
    id: "derive-pmrm1",
    summary: "Derive portfolio margin 1: scenarios of spot and volatility, basis test and static contingencies",
    source: "rules of derivexyz/v2-core at 7736900d (2026-01-21)",
    size: Size::Proportional,
    parameters: &[
        Parameter::required(
            "coins",
            "{ COIN = { scenarios, .. } }: the markets, as in rules/derive/pmrm1",
        ),
        Parameter::optional(
            "markets",
            "none",
            "{ UNDERLYING = COIN }: a market for an underlying without its own",
        ),
        Parameter::optional(
            "futures",
            "\"refuse\"",
            "dated futures: \"refuse\" or \"as_perpetual\"",
        ),
    ],
    build,
};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    coins: BTreeMap<String, Pmrm1Parameters>,
    #[serde(default)]
    markets: BTreeMap<String, String>,
    #[serde(default)]
    futures: Futures,
}

struct DerivePmrm1 {
    id: String,
    parameters: Parameters,
}

/// One market on one day, valued for everyone.
struct DayMarket<'d> {
    /// The study's underlying.
    underlying: &'d str,
    parameters: Pmrm1Parameters,
    market: DeriveMarket,
    units: Pmrm1Units,
}

struct PreparedPmrm1<'d> {
    held: Held<'d>,
    /// By row of the day.
    slots: Vec<Slot>,
    markets: Vec<DayMarket<'d>>,
}

fn build(name: &str, table: Table) -> Result<Box<dyn MarginModel>, MarginError> {
    let parameters: Parameters = parse::parameters(name, "", table)?;
    for (coin, market) in &parameters.coins {
        market.check().map_err(|(key, problem)| {
            parse::refuse(name, format!("coins.{coin}.{key}"), problem)
        })?;
    }
    parameters.listing().check(name)?;
    Ok(Box::new(DerivePmrm1 { id: name.to_owned(), parameters }))
}

impl Parameters {
    fn listing(&self) -> Listing {
        let all = Taken { options: true, perpetual: true, base: true };
        Listing {
            coins: self.coins.keys().map(|coin| (coin.clone(), all)).collect(),
            markets: self.markets.clone(),
            futures: self.futures,
        }
    }
}

impl MarginModel for DerivePmrm1 {
    fn id(&self) -> &str {
        &self.id
    }

    fn history_steps(&self) -> usize {
        1
    }

    fn prepare<'d>(&self, day: &'d Day<'_>) -> Result<Box<dyn Prepared + 'd>, MarginError> {
        let (slots, drafts) = self.parameters.listing().slots(day)?;
        let mut markets = Vec::with_capacity(drafts.len());
        for Draft { underlying, coin, market, options, .. } in drafts {
            let Some(parameters) = self.parameters.coins.get(&coin).cloned() else { continue };
            let units = Pmrm1Units::new(&parameters, &market, options)?;
            markets.push(DayMarket { underlying, parameters, market, units });
        }
        Ok(Box::new(PreparedPmrm1 { held: Held::new(&self.id, day), slots, markets }))
    }
}

impl Prepared for PreparedPmrm1<'_> {
    fn requirement(&self, portfolio: &Portfolio) -> Result<MarginReport, MarginError> {
        let gross_notional = self.held.gross_notional(portfolio)?;
        let books = self.books(portfolio)?;
        let parts: Vec<(&DayMarket<'_>, Pmrm1Assessment)> = self
            .markets
            .iter()
            .zip(&books)
            .filter(|(_, book)| !book.is_empty())
            .map(|(market, book)| (market, market.assess(book)))
            .collect();
        Ok(report::of_markets(&parts, gross_notional))
    }
}

impl PreparedPmrm1<'_> {
    /// The portfolio taken apart by market.
    fn books(&self, portfolio: &Portfolio) -> Result<Vec<Pmrm1Book>, MarginError> {
        let mut books = vec![Pmrm1Book::default(); self.markets.len()];
        for position in portfolio.positions() {
            let quantity = position.quantity;
            match &self.slots[self.held.row(position.instrument)?] {
                Slot::Option { market, option, coins } => {
                    books[*market].options.push((*option, quantity * coins));
                }
                Slot::Perpetual { market, coins } => books[*market].perp += quantity * coins,
                Slot::Base { .. } if quantity < 0.0 => {
                    let reason = "collateral cannot be short; hold the perpetual short instead";
                    return Err(self.held.not_covered(position.instrument, reason));
                }
                Slot::Base { market, coins } => books[*market].base += quantity * coins,
                Slot::NotCovered(reason) => {
                    return Err(self.held.not_covered(position.instrument, reason.as_str()));
                }
            }
        }
        Ok(books)
    }
}

impl DayMarket<'_> {
    fn assess(&self, book: &Pmrm1Book) -> Pmrm1Assessment {
        Pmrm1Assessment::new(&self.parameters, &self.market, &self.units, book)
    }
}
