//! TIMS, as customer portfolio margin uses it: the worst of ten price points, class by class, with offsets in product groups.
//!
//! ```text
//! requirement = sum over product groups of max( worst loss after offset, sum of minimums )
//! ```
//!
//! The arithmetic is in [`assessment`]. A class is all that is written on one underlying, and nets in full; a product group
//! sets a share of one class's gains against another's losses, point by point. Initial and maintenance margin are the same.
//!
//! Source: OCC's description of customer portfolio margin (ten points and a minimum a series); the moves of equities from a
//! broker's account of them. From memory in the specification: moves of indices, the even spacing of the points, the minimum of
//! $0.375 a unit, the offsets. The rule file says which is which.
//! The requirement is compared with equity that includes the options' value, which is mpor's base. Volatility and time are
//! frozen: a book of pure vega asks for its minimum. Futures and perpetuals move with spot and have no minimum. Says nothing about
//! eligibility, the third level of portfolio groups, concentration or brokers' own additions. Sub-additive: shares of gains are
//! set against losses point by point, and minimums are sums over what is left after netting.

pub mod assessment;

mod day;
mod parameters;

use std::borrow::Cow;

use mpor_core::Portfolio;
use mpor_risk::Day;
use toml::Table;

use crate::catalog::{KindInfo, Parameter, Size};
use crate::component::Component;
use crate::error::MarginError;
use crate::held::Held;
use crate::model::{Amounts, MarginModel, MarginReport, Merging, Prepared, Scratch};
use crate::models::slots::Book;
use crate::models::venue::joined;
use crate::parse;

pub use assessment::{
    ClassAssessment, GroupAssessment, POINTS, TimsClass, TimsOption, TimsUnit, point_name,
};

use day::{DayGroup, TimsDay};
use parameters::Parameters;

pub(crate) const INFO: KindInfo = KindInfo {
    id: "tims",
    summary: "TIMS, customer portfolio margin: worst of ten price points by class, offsets in product groups, minimums",
    source: "OCC, customer portfolio margin; FINRA rule 4210(g)",
    size: Size::Proportional,
    parameters: &[
        Parameter::required("types", "{ TYPE = { down, up } }: largest moves, shares of spot"),
        Parameter::required(
            "classes",
            "{ UNDERLYING | default = { type, leverage, group } }: what each underlying is",
        ),
        Parameter::optional(
            "groups",
            "none",
            "{ GROUP = { offset } }: share of gains set against losses of other classes",
        ),
        Parameter::optional("minimum", "0", "smallest requirement a unit of an option, money"),
    ],
    build,
};

struct Tims {
    id: String,
    parameters: Parameters,
}

struct PreparedTims<'d> {
    held: Held<'d>,
    day: TimsDay<'d>,
}

fn build(name: &str, table: Table) -> Result<Box<dyn MarginModel>, MarginError> {
    let parameters: Parameters = parse::parameters(name, "", table)?;
    parameters.check().map_err(|(key, problem)| parse::refuse(name, key, problem))?;
    Ok(Box::new(Tims { id: name.to_owned(), parameters }))
}

impl MarginModel for Tims {
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
        let (held, prepared) = (Held::new(&self.id, day), day::prepare(&self.parameters, day)?);
        Ok(Box::new(PreparedTims { held, day: prepared }))
    }
}

impl Prepared for PreparedTims<'_> {
    fn requirement(&self, portfolio: &Portfolio) -> Result<MarginReport, MarginError> {
        let gross_notional = self.held.gross_notional(portfolio)?;
        let mut books = Vec::new();
        self.day.slots.fill(&self.held, portfolio, &mut books)?;
        let groups: Vec<_> = self.groups(&books).collect();
        let part = |(group, assessment): &(&DayGroup, GroupAssessment)| {
            let held = group.classes.iter().filter(|&&class| !books[class].is_empty());
            let names: Vec<&str> = held.map(|&class| self.day.classes[class].name).collect();
            component(&group.name, &names, assessment)
        };
        let initial = Component::sum("portfolio margin", groups.iter().map(part).collect());
        let binding = joined(groups.iter().map(|(group, own)| bound(group, own)));
        Ok(MarginReport {
            maintenance: initial.clone(),
            initial,
            binding: binding.map(Cow::into_owned),
            gross_notional,
        })
    }

    fn amounts<'p>(
        &'p self,
        portfolio: &Portfolio,
        Scratch { books, .. }: &mut Scratch,
    ) -> Result<Amounts<'p>, MarginError> {
        self.day.slots.fill(&self.held, portfolio, books)?;
        let mut initial = 0.0;
        let binding = joined(self.groups(books).map(|(group, own)| {
            initial += own.requirement();
            bound(group, &own)
        }));
        Ok(Amounts { initial, maintenance: initial, binding })
    }
}

impl<'d> PreparedTims<'d> {
    /// The groups that the book holds something of, and what they need.
    fn groups<'p, 'b>(
        &'p self,
        books: &'b [Book],
    ) -> impl Iterator<Item = (&'p DayGroup, GroupAssessment)> + use<'p, 'b, 'd> {
        self.day.groups.iter().filter_map(|group| {
            let held = group.classes.iter().filter(|&&class| !books[class].is_empty());
            let class = |&class: &usize| {
                ClassAssessment::new(&self.day.classes[class].units, &books[class])
            };
            let classes: Vec<ClassAssessment> = held.map(class).collect();
            let any = !classes.is_empty();
            any.then(|| (group, GroupAssessment::new(classes, group.offset)))
        })
    }
}

fn component(name: &str, classes: &[&str], assessment: &GroupAssessment) -> Component {
    let point = assessment.worst_point();
    let each = || classes.iter().enumerate();
    let loss = |(class, name): (usize, &&str)| {
        Component::leaf((*name).to_owned(), assessment.loss_of(class, point))
    };
    let minimum = |(class, name): (usize, &&str)| {
        Component::leaf((*name).to_owned(), assessment.classes[class].minimum)
    };
    let parts = vec![
        Component::sum(point_name(point), each().map(loss).collect()),
        Component::sum("minimum", each().map(minimum).collect()),
        Component::leaf("nothing", 0.0),
    ];
    Component::max(name.to_owned(), parts)
}

fn bound<'p>(group: &'p DayGroup, assessment: &GroupAssessment) -> &'p str {
    let point = assessment.worst_point();
    let loss = -assessment.pnl[point];
    let which = if assessment.minimum > loss.max(0.0) {
        POINTS
    } else if loss > 0.0 {
        point
    } else {
        POINTS + 1
    };
    &group.texts[which]
}
