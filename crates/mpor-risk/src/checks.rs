//! Refusals that several models share, in the words of [`RiskError`].

use mpor_stats::StatsError;
use ndarray::ArrayView2;

use crate::error::RiskError;

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
