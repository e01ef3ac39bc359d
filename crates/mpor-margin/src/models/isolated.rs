//! Isolated margin: every position on its own, from notional brackets and percentages. The baseline that offsets are measured against.
//!
//! ```text
//! futures, perpetuals   initial = N rate_i,   maintenance = N mm_i - deduction_i     of the bracket i that holds the notional N
//! spot                  initial and maintenance shares of its value, long and short alike
//! short call            venue initial = max(initial - OTM/S, initial_floor) S + mark,  maintenance = maintenance S + mark
//! short put             venue maintenance = max(maintenance S, maintenance mark) + mark,  initial = the larger of that and the call's
//! long option           venue initial = maintenance = 0: the premium is paid up front
//! OTM = max(K - S, 0) call, max(S - K, 0) put, per unit of the underlying
//! ```
//!
//! A notional equal to a bound is in the lower bracket; beyond the last bound the last bracket goes on. Nothing nets:
//! the requirement is a sum over positions.
//!
//! **Base.** Venues hold the option amounts against cash, which a short's premium has been added to and a long's taken from. mpor's
//! requirements come on top of mark-to-market value, so the position's value is added: a short needs the venue's amount less the
//! mark, a long needs its mark, which is what it can lose.
//!
//! Source: brackets in the form that Binance and others publish; option rule of Deribit's standard margin.
//! Says nothing about leverage chosen below the bracket's maximum, fees or liquidation prices.

use std::collections::BTreeMap;

use mpor_core::{Contract, InstrumentIx, Portfolio, Right};
use mpor_pricing::value;
use mpor_risk::Day;
use serde::Deserialize;
use toml::Table;

use crate::catalog::{KindInfo, Parameter, Size};
use crate::component::Component;
use crate::error::MarginError;
use crate::held::Held;
use crate::model::{Amounts, MarginModel, MarginReport, Prepared, Scratch};
use crate::parse;

pub(crate) const INFO: KindInfo = KindInfo {
    id: "isolated",
    summary: "every position on its own, from notional brackets and percentages",
    source: "brackets as Binance publishes them; options as in Deribit's standard margin",
    size: Size::Dependent,
    parameters: &[
        Parameter::optional(
            "futures",
            "none",
            "{ UNDERLYING | default = [{ up_to, initial, maintenance, deduction }] }",
        ),
        Parameter::optional("spot", "none", "{ initial, maintenance }: shares of value"),
        Parameter::optional(
            "options",
            "none",
            "{ initial, initial_floor, maintenance }: shares of spot",
        ),
        Parameter::optional(
            "markets",
            "none",
            "{ UNDERLYING = OTHER }: brackets of another underlying",
        ),
    ],
    build,
};

/// The entry of `futures` for underlyings without their own.
const DEFAULT: &str = "default";

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    #[serde(default)]
    futures: BTreeMap<String, Vec<Bracket>>,
    spot: Option<SpotRule>,
    options: Option<OptionRule>,
    #[serde(default)]
    markets: BTreeMap<String, String>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bracket {
    /// Largest notional, reporting currency; none for the last of an open-ended table.
    up_to: Option<f64>,
    initial: f64,
    maintenance: f64,
    #[serde(default)]
    deduction: f64,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SpotRule {
    initial: f64,
    maintenance: f64,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OptionRule {
    initial: f64,
    initial_floor: f64,
    maintenance: f64,
}

/// Initial and maintenance amounts of one position, on top of its value.
#[derive(Clone, Copy)]
struct Levels {
    initial: f64,
    maintenance: f64,
}

struct Isolated {
    id: String,
    parameters: Parameters,
}

/// What one contract of a row needs.
enum Unit {
    /// Depends on the notional held; brackets by position in `futures`.
    Future(String),
    /// So much a contract, long and short alike.
    Spot(Levels),
    /// So much a contract, by side.
    Option { long: Levels, short: Levels },
    /// Nothing can be said.
    NotCovered(String),
}

struct PreparedIsolated<'d> {
    held: Held<'d>,
    day: &'d Day<'d>,
    futures: BTreeMap<String, Vec<Bracket>>,
    units: Vec<Unit>,
}

fn build(name: &str, table: Table) -> Result<Box<dyn MarginModel>, MarginError> {
    let parameters: Parameters = parse::parameters(name, "", table)?;
    for (underlying, brackets) in &parameters.futures {
        check_brackets(name, underlying, brackets)?;
    }
    for (from, to) in &parameters.markets {
        if !parameters.futures.contains_key(to) {
            let problem = format!("is `{to}`, for which `futures` has no brackets");
            return Err(parse::refuse(name, format!("markets.{from}"), problem));
        }
    }
    if let Some(spot) = parameters.spot {
        check_order(name, "spot", spot.initial, spot.maintenance)?;
    }
    if let Some(options) = parameters.options {
        check_order(name, "options", options.initial_floor, options.maintenance)?;
        let (floor, key) = (options.initial_floor, "options.initial");
        parse::within(name, key, options.initial, (floor, f64::MAX), "at least initial_floor")?;
    }
    Ok(Box::new(Isolated { id: name.to_owned(), parameters }))
}

fn check_brackets(name: &str, underlying: &str, brackets: &[Bracket]) -> Result<(), MarginError> {
    let key = |index: usize| format!("futures.{underlying}[{index}]");
    if brackets.is_empty() {
        return Err(parse::refuse(name, format!("futures.{underlying}"), "has no brackets"));
    }
    let mut below = 0.0;
    for (index, bracket) in brackets.iter().enumerate() {
        let bound = bracket.up_to.unwrap_or(f64::INFINITY);
        let open_early = bracket.up_to.is_none() && index + 1 < brackets.len();
        if bound.is_nan() || bound <= below || open_early {
            let problem = format!(
                "ends at {bound}: bounds must increase from {below}, only the last may be open"
            );
            return Err(parse::refuse(name, key(index), problem));
        }
        check_order(name, &key(index), bracket.initial, bracket.maintenance)?;
        if !(bracket.deduction >= 0.0 && bracket.deduction <= below * bracket.maintenance) {
            let problem = format!(
                "deducts {}: between 0 and the margin at its lower bound",
                bracket.deduction
            );
            return Err(parse::refuse(name, key(index), problem));
        }
        below = bound;
    }
    Ok(())
}

fn check_order(name: &str, key: &str, initial: f64, maintenance: f64) -> Result<(), MarginError> {
    if maintenance >= 0.0 && initial >= maintenance && initial.is_finite() {
        return Ok(());
    }
    let problem = format!(
        "has initial {initial} and maintenance {maintenance}: initial at least maintenance, both 0 or more"
    );
    Err(parse::refuse(name, key, problem))
}

impl MarginModel for Isolated {
    fn id(&self) -> &str {
        &self.id
    }

    fn history_steps(&self) -> usize {
        1
    }

    fn prepare<'d>(&self, day: &'d Day<'_>) -> Result<Box<dyn Prepared + 'd>, MarginError> {
        let units: Result<Vec<Unit>, MarginError> =
            day.held.iter().map(|&ix| self.parameters.unit(day, ix)).collect();
        Ok(Box::new(PreparedIsolated {
            held: Held::new(&self.id, day),
            day,
            futures: self.parameters.futures.clone(),
            units: units?,
        }))
    }
}

impl Parameters {
    fn unit(&self, day: &Day<'_>, ix: InstrumentIx) -> Result<Unit, MarginError> {
        let instrument = day.universe.instrument(ix);
        let spot = day.state.underlying(instrument.underlying).spot;
        let unit = match instrument.contract {
            Contract::Future { .. } | Contract::Perpetual { .. } => {
                self.future(&day.universe.underlying(instrument.underlying).name)
            }
            Contract::Spot => match self.spot {
                Some(rule) => Unit::Spot(rule.levels(spot * instrument.contract_size)),
                None => Unit::NotCovered("these rules have no `spot`".to_owned()),
            },
            Contract::Option { strike, right, .. } => match self.options {
                Some(rule) => {
                    let size = instrument.contract_size;
                    let mark = value(day.state, day.universe, ix)?.amount;
                    let long = Levels { initial: mark, maintenance: mark };
                    let short = rule.short(right, strike, spot, mark / size).times(size);
                    Unit::Option { long, short }
                }
                None => Unit::NotCovered("these rules have no `options`".to_owned()),
            },
        };
        Ok(unit)
    }

    fn future(&self, underlying: &str) -> Unit {
        let market = self.markets.get(underlying).map_or(underlying, String::as_str);
        match [market, DEFAULT].into_iter().find(|name| self.futures.contains_key(*name)) {
            Some(name) => Unit::Future(name.to_owned()),
            None => Unit::NotCovered(format!(
                "these rules have no brackets for `{underlying}`; map it with markets = {{ {underlying} = \"..\" }}, known: {}",
                self.futures.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
            )),
        }
    }
}

impl SpotRule {
    fn levels(&self, value: f64) -> Levels {
        Levels { initial: self.initial * value, maintenance: self.maintenance * value }
    }
}

impl OptionRule {
    /// One unit short, on top of its (negative) value: the venue's amounts less the mark that they contain.
    fn short(&self, right: Right, strike: f64, spot: f64, mark: f64) -> Levels {
        let out_of_the_money = right.payoff(strike, spot);
        let initial = (self.initial * spot - out_of_the_money).max(self.initial_floor * spot);
        let on_spot = self.maintenance * spot;
        let maintenance = match right {
            Right::Call => on_spot,
            Right::Put => on_spot.max(self.maintenance * mark),
        };
        Levels { initial: initial.max(maintenance), maintenance }
    }
}

impl Levels {
    fn times(self, factor: f64) -> Self {
        Levels { initial: self.initial * factor, maintenance: self.maintenance * factor }
    }
}

/// The levels of a notional in its bracket.
fn in_bracket(brackets: &[Bracket], notional: f64) -> Option<Levels> {
    let holds = |bracket: &&Bracket| bracket.up_to.is_none_or(|bound| notional <= bound);
    let bracket = brackets.iter().find(holds).or(brackets.last())?;
    let maintenance = notional * bracket.maintenance - bracket.deduction;
    Some(Levels { initial: notional * bracket.initial, maintenance })
}

impl Prepared for PreparedIsolated<'_> {
    fn requirement(&self, portfolio: &Portfolio) -> Result<MarginReport, MarginError> {
        let gross_notional = self.held.gross_notional(portfolio)?;
        let mut kinds = [("futures and perpetuals", vec![]), ("options", vec![]), ("spot", vec![])];
        for position in portfolio.positions() {
            let row = self.held.row(position.instrument)?;
            let (kind, levels) = self.position(row, position.instrument, position.quantity)?;
            let name = self.day.universe.instrument(position.instrument).name.clone();
            kinds[kind].1.push((name, levels));
        }
        let tree = |level: fn(&Levels) -> f64, name: &'static str| {
            let kinds = kinds.iter().map(|(kind, positions)| {
                let leaf = |(name, levels): &(String, Levels)| {
                    Component::leaf(name.clone(), level(levels))
                };
                Component::sum(*kind, positions.iter().map(leaf).collect())
            });
            Component::sum(name, kinds.collect())
        };
        Ok(MarginReport {
            initial: tree(|levels| levels.initial, "isolated initial margin"),
            maintenance: tree(|levels| levels.maintenance, "isolated maintenance margin"),
            binding: None,
            gross_notional,
        })
    }

    fn amounts<'p>(
        &'p self,
        portfolio: &Portfolio,
        _scratch: &mut Scratch,
    ) -> Result<Amounts<'p>, MarginError> {
        // Summed by kind and then over kinds, as the tree is, so that both round alike.
        let mut kinds = [Levels { initial: 0.0, maintenance: 0.0 }; 3];
        for position in portfolio.positions() {
            let row = self.held.row(position.instrument)?;
            let (kind, levels) = self.position(row, position.instrument, position.quantity)?;
            kinds[kind].initial += levels.initial;
            kinds[kind].maintenance += levels.maintenance;
        }
        let total =
            |level: fn(&Levels) -> f64| kinds.iter().fold(0.0, |sum, kind| sum + level(kind));
        let (initial, maintenance) = (total(|kind| kind.initial), total(|kind| kind.maintenance));
        Ok(Amounts { initial, maintenance, binding: None })
    }
}

impl PreparedIsolated<'_> {
    /// Which group a position belongs to, and what it needs.
    fn position(
        &self,
        row: usize,
        ix: InstrumentIx,
        quantity: f64,
    ) -> Result<(usize, Levels), MarginError> {
        let contracts = quantity.abs();
        match &self.units[row] {
            Unit::Future(market) => {
                let notional = contracts * self.held.notional(row);
                let brackets = self.futures.get(market).map_or(&[][..], Vec::as_slice);
                let levels = in_bracket(brackets, notional);
                Ok((0, levels.ok_or_else(|| self.held.not_covered(ix, "no brackets"))?))
            }
            Unit::Option { long, short } => {
                let unit = if quantity > 0.0 { long } else { short };
                Ok((1, unit.times(contracts)))
            }
            Unit::Spot(unit) => Ok((2, unit.times(contracts))),
            Unit::NotCovered(reason) => Err(self.held.not_covered(ix, reason.as_str())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: OptionRule = OptionRule { initial: 0.15, initial_floor: 0.10, maintenance: 0.075 };

    #[test]
    fn the_printed_example_of_short_puts() {
        // Bit.com's margin page: 50 short puts, spot 2,098, strike 1,850, mark 2.4: 10,610 and 7,987.5 against cash
        let levels = RULE.short(Right::Put, 1_850.0, 2_098.0, 2.4);
        assert!((50.0 * (levels.initial + 2.4) - 10_610.0).abs() < 1e-9);
        assert!((50.0 * (levels.maintenance + 2.4) - 7_987.5).abs() < 1e-9);
    }

    #[test]
    fn a_put_worth_more_than_spot_needs_a_share_of_its_mark() {
        // hand: 7.5 % of 300 is above 15 % of 100, which is what the call-like rule asks
        let levels = RULE.short(Right::Put, 400.0, 100.0, 300.0);
        assert_eq!((levels.initial, levels.maintenance), (22.5, 22.5));
    }
}
