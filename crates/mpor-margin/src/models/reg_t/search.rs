//! Whole numbers of strategies: cuts on the linear program, then branch and bound.
//!
//! Whatever is formed of whole strategies satisfies, for any multipliers `0 <= u < 1` of the rows,
//!
//! ```text
//! sum_j floor( sum_i u_i a_ij ) x_j  <=  floor( sum_i u_i b_i )
//! ```
//!
//! because the left side is a whole number that is at most `sum_i u_i b_i`. Multipliers are the fractional parts of the rows of
//! the basis inverse (Gomory, 1958, "Outline of an algorithm for integer solutions to linear programs", Bulletin of the AMS 64,
//! 275-278), taken only where they are multiples of 1/60 so that the floors are exact. What is still fractional is branched on.

use super::simplex::{self, Column, Cover};

/// Rounds of cuts, and most cuts of all rounds together.
const ROUNDS: usize = 20;
const MOST_CUTS: usize = 160;

/// Linear programs after which the search is given up.
const MOST_BRANCHES: usize = 400;

/// How far a number may be from whole and count as whole.
const ROUNDING: f64 = 1e-7;

/// Denominator of multipliers.
const PARTS: f64 = 60.0;

/// `sum coefficient x <= bound`, over columns.
#[derive(PartialEq)]
struct Cut {
    entries: Vec<(usize, f64)>,
    bound: f64,
}

/// A search over whole numbers of the columns that are not the rows' own.
pub(super) struct Search<'s> {
    columns: &'s [Column],
    amounts: &'s [f64],
    /// Rows whose own column may have any amount.
    fluid: Vec<bool>,
    cuts: Vec<Cut>,
    best: (f64, Vec<f64>),
    branches: usize,
}

impl<'s> Search<'s> {
    /// The first columns are the rows' own, one each; `fluid` are the rows of stock.
    pub fn new(columns: &'s [Column], amounts: &'s [f64], fluid: Vec<bool>) -> Self {
        let mut alone = amounts.to_vec();
        alone.resize(columns.len(), 0.0);
        let total = total(columns, &alone);
        Search { columns, amounts, fluid, cuts: Vec::new(), best: (total, alone), branches: 0 }
    }

    /// The numbers with the least total, and how far that total may be above the least.
    pub fn run(mut self) -> (Vec<f64>, f64) {
        let open = vec![(0.0, f64::INFINITY); self.columns.len()];
        let Some(bound) = self.strengthen(&open) else { return (self.best.1, 0.0) };
        self.dive(open.clone());
        let finished = self.branch(open);
        let (total, numbers) = self.best;
        (numbers, if finished { 0.0 } else { (total - bound).max(0.0) })
    }

    /// Adds cuts while they cut; returns the total of the relaxed program.
    fn strengthen(&mut self, open: &[(f64, f64)]) -> Option<f64> {
        let mut bound = None;
        for _ in 0..ROUNDS {
            let (cover, numbers) = self.relaxed(open)?;
            bound = Some(total(self.columns, &numbers));
            self.round_down(&numbers);
            if self.fractional(&numbers).is_none() || self.cuts.len() >= MOST_CUTS {
                break;
            }
            let before = self.cuts.len();
            let rows = self.amounts.len() + before;
            for row in 0..rows {
                if self.cuts.len() >= MOST_CUTS {
                    break;
                }
                if let Some(cut) = self.cut(&cover, &numbers, row, before)
                    && !self.cuts.contains(&cut)
                {
                    self.cuts.push(cut);
                }
            }
            if self.cuts.len() == before {
                break;
            }
        }
        bound
    }

    /// The cut of one row of the basis inverse, if the numbers violate it; over the first `cuts` cuts.
    fn cut(&self, cover: &Cover, numbers: &[f64], row: usize, cuts: usize) -> Option<Cut> {
        let (own, rows) = (self.amounts.len(), self.amounts.len() + cuts);
        let value = cover.solution[cover.basis[row]];
        if (value - value.round()).abs() <= ROUNDING {
            return None;
        }
        let mut parts = Vec::with_capacity(rows);
        for entry in &cover.inverse[row * rows..][..rows] {
            let exact = (entry - entry.floor()) * PARTS;
            if (exact - exact.round()).abs() > 1e-6 {
                return None;
            }
            parts.push(exact.round() % PARTS);
        }
        let mut sums = vec![0.0; self.columns.len()];
        for (sum, column) in sums.iter_mut().zip(self.columns) {
            *sum = column.entries.iter().fold(0.0, |sum, (row, a)| sum + parts[*row] * a);
        }
        let mut bound = self.amounts.iter().zip(&parts).fold(0.0, |sum, (b, u)| sum + u * b);
        for (cut, part) in self.cuts[..cuts].iter().zip(&parts[own..]) {
            cut.entries.iter().for_each(|(column, a)| sums[*column] += part * a);
            bound += part * cut.bound;
        }
        // Rounding may only weaken a cut: towards fewer on the left, towards more on the right.
        let bound = (bound / PARTS + 1e-9).floor();
        let floors =
            sums.iter().enumerate().skip(own).map(|(column, sum)| (column, (sum / PARTS).floor()));
        let entries: Vec<(usize, f64)> = floors.filter(|(_, floor)| *floor > 0.0).collect();
        let left = entries.iter().fold(0.0, |sum, (column, a)| sum + a * numbers[*column]);
        (left > bound + 1e-6).then_some(Cut { entries, bound })
    }

    /// Forms what is whole, rounds up the number with the largest fraction that fits, and again: a good grouping, soon.
    fn dive(&mut self, mut bounds: Vec<(f64, f64)>) {
        let own = self.amounts.len();
        while let Some((_, numbers)) = self.relaxed(&bounds) {
            self.round_down(&numbers);
            let mut left = self.amounts.to_vec();
            for (column, number) in numbers.iter().enumerate().skip(own) {
                bounds[column].0 = (number + ROUNDING).floor();
                for (row, a) in &self.columns[column].entries {
                    left[*row] -= bounds[column].0 * a;
                }
            }
            let fraction = |column: usize| numbers[column] - bounds[column].0;
            let fits = |column: &usize| {
                let entries = &self.columns[*column].entries;
                fraction(*column) > ROUNDING
                    && entries.iter().all(|(row, a)| left[*row] >= a - ROUNDING)
            };
            let up = (own..numbers.len()).filter(fits);
            let up =
                up.reduce(|most, next| if fraction(next) > fraction(most) { next } else { most });
            let Some(up) = up else { return };
            bounds[up].0 += 1.0;
        }
    }

    /// Whether the search below these bounds came to its end.
    fn branch(&mut self, bounds: Vec<(f64, f64)>) -> bool {
        self.branches += 1;
        if self.branches > MOST_BRANCHES {
            return false;
        }
        let Some((_, numbers)) = self.relaxed(&bounds) else { return true };
        if total(self.columns, &numbers) >= self.best.0 - 1e-9 * (1.0 + self.best.0.abs()) {
            return true;
        }
        self.round_down(&numbers);
        let Some(split) = self.fractional(&numbers) else { return true };
        let at = numbers[split].floor();
        let (mut fewer, mut more) = (bounds.clone(), bounds);
        fewer[split].1 = at;
        more[split].0 = at + 1.0;
        let first = self.branch(more);
        self.branch(fewer) && first
    }

    /// The column that is furthest from whole, the first of equals; what stands alone is left over by the others.
    fn fractional(&self, numbers: &[f64]) -> Option<usize> {
        let off = |column: usize| (numbers[column] - numbers[column].round()).abs();
        let columns = (self.amounts.len()..numbers.len()).filter(|&column| off(column) > ROUNDING);
        columns.reduce(|most, next| if off(next) > off(most) + 1e-9 { next } else { most })
    }

    /// The linear program within bounds and cuts; `None` when the lower bounds use more than there is.
    fn relaxed(&self, bounds: &[(f64, f64)]) -> Option<(Cover, Vec<f64>)> {
        let own = self.amounts.len();
        let bounded: Vec<usize> =
            (own..bounds.len()).filter(|&column| bounds[column].1.is_finite()).collect();
        let slacks = self.cuts.len() + bounded.len();
        let mut columns: Vec<Column> = self.columns[..own].to_vec();
        let slack = |index| Column { cost: 0.0, entries: vec![(own + index, 1.0)] };
        columns.extend((0..slacks).map(slack));
        columns.extend(self.columns[own..].iter().cloned());
        let mut amounts = self.amounts.to_vec();
        for (index, cut) in self.cuts.iter().enumerate() {
            amounts.push(cut.bound);
            for (column, a) in &cut.entries {
                columns[column + slacks].entries.push((own + index, *a));
            }
        }
        for (column, (low, _)) in bounds.iter().enumerate().filter(|(_, (low, _))| *low > 0.0) {
            for (row, a) in &columns[column + slacks].entries {
                amounts[*row] -= low * a;
            }
        }
        for (index, &column) in bounded.iter().enumerate() {
            columns[column + slacks].entries.push((own + self.cuts.len() + index, 1.0));
            amounts.push(bounds[column].1 - bounds[column].0);
        }
        if amounts.iter().any(|left| *left < -ROUNDING) {
            return None;
        }
        amounts.iter_mut().for_each(|left| *left = left.max(0.0));
        let cover = simplex::cheapest(&columns, &amounts);
        let mut numbers = cover.solution.clone();
        numbers.drain(own..own + slacks);
        numbers.iter_mut().zip(bounds).for_each(|(number, (low, _))| *number += low);
        Some((cover, numbers))
    }

    /// Takes the whole part of every number, what it leaves alone, and keeps that if it is the best so far.
    fn round_down(&mut self, numbers: &[f64]) {
        let own = self.amounts.len();
        let mut whole = self.amounts.to_vec();
        whole.resize(self.columns.len(), 0.0);
        for (column, number) in numbers.iter().enumerate().skip(own) {
            let number = (number + ROUNDING).floor();
            for (row, a) in &self.columns[column].entries {
                whole[*row] -= number * a;
            }
            whole[column] = number;
        }
        for (left, fluid) in whole[..own].iter_mut().zip(&self.fluid) {
            *left = if *fluid { left.max(0.0) } else { left.round().max(0.0) };
        }
        let total = total(self.columns, &whole);
        if total < self.best.0 {
            self.best = (total, whole);
        }
    }
}

fn total(columns: &[Column], numbers: &[f64]) -> f64 {
    columns.iter().zip(numbers).fold(0.0, |sum, (column, number)| sum + column.cost * number)
}
