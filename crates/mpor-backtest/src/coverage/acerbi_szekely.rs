//! Acerbi and Szekely's tests of expected shortfall: were the losses beyond value at risk as large as forecast?
//!
//! ```text
//! Z1 = 1 - (1/x) sum over hits loss/es,        Z2 = 1 - sum over hits loss/es / (n p)
//! ```
//!
//! Source: Acerbi and Szekely (2014), "Backtesting Expected Shortfall", Risk, December. Both are zero on average when the
//! model is right and **negative when risk is understated**. `Z1` looks at sizes only and is not defined without hits; `Z2`
//! looks at sizes and counts. They have no law of their own: critical values depend on the tail (about -0.7 for `Z2` at
//! the 5 % level over a wide range of tails, table 1 of the paper).

use super::{CoverageError, Forecasts};

/// Both statistics.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AcerbiSzekely {
    /// Sizes given hits; `None` without hits.
    pub z1: Option<f64>,
    /// Sizes and counts.
    pub z2: f64,
}

/// The statistics of forecasts with expected shortfall.
///
/// # Errors
/// [`CoverageError`] without expected shortfall, or without periods.
pub fn statistics(forecasts: &Forecasts<'_>) -> Result<AcerbiSzekely, CoverageError> {
    const ID: &str = "acerbi-szekely";
    if forecasts.is_empty() {
        return Err(CoverageError::TooShort { test: ID, needed: 1, found: 0 });
    }
    let es = forecasts.positive_es(ID)?;
    let (mut ratios, mut hits) = (0.0, 0usize);
    for (loss, var, es) in forecasts.rows(es) {
        if loss > var {
            ratios += loss / es;
            hits += 1;
        }
    }
    let expected = forecasts.level().tail_mass(forecasts.len());
    let z1 = (hits > 0).then(|| 1.0 - ratios / hits as f64);
    Ok(AcerbiSzekely { z1, z2: 1.0 - ratios / expected })
}
