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
//! **Not sub-additive**: in a skew scenario an expiry's gain counts as a loss; the test
//! `models_that_are_not_sub_additive_have_books_that_show_it` holds books that show it.

pub mod assessment;
pub mod book;
pub mod parameters;
pub mod units;

mod day;
mod report;

use mpor_risk::Day;
use toml::Table;

use crate::catalog::{KindInfo, Parameter, Size};
use crate::error::MarginError;
use crate::held::Held;
use crate::model::{MarginModel, Merging, Prepared};
use crate::models::by_market::ByMarket;
use crate::parse;

pub use assessment::{
    Contingency, ExpiryAssessment, PmrmAssessment, PmrmBinding, UnknownCollateral,
};
pub use book::{PmrmBook, PmrmHolding};
pub use parameters::PmrmParameters;
pub use units::{ExpiryTerms, PmrmUnits};

pub use super::derive::{DeriveExpiry, DeriveMarket, DeriveOption};

use super::derive::day::Taken;
use super::derive::parameters::{FUTURES, MARKETS, ManagerParameters, check_markets};

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
        MARKETS,
        FUTURES,
    ],
    build,
};

type Parameters = ManagerParameters<PmrmParameters>;

struct DerivePmrm2 {
    id: String,
    parameters: Parameters,
}

fn build(name: &str, table: Table) -> Result<Box<dyn MarginModel>, MarginError> {
    let parameters: Parameters = parse::parameters(name, "", table)?;
    check_markets(name, &parameters.coins, PmrmParameters::check)?;
    parameters.listing(taken).check(name)?;
    Ok(Box::new(DerivePmrm2 { id: name.to_owned(), parameters }))
}

/// Every market takes options and its perpetual, and its coin where that is a collateral.
fn taken(coin: &str, own: &PmrmParameters) -> Taken {
    Taken { options: true, perpetual: true, base: own.collaterals.contains_key(coin) }
}

impl MarginModel for DerivePmrm2 {
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
        let (slots, markets) = day::markets(&self.parameters, day)?;
        Ok(Box::new(ByMarket { held: Held::new(&self.id, day), slots, markets }))
    }
}
