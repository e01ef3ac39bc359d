//! Isolated margin: every position on its own, from notional brackets and percentages. The baseline that offsets are measured against.
//!
//! ```text
//! futures, perpetuals   initial = N rate_i,   maintenance = N mm_i - deduction_i     of the bracket i that holds the notional N,
//!                       or a rate that depends on size or open interest: see [`rates`]
//! spot                  initial and maintenance shares of its value, long and short alike; as collateral, what of it does not count
//! short call            venue initial = max(initial - OTM/S, initial_floor) S + mark,  maintenance = maintenance S + mark
//! short put             venue maintenance = max(maintenance S, maintenance mark) + mark,  initial = the larger of that and the call's
//! long option           venue initial = maintenance = 0: the premium is paid up front
//! OTM = max(K - S, 0) call, max(S - K, 0) put, per unit of the underlying
//! account ratio         where there is one: both levels are multiples of the sum of the maintenance margins
//! ```
//!
//! A notional equal to a bound is in the lower bracket; beyond the last bound the last bracket goes on. Nothing nets:
//! the requirement is a sum over positions. Notionals and sizes are at spot. Liquidation prices: see [`position`].
//!
//! **Base.** Venues hold the option amounts against cash, which a short's premium has been added to and a long's taken from. mpor's
//! requirements come on top of mark-to-market value, so the position's value is added: a short needs the venue's amount less the
//! mark, a long needs its mark, which is what it can lose. An account ratio applies to the amounts without the mark.
//!
//! Source: brackets in the form that Binance and others publish; option rule of Deribit's standard margin; rates of Deribit,
//! Delta Exchange, dYdX, Drift and GMX; ratio of Binance's portfolio margin.
//! Says nothing about leverage chosen below the bracket's maximum, or fees. Open interest is not in mpor's data: a study that
//! wants it states it, and without that markets count as empty.
//! **Not sub-additive**: larger positions are in higher brackets; the test
//! `models_that_are_not_sub_additive_have_books_that_show_it` holds books that show it.

pub mod brackets;
pub mod options;
pub mod position;
pub mod rates;
pub mod ratio;

use std::collections::BTreeMap;

use mpor_core::{Contract, Instrument, InstrumentIx, Portfolio, Settlement};
use mpor_pricing::value;
use mpor_risk::Day;
use serde::Deserialize;
use toml::Table;

use crate::catalog::{KindInfo, Parameter, Size};
use crate::component::Component;
use crate::error::MarginError;
use crate::held::Held;
use crate::model::{Amounts, MarginModel, MarginReport, Merging, Prepared, Scratch};
use crate::parse;

pub use brackets::{Bracket, Brackets};
pub use options::OptionRule;
pub use position::{LinearPosition, LiquidationPrice};
pub use rates::SizeRate;
pub use ratio::{AccountRatio, CollateralTier};

pub(crate) const INFO: KindInfo = KindInfo {
    id: "isolated",
    summary: "every position on its own, from notional brackets, rates by size and percentages",
    source: "brackets as Binance publishes them; options as in Deribit's standard margin",
    size: Size::Dependent,
    parameters: &[
        Parameter::optional(
            "futures",
            "none",
            "{ UNDERLYING | default = [{ up_to, initial, maintenance, deduction }] }",
        ),
        Parameter::optional(
            "rates",
            "none",
            "{ UNDERLYING | default = { slope | open_interest | root_size | collateral = { .. } } }: instead of brackets",
        ),
        Parameter::optional(
            "open_interest",
            "none",
            "{ UNDERLYING = amount }: reporting currency, the same at every margin date",
        ),
        Parameter::optional("spot", "none", "{ initial, maintenance }: shares of value"),
        Parameter::optional(
            "collateral",
            "none",
            "{ UNDERLYING = [{ up_to, rate }] }: shares of long spot that count, slice by slice",
        ),
        Parameter::optional(
            "options",
            "none",
            "{ initial, initial_floor, maintenance }: shares of spot",
        ),
        Parameter::optional(
            "account_ratio",
            "none",
            "{ initial, maintenance }: multiples of the sum of maintenance margins",
        ),
        Parameter::optional(
            "markets",
            "none",
            "{ UNDERLYING = OTHER }: brackets or rates of another underlying",
        ),
    ],
    build,
};

/// The entry of `futures` and `rates` for underlyings without their own.
const DEFAULT: &str = "default";

/// Initial and maintenance amounts, reporting currency.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Levels {
    /// Initial margin.
    pub initial: f64,
    /// Maintenance margin.
    pub maintenance: f64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    #[serde(default)]
    futures: BTreeMap<String, Vec<Bracket>>,
    #[serde(default)]
    rates: BTreeMap<String, SizeRate>,
    #[serde(default)]
    open_interest: BTreeMap<String, f64>,
    spot: Option<SpotRule>,
    #[serde(default)]
    collateral: BTreeMap<String, Vec<CollateralTier>>,
    options: Option<OptionRule>,
    account_ratio: Option<AccountRatio>,
    #[serde(default)]
    markets: BTreeMap<String, String>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SpotRule {
    initial: f64,
    maintenance: f64,
}

struct Isolated {
    id: String,
    parameters: Parameters,
    /// Brackets and rates by underlying.
    rules: BTreeMap<String, FutureRule>,
}

/// What futures and perpetuals on one underlying need.
#[derive(Clone, Debug)]
enum FutureRule {
    Brackets(Brackets),
    Rate(SizeRate),
}

/// What one contract of a row needs.
enum Unit {
    /// Depends on the notional and the coins held.
    Future { rule: FutureRule, coins: f64, open_interest: f64 },
    /// So much a contract, long and short alike.
    Spot(Levels),
    /// Long: what of it does not count, by slices of the value held. Short: so much a contract, if there is a rule.
    Collateral { tiers: Vec<CollateralTier>, value: f64, short: Option<Levels> },
    /// So much a contract, by side.
    Option { long: Levels, short: Levels },
    /// Nothing can be said.
    NotCovered(String),
}

/// Which part of the requirement a position belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Group {
    Futures,
    ShortOptions,
    LongOptions,
    Spot,
}

struct PreparedIsolated<'d> {
    held: Held<'d>,
    day: &'d Day<'d>,
    account_ratio: Option<AccountRatio>,
    units: Vec<Unit>,
}

fn build(name: &str, table: Table) -> Result<Box<dyn MarginModel>, MarginError> {
    let parameters: Parameters = parse::parameters(name, "", table)?;
    let rules = parameters.rules(name)?;
    for (from, to) in &parameters.markets {
        if !rules.contains_key(to) {
            let problem =
                format!("is `{to}`, for which neither `futures` nor `rates` has an entry");
            return Err(parse::refuse(name, format!("markets.{from}"), problem));
        }
    }
    parameters.check_shares(name)?;
    Ok(Box::new(Isolated { id: name.to_owned(), parameters, rules }))
}

/// What is impossible about two levels, in a sentence.
fn check_order(initial: f64, maintenance: f64) -> Result<(), String> {
    if maintenance >= 0.0 && initial >= maintenance && initial.is_finite() {
        return Ok(());
    }
    Err(format!(
        "has initial {initial} and maintenance {maintenance}: initial at least maintenance, both 0 or more"
    ))
}

impl Parameters {
    /// Brackets and rates, checked.
    fn rules(&self, name: &str) -> Result<BTreeMap<String, FutureRule>, MarginError> {
        let mut rules = BTreeMap::new();
        for (underlying, brackets) in &self.futures {
            let brackets = Brackets::new(brackets.clone()).map_err(|(index, problem)| {
                let index = index.map(|index| format!("[{index}]")).unwrap_or_default();
                parse::refuse(name, format!("futures.{underlying}{index}"), problem)
            })?;
            rules.insert(underlying.clone(), FutureRule::Brackets(brackets));
        }
        for (underlying, rate) in &self.rates {
            let key = format!("rates.{underlying}");
            rate.check().map_err(|problem| parse::refuse(name, &key, problem))?;
            if rules.insert(underlying.clone(), FutureRule::Rate(*rate)).is_some() {
                return Err(parse::refuse(name, key, "is in `futures` too: one or the other"));
            }
        }
        Ok(rules)
    }

    fn check_shares(&self, name: &str) -> Result<(), MarginError> {
        let order = |key: &str, initial, maintenance| {
            check_order(initial, maintenance).map_err(|problem| parse::refuse(name, key, problem))
        };
        if let Some(spot) = self.spot {
            order("spot", spot.initial, spot.maintenance)?;
        }
        if let Some(options) = self.options {
            order("options", options.initial_floor, options.maintenance)?;
            let (floor, key) = (options.initial_floor, "options.initial");
            parse::within(name, key, options.initial, (floor, f64::MAX), "at least initial_floor")?;
        }
        if let Some(ratio) = self.account_ratio {
            order("account_ratio", ratio.initial, ratio.maintenance)?;
        }
        for (underlying, amount) in &self.open_interest {
            let key = format!("open_interest.{underlying}");
            parse::within(name, &key, *amount, (0.0, f64::MAX), "zero or more")?;
        }
        for (underlying, tiers) in &self.collateral {
            check_tiers(name, underlying, tiers)?;
        }
        Ok(())
    }

    fn unit(
        &self,
        rules: &BTreeMap<String, FutureRule>,
        day: &Day<'_>,
        ix: InstrumentIx,
    ) -> Result<Unit, MarginError> {
        let instrument = day.universe.instrument(ix);
        let underlying = day.universe.underlying(instrument.underlying).name.as_str();
        let spot = day.state.underlying(instrument.underlying).spot;
        let size = instrument.contract_size;
        let unit = match instrument.contract {
            Contract::Future { .. } | Contract::Perpetual { .. } => {
                self.future(rules, underlying, coins(instrument, spot))
            }
            Contract::Spot => self.spot(underlying, spot * size),
            Contract::Option { strike, right, .. } => match self.options {
                Some(rule) => {
                    let mark = value(day.state, day.universe, ix)?.amount;
                    let long = Levels { initial: mark, maintenance: mark };
                    let short = rule.short(right, strike, spot, mark / size, Settlement::Cash);
                    Unit::Option { long, short: short.times(size) }
                }
                None => Unit::NotCovered("these rules have no `options`".to_owned()),
            },
        };
        Ok(unit)
    }

    fn future(&self, rules: &BTreeMap<String, FutureRule>, underlying: &str, coins: f64) -> Unit {
        let market = self.markets.get(underlying).map_or(underlying, String::as_str);
        match rules.get(market).or_else(|| rules.get(DEFAULT)) {
            Some(rule) => {
                let open_interest = self.open_interest.get(underlying).copied().unwrap_or(0.0);
                Unit::Future { rule: rule.clone(), coins, open_interest }
            }
            None => Unit::NotCovered(format!(
                "these rules have no brackets for `{underlying}`; map it with markets = {{ {underlying} = \"..\" }}, known: {}",
                rules.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
            )),
        }
    }

    fn spot(&self, underlying: &str, value: f64) -> Unit {
        let short = self.spot.map(|rule| rule.levels(value));
        match (self.collateral.get(underlying), short) {
            (Some(tiers), short) => Unit::Collateral { tiers: tiers.clone(), value, short },
            (None, Some(levels)) => Unit::Spot(levels),
            (None, None) => Unit::NotCovered("these rules have no `spot`".to_owned()),
        }
    }
}

fn check_tiers(name: &str, underlying: &str, tiers: &[CollateralTier]) -> Result<(), MarginError> {
    let mut below = 0.0;
    for (index, tier) in tiers.iter().enumerate() {
        let key = format!("collateral.{underlying}[{index}]");
        let end = tier.up_to.unwrap_or(f64::INFINITY);
        if end.is_nan() || end <= below {
            let problem = format!("ends at {end}: bounds must increase from {below}");
            return Err(parse::refuse(name, key, problem));
        }
        parse::within(name, &key, tier.rate, (0.0, 1.0), "a share between 0 and 1")?;
        below = end;
    }
    Ok(())
}

/// Units of the underlying in one contract.
fn coins(instrument: &Instrument, spot: f64) -> f64 {
    let inverse = instrument.contract.is_inverse();
    if inverse { instrument.contract_size / spot } else { instrument.contract_size }
}

impl MarginModel for Isolated {
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
        let units: Result<Vec<Unit>, MarginError> =
            day.held.iter().map(|&ix| self.parameters.unit(&self.rules, day, ix)).collect();
        Ok(Box::new(PreparedIsolated {
            held: Held::new(&self.id, day),
            day,
            account_ratio: self.parameters.account_ratio,
            units: units?,
        }))
    }
}

impl SpotRule {
    fn levels(&self, value: f64) -> Levels {
        Levels { initial: self.initial * value, maintenance: self.maintenance * value }
    }
}

impl Levels {
    fn times(self, factor: f64) -> Self {
        Levels { initial: self.initial * factor, maintenance: self.maintenance * factor }
    }
}

impl FutureRule {
    fn levels(&self, notional: f64, coins: f64, open_interest: f64) -> Levels {
        match self {
            FutureRule::Brackets(brackets) => brackets.levels(notional),
            FutureRule::Rate(rate) => rate.levels(notional, coins, open_interest),
        }
    }
}

impl Group {
    /// Position among the three parts of a requirement without account ratio.
    fn kind(self) -> usize {
        match self {
            Group::Futures => 0,
            Group::ShortOptions | Group::LongOptions => 1,
            Group::Spot => 2,
        }
    }
}

/// One position: its name, its group and what it needs.
type Needed = (String, Group, Levels);

impl Prepared for PreparedIsolated<'_> {
    fn requirement(&self, portfolio: &Portfolio) -> Result<MarginReport, MarginError> {
        let gross_notional = self.held.gross_notional(portfolio)?;
        let mut positions: Vec<Needed> = Vec::with_capacity(portfolio.positions().len());
        for position in portfolio.positions() {
            let row = self.held.row(position.instrument)?;
            let (group, levels) = self.position(row, position.instrument, position.quantity)?;
            let name = self.day.universe.instrument(position.instrument).name.clone();
            positions.push((name, group, levels));
        }
        let (initial, maintenance) = match self.account_ratio {
            Some(ratio) => (
                of_account(&positions, "initial", ratio.initial),
                of_account(&positions, "maintenance", ratio.maintenance),
            ),
            None => (
                by_kind(&positions, "isolated initial margin", |levels| levels.initial),
                by_kind(&positions, "isolated maintenance margin", |levels| levels.maintenance),
            ),
        };
        Ok(MarginReport { initial, maintenance, binding: None, gross_notional })
    }

    fn amounts<'p>(
        &'p self,
        portfolio: &Portfolio,
        _scratch: &mut Scratch,
    ) -> Result<Amounts<'p>, MarginError> {
        if let Some(ratio) = self.account_ratio {
            return self.of_account(portfolio, ratio);
        }
        // Summed by kind and then over kinds, as the tree is, so that both round alike.
        let mut kinds = [Levels { initial: 0.0, maintenance: 0.0 }; 3];
        for position in portfolio.positions() {
            let row = self.held.row(position.instrument)?;
            let (group, levels) = self.position(row, position.instrument, position.quantity)?;
            let kind = &mut kinds[group.kind()];
            kind.initial += levels.initial;
            kind.maintenance += levels.maintenance;
        }
        let total =
            |level: fn(&Levels) -> f64| kinds.iter().fold(0.0, |sum, kind| sum + level(kind));
        let (initial, maintenance) = (total(|kind| kind.initial), total(|kind| kind.maintenance));
        Ok(Amounts { initial, maintenance, binding: None })
    }
}

/// Every position on its own.
fn by_kind(positions: &[Needed], name: &'static str, level: fn(&Levels) -> f64) -> Component {
    let kinds = ["futures and perpetuals", "options", "spot"].into_iter().enumerate();
    let kinds = kinds.map(|(index, kind)| {
        let own = positions.iter().filter(|(_, group, _)| group.kind() == index);
        let leaves = own.map(|(name, _, levels)| Component::leaf(name.clone(), level(levels)));
        Component::sum(kind, leaves.collect())
    });
    Component::sum(name, kinds.collect())
}

/// A multiple of the maintenance margins, and what of the assets does not count.
fn of_account(positions: &[Needed], level: &'static str, ratio: f64) -> Component {
    let of = |group: Group, name: &'static str| {
        let own = positions.iter().filter(|(_, known, _)| *known == group);
        let leaves = own.map(|(name, _, levels)| Component::leaf(name.clone(), levels.maintenance));
        Component::sum(name, leaves.collect())
    };
    let margins = Component::sum(
        "maintenance margins",
        vec![
            of(Group::Futures, "futures and perpetuals"),
            of(Group::ShortOptions, "short options"),
        ],
    );
    let parts = vec![
        Component::scaled("account ratio", ratio, margins),
        of(Group::LongOptions, "long options"),
        of(Group::Spot, "collateral that does not count"),
    ];
    Component::sum(format!("{level} margin of the account"), parts)
}

impl PreparedIsolated<'_> {
    /// The amounts under an account ratio, summed by group as the tree is.
    fn of_account(
        &self,
        portfolio: &Portfolio,
        ratio: AccountRatio,
    ) -> Result<Amounts<'_>, MarginError> {
        let (mut futures, mut shorts, mut longs, mut spot) = (0.0, 0.0, 0.0, 0.0);
        for position in portfolio.positions() {
            let row = self.held.row(position.instrument)?;
            let (group, levels) = self.position(row, position.instrument, position.quantity)?;
            *match group {
                Group::Futures => &mut futures,
                Group::ShortOptions => &mut shorts,
                Group::LongOptions => &mut longs,
                Group::Spot => &mut spot,
            } += levels.maintenance;
        }
        let level = |ratio: f64| ratio * (futures + shorts) + longs + spot;
        let (initial, maintenance) = (level(ratio.initial), level(ratio.maintenance));
        Ok(Amounts { initial, maintenance, binding: None })
    }

    /// Which group a position belongs to, and what it needs.
    fn position(
        &self,
        row: usize,
        ix: InstrumentIx,
        quantity: f64,
    ) -> Result<(Group, Levels), MarginError> {
        let contracts = quantity.abs();
        match &self.units[row] {
            Unit::Future { rule, coins, open_interest } => {
                let notional = contracts * self.held.notional(row);
                Ok((Group::Futures, rule.levels(notional, contracts * coins, *open_interest)))
            }
            Unit::Option { long, .. } if quantity > 0.0 => {
                Ok((Group::LongOptions, long.times(contracts)))
            }
            Unit::Option { short, .. } => Ok((Group::ShortOptions, short.times(contracts))),
            Unit::Spot(unit) => Ok((Group::Spot, unit.times(contracts))),
            Unit::Collateral { tiers, value, .. } if quantity > 0.0 => {
                let value = contracts * value;
                let lost = value - ratio::adjusted_value(tiers, value);
                Ok((Group::Spot, Levels { initial: lost, maintenance: lost }))
            }
            Unit::Collateral { short: Some(unit), .. } => Ok((Group::Spot, unit.times(contracts))),
            Unit::Collateral { short: None, .. } => {
                let reason = "collateral cannot be short; hold the perpetual short instead";
                Err(self.held.not_covered(ix, reason))
            }
            Unit::NotCovered(reason) => Err(self.held.not_covered(ix, reason.as_str())),
        }
    }
}
