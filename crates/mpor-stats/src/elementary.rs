//! Natural logarithms a vector at a time, the same bits for every vector width.
//!
//! ```text
//! ln x = k ln 2 + 2 s + s^3 p(s^2),       x = 2^k z, z in [sqrt(1/2), sqrt(2)), s = (z - 1) / (z + 1)
//! ```
//!
//! `p` is a Chebyshev interpolant computed with 50 digits (truncation below 1e-17); the largest error found is 4e-16 relatively. Only
//! operations that IEEE 754 rounds in one way are used, and each fused multiply-add is written out.

/// `ln 2` in two parts; the first has 21 bits, so that its product with an exponent is exact.
const LN2: (f64, f64) = (0.6931467056274414, 4.7493250390316726e-07);

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

/// `ln x` for normal `x > 0`; to be called inside a function that `pulp` dispatches, where it becomes vector code.
#[inline(always)]
#[must_use]
pub fn ln(x: f64) -> f64 {
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

#[inline(always)]
fn pair(low: f64, high: f64, x: f64) -> f64 {
    high.mul_add(x, low)
}

/// Replaces numbers by their natural logarithms. They must be normal and above zero: of others the result means nothing.
pub fn ln_all(values: &mut [f64]) {
    pulp::Arch::new().dispatch(Logs(values));
}

struct Logs<'a>(&'a mut [f64]);

impl pulp::WithSimd for Logs<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        self.0.iter_mut().for_each(|value| *value = ln(*value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pulp::Simd;

    #[test]
    fn logarithms_meet_the_library_in_every_instruction_set() {
        let mut values: Vec<f64> =
            (-3000..3000).map(|k| libm::exp(f64::from(k) * 0.2147)).collect();
        values.extend([1.0, 1.0 + f64::EPSILON, 1.0 - f64::EPSILON, 1.414, 0.7072]);
        let run = |dispatch: &dyn Fn(Logs<'_>)| {
            let mut logs = values.clone();
            dispatch(Logs(&mut logs));
            logs.into_iter().map(f64::to_bits).collect::<Vec<_>>()
        };
        let plain = run(&|logs| pulp::Scalar::new().vectorize(logs));
        for (bits, x) in plain.iter().zip(&values) {
            let (found, expected) = (f64::from_bits(*bits), libm::log(*x));
            assert!((found - expected).abs() <= 4e-16 * expected.abs(), "ln {x}");
        }
        assert_eq!(plain, run(&|logs| ln_all(logs.0)));
        #[cfg(target_arch = "x86_64")]
        {
            if let Some(avx2) = pulp::x86::V3::try_new() {
                assert_eq!(plain, run(&|logs| Simd::vectorize(avx2, logs)), "AVX2");
            }
            if let Some(avx512) = pulp::x86::V4::try_new() {
                assert_eq!(plain, run(&|logs| Simd::vectorize(avx512, logs)), "AVX-512");
            }
        }
    }
}
