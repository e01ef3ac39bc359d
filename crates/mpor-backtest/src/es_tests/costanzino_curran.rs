//! Costanzino and Curran's coverage test of expected shortfall, and its traffic light.
//!
//! A loss at depth `d` of the tail breaches every quantile above it: it violates the share `(1 - d/p)+` of the tail. Over `n` periods
//!
//! ```text
//! S = sum (1 - d_t / p)+,   E S = n p / 2,   var S = n p (4 - 3 p) / 12,   Z = (S - E S) / sqrt(var S)  ~ N(0, 1)
//! S given k hits is a sum of k uniform variables (Irwin-Hall), k ~ Binomial(n, p)
//! ```
//!
//! [`z`] is one-sided, upper: only understated risk fails. The light is yellow from 95 % and red from 99.99 % of the law of `S`, as for
//! value at risk. Source: Costanzino and Curran (2015), "Backtesting general spectral risk measures with application to expected
//! shortfall", Journal of Risk Model Validation 9(1), 21-31; (2018), "A simple traffic light approach to backtesting expected
//! shortfall", Risks 6(1), 2. Assumes losses that do not overlap.

use mpor_core::Level;
use mpor_stats::special::{binomial_cdf, normal_cdf, normal_pdf};

use crate::coverage::basel::{RED_FROM, YELLOW_FROM};
use crate::coverage::{CoverageError, Light, Pits, TestOutcome};

const ID: &str = "costanzino-curran";

/// Up to this many hits the sum of uniform variables is exact; its alternating terms lose digits beyond.
const EXACT: usize = 30;

/// The traffic light of expected shortfall.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShortfallLight {
    /// `S`: tails violated, in whole tails.
    pub violations: f64,
    /// `P(S <= s)` of a right model.
    pub cumulative: f64,
    /// Where that falls.
    pub light: Light,
}

/// The coverage test.
///
/// # Errors
/// [`CoverageError::TooShort`] without periods.
pub fn z(pits: &Pits, level: Level) -> Result<TestOutcome, CoverageError> {
    pits.at_least(ID, 1)?;
    let (n, p) = (pits.len() as f64, level.tail());
    let sum: f64 = pits.cumulative_violations(level).iter().sum();
    let deviation = (n * p * (4.0 - 3.0 * p) / 12.0).sqrt();
    Ok(TestOutcome::normal_upper((sum - 0.5 * n * p) / deviation))
}

/// The traffic light, from the law of `S` itself.
///
/// # Errors
/// [`CoverageError::TooShort`] without periods.
pub fn light(pits: &Pits, level: Level) -> Result<ShortfallLight, CoverageError> {
    pits.at_least(ID, 1)?;
    let violations: f64 = pits.cumulative_violations(level).iter().sum();
    let cumulative = cumulative(violations, pits.len(), level.tail())?;
    let light = if cumulative < YELLOW_FROM {
        Light::Green
    } else if cumulative < RED_FROM {
        Light::Yellow
    } else {
        Light::Red
    };
    Ok(ShortfallLight { violations, cumulative, light })
}

/// `P(S <= s)` over `n` periods; within 1e-10 up to 30 hits, and 1e-5 where more are likely.
///
/// # Errors
/// [`CoverageError::Stats`] for a tail outside [0, 1].
pub fn cumulative(s: f64, n: usize, tail: f64) -> Result<f64, CoverageError> {
    if s < 0.0 {
        return Ok(0.0);
    }
    let (mut sum, mut below) = (0.0, 0.0);
    for k in 0..=n {
        let up_to = binomial_cdf(k as u64, n as u64, tail)?;
        sum += (up_to - below) * uniform_sum(s, k);
        below = up_to;
        if 1.0 - below < 1e-14 {
            break;
        }
    }
    Ok(sum.clamp(0.0, 1.0))
}

/// `P(U_1 + ... + U_k <= s)`: Irwin and Hall's formula, and beyond [`EXACT`] terms Edgeworth's with the kurtosis `-6/(5k)`.
fn uniform_sum(s: f64, k: usize) -> f64 {
    if k == 0 || s >= k as f64 {
        return 1.0;
    }
    if k > EXACT {
        let x = (s - 0.5 * k as f64) / (k as f64 / 12.0).sqrt();
        let hermite = x * (x * x - 3.0);
        let edge = normal_cdf(x) + normal_pdf(x) * hermite / (20.0 * k as f64);
        return edge.clamp(0.0, 1.0);
    }
    // From the nearer end: the terms cancel least there.
    let far = s > 0.5 * k as f64;
    let s = if far { k as f64 - s } else { s };
    let (mut sum, mut binomial) = (0.0, 1.0);
    for j in 0..=s.floor() as usize {
        let power = (1..=k).fold(1.0, |power, i| power * (s - j as f64) / i as f64);
        sum += binomial * power;
        binomial *= -((k - j) as f64) / (j + 1) as f64;
    }
    if far { 1.0 - sum } else { sum }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_uniform_variables_by_closed_form() {
        // Triangle: s^2/2 below 1; three variables at 1.5: 1/2; at 1: 1/6.
        assert!((uniform_sum(0.5, 2) - 0.125).abs() < 1e-15);
        assert!((uniform_sum(1.5, 3) - 0.5).abs() < 1e-14);
        assert!((uniform_sum(1.0, 3) - 1.0 / 6.0).abs() < 1e-15);
        assert!((uniform_sum(1.75, 2) - (1.0 - 0.03125)).abs() < 1e-15);
    }

    #[test]
    fn both_formulas_meet() {
        for s in [4.0, 7.0, 9.5, 12.0, 14.0] {
            let x = (s - 9.0) / (18.0_f64 / 12.0).sqrt();
            let edge = normal_cdf(x) + normal_pdf(x) * x * (x * x - 3.0) / 360.0;
            assert!((uniform_sum(s, 18) - edge).abs() < 2e-5, "{s}");
        }
    }

    #[test]
    fn no_violation_is_green_and_full_ones_are_red() {
        let level = Level::new(0.975).unwrap();
        let none = light(&Pits::of_gains(&[0.5; 250]).unwrap(), level).unwrap();
        // P(S <= 0) = P(no hit) = 0.975^250.
        assert!((none.cumulative - 0.975_f64.powi(250)).abs() < 1e-12);
        assert_eq!(none.light, Light::Green);
        let mut gains = [0.5; 250];
        gains[..15].fill(1e-4);
        assert_eq!(light(&Pits::of_gains(&gains).unwrap(), level).unwrap().light, Light::Red);
    }
}
