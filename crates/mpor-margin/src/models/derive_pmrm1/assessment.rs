//! The part of PMRM 1 that depends on the book: sums over unit values, the worst loss, contingencies, levels.
//!
//! With `V_e(s)` the shocked value of the options of expiry `e`, `S` spot, `F` the perpetual's mark, `B` the coins posted and `P`
//! the price of cash:
//!
//! ```text
//! P&L_s  = sum_e ( disc V_e(s) - V_e ) + B S (shock - 1) / P + q (shock - 1) F,   disc = d where V_e(s) > 0, otherwise 1
//! basis  = sum_e min( V_e(up) - V_e, V_e(down) - V_e, 0 ) (add + mult T)
//! worst  = min( basis, min_s P&L_s )                          the basis test is an alternative, not an add-on
//! static = S ( |q| perp + B base + naked option )
//! MM     = worst - static + mtm + cash
//! IM     = (worst - static) f - confidence + mtm + cash,      f = im_factor + max(0, peg threshold - P) peg factor
//! ```
//!
//! Naked shorts at one strike: the net short where call and put have opposite signs, otherwise all that is short. A feed
//! whose confidence `c` is strictly below the threshold costs `(1 - c) conf_margin` of the notional, initial margin only.

use smallvec::SmallVec;

use super::parameters::{Pmrm1Contingency, Pmrm1Parameters};
use super::units::Pmrm1Units;
use crate::models::derive::values::{Shocked, in_order, naked_shorts};
use crate::models::derive::{DeriveBook, DeriveMarket, sum};

/// So many expiries need no memory of their own: there is one assessment a market and account.
const FEW_EXPIRIES: usize = 3;

/// Everything that PMRM 1 says about one book in one market. USD.
#[derive(Clone, Debug, PartialEq)]
pub struct Pmrm1Assessment {
    /// Mark-to-market value of the options, undiscounted.
    pub option_mtm: f64,
    /// Value of the coins posted.
    pub base_mtm: f64,
    /// Unrealised P&L of the perpetual; none without a position in it.
    pub perp_mtm: f64,
    /// P&L by scenario, gain positive.
    pub scenario_pnl: Vec<f64>,
    /// The basis test, at most zero.
    pub basis_contingency: f64,
    /// The worst P&L, at most zero.
    pub worst_loss: f64,
    /// What the worst P&L came from: the first scenario with it, or (`None`, also on a tie) the basis test.
    pub binding: Option<usize>,
    /// Contingencies of both levels.
    pub static_contingency: StaticContingency,
    /// Penalty for a spot or perpetual feed of low confidence, initial margin alone.
    pub linear_penalty: f64,
    /// Penalty for feeds of low confidence under the options, initial margin alone.
    pub option_penalty: f64,
    /// Multiplier of loss and contingency in the initial margin, peg term included.
    pub im_factor: f64,
    /// Expiries that the book holds, in the market's order.
    pub expiries: SmallVec<[Pmrm1ExpiryAssessment; FEW_EXPIRIES]>,
}

/// Money held against positions by kind, positive, USD.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StaticContingency {
    /// For the perpetual.
    pub perp: f64,
    /// For the coins posted.
    pub base: f64,
    /// For naked short options.
    pub option: f64,
}

/// One expiry of the book. USD.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pmrm1ExpiryAssessment {
    /// Position of the expiry in the market.
    pub expiry: usize,
    /// Mark-to-market value.
    pub mtm: f64,
    /// P&L of the basis test upward.
    pub basis_up_pnl: f64,
    /// P&L of the basis test downward.
    pub basis_down_pnl: f64,
    /// The worse of them or zero, times the expiry's factor.
    pub basis_contingency: f64,
    /// Naked short options, coins.
    pub naked_shorts: f64,
    /// Penalty for low confidence.
    pub confidence_penalty: f64,
}

impl Pmrm1Assessment {
    /// Assesses a book. `units` must come from the same parameters and market.
    #[must_use]
    pub fn new(
        parameters: &Pmrm1Parameters,
        market: &DeriveMarket,
        units: &Pmrm1Units,
        book: &DeriveBook,
    ) -> Self {
        let other = &parameters.other_contingency;
        let base_mtm = book.base * market.spot / market.stable_price;
        let mut scenario_pnl = vec![0.0; parameters.scenarios.len()];
        let expiries = assess_expiries(parameters, market, units, book, &mut scenario_pnl);
        for (pnl, scenario) in scenario_pnl.iter_mut().zip(&parameters.scenarios) {
            *pnl += (base_mtm + book.perp * market.perp_price) * (scenario.spot_shock - 1.0);
        }
        let basis_contingency = sum(expiries.iter().map(|expiry| expiry.basis_contingency));
        let (worst_loss, binding) = worst(&scenario_pnl, basis_contingency);
        let naked = sum(expiries.iter().map(|expiry| expiry.naked_shorts));
        let linear = (book.perp.abs() + book.base) * market.spot;
        let peg = (other.peg_loss_threshold - market.stable_price).max(0.0) * other.peg_loss_factor;
        Pmrm1Assessment {
            option_mtm: sum(expiries.iter().map(|expiry| expiry.mtm)),
            base_mtm,
            perp_mtm: if book.perp == 0.0 { 0.0 } else { book.perp_unrealised },
            scenario_pnl,
            basis_contingency,
            worst_loss,
            binding,
            static_contingency: StaticContingency {
                perp: book.perp.abs() * market.spot * other.perp_percent,
                base: book.base * market.spot * other.base_percent,
                option: naked * market.spot * other.option_percent,
            },
            linear_penalty: other.penalty(linear_confidence(market, book)) * linear,
            option_penalty: sum(expiries.iter().map(|expiry| expiry.confidence_penalty)),
            im_factor: parameters.margin.im_factor + peg,
            expiries,
        }
    }

    /// Mark-to-market value without cash.
    #[must_use]
    pub fn mtm(&self) -> f64 {
        self.option_mtm + self.base_mtm + self.perp_mtm
    }

    /// Initial margin as Derive states it: what is left, `>= 0` passes.
    #[must_use]
    pub fn initial_margin(&self, cash: f64) -> f64 {
        (self.worst_loss - self.static_contingency.total()) * self.im_factor
            - self.linear_penalty
            - self.option_penalty
            + self.mtm()
            + cash
    }

    /// Maintenance margin as Derive states it: what is left, `>= 0` passes.
    #[must_use]
    pub fn maintenance_margin(&self, cash: f64) -> f64 {
        self.worst_loss - self.static_contingency.total() + self.mtm() + cash
    }
}

impl StaticContingency {
    /// The sum of the kinds.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.perp + self.base + self.option
    }
}

impl Pmrm1Contingency {
    /// Share of notional that a feed of this confidence costs.
    fn penalty(&self, confidence: f64) -> f64 {
        if confidence < self.conf_threshold { (1.0 - confidence) * self.conf_margin } else { 0.0 }
    }
}

/// Confidence of spot, and of the perpetual where it is held.
fn linear_confidence(market: &DeriveMarket, book: &DeriveBook) -> f64 {
    if book.perp == 0.0 {
        market.spot_confidence
    } else {
        market.spot_confidence.min(market.perp_confidence)
    }
}

/// Expiry by expiry: what each holds, and its part of every scenario, added to `pnl`.
fn assess_expiries(
    parameters: &Pmrm1Parameters,
    market: &DeriveMarket,
    units: &Pmrm1Units,
    book: &DeriveBook,
    pnl: &mut [f64],
) -> SmallVec<[Pmrm1ExpiryAssessment; FEW_EXPIRIES]> {
    let held = in_order(&units.options, &book.options);
    let expiry_of = |position: &(usize, f64)| units.options[position.0].expiry;
    let mut shocked = Shocked::zero(units.values.columns());
    held.chunk_by(|a, b| expiry_of(a) == expiry_of(b))
        .map(|positions| {
            shocked.clear();
            for &(option, amount) in positions {
                shocked.add(amount, units.values.row(option));
            }
            let expiry = expiry_of(&positions[0]);
            let discount = units.terms[expiry].static_discount;
            for (sum, &value) in pnl.iter_mut().zip(shocked.scenarios()) {
                let counted = if value > 0.0 { discount * value } else { value };
                *sum += counted - shocked.base();
            }
            assess_expiry(parameters, market, units, book, expiry, positions, &shocked)
        })
        .collect()
}

fn assess_expiry(
    parameters: &Pmrm1Parameters,
    market: &DeriveMarket,
    units: &Pmrm1Units,
    book: &DeriveBook,
    expiry: usize,
    positions: &[(usize, f64)],
    shocked: &Shocked,
) -> Pmrm1ExpiryAssessment {
    let (up, down) = (shocked.basis_up_pnl(), shocked.basis_down_pnl());
    let confidence = market.expiries[expiry].confidence.min(linear_confidence(market, book));
    let gross = sum(positions.iter().map(|(_, amount)| amount.abs()));
    Pmrm1ExpiryAssessment {
        expiry,
        mtm: shocked.base(),
        basis_up_pnl: up,
        basis_down_pnl: down,
        basis_contingency: up.min(down).min(0.0) * units.terms[expiry].basis_factor,
        naked_shorts: naked_shorts(&units.options, positions),
        confidence_penalty: parameters.other_contingency.penalty(confidence) * gross * market.spot,
    }
}

/// The smaller of the basis test and the worst scenario; on a tie the basis test, of scenarios the first.
fn worst(scenario_pnl: &[f64], basis: f64) -> (f64, Option<usize>) {
    scenario_pnl.iter().enumerate().fold((basis, None), |worst, (index, &pnl)| {
        if pnl < worst.0 { (pnl, Some(index)) } else { worst }
    })
}
