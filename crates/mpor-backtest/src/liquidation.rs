//! When is an account with stated collateral liquidated? At the first margin date at which what it has is less than what it
//! must have.
//!
//! ```text
//! equity(t)  = collateral(t) + sum of the P&L of every step since the first margin date
//! liquidated at the first t with equity(t) < maintenance(t)
//! ```
//!
//! The P&L of a step is that of the positions held over it, in reporting currency, funding and settlements included. Cash
//! from trades, fees and interest are not in it: positions change hands at their value. Collateral is not sold step by
//! step, nothing is bought or closed, and after the first liquidation the account is not looked at again. Strictly below:
//! an account with exactly its maintenance margin lives on.

use std::ops::Range;

use mpor_core::{Books, History, MarketState, Portfolio};
use rayon::prelude::*;

use crate::error::BacktestError;
use crate::realised::UnitPnl;
use crate::replay::held;

/// An account that has less than it must have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Liquidation {
    /// Position in the margin dates.
    pub step: usize,
    /// What the collateral is then worth.
    pub collateral: f64,
    /// P&L since the first margin date, gain positive.
    pub pnl: f64,
    /// What the account must have.
    pub maintenance: f64,
}

impl Liquidation {
    /// Collateral and P&L together; below zero the account owes.
    #[must_use]
    pub fn equity(&self) -> f64 {
        self.collateral + self.pnl
    }
}

/// The first margin date at which collateral and P&L are less than the maintenance margin. One entry a margin date each.
#[must_use]
pub fn liquidation(collateral: &[f64], pnl: &[f64], maintenance: &[f64]) -> Option<Liquidation> {
    let dates = collateral.iter().zip(pnl).zip(maintenance).enumerate();
    let mut all = dates.map(|(step, ((&collateral, &pnl), &maintenance))| Liquidation {
        step,
        collateral,
        pnl,
        maintenance,
    });
    all.find(|at| at.equity() < at.maintenance)
}

/// P&L of some accounts from the first margin date to each, by account: zero at the first.
///
/// # Errors
/// [`BacktestError`] naming the instrument that cannot be valued or settled.
pub fn pnl_since_start(
    history: &History,
    books: &Books,
    steps: Range<usize>,
    accounts: &[usize],
) -> Result<Vec<Vec<f64>>, BacktestError> {
    let over = |step: usize| step_pnl(history, &books.portfolios[step], step, accounts);
    let moves: Vec<Result<Vec<f64>, BacktestError>> =
        (steps.start..steps.end.saturating_sub(1)).into_par_iter().map(over).collect();
    let mut paths = vec![vec![0.0]; accounts.len()];
    for step in moves {
        for (path, pnl) in paths.iter_mut().zip(step?) {
            path.push(path[path.len() - 1] + pnl);
        }
    }
    Ok(paths)
}

/// P&L from one margin date to the next, one an account.
fn step_pnl(
    history: &History,
    portfolios: &[Portfolio],
    step: usize,
    accounts: &[usize],
) -> Result<Vec<f64>, BacktestError> {
    let involved: Vec<Portfolio> =
        accounts.iter().map(|&account| portfolios[account].clone()).collect();
    let states: Vec<MarketState> =
        (step..=step + 1).map(|step| history.state(step)).collect::<Result<_, _>>()?;
    let held = held(history.universe.instruments().len(), &involved);
    let unit = UnitPnl::realise(history, step, &states, held)?;
    Ok(involved.iter().map(|portfolio| unit.portfolio(portfolio, 0).0).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_date_below_maintenance_by_hand() {
        // Equities 100, 70, 40, 90 against 50, 70, 45, 45: exactly 70 lives on, 40 does not, and 90 comes too late.
        let collateral = [100.0, 100.0, 80.0, 80.0];
        let pnl = [0.0, -30.0, -40.0, 10.0];
        let maintenance = [50.0, 70.0, 45.0, 45.0];
        let found = liquidation(&collateral, &pnl, &maintenance).unwrap();
        let by_hand = Liquidation { step: 2, collateral: 80.0, pnl: -40.0, maintenance: 45.0 };
        assert_eq!(found, by_hand);
        assert_eq!(found.equity(), 40.0);
        assert_eq!(liquidation(&collateral[..2], &pnl[..2], &maintenance[..2]), None);
    }

    #[test]
    fn collateral_alone_can_liquidate() {
        // 100 units at 1.00, 0.65: no P&L at all, and 65 is below 80.
        let found = liquidation(&[100.0, 65.0], &[0.0, 0.0], &[80.0, 80.0]).unwrap();
        assert_eq!((found.step, found.equity()), (1, 65.0));
    }
}
