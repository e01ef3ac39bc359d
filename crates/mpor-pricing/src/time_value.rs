//! What is an out-of-the-money option worth, to all its digits?
//!
//! Everything is computed from the out-of-the-money side, as a share of the smaller of `F` and
//! `K`; the other side follows by parity. With `h = -|ln(F / K)| / s` and `t = s / 2` that share is
//!
//! ```text
//! N(h + t) - exp(..) N(h - t) = phi(h + t) [ Y(h + t) - Y(h - t) ],   Y(z) = N(z) / phi(z)
//! ```
//!
//! Where the two ratios are close, their difference is the odd part of a Taylor series whose coefficients are all positive:
//! `2 sum a_n t^n` over odd `n`, `a_n = Y^(n)(h) / n! = int u^n exp(h u - u^2 / 2) du / n!`, with the recurrence
//! `(n + 1) a_(n+1) = h a_n + a_(n-1)` and `a_(-1) = 1`. It is run forwards from `Y` and `Y'` where that is stable
//! (`|h| t` small), and as Laplace's continued fraction from the far end where it is not.

use crate::mills::{cumulative, density, mills, mills_slope};

/// Value of an out-of-the-money option as a share of the smaller of forward and strike: `distance = |ln(F / K)|`.
pub(crate) fn out_of_the_money(distance: f64, deviation: f64) -> f64 {
    if deviation == 0.0 {
        return 0.0;
    }
    let (h, t) = (-distance / deviation, 0.5 * deviation);
    let d1 = h + t;
    if is_close(h, t) || d1 <= 0.0 {
        // A density that underflows hides a ratio that may overflow.
        let density = density(d1);
        return if density == 0.0 { 0.0 } else { density * ratio_difference(h, t) };
    }
    cumulative(d1) - density(d1) * mills(t - h)
}

/// `Y(h + t) - Y(h - t)` for `h <= 0 < t`, where [`is_close`] or `h + t <= 0`.
pub(crate) fn ratio_difference(h: f64, t: f64) -> f64 {
    if !is_close(h, t) {
        return mills(-(h + t)) - mills(t - h);
    }
    if -h * t <= FORWARD_STABLE { forward_series(h, t) } else { backward_series(h, t) }
}

/// Whether the ratios at `h + t` and `h - t` are so close that their difference needs the series.
pub(crate) fn is_close(h: f64, t: f64) -> bool {
    t < 0.25 * (-h).max(1.5)
}

/// Up to here the forward recurrence loses no more than a few units in the last place.
const FORWARD_STABLE: f64 = 1.0;

/// Terms that reach 1e-17 of the sum at `t = |h| / 4`.
const ODD_TERMS: usize = 14;

/// `1 / n`, so that the recurrence waits for no division.
const RECIPROCALS: [f64; 2 * ODD_TERMS] = {
    let mut reciprocals = [0.0; 2 * ODD_TERMS];
    let mut n = 1;
    while n < reciprocals.len() {
        reciprocals[n] = 1.0 / n as f64;
        n += 1;
    }
    reciprocals
};

fn forward_series(h: f64, t: f64) -> f64 {
    let (mut even, mut odd) = (mills(-h), mills_slope(-h));
    let (mut sum, mut power) = (odd, 1.0);
    for k in 1..ODD_TERMS {
        even = (h * odd + even) * RECIPROCALS[2 * k];
        odd = (h * even + odd) * RECIPROCALS[2 * k + 1];
        power *= t * t;
        let term = odd * power;
        sum += term;
        if term.abs() < 1e-17 * sum {
            break;
        }
    }
    2.0 * t * sum
}

/// With `r_n = a_n / a_(n-1) = 1 / (|h| + (n + 1) r_(n+1))`, run down from where its start no longer matters.
fn backward_series(h: f64, t: f64) -> f64 {
    const KEPT: usize = 2 * ODD_TERMS;
    let mut ratios = [0.0; KEPT];
    let start = KEPT + (CONTRACTION / -h).powi(2).min(400.0) as usize;
    // The fixed point of the recurrence with its n frozen.
    let mut ratio = 2.0 / (-h + libm::sqrt(h * h + 4.0 * (start + 1) as f64));
    for n in (0..start).rev() {
        ratio = 1.0 / (-h + (n + 1) as f64 * ratio);
        if n < KEPT {
            ratios[n] = ratio;
        }
    }
    let (mut sum, mut term) = (0.0, 1.0 / t);
    for (n, ratio) in ratios.iter().enumerate() {
        term *= ratio * t;
        if n % 2 == 1 {
            sum += term;
        }
    }
    2.0 * sum
}

/// Steps times `|h|^2` after which the start of the continued fraction is forgotten; chosen by experiment.
const CONTRACTION: f64 = 18.0;

#[cfg(test)]
mod tests {
    use super::*;

    /// Where one way of computing the difference ends and the next begins, both must give the same digits.
    #[test]
    fn the_parts_of_the_formula_meet() {
        let close = |a: f64, b: f64| (a / b - 1.0).abs() < 4e-15;
        for h in [-0.01, -0.5, -1.5, -2.05, -3.2, -8.0, -30.0_f64] {
            let t = 0.25 * (-h).max(1.5) * (1.0 - 1e-9);
            let plain = mills_signed(h + t) - mills(t - h);
            assert!(close(ratio_difference(h, t), plain), "{h} {t}");
        }
        for (h, t) in [(-2.0, 0.4), (-4.0, 0.25), (-10.0, 0.1), (-1e3, 1e-3)] {
            let (forward, backward) = (forward_series(h, t), backward_series(h, t));
            assert!(close(forward, backward), "{h} {t}: {forward} {backward}");
        }
    }

    /// `N(z) / phi(z)` on both sides of zero.
    fn mills_signed(z: f64) -> f64 {
        if z > 0.0 { cumulative(z) / density(z) } else { mills(-z) }
    }
}
