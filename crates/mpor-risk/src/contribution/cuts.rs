//! Which sizes of given hedges make the expected shortfall least, exactly?
//!
//! ```text
//! min over low <= h <= high of  ES(h),   loss[s](h) = -base[s] - sum_j h[j] unit[j, s]
//! ES(h) = max over scenario weights 0 <= a[s] <= 1 / (n tail), sum a = 1, of sum_s a[s] loss[s](h)
//! ```
//!
//! The maximum of linear functions: each evaluation gives one of them, a cut `c + g h`, that touches ES at `h`. The
//! least of the highest of the cuts so far is a linear programme with one row a hedge, and a lower bound of the answer;
//! ES at its solution is an upper bound. The cuts are added until the bounds meet, which happens after finitely many
//! because there are finitely many. The programme is solved in its dual by the revised simplex method: a new cut is a
//! new column, and the last basis stays feasible. Where steps stop helping, Bland's rule takes over, which cannot
//! cycle.
//!
//! Sources: Rockafellar and Uryasev (2000), "Optimization of conditional value-at-risk", Journal of Risk 2(3), 21-41,
//! for the linear programme; Künzi-Bay and Mayer (2006), "Computational aspects of minimizing conditional
//! value-at-risk", Computational Management Science 3(1), 3-27, for its cuts; Bland (1977), "New finite pivoting rules
//! for the simplex method", Mathematics of Operations Research 2(2), 103-107.

use mpor_stats::Level;
use ndarray::{Array2, ArrayView2};

use crate::checks::{finite, lengths, parameter};
use crate::error::RiskError;

/// Rounds after which the programme is given up; a hundred scenarios and ten hedges take about fifty.
const MOST_ROUNDS: usize = 20_000;
/// Bounds this near to each other, relative to the size of the P&L, have met.
const MEET: f64 = 1e-11;

/// The hedge of least expected shortfall.
#[derive(Clone, Debug, PartialEq)]
pub struct LeastShortfall {
    /// Contracts of each hedge.
    pub quantities: Vec<f64>,
    /// Expected shortfall with them.
    pub es: f64,
    /// No hedge within the bounds has an expected shortfall below this; equal to `es` within rounding.
    pub lower_bound: f64,
    /// Evaluations of the expected shortfall.
    pub cuts: usize,
}

/// Minimises expected shortfall over the sizes of hedges: `base` is the book's P&L by scenario, `units[[hedge,
/// scenario]]` the P&L of one contract, `bounds` the least and most contracts of each.
///
/// # Errors
/// [`RiskError::NoScenarios`]; [`RiskError::Stats`] for lengths that differ or values that are not finite;
/// [`RiskError::Parameter`] for bounds out of order and where the bounds do not meet.
pub fn least_shortfall(
    base: &[f64],
    units: ArrayView2<'_, f64>,
    bounds: &[(f64, f64)],
    level: Level,
) -> Result<LeastShortfall, RiskError> {
    let problem = Problem::new(base, units, bounds, level)?;
    let mut programme = Programme::new(problem.cut(&vec![0.0; bounds.len()]));
    let mut best = (programme.columns[0].cost, vec![0.0; bounds.len()]);
    let mut cuts = 1;
    for _ in 0..MOST_ROUNDS {
        let (bound, at) = programme.prices().ok_or_else(stuck)?;
        if let Some(column) = programme.violated(bound, &at) {
            if !programme.enter(column) {
                return Err(stuck());
            }
            continue;
        }
        let inside: Vec<f64> = at.iter().map(|y| y.clamp(0.0, 1.0)).collect();
        let cut = problem.cut(&inside);
        cuts += 1;
        let value = cut.at(&inside);
        if value < best.0 {
            best = (value, inside.clone());
        }
        if best.0 - bound <= MEET {
            return Ok(problem.answer(best, bound, cuts));
        }
        programme.columns.push(Column::cut(&cut));
        if !programme.enter(programme.columns.len() - 1) {
            return Err(stuck());
        }
    }
    Err(stuck())
}

fn stuck() -> RiskError {
    parameter(
        "hedges",
        "bounds that do not meet",
        "P&L whose least shortfall is found in 20,000 rounds",
    )
}

/// The question with hedges from 0 to 1 and P&L of size one.
struct Problem<'a> {
    base: &'a [f64],
    units: ArrayView2<'a, f64>,
    bounds: &'a [(f64, f64)],
    level: Level,
    size: f64,
}

/// A linear function that lies below the shortfall and touches it somewhere.
struct Cut {
    constant: f64,
    slope: Vec<f64>,
}

impl Cut {
    fn at(&self, y: &[f64]) -> f64 {
        self.constant + self.slope.iter().zip(y).map(|(g, y)| g * y).sum::<f64>()
    }
}

impl<'a> Problem<'a> {
    fn new(
        base: &'a [f64],
        units: ArrayView2<'a, f64>,
        bounds: &'a [(f64, f64)],
        level: Level,
    ) -> Result<Self, RiskError> {
        if base.is_empty() {
            return Err(RiskError::NoScenarios);
        }
        lengths("scenarios of the book and of the hedges", base.len(), units.ncols())?;
        lengths("hedges and bounds", units.nrows(), bounds.len())?;
        finite(base.iter().chain(units.iter()))?;
        for &(low, high) in bounds {
            if !(low.is_finite() && high.is_finite() && low <= high) {
                let found = format!("{low} to {high}");
                return Err(parameter("bounds", found, "finite, the lower one first"));
            }
        }
        let mut problem = Problem { base, units, bounds, level, size: 1.0 };
        let ends =
            [problem.losses(&vec![0.0; bounds.len()]), problem.losses(&vec![1.0; bounds.len()])];
        let size = ends.iter().flatten().map(|x| x.abs()).fold(0.0, f64::max);
        problem.size = if size > 0.0 { size } else { 1.0 };
        Ok(problem)
    }

    /// Losses over their size; hedges add in order.
    fn losses(&self, y: &[f64]) -> Vec<f64> {
        let mut losses: Vec<f64> = self.base.iter().map(|pnl| -pnl / self.size).collect();
        for ((unit, &(low, high)), y) in self.units.rows().into_iter().zip(self.bounds).zip(y) {
            let quantity = (low + y * (high - low)) / self.size;
            losses.iter_mut().zip(unit).for_each(|(loss, one)| *loss -= quantity * one);
        }
        losses
    }

    fn cut(&self, y: &[f64]) -> Cut {
        let losses = self.losses(y);
        let mass = self.level.tail_mass(losses.len());
        let mut order: Vec<usize> = (0..losses.len()).collect();
        order.sort_by(|&a, &b| losses[b].total_cmp(&losses[a]));
        let mut left = mass;
        let (mut value, mut slope) = (0.0, vec![0.0; y.len()]);
        for &s in &order {
            let part = left.min(1.0) / mass;
            value += part * losses[s];
            for ((g, unit), &(low, high)) in
                slope.iter_mut().zip(self.units.rows()).zip(self.bounds)
            {
                *g -= part * unit[s] * (high - low) / self.size;
            }
            left -= 1.0;
            if left <= 0.0 {
                break;
            }
        }
        let constant = value - slope.iter().zip(y).map(|(g, y)| g * y).sum::<f64>();
        Cut { constant, slope }
    }

    fn answer(&self, (es, y): (f64, Vec<f64>), bound: f64, cuts: usize) -> LeastShortfall {
        let within = |(y, &(low, high)): (&f64, &(f64, f64))| low + y * (high - low);
        LeastShortfall {
            quantities: y.iter().zip(self.bounds).map(within).collect(),
            es: es * self.size,
            lower_bound: bound * self.size,
            cuts,
        }
    }
}

/// A column of the dual programme and its gain.
struct Column {
    cost: f64,
    entries: Vec<f64>,
}

impl Column {
    fn cut(cut: &Cut) -> Self {
        let entries = std::iter::once(1.0).chain(cut.slope.iter().map(|g| -g)).collect();
        Column { cost: cut.constant, entries }
    }

    /// The bound of one hedge: not below 0 (`entry` 1) or not above 1 (`entry` -1).
    fn bound(rows: usize, hedge: usize, entry: f64) -> Self {
        let mut entries = vec![0.0; rows];
        entries[hedge + 1] = entry;
        Column { cost: if entry < 0.0 { -1.0 } else { 0.0 }, entries }
    }
}

/// `max cost' x,  columns x = (1, 0, ..., 0),  x >= 0`, at a feasible basis.
struct Programme {
    columns: Vec<Column>,
    basis: Vec<usize>,
    /// Pivots in a row that gained nothing.
    idle: usize,
}

impl Programme {
    fn new(first: Cut) -> Self {
        let hedges = first.slope.len();
        let mut columns = vec![Column::cut(&first)];
        let mut basis = vec![0];
        for (hedge, g) in first.slope.iter().enumerate() {
            columns.push(Column::bound(hedges + 1, hedge, 1.0));
            columns.push(Column::bound(hedges + 1, hedge, -1.0));
            basis.push(1 + 2 * hedge + usize::from(*g < 0.0));
        }
        Programme { columns, basis, idle: 0 }
    }

    /// The bound and the hedges that the basis implies: the multipliers of the rows.
    fn prices(&self) -> Option<(f64, Vec<f64>)> {
        let n = self.basis.len();
        let transposed =
            Array2::from_shape_fn((n, n), |(i, j)| self.columns[self.basis[i]].entries[j]);
        let costs = self.basis.iter().map(|&column| self.columns[column].cost).collect();
        let mut prices = solve(transposed, costs)?;
        let at = prices.split_off(1);
        Some((prices[0], at))
    }

    /// A column that the prices undervalue: the most undervalued, or the first after many idle pivots.
    fn violated(&self, bound: f64, at: &[f64]) -> Option<usize> {
        let gain = |column: &Column| {
            let paid = column.entries[0] * bound
                + column.entries[1..].iter().zip(at).map(|(a, y)| a * y).sum::<f64>();
            column.cost - paid
        };
        let mut best: Option<(f64, usize)> = None;
        for (index, column) in self.columns.iter().enumerate() {
            if self.basis.contains(&index) {
                continue;
            }
            let gain = gain(column);
            if gain > MEET && best.is_none_or(|(known, _)| gain > known) {
                best = Some((gain, index));
                if self.idle > 2 * self.basis.len() {
                    break;
                }
            }
        }
        best.map(|(_, index)| index)
    }

    /// Brings a column into the basis; false where no column can leave.
    fn enter(&mut self, column: usize) -> bool {
        let n = self.basis.len();
        let matrix = Array2::from_shape_fn((n, n), |(i, j)| self.columns[self.basis[j]].entries[i]);
        let mut one = vec![0.0; n];
        one[0] = 1.0;
        let (Some(values), Some(direction)) =
            (solve(matrix.clone(), one), solve(matrix, self.columns[column].entries.clone()))
        else {
            return false;
        };
        let mut leaving: Option<(f64, usize)> = None;
        for (row, (value, step)) in values.iter().zip(&direction).enumerate() {
            if *step <= 1e-11 {
                continue;
            }
            let ratio = value.max(0.0) / step;
            let better = leaving.is_none_or(|(known, other)| {
                ratio < known - 1e-14
                    || ratio <= known + 1e-14 && self.basis[row] < self.basis[other]
            });
            if better {
                leaving = Some((ratio, row));
            }
        }
        let Some((ratio, row)) = leaving else { return false };
        self.idle = if ratio > 1e-13 { 0 } else { self.idle + 1 };
        self.basis[row] = column;
        true
    }
}

/// Solves a small linear system by elimination with partial pivoting; `None` for a singular one.
fn solve(mut a: Array2<f64>, mut b: Vec<f64>) -> Option<Vec<f64>> {
    let n = b.len();
    for k in 0..n {
        let pivot = (k..n).max_by(|&i, &j| a[[i, k]].abs().total_cmp(&a[[j, k]].abs()))?;
        if a[[pivot, k]].abs() < 1e-14 {
            return None;
        }
        for j in 0..n {
            a.swap([k, j], [pivot, j]);
        }
        b.swap(k, pivot);
        for i in k + 1..n {
            let factor = a[[i, k]] / a[[k, k]];
            for j in k..n {
                a[[i, j]] -= factor * a[[k, j]];
            }
            b[i] -= factor * b[k];
        }
    }
    for k in (0..n).rev() {
        let known: f64 = (k + 1..n).map(|j| a[[k, j]] * b[j]).sum();
        b[k] = (b[k] - known) / a[[k, k]];
    }
    Some(b)
}
