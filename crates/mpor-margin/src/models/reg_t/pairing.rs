//! The grouping of an account's positions into strategies that asks the least.
//!
//! Every way of grouping is a choice of how many of each possible strategy to form, such that each position is used up; each
//! position alone is a strategy too. The least total is found by a linear program over all strategies that the positions allow,
//! and where contracts are whole, by cuts and branch and bound on it: a strategy is never formed in part. Positions that are
//! themselves fractions of contracts are grouped in fractions. A search that becomes too long ends with the best grouping found
//! and says how far that may be above the least.
//!
//! Strategies that cost what their parts cost are left out of the search: long straddles, long boxes, short butterflies. Options
//! of a strategy have one expiry, except that in a spread of two the long one may expire later, and stock goes with options of any
//! expiry. Options pair with options of the same contract size. Butterflies have equal wings.

use mpor_core::Right;

use super::search::Search;
use super::simplex::{self, Column};
use super::strategy::{RegTLeg, RegTRates, RegTUnderlying, Strategy};

/// One contract, as the account may hold it long or short.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RegTContract {
    /// Stock, or what counts as it; units of the underlying a contract.
    Stock {
        /// Units a contract.
        units: f64,
    },
    /// An option.
    Option(RegTOption),
}

/// An option contract.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RegTOption {
    /// Call or put.
    pub right: Right,
    /// Strike.
    pub strike: f64,
    /// Value per unit of the underlying.
    pub premium: f64,
    /// Months to expiry, by which expiries are told apart.
    pub months: f64,
    /// Units of the underlying a contract.
    pub units: f64,
}

/// Which requirement is made least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegTLevel {
    /// Initial.
    Initial,
    /// Maintenance.
    Maintenance,
}

/// Strategies formed of one kind with the same contracts.
#[derive(Clone, Debug, PartialEq)]
pub struct RegTGroup {
    /// Which strategy.
    pub strategy: Strategy,
    /// Positions of its contracts.
    pub contracts: Vec<usize>,
    /// How many.
    pub number: f64,
    /// Requirement of one, on top of value, money.
    pub each: f64,
}

/// The grouping with the least requirement.
#[derive(Clone, Debug, PartialEq)]
pub struct RegTGrouping {
    /// Its strategies.
    pub groups: Vec<RegTGroup>,
    /// How far the total may be above the least, money: zero when the search came to its end.
    pub unproven: f64,
}

impl RegTGrouping {
    /// What it asks for, money.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.groups.iter().fold(0.0, |sum, group| sum + group.number * group.each)
    }
}

/// The grouping of positions (contract and signed quantity) with the least requirement.
#[must_use]
pub fn least(
    rates: &RegTRates,
    underlying: &RegTUnderlying,
    contracts: &[RegTContract],
    positions: &[(usize, f64)],
    level: RegTLevel,
) -> RegTGrouping {
    let book = Book { rates, underlying, contracts, positions, level };
    let candidates = book.candidates();
    let amounts: Vec<f64> = positions.iter().map(|(_, quantity)| quantity.abs()).collect();
    let stock = |contract: usize| matches!(contracts[contract], RegTContract::Stock { .. });
    let whole = positions.iter().all(|&(of, quantity)| stock(of) || quantity.fract() == 0.0);
    let columns: Vec<Column> = candidates
        .iter()
        .map(|candidate| Column { cost: candidate.each, entries: candidate.entries.clone() })
        .collect();
    let (numbers, unproven) = if whole {
        let fluid = positions.iter().map(|(contract, _)| stock(*contract)).collect();
        Search::new(&columns, &amounts, fluid).run()
    } else {
        (simplex::cheapest(&columns, &amounts).solution, 0.0)
    };
    let formed = candidates.into_iter().zip(numbers).filter(|(_, number)| *number > 0.0);
    let group = |(candidate, number): (Candidate, f64)| RegTGroup {
        strategy: candidate.strategy,
        contracts: candidate.entries.iter().map(|(row, _)| positions[*row].0).collect(),
        number,
        each: candidate.each,
    };
    RegTGrouping { groups: formed.map(group).collect(), unproven }
}

/// A strategy that some of the positions could form.
struct Candidate {
    strategy: Strategy,
    /// Positions and contracts of each.
    entries: Vec<(usize, f64)>,
    each: f64,
}

struct Book<'b> {
    rates: &'b RegTRates,
    underlying: &'b RegTUnderlying,
    contracts: &'b [RegTContract],
    positions: &'b [(usize, f64)],
    level: RegTLevel,
}

/// An option position: its row, its terms and its side.
#[derive(Clone, Copy)]
struct Held {
    row: usize,
    option: RegTOption,
    side: f64,
}

impl Book<'_> {
    /// Every strategy worth forming, each position alone first and in their order.
    fn candidates(&self) -> Vec<Candidate> {
        let mut all: Vec<Candidate> =
            (0..self.positions.len()).filter_map(|row| self.alone(row)).collect();
        let held = self.options();
        let of = |side: f64, right| -> Vec<Held> {
            held.iter().copied().filter(|h| h.side == side && h.option.right == right).collect()
        };
        let (call, put) = (Right::Call, Right::Put);
        let (long_calls, short_calls) = (of(1.0, call), of(-1.0, call));
        let (long_puts, short_puts) = (of(1.0, put), of(-1.0, put));
        self.spreads(&long_calls, &short_calls, &mut all);
        self.spreads(&long_puts, &short_puts, &mut all);
        self.butterflies(&long_calls, &short_calls, &mut all);
        self.butterflies(&long_puts, &short_puts, &mut all);
        self.short_pairs(&short_calls, &short_puts, &mut all);
        self.defined(&long_calls, &short_calls, &long_puts, &short_puts, &mut all);
        self.with_stock(&short_calls, &long_puts, &short_puts, &mut all);
        all
    }

    fn options(&self) -> Vec<Held> {
        let held = |(row, &(contract, quantity)): (usize, &(usize, f64))| {
            let RegTContract::Option(option) = self.contracts[contract] else { return None };
            Some(Held { row, option, side: quantity.signum() })
        };
        self.positions.iter().enumerate().filter_map(held).collect()
    }

    fn alone(&self, row: usize) -> Option<Candidate> {
        let (contract, quantity) = self.positions[row];
        let long = quantity > 0.0;
        match self.contracts[contract] {
            RegTContract::Stock { units } => {
                let strategy = if long { Strategy::LongStock } else { Strategy::ShortStock };
                let each = self.each(strategy, &[], units)?;
                Some(Candidate { strategy, entries: vec![(row, 1.0)], each })
            }
            RegTContract::Option(option) => {
                let strategy = match (long, option.right) {
                    (true, Right::Call) => Strategy::LongCall,
                    (true, Right::Put) => Strategy::LongPut,
                    (false, Right::Call) => Strategy::ShortCall,
                    (false, Right::Put) => Strategy::ShortPut,
                };
                self.candidate(strategy, &[Held { row, option, side: quantity.signum() }], None)
            }
        }
    }

    /// A long against a short option of one right; the long one expires with it or later.
    fn spreads(&self, longs: &[Held], shorts: &[Held], all: &mut Vec<Candidate>) {
        for long in longs {
            for short in shorts {
                let (of_long, of_short) = (long.option, short.option);
                if of_long.months < of_short.months || of_long.units != of_short.units {
                    continue;
                }
                // The long one pays at least as much as the short one costs.
                let covers = of_long.right.sign() * (of_short.strike - of_long.strike) >= 0.0;
                let strategy = match (covers, of_long.right) {
                    (true, Right::Call) => Strategy::DebitCallSpread,
                    (true, Right::Put) => Strategy::DebitPutSpread,
                    (false, Right::Call) => Strategy::CreditCallSpread,
                    (false, Right::Put) => Strategy::CreditPutSpread,
                };
                all.extend(self.candidate(strategy, &[*long, *short], None));
            }
        }
    }

    /// Two longs around twice a short, at equal distances.
    fn butterflies(&self, longs: &[Held], shorts: &[Held], all: &mut Vec<Candidate>) {
        for short in shorts {
            for low in
                longs.iter().filter(|low| together(low, short) && strike(low) < strike(short))
            {
                let high = longs.iter().find(|high| {
                    let wing = strike(high) - strike(short);
                    let other = strike(short) - strike(low);
                    together(high, short) && (wing - other).abs() <= 1e-9 * strike(short)
                });
                if let Some(high) = high {
                    let legs = [*low, *short, *short, *high];
                    all.extend(self.candidate(Strategy::LongButterfly, &legs, None));
                }
            }
        }
    }

    fn short_pairs(&self, calls: &[Held], puts: &[Held], all: &mut Vec<Candidate>) {
        for call in calls {
            for put in puts.iter().filter(|put| together(call, put)) {
                let strategy = if strike(call) == strike(put) {
                    Strategy::ShortStraddle
                } else {
                    Strategy::ShortStrangle
                };
                all.extend(self.candidate(strategy, &[*call, *put], None));
            }
        }
    }

    /// Iron condors and butterflies, and short boxes: a credit spread of calls with one of puts.
    fn defined(
        &self,
        long_calls: &[Held],
        short_calls: &[Held],
        long_puts: &[Held],
        short_puts: &[Held],
        all: &mut Vec<Candidate>,
    ) {
        for short_call in short_calls {
            for short_put in short_puts.iter().filter(|put| together(put, short_call)) {
                let box_ = strike(short_call) < strike(short_put);
                let above = |long: &&Held| {
                    let far = strike(long) > strike(short_call);
                    together(long, short_call)
                        && if box_ { strike(long) == strike(short_put) } else { far }
                };
                let below = |long: &&Held| {
                    let far = strike(long) < strike(short_put);
                    together(long, short_put)
                        && if box_ { strike(long) == strike(short_call) } else { far }
                };
                let strategy = match (box_, strike(short_call) == strike(short_put)) {
                    (true, _) => Strategy::ShortBox,
                    (false, true) => Strategy::IronButterfly,
                    (false, false) => Strategy::IronCondor,
                };
                for long_call in long_calls.iter().filter(above) {
                    for long_put in long_puts.iter().filter(below) {
                        let legs = [*long_put, *short_put, *short_call, *long_call];
                        all.extend(self.candidate(strategy, &legs, None));
                    }
                }
            }
        }
    }

    fn with_stock(
        &self,
        short_calls: &[Held],
        long_puts: &[Held],
        short_puts: &[Held],
        all: &mut Vec<Candidate>,
    ) {
        for (row, &(contract, quantity)) in self.positions.iter().enumerate() {
            let RegTContract::Stock { units } = self.contracts[contract] else { continue };
            let stock = Some((row, units));
            if quantity < 0.0 {
                for put in short_puts {
                    all.extend(self.candidate(Strategy::CoveredPut, &[*put], stock));
                }
                continue;
            }
            for call in short_calls {
                all.extend(self.candidate(Strategy::CoveredCall, &[*call], stock));
            }
            for put in long_puts {
                all.extend(self.candidate(Strategy::ProtectivePut, &[*put], stock));
                for call in short_calls.iter().filter(|call| together(call, put)) {
                    let strategy = match strike(put) {
                        low if low < strike(call) => Strategy::Collar,
                        same if same == strike(call) => Strategy::Conversion,
                        _ => continue,
                    };
                    all.extend(self.candidate(strategy, &[*put, *call], stock));
                }
            }
        }
    }

    /// A strategy of these options, with the stock that one of it needs: its row and the units of one contract of it.
    fn candidate(
        &self,
        strategy: Strategy,
        held: &[Held],
        stock: Option<(usize, f64)>,
    ) -> Option<Candidate> {
        let units = held.first()?.option.units;
        let leg = |held: &Held| {
            let RegTOption { right, strike, premium, months, .. } = held.option;
            RegTLeg { side: held.side, right, strike, premium, months }
        };
        let legs: Vec<RegTLeg> = held.iter().map(leg).collect();
        let each = self.each(strategy, &legs, units)?;
        let mut entries: Vec<(usize, f64)> = Vec::with_capacity(held.len() + 1);
        for held in held {
            match entries.iter_mut().find(|(row, _)| *row == held.row) {
                Some((_, contracts)) => *contracts += 1.0,
                None => entries.push((held.row, 1.0)),
            }
        }
        entries.extend(stock.map(|(row, of_one)| (row, units / of_one)));
        Some(Candidate { strategy, entries, each })
    }

    fn each(&self, strategy: Strategy, legs: &[RegTLeg], units: f64) -> Option<f64> {
        let (initial, maintenance) = strategy.amounts(self.rates, self.underlying, legs)?.on_top();
        let amount = match self.level {
            RegTLevel::Initial => initial,
            RegTLevel::Maintenance => maintenance,
        };
        Some(amount * units)
    }
}

fn strike(held: &Held) -> f64 {
    held.option.strike
}

/// One expiry and one contract size.
fn together(a: &Held, b: &Held) -> bool {
    a.option.months == b.option.months && a.option.units == b.option.units
}
