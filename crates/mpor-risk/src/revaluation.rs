//! What each held instrument would gain or lose in each scenario: the matrix that all accounts share.

use mpor_core::{InstrumentIx, Portfolio};
use ndarray::Array2;

/// Unit P&L of the day's instruments under a set of scenarios.
#[derive(Clone, Debug)]
pub struct Revaluation {
    /// Scenario names, by column.
    pub scenarios: Vec<String>,
    /// Rows: instruments held by anyone, ascending.
    pub held: Vec<InstrumentIx>,
    /// `pnl[[instrument, scenario]]`: P&L of one long contract in reporting currency, gain positive.
    pub pnl: Array2<f64>,
    /// Relative weight of each scenario; `None` when all weigh the same.
    pub weights: Option<Vec<f64>>,
}

impl Revaluation {
    /// P&L of a portfolio in each scenario, gain positive, written into `out` (one entry a scenario).
    ///
    /// Positions add in instrument order, so the result does not depend on threads. Instruments without a row add
    /// nothing: the replay builds the rows from the portfolios.
    pub fn portfolio_pnl(&self, portfolio: &Portfolio, out: &mut [f64]) {
        out.fill(0.0);
        for position in portfolio.positions() {
            let Ok(row) = self.held.binary_search(&position.instrument) else { continue };
            self.add_row(row, position.quantity, out);
        }
    }

    /// Adds the P&L of a quantity of one row's contract, scenario by scenario.
    pub fn add_row(&self, row: usize, quantity: f64, out: &mut [f64]) {
        let row = self.pnl.row(row);
        match row.as_slice() {
            Some(units) => add_pnl(out, quantity, units, 0.0),
            None => out.iter_mut().zip(row).for_each(|(sum, unit)| *sum += quantity * unit),
        }
    }
}

/// Adds to `out` the P&L of a quantity of what is worth `base` today and `values` in the scenarios.
pub fn add_pnl(out: &mut [f64], quantity: f64, values: &[f64], base: f64) {
    pulp::Arch::new().dispatch(Add { out, quantity, values, base });
}

/// `out + quantity * (values - base)`, compiled by `pulp` once for each instruction set. Never fused, so all of them give the
/// same bits.
struct Add<'a> {
    out: &'a mut [f64],
    quantity: f64,
    values: &'a [f64],
    base: f64,
}

impl pulp::WithSimd for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        for (sum, value) in self.out.iter_mut().zip(self.values) {
            *sum += self.quantity * (value - self.base);
        }
    }
}
