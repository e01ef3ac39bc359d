//! Which volatility does one expiry's raw SVI slice give a strike, the way the Derive venue evaluates it?
//!
//! ```text
//! w(k) = a + b ( rho (k - m) + sqrt( (k - m)^2 + sigma^2 ) ),   k = ln(K / F) clipped to +-4 sqrt(a + b sigma)
//! vol  = sqrt( min(w, 144) / tau )
//! ```
//!
//! Source: Gatheral (2004), "A parsimonious arbitrage-free implied volatility parameterization", for the slice; the clip and
//! the cap are those of the venue's published on-chain SVI feed. Says nothing about arbitrage: these are another's quotes.

use crate::black76::log_ratio;
use crate::domain::{above_zero, finite, not_below_zero};
use crate::error::PricingError;

/// Largest total variance the venue quotes.
const TOTAL_VARIANCE_CAP: f64 = 144.0;

/// One expiry's smile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RawSvi {
    a: f64,
    b: f64,
    rho: f64,
    m: f64,
    sigma: f64,
    forward: f64,
    years: f64,
}

impl RawSvi {
    /// A slice with total variances `a + b (...)`, log-moneyness centre `m` and width `sigma`, for a forward in quote currency
    /// and a time to expiry in years, both those of the quote.
    ///
    /// # Errors
    /// [`PricingError::Input`] unless all are finite, forward and years are above zero, and `b`, `sigma` and `a + b sigma` are
    /// not below.
    pub fn new(
        a: f64,
        b: f64,
        rho: f64,
        m: f64,
        sigma: f64,
        forward: f64,
        years: f64,
    ) -> Result<Self, PricingError> {
        for (name, number) in [("SVI a", a), ("SVI rho", rho), ("SVI m", m)] {
            finite(name, number)?;
        }
        not_below_zero("SVI b", b)?;
        not_below_zero("SVI sigma", sigma)?;
        not_below_zero("SVI a + b sigma", a + b * sigma)?;
        above_zero("SVI forward", forward)?;
        above_zero("SVI years", years)?;
        Ok(RawSvi { a, b, rho, m, sigma, forward, years })
    }

    /// Black volatility per year at a strike in quote currency.
    ///
    /// # Errors
    /// [`PricingError::Input`] when the strike is not above zero, or the slice is negative there.
    pub fn vol(&self, strike: f64) -> Result<f64, PricingError> {
        above_zero("strike", strike)?;
        let reach = 4.0 * libm::sqrt(self.a + self.b * self.sigma);
        let k = -log_ratio(self.forward, strike);
        let total = self.total_variance(k.clamp(-reach, reach)).min(TOTAL_VARIANCE_CAP);
        not_below_zero("SVI total variance", total)?;
        Ok(libm::sqrt(total / self.years))
    }

    fn total_variance(&self, k: f64) -> f64 {
        let x = k - self.m;
        self.a + self.b * (self.rho * x + libm::sqrt(x * x + self.sigma * self.sigma))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: no slope, so `w = a + b sigma = 0.04` everywhere inside the clip, and a quarter of a year.
    #[test]
    fn a_flat_slice_has_one_volatility() {
        let slice = RawSvi::new(0.04, 0.0, 0.0, 0.0, 0.0, 100.0, 0.25).unwrap();
        for strike in [1e-9, 100.0, 1e9] {
            assert_eq!(slice.vol(strike).unwrap(), 0.4);
        }
    }

    /// By hand: beyond the clip at `4 sqrt(0.25) = 2`, `w = 0.25 + 1 * 2` (sigma 0, rho 0).
    #[test]
    fn far_strikes_are_clipped_and_total_variance_capped() {
        let slice = RawSvi::new(0.25, 1.0, 0.0, 0.0, 0.0, 100.0, 1.0).unwrap();
        assert_eq!(slice.vol(1e9).unwrap(), 1.5);
        let steep = RawSvi::new(0.25, 1e3, 0.0, 0.0, 0.0, 100.0, 1.0).unwrap();
        assert_eq!(steep.vol(1e9).unwrap(), 12.0);
    }

    #[test]
    fn a_negative_slice_is_an_error() {
        let slice = RawSvi::new(0.25, 1.0, -3.0, 0.0, 0.0, 100.0, 1.0).unwrap();
        assert!(slice.vol(1e9).is_err());
        assert!(RawSvi::new(-1.0, 0.0, 0.0, 0.0, 0.0, 100.0, 1.0).is_err());
    }
}
