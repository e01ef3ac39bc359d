//! The FZ0 score: the score that value at risk and expected shortfall minimise together.
//!
//! ```text
//! S = hit (loss - var) / (p es) + var / es + ln es - 1;   mean over periods
//! ```
//!
//! Source: Patton, Ziegel and Chen (2019), "Dynamic semiparametric models for expected shortfall", Journal of
//! Econometrics 211(2), 388-413, eq. 6 (the member of Fissler and Ziegel's class whose differences do not depend on the
//! unit), with losses positive. Lower is better, among forecasts of the same losses.

use super::{CoverageError, Forecasts};

/// Mean score.
///
/// # Errors
/// [`CoverageError`] without periods, or where expected shortfall is missing or not above zero.
pub fn mean(forecasts: &Forecasts<'_>) -> Result<f64, CoverageError> {
    if forecasts.is_empty() {
        return Err(CoverageError::TooShort { test: "fz0", needed: 1, found: 0 });
    }
    let es = forecasts.positive_es("fz0")?;
    let tail = forecasts.tail();
    let score = |(loss, var, es): (f64, f64, f64)| {
        let beyond = if loss > var { (loss - var) / (tail * es) } else { 0.0 };
        beyond + var / es + libm::log(es) - 1.0
    };
    Ok(forecasts.rows(es).map(score).sum::<f64>() / forecasts.len() as f64)
}
