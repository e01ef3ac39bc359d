//! A linear program whose variables may each stand alone: the cheapest cover of amounts by columns.
//!
//! ```text
//! minimise  sum_j cost_j x_j   subject to   sum_j a_ij x_j = b_i,   x >= 0,   b >= 0
//! ```
//!
//! Row `i` has a column of its own with one entry 1, the `i`-th, so there is always a solution to start from. Revised simplex
//! with a dense inverse; the entering column is the most negative one, and after many steps the first negative one (Bland), which
//! cannot cycle. Steps and ties are in a fixed order, so the result has the same bits everywhere.

/// A column: its cost, and its entries by row.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub cost: f64,
    pub entries: Vec<(usize, f64)>,
}

/// A saving below this share of the largest cost counts as none.
const TINY: f64 = 1e-11;

/// Entries of the inverse are fractions of small whole numbers: what is below this is rounding.
const NO_PIVOT: f64 = 1e-7;
const ROUNDING: f64 = 1e-11;

/// A solved program.
pub(super) struct Cover {
    /// Amounts by column.
    pub solution: Vec<f64>,
    /// The column that each row ended with.
    pub basis: Vec<usize>,
    /// The inverse of those columns, row by row.
    pub inverse: Vec<f64>,
}

/// The cheapest cover. The first `amounts.len()` columns are the rows' own.
pub(super) fn cheapest(columns: &[Column], amounts: &[f64]) -> Cover {
    let rows = amounts.len();
    let mut basis: Vec<usize> = (0..rows).collect();
    let mut inverse = identity(rows);
    let mut values = amounts.to_vec();
    let scale = columns.iter().fold(1e-300, |most, column| f64::max(most, column.cost.abs()));
    let careful_after = 20 * (rows + 10);
    // Bland's rule ends; the bound only keeps rounding from turning it into a circle.
    for step in 0..(400 * (rows + 10)) {
        let prices = prices(columns, &basis, &inverse, rows);
        let reduced = |column: &Column| {
            column.entries.iter().fold(column.cost, |cost, (row, a)| cost - prices[*row] * a)
        };
        let mut entering = None;
        let mut most = -TINY * scale;
        for (index, column) in columns.iter().enumerate() {
            let cost = reduced(column);
            if cost < most {
                entering = Some(index);
                if step > careful_after {
                    break;
                }
                most = cost;
            }
        }
        let Some(entering) = entering else { break };
        let direction = direction(&columns[entering], &inverse, rows);
        let Some(leaving) = leaving(&values, &direction, &basis) else { break };
        pivot(&mut inverse, &mut values, &direction, leaving, rows);
        basis[leaving] = entering;
    }
    let mut solution = vec![0.0; columns.len()];
    for (&column, value) in basis.iter().zip(values) {
        solution[column] = value.max(0.0);
    }
    Cover { solution, basis, inverse }
}

fn identity(rows: usize) -> Vec<f64> {
    let mut inverse = vec![0.0; rows * rows];
    (0..rows).for_each(|row| inverse[row * rows + row] = 1.0);
    inverse
}

fn prices(columns: &[Column], basis: &[usize], inverse: &[f64], rows: usize) -> Vec<f64> {
    let mut prices = vec![0.0; rows];
    for (row, &column) in basis.iter().enumerate() {
        let cost = columns[column].cost;
        let line = &inverse[row * rows..][..rows];
        prices.iter_mut().zip(line).for_each(|(price, entry)| *price += cost * entry);
    }
    prices
}

fn direction(column: &Column, inverse: &[f64], rows: usize) -> Vec<f64> {
    let entry = |row: usize| {
        column.entries.iter().fold(0.0, |sum, (of, a)| sum + inverse[row * rows + of] * a)
    };
    (0..rows).map(entry).collect()
}

/// The row that reaches zero first; of equals the one whose column comes first.
fn leaving(values: &[f64], direction: &[f64], basis: &[usize]) -> Option<usize> {
    let mut best: Option<(f64, usize)> = None;
    for (row, (&value, &slope)) in values.iter().zip(direction).enumerate() {
        if slope <= NO_PIVOT {
            continue;
        }
        let ratio = value / slope;
        let better = match best {
            None => true,
            Some((least, at)) => ratio < least || (ratio == least && basis[row] < basis[at]),
        };
        if better {
            best = Some((ratio, row));
        }
    }
    best.map(|(_, row)| row)
}

fn pivot(inverse: &mut [f64], values: &mut [f64], direction: &[f64], leaving: usize, rows: usize) {
    let head = direction[leaving];
    values[leaving] /= head;
    let step = values[leaving];
    let line: Vec<f64> =
        inverse[leaving * rows..][..rows].iter().map(|entry| entry / head).collect();
    inverse[leaving * rows..][..rows].copy_from_slice(&line);
    for row in (0..rows).filter(|row| *row != leaving) {
        let factor = direction[row];
        if factor == 0.0 {
            continue;
        }
        values[row] = (values[row] - factor * step).max(0.0);
        let own = &mut inverse[row * rows..][..rows];
        for (entry, of_line) in own.iter_mut().zip(&line) {
            let changed = *entry - factor * of_line;
            *entry = if changed.abs() < ROUNDING { 0.0 } else { changed };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cheaper_cover_is_taken() {
        let own = |row, cost| Column { cost, entries: vec![(row, 1.0)] };
        let pair = |a, b, cost| Column { cost, entries: vec![(a, 1.0), (b, 1.0)] };
        let columns = [own(0, 5.0), own(1, 4.0), own(2, 3.0), pair(0, 1, 6.0), pair(1, 2, 2.0)];
        // hand: both pairs want row 1; the second saves 5 a piece, the first 3
        let solution = cheapest(&columns, &[4.0, 6.0, 2.0]).solution;
        assert_eq!(solution, [0.0, 0.0, 0.0, 4.0, 2.0]);
    }
}
