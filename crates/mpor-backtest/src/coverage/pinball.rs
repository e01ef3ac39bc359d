//! The pinball loss: the score that a quantile forecast minimises.
//!
//! ```text
//! S = level (loss - var) above the forecast,   p (var - loss) below;   mean over periods
//! ```
//!
//! Source: Koenker and Bassett (1978), Econometrica 46(1), 33-50. Lower is better, among forecasts of the same losses; the
//! number alone says nothing.

use super::{CoverageError, Forecasts};

/// Mean score, in the unit of the losses.
///
/// # Errors
/// [`CoverageError::TooShort`] without periods.
pub fn mean(forecasts: &Forecasts<'_>) -> Result<f64, CoverageError> {
    if forecasts.is_empty() {
        return Err(CoverageError::TooShort { test: "pinball", needed: 1, found: 0 });
    }
    let (level, tail) = (forecasts.level().value(), forecasts.tail());
    let pairs = forecasts.loss().iter().zip(forecasts.var());
    let score = |(loss, var): (&f64, &f64)| {
        if loss > var { level * (loss - var) } else { tail * (var - loss) }
    };
    Ok(pairs.map(score).sum::<f64>() / forecasts.len() as f64)
}
