//! Branch-free exponential and Mills ratio for the vector kernels, beside the logarithm of [`mpor_stats::elementary`].
//!
//! ```text
//! exp x = 2^n (1 + r + r^2 q(r)),          n = round(x / ln 2), r = x - n ln 2
//! ```
//!
//! `q` is a Chebyshev interpolant computed with 50 digits (truncation below 1e-17). Only operations that IEEE 754 rounds
//! in one way are used, and each fused multiply-add is written out, so the bits do not depend on the vector width.
//! Everything is `#[inline(always)]`: it must be compiled inside the kernel's instruction set.

use crate::mills::{CENTRE, RATIO};

/// `ln 2` in two parts; the first has 21 bits, so that its product with an exponent is exact.
const LN2: (f64, f64) = (0.6931467056274414, 4.7493250390316726e-07);

/// `1.5 * 2^52`: adding it rounds to an integer and leaves that integer in the low bits.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// `(exp r - 1 - r) / r^2` on `|r| <= ln 2 / 2`.
const EXP: [f64; 10] = [
    0.5000000000000001,
    0.1666666666666667,
    0.04166666666662412,
    0.008333333333326134,
    0.0013888888917215586,
    0.00019841269874822307,
    2.4801521293463862e-05,
    2.755725539833871e-06,
    2.762008948195459e-07,
    2.5105217695684516e-08,
];

/// `exp x` for `x <= 0`; below -708, where it would leave the normal numbers, `exp(-708)`.
#[inline(always)]
pub(crate) fn exp_below_zero(x: f64) -> f64 {
    let x = if x > -708.0 { x } else { -708.0 };
    let shifted = x.mul_add(std::f64::consts::LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = n.mul_add(-LN2.1, n.mul_add(-LN2.0, x));
    let r2 = r * r;
    let r4 = r2 * r2;
    let low = pair(EXP[2], EXP[3], r).mul_add(r2, pair(EXP[0], EXP[1], r));
    let high = pair(EXP[6], EXP[7], r).mul_add(r2, pair(EXP[4], EXP[5], r));
    let q = pair(EXP[8], EXP[9], r).mul_add(r4, high).mul_add(r4, low);
    let scaled = r2.mul_add(q, r) + 1.0;
    f64::from_bits(scaled.to_bits().wrapping_add(shifted.to_bits() << 52))
}

/// Mills ratios of two numbers not below zero, with one division.
#[inline(always)]
pub(crate) fn mills_pair(z1: f64, z2: f64) -> (f64, f64) {
    let (z1, z2) = (capped(z1), capped(z2));
    let (a1, a2) = (1.0 + z1, 1.0 + z2);
    let (b1, b2) = (CENTRE + z1, CENTRE + z2);
    let (first, second) = (a1 * b1, a2 * b2);
    let reciprocal = 1.0 / (first * second);
    let (first, second) = (reciprocal * second, reciprocal * first);
    let t1 = (first * a1).mul_add(-2.0 * CENTRE, 1.0);
    let t2 = (second * a2).mul_add(-2.0 * CENTRE, 1.0);
    (first * b1 * ratio(t1), second * b2 * ratio(t2))
}

/// Beyond this the density is zero, and its square must not overflow in [`mills_pair`].
#[inline(always)]
fn capped(z: f64) -> f64 {
    if z < 1e9 { z } else { 1e9 }
}

/// The polynomial of [`RATIO`] in Estrin's order, which has the shortest chain of dependent operations.
#[inline(always)]
fn ratio(t: f64) -> f64 {
    const C: [f64; 25] = RATIO;
    let t2 = t * t;
    let t4 = t2 * t2;
    let t8 = t4 * t4;
    let quad = |i: usize| pair(C[i + 2], C[i + 3], t).mul_add(t2, pair(C[i], C[i + 1], t));
    let octet = |i: usize| quad(i + 4).mul_add(t4, quad(i));
    let high = C[24].mul_add(t8, octet(16));
    high.mul_add(t8, octet(8)).mul_add(t8, octet(0))
}

#[inline(always)]
fn pair(low: f64, high: f64, x: f64) -> f64 {
    high.mul_add(x, low)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mills::mills;

    #[test]
    fn the_exponential_meets_the_library() {
        for step in 0..70_000 {
            let x = -f64::from(step) * 0.01;
            assert!((exp_below_zero(x) / libm::exp(x) - 1.0).abs() < 5e-16, "exp {x}");
        }
    }

    #[test]
    fn ratios_meet_the_scalar_ones() {
        for step in 0..4_000 {
            let (z1, z2) = (f64::from(step) * 0.01, f64::from(4_000 - step) * 0.01);
            let (ratio1, ratio2) = mills_pair(z1, z2);
            assert!((ratio1 / mills(z1) - 1.0).abs() < 2e-15, "{z1}");
            assert!((ratio2 / mills(z2) - 1.0).abs() < 2e-15, "{z2}");
        }
    }
}
