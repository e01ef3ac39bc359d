//! Which stretch of a history was the calmest, and which the wildest?
//!
//! ```text
//! e[t] = mean over series i of x[i, t]^2 / s[i]^2,   s[i]^2 = mean of x[i, t]^2 over the whole history
//! energy of a window = mean of e[t] over its rows; 1 over the whole history
//! ```
//!
//! The calm regime is the window of least energy, the stressed one that of most; the earliest of equal ones. Moves are taken
//! about zero, as a margin does: a steady fall is no calm. Says nothing about correlations themselves: those of the two
//! windows are compared afterwards, so that the choice does not depend on what it is to show.

use std::ops::Range;

use ndarray::ArrayView2;

use crate::checks::{at_least, finite, parameter};
use crate::error::RiskError;

/// Two stretches of a history, as rows of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Regimes {
    /// The calmest.
    pub calm: Range<usize>,
    /// The wildest.
    pub stressed: Range<usize>,
    /// Mean square of the moves in them, in units of that of the whole history: calm, then stressed.
    pub energy: (f64, f64),
}

/// The calmest and the wildest `window` consecutive rows of observations (columns: series).
///
/// # Errors
/// [`RiskError::Stats`] for an empty window, fewer rows than it, no column or values that are not finite;
/// [`RiskError::Parameter`] for a series that never moved.
pub fn regimes(observations: ArrayView2<'_, f64>, window: usize) -> Result<Regimes, RiskError> {
    let (rows, columns) = observations.dim();
    at_least("a window", 1, window)?;
    at_least("a search for regimes (series)", 1, columns)?;
    at_least("a search for regimes", window, rows)?;
    finite(observations.iter())?;
    let mut energy = vec![0.0; rows];
    for (column, series) in observations.columns().into_iter().enumerate() {
        let mean = series.iter().map(|x| x * x).sum::<f64>() / rows as f64;
        if mean <= 0.0 {
            let found = format!("constant in column {column}");
            return Err(parameter("series", found, "one that moves"));
        }
        energy.iter_mut().zip(series).for_each(|(sum, x)| *sum += x * x / mean / columns as f64);
    }
    let of_window =
        |start: usize| energy[start..start + window].iter().sum::<f64>() / window as f64;
    let mut found = [(0, of_window(0)), (0, of_window(0))];
    for start in 1..=rows - window {
        let here = of_window(start);
        if here < found[0].1 {
            found[0] = (start, here);
        }
        if here > found[1].1 {
            found[1] = (start, here);
        }
    }
    let [calm, stressed] = found;
    Ok(Regimes {
        calm: calm.0..calm.0 + window,
        stressed: stressed.0..stressed.0 + window,
        energy: (calm.1, stressed.1),
    })
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    #[test]
    fn energies_by_hand() {
        // Mean squares: (1 + 1 + 4 + 4 + 0) / 5 = 2 and (4 + 0 + 4 + 4 + 8) / 5 = 4.
        let moves =
            array![[1.0, -2.0], [-1.0, 0.0], [2.0, 2.0], [-2.0, 2.0], [0.0, -(8.0_f64.sqrt())]];
        // e = (0.75, 0.25, 1.5, 1.5, 1.0); windows of two: 0.5, 0.875, 1.5, 1.25.
        let found = regimes(moves.view(), 2).unwrap();
        assert_eq!((found.calm, found.stressed), (0..2, 2..4));
        assert!((found.energy.0 - 0.5).abs() < 1e-15 && (found.energy.1 - 1.5).abs() < 1e-15);
        let whole = regimes(moves.view(), 5).unwrap();
        assert!((whole.energy.0 - 1.0).abs() < 1e-15);
    }

    #[test]
    fn the_first_of_equal_windows_counts_and_nonsense_is_refused() {
        let flat = Array2::from_elem((6, 1), 0.5);
        let found = regimes(flat.view(), 3).unwrap();
        assert_eq!((found.calm, found.stressed), (0..3, 0..3));
        assert!(regimes(flat.view(), 7).is_err());
        assert!(regimes(flat.view(), 0).is_err());
        assert!(regimes(Array2::zeros((6, 1)).view(), 3).is_err());
    }
}
