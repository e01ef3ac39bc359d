//! Berkowitz's tests: are the transforms of the losses independent standard normal, over the whole law or in its tail?
//!
//! With `z = Phi^-1(1 - u)`, negative for a large loss,
//!
//! ```text
//! full:  z_t - mu = rho_1 (z_{t-1} - mu) + ... + s e_t;   LR = 2 [ l(mu, s, rho) - l(0, 1, 0) ]  ~ chi2(2 + lags)
//! tail:  z below q = Phi^-1(p) counts by its density, others by P(z >= q) only;  LR ~ chi2(2)
//! ```
//!
//! over the periods after the first `lags`. `mu` is the mean of all `z`, `rho` by least squares of what is left, `s` by maximum
//! likelihood, as in rugarch's `BerkowitzTest`. Source: Berkowitz (2001), "Testing Density Forecasts, with Applications to Risk
//! Management", Journal of Business and Economic Statistics 19(4), 465-474. Assumes losses that do not overlap; needs the whole
//! forecast law, not only a requirement.

use mpor_core::Level;
use mpor_stats::regression::least_squares;
use mpor_stats::special::{normal_cdf, normal_pdf, normal_quantile};

use super::pits::Pits;
use super::{CoverageError, TestOutcome};

const FULL: &str = "berkowitz";
const TAIL: &str = "berkowitz-tail";
const HALF_LN_TAU: f64 = 0.918_938_533_204_672_8;

/// What was fitted.
#[derive(Clone, Debug, PartialEq)]
pub struct BerkowitzFit {
    /// Mean of `z`; above zero = losses smaller than forecast.
    pub mean: f64,
    /// Standard deviation of what is not explained.
    pub sigma: f64,
    /// Autoregression, nearest lag first; empty for the tail.
    pub rho: Vec<f64>,
    /// Log likelihood of the fit.
    pub log_likelihood: f64,
    /// Log likelihood of a standard normal law.
    pub log_likelihood_null: f64,
    /// The ratio and its p-value.
    pub outcome: TestOutcome,
}

/// The test of the whole law with so many lags.
///
/// # Errors
/// [`CoverageError`] for a transform of exactly 0 or 1, too few periods, or a series without variance.
pub fn full(pits: &Pits, lags: usize) -> Result<BerkowitzFit, CoverageError> {
    pits.at_least(FULL, 2 * lags + 4)?;
    let z = normal_scores(FULL, pits)?;
    let mean = z.iter().sum::<f64>() / z.len() as f64;
    let centred: Vec<f64> = z.iter().map(|z| z - mean).collect();
    let rows = z.len() - lags;
    let columns: Vec<Vec<f64>> =
        (1..=lags).map(|lag| centred[lags - lag..z.len() - lag].to_vec()).collect();
    let not_defined = || CoverageError::NotDefined {
        test: FULL,
        reason: "the transforms have no variance of their own",
    };
    let rho =
        least_squares(&columns, &centred[lags..], &vec![1.0; rows]).ok_or_else(not_defined)?;
    let left = |at: usize| {
        let explained = rho.iter().zip(&columns).map(|(rho, column)| rho * column[at]);
        centred[lags + at] - explained.sum::<f64>()
    };
    let squares: f64 = (0..rows).map(|at| left(at) * left(at)).sum();
    let sigma = (squares / rows as f64).sqrt();
    if sigma <= 1e-12 {
        return Err(not_defined());
    }
    let n = rows as f64;
    let log_likelihood = -n * (HALF_LN_TAU + libm::log(sigma) + 0.5);
    let null_squares: f64 = z[lags..].iter().map(|z| z * z).sum();
    let log_likelihood_null = -n * HALF_LN_TAU - 0.5 * null_squares;
    let ratio = 2.0 * (log_likelihood - log_likelihood_null);
    // The mean is not the maximum over the later periods alone, so that the ratio may be a little below zero.
    let outcome = TestOutcome::chi_squared(ratio.max(0.0), 2 + lags);
    Ok(BerkowitzFit { mean, sigma, rho, log_likelihood, log_likelihood_null, outcome })
}

/// The test of the tail beyond a level.
///
/// # Errors
/// [`CoverageError`] for a transform of exactly 0 in the tail, or fewer than two hits: the likelihood then has no maximum.
pub fn tail(pits: &Pits, level: Level) -> Result<BerkowitzFit, CoverageError> {
    let threshold = normal_quantile(level.tail())?;
    let deep: Vec<f64> =
        pits.depth().iter().copied().filter(|depth| *depth < level.tail()).collect();
    if deep.len() < 2 || deep.iter().all(|depth| *depth == deep[0]) {
        let found = deep.len().min(1);
        return Err(CoverageError::TooFewBreaches { test: TAIL, needed: 2, found });
    }
    let tail = Censored {
        z: normal_scores(TAIL, &Pits::of_gains(&deep)?)?,
        outside: pits.len() - deep.len(),
        threshold,
    };
    let log_likelihood_null = tail.log_likelihood(0.0, 1.0);
    let (mean, sigma) = tail.maximum();
    let log_likelihood = tail.log_likelihood(mean, sigma);
    let ratio = 2.0 * (log_likelihood - log_likelihood_null);
    let outcome = TestOutcome::chi_squared(ratio.max(0.0), 2);
    Ok(BerkowitzFit { mean, sigma, rho: Vec::new(), log_likelihood, log_likelihood_null, outcome })
}

fn normal_scores(test: &'static str, pits: &Pits) -> Result<Vec<f64>, CoverageError> {
    if let Some(at) = pits.depth().iter().position(|depth| *depth <= 0.0 || *depth >= 1.0) {
        let reason = "a loss beyond what the forecast allows has no normal score";
        return Err(if pits.depth()[at] <= 0.0 {
            CoverageError::NotDefined { test, reason }
        } else {
            CoverageError::NotDefined {
                test,
                reason: "a transform of exactly 0 has no normal score",
            }
        });
    }
    pits.depth().iter().map(|depth| Ok(normal_quantile(*depth)?)).collect()
}

/// A normal sample of which only what lies below a threshold was seen.
struct Censored {
    z: Vec<f64>,
    outside: usize,
    threshold: f64,
}

impl Censored {
    fn log_likelihood(&self, mean: f64, sigma: f64) -> f64 {
        let seen = |z: &f64| {
            let e = (z - mean) / sigma;
            -HALF_LN_TAU - libm::log(sigma) - 0.5 * e * e
        };
        let beyond = normal_cdf((mean - self.threshold) / sigma);
        self.z.iter().map(seen).sum::<f64>() + self.outside as f64 * libm::log(beyond)
    }

    /// Newton's method in `g = mean / sigma`, `h = 1 / sigma`, in which the log likelihood is concave (Olsen 1978).
    fn maximum(&self) -> (f64, f64) {
        let n = self.z.len() as f64;
        let sum: f64 = self.z.iter().sum();
        let squares: f64 = self.z.iter().map(|z| z * z).sum();
        let value = |g: f64, h: f64| {
            if h > 0.0 { self.log_likelihood(g / h, 1.0 / h) } else { f64::NEG_INFINITY }
        };
        let (mut g, mut h) = (0.0_f64, 1.0_f64);
        for _ in 0..200 {
            let q = self.threshold;
            let a = g - h * q;
            let mills = normal_pdf(a) / normal_cdf(a);
            let curve = -mills * (a + mills) * self.outside as f64;
            let mills = mills * self.outside as f64;
            let (dg, dh) = (h * sum - n * g + mills, n / h - h * squares + g * sum - q * mills);
            let (gg, gh, hh) =
                (-n + curve, sum - q * curve, -n / (h * h) - squares + q * q * curve);
            let det = gg * hh - gh * gh;
            let (sg, sh) = ((hh * dg - gh * dh) / det, (gg * dh - gh * dg) / det);
            let here = value(g, h);
            let mut share = 1.0;
            while value(g - share * sg, h - share * sh) < here && share > 1e-10 {
                share *= 0.5;
            }
            (g, h) = (g - share * sg, h - share * sh);
            if sg.abs() + sh.abs() < 1e-13 * (1.0 + g.abs() + h) {
                break;
            }
        }
        (g / h, 1.0 / h)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_maximum_is_a_maximum() {
        let depth: Vec<f64> = (0..400).map(|at| (f64::from(at * 37 % 401) + 0.5) / 402.0).collect();
        let pits = Pits::of_gains(&depth).unwrap();
        let found = tail(&pits, Level::new(0.95).unwrap()).unwrap();
        let z: Vec<f64> =
            depth.iter().filter(|d| **d < 0.05).map(|d| normal_quantile(*d).unwrap()).collect();
        let outside = 400 - z.len();
        let censored = Censored { z, outside, threshold: normal_quantile(0.05).unwrap() };
        for (mean, sigma) in [(1e-3, 0.0), (-1e-3, 0.0), (0.0, 1e-3), (0.0, -1e-3)] {
            let near = censored.log_likelihood(found.mean + mean, found.sigma + sigma);
            assert!(near < found.log_likelihood);
        }
    }

    #[test]
    fn what_has_no_score_is_refused() {
        assert!(full(&Pits::of_gains(&[0.0; 10]).unwrap(), 1).is_err());
        assert!(full(&Pits::of_gains(&[0.5; 10]).unwrap(), 1).is_err());
        assert!(full(&Pits::of_gains(&[0.5]).unwrap(), 1).is_err());
        assert!(tail(&Pits::of_gains(&[0.5; 10]).unwrap(), Level::P99).is_err());
    }
}
