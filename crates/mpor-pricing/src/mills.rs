//! The normal distribution with full relative accuracy in its tail.
//!
//! What Black-76 needs is not the tail probability but its ratio to the density, which never underflows:
//!
//! ```text
//! mills(z) = Phi(-z) / phi(z),   slope(z) = 1 - z mills(z) = -mills'(z),   z >= 0
//! ```
//!
//! Both are polynomials in `t = (z - 5) / (z + 5)` over a factor with the right decay at infinity: `(1 + z) mills(z)`
//! and `(1 + z + z^2) slope(z)` are smooth and tend to 1. The coefficients are Chebyshev interpolants computed with 60
//! digits by `tests/reference/mills/coefficients.py`. Largest relative error found: 4e-16.
//!
//! Source: the transformation is that of Shepherd and Laframboise (1981), "Chebyshev approximation of
//! (1 + 2x) exp(x^2) erfc x in 0 <= x < infinity", Mathematics of Computation 36(153), 249-253.

/// `1 / sqrt(2 pi)`.
pub(crate) const INV_SQRT_TAU: f64 = 0.398_942_280_401_432_7;

/// Centre of the variable `t` of both polynomials.
pub(crate) const CENTRE: f64 = 5.0;

/// Coefficients of `(1 + z) mills(z)` in `t`, lowest power first.
pub(crate) const RATIO: [f64; 25] = [
    1.1568486282918946,
    -0.22948753825211315,
    0.07778159886873554,
    0.0250721793016388,
    -0.0661776007789934,
    0.0615050458401865,
    -0.038026592187762366,
    0.01634823128102938,
    -0.004201290310663574,
    1.9530638370790786e-05,
    0.00045704381820007954,
    -0.0001343742785571135,
    -2.48054584472145e-05,
    2.270961270923768e-05,
    -1.7723438185601556e-07,
    -3.277287633208865e-06,
    3.2197131609042185e-07,
    4.91996233147834e-07,
    -6.738323465177047e-08,
    -7.758520236786343e-08,
    1.0082895646260188e-08,
    1.1032071151574336e-08,
    -1.0846925288860795e-09,
    -9.564832934712551e-10,
    6.288377855498677e-11,
];

/// Coefficients of `(1 + z + z^2) slope(z)` in `t`, lowest power first.
const SLOPE: [f64; 27] = [
    1.1147437691260564,
    -0.07778159886873555,
    -0.1523520380784733,
    0.21013680042672483,
    -0.11615434565017575,
    -0.018275424994777464,
    0.0965438051615992,
    -0.09727461531952182,
    0.05713092112920633,
    -0.019090380342542547,
    0.0008269495032535381,
    0.0024340518856381496,
    -0.0008866838480579795,
    -0.0001475922520170279,
    0.0001722278549216423,
    -3.8161028442380894e-06,
    -2.8829819125930836e-05,
    3.1817661737107883e-06,
    5.008608020469396e-06,
    -7.068325570092877e-07,
    -9.324918160574946e-07,
    1.1248053859396404e-07,
    1.7254097303994744e-07,
    -1.2584392001721364e-08,
    -2.6308261072248886e-08,
    7.38312357270185e-10,
    2.2718794392851317e-09,
];

/// Mills ratio `Phi(-z) / phi(z)` for `z >= 0`; relative error below 1e-15.
#[must_use]
pub fn mills(z: f64) -> f64 {
    polynomial(&RATIO, variable(z)) / (1.0 + z)
}

/// `1 - z mills(z)` for `z >= 0`, without the cancellation; relative error below 1e-15.
#[must_use]
pub fn mills_slope(z: f64) -> f64 {
    // Nested, because z^2 overflows before the ratio underflows.
    polynomial(&SLOPE, variable(z)) / (1.0 + z) / (1.0 + z * (z / (1.0 + z)))
}

/// Standard normal density; relative error below 1e-15.
///
/// The square is split at a multiple of 1/16, because rounding `z^2 / 2` alone would cost `z^2 / 2` units in the last place.
#[must_use]
pub fn density(z: f64) -> f64 {
    let z = z.abs();
    if z > 40.0 {
        return 0.0;
    }
    let coarse = (z * 16.0).trunc() / 16.0;
    let rest = (z - coarse) * (z + coarse);
    INV_SQRT_TAU * libm::exp(-0.5 * coarse * coarse) * libm::exp(-0.5 * rest)
}

/// Standard normal distribution function; relative error below 2e-15 in the lower tail too.
#[must_use]
pub fn cumulative(z: f64) -> f64 {
    let tail = density(z) * mills(z.abs());
    if z > 0.0 { 1.0 - tail } else { tail }
}

/// `1` at infinity and `-1` at zero.
fn variable(z: f64) -> f64 {
    1.0 - 2.0 * CENTRE / (z + CENTRE)
}

/// Four interleaved sums in the fourth power of `t`, because one alone would wait for each of its own steps.
fn polynomial(coefficients: &[f64], t: f64) -> f64 {
    let (t2, mut sums) = (t * t, [0.0; 4]);
    for chunk in coefficients.chunks(4).rev() {
        for (sum, coefficient) in sums.iter_mut().zip(chunk) {
            *sum = *sum * (t2 * t2) + coefficient;
        }
    }
    (sums[0] + sums[1] * t) + (sums[2] + sums[3] * t) * t2
}

#[cfg(test)]
mod tests {
    use super::*;

    /// mpmath 1.3, 60 digits: `z`, `Phi(-z)/phi(z)`, `1 - z Phi(-z)/phi(z)`.
    const REFERENCE: [(f64, f64, f64); 7] = [
        (0.0, 1.2533141373155003, 1.0),
        (0.1, 1.1592623996187363, 0.8840737600381263),
        (0.7, 0.7748938487793906, 0.4575743058544266),
        (2.0, 0.4213692292880545, 0.15726154142389107),
        (5.5, 0.1763229857571027, 0.030223578335935124),
        (17.3, 0.0576122372210472, 0.0033082960758833726),
        (300.0, 0.0033332962975307955, 1.1110740761315273e-05),
    ];

    #[test]
    fn ratio_and_slope_meet_the_reference() {
        for (z, ratio, slope) in REFERENCE {
            assert!((mills(z) / ratio - 1.0).abs() < 1e-15, "mills({z})");
            assert!((mills_slope(z) / slope - 1.0).abs() < 1e-15, "slope({z})");
        }
    }

    /// mpmath 1.3: `ncdf(-37)` and `npdf(20)`.
    #[test]
    fn the_tail_keeps_its_digits() {
        assert!((cumulative(-37.0) / 5.725571222524577e-300 - 1.0).abs() < 2e-15);
        assert!((density(20.0) / 5.520948362159764e-88 - 1.0).abs() < 1e-15);
        assert!((cumulative(0.0) - 0.5).abs() < 2e-16);
        assert_eq!(cumulative(-1e300), 0.0);
        assert_eq!(cumulative(1e300), 1.0);
    }
}
