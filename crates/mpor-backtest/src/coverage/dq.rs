//! The dynamic quantile test: can today's hit be predicted from past hits or from the forecast itself?
//!
//! ```text
//! y = hit - p on X = (1, four lagged hits, value at risk of the same period), periods 5..n
//! DQ = |projection of y on the columns of X|^2 / (p (1 - p)) ~ chi2(rank X)
//! ```
//!
//! [`Variant`] names other columns `X` in use, because results of different programs differ by them. Source: Engle and Manganelli (2004), "CAViaR", Journal of Business and Economic Statistics 22(4), 367-381, section 5.
//! Collinear columns (no hits, constant forecast) lower the rank and the degrees of freedom. The projection is onto an
//! orthonormal basis, so it does not depend on the unit of the forecast.

use super::{CoverageError, Forecasts, TestOutcome};

/// Lagged hits among the regressors.
pub const LAGS: usize = 4;

/// A column whose part outside the span of those before it is smaller than this share adds no rank.
const COLLINEAR: f64 = 1e-10;

/// What today's hit is predicted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// A constant and four lagged hits: no forecast needed, 5 degrees of freedom.
    Hits,
    /// And value at risk of the same period: the default, 6 degrees of freedom.
    Forecast,
    /// And the squared loss of the period before, as `BacktestVaR` of the R package GAS: 7 degrees of freedom.
    Gas,
}

/// The test with value at risk among the regressors.
///
/// # Errors
/// [`CoverageError::TooShort`] below five periods.
pub fn test(forecasts: &Forecasts<'_>) -> Result<TestOutcome, CoverageError> {
    test_variant(forecasts, Variant::Forecast)
}

/// The test with the regressors of a variant.
///
/// # Errors
/// [`CoverageError::TooShort`] below five periods.
pub fn test_variant(
    forecasts: &Forecasts<'_>,
    variant: Variant,
) -> Result<TestOutcome, CoverageError> {
    if forecasts.len() <= LAGS {
        let found = forecasts.len();
        return Err(CoverageError::TooShort { test: "dq", needed: LAGS + 1, found });
    }
    let p = forecasts.tail();
    let hits: Vec<f64> = forecasts.hits().map(|hit| f64::from(u8::from(hit))).collect();
    let y: Vec<f64> = hits[LAGS..].iter().map(|hit| hit - p).collect();
    let basis = orthonormal(columns(&hits, forecasts, variant));
    let explained: f64 = basis.iter().map(|column| dot(column, &y).powi(2)).sum();
    Ok(TestOutcome::chi_squared(explained / (p * (1.0 - p)), basis.len()))
}

fn columns(hits: &[f64], forecasts: &Forecasts<'_>, variant: Variant) -> Vec<Vec<f64>> {
    let rows = hits.len() - LAGS;
    let mut columns = vec![vec![1.0; rows]];
    columns.extend((1..=LAGS).map(|lag| hits[LAGS - lag..hits.len() - lag].to_vec()));
    if variant != Variant::Hits {
        columns.push(forecasts.var()[LAGS..].to_vec());
    }
    if variant == Variant::Gas {
        let before = &forecasts.loss()[LAGS - 1..hits.len() - 1];
        columns.push(before.iter().map(|loss| loss * loss).collect());
    }
    columns
}

/// Gram-Schmidt, each column twice: once is not orthogonal to the last digit for nearly collinear columns.
fn orthonormal(columns: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let mut basis: Vec<Vec<f64>> = Vec::with_capacity(columns.len());
    for mut column in columns {
        let before = dot(&column, &column).sqrt();
        for _ in 0..2 {
            for direction in &basis {
                let along = dot(direction, &column);
                column.iter_mut().zip(direction).for_each(|(entry, unit)| *entry -= along * unit);
            }
        }
        let length = dot(&column, &column).sqrt();
        if length > COLLINEAR * before {
            column.iter_mut().for_each(|entry| *entry /= length);
            basis.push(column);
        }
    }
    basis
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mpor_core::Level;

    #[test]
    fn the_unit_of_the_forecast_does_not_matter() {
        let loss: Vec<f64> = (0..200).map(|at| f64::from(at * 37 % 101)).collect();
        let var: Vec<f64> = (0..200).map(|at| 90.0 + f64::from(at % 7)).collect();
        let thousand = |values: &[f64]| values.iter().map(|value| value * 1e3).collect::<Vec<_>>();
        let (big_loss, big_var) = (thousand(&loss), thousand(&var));
        let level = Level::new(0.95).unwrap();
        let one = test(&Forecasts::new(&loss, &var, level).unwrap()).unwrap();
        let other = test(&Forecasts::new(&big_loss, &big_var, level).unwrap()).unwrap();
        assert_eq!(one.law, other.law);
        assert!((one.statistic - other.statistic).abs() < 1e-9);
    }

    #[test]
    fn no_hits_and_constant_forecast_leave_one_regressor() {
        let (loss, var) = ([0.0; 104], [1.0; 104]);
        let found = test(&Forecasts::new(&loss, &var, Level::P99).unwrap()).unwrap();
        // By hand: 100 p^2 / (p (1 - p)).
        assert!((found.statistic - 100.0 * 0.01 / 0.99).abs() < 1e-12);
        assert_eq!(found.law, super::super::Law::ChiSquared(1));
    }
}
