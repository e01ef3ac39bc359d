//! The laws of innovations: log density of one residual with its derivatives.
//!
//! ```text
//! ln f(e; h) = constant - ln(h)/2 - quadratic/2 - power ln(w)
//! normal     quadratic = z^2                                        z = e / sqrt(h)
//! Student t  w = 1 + z^2 / (nu - 2),   power = (nu + 1)/2
//! skewed t   w = 1 + y^2 / (nu - 2),   y = (b z + a) / (1 -+ lambda)      (see mpor_stats::skew_t)
//! ```
//!
//! `w` is handed out and not its logarithm, so that the logarithm of a product of many can be taken at once.

use mpor_stats::skew_t::student_unit_peak;
use mpor_stats::special::digamma;

use super::parameters::{LAMBDA, NU, Natural};

/// What one residual adds.
pub(super) struct Point {
    pub quadratic: f64,
    pub w: f64,
    /// `-z f'(z)/f(z)`: 1 on average.
    pub pull: f64,
    /// `-f'(z)/f(z) / sqrt(h)`: derivative of the log density by the mean.
    pub by_mean: f64,
    /// Derivatives by `nu` and `lambda`, without the terms of the constant and of `ln w`.
    pub by_shape: [f64; 2],
}

/// A law with its constants worked out.
pub(super) trait Density {
    fn new(p: &Natural) -> Self;
    /// Log of the density at zero where `h = 1`, and its derivatives by `nu` and `lambda`.
    fn constant(&self) -> (f64, [f64; 2]);
    /// What `ln w` is multiplied by, and half of its derivative by `nu` is the multiple in the score: 0 or 1/2.
    fn power(&self) -> (f64, f64);
    fn at(&self, residual: f64, inverse: f64) -> Point;
}

const HALF_LN_2PI: f64 = 0.918_938_533_204_672_7;

pub(super) struct Normal;

impl Density for Normal {
    fn new(_: &Natural) -> Self {
        Normal
    }

    fn constant(&self) -> (f64, [f64; 2]) {
        (-HALF_LN_2PI, [0.0; 2])
    }

    fn power(&self) -> (f64, f64) {
        (0.0, 0.0)
    }

    #[inline(always)]
    fn at(&self, residual: f64, inverse: f64) -> Point {
        let by_mean = residual * inverse;
        let square = residual * by_mean;
        Point { quadratic: square, w: 1.0, pull: square, by_mean, by_shape: [0.0; 2] }
    }
}

/// `nu` and `ln c(nu)` of the Student t law of variance 1, with its derivative.
#[derive(Clone, Copy)]
struct Freedom {
    nu: f64,
    log_peak: f64,
    slope: f64,
}

impl Freedom {
    fn new(nu: f64) -> Self {
        let slope = 0.5 * (digamma(0.5 * (nu + 1.0)) - digamma(0.5 * nu) - 1.0 / (nu - 2.0));
        Freedom { nu, log_peak: libm::log(student_unit_peak(nu)), slope }
    }
}

pub(super) struct StudentT(Freedom);

impl Density for StudentT {
    fn new(p: &Natural) -> Self {
        StudentT(Freedom::new(p[NU]))
    }

    fn constant(&self) -> (f64, [f64; 2]) {
        (self.0.log_peak, [self.0.slope, 0.0])
    }

    fn power(&self) -> (f64, f64) {
        (0.5 * (self.0.nu + 1.0), 0.5)
    }

    #[inline(always)]
    fn at(&self, residual: f64, inverse: f64) -> Point {
        let Freedom { nu, .. } = self.0;
        let scaled = residual * inverse;
        let square = residual * scaled;
        let share = (nu + 1.0) / (nu - 2.0 + square);
        let by_nu = 0.5 * share * square / (nu - 2.0);
        Point {
            quadratic: 0.0,
            w: 1.0 + square / (nu - 2.0),
            pull: share * square,
            by_mean: share * scaled,
            by_shape: [by_nu, 0.0],
        }
    }
}

/// Hansen's law: location `a` and scale `b` with their derivatives by `nu` and `lambda`.
pub(super) struct SkewedT {
    freedom: Freedom,
    lambda: f64,
    a: f64,
    b: f64,
    da: [f64; 2],
    db: [f64; 2],
}

impl Density for SkewedT {
    fn new(p: &Natural) -> Self {
        let (freedom, lambda) = (Freedom::new(p[NU]), p[LAMBDA]);
        let nu = freedom.nu;
        let per_lambda = 4.0 * libm::exp(freedom.log_peak) * (nu - 2.0) / (nu - 1.0);
        let a = per_lambda * lambda;
        let b = (1.0 + 3.0 * lambda * lambda - a * a).sqrt();
        let da = [a * (freedom.slope + 1.0 / (nu - 2.0) - 1.0 / (nu - 1.0)), per_lambda];
        let db = [-a * da[0] / b, (3.0 * lambda - a * da[1]) / b];
        SkewedT { freedom, lambda, a, b, da, db }
    }

    fn constant(&self) -> (f64, [f64; 2]) {
        let by_nu = self.freedom.slope + self.db[0] / self.b;
        (self.freedom.log_peak + libm::log(self.b), [by_nu, self.db[1] / self.b])
    }

    fn power(&self) -> (f64, f64) {
        (0.5 * (self.freedom.nu + 1.0), 0.5)
    }

    #[inline(always)]
    fn at(&self, residual: f64, inverse: f64) -> Point {
        let nu = self.freedom.nu;
        let root = inverse.sqrt();
        let z = residual * root;
        let centred = self.b * z + self.a;
        let sign = if centred < 0.0 { -1.0 } else { 1.0 };
        let side = 1.0 / (1.0 + sign * self.lambda);
        let y = centred * side;
        let share = (nu + 1.0) / (nu - 2.0 + y * y);
        let pull = share * y * self.b * side;
        let dy = [
            (self.db[0] * z + self.da[0]) * side,
            (self.db[1] * z + self.da[1]) * side - y * sign * side,
        ];
        let by_nu = 0.5 * share * y * y / (nu - 2.0) - share * y * dy[0];
        Point {
            quadratic: 0.0,
            w: 1.0 + y * y / (nu - 2.0),
            pull: z * pull,
            by_mean: pull * root,
            by_shape: [by_nu, -share * y * dy[1]],
        }
    }
}
