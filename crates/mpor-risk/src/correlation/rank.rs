//! How do two series move together, whatever their marginal laws?
//!
//! ```text
//! Spearman   rho_S = correlation of ranks, ties at their mean rank
//! Kendall    tau_b = (concordant - discordant) / sqrt((n0 - n1) (n0 - n2)),   n0 = n (n-1) / 2, n1, n2 = tied pairs of each series
//! normal     rho = 2 sin(pi rho_S / 6)          elliptical    rho = sin(pi tau / 2)
//! ```
//!
//! Sources: Kendall (1945), "The treatment of ties in ranking problems", Biometrika 33(3), 239-251; Knight (1966), "A
//! computer method for calculating Kendall's tau with ungrouped data", JASA 61(314), 436-439, for counting by merge
//! sort; McNeil, Frey and Embrechts (2015), section 7.2.3 and proposition 7.43, for the copula parameters. A matrix of
//! converted pairs need not be a correlation matrix: see [`super::nearest`].

use ndarray::{Array2, ArrayView2};

use crate::checks::{at_least, finite, lengths, parameter};
use crate::error::RiskError;

/// A rank correlation, and whether it is turned into the parameter of a copula.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rank {
    /// Spearman's rho.
    Spearman,
    /// Kendall's tau b.
    Kendall,
    /// Correlation of the normal copula with this Spearman's rho.
    NormalCopula,
    /// Correlation of the elliptical (normal, Student t) copula with this Kendall's tau.
    EllipticalCopula,
}

/// Rank correlations of all pairs of columns.
///
/// # Errors
/// As [`spearman`] and [`kendall`].
pub fn rank_correlation(
    observations: ArrayView2<'_, f64>,
    rank: Rank,
) -> Result<Array2<f64>, RiskError> {
    let columns: Vec<Vec<f64>> = observations.columns().into_iter().map(|c| c.to_vec()).collect();
    let mut out = Array2::eye(columns.len());
    for i in 0..columns.len() {
        for j in 0..i {
            let (a, b) = (&columns[i], &columns[j]);
            let entry = match rank {
                Rank::Spearman => spearman(a, b)?,
                Rank::Kendall => kendall(a, b)?,
                Rank::NormalCopula => 2.0 * libm::sin(std::f64::consts::PI / 6.0 * spearman(a, b)?),
                Rank::EllipticalCopula => libm::sin(std::f64::consts::FRAC_PI_2 * kendall(a, b)?),
            };
            out[[i, j]] = entry;
            out[[j, i]] = entry;
        }
    }
    Ok(out)
}

/// Spearman's rank correlation.
///
/// # Errors
/// [`RiskError::Stats`] for lengths that differ, fewer than two observations or values that are not finite;
/// [`RiskError::Parameter`] for a series that never moves.
pub fn spearman(a: &[f64], b: &[f64]) -> Result<f64, RiskError> {
    check(a, b)?;
    mpor_stats::rank::spearman(a, b).ok_or_else(|| constant(a[0]))
}

/// Kendall's tau b, in `n log n`.
///
/// # Errors
/// As [`spearman`].
pub fn kendall(a: &[f64], b: &[f64]) -> Result<f64, RiskError> {
    check(a, b)?;
    let n = a.len() as u64;
    let mut pairs: Vec<(f64, f64)> = a.iter().copied().zip(b.iter().copied()).collect();
    pairs.sort_by(|x, y| x.0.total_cmp(&y.0).then(x.1.total_cmp(&y.1)));
    let in_a = tied(pairs.iter().map(|pair| (pair.0, 0.0)));
    let in_both = tied(pairs.iter().copied());
    let mut second: Vec<f64> = pairs.iter().map(|pair| pair.1).collect();
    let swaps = sort_counting(&mut second, &mut vec![0.0; pairs.len()]);
    let in_b = tied(second.iter().map(|&value| (value, 0.0)));
    let all = n * (n - 1) / 2;
    // Pairs that are tied in neither: concordant + discordant.
    let untied = (all - in_a - in_b + in_both) as f64;
    let scale = ((all - in_a) as f64).sqrt() * ((all - in_b) as f64).sqrt();
    Ok(((untied - 2.0 * swaps as f64) / scale).clamp(-1.0, 1.0))
}

fn check(a: &[f64], b: &[f64]) -> Result<(), RiskError> {
    lengths("two series", a.len(), b.len())?;
    at_least("a rank correlation", 2, a.len())?;
    finite(a.iter().chain(b))?;
    for series in [a, b] {
        if series.iter().all(|value| *value == series[0]) {
            return Err(constant(series[0]));
        }
    }
    Ok(())
}

fn constant(value: f64) -> RiskError {
    parameter("series", value, "one that moves: a constant has no correlation")
}

/// Pairs of neighbours, in sorted order, that are equal.
fn tied(sorted: impl Iterator<Item = (f64, f64)>) -> u64 {
    let (mut pairs, mut run, mut last) = (0, 0, None);
    for value in sorted {
        run = if last == Some(value) { run + 1 } else { 0 };
        pairs += run;
        last = Some(value);
    }
    pairs
}

/// Merge sort that counts the exchanges a bubble sort would make.
fn sort_counting(values: &mut [f64], scratch: &mut [f64]) -> u64 {
    let n = values.len();
    if n < 2 {
        return 0;
    }
    let half = n / 2;
    let mut swaps = sort_counting(&mut values[..half], &mut scratch[..half]);
    swaps += sort_counting(&mut values[half..], &mut scratch[half..]);
    let (mut left, mut right) = (0, half);
    for place in scratch.iter_mut() {
        let take_left = right >= n || left < half && values[left] <= values[right];
        if take_left {
            *place = values[left];
            left += 1;
        } else {
            *place = values[right];
            right += 1;
            swaps += (half - left) as u64;
        }
    }
    values.copy_from_slice(scratch);
    swaps
}
