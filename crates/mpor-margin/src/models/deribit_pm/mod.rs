//! Deribit's portfolio margin, as far as it is public: the worst cell of a risk matrix with an extended table, roll and delta shock.
//!
//! ```text
//! risk matrix = worst cell + roll shock + delta shock ( + contingencies of the versions before 2024 )
//! initial     = risk matrix margin x index,    maintenance = mm_factor x initial
//! ```
//!
//! each currency on its own, the currencies added; the arithmetic is in [`assessment`], what is shared by all accounts in [`units`].
//!
//! Source: Deribit's API documentation of `public/pme/get_params` and `private/pme/simulate`, and secondary accounts of the rest. **Exact** for
//! futures and perpetuals: matrix, extended table, gain offset, short roll and levels reproduce two published accounts. **Style**: how
//! options are revalued, the size of the dampener, the delta shock and the roll of long expiries rest on secondary sources and on
//! choices made here, no public account with options confirms them. **Not known**, and a line of the breakdown at zero: the correlation
//! contingency. Versions before 2024 are from secondary sources throughout.
//! Assumes segregated accounts: currencies do not offset each other, so `pnl_offset` does not bite. Cash-settled contracts count in the
//! currency of their coin, their P&L turned into coin at the shocked price; spot moves with the matrix and pays no roll. Says nothing
//! about open orders, market-maker protection and collateral haircuts.
//! **Not sub-additive**: the delta shock grows with the square of the delta and the dampener forgives once a book;
//! the test `models_that_are_not_sub_additive_have_books_that_show_it` holds books that show it.

pub mod assessment;
pub mod parameters;
pub mod units;

mod day;
mod report;

use std::collections::BTreeMap;

use mpor_risk::Day;
use serde::Deserialize;
use toml::Table;

use crate::catalog::{KindInfo, Parameter, Size};
use crate::error::MarginError;
use crate::held::Held;
use crate::model::{MarginModel, Merging, Prepared};
use crate::models::by_market::ByMarket;
use crate::parse;

pub use assessment::{DeribitAssessment, DeribitCell, DeribitRoll, aggregated};
pub use parameters::DeribitParameters;
pub use units::DeribitUnits;

pub(crate) const INFO: KindInfo = KindInfo {
    id: "deribit-pm-style",
    summary: "Deribit portfolio margin, in the style of: risk matrix with extended table, roll and delta shock",
    source: "Deribit's API documentation of pme/get_params and pme/simulate; secondary for options, dampener and delta shock",
    size: Size::Dependent,
    parameters: &[
        Parameter::required(
            "coins",
            "{ COIN = { price_range, .. } }: the currencies, as in rules/deribit/pm-style",
        ),
        Parameter::optional(
            "markets",
            "none",
            "{ UNDERLYING = COIN }: a currency for an underlying without its own",
        ),
    ],
    build,
};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    coins: BTreeMap<String, DeribitParameters>,
    #[serde(default)]
    markets: BTreeMap<String, String>,
}

struct DeribitPm {
    id: String,
    parameters: Parameters,
}

fn build(name: &str, table: Table) -> Result<Box<dyn MarginModel>, MarginError> {
    let parameters: Parameters = parse::parameters(name, "", table)?;
    for (coin, own) in &parameters.coins {
        own.check().map_err(|(key, problem)| {
            parse::refuse(name, format!("coins.{coin}.{key}"), problem)
        })?;
    }
    for (underlying, coin) in &parameters.markets {
        if !parameters.coins.contains_key(coin) {
            let known = parameters.known();
            let problem =
                format!("is `{coin}`, which is not a currency of these rules; known: {known}");
            return Err(parse::refuse(name, format!("markets.{underlying}"), problem));
        }
    }
    Ok(Box::new(DeribitPm { id: name.to_owned(), parameters }))
}

impl Parameters {
    /// The currency for an underlying, by name or by the study's map.
    fn of(&self, underlying: &str) -> Option<&DeribitParameters> {
        self.coins.get(self.markets.get(underlying).map_or(underlying, String::as_str))
    }

    fn known(&self) -> String {
        self.coins.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
    }
}

impl MarginModel for DeribitPm {
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
