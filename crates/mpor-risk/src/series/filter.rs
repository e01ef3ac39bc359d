//! The volatility filter that scenario sets and single series share: floor and rescaling.

use mpor_stats::descriptive::median;
use mpor_stats::ewma::{Decay, ewma_volatility};

use crate::error::RiskError;
use crate::scenario::{Rescale, VolatilityFloor};

/// What the EWMA filter does to a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Filter {
    /// Decay a step.
    pub decay: Decay,
    /// Returns whose mean square starts the estimate.
    pub burn_in: usize,
    /// Lower bound of today's volatility.
    pub floor: Option<VolatilityFloor>,
    /// How far moves are rescaled.
    pub rescale: Rescale,
}

/// The last `window` returns, each rescaled from the volatility known before it to today's, and that volatility.
///
/// Today's volatility is the forecast after the last return, lifted to the floor. A return before which nothing had moved
/// stays as it was.
///
/// # Errors
/// [`RiskError::ShortSeries`] for fewer returns than `window`; [`RiskError::Stats`] for returns that are not finite.
pub fn filtered_returns(
    returns: &[f64],
    window: usize,
    filter: Filter,
) -> Result<(Vec<f64>, f64), RiskError> {
    let recent = super::last(returns, window, "a filtered window")?;
    let volatility = ewma_volatility(returns, filter.decay, filter.burn_in)?;
    let start = returns.len() - window;
    let past = &volatility[start..returns.len()];
    let forecast = volatility[returns.len()];
    let today = match filter.floor {
        None => forecast,
        Some(VolatilityFloor::Median) => forecast.max(median(past, &mut Vec::new())?),
    };
    let rescaled = |(&r, &then): (&f64, &f64)| r * ratio(today, then, filter.rescale);
    Ok((recent.iter().zip(past).map(rescaled).collect(), today))
}

fn ratio(today: f64, then: f64, rescale: Rescale) -> f64 {
    if then == 0.0 {
        return 1.0;
    }
    match rescale {
        Rescale::Full => today / then,
        Rescale::Mid => (today + then) / (2.0 * then),
    }
}
