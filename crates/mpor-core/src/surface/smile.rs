//! The smile of one expiry of a surface: read for many strikes.

use super::shape::ssvi;
use super::slice::{SsviSlice, SviSlice};

/// One expiry of a surface.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Smile {
    pub(super) form: Form,
    pub(super) years: f64,
    /// Log-moneynesses between which the model is read.
    pub(super) quoted: [f64; 2],
}

/// The model of a smile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Form {
    /// One slice.
    Ssvi { rho: f64, theta: f64, phi: f64 },
    /// Total variance a share of the way from one raw slice to another.
    Between { near: SviSlice, far: SviSlice, share: f64 },
}

impl Smile {
    /// Black volatility a year at log-moneyness `k = ln(K / F)`.
    #[must_use]
    #[inline]
    pub fn vol(&self, k: f64) -> f64 {
        (self.total_variance(k) / self.years).sqrt()
    }

    /// Total variance at log-moneyness `k`.
    #[must_use]
    #[inline]
    pub fn total_variance(&self, k: f64) -> f64 {
        let k = k.clamp(self.quoted[0], self.quoted[1]);
        match &self.form {
            Form::Ssvi { rho, theta, phi } => ssvi(k, *rho, *theta, *phi),
            Form::Between { near, far, share } => {
                let from = near.total_variance(k);
                from + share * (far.total_variance(k) - from)
            }
        }
    }

    /// Time to expiry in years.
    #[must_use]
    pub fn years(&self) -> f64 {
        self.years
    }

    /// The smile when its volatilities are multiplied by `ratio`, the same in standard deviations.
    #[must_use]
    pub fn scaled(&self, ratio: f64) -> Smile {
        let form = match self.form {
            Form::Ssvi { rho, theta, phi } => {
                let SsviSlice { theta, rho, psi } =
                    SsviSlice { theta, rho, psi: phi * theta }.scaled(ratio);
                Form::Ssvi { rho, theta, phi: if theta == 0.0 { 0.0 } else { psi / theta } }
            }
            Form::Between { near, far, share } => {
                Form::Between { near: near.scaled(ratio), far: far.scaled(ratio), share }
            }
        };
        Smile { form, ..*self }
    }
}
