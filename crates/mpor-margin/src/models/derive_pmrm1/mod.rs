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
//! Sub-additive: every term is a worst case of sums, a share of gross positions, or a discount of what is owned.

pub mod assessment;
pub mod parameters;
pub mod units;

mod report;

use mpor_risk::Day;
use toml::Table;

use crate::catalog::{KindInfo, Parameter, Size};
use crate::error::MarginError;
use crate::held::Held;
use crate::model::{Amounts, MarginModel, MarginReport, Merging, Prepared};
use crate::models::by_market::{ByMarket, Market, NotTaken};
use crate::parse;

pub use super::derive::{DeriveBook, DeriveExpiry, DeriveMarket, DeriveOption};
pub use assessment::{Pmrm1Assessment, Pmrm1ExpiryAssessment, StaticContingency};
pub use parameters::Pmrm1Parameters;
pub use units::{Pmrm1Terms, Pmrm1Units};

use super::derive;
use super::derive::day::{Draft, Taken};
use super::derive::parameters::{FUTURES, MARKETS, ManagerParameters, check_markets};

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
        MARKETS,
        FUTURES,
    ],
    build,
};

type Parameters = ManagerParameters<Pmrm1Parameters>;

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
    /// What can bind: the scenarios, the basis test, that nothing loses.
    texts: Vec<String>,
}

fn build(name: &str, table: Table) -> Result<Box<dyn MarginModel>, MarginError> {
    let parameters: Parameters = parse::parameters(name, "", table)?;
    check_markets(name, &parameters.coins, Pmrm1Parameters::check)?;
    parameters.listing(all).check(name)?;
    Ok(Box::new(DerivePmrm1 { id: name.to_owned(), parameters }))
}

/// Every market takes options, its perpetual and its coin.
fn all(_: &str, _: &Pmrm1Parameters) -> Taken {
    Taken { options: true, perpetual: true, base: true }
}

impl MarginModel for DerivePmrm1 {
    fn id(&self) -> &str {
        &self.id
    }

    fn history_steps(&self) -> usize {
        1
    }

    fn merging(&self) -> Merging {
        // A value that counts for more than it is worth would be lost by netting it.
        let mut coins = self.parameters.coins.values();
        let all_discount = coins.all(|own| own.margin.base_static_discount <= 1.0);
        if all_discount { Merging::NeverMore } else { Merging::MayBeMore }
    }

    fn prepare<'d>(&self, day: &'d Day<'_>) -> Result<Box<dyn Prepared + 'd>, MarginError> {
        let (slots, drafts) = self.parameters.listing(all).slots(day)?;
        let mut markets = Vec::with_capacity(drafts.len());
        for Draft { underlying, coin, market, options, .. } in drafts {
            let Some(parameters) = self.parameters.coins.get(&coin).cloned() else { continue };
            let units = Pmrm1Units::new(&parameters, &market, options)?;
            let texts = derive::bindings(underlying, &parameters.scenarios);
            markets.push(DayMarket { underlying, parameters, market, units, texts });
        }
        Ok(Box::new(ByMarket { held: Held::new(&self.id, day), slots, markets }))
    }
}

impl Market for DayMarket<'_> {
    type Assessment = Pmrm1Assessment;

    fn assess(&self, book: &[(usize, f64)]) -> Result<Pmrm1Assessment, NotTaken> {
        let book = DeriveBook::of_slots(book);
        Ok(Pmrm1Assessment::new(&self.parameters, &self.market, &self.units, &book))
    }

    fn report(parts: &[(&Self, Pmrm1Assessment)], gross_notional: f64) -> MarginReport {
        report::of_markets(parts, gross_notional)
    }

    fn amounts<'p>(parts: &[(&'p Self, Pmrm1Assessment)]) -> Amounts<'p> {
        report::amounts(parts)
    }
}
