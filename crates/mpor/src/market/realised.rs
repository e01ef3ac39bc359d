//! Realised volatility on the study's grid: what moves a modelled surface where there is no volatility index.
//!
//! The variance of a step is an exponentially weighted mean of squared log returns,
//! `v_t = lambda v_{t-1} + (1 - lambda) r_t^2`, with the expanding mean of squares until `BURN_IN` returns are known, so
//! that no value uses a later return. A step's variance becomes a yearly one through the mean length of the steps known.

use mpor_core::Timestamp;

/// Returns that are averaged with equal weights before the exponential weights take over.
pub(super) const BURN_IN: usize = 20;

/// Yearly volatility known at each time of the grid, from the second time on; the first value repeats the second.
///
/// `prices` and `times` have one entry a grid time; prices are above zero.
pub(super) fn ewma_vol(prices: &[f64], times: &[Timestamp], lambda: f64) -> Vec<f64> {
    let mut variance = 0.0;
    path(prices, times, |known, square| {
        variance = if known <= BURN_IN {
            variance + (square - variance) / known as f64
        } else {
            lambda * variance + (1.0 - lambda) * square
        };
        variance
    })
}

/// Yearly volatility over a trailing window of `window` returns, expanding until it is full.
pub(super) fn window_vol(prices: &[f64], times: &[Timestamp], window: usize) -> Vec<f64> {
    let mut squares: Vec<f64> = Vec::with_capacity(prices.len());
    path(prices, times, |_, square| {
        squares.push(square);
        let from = squares.len().saturating_sub(window.max(1));
        let recent = &squares[from..];
        recent.iter().sum::<f64>() / recent.len() as f64
    })
}

/// Walks the squared log returns and turns each step variance into a yearly volatility.
fn path(
    prices: &[f64],
    times: &[Timestamp],
    mut variance: impl FnMut(usize, f64) -> f64,
) -> Vec<f64> {
    let mut vols = Vec::with_capacity(prices.len());
    for (at, pair) in prices.windows(2).enumerate() {
        let known = at + 1;
        let log_return = libm::log(pair[1] / pair[0]);
        let square = log_return * log_return;
        let step_years = times[0].years_to(times[known]) / known as f64;
        vols.push((variance(known, square) / step_years).sqrt());
    }
    if let Some(&first) = vols.first() {
        vols.insert(0, first);
    }
    vols
}

#[cfg(test)]
mod tests {
    use super::*;
    use mpor_core::Span;

    fn grid(n: i64) -> Vec<Timestamp> {
        (0..n).map(|day| Timestamp(0) + Span::days(day)).collect()
    }

    #[test]
    fn a_constant_daily_move_annualises_over_365_days() {
        let prices: Vec<f64> = (0..60).map(|day| 100.0 * 1.01_f64.powi(day % 2)).collect();
        let expected = 1.01_f64.ln() * 365.0_f64.sqrt();
        for vols in [ewma_vol(&prices, &grid(60), 0.94), window_vol(&prices, &grid(60), 30)] {
            assert_eq!(vols.len(), 60);
            assert!(vols.iter().all(|vol| (vol - expected).abs() < 1e-12), "{vols:?}");
        }
    }

    #[test]
    fn a_later_price_changes_no_earlier_volatility() {
        let mut prices: Vec<f64> = (0..60).map(|day| 100.0 + f64::from(day % 7)).collect();
        let before = ewma_vol(&prices, &grid(60), 0.9);
        prices[50] = 500.0;
        assert_eq!(ewma_vol(&prices, &grid(60), 0.9)[..50], before[..50]);
    }
}
