//! History drawn again, in blocks of random length, so that calm and storm stay together.
//!
//! ```text
//! index[0] uniform;  index[t+1] = index[t] + 1 (around the end) with probability 1 - 1/b, else uniform anew
//! b        = min(bmax, (2 g^2 / d)^(1/3) n^(1/3)),      d = 2 s^2
//! g        = sum over |k| <= M of lambda(k/M) |k| R(k),   s = sum of lambda(k/M) R(k),   lambda(x) = 1 to 1/2, then 2 (1 - |x|)
//! M        = 2 m, m = the first of K = max(5, log10 n) lags in a row whose autocorrelations are below 2 sqrt(log10 n / n)
//! ```
//!
//! Sources: Politis and Romano (1994), "The stationary bootstrap", JASA 89(428), 1303-1313; Politis and White (2004),
//! "Automatic block-length selection for the dependent bootstrap", Econometric Reviews 23(1), 53-70, with the
//! correction of Patton, Politis and White (2009), Econometric Reviews 28(4), 372-375. Autocorrelations are taken over
//! the two overlapping parts of the series, and `m` is the first negligible lag itself: both as the package arch does,
//! so that lengths agree with it; Politis and White count from the lag before.

use mpor_stats::descriptive::mean;
use mpor_stats::random::Stream;

use crate::checks::{at_least, finite, parameter};
use crate::error::RiskError;

/// `length` indices into a history of `n` observations, in blocks of mean length `block`.
///
/// # Errors
/// [`RiskError::Parameter`] for no observation, or a mean length below 1.
pub fn stationary_bootstrap(
    n: usize,
    length: usize,
    block: f64,
    stream: &mut Stream,
) -> Result<Vec<usize>, RiskError> {
    let whole = u32::try_from(n).ok().filter(|n| *n > 0);
    let Some(whole) = whole else {
        return Err(parameter("observations of a bootstrap", n, "1 to 4,294,967,295"));
    };
    if !(block >= 1.0 && block.is_finite()) {
        return Err(parameter("mean block length", block, "at least 1"));
    }
    let mut out = Vec::with_capacity(length);
    let mut at = 0;
    for t in 0..length {
        // Two numbers a step, whatever happens, so that a path's later steps do not depend on the block length.
        let (anew, keep) = (stream.below(whole) as usize, stream.uniform() >= 1.0 / block);
        at = if t > 0 && keep { (at + 1) % n } else { anew };
        out.push(at);
    }
    Ok(out)
}

/// The mean block length that estimates the variance of the mean best; it may be below 1 for a series without memory.
///
/// # Errors
/// [`RiskError::Stats`] for fewer than sixteen observations or values that are not finite; [`RiskError::Parameter`] for
/// a constant series.
pub fn automatic_block_length(series: &[f64]) -> Result<f64, RiskError> {
    at_least("an automatic block length", 16, series.len())?;
    finite(series)?;
    if series.iter().all(|x| *x == series[0]) {
        return Err(parameter("series", series[0], "one that moves"));
    }
    let n = series.len();
    let (size, centre) = (n as f64, mean(series)?);
    let gaps: Vec<f64> = series.iter().map(|x| x - centre).collect();
    let run = (libm::log10(size) as usize).max(5);
    let most = (libm::sqrt(size).ceil() as usize + run).min(n - 2);
    let bound = 2.0 * libm::sqrt(libm::log10(size) / size);
    let product = |k: usize| gaps[k..].iter().zip(&gaps).map(|(a, b)| a * b).sum::<f64>();
    let squares = |part: &[f64]| part.iter().map(|x| x * x).sum::<f64>();
    let covariances: Vec<f64> = (0..=most).map(product).collect();
    let negligible: Vec<bool> = (0..=most)
        .map(|k| {
            covariances[k].abs()
                < bound * (squares(&gaps[k + 1..]) * squares(&gaps[..n - k - 1])).sqrt()
        })
        .collect();
    let first =
        (0..=most.saturating_sub(run)).find(|&k| negligible[k..k + run].iter().all(|small| *small));
    let reach = first.map_or(most, |k| (2 * k.max(1)).min(most));
    let (mut slope, mut spectrum) = (0.0, covariances[0] / size);
    for (k, covariance) in covariances.iter().enumerate().take(reach + 1).skip(1) {
        let share = k as f64 / reach as f64;
        let weight = if share <= 0.5 { 1.0 } else { 2.0 * (1.0 - share) };
        slope += 2.0 * weight * k as f64 * covariance / size;
        spectrum += 2.0 * weight * covariance / size;
    }
    let longest = (3.0 * size.sqrt()).min(size / 3.0).ceil();
    let length = libm::cbrt(slope * slope / (spectrum * spectrum)) * libm::cbrt(size);
    Ok(length.min(longest))
}
