//! Refusals that several models share, in the words of [`RiskError`].

use mpor_stats::{Level, StatsError};
use ndarray::ArrayView2;

use crate::error::RiskError;
use crate::volatility::power_of_two;

/// A parameter outside its domain.
pub(crate) fn parameter(
    name: &'static str,
    found: impl ToString,
    expected: &'static str,
) -> RiskError {
    RiskError::Parameter { name, found: found.to_string(), expected }
}

/// Refuses two lengths that differ.
pub(crate) fn lengths(what: &'static str, left: usize, right: usize) -> Result<(), RiskError> {
    if left == right { Ok(()) } else { Err(StatsError::Lengths { what, left, right }.into()) }
}

/// Refuses the first value that is not finite, by its place.
pub(crate) fn finite<'v>(values: impl IntoIterator<Item = &'v f64>) -> Result<(), RiskError> {
    match values.into_iter().enumerate().find(|(_, value)| !value.is_finite()) {
        None => Ok(()),
        Some((index, &value)) => Err(StatsError::NotFinite { index, value }.into()),
    }
}

/// Refuses fewer observations than a statistic needs.
pub(crate) fn at_least(what: &'static str, needed: usize, found: usize) -> Result<(), RiskError> {
    if found < needed {
        return Err(StatsError::TooFew { what, needed, found }.into());
    }
    Ok(())
}

/// A power of two near the standard deviation of returns that are enough, finite and not all equal: a model searched for in this unit
/// has the same bits for returns that are a power of two larger.
pub(crate) fn unit(returns: &[f64], needed: usize, what: &'static str) -> Result<f64, RiskError> {
    let found = returns.len();
    if found < needed.max(2) {
        return Err(RiskError::ShortSeries { what, needed: needed.max(2), found });
    }
    finite(returns)?;
    let mean = returns.iter().sum::<f64>() / found as f64;
    let square = |sum: f64, r: &f64| sum + (r - mean) * (r - mean);
    let deviation = (returns.iter().fold(0.0, square) / found as f64).sqrt();
    let largest = returns.iter().fold(0.0_f64, |most, r| most.max(r.abs()));
    if deviation <= 1e-14 * largest || deviation < f64::MIN_POSITIVE {
        let found = format!("{found} returns that are all {}", returns[0]);
        return Err(parameter("returns", found, "returns that vary"));
    }
    Ok(power_of_two(deviation))
}

/// Fewest returns of which the tail beyond a level holds one.
pub(crate) fn one_in_the_tail(level: Level) -> usize {
    (1.0 / level.tail() - 1e-9).ceil() as usize
}

/// Refuses a matrix that is not square, symmetric and finite.
pub(crate) fn symmetric(matrix: ArrayView2<'_, f64>) -> Result<(), RiskError> {
    let (rows, columns) = matrix.dim();
    lengths("rows and columns of a matrix", rows, columns)?;
    finite(matrix.iter())?;
    for ((i, j), &entry) in matrix.indexed_iter() {
        let other = matrix[[j, i]];
        if (entry - other).abs() > 1e-10 * (1.0 + entry.abs().max(other.abs())) {
            let found = format!("{entry} at row {i}, column {j} and {other} the other way round");
            return Err(parameter("matrix", found, "symmetric"));
        }
    }
    Ok(())
}
