//! One smile shape for all tenors: the power-law SSVI of [`crate::surface`].

use crate::error::CoreError;

/// The smile shape shared by all tenors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SmileShape {
    rho: f64,
    eta: f64,
    gamma: f64,
}

impl SmileShape {
    /// A smile without skew or curvature: every strike at the at-the-money volatility.
    pub const FLAT: SmileShape = SmileShape { rho: 0.0, eta: 0.0, gamma: 0.5 };

    /// A shape that is free of butterfly arbitrage for every total variance.
    ///
    /// # Errors
    /// [`CoreError::ButterflyArbitrage`] outside the bounds.
    pub fn new(rho: f64, eta: f64, gamma: f64) -> Result<Self, CoreError> {
        let free = rho.abs() < 1.0
            && eta > 0.0
            && eta * (1.0 + rho.abs()) <= 2.0
            && gamma > 0.0
            && gamma <= 0.5;
        if free {
            Ok(SmileShape { rho, eta, gamma })
        } else {
            Err(CoreError::ButterflyArbitrage { rho, eta, gamma })
        }
    }

    /// Skew `rho`, curvature level `eta`, curvature decay `gamma`.
    #[must_use]
    pub fn parameters(&self) -> [f64; 3] {
        [self.rho, self.eta, self.gamma]
    }

    /// Total variance at log-moneyness `k`, given the at-the-money total variance `theta` (above zero).
    #[must_use]
    #[inline]
    pub fn total_variance(&self, k: f64, theta: f64) -> f64 {
        ssvi(k, self.rho, theta, self.phi(theta))
    }

    /// How steeply moneyness enters at an at-the-money total variance: `phi`, which is not finite at zero.
    #[must_use]
    pub fn phi(&self, theta: f64) -> f64 {
        let decay = libm::pow(theta, self.gamma) * libm::pow(1.0 + theta, 1.0 - self.gamma);
        self.eta / decay
    }
}

/// Total variance of an SSVI slice at log-moneyness `k`.
#[inline]
pub(super) fn ssvi(k: f64, rho: f64, theta: f64, phi: f64) -> f64 {
    let x = phi * k;
    let tilt = x + rho;
    let root = (tilt * tilt + 1.0 - rho * rho).sqrt();
    0.5 * theta * (1.0 + rho * x + root)
}
