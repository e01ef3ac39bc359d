//! The part of Deribit's portfolio margin that depends on the book: sums over unit values, the worst cell, shocks, levels.
//!
//! ```text
//! extended'    P&L(X) moved toward zero by min( D(X), |P&L(X)| )
//! aggregated   P&L where it is a loss, pnl_offset P&L where it is a gain
//! worst        -min over both tables, at least zero
//! roll         sum over expiries of |delta of the expiry| max( min_annualised_move, exp(annualised_move_risk T) - 1 )
//! delta shock  min( (|D| S - threshold) |D| m_inc, max_delta_shock |D| S ) / S above the threshold
//!              D = delta of futures, perpetuals and short options, brought toward zero by the delta of the long options
//! risk matrix  worst + roll + delta shock ( + contingencies of the versions before 2024 )
//! initial      risk matrix;   maintenance = mm_factor risk matrix
//! ```
//!
//! All amounts in coin. Contingencies: so many coins per net short option at one strike of one expiry, calls and puts
//! together, and a share of futures and perpetuals, gross.

use super::parameters::DeribitParameters;
use super::units::{DeribitUnits, VOLS};
use crate::models::venue::{VenueContract, add, sum};

/// Everything that the portfolio margin says about one book in one currency. Coin.
#[derive(Clone, Debug, PartialEq)]
pub struct DeribitAssessment {
    /// P&L of the standard table, price-major, volatility up, same, down; gain positive.
    pub standard: Vec<f64>,
    /// P&L of the extended table before the dampener.
    pub extended: Vec<f64>,
    /// The extended table after the dampener.
    pub dampened: Vec<f64>,
    /// The largest loss of both tables, at least zero.
    pub worst_case: f64,
    /// The first cell that has it.
    pub worst_cell: DeribitCell,
    /// By expiry held, in the order of the units.
    pub rolls: Vec<DeribitRoll>,
    /// Delta that the delta shock is taken on.
    pub delta_for_shock: f64,
    /// Charge for a large delta.
    pub delta_shock: f64,
    /// Charge for net short options.
    pub option_contingency: f64,
    /// Charge for futures and perpetuals.
    pub futures_contingency: f64,
    /// Maintenance margin as a share of the risk matrix margin.
    pub mm_factor: f64,
}

/// A cell of the risk matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeribitCell {
    /// Position of the price move, and of the volatility: up, same, down.
    Standard(usize, usize),
    /// Position of the price move.
    Extended(usize),
}

/// One expiry's part of the roll shock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DeribitRoll {
    /// Position of the expiry in the units.
    pub expiry: usize,
    /// Coins of delta, signed.
    pub delta: f64,
    /// Share of it.
    pub rate: f64,
    /// Charge in coin.
    pub roll: f64,
}

impl DeribitAssessment {
    /// Assesses a book: positions of contracts in the units, and signed coins. `units` must come from the same parameters.
    #[must_use]
    pub fn new(
        parameters: &DeribitParameters,
        units: &DeribitUnits,
        book: &[(usize, f64)],
    ) -> Self {
        let mut standard = vec![0.0; units.columns()];
        for &(contract, coins) in book {
            add(&mut standard, coins, units.row(contract));
        }
        let extended = standard.split_off(units.standard());
        let dampened: Vec<f64> = extended
            .iter()
            .zip(&units.dampener)
            .map(|(pnl, dampener)| pnl - pnl.signum() * dampener.min(pnl.abs()))
            .collect();
        let (worst_case, worst_cell) = worst(parameters.pnl_offset, &standard, &dampened);
        let delta_for_shock = delta_for_shock(units, book);
        DeribitAssessment {
            standard,
            extended,
            dampened,
            worst_case,
            worst_cell,
            rolls: rolls(units, book),
            delta_for_shock,
            delta_shock: delta_shock(parameters, units.index, delta_for_shock.abs()),
            option_contingency: option_contingency(parameters, units, book),
            futures_contingency: futures_contingency(parameters, units, book),
            mm_factor: parameters.mm_factor,
        }
    }

    /// Roll shock of all expiries.
    #[must_use]
    pub fn roll_shock(&self) -> f64 {
        sum(self.rolls.iter().map(|roll| roll.roll))
    }

    /// What both levels are made of.
    #[must_use]
    pub fn risk_matrix_margin(&self) -> f64 {
        self.worst_case
            + self.roll_shock()
            + self.delta_shock
            + self.option_contingency
            + self.futures_contingency
    }

    /// Initial margin, without open orders and market-maker protection.
    #[must_use]
    pub fn initial_margin(&self) -> f64 {
        self.risk_matrix_margin()
    }

    /// Maintenance margin.
    #[must_use]
    pub fn maintenance_margin(&self) -> f64 {
        self.mm_factor * self.risk_matrix_margin()
    }
}

/// What a cell counts for: gains in part.
#[must_use]
pub fn aggregated(pnl_offset: f64, pnl: f64) -> f64 {
    if pnl > 0.0 { pnl * pnl_offset } else { pnl }
}

fn worst(pnl_offset: f64, standard: &[f64], dampened: &[f64]) -> (f64, DeribitCell) {
    let cells = standard.iter().chain(dampened).map(|&pnl| aggregated(pnl_offset, pnl));
    let (index, pnl) = cells.enumerate().fold((0, f64::INFINITY), |least, (index, pnl)| {
        if pnl < least.1 { (index, pnl) } else { least }
    });
    let cell = match index.checked_sub(standard.len()) {
        Some(extended) => DeribitCell::Extended(extended),
        None => DeribitCell::Standard(index / VOLS, index % VOLS),
    };
    ((0.0 - pnl).max(0.0), cell)
}

fn rolls(units: &DeribitUnits, book: &[(usize, f64)]) -> Vec<DeribitRoll> {
    let mut deltas: Vec<Option<f64>> = vec![None; units.expiries.len()];
    for &(contract, coins) in book {
        if let Some(expiry) = units.expiry_of[contract] {
            *deltas[expiry].get_or_insert(0.0) += coins * units.deltas[contract];
        }
    }
    let held = deltas.into_iter().enumerate();
    held.filter_map(|(expiry, delta)| {
        let (delta, rate) = (delta?, units.roll_rates[expiry]);
        Some(DeribitRoll { expiry, delta, rate, roll: delta.abs() * rate })
    })
    .collect()
}

/// Long options may bring the delta toward zero, but not beyond, and create none.
fn delta_for_shock(units: &DeribitUnits, book: &[(usize, f64)]) -> f64 {
    let (mut own, mut of_long_options) = (0.0, 0.0);
    for &(contract, coins) in book {
        let delta = coins * units.deltas[contract];
        match units.contracts[contract] {
            VenueContract::Spot { .. } => {}
            VenueContract::Option(_) if coins > 0.0 => of_long_options += delta,
            _ => own += delta,
        }
    }
    if own * of_long_options >= 0.0 {
        return own;
    }
    let left = own + of_long_options;
    if left * own > 0.0 { left } else { 0.0 }
}

/// In coin; `delta` in coins, not below zero.
fn delta_shock(parameters: &DeribitParameters, index: f64, delta: f64) -> f64 {
    let beyond = delta * index - parameters.delta_total_liq_shock_threshold;
    if beyond <= 0.0 {
        return 0.0;
    }
    let most = parameters.max_delta_shock * delta * index;
    (beyond * delta * parameters.m_inc).min(most) / index
}

fn option_contingency(
    parameters: &DeribitParameters,
    units: &DeribitUnits,
    book: &[(usize, f64)],
) -> f64 {
    if parameters.option_contingency == 0.0 {
        return 0.0;
    }
    let mut by_strike: Vec<(f64, f64, f64)> = Vec::new();
    for &(contract, coins) in book {
        let VenueContract::Option(option) = units.contracts[contract] else { continue };
        let known =
            by_strike.iter_mut().find(|known| (known.0, known.1) == (option.days, option.strike));
        match known {
            Some(known) => known.2 += coins,
            None => by_strike.push((option.days, option.strike, coins)),
        }
    }
    let short = sum(by_strike.iter().map(|(_, _, coins)| (-coins).max(0.0)));
    parameters.option_contingency * short
}

fn futures_contingency(
    parameters: &DeribitParameters,
    units: &DeribitUnits,
    book: &[(usize, f64)],
) -> f64 {
    let futures = book.iter().filter(|(contract, _)| {
        let contract = &units.contracts[*contract];
        matches!(contract, VenueContract::Perpetual { .. } | VenueContract::Future { .. })
    });
    parameters.futures_contingency * sum(futures.map(|(_, coins)| coins.abs()))
}
