//! Derive's Portfolio Margin Risk Manager 2: worst loss over a fixed list of scenarios, with static discounts and contingencies.
//!
//! ```text
//! initial     = -worst im_factor + MM contingencies + IM contingencies          (what Derive states, turned around:
//! maintenance = -worst mm_factor + MM contingencies                              requirement = mtm + cash - margin)
//! ```
//!
//! each market on its own, the markets added; the arithmetic is in [`assessment`], what is shared by all accounts in [`units`].
//!
//! Source: rules of derivexyz/v2-core at 7736900d (2026-01-21) and parameters of derivexyz/v2-scripts at a27b06a (2025-12-08), restated as
//! formulas; checked against published test portfolios of the venue and computed cases.
//! Assumes on a margin date of history: every feed at full confidence, cash coin at one USD, no cash and no unrealised P&L
//! in the perpetual (requirements come on top of mark-to-market value). Inside the last half hour the part of the
//! settlement average that has passed is taken at today's forward. Coin-settled contracts, which the venue does not list, count as the coins they
//! stand for. Says nothing about interest, funding or the size of an account: PMRM 2 has no concentration rule.

pub mod assessment;
pub mod book;
pub mod parameters;
pub mod units;

mod day;
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

pub use assessment::{
    Contingency, ExpiryAssessment, PmrmAssessment, PmrmBinding, UnknownCollateral,
};
pub use book::{PmrmBook, PmrmHolding};
pub use parameters::PmrmParameters;
pub use units::{ExpiryTerms, PmrmUnits};

pub use super::derive::{DeriveExpiry, DeriveMarket, DeriveOption};

use super::derive::day::{Futures, Listing, Slot, Taken};
use day::DayMarket;

pub(crate) const INFO: KindInfo = KindInfo {
    id: "derive-pmrm2",
    summary: "Derive portfolio margin 2: scenarios with dampened tails, skew, basis test and contingencies",
    source: "rules of derivexyz/v2-core at 7736900d (2026-01-21)",
    size: Size::Proportional,
    parameters: &[
        Parameter::required(
            "coins",
            "{ COIN = { scenarios, .. } }: the markets, as in rules/derive/pmrm2",
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
    coins: BTreeMap<String, PmrmParameters>,
    #[serde(default)]
    markets: BTreeMap<String, String>,
    #[serde(default)]
    futures: Futures,
}

struct DerivePmrm2 {
    id: String,
    parameters: Parameters,
}

struct PreparedPmrm2<'d> {
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
    Ok(Box::new(DerivePmrm2 { id: name.to_owned(), parameters }))
}

impl Parameters {
    fn listing(&self) -> Listing {
        let taken = |(coin, own): (&String, &PmrmParameters)| {
            let base = own.collaterals.contains_key(coin);
            (coin.clone(), Taken { options: true, perpetual: true, base })
        };
        Listing {
            coins: self.coins.iter().map(taken).collect(),
            markets: self.markets.clone(),
            futures: self.futures,
        }
    }
}

impl MarginModel for DerivePmrm2 {
    fn id(&self) -> &str {
        &self.id
    }

    fn history_steps(&self) -> usize {
        1
    }

    fn prepare<'d>(&self, day: &'d Day<'_>) -> Result<Box<dyn Prepared + 'd>, MarginError> {
        let (slots, markets) = day::markets(&self.parameters, day)?;
        Ok(Box::new(PreparedPmrm2 { held: Held::new(&self.id, day), slots, markets }))
    }
}

impl Prepared for PreparedPmrm2<'_> {
    fn requirement(&self, portfolio: &Portfolio) -> Result<MarginReport, MarginError> {
        let gross_notional = self.held.gross_notional(portfolio)?;
        let mut books = vec![PmrmBook::default(); self.markets.len()];
        for position in portfolio.positions() {
            let row = self.held.row(position.instrument)?;
            let quantity = position.quantity;
            match &self.slots[row] {
                Slot::Option { market, option, coins } => {
                    books[*market].options.push((*option, quantity * coins));
                }
                Slot::Perpetual { market, coins } => books[*market].perp += quantity * coins,
                Slot::Base { .. } if quantity < 0.0 => {
                    let reason = "collateral cannot be short; hold the perpetual short instead";
                    return Err(self.held.not_covered(position.instrument, reason));
                }
                Slot::Base { market, coins } => {
                    books[*market].collaterals.push(self.markets[*market].posted(quantity * coins));
                }
                Slot::NotCovered(reason) => {
                    return Err(self.held.not_covered(position.instrument, reason.as_str()));
                }
            }
        }
        let mut parts = Vec::new();
        for (market, book) in self.markets.iter().zip(&books).filter(|(_, book)| !book.is_empty()) {
            let assessment = market.assess(book).map_err(|unknown| MarginError::NotCovered {
                model: self.held.model().to_owned(),
                instrument: unknown.0,
                reason: format!("the market of `{}` does not accept it", market.underlying),
            })?;
            parts.push((market, assessment));
        }
        Ok(report::of_markets(&parts, gross_notional))
    }
}
