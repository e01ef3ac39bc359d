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

pub mod pairing;
pub mod strategy;

mod parameters;
mod search;
mod simplex;

use mpor_core::{Contract, InstrumentIx, Portfolio, Settlement, UnderlyingIx};
use mpor_pricing::value;
use mpor_risk::Day;
use toml::Table;

use crate::catalog::{KindInfo, Parameter, Size};
use crate::component::Component;
use crate::error::MarginError;
use crate::held::Held;
use crate::model::{MarginModel, MarginReport, Prepared};
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

/// Where a row of the day's instruments belongs.
enum Slot {
    /// A contract of an underlying, by their positions.
    Contract { underlying: usize, contract: usize },
    /// No rule, and why.
    NotCovered(String),
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
    /// By row of the day.
    slots: Vec<Slot>,
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
        Ok(Box::new(PreparedRegT { held, day, rates, slots: slots?, underlyings }))
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
        Ok(Slot::Contract { underlying, contract: own.contracts.len() - 1 })
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

impl Prepared for PreparedRegT<'_> {
    fn requirement(&self, portfolio: &Portfolio) -> Result<MarginReport, MarginError> {
        let gross_notional = self.held.gross_notional(portfolio)?;
        let mut books = vec![Vec::new(); self.underlyings.len()];
        for position in portfolio.positions() {
            match &self.slots[self.held.row(position.instrument)?] {
                Slot::Contract { underlying, contract } => {
                    books[*underlying].push((*contract, position.quantity));
                }
                Slot::NotCovered(reason) => {
                    return Err(self.held.not_covered(position.instrument, reason.as_str()));
                }
            }
        }
        let (mut initial, mut maintenance, mut binding) = (Vec::new(), Vec::new(), Vec::new());
        let held = self.underlyings.iter().zip(&books).filter(|(_, book)| !book.is_empty());
        for (underlying, book) in held {
            let grouping = self.least(underlying, book, RegTLevel::Maintenance);
            let stock = |(contract, _): &(usize, f64)| {
                matches!(underlying.contracts[*contract], RegTContract::Stock { .. })
            };
            let of_maintenance = self.component(underlying, &grouping);
            let mut proven = grouping.unproven == 0.0;
            // Without stock the levels are the same.
            let grouping = if book.iter().any(stock) {
                self.least(underlying, book, RegTLevel::Initial)
            } else {
                grouping
            };
            proven &= grouping.unproven == 0.0;
            let of_initial = self.component(underlying, &grouping);
            initial.push(if proven {
                of_initial
            } else {
                // Two searches that were ended may have come unequally far.
                Component::max("the larger level", vec![of_initial, of_maintenance.clone()])
            });
            maintenance.push(of_maintenance);
            binding.extend(self.largest(underlying, &grouping.groups));
        }
        Ok(MarginReport {
            initial: Component::sum("initial margin", initial),
            maintenance: Component::sum("maintenance margin", maintenance),
            binding: (!binding.is_empty()).then(|| binding.join("; ")),
            gross_notional,
        })
    }
}

impl PreparedRegT<'_> {
    fn least(
        &self,
        underlying: &DayUnderlying,
        book: &[(usize, f64)],
        level: RegTLevel,
    ) -> RegTGrouping {
        least(&self.rates, &underlying.shares, &underlying.contracts, book, level)
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
