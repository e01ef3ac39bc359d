//! One step of variance with its derivatives by `mu, omega, alpha, gamma, beta`.

use std::f64::consts::FRAC_2_PI;

use super::parameters::{ALPHA, BETA, GAMMA, MU, Natural, OMEGA};
use super::presample::First;

/// A recursion of variance: what it is now, and what a residual makes of it.
pub(super) trait Recursion {
    /// The first step.
    fn new(p: &Natural, first: First) -> Self;
    /// Variance of the residual to come.
    fn variance(&self) -> f64;
    /// Its logarithm, where it is known without taking one.
    fn log_variance(&self) -> Option<f64>;
    /// Derivatives of the logarithm of variance; `inverse` is one over the variance.
    fn slope(&self, inverse: f64) -> [f64; 5];
    /// Takes in a residual.
    fn advance(&mut self, residual: f64, inverse: f64);
}

/// GARCH and GJR.
pub(super) struct Linear {
    omega: f64,
    alpha: f64,
    gamma: f64,
    beta: f64,
    h: f64,
    dh: [f64; 5],
}

impl Recursion for Linear {
    fn new(p: &Natural, first: First) -> Self {
        let (omega, alpha, gamma, beta) = (p[OMEGA], p[ALPHA], p[GAMMA], p[BETA]);
        Linear { omega, alpha, gamma, beta, h: first.value, dh: first.slope }
    }

    #[inline(always)]
    fn variance(&self) -> f64 {
        self.h
    }

    #[inline(always)]
    fn log_variance(&self) -> Option<f64> {
        None
    }

    #[inline(always)]
    fn slope(&self, inverse: f64) -> [f64; 5] {
        self.dh.map(|d| d * inverse)
    }

    #[inline(always)]
    fn advance(&mut self, residual: f64, _inverse: f64) {
        let square = residual * residual;
        let fall = if residual < 0.0 { square } else { 0.0 };
        let weight = if residual < 0.0 { self.alpha + self.gamma } else { self.alpha };
        let news = [-2.0 * weight * residual, 1.0, square, fall, self.h];
        for (d, new) in self.dh.iter_mut().zip(news) {
            *d = new + self.beta * *d;
        }
        self.h = (self.omega + weight * square) + self.beta * self.h;
    }
}

/// EGARCH, in the logarithm of variance.
pub(super) struct Logarithmic {
    omega: f64,
    alpha: f64,
    gamma: f64,
    beta: f64,
    log: f64,
    h: f64,
    dlog: [f64; 5],
}

impl Recursion for Logarithmic {
    fn new(p: &Natural, first: First) -> Self {
        let (omega, alpha, gamma, beta) = (p[OMEGA], p[ALPHA], p[GAMMA], p[BETA]);
        let h = libm::exp(first.value);
        Logarithmic { omega, alpha, gamma, beta, log: first.value, h, dlog: first.slope }
    }

    #[inline(always)]
    fn variance(&self) -> f64 {
        self.h
    }

    #[inline(always)]
    fn log_variance(&self) -> Option<f64> {
        Some(self.log)
    }

    #[inline(always)]
    fn slope(&self, _inverse: f64) -> [f64; 5] {
        self.dlog
    }

    #[inline(always)]
    fn advance(&mut self, residual: f64, inverse: f64) {
        let root = inverse.sqrt();
        let z = residual * root;
        let size = z.abs() - FRAC_2_PI.sqrt();
        let by_z = self.gamma + if z < 0.0 { -self.alpha } else { self.alpha };
        // z falls with the root of variance: dz = -z/2 dln h, and by mu also -1 / sqrt(h).
        let carry = self.beta - 0.5 * z * by_z;
        let news = [-by_z * root, 1.0, size, z, self.log];
        for (d, new) in self.dlog.iter_mut().zip(news) {
            *d = new + carry * *d;
        }
        self.log = self.omega + self.beta * self.log + self.alpha * size + self.gamma * z;
        self.h = libm::exp(self.log);
    }
}

// The order of derivatives is that of the parameters.
const _: () = assert!(MU == 0 && OMEGA == 1 && ALPHA == 2 && GAMMA == 3 && BETA == 4);
