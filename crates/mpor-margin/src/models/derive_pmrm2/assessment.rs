//! The part of PMRM 2 that depends on the book: sums over unit values, the worst loss, contingencies, levels.
//!
//! With `V_e(s)` the shocked value of the options of expiry `e`, `S` spot, `F` the perpetual's mark and `P` the price of cash:
//!
//! ```text
//! P&L_s  = dampening_s [ sum_e ( disc V_e(s) - V_e ) + q (shock - 1) F + sum_{risk-cancelling} value (shock - 1) ]
//!          disc = L where V_e(s) > 0, N where V_e(s) < 0;  in skew scenarios every expiry counts as -|disc V_e(s) - V_e|
//! basis  = sum_e min( V_e(up) - V_e, V_e(down) - V_e, 0 ) (add + mult T)
//! worst  = min( basis, min_s P&L_s )                          the basis test is an alternative, not an add-on
//! MMcont = |q| S mm_perp + naked S mm_option + sum value mm_haircut
//! IMcont = |q| S im_perp + naked S im_option + sum value im_haircut + confidence terms
//! MM     = worst mm_factor - MMcont + mtm + cash
//! IM     = worst (im_factor + peg) - IMcont - MMcont + mtm + cash
//! ```
//!
//! Naked shorts at one strike: the net short where call and put have opposite signs, otherwise all that is short. A feed
//! whose confidence `c` is strictly below the threshold costs `(1 - c) conf_margin` of the notional, initial margin only.

use smallvec::SmallVec;

use super::book::PmrmBook;
use super::parameters::{CollateralParameters, OtherContingency, PmrmParameters};
use super::units::PmrmUnits;
use crate::models::derive::values::{Shocked, in_order, naked_shorts};
use crate::models::derive::{DeriveMarket, sum};

/// So many expiries need no memory of their own: there is one assessment a market and account.
const FEW_EXPIRIES: usize = 3;

/// Everything that PMRM 2 says about one book in one market. USD.
#[derive(Clone, Debug, PartialEq)]
pub struct PmrmAssessment {
    /// Mark-to-market value of the options.
    pub option_mtm: f64,
    /// Value of what is posted, before haircuts.
    pub collateral_mtm: f64,
    /// Unrealised P&L of the perpetual; none without a position in it.
    pub perp_mtm: f64,
    /// P&L by scenario, dampened, gain positive.
    pub scenario_pnl: Vec<f64>,
    /// The basis test, at most zero.
    pub basis_contingency: f64,
    /// The worst P&L, at most zero.
    pub worst_loss: f64,
    /// What the worst P&L came from.
    pub binding: PmrmBinding,
    /// Contingencies of both levels.
    pub maintenance_contingency: Contingency,
    /// Contingencies of the initial margin alone.
    pub initial_contingency: Contingency,
    /// Penalties for feeds of low confidence, initial margin alone.
    pub confidence: Contingency,
    /// Multiplier of the worst loss in the initial margin, peg term included.
    pub im_factor: f64,
    /// Multiplier of the worst loss in the maintenance margin.
    pub mm_factor: f64,
    /// Expiries that the book holds, in the market's order.
    pub expiries: SmallVec<[ExpiryAssessment; FEW_EXPIRIES]>,
}

/// What decided the worst P&L.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PmrmBinding {
    /// The basis test, also on a tie.
    Basis,
    /// The first scenario with the worst P&L.
    Scenario(usize),
}

/// Money held against positions by kind, positive, USD.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Contingency {
    /// For the perpetual.
    pub perp: f64,
    /// For options.
    pub option: f64,
    /// For what is posted.
    pub collateral: f64,
}

/// One expiry of the book. USD.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExpiryAssessment {
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

/// A collateral that the market does not accept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownCollateral(pub String);

impl PmrmAssessment {
    /// Assesses a book. `units` must come from the same parameters and market.
    ///
    /// # Errors
    /// [`UnknownCollateral`] for an asset that the market does not accept.
    pub fn new(
        parameters: &PmrmParameters,
        market: &DeriveMarket,
        units: &PmrmUnits,
        book: &PmrmBook,
    ) -> Result<Self, UnknownCollateral> {
        let other = &parameters.other_contingency;
        let posted = Posted::new(parameters, market, book)?;
        let mut option_pnl = vec![0.0; parameters.scenarios.len()];
        let expiries = assess_expiries(parameters, market, units, book, &mut option_pnl);
        let scenario_pnl = scenario_pnl(parameters, market, book, &posted, &option_pnl);
        let basis_contingency = sum(expiries.iter().map(|expiry| expiry.basis_contingency));
        let (worst_loss, binding) = worst(&scenario_pnl, basis_contingency);
        let naked = sum(expiries.iter().map(|expiry| expiry.naked_shorts)) * market.spot;
        let perp = book.perp.abs() * market.spot;
        let confidence = market.spot_confidence.min(market.perp_confidence);
        let peg = (other.peg_loss_threshold - market.stable_price).max(0.0) * other.peg_loss_factor;
        Ok(PmrmAssessment {
            option_mtm: sum(expiries.iter().map(|expiry| expiry.mtm)),
            collateral_mtm: posted.value,
            perp_mtm: if book.perp == 0.0 { 0.0 } else { book.perp_unrealised },
            scenario_pnl,
            basis_contingency,
            worst_loss,
            binding,
            maintenance_contingency: Contingency {
                perp: perp * other.mm_perp_percent,
                option: naked * other.mm_option_percent,
                collateral: posted.mm_haircut,
            },
            initial_contingency: Contingency {
                perp: perp * other.im_perp_percent,
                option: naked * other.im_option_percent,
                collateral: posted.im_haircut,
            },
            confidence: Contingency {
                perp: other.penalty(confidence) * perp,
                option: sum(expiries.iter().map(|expiry| expiry.confidence_penalty)),
                collateral: posted.penalty,
            },
            im_factor: parameters.margin.im_factor + peg,
            mm_factor: parameters.margin.mm_factor,
            expiries,
        })
    }

    /// Mark-to-market value without cash.
    #[must_use]
    pub fn mtm(&self) -> f64 {
        self.option_mtm + self.collateral_mtm + self.perp_mtm
    }

    /// Initial margin as Derive states it: what is left, `>= 0` passes.
    #[must_use]
    pub fn initial_margin(&self, cash: f64) -> f64 {
        self.worst_loss * self.im_factor
            - self.initial_contingency.total()
            - self.confidence.total()
            - self.maintenance_contingency.total()
            + self.mtm()
            + cash
    }

    /// Maintenance margin as Derive states it: what is left, `>= 0` passes.
    #[must_use]
    pub fn maintenance_margin(&self, cash: f64) -> f64 {
        self.worst_loss * self.mm_factor - self.maintenance_contingency.total() + self.mtm() + cash
    }
}

impl Contingency {
    /// The sum of the kinds.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.perp + self.option + self.collateral
    }
}

impl OtherContingency {
    /// Share of notional that a feed of this confidence costs.
    fn penalty(&self, confidence: f64) -> f64 {
        if confidence < self.conf_threshold { (1.0 - confidence) * self.conf_margin } else { 0.0 }
    }
}

/// Sums over what is posted.
#[derive(Default)]
struct Posted {
    value: f64,
    moves_with_spot: f64,
    mm_haircut: f64,
    im_haircut: f64,
    penalty: f64,
}

impl Posted {
    fn new(
        parameters: &PmrmParameters,
        market: &DeriveMarket,
        book: &PmrmBook,
    ) -> Result<Self, UnknownCollateral> {
        let mut posted = Posted::default();
        for holding in &book.collaterals {
            let known = parameters.collaterals.get(&holding.name);
            let CollateralParameters { risk_cancelling, mm_haircut, im_haircut_extra } =
                *known.ok_or_else(|| UnknownCollateral(holding.name.clone()))?;
            let value = holding.amount * holding.price / market.stable_price;
            let confidence = holding.confidence.min(market.spot_confidence);
            posted.value += value;
            posted.moves_with_spot += if risk_cancelling { value } else { 0.0 };
            posted.mm_haircut += value * mm_haircut;
            posted.im_haircut += value * im_haircut_extra;
            posted.penalty += parameters.other_contingency.penalty(confidence) * value;
        }
        Ok(posted)
    }
}

/// Expiry by expiry: what each holds, and its part of every scenario, added to `pnl`.
fn assess_expiries(
    parameters: &PmrmParameters,
    market: &DeriveMarket,
    units: &PmrmUnits,
    book: &PmrmBook,
    pnl: &mut [f64],
) -> SmallVec<[ExpiryAssessment; FEW_EXPIRIES]> {
    let held = in_order(&units.options, &book.options);
    let expiry_of = |position: &(usize, f64)| units.options[position.0].expiry;
    let mut shocked = Shocked::zero(units.columns());
    held.chunk_by(|a, b| expiry_of(a) == expiry_of(b))
        .map(|positions| {
            shocked.clear();
            for &(option, amount) in positions {
                shocked.add(amount, units.row(option));
            }
            let expiry = expiry_of(&positions[0]);
            add_scenarios(parameters, units, expiry, &shocked, pnl);
            assess_expiry(parameters, market, units, book, expiry, positions, &shocked)
        })
        .collect()
}

fn add_scenarios(
    parameters: &PmrmParameters,
    units: &PmrmUnits,
    expiry: usize,
    shocked: &Shocked,
    pnl: &mut [f64],
) {
    let terms = &units.terms[expiry];
    let scenarios = parameters.scenarios.iter().zip(shocked.scenarios());
    for (sum, (scenario, &value)) in pnl.iter_mut().zip(scenarios) {
        let discount =
            if value > 0.0 { terms.static_discount_long } else { terms.static_discount_short };
        let gain = discount * value - shocked.base();
        *sum += if scenario.vol_shock.is_skew() { -gain.abs() } else { gain };
    }
}

fn assess_expiry(
    parameters: &PmrmParameters,
    market: &DeriveMarket,
    units: &PmrmUnits,
    book: &PmrmBook,
    expiry: usize,
    positions: &[(usize, f64)],
    shocked: &Shocked,
) -> ExpiryAssessment {
    let (up, down) = (shocked.basis_up_pnl(), shocked.basis_down_pnl());
    let mut confidence = market.expiries[expiry].confidence.min(market.spot_confidence);
    if book.perp != 0.0 {
        confidence = confidence.min(market.perp_confidence);
    }
    let gross = sum(positions.iter().map(|(_, amount)| amount.abs()));
    ExpiryAssessment {
        expiry,
        mtm: shocked.base(),
        basis_up_pnl: up,
        basis_down_pnl: down,
        basis_contingency: up.min(down).min(0.0) * units.terms[expiry].basis_factor,
        naked_shorts: naked_shorts(&units.options, positions),
        confidence_penalty: parameters.other_contingency.penalty(confidence) * gross * market.spot,
    }
}

fn scenario_pnl(
    parameters: &PmrmParameters,
    market: &DeriveMarket,
    book: &PmrmBook,
    posted: &Posted,
    option_pnl: &[f64],
) -> Vec<f64> {
    let linear = book.perp * market.perp_price + posted.moves_with_spot;
    let scenarios = parameters.scenarios.iter().zip(option_pnl);
    scenarios
        .map(|(scenario, options)| {
            scenario.dampening * (options + linear * (scenario.spot_shock - 1.0))
        })
        .collect()
}

/// The smaller of the basis test and the worst scenario; on a tie the basis test, of scenarios the first.
fn worst(scenario_pnl: &[f64], basis: f64) -> (f64, PmrmBinding) {
    scenario_pnl.iter().enumerate().fold((basis, PmrmBinding::Basis), |worst, (index, &pnl)| {
        if pnl < worst.0 { (pnl, PmrmBinding::Scenario(index)) } else { worst }
    })
}
