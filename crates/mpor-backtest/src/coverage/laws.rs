//! Tails of the laws that the tests are judged by, for arguments that are inside their domain by construction.

use mpor_stats::special;

/// `P(X >= statistic)` for a chi-squared law; without degrees of freedom nothing is above zero.
pub(super) fn chi_squared_tail(statistic: f64, df: usize) -> f64 {
    special::chi_square_sf(statistic, df as f64).unwrap_or(if statistic > 0.0 { 0.0 } else { 1.0 })
}

/// `P(T >= t)` for a Student t law with `df` degrees of freedom; normal without any.
pub(super) fn student_tail(t: f64, df: usize) -> f64 {
    special::student_cdf(-t, df as f64).unwrap_or_else(|_| normal_tail(t))
}

/// `P(Z >= z)` for a standard normal law.
pub(super) fn normal_tail(z: f64) -> f64 {
    special::normal_cdf(-z)
}

/// `P(X >= x)` for a binomial count of `n` with probability `p`.
pub(super) fn binomial_upper(n: usize, x: usize, p: f64) -> f64 {
    match x.checked_sub(1) {
        None => 1.0,
        Some(below) => special::binomial_sf(below as u64, n as u64, p).unwrap_or(0.0),
    }
}

/// `P(X <= x)` for a binomial count of `n` with probability `p`.
pub(super) fn binomial_cumulative(n: usize, x: usize, p: f64) -> f64 {
    special::binomial_cdf(x as u64, n as u64, p).unwrap_or(1.0)
}
