//! Clearing houses' simulation models: risk measures over scenario sets, group by group, with what is kept of diversification,
//! stress of dependence, and what it costs to close out.
//!
//! ```text
//! measure   v_b = VaR, ES or mean of the k worst losses of sub-sample b (all scenarios, or every m-th of m-step moves)
//!           cb_b = clamp( share x mean over sub-windows of (v - v_b)^+, floor v_b, cap v_b )          correlation break
//!           measure = weight x max( scale x mean_b (v_b + cb_b), 0 )
//! R(g)      the sum of the measures, or the largest, on the P&L of the underlyings of group g together
//! market    max( R, c R + (1 - c) sum_u R(u) )  +  stress share x max( 0, R' - R over dependences, R'' - R )
//! R'        with the scenarios of each underlying in the order of its own move (perfect dependence), or shuffled (independence)
//! R''       sum of R(u) of the largest underlyings and R of the rest, at a level of their own            concentration
//! group     market + sum_u ( half_spread x notional_u + rate x (notional_u - threshold)^+ )
//!           a group of long options only: at most their value
//! initial   sum over groups
//! ```
//!
//! Scenarios are full revaluations of the book ([`mpor_risk::revalue`]): filtered, bucketed, stress periods, copula draws,
//! grids. Adding a clearing house is adding a rule file; `eurex/prisma-style`, `lch/pairs-style`, `cme/span2-style`,
//! `ice/irm2-style`, `occ/stans-style` and `jscc/hs-var-style` are such files.
//!
//! Source: what the houses publish of PRISMA (margin estimator's schema, circulars), PAIRS, SPAN 2, Risk Model 2, STANS (Federal
//! Register) and JSCC's HS-VaR: components, seldom formulas. What is ours is said in each file's notes, and what is left out
//! is a node of zero in the breakdown. The margin period is the study's, not the house's own, which rule files state where it
//! is known and a run compares: the houses publish no rule by which one could be scaled to the other. A stress period counts from
//! the day on which it is known, and the measure's name says how many of those listed are. Reordering scenarios keeps what
//! happens inside an underlying (price, volatility, carry) together. A negative figure counts as zero, measure by measure,
//! so that what gains in stress pays for nothing.
//!
//! Not sub-additive where it reads a VaR: at 99 % of 1,000 scenarios, two books that each lose 100 in seven scenarios of their
//! own need nothing, and together, with fourteen, 100. Nor with a correlation break or a stress of dependence. ES and the
//! mean of the worst alone are.

mod assessment;
mod day;
mod parameters;

use std::borrow::Cow;

use mpor_core::{Portfolio, Span};
use mpor_risk::Day;
use toml::Table;

use crate::arithmetic::Arithmetic;
use crate::catalog::{KindInfo, Parameter, Size};
use crate::component::Component;
use crate::error::MarginError;
use crate::held::Held;
use crate::model::{Amounts, MarginModel, MarginReport, Prepared, Scratch};
use crate::models::var::steps_needed;
use crate::parse;

use assessment::{Assessed, Assessment, Binding};
use day::{Book, DayMeasure, Group, Row};
use parameters::Parameters;

pub(crate) const INFO: KindInfo = KindInfo {
    id: "clearing-var",
    summary: "clearing house's simulation model: risk measures over scenario sets, diversification in part, stress of dependence, liquidity",
    source: "components published by Eurex, LCH, CME, ICE, OCC and JSCC; the rule files say what of their formulas is ours",
    size: Size::Dependent,
    parameters: &[
        Parameter::required(
            "measures",
            "{ NAME = { scenarios, appended, figure, quantile, side, samples, scale, weight, correlation_break } }; figure: { var | es = level } or { worst = count }",
        ),
        Parameter::optional(
            "combine",
            "\"sum\"",
            "\"sum\" of the weighted measures, or the \"max\"",
        ),
        Parameter::optional(
            "groups",
            "each underlying its own",
            "{ UNDERLYING | default = GROUP }: offsets are inside a group",
        ),
        Parameter::optional(
            "diversification",
            "1",
            "share of the gain from netting underlyings that is given, 0 to 1",
        ),
        Parameter::optional(
            "stress",
            "none",
            "{ share, dependence = [\"perfect\", \"independent\"], concentration = { level, largest } }",
        ),
        Parameter::optional(
            "liquidity",
            "none",
            "{ UNDERLYING | default = { half_spread, threshold, rate } }: shares of notional, threshold in money",
        ),
        Parameter::optional(
            "long_option_cap",
            "false",
            "whether a group of long options only needs at most their value",
        ),
        Parameter::optional(
            "gaps",
            "none",
            "parts of the house's model that are left out, as zeros",
        ),
        Parameter::optional(
            "margin_period",
            "none",
            "the house's own, such as \"2d\"; said where it differs from the study's, over which the requirement is",
        ),
        Parameter::optional("maintenance", "1", "maintenance margin as a share of initial, 0 to 1"),
    ],
    build,
};

struct ClearingVar {
    id: String,
    parameters: Parameters,
}

struct PreparedClearing<'d> {
    held: Held<'d>,
    parameters: Parameters,
    names: Vec<&'d str>,
    groups: Vec<Group>,
    rows: Vec<Row>,
    measures: Vec<DayMeasure>,
}

fn build(name: &str, table: Table) -> Result<Box<dyn MarginModel>, MarginError> {
    let parameters: Parameters = parse::parameters(name, "", table)?;
    parameters.check().map_err(|(key, problem)| parse::refuse(name, key, problem))?;
    Ok(Box::new(ClearingVar { id: name.to_owned(), parameters }))
}

impl MarginModel for ClearingVar {
    fn id(&self) -> &str {
        &self.id
    }

    fn history_steps(&self) -> usize {
        let specs = self.parameters.measures.values().flat_map(|measure| measure.specs());
        specs.map(steps_needed).max().unwrap_or(1)
    }

    fn margin_period(&self) -> Option<Span> {
        self.parameters.margin_period
    }

    fn prepare<'d>(&self, day: &'d Day<'_>) -> Result<Box<dyn Prepared + 'd>, MarginError> {
        let parameters = self.parameters.clone();
        let stress = parameters.stress.as_ref();
        let dependence = stress.map_or(&[][..], |stress| &stress.dependence);
        let measure = |(name, own)| DayMeasure::new(&self.id, name, own, dependence, day);
        let measures = parameters.measures.iter().map(|(name, own)| measure((name.as_str(), own)));
        let measures = measures.collect::<Result<Vec<_>, _>>()?;
        Ok(Box::new(PreparedClearing {
            held: Held::new(&self.id, day),
            names: day.universe.underlyings().iter().map(|own| own.name.as_str()).collect(),
            groups: day::groups(&parameters, day),
            rows: day::rows(day, parameters.long_option_cap)?,
            measures,
            parameters,
        }))
    }
}

impl Prepared for PreparedClearing<'_> {
    fn requirement(&self, portfolio: &Portfolio) -> Result<MarginReport, MarginError> {
        let gross_notional = self.held.gross_notional(portfolio)?;
        let (initial, binding) = self.assess::<Component>(portfolio, &mut Scratch::default())?;
        let maintenance = self.maintenance(initial.clone());
        Ok(MarginReport { initial, maintenance, binding, gross_notional })
    }

    fn amounts<'p>(
        &'p self,
        portfolio: &Portfolio,
        scratch: &mut Scratch,
    ) -> Result<Amounts<'p>, MarginError> {
        let (initial, binding) = self.assess::<f64>(portfolio, scratch)?;
        let maintenance = self.maintenance(initial);
        Ok(Amounts { initial, maintenance, binding: binding.map(Cow::Owned) })
    }
}

impl PreparedClearing<'_> {
    /// Initial margin, and what decided it group by group.
    fn assess<C: Arithmetic>(
        &self,
        portfolio: &Portfolio,
        scratch: &mut Scratch,
    ) -> Result<(C, Option<String>), MarginError> {
        self.check_liquidity(portfolio)?;
        let (underlyings, memory) = (self.names.len(), std::mem::take(&mut scratch.pnl));
        let (rows, measures) = (&self.rows, &self.measures[..]);
        let book = Book::new(&self.held, rows, measures, underlyings, portfolio, memory)?;
        let (parameters, names) = (&self.parameters, &self.names[..]);
        let assessment = Assessment { parameters, measures, names, book: &book };
        let (mut parts, mut bound) = (Vec::new(), String::new());
        for group in &self.groups {
            let held = |&&member: &&usize| book.holdings[member].held;
            let members: Vec<usize> = group.members.iter().filter(held).copied().collect();
            if members.is_empty() {
                continue;
            }
            let Assessed { component, binding } = assessment.market_risk(&members, scratch)?;
            self.say(group, binding, &mut bound);
            parts.push(self.group(group, &members, &book, component));
        }
        scratch.pnl = book.into_memory();
        if !parts.is_empty() {
            let gaps = parameters.gaps.iter();
            parts.extend(gaps.map(|gap| C::leaf(|| format!("{gap}: left out").into(), 0.0)));
        }
        let initial = C::sum(|| "initial margin".into(), parts);
        Ok((initial, (!bound.is_empty()).then_some(bound)))
    }

    fn maintenance<C: Arithmetic>(&self, initial: C) -> C {
        C::scaled("maintenance", self.parameters.maintenance, initial)
    }

    /// `group: measure: scenario`, added to those of the groups before.
    fn say(&self, group: &Group, binding: Option<Binding>, text: &mut String) {
        let separator = if text.is_empty() { "" } else { "; " };
        let pieces = [separator, &group.name, ": "];
        pieces.iter().for_each(|piece| text.push_str(piece));
        let Some(Binding { measure, scenario }) = binding else {
            return text.push_str("no losing scenario");
        };
        let measure = &self.measures[measure];
        let pieces = [&measure.name, ": ", measure.scenario(scenario)];
        pieces.iter().for_each(|piece| text.push_str(piece));
    }

    /// A group with what it costs to close it out.
    fn group<C: Arithmetic>(&self, group: &Group, members: &[usize], book: &Book, market: C) -> C {
        let liquidity = (!self.parameters.liquidity.is_empty()).then(|| {
            let close_out = members.iter().filter_map(|&member| self.close_out(member, book));
            C::sum(|| "liquidity".into(), close_out)
        });
        let name = || group.name.clone().into();
        let whole = C::sum(name, std::iter::once(market).chain(liquidity));
        let holdings = || members.iter().map(|&member| &book.holdings[member]);
        if !self.parameters.long_option_cap || holdings().any(|own| own.beyond_long_options) {
            return whole;
        }
        let value = holdings().fold(0.0, |sum, own| sum + own.option_value);
        let value = C::leaf(|| "value of the long options".into(), value);
        C::min(|| format!("{}, not above its value", group.name).into(), [whole, value])
    }

    fn close_out<C: Arithmetic>(&self, member: usize, book: &Book) -> Option<C> {
        let (name, notional) = (self.names[member], book.holdings[member].notional);
        let own = self.parameters.liquidity_of(name)?;
        let beyond = own.rate * (notional - own.threshold).max(0.0);
        let parts = [
            C::leaf(|| "half the spread".into(), own.half_spread * notional),
            C::leaf(|| "concentration".into(), beyond),
        ];
        Some(C::sum(|| name.to_owned().into(), parts))
    }

    /// Where liquidity is charged at all, an underlying without figures is refused and not counted as free.
    fn check_liquidity(&self, portfolio: &Portfolio) -> Result<(), MarginError> {
        if self.parameters.liquidity.is_empty() {
            return Ok(());
        }
        for position in portfolio.positions() {
            let name = self.names[self.rows[self.held.row(position.instrument)?].underlying];
            if self.parameters.liquidity_of(name).is_none() {
                let reason = format!(
                    "these rules say nothing about the liquidity of `{name}`; add liquidity.{name} or liquidity.default"
                );
                return Err(self.held.not_covered(position.instrument, reason));
            }
        }
        Ok(())
    }
}
