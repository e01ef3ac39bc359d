//! The part of the Standard Manager that depends on the book.
//!
//! With `q` the perpetual, `F` its mark, `B` the coins posted, `S` spot, `P` the price of cash and per expiry the options `a`:
//!
//! ```text
//! perp      = -|q| F (mm_req | im_req)
//! isolated  = -sum over shorts |a| (unit requirement, mark included)
//! max loss  = min over settlement at 0 and at each strike of min(payoff, 0)  - unpaired scale x forward x net short calls
//! options   = sum over expiries of max(isolated, max loss)
//! base      = B S margin_factor            (x im_scale in the initial margin)
//! IM alone:   perpetual    -(1 - c) factor S |q|          where c = min(spot, perpetual)        is below its threshold
//!             options      -(1 - c) factor S shorts       where c = min(spot, forward, vol)     is, expiry by expiry
//!             base         -(1 - c) factor S B            where c = spot                        is
//!             depeg        -(|q| + shorts) (threshold - P) factor S
//! margin    = cash + sum over markets of these parts and the perpetual's unrealised P&L
//! ```
//!
//! Parts have Derive's sign: a requirement is negative. Long options give no credit.

use mpor_core::Right;

use super::parameters::{SrmDepeg, SrmParameters};
use super::units::{SrmUnit, SrmUnits};
use crate::models::derive::values::in_order;
use crate::models::derive::{DeriveBook, DeriveMarket, sum};

/// Everything that the Standard Manager says about one book in one market. USD.
#[derive(Clone, Debug, PartialEq)]
pub struct SrmAssessment {
    /// Mark-to-market value of the options, undiscounted.
    pub option_mtm: f64,
    /// Value of the coins posted.
    pub base_mtm: f64,
    /// Unrealised P&L of the perpetual; none without a position in it.
    pub perp_mtm: f64,
    /// Initial margin.
    pub initial: SrmLevel,
    /// Maintenance margin.
    pub maintenance: SrmLevel,
}

/// The parts of one level: requirements negative, credits positive. USD.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SrmLevel {
    /// The perpetual.
    pub perp: f64,
    /// Penalty for a spot or perpetual feed of low confidence.
    pub perp_confidence: f64,
    /// Penalty for low confidence under short options.
    pub option_confidence: f64,
    /// What the coins posted count for.
    pub base: f64,
    /// Penalty for a spot feed of low confidence under them.
    pub base_confidence: f64,
    /// Penalty for a cash coin below its peg.
    pub depeg: f64,
    /// Expiries that the book holds, in the market's order.
    pub expiries: Vec<SrmExpiry>,
}

/// The options of one expiry at one level. USD.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SrmExpiry {
    /// Position of the expiry in the market.
    pub expiry: usize,
    /// Mark-to-market value.
    pub mtm: f64,
    /// Each short on its own, marks included; at most zero.
    pub isolated: f64,
    /// The worst settlement of them together, with what unpaired calls add; at most zero.
    pub max_loss: f64,
    /// The settlement price that is worst.
    pub worst_settlement: f64,
    /// The part of `max_loss` for unpaired calls.
    pub unpaired: f64,
}

/// A kind of position that the market does not list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotListed(pub &'static str);

impl SrmExpiry {
    /// The better of the two tests.
    #[must_use]
    pub fn margin(&self) -> f64 {
        self.isolated.max(self.max_loss)
    }
}

impl SrmLevel {
    /// All expiries.
    #[must_use]
    pub fn options(&self) -> f64 {
        sum(self.expiries.iter().map(SrmExpiry::margin))
    }

    fn total(&self) -> f64 {
        self.perp
            + self.perp_confidence
            + self.options()
            + self.option_confidence
            + self.base
            + self.base_confidence
            + self.depeg
    }
}

impl SrmAssessment {
    /// Assesses a book. `units` must come from the same parameters and market.
    ///
    /// # Errors
    /// [`NotListed`] for a position that the market does not list.
    pub fn new(
        parameters: &SrmParameters,
        depeg: &SrmDepeg,
        market: &DeriveMarket,
        units: &SrmUnits,
        book: &DeriveBook,
    ) -> Result<Self, NotListed> {
        let (mut initial, mut maintenance) = (SrmLevel::default(), SrmLevel::default());
        let value = book.base * market.spot;
        if book.perp != 0.0 {
            let rule = parameters.perp.ok_or(NotListed("perpetual"))?;
            let notional = book.perp.abs() * market.perp_price;
            initial.perp = -notional * rule.im_req;
            maintenance.perp = -notional * rule.mm_req;
        }
        if book.base != 0.0 {
            let rule = parameters.base.ok_or(NotListed("coin as collateral"))?;
            maintenance.base = value * rule.margin_factor;
            initial.base = maintenance.base * rule.im_scale;
        }
        let held = in_order(&units.options, &book.options);
        if !held.is_empty() {
            let rule = parameters.option.ok_or(NotListed("options"))?;
            for positions in by_expiry(units, &held) {
                let netted = Netted::new(market, units, positions);
                let scale = rule.unpaired_im_scale;
                initial.expiries.push(netted.level(units, |unit| unit.initial, scale));
                let scale = rule.unpaired_mm_scale;
                maintenance.expiries.push(netted.level(units, |unit| unit.maintenance, scale));
            }
        }
        penalise(parameters, depeg, market, units, book, &held, &mut initial);
        Ok(SrmAssessment {
            option_mtm: sum(initial.expiries.iter().map(|expiry| expiry.mtm)),
            base_mtm: value / market.stable_price,
            perp_mtm: if book.perp == 0.0 { 0.0 } else { book.perp_unrealised },
            initial,
            maintenance,
        })
    }

    /// Mark-to-market value without cash.
    #[must_use]
    pub fn mtm(&self) -> f64 {
        self.option_mtm + self.base_mtm + self.perp_mtm
    }

    /// What the market adds to the account's initial margin as Derive states it: what is left, `>= 0` passes.
    #[must_use]
    pub fn initial_margin(&self) -> f64 {
        self.initial.total() + self.perp_mtm
    }

    /// What the market adds to the account's maintenance margin as Derive states it.
    #[must_use]
    pub fn maintenance_margin(&self) -> f64 {
        self.maintenance.total() + self.perp_mtm
    }
}

/// The part of the initial margin that answers to weak feeds and a weak cash coin.
fn penalise(
    parameters: &SrmParameters,
    depeg: &SrmDepeg,
    market: &DeriveMarket,
    units: &SrmUnits,
    book: &DeriveBook,
    held: &[(usize, f64)],
    initial: &mut SrmLevel,
) {
    let oracle = &parameters.oracle_contingency;
    let penalty = |confidence: f64, threshold: f64, coins: f64| {
        let missing = if confidence < threshold { 1.0 - confidence } else { 0.0 };
        -missing * oracle.factor * market.spot * coins
    };
    let (spot, perp) = (market.spot_confidence, book.perp.abs());
    initial.perp_confidence =
        penalty(spot.min(market.perp_confidence), oracle.perp_threshold, perp);
    initial.base_confidence = penalty(spot, oracle.base_threshold, book.base);
    initial.option_confidence = sum(by_expiry(units, held).map(|positions| {
        let expiry = units.options[positions[0].0].expiry;
        let confidence = spot.min(market.expiries[expiry].confidence);
        penalty(confidence, oracle.option_threshold, shorts(positions))
    }));
    let below = (depeg.threshold - market.stable_price).max(0.0);
    initial.depeg = -(perp + shorts(held)) * below * depeg.factor * market.spot;
}

/// What the levels share of the options of one expiry. USD.
struct Netted<'p> {
    expiry: usize,
    positions: &'p [(usize, f64)],
    mtm: f64,
    /// Net short calls, coins, at most zero.
    short_calls: f64,
    /// Forward of the expiry.
    forward: f64,
    worst_settlement: f64,
    loss: f64,
}

impl<'p> Netted<'p> {
    fn new(market: &DeriveMarket, units: &SrmUnits, positions: &'p [(usize, f64)]) -> Self {
        let expiry = units.options[positions[0].0].expiry;
        let calls = positions.iter().filter(|own| units.options[own.0].right == Right::Call);
        let net_calls = sum(calls.map(|(_, amount)| *amount));
        let (worst_settlement, loss) = worst_settlement(units, positions);
        Netted {
            expiry,
            positions,
            mtm: sum(positions.iter().map(|(option, a)| a * units.units[*option].mark)),
            short_calls: net_calls.min(0.0),
            forward: market.expiries[expiry].forward(1.0),
            worst_settlement,
            loss,
        }
    }

    fn level(
        &self,
        units: &SrmUnits,
        requirement: fn(&SrmUnit) -> f64,
        unpaired_scale: f64,
    ) -> SrmExpiry {
        let shorts = self.positions.iter().filter(|(_, amount)| *amount < 0.0);
        let isolated =
            sum(shorts.map(|(option, amount)| amount * requirement(&units.units[*option])));
        let unpaired = unpaired_scale * self.forward * self.short_calls;
        SrmExpiry {
            expiry: self.expiry,
            mtm: self.mtm,
            isolated,
            max_loss: self.loss + unpaired,
            worst_settlement: self.worst_settlement,
            unpaired,
        }
    }
}

/// The first of zero and the strikes at which the options of one expiry pay least, and what they pay there if it is a loss.
fn worst_settlement(units: &SrmUnits, positions: &[(usize, f64)]) -> (f64, f64) {
    let payoff = |settlement: f64| {
        sum(positions.iter().map(|(option, amount)| {
            let option = &units.options[*option];
            amount * option.right.payoff(settlement, option.strike)
        }))
    };
    let strikes = positions.iter().map(|(option, _)| units.options[*option].strike);
    strikes.fold((0.0, payoff(0.0).min(0.0)), |worst, strike| {
        let paid = payoff(strike);
        if paid < worst.1 { (strike, paid) } else { worst }
    })
}

fn by_expiry<'p>(
    units: &'p SrmUnits,
    held: &'p [(usize, f64)],
) -> impl Iterator<Item = &'p [(usize, f64)]> {
    held.chunk_by(|a, b| units.options[a.0].expiry == units.options[b.0].expiry)
}

/// Short options, coins, calls and puts alike.
fn shorts(positions: &[(usize, f64)]) -> f64 {
    sum(positions.iter().map(|(_, amount)| (-amount).max(0.0)))
}
