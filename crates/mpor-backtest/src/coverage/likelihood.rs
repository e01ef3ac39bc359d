//! Binomial log likelihoods, in logs because `p^x` underflows for a few hundred breaches.

/// `count * ln(probability)` with `0 ln 0 = 0`.
pub(super) fn count_ln(count: usize, probability: f64) -> f64 {
    if count == 0 { 0.0 } else { count as f64 * libm::log(probability) }
}

/// Log likelihood of `x` hits in `n` independent periods with hit probability `q`.
pub(super) fn bernoulli_ln(q: f64, n: usize, x: usize) -> f64 {
    count_ln(x, q) + count_ln(n - x, 1.0 - q)
}

/// Twice the log of the likelihood at the observed rate over that at `p`: not below zero but for rounding.
pub(super) fn bernoulli_ratio(p: f64, n: usize, x: usize) -> f64 {
    if n == 0 {
        return 0.0;
    }
    (2.0 * (bernoulli_ln(x as f64 / n as f64, n, x) - bernoulli_ln(p, n, x))).max(0.0)
}
