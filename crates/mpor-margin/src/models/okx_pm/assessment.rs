//! The part of OKX's portfolio margin that depends on the book: the modules of each risk unit, and the account.
//!
//! ```text
//! MR1 = max( 0, worst loss over moves x volatility down, same, up )
//! MR2 = max( 0, loss of one day's decay )
//! MR4 = sum over expiries of |delta in USD| x rate,   no netting between expiries
//! MR6 = weight x max( 0, worst loss at plus and minus the extreme move )
//! MR7 = closing costs, by marginal tiers
//! unit MMR    = max( max(MR1, MR2, MR6) + MR4, MR7 ),   IMR = im_over_mm x MMR
//! account MMR = units + MR8 + MR9,                      IMR = units + margin on borrowing + MR9
//! ```
//!
//! MR3 (vega across expiries) and MR5 (rates) have no public formula and count as zero. MR9 charges the net cash delta of each
//! stablecoin by tiers; what is beyond the last tier is free.

use super::parameters::OkxParameters;
use super::units::{OkxUnits, VOLS};
use crate::models::venue::{add, sum};

/// Everything that the portfolio margin says about one risk unit of one book. USD.
#[derive(Clone, Debug, PartialEq)]
pub struct OkxAssessment {
    /// P&L of MR1, move-major, volatility down, same, up; gain positive.
    pub grid: Vec<f64>,
    /// P&L at the extreme moves, down and up, unweighted.
    pub extremes: [f64; 2],
    /// P&L of one day's decay.
    pub decay: f64,
    /// Spot shock.
    pub mr1: f64,
    /// Theta decay.
    pub mr2: f64,
    /// By expiry held, in the order of the units.
    pub basis: Vec<OkxBasis>,
    /// Extreme move.
    pub mr6: f64,
    /// Minimum charge before the tiers.
    pub mr7_raw: f64,
    /// Minimum charge.
    pub mr7: f64,
    /// Initial over maintenance margin.
    pub im_over_mm: f64,
}

/// One expiry's part of MR4.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OkxBasis {
    /// Position of the expiry in the units.
    pub expiry: usize,
    /// Delta in USD, signed.
    pub delta: f64,
    /// Share of it.
    pub rate: f64,
    /// Charge.
    pub charge: f64,
}

/// What decided a unit's margin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OkxBinding {
    /// Nothing is charged.
    Nothing,
    /// MR1 at a cell: move, and volatility down, same, up.
    SpotShock(usize, usize),
    /// MR2.
    Decay,
    /// MR6 down (0) or up (1).
    Extreme(usize),
    /// MR4 alone.
    Basis,
    /// MR7.
    Minimum,
}

/// An account: its risk units, and what is charged beside them. USD.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OkxAccount {
    /// Margin of the risk units.
    pub units: Vec<OkxAssessment>,
    /// MR8: maintenance margin on what is borrowed.
    pub borrow_maintenance: f64,
    /// Initial margin on what is borrowed.
    pub borrow_initial: f64,
    /// Stablecoins with a cash delta.
    pub stablecoins: Vec<OkxStablecoin>,
}

/// The net cash delta in one stablecoin, and what MR9 charges for it.
#[derive(Clone, Debug, PartialEq)]
pub struct OkxStablecoin {
    /// Net cash delta, USD, signed.
    pub net_delta: f64,
    /// Whether only a negative delta is charged.
    pub short_only: bool,
    /// Size and factor of each tier, from the first USD.
    pub tiers: Vec<[f64; 2]>,
}

impl OkxAssessment {
    /// Assesses a book: positions of contracts in the units, and signed coins. `units` must come from the same parameters.
    #[must_use]
    pub fn new(parameters: &OkxParameters, units: &OkxUnits, book: &[(usize, f64)]) -> Self {
        let mut grid = vec![0.0; units.columns()];
        for &(contract, coins) in book {
            add(&mut grid, coins, units.row(contract));
        }
        let tail = grid.split_off(units.grid());
        let (extremes, decay) = ([tail[0], tail[1]], tail[2]);
        let cost = |&(contract, coins): &(usize, f64)| coins.abs() * units.costs[contract];
        let mr7_raw = sum(book.iter().map(cost));
        OkxAssessment {
            mr1: loss(&grid),
            mr2: loss(&[decay]),
            basis: basis(units, book),
            mr6: parameters.extreme_weight * loss(&extremes),
            mr7_raw,
            mr7: sum(parameters.tiers(mr7_raw).map(|(multiplier, part)| multiplier * part)),
            im_over_mm: parameters.im_over_mm,
            grid,
            extremes,
            decay,
        }
    }

    /// MR4: basis of all expiries.
    #[must_use]
    pub fn mr4(&self) -> f64 {
        sum(self.basis.iter().map(|basis| basis.charge))
    }

    /// Maintenance margin of the unit.
    #[must_use]
    pub fn maintenance_margin(&self) -> f64 {
        (self.worst_module() + self.mr4()).max(self.mr7)
    }

    /// Initial margin of the unit.
    #[must_use]
    pub fn initial_margin(&self) -> f64 {
        self.im_over_mm * self.maintenance_margin()
    }

    /// What decided the margin; of equals the first module and cell.
    #[must_use]
    pub fn binding(&self) -> OkxBinding {
        let worst = self.worst_module();
        if self.mr7 > worst + self.mr4() {
            OkxBinding::Minimum
        } else if worst == 0.0 {
            if self.mr4() > 0.0 { OkxBinding::Basis } else { OkxBinding::Nothing }
        } else if self.mr1 == worst {
            let cell = least(&self.grid);
            OkxBinding::SpotShock(cell / VOLS, cell % VOLS)
        } else if self.mr2 == worst {
            OkxBinding::Decay
        } else {
            OkxBinding::Extreme(least(&self.extremes))
        }
    }

    fn worst_module(&self) -> f64 {
        self.mr1.max(self.mr2).max(self.mr6)
    }
}

impl OkxAccount {
    /// MR9: stablecoin depeg.
    #[must_use]
    pub fn mr9(&self) -> f64 {
        sum(self.stablecoins.iter().map(OkxStablecoin::charge))
    }

    /// Maintenance margin of the account.
    #[must_use]
    pub fn maintenance_margin(&self) -> f64 {
        let units = self.units.iter().map(OkxAssessment::maintenance_margin);
        sum(units) + self.borrow_maintenance + self.mr9()
    }

    /// Initial margin of the account.
    #[must_use]
    pub fn initial_margin(&self) -> f64 {
        let units = self.units.iter().map(OkxAssessment::initial_margin);
        sum(units) + self.borrow_initial + self.mr9()
    }
}

impl OkxStablecoin {
    /// The charge, tier by tier.
    #[must_use]
    pub fn charge(&self) -> f64 {
        if self.short_only && self.net_delta >= 0.0 {
            return 0.0;
        }
        let (mut left, mut charge) = (self.net_delta.abs(), 0.0);
        for &[size, factor] in &self.tiers {
            let part = left.min(size);
            charge += part * factor;
            left -= part;
        }
        charge
    }
}

/// The largest loss, at least zero.
fn loss(pnl: &[f64]) -> f64 {
    pnl.iter().fold(0.0, |worst: f64, pnl| worst.max(0.0 - pnl))
}

/// The first of the least.
fn least(pnl: &[f64]) -> usize {
    let start = (0, f64::INFINITY);
    pnl.iter()
        .enumerate()
        .fold(start, |least, (at, &pnl)| if pnl < least.1 { (at, pnl) } else { least })
        .0
}

fn basis(units: &OkxUnits, book: &[(usize, f64)]) -> Vec<OkxBasis> {
    let mut deltas: Vec<Option<f64>> = vec![None; units.expiries.len()];
    for &(contract, coins) in book {
        if let Some(expiry) = units.expiry_of[contract] {
            *deltas[expiry].get_or_insert(0.0) += coins * units.deltas[contract];
        }
    }
    let held = deltas.into_iter().enumerate();
    held.filter_map(|(expiry, delta)| {
        let (delta, rate) = (delta?, units.basis_rates[expiry]);
        Some(OkxBasis { expiry, delta, rate, charge: delta.abs() * rate })
    })
    .collect()
}
