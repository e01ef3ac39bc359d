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
//! **Not sub-additive**: settlement is tried at the strikes held, and a spread brings a strike at which another short loses; the
//! test `models_that_are_not_sub_additive_have_books_that_show_it` holds books that do.

pub mod assessment;
pub mod parameters;
pub mod units;

mod report;

use std::collections::BTreeMap;

use mpor_risk::Day;
use serde::Deserialize;
use toml::Table;

use crate::catalog::{KindInfo, Parameter, Size};
use crate::error::MarginError;
use crate::held::Held;
use crate::model::{Amounts, MarginModel, MarginReport, Merging, Prepared};
use crate::models::by_market::{ByMarket, Market, NotTaken};
use crate::parse;

pub use super::derive::{DeriveBook, DeriveExpiry, DeriveMarket, DeriveOption};
pub use assessment::{NotListed, SrmAssessment, SrmExpiry, SrmLevel};
pub use parameters::{SrmDepeg, SrmParameters};
pub use units::SrmUnits;

use super::derive::day::{Draft, Futures, Listing, Taken};
use super::derive::parameters::{FUTURES, MARKETS, check_markets};

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
        MARKETS,
        FUTURES,
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
    depeg: SrmDepeg,
    parameters: SrmParameters,
    market: DeriveMarket,
    units: SrmUnits,
    /// Names of the expiries, in the market's order.
    expiries: Vec<String>,
}

fn build(name: &str, table: Table) -> Result<Box<dyn MarginModel>, MarginError> {
    let parameters: Parameters = parse::parameters(name, "", table)?;
    parameters.depeg.check().map_err(|(key, problem)| parse::refuse(name, key, problem))?;
    check_markets(name, &parameters.coins, SrmParameters::check)?;
    parameters.listing().check(name)?;
    Ok(Box::new(DeriveSrm { id: name.to_owned(), parameters }))
}

impl Parameters {
    fn listing(&self) -> Listing {
        let taken = |_: &str, own: &SrmParameters| Taken {
            options: own.option.is_some(),
            perpetual: own.perp.is_some(),
            base: own.base.is_some(),
        };
        Listing::new(&self.coins, &self.markets, self.futures, taken)
    }
}

impl MarginModel for DeriveSrm {
    fn id(&self) -> &str {
        &self.id
    }

    fn history_steps(&self) -> usize {
        1
    }

    fn merging(&self) -> Merging {
        Merging::MayBeMore
    }

    fn prepare<'d>(&self, day: &'d Day<'_>) -> Result<Box<dyn Prepared + 'd>, MarginError> {
        let (slots, drafts) = self.parameters.listing().slots(day)?;
        let mut markets = Vec::with_capacity(drafts.len());
        for Draft { underlying, coin, market, options, .. } in drafts {
            let Some(parameters) = self.parameters.coins.get(&coin).copied() else { continue };
            let units = SrmUnits::new(&parameters, &market, options)?;
            let expiries = market.expiries.iter().map(report::expiry_name).collect();
            let depeg = self.parameters.depeg;
            markets.push(DayMarket { underlying, depeg, parameters, market, units, expiries });
        }
        Ok(Box::new(ByMarket { held: Held::new(&self.id, day), slots, markets }))
    }
}

impl Market for DayMarket<'_> {
    type Assessment = SrmAssessment;

    fn assess(&self, book: &[(usize, f64)]) -> Result<SrmAssessment, NotTaken> {
        let DayMarket { depeg, parameters, market, units, .. } = self;
        let book = DeriveBook::of_slots(book);
        SrmAssessment::new(parameters, depeg, market, units, &book).map_err(|NotListed(what)| {
            let reason = format!("its market lists no {what}");
            NotTaken { instrument: self.underlying.to_owned(), reason }
        })
    }

    fn report(parts: &[(&Self, SrmAssessment)], gross_notional: f64) -> MarginReport {
        report::of_markets(parts, gross_notional)
    }

    fn amounts<'p>(parts: &[(&'p Self, SrmAssessment)]) -> Amounts<'p> {
        report::amounts(parts)
    }
}
