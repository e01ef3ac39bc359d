//! Branch-free exponential, logarithm and Mills ratio for the vector kernels.
//!
//! ```text
//! exp x = 2^n (1 + r + r^2 q(r)),          n = round(x / ln 2), r = x - n ln 2
//! ln x  = k ln 2 + 2 s + s^3 p(s^2),       x = 2^k z, z in [sqrt(1/2), sqrt(2)), s = (z - 1) / (z + 1)
//! ```
//!
//! `q`, `p` are Chebyshev interpolants computed with 50 digits (truncation below 1e-17). Only operations that IEEE 754 rounds
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

/// `2 (atanh s / s - 1) / s^2` in `s^2`.
const LN: [f64; 7] = [
    0.666666666666667,
    0.39999999999898944,
    0.2857142862620096,
    0.22222211101577205,
    0.1818289133623783,
    0.1533165379922582,
    0.14617229114009048,
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

/// `ln x` for normal `x > 0`.
#[inline(always)]
pub(crate) fn ln(x: f64) -> f64 {
    const ROOT_HALF: u64 = 0x3fe6_a09e_667f_3bcd;
    const ONE: u64 = 0x3ff0_0000_0000_0000;
    // Moves the split of exponent and mantissa from 1 to sqrt(1/2).
    let bits = x.to_bits().wrapping_add(ONE - ROOT_HALF);
    let z = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) + ROOT_HALF);
    // The exponent as a double: its bits below those of 2^52, and 2^52 and the bias taken off.
    let k =
        f64::from_bits((bits >> 52) | 0x4330_0000_0000_0000) - (4_503_599_627_370_496.0 + 1023.0);
    let f = z - 1.0;
    let s = f / (f + 2.0);
    let v = s * s;
    let v2 = v * v;
    let low = pair(LN[2], LN[3], v).mul_add(v2, pair(LN[0], LN[1], v));
    let high = LN[6].mul_add(v2, pair(LN[4], LN[5], v));
    let p = high.mul_add(v2 * v2, low);
    let mantissa = (s * v).mul_add(p, s + s);
    k.mul_add(LN2.0, k.mul_add(LN2.1, mantissa))
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
    fn exponential_and_logarithm_meet_the_library() {
        for step in 0..70_000 {
            let x = -f64::from(step) * 0.01;
            assert!((exp_below_zero(x) / libm::exp(x) - 1.0).abs() < 5e-16, "exp {x}");
        }
        for step in -3000..3000 {
            let x = libm::exp(f64::from(step) * 0.2147);
            let expected = libm::log(x);
            assert!((ln(x) - expected).abs() <= 4e-16 * expected.abs(), "ln {x}");
        }
        for x in [1.0, 1.0 + f64::EPSILON, 1.0 - f64::EPSILON, 1.414, 0.7072] {
            assert!((ln(x) - libm::log(x)).abs() <= 2e-16 * libm::log(x).abs(), "ln {x}");
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
