//! Strategy-based margin, as US brokers compute it under Regulation T: the cheapest grouping of positions into named strategies.
//!
//! ```text
//! requirement = sum over strategies formed of number x requirement of one,   the grouping that makes the sum least
//! ```
//!
//! The table of strategies is in [`strategy`], the search in [`pairing`]: exact, by a linear program, cuts and branch and bound.
//! For very many contracts of one underlying it may be ended early; the breakdown then says how far the amount may be above the
//! least. Each level is made least on its own. Underlyings do not offset.
//!
//! Source: Regulation T (stock), the exchange's page on strategy-based margin (long options, spreads, covered calls), brokers'
//! restatements (short options). From memory in the specification: short stock, straddles, protective put, collar, conversion,
//! boxes, butterflies, condors, covered puts. The rule file says which is which.
//!
//! **Base.** The table's amounts contain the proceeds of what was sold. mpor's requirements come on top of the positions' value, so
//! the premium that an amount contains is taken out of it: a short option needs its percentage, a credit spread its strike difference
//! less the credit, a long option its premium.
//! Assumes that stock fills any share of a contract. Coin-settled options count by their value at spot. Futures and perpetuals are
//! refused, or count as the stock they stand for. Says nothing about concentration, minimum equity or day trading.
//! Whether one account of two books may ever need more than two accounts is not known: thousands of random books show none that does.

pub mod pairing;
pub mod strategy;

mod parameters;
mod search;
mod simplex;

use std::borrow::Cow;

use mpor_core::{Contract, InstrumentIx, Portfolio, Settlement, UnderlyingIx};
use mpor_pricing::value;
use mpor_risk::Day;
use toml::Table;

use crate::catalog::{KindInfo, Parameter, Size};
use crate::component::Component;
use crate::error::MarginError;
use crate::held::Held;
use crate::model::{Amounts, MarginModel, MarginReport, Prepared, Scratch};
use crate::models::slots::{Book, Slot, Slots};
use crate::parse;

pub use pairing::{RegTContract, RegTGroup, RegTGrouping, RegTLevel, RegTOption, least};
pub use strategy::{
    Collar, LongDated, ProtectivePut, RegTLeg, RegTRates, RegTUnderlying, StockRates, Strategy,
    StrategyAmounts,
};

use parameters::{Futures, Parameters};

pub(crate) const INFO: KindInfo = KindInfo {
    id: "reg-t",
    summary: "strategy-based margin (Regulation T): stock and options grouped into strategies so that the least is asked",
    source: "Regulation T; FINRA rule 4210(f); exchange pages on strategy-based margin",
    size: Size::Dependent,
    parameters: &[
        Parameter::required("long_stock", "{ initial, maintenance }: shares of spot"),
        Parameter::required("short_stock", "{ initial, maintenance }: shares of spot"),
        Parameter::required(
            "long_dated",
            "{ months, share }: share of premium that long options beyond so many months need",
        ),
        Parameter::required("protective_put", "{ strike, stock }: shares of strike and of spot"),
        Parameter::required(
            "collar",
            "{ put_strike, call_strike, stock }: shares of strikes and of spot",
        ),
        Parameter::required("conversion", "share of the strike"),
        Parameter::required(
            "types",
            "{ TYPE = { short_option, short_option_floor } }: shares for short options",
        ),
        Parameter::required(
            "underlyings",
            "{ UNDERLYING | default = { type, leverage } }: what each underlying is",
        ),
        Parameter::optional(
            "futures",
            "\"refuse\"",
            "futures and perpetuals: \"refuse\" or \"as_stock\"",
        ),
    ],
    build,
};

const MONTHS_PER_YEAR: f64 = 12.0;

struct RegT {
    id: String,
    parameters: Parameters,
}

/// One underlying on one day.
struct DayUnderlying {
    ix: UnderlyingIx,
    shares: RegTUnderlying,
    contracts: Vec<RegTContract>,
    instruments: Vec<InstrumentIx>,
}

struct PreparedRegT<'d> {
    held: Held<'d>,
    day: &'d Day<'d>,
    rates: RegTRates,
    slots: Slots,
    underlyings: Vec<DayUnderlying>,
}

fn build(name: &str, table: Table) -> Result<Box<dyn MarginModel>, MarginError> {
    let parameters: Parameters = parse::parameters(name, "", table)?;
    parameters.check().map_err(|(key, problem)| parse::refuse(name, key, problem))?;
    Ok(Box::new(RegT { id: name.to_owned(), parameters }))
}

impl MarginModel for RegT {
    fn id(&self) -> &str {
        &self.id
    }

    fn history_steps(&self) -> usize {
        1
    }

    fn prepare<'d>(&self, day: &'d Day<'_>) -> Result<Box<dyn Prepared + 'd>, MarginError> {
        let mut underlyings = Vec::new();
        let slots: Result<Vec<Slot>, MarginError> =
            day.held.iter().map(|&ix| self.slot(day, ix, &mut underlyings)).collect();
        let (held, rates) = (Held::new(&self.id, day), self.parameters.rates());
        let slots = Slots::new(underlyings.len(), slots?);
        Ok(Box::new(PreparedRegT { held, day, rates, slots, underlyings }))
    }
}

impl RegT {
    fn slot(
        &self,
        day: &Day<'_>,
        ix: InstrumentIx,
        underlyings: &mut Vec<DayUnderlying>,
    ) -> Result<Slot, MarginError> {
        let of = day.universe.instrument(ix).underlying;
        let name = &day.universe.underlying(of).name;
        let Some(shares) = self.parameters.underlying(name, day.state.underlying(of).spot) else {
            return Ok(Slot::NotCovered(format!(
                "these rules have no type for `{name}`; add underlyings.{name} = {{ type = \"..\" }}, known: {}",
                self.parameters.known()
            )));
        };
        let Some(contract) = self.contract(day, ix)? else {
            return Ok(Slot::NotCovered(
                "strategy-based margin is for stock and options; count it as stock with futures = \"as_stock\""
                    .to_owned(),
            ));
        };
        let underlying = underlyings.iter().position(|known| known.ix == of).unwrap_or_else(|| {
            let (contracts, instruments) = (Vec::new(), Vec::new());
            underlyings.push(DayUnderlying { ix: of, shares, contracts, instruments });
            underlyings.len() - 1
        });
        let own = &mut underlyings[underlying];
        own.contracts.push(contract);
        own.instruments.push(ix);
        Ok(Slot::covered(underlying, own.contracts.len() - 1))
    }

    /// `None` for what the table does not know.
    fn contract(
        &self,
        day: &Day<'_>,
        ix: InstrumentIx,
    ) -> Result<Option<RegTContract>, MarginError> {
        let instrument = day.universe.instrument(ix);
        let (size, spot) =
            (instrument.contract_size, day.state.underlying(instrument.underlying).spot);
        match instrument.contract {
            Contract::Spot => Ok(Some(RegTContract::Stock { units: size })),
            Contract::Future { settlement, .. } | Contract::Perpetual { settlement } => {
                let units = if settlement == Settlement::Coin { size / spot } else { size };
                let counts = self.parameters.futures == Futures::AsStock;
                Ok(counts.then_some(RegTContract::Stock { units }))
            }
            Contract::Option { expiry, strike, right, .. } => {
                let premium = value(day.state, day.universe, ix)?.amount / size;
                let months = day.time().years_to(expiry) * MONTHS_PER_YEAR;
                let option = RegTOption { right, strike, premium, months, units: size };
                Ok(Some(RegTContract::Option(option)))
            }
        }
    }
}

/// The groupings of one underlying that ask the least, level by level.
struct Least<'p> {
    underlying: &'p DayUnderlying,
    /// `None` without stock: the levels are the same then.
    initial: Option<RegTGrouping>,
    maintenance: RegTGrouping,
}

impl Least<'_> {
    fn initial(&self) -> &RegTGrouping {
        self.initial.as_ref().unwrap_or(&self.maintenance)
    }

    /// Whether both searches came to their end.
    fn proven(&self) -> bool {
        self.maintenance.unproven == 0.0 && self.initial().unproven == 0.0
    }
}

impl Prepared for PreparedRegT<'_> {
    fn requirement(&self, portfolio: &Portfolio) -> Result<MarginReport, MarginError> {
        let gross_notional = self.held.gross_notional(portfolio)?;
        let all = self.least(portfolio, &mut Vec::new())?;
        let (mut initial, mut maintenance) = (Vec::new(), Vec::new());
        for own in &all {
            let of_maintenance = self.component(own.underlying, &own.maintenance);
            let of_initial = self.component(own.underlying, own.initial());
            initial.push(if own.proven() {
                of_initial
            } else {
                // Two searches that were ended may have come unequally far.
                Component::max("the larger level", vec![of_initial, of_maintenance.clone()])
            });
            maintenance.push(of_maintenance);
        }
        Ok(MarginReport {
            initial: Component::sum("initial margin", initial),
            maintenance: Component::sum("maintenance margin", maintenance),
            binding: self.binding(&all),
            gross_notional,
        })
    }

    fn amounts<'p>(
        &'p self,
        portfolio: &Portfolio,
        scratch: &mut Scratch,
    ) -> Result<Amounts<'p>, MarginError> {
        let all = self.least(portfolio, &mut scratch.books)?;
        let (mut initial, mut maintenance) = (0.0, 0.0);
        for own in &all {
            let (of_initial, of_maintenance) = (own.initial().total(), own.maintenance.total());
            initial += if own.proven() { of_initial } else { of_initial.max(of_maintenance) };
            maintenance += of_maintenance;
        }
        Ok(Amounts { initial, maintenance, binding: self.binding(&all).map(Cow::Owned) })
    }
}

impl PreparedRegT<'_> {
    /// The least of each underlying that the book holds something of.
    fn least(
        &self,
        portfolio: &Portfolio,
        books: &mut Vec<Book>,
    ) -> Result<Vec<Least<'_>>, MarginError> {
        self.slots.fill(&self.held, portfolio, books)?;
        let held = self.underlyings.iter().zip(books.iter()).filter(|(_, book)| !book.is_empty());
        let of = |(underlying, book): (_, &Book)| {
            let underlying: &DayUnderlying = underlying;
            let DayUnderlying { shares, contracts, .. } = underlying;
            let level = |level| least(&self.rates, shares, contracts, book, level);
            let stock = |(contract, _): &(usize, f64)| {
                matches!(contracts[*contract], RegTContract::Stock { .. })
            };
            let maintenance = level(RegTLevel::Maintenance);
            let initial = book.iter().any(stock).then(|| level(RegTLevel::Initial));
            Least { underlying, initial, maintenance }
        };
        Ok(held.map(of).collect())
    }

    /// The strategies that ask for most, underlying by underlying.
    fn binding(&self, all: &[Least<'_>]) -> Option<String> {
        let bound =
            all.iter().filter_map(|own| self.largest(own.underlying, &own.initial().groups));
        let bound: Vec<String> = bound.collect();
        (!bound.is_empty()).then(|| bound.join("; "))
    }

    fn component(&self, underlying: &DayUnderlying, grouping: &RegTGrouping) -> Component {
        let leaf = |group: &RegTGroup| {
            let names: Vec<&str> = group
                .contracts
                .iter()
                .map(|&contract| self.name(underlying.instruments[contract]))
                .collect();
            let each = Component::leaf(format!("one of {}", names.join(" + ")), group.each);
            Component::scaled(group.strategy.name(), group.number, each)
        };
        let mut name = self.day.universe.underlying(underlying.ix).name.clone();
        if grouping.unproven > 0.0 {
            // Said where the amount stands: the search was ended before it was proven least.
            name.push_str(&format!(" (at most {:.2} above the least)", grouping.unproven));
        }
        Component::sum(name, grouping.groups.iter().map(leaf).collect())
    }

    /// The strategy that asks for most, the first of equals.
    fn largest(&self, underlying: &DayUnderlying, groups: &[RegTGroup]) -> Option<String> {
        let amount = |group: &RegTGroup| group.number * group.each;
        let largest = groups
            .iter()
            .reduce(|most, next| if amount(next) > amount(most) { next } else { most })?;
        let name = &self.day.universe.underlying(underlying.ix).name;
        Some(format!("{name}: {}", largest.strategy.name()))
    }

    fn name(&self, ix: InstrumentIx) -> &str {
        &self.day.universe.instrument(ix).name
    }
}
