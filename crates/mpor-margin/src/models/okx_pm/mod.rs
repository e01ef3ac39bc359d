//! OKX's portfolio margin without the modules whose formula is not public: MR1, MR2, MR4, MR6, MR7, and of an account MR8 and MR9.
//!
//! ```text
//! maintenance of a risk unit = max( max(MR1, MR2, MR6) + MR4, MR7 ),   initial = 1.3 x maintenance
//! ```
//!
//! one risk unit an underlying, the units added; the arithmetic is in [`assessment`], what is shared by all accounts in [`units`].
//!
//! Source: OKX's help articles and announcements of 2021 to 2025, and the example of its position-builder endpoint of
//! 2025-01-15. **Exact** for spot, futures and perpetuals: MR1, MR4, MR6, MR7 and both levels reproduce the two published risk
//! units. **Style**: everything about options (the volatility moves of MR1 by tenor, MR2, their costs in MR7) rests on secondary
//! sources and on choices made here; whether spot hedges pay MR4 is not settled. **Out**, and lines of the breakdown at zero: MR3
//! (vega across expiries) and MR5 (rates).
//! Assumes on a margin date: quote coins at par, no borrowing (MR8) and no cash (MR9), both lines at zero; coin-settled contracts
//! count with the USD P&L of the coins they stand for. Options without interest. Says nothing about open orders.
//! **Not sub-additive**: the minimum charge rises by tiers of the whole book; the test
//! `models_that_are_not_sub_additive_have_books_that_show_it` holds books that show it.

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

pub use assessment::{OkxAccount, OkxAssessment, OkxBasis, OkxBinding, OkxStablecoin};
pub use parameters::OkxParameters;
pub use units::OkxUnits;

pub(crate) const INFO: KindInfo = KindInfo {
    id: "okx-pm-style",
    summary: "OKX portfolio margin, in the style of: modules MR1, MR2, MR4, MR6, MR7; MR3 and MR5 are not known",
    source: "OKX's help articles, announcements and position-builder example of 2025-01-15; secondary for options",
    size: Size::Dependent,
    parameters: &[
        Parameter::required(
            "classes",
            "{ CLASS = { spot_moves, .. } }: the classes of underlyings, as in rules/okx/pm-style",
        ),
        Parameter::required("coins", "{ UNDERLYING = CLASS }: the class of each underlying"),
    ],
    build,
};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    classes: BTreeMap<String, OkxParameters>,
    coins: BTreeMap<String, String>,
}

struct OkxPm {
    id: String,
    parameters: Parameters,
}

fn build(name: &str, table: Table) -> Result<Box<dyn MarginModel>, MarginError> {
    let parameters: Parameters = parse::parameters(name, "", table)?;
    for (class, own) in &parameters.classes {
        own.check().map_err(|(key, problem)| {
            parse::refuse(name, format!("classes.{class}.{key}"), problem)
        })?;
    }
    for (coin, class) in &parameters.coins {
        if !parameters.classes.contains_key(class) {
            let known = parameters.known();
            let problem =
                format!("is `{class}`, which is not a class of these rules; known: {known}");
            return Err(parse::refuse(name, format!("coins.{coin}"), problem));
        }
    }
    Ok(Box::new(OkxPm { id: name.to_owned(), parameters }))
}

impl Parameters {
    /// The parameters of an underlying's class.
    fn of(&self, underlying: &str) -> Option<&OkxParameters> {
        self.classes.get(self.coins.get(underlying)?)
    }

    fn known(&self) -> String {
        self.classes.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
    }
}

impl MarginModel for OkxPm {
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
        let (slots, markets) = day::risk_units(&self.parameters, day)?;
        Ok(Box::new(ByMarket { held: Held::new(&self.id, day), slots, markets }))
    }
}
