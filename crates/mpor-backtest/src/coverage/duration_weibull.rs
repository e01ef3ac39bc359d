//! The duration test: is the time between breaches memoryless, or do breaches breed breaches?
//!
//! Waiting times follow a Weibull law under the alternative and an exponential one (`b = 1`) under the null:
//!
//! ```text
//! f(d) = a^b b d^(b-1) exp(-(a d)^b),   S(d) = exp(-(a d)^b),   LR = 2 [ l(b) - l(1) ] ~ chi2(1)
//! ```
//!
//! The first waiting time is censored unless the first period is a hit, the last one unless the last period is. Given `b`
//! the best rate is closed: `a^b = N / sum d^b` with `N` uncensored waits, which leaves
//!
//! ```text
//! l(b) = N (ln N - ln sum d^b + ln b - 1) + (b - 1) sum_uncensored ln d
//! l'(b) = N (1/b - sum d^b ln d / sum d^b) + sum_uncensored ln d
//! ```
//!
//! and `l'` falls strictly, so its root is the maximum and is bracketed, never searched for. Without a root (all
//! uncensored waits equal the longest) the likelihood grows without end and the test is not defined.
//! Source: Christoffersen and Pelletier (2004), "Backtesting Value-at-Risk: A Duration-Based Approach", Journal of
//! Financial Econometrics 2(1), 84-108. `b < 1` means clustering. Needs three hits; low power below ten.

use super::{CoverageError, CoverageTest, HitSequence, TestOutcome};

/// Weibull against exponential waiting times.
#[derive(Clone, Copy, Debug)]
pub struct DurationWeibull;

/// The fitted waiting-time law.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WeibullFit {
    /// `b`; 1 = memoryless, below 1 = clusters.
    pub shape: f64,
    /// `a`, per period.
    pub rate: f64,
    /// Log likelihood at the maximum.
    pub log_likelihood: f64,
    /// Log likelihood with `b = 1`.
    pub log_likelihood_exponential: f64,
    /// Waits that ended in a hit.
    pub uncensored: usize,
    /// Waits cut off by the ends of the series.
    pub censored: usize,
}

const ID: &str = "duration-weibull";
const NEEDED: usize = 3;

impl CoverageTest for DurationWeibull {
    fn id(&self) -> &'static str {
        ID
    }

    fn test(&self, hits: &HitSequence) -> Result<TestOutcome, CoverageError> {
        Ok(fit(hits)?.outcome())
    }
}

impl WeibullFit {
    /// The likelihood ratio.
    #[must_use]
    pub fn outcome(&self) -> TestOutcome {
        let ratio = 2.0 * (self.log_likelihood - self.log_likelihood_exponential);
        TestOutcome::chi_squared(ratio.max(0.0), 1)
    }
}

/// Fits the waiting times of a series.
///
/// # Errors
/// [`CoverageError`] below three hits, or when the likelihood has no maximum.
pub fn fit(hits: &HitSequence) -> Result<WeibullFit, CoverageError> {
    if hits.count() < NEEDED {
        let found = hits.count();
        return Err(CoverageError::TooFewBreaches { test: ID, needed: NEEDED, found });
    }
    let waits = Waits::of(hits);
    let shape = waits.best_shape().ok_or(CoverageError::NotDefined {
        test: ID,
        reason: "every wait between breaches equals the longest, so no shape is the best",
    })?;
    Ok(WeibullFit {
        shape,
        rate: waits.rate(shape),
        log_likelihood: waits.log_likelihood(shape),
        log_likelihood_exponential: waits.log_likelihood(1.0),
        uncensored: waits.uncensored,
        censored: waits.logs.len() - waits.uncensored,
    })
}

/// Waiting times in units of the longest, which keeps their powers within range.
struct Waits {
    /// Logs of all waits, in units of the longest: none above zero.
    logs: Vec<f64>,
    uncensored: usize,
    /// Sum of the logs of the uncensored waits.
    uncensored_logs: f64,
    longest: f64,
}

impl Waits {
    fn of(hits: &HitSequence) -> Self {
        let times: Vec<usize> = hits.hit_times().collect();
        let uncensored: Vec<usize> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let first = times.first().copied().filter(|&first| first > 1);
        let last = times.last().map(|last| hits.len() - last).filter(|&wait| wait > 0);
        let longest = uncensored.iter().copied().chain(first).chain(last).max().unwrap_or(1) as f64;
        let log = |wait: usize| libm::log(wait as f64 / longest);
        let uncensored_logs = uncensored.iter().map(|&wait| log(wait)).sum();
        let logs = uncensored.iter().copied().chain(first).chain(last).map(log).collect();
        Waits { logs, uncensored: uncensored.len(), uncensored_logs, longest }
    }

    fn count(&self) -> f64 {
        self.uncensored as f64
    }

    /// `sum d^b`.
    fn power_sum(&self, b: f64) -> f64 {
        self.logs.iter().map(|log| libm::exp(b * log)).sum()
    }

    fn rate(&self, b: f64) -> f64 {
        libm::pow(self.count() / self.power_sum(b), 1.0 / b) / self.longest
    }

    /// In the original unit: a wait in units of the longest changes the density by that unit.
    fn log_likelihood(&self, b: f64) -> f64 {
        let n = self.count();
        let profile = n * (libm::log(n) - libm::log(self.power_sum(b)) + libm::log(b) - 1.0);
        profile + (b - 1.0) * self.uncensored_logs - n * libm::log(self.longest)
    }

    fn slope(&self, b: f64) -> f64 {
        let weighted: f64 = self.logs.iter().map(|log| log * libm::exp(b * log)).sum();
        self.count() * (1.0 / b - weighted / self.power_sum(b)) + self.uncensored_logs
    }

    /// The root of the slope, bracketed by doubling and found by bisection to the last bit that moves.
    fn best_shape(&self) -> Option<f64> {
        if self.uncensored_logs == 0.0 {
            return None;
        }
        let mut high = 1.0;
        while self.slope(high) > 0.0 {
            high *= 2.0;
        }
        let mut low = high;
        while self.slope(low) <= 0.0 {
            low *= 0.5;
        }
        loop {
            let middle = 0.5 * (low + high);
            if middle <= low || middle >= high {
                return Some(middle);
            }
            if self.slope(middle) > 0.0 { low = middle } else { high = middle }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mpor_core::Level;

    fn sequence(n: usize, times: &[usize]) -> HitSequence {
        HitSequence::daily((1..=n).map(|at| times.contains(&at)).collect(), Level::P99)
    }

    #[test]
    fn the_slope_vanishes_at_the_shape() {
        let waits = Waits::of(&sequence(300, &[3, 4, 9, 120, 122, 250]));
        let shape = waits.best_shape().unwrap();
        assert!(waits.slope(shape).abs() < 1e-10);
        let here = waits.log_likelihood(shape);
        for other in [0.9 * shape, 0.999 * shape, 1.001 * shape, 1.1 * shape] {
            assert!(waits.log_likelihood(other) < here);
        }
    }

    #[test]
    fn equal_waits_have_no_best_shape() {
        assert!(matches!(fit(&sequence(4, &[1, 2, 3, 4])), Err(CoverageError::NotDefined { .. })));
        assert!(fit(&sequence(100, &[1, 100])).is_err());
    }
}
