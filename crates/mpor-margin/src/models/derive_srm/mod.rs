//! Derive's Standard Manager: perpetuals and coins by percentage, options of an expiry by the cheaper of each short on its own and their worst settlement together.
//!
//! ```text
//! requirement = mtm + cash - margin            (Derive states what is left; the requirement comes on top of mark-to-market value)
//! ```
//!
//! at both levels, each market on its own, the markets added; the arithmetic is in [`assessment`], what is shared by all accounts
//! in [`units`]. Since a long option counts for nothing, the requirement contains its value.
//!
//! Source: rules of derivexyz/v2-core at 7736900d (2026-01-21) and parameters of derivexyz/v2-scripts at a27b06a (2025-12-08), restated as
//! formulas; checked against published test portfolios of the venue and computed cases.
//! Assumes on a margin date of history: every feed at full confidence, cash coin at one USD, no cash and no unrealised P&L
//! in the perpetual. Coin-settled contracts, which the venue does not list, count as the coins they stand for. Says nothing
//! about interest, funding or the size of an account: there is no concentration rule, and no offset between markets, expiries
//! or an option and its underlying.

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
pub use assessment::{NotListed, SrmAssessment, SrmBook, SrmExpiry, SrmLevel};
pub use parameters::{SrmDepeg, SrmParameters};
pub use units::SrmUnits;

use super::derive::day::{Draft, Futures, Listing, Slot, Taken};

pub(crate) const INFO: KindInfo = KindInfo {
    id: "derive-srm",
    summary: "Derive standard margin: percentages, and per expiry the cheaper of isolated shorts and worst settlement",
    source: "rules of derivexyz/v2-core at 7736900d (2026-01-21)",
    size: Size::Proportional,
    parameters: &[
        Parameter::required(
            "depeg",
            "{ threshold, factor }: price of the cash coin in USD, share of spot per unit below",
        ),
        Parameter::required(
            "coins",
            "{ COIN = { perp, option, base, oracle_contingency } }: the markets, as in rules/derive/srm",
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
    depeg: SrmDepeg,
    coins: BTreeMap<String, SrmParameters>,
    #[serde(default)]
    markets: BTreeMap<String, String>,
    #[serde(default)]
    futures: Futures,
}

struct DeriveSrm {
    id: String,
    parameters: Parameters,
}

/// One market on one day, valued for everyone.
struct DayMarket<'d> {
    /// The study's underlying.
    underlying: &'d str,
    parameters: SrmParameters,
    market: DeriveMarket,
    units: SrmUnits,
}

struct PreparedSrm<'d> {
    held: Held<'d>,
    depeg: SrmDepeg,
    /// By row of the day.
    slots: Vec<Slot>,
    markets: Vec<DayMarket<'d>>,
}

fn build(name: &str, table: Table) -> Result<Box<dyn MarginModel>, MarginError> {
    let parameters: Parameters = parse::parameters(name, "", table)?;
    parameters.depeg.check().map_err(|(key, problem)| parse::refuse(name, key, problem))?;
    for (coin, market) in &parameters.coins {
        market.check().map_err(|(key, problem)| {
            parse::refuse(name, format!("coins.{coin}.{key}"), problem)
        })?;
    }
    parameters.listing().check(name)?;
    Ok(Box::new(DeriveSrm { id: name.to_owned(), parameters }))
}

impl Parameters {
    fn listing(&self) -> Listing {
        let taken = |(coin, own): (&String, &SrmParameters)| {
            let taken = Taken {
                options: own.option.is_some(),
                perpetual: own.perp.is_some(),
                base: own.base.is_some(),
            };
            (coin.clone(), taken)
        };
        Listing {
            coins: self.coins.iter().map(taken).collect(),
            markets: self.markets.clone(),
            futures: self.futures,
        }
    }
}

impl MarginModel for DeriveSrm {
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
            let Some(parameters) = self.parameters.coins.get(&coin).copied() else { continue };
            let units = SrmUnits::new(&parameters, &market, options)?;
            markets.push(DayMarket { underlying, parameters, market, units });
        }
        let (held, depeg) = (Held::new(&self.id, day), self.parameters.depeg);
        Ok(Box::new(PreparedSrm { held, depeg, slots, markets }))
    }
}

impl Prepared for PreparedSrm<'_> {
    fn requirement(&self, portfolio: &Portfolio) -> Result<MarginReport, MarginError> {
        let gross_notional = self.held.gross_notional(portfolio)?;
        let books = self.books(portfolio)?;
        let mut parts = Vec::new();
        for (market, book) in self.markets.iter().zip(&books).filter(|(_, book)| !book.is_empty()) {
            let DayMarket { underlying, parameters, market: state, units } = market;
            let assessment = SrmAssessment::new(parameters, &self.depeg, state, units, book);
            let assessment = assessment.map_err(|NotListed(what)| MarginError::NotCovered {
                model: self.held.model().to_owned(),
                instrument: (*underlying).to_owned(),
                reason: format!("its market lists no {what}"),
            })?;
            parts.push((market, assessment));
        }
        Ok(report::of_markets(&parts, gross_notional))
    }
}

impl PreparedSrm<'_> {
    /// The portfolio taken apart by market.
    fn books(&self, portfolio: &Portfolio) -> Result<Vec<SrmBook>, MarginError> {
        let mut books = vec![SrmBook::default(); self.markets.len()];
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
