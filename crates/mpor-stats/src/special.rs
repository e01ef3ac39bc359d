//! Distribution functions and quantiles of the laws that risk numbers and their tests use.
//!
//! Normal: `Phi(x) = erfc(-x / sqrt 2) / 2` with the complementary error function of FreeBSD's mathematical library (crate `libm`,
//! below one unit in the last place), and a first-order correction for the rounding of `x / sqrt 2`, which deep in the tail
//! would cost `x^2` units. The exponential comes from the same library, so that the platform changes no bit. Chi-square, binomial,
//! beta and Student t come from `statrs` through the regularised incomplete gamma and beta functions.

use statrs::function::{beta, erf, gamma};

use crate::error::StatsError;

const FRAC_1_SQRT_2PI: f64 = 0.398_942_280_401_432_7;

/// Standard normal density.
#[must_use]
pub fn normal_pdf(x: f64) -> f64 {
    FRAC_1_SQRT_2PI * exp_half_square(x)
}

/// Standard normal distribution function: within 3e-16 absolutely, and within 1e-15 relatively down to the smallest normal number.
#[must_use]
pub fn normal_cdf(x: f64) -> f64 {
    let t = -x * std::f64::consts::FRAC_1_SQRT_2;
    if !(0.5..40.0).contains(&t) {
        return 0.5 * libm::erfc(t);
    }
    // What the product lost: -x / sqrt 2 = t + lost, with 1 / sqrt 2 taken to twice the precision.
    let lost = libm::fma(-x, std::f64::consts::FRAC_1_SQRT_2, -t) - x * FRAC_1_SQRT_2_LOW;
    let slope = -std::f64::consts::FRAC_2_SQRT_PI * exp_half_square(x);
    0.5 * (libm::erfc(t) + slope * lost)
}

/// `1 / sqrt 2` less its nearest double.
const FRAC_1_SQRT_2_LOW: f64 = -4.833_646_656_726_457e-17;

/// `exp(-x^2 / 2)`, with the square split so that its rounding does not grow in the exponent.
fn exp_half_square(x: f64) -> f64 {
    let square = x * x;
    let lost = libm::fma(x, x, -square);
    if !lost.is_finite() {
        return 0.0;
    }
    libm::exp(-0.5 * square) * (1.0 - 0.5 * lost)
}

/// Standard normal quantile.
///
/// # Errors
/// [`StatsError::Domain`] unless `0 < p < 1`.
pub fn normal_quantile(p: f64) -> Result<f64, StatsError> {
    inside_unit("the normal quantile", p)?;
    if p <= 0.5 {
        Ok(-std::f64::consts::SQRT_2 * erf::erfc_inv(2.0 * p))
    } else {
        Ok(std::f64::consts::SQRT_2 * erf::erfc_inv(2.0 * (1.0 - p)))
    }
}

/// Probability that a chi-square variable with `freedom` degrees of freedom exceeds `x`; 1 for `x <= 0`.
///
/// # Errors
/// [`StatsError::Domain`] unless `freedom` is finite and above zero and `x` is a number.
pub fn chi_square_sf(x: f64, freedom: f64) -> Result<f64, StatsError> {
    positive("the chi-square law", "freedom", freedom)?;
    let refuse = StatsError::Domain {
        function: "the chi-square law",
        argument: "x",
        found: x,
        expected: "a number",
    };
    match x {
        x if x.is_nan() => Err(refuse),
        x if x <= 0.0 => Ok(1.0),
        x if x.is_infinite() => Ok(0.0),
        x => Ok(gamma::checked_gamma_ur(0.5 * freedom, 0.5 * x).unwrap_or(0.0)),
    }
}

/// Probability of at most `k` successes in `n` trials of probability `p`.
///
/// # Errors
/// [`StatsError::Domain`] unless `0 <= p <= 1`.
pub fn binomial_cdf(k: u64, n: u64, p: f64) -> Result<f64, StatsError> {
    unit("the binomial law", p)?;
    if k >= n {
        return Ok(1.0);
    }
    Ok(beta::beta_reg((n - k) as f64, k as f64 + 1.0, 1.0 - p))
}

/// Probability of more than `k` successes in `n` trials of probability `p`.
///
/// # Errors
/// [`StatsError::Domain`] unless `0 <= p <= 1`.
pub fn binomial_sf(k: u64, n: u64, p: f64) -> Result<f64, StatsError> {
    unit("the binomial law", p)?;
    if k >= n {
        return Ok(0.0);
    }
    Ok(beta::beta_reg(k as f64 + 1.0, (n - k) as f64, p))
}

/// Quantile of the beta law with shapes `a` and `b`.
///
/// # Errors
/// [`StatsError::Domain`] unless `0 <= p <= 1` and both shapes are finite and above zero.
pub fn beta_quantile(p: f64, a: f64, b: f64) -> Result<f64, StatsError> {
    unit("the beta quantile", p)?;
    positive("the beta quantile", "the first shape", a)?;
    positive("the beta quantile", "the second shape", b)?;
    Ok(bisect_unit(p, |x| beta::beta_reg(a, b, x)))
}

/// Two-sided bounds of a probability after `k` successes in `n` trials, low then high.
///
/// Source: Clopper and Pearson (1934), "The use of confidence or fiducial limits illustrated in the case of the binomial",
/// Biometrika 26(4), 404-413.
///
/// # Errors
/// [`StatsError::Domain`] unless `0 < confidence < 1`, [`StatsError::TooFew`] without trials or with more successes than trials.
pub fn clopper_pearson(k: u64, n: u64, confidence: f64) -> Result<(f64, f64), StatsError> {
    inside_unit("the Clopper-Pearson bounds", confidence)?;
    let needed = k.max(1);
    if n < needed {
        let (needed, found) = (needed as usize, n as usize);
        return Err(StatsError::TooFew { what: "the Clopper-Pearson bounds", needed, found });
    }
    let half = 0.5 * (1.0 - confidence);
    let (successes, failures) = (k as f64, (n - k) as f64);
    let low = if k == 0 { 0.0 } else { beta_quantile(half, successes, failures + 1.0)? };
    // By the other tail: 1 - half would lose digits of a narrow tail.
    let high = if k == n { 1.0 } else { 1.0 - beta_quantile(half, failures, successes + 1.0)? };
    Ok((low, high))
}

/// Student t distribution function, `freedom` > 0 degrees of freedom, scale 1.
///
/// # Errors
/// [`StatsError::Domain`] unless `freedom` is finite and above zero.
pub fn student_cdf(x: f64, freedom: f64) -> Result<f64, StatsError> {
    positive("the Student t law", "freedom", freedom)?;
    let square = x * x;
    let tail = if square > 1.0 {
        0.5 * beta::beta_reg(0.5 * freedom, 0.5, freedom / (freedom + square))
    } else {
        // Near the centre the other form keeps its digits.
        0.5 - 0.5 * beta::beta_reg(0.5, 0.5 * freedom, square / (freedom + square))
    };
    Ok(if x <= 0.0 { tail } else { 1.0 - tail })
}

/// Student t quantile, `freedom` > 0 degrees of freedom, scale 1.
///
/// # Errors
/// [`StatsError::Domain`] unless `0 < p < 1` and `freedom` is finite and above zero.
pub fn student_quantile(p: f64, freedom: f64) -> Result<f64, StatsError> {
    inside_unit("the Student t quantile", p)?;
    positive("the Student t quantile", "freedom", freedom)?;
    let tail = p.min(1.0 - p);
    let share = beta::inv_beta_reg(0.5 * freedom, 0.5, 2.0 * tail);
    let x = (freedom * (1.0 - share) / share).sqrt();
    Ok(if p < 0.5 { -x } else { x })
}

/// What a Student t variable of scale 1 is multiplied with to have variance 1: `sqrt((freedom - 2) / freedom)`.
///
/// # Errors
/// [`StatsError::Domain`] unless `freedom > 2`, below which the variance is infinite.
pub fn student_unit_scale(freedom: f64) -> Result<f64, StatsError> {
    if freedom > 2.0 && freedom.is_finite() {
        return Ok(((freedom - 2.0) / freedom).sqrt());
    }
    Err(StatsError::Domain {
        function: "the Student t law of variance 1",
        argument: "freedom",
        found: freedom,
        expected: "above 2",
    })
}

/// Student t quantile scaled to variance 1.
///
/// # Errors
/// [`StatsError::Domain`] unless `0 < p < 1` and `freedom > 2`.
pub fn student_unit_quantile(p: f64, freedom: f64) -> Result<f64, StatsError> {
    Ok(student_unit_scale(freedom)? * student_quantile(p, freedom)?)
}

/// Logarithm of the gamma function, `x > 0`.
#[must_use]
pub fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// Digamma function, the derivative of [`ln_gamma`], `x > 0`: raised by the recurrence to 10 and up, then the asymptotic series.
///
/// Source: Abramowitz and Stegun (1964), eq. 6.3.5 and 6.3.18.
#[must_use]
pub fn digamma(x: f64) -> f64 {
    let (mut x, mut raised) = (x, 0.0);
    while x < 10.0 {
        raised += 1.0 / x;
        x += 1.0;
    }
    let u = 1.0 / (x * x);
    // Bernoulli numbers B(2k) / 2k.
    let series = [
        -1.0 / 12.0,
        691.0 / 32_760.0,
        -1.0 / 132.0,
        1.0 / 240.0,
        -1.0 / 252.0,
        1.0 / 120.0,
        -1.0 / 12.0,
    ];
    let sum = series[1..6].iter().fold(series[0], |sum, term| sum * u + term) * u + series[6];
    libm::log(x) - 0.5 / x + sum * u - raised
}

/// The `x` in [0, 1] at which an increasing function reaches `target`: halving down to neighbouring doubles.
fn bisect_unit(target: f64, function: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    if target <= 0.0 {
        return low;
    }
    if target >= 1.0 {
        return high;
    }
    // Bits of positive doubles are ordered as the doubles are: at most 62 halvings, with full relative accuracy near zero.
    while high.to_bits() - low.to_bits() > 1 {
        let middle = f64::from_bits(low.to_bits() + (high.to_bits() - low.to_bits()) / 2);
        if function(middle) < target {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

fn inside_unit(function: &'static str, p: f64) -> Result<(), StatsError> {
    let expected = "strictly between 0 and 1";
    let inside = p > 0.0 && p < 1.0;
    let error = StatsError::Domain { function, argument: "the probability", found: p, expected };
    if inside { Ok(()) } else { Err(error) }
}

fn unit(function: &'static str, p: f64) -> Result<(), StatsError> {
    let expected = "between 0 and 1";
    let error = StatsError::Domain { function, argument: "the probability", found: p, expected };
    if (0.0..=1.0).contains(&p) { Ok(()) } else { Err(error) }
}

fn positive(function: &'static str, argument: &'static str, found: f64) -> Result<(), StatsError> {
    let error = StatsError::Domain { function, argument, found, expected: "finite and above zero" };
    if found > 0.0 && found.is_finite() { Ok(()) } else { Err(error) }
}
