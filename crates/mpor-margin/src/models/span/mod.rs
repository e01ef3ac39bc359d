//! SPAN: scan risk over sixteen scenarios, charges for spreads and delivery, credits between commodities, a short option minimum.
//!
//! ```text
//! requirement against cash = max( 0, risk - net option value )          (what the exchange states)
//! on top of value          = max( risk, net option value ),             maintenance
//! initial                  = max( ratio risk, net option value )
//! ```
//!
//! The arithmetic of a book is in [`assessment`], that of a contract in [`mod@array`]. Risk arrays are computed once a day from the
//! scan ranges, or given: `commodities.X.contracts` holds arrays by instrument, such as those that [`spn`] reads from an exchange's file.
//!
//! Source: CME, "Components of SPAN" and the layouts on its pubspan pages (scenarios, their order, look-ahead, scan-range
//! settings of the inter-commodity credit); the form of the credit after an open implementation of KDPW's calculator; the
//! treatment of option value after one of NSCCL's.
//! From memory in the specification: weights of the composite delta, split of the spot charge, the short option methods.
//! On a margin date of history a range stated as a share of spot moves with spot; the exchange changes its files when it sees fit.
//! What has no expiry (spot, perpetuals) has delta one in tier 0. Says nothing about delivery margins, per-month charge
//! methods, weekends in the look-ahead or the rounding of published arrays.
//! **Not sub-additive**: deltas of options that net form other spreads than each book did; the test
//! `models_that_are_not_sub_additive_have_books_that_show_it` holds books that show it.

pub mod array;
pub mod assessment;
pub mod spn;

mod day;
mod parameters;
mod report;

use mpor_core::Portfolio;
use mpor_risk::Day;
use toml::Table;

use crate::catalog::{KindInfo, Parameter, Size};
use crate::error::MarginError;
use crate::held::Held;
use crate::model::{Amounts, MarginModel, MarginReport, Merging, Prepared, Scratch};
use crate::models::slots::Book;
use crate::parse;

pub use array::{RiskArray, SCENARIOS, ScanRange, SpanOption, VolRange};
pub use assessment::{
    CommodityAssessment, InterSpread, IntraSpread, Order, PriceRisk, ShortOptionMethod, Side,
    SpanAssessment, SpanTerms, SpanUnit, SpotMonth, SpreadLeg,
};

use day::{DayCommodity, SpanDay};
use parameters::Parameters;

pub(crate) const INFO: KindInfo = KindInfo {
    id: "span",
    summary: "SPAN: sixteen scenarios a commodity, spread and spot-month charges, inter-commodity credits, short option minimum",
    source: "CME, \"Components of SPAN\" and pubspan file layouts; credits after KDPW, option value after NSCCL",
    size: Size::Proportional,
    parameters: &[
        Parameter::required(
            "commodities",
            "{ UNDERLYING | default = { price_range, vol_range, extreme, .. } }: as in rules/generic/span",
        ),
        Parameter::optional(
            "inter_spreads",
            "none",
            "[{ legs = [{ commodity, side, ratio }], credit }] in the order of their priority",
        ),
        Parameter::optional(
            "price_risk",
            "\"scanrange_cap\"",
            "price risk per delta: \"normal\", \"scanrange\" or \"scanrange_cap\"",
        ),
        Parameter::optional(
            "order",
            "\"commodity\"",
            "\"commodity\": credits before the minimum; \"account\": after it, over all",
        ),
        Parameter::optional("initial", "1", "initial margin as a multiple of maintenance risk"),
        Parameter::optional(
            "markets",
            "none",
            "{ UNDERLYING = COMMODITY }: parameters for an underlying without its own",
        ),
    ],
    build,
};

struct Span {
    id: String,
    parameters: Parameters,
}

struct PreparedSpan<'d> {
    held: Held<'d>,
    day: SpanDay<'d>,
    price_risk: PriceRisk,
    order: Order,
    initial: f64,
}

fn build(name: &str, table: Table) -> Result<Box<dyn MarginModel>, MarginError> {
    let parameters: Parameters = parse::parameters(name, "", table)?;
    parameters.check().map_err(|(key, problem)| parse::refuse(name, key, problem))?;
    Ok(Box::new(Span { id: name.to_owned(), parameters }))
}

impl MarginModel for Span {
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
        let (held, prepared) = (Held::new(&self.id, day), day::prepare(&self.parameters, day)?);
        let Parameters { price_risk, order, initial, .. } = self.parameters;
        Ok(Box::new(PreparedSpan { held, day: prepared, price_risk, order, initial }))
    }
}

impl Prepared for PreparedSpan<'_> {
    fn requirement(&self, portfolio: &Portfolio) -> Result<MarginReport, MarginError> {
        let gross_notional = self.held.gross_notional(portfolio)?;
        let (held, assessment) = self.assess(portfolio, &mut Vec::new())?;
        Ok(report::of_account(&held, &assessment, self.order, self.initial, gross_notional))
    }

    fn amounts<'p>(
        &'p self,
        portfolio: &Portfolio,
        scratch: &mut Scratch,
    ) -> Result<Amounts<'p>, MarginError> {
        let (held, assessment) = self.assess(portfolio, &mut scratch.books)?;
        Ok(report::amounts(&held, &assessment, self.order, self.initial))
    }
}

impl<'d> PreparedSpan<'d> {
    /// The commodities that the book holds something of, and what they need together.
    fn assess(
        &self,
        portfolio: &Portfolio,
        books: &mut Vec<Book>,
    ) -> Result<(Vec<&DayCommodity<'d>>, SpanAssessment), MarginError> {
        self.day.slots.fill(&self.held, portfolio, books)?;
        let held: Vec<usize> = (0..books.len()).filter(|&own| !books[own].is_empty()).collect();
        let commodity = |&own: &usize| &self.day.commodities[own];
        let own = |at: &usize| {
            let DayCommodity { terms, units, .. } = commodity(at);
            CommodityAssessment::new(terms, self.price_risk, units, &books[*at])
        };
        let spreads = self.spreads_of(&held);
        let assessment = SpanAssessment::new(held.iter().map(own).collect(), &spreads, self.order);
        Ok((held.iter().map(commodity).collect(), assessment))
    }

    /// The spreads all of whose commodities are in the book, with positions among those.
    fn spreads_of(&self, held: &[usize]) -> Vec<InterSpread> {
        let leg = |leg: &SpreadLeg| {
            let of = held.iter().position(|&own| own == leg.of)?;
            Some(SpreadLeg { of, ..*leg })
        };
        let spread = |spread: &InterSpread| {
            let legs: Option<Vec<SpreadLeg>> = spread.legs.iter().map(leg).collect();
            Some(InterSpread { legs: legs?, credit_rate: spread.credit_rate })
        };
        self.day.spreads.iter().filter_map(spread).collect()
    }
}
