//! How large are losses that are rarer than the sample is long? Peaks over a threshold.
//!
//! ```text
//! P(L > u + y | L > u) = (1 + xi y / beta)^(-1/xi)                       generalised Pareto, xi = 0: exp(-y / beta)
//! log likelihood       = -N log beta - (1 + 1/xi) sum log(1 + xi y / beta)
//! profile              theta = xi / beta,  xi(theta) = mean log(1 + theta y),  solve  xi' (1 + 1/xi) = 1/theta
//! VaR = u + beta/xi ((n tail / N)^(-xi) - 1),      ES = (VaR + beta - xi u) / (1 - xi),  xi < 1
//! ```
//!
//! Sources: McNeil, Frey and Embrechts (2015), "Quantitative Risk Management", 2nd ed., section 5.2; Grimshaw (1993),
//! "Computing maximum likelihood estimates for the generalized Pareto distribution", Technometrics 35(2), 185-191, for
//! the profile. Standard errors come from the observed information and exist for `xi > -1/2`. Losses are taken as
//! independent: filter or decluster first.

use mpor_stats::Level;
use mpor_stats::descriptive::{mean, sample_std};

use super::multiplier::VarEs;
use crate::checks::{at_least, finite, parameter};
use crate::error::RiskError;
use crate::status::{Edge, Status};

/// Fewer exceedances than this say nothing about a tail.
const FEWEST: usize = 10;
/// Points of the profile that are looked at for a maximum, on each side of zero.
const GRID: i32 = 200;

/// A generalised Pareto tail fitted to the losses above a threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ParetoTail {
    /// Threshold.
    pub threshold: f64,
    /// Losses strictly above it.
    pub exceedances: usize,
    /// Losses in all.
    pub losses: usize,
    /// Shape.
    pub xi: f64,
    /// Scale, in the unit of the losses.
    pub beta: f64,
    /// Standard errors of shape and scale; `None` where the likelihood is not regular or not curved.
    pub standard_errors: Option<(f64, f64)>,
    /// Log likelihood at the estimate; `None` where the parameters were given.
    pub log_likelihood: Option<f64>,
    /// Whether the likelihood has a maximum inside `xi > -1`.
    pub status: Status,
}

/// Mean excess over one threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeanExcess {
    /// Threshold.
    pub threshold: f64,
    /// Losses strictly above it.
    pub exceedances: usize,
    /// Mean of loss minus threshold over them.
    pub mean: f64,
    /// Standard error of that mean; `None` for a single exceedance.
    pub standard_error: Option<f64>,
}

impl ParetoTail {
    /// Maximum likelihood on the losses strictly above `threshold`.
    ///
    /// # Errors
    /// [`RiskError::Stats`] for losses that are not finite or fewer than ten above the threshold;
    /// [`RiskError::Parameter`] when all exceedances are equal.
    pub fn fit(losses: &[f64], threshold: f64) -> Result<Self, RiskError> {
        finite(losses.iter().chain(&[threshold]))?;
        let excesses: Vec<f64> = above(losses, threshold).collect();
        at_least("a generalised Pareto tail (losses above the threshold)", FEWEST, excesses.len())?;
        if excesses.iter().all(|y| *y == excesses[0]) {
            return Err(parameter("threshold", threshold, "one above which losses differ"));
        }
        let (xi, beta, status) = maximise(&excesses);
        let regular = status == Status::Converged && xi > -0.5;
        Ok(ParetoTail {
            threshold,
            exceedances: excesses.len(),
            losses: losses.len(),
            xi,
            beta,
            standard_errors: if regular { standard_errors(&excesses, xi, beta) } else { None },
            log_likelihood: Some(log_likelihood(&excesses, xi, beta)),
            status,
        })
    }

    /// A tail with given parameters, such as published ones.
    ///
    /// # Errors
    /// [`RiskError::Parameter`] for a scale that is not above zero or exceedances outside 1 to `losses`.
    pub fn given(
        threshold: f64,
        (exceedances, losses): (usize, usize),
        xi: f64,
        beta: f64,
    ) -> Result<Self, RiskError> {
        finite(&[threshold, xi, beta])?;
        if beta <= 0.0 {
            return Err(parameter("beta", beta, "above zero"));
        }
        if exceedances == 0 || exceedances > losses {
            return Err(parameter(
                "exceedances",
                exceedances,
                "at least 1 and at most the number of losses",
            ));
        }
        let (standard_errors, log_likelihood) = (None, None);
        let status = Status::Converged;
        Ok(ParetoTail {
            threshold,
            exceedances,
            losses,
            xi,
            beta,
            standard_errors,
            log_likelihood,
            status,
        })
    }

    /// VaR and ES beyond the threshold.
    ///
    /// # Errors
    /// [`RiskError::Parameter`] for a level below the threshold's, and for `xi >= 1`, where the mean of the tail is
    /// infinite.
    pub fn tail(&self, level: Level) -> Result<VarEs, RiskError> {
        let share = level.tail_mass(self.losses) / self.exceedances as f64;
        if share > 1.0 {
            let expected = "above the threshold's: fewer losses in the tail than exceed it";
            return Err(parameter("level", level, expected));
        }
        if self.xi >= 1.0 {
            return Err(parameter("xi", self.xi, "below 1, so that an expected shortfall exists"));
        }
        let log = libm::log(share);
        let reach = if self.xi == 0.0 { -log } else { libm::expm1(-self.xi * log) / self.xi };
        let var = self.threshold + self.beta * reach;
        Ok(VarEs { var, es: (var + self.beta - self.xi * self.threshold) / (1.0 - self.xi) })
    }

    /// The scale brought back to threshold zero, `beta - xi u`: constant in `u` wherever the tail is Pareto.
    #[must_use]
    pub fn modified_scale(&self) -> f64 {
        self.beta - self.xi * self.threshold
    }
}

/// Mean excess by threshold: a straight line of slope `xi / (1 - xi)` where the tail is Pareto. Thresholds that no loss
/// exceeds are left out.
///
/// # Errors
/// [`RiskError::Stats`] for values that are not finite.
pub fn mean_excess(losses: &[f64], thresholds: &[f64]) -> Result<Vec<MeanExcess>, RiskError> {
    finite(losses.iter().chain(thresholds))?;
    let mut all = Vec::with_capacity(thresholds.len());
    for &threshold in thresholds {
        let excesses: Vec<f64> = above(losses, threshold).collect();
        let Ok(mean) = mean(&excesses) else { continue };
        let deviation = sample_std(&excesses).ok();
        let standard_error = deviation.map(|sd| sd / (excesses.len() as f64).sqrt());
        all.push(MeanExcess { threshold, exceedances: excesses.len(), mean, standard_error });
    }
    Ok(all)
}

/// Fits at several thresholds: shape and modified scale should not drift above a good one.
///
/// # Errors
/// As [`ParetoTail::fit`] at the first threshold that has none.
pub fn stability(losses: &[f64], thresholds: &[f64]) -> Result<Vec<ParetoTail>, RiskError> {
    thresholds.iter().map(|&threshold| ParetoTail::fit(losses, threshold)).collect()
}

fn above(losses: &[f64], threshold: f64) -> impl Iterator<Item = f64> + '_ {
    losses.iter().filter(move |loss| **loss > threshold).map(move |loss| loss - threshold)
}

/// The best of the profile's local maxima with `xi > -1`, or the edge.
fn maximise(y: &[f64]) -> (f64, f64, Status) {
    let longest = y.iter().copied().fold(0.0, f64::max);
    // theta > -1 / max y; steps of a tenth in log(1 + theta max y), none of them at zero.
    let theta = |k: i32| libm::expm1((f64::from(k) + 0.5) * 0.1) / longest;
    let mut best: Option<(f64, f64, f64)> = None;
    for k in -GRID..GRID {
        let (low, high) = (theta(k), theta(k + 1));
        if !(slope(y, low) < 0.0 && slope(y, high) >= 0.0) {
            continue;
        }
        let (xi, beta) = parameters(y, root(y, low, high));
        let value = log_likelihood(y, xi, beta);
        if xi > -1.0 && best.is_none_or(|(_, _, known)| value > known) {
            best = Some((xi, beta, value));
        }
    }
    match best {
        Some((xi, beta, _)) => (xi, beta, Status::Converged),
        // At xi = -1 the density is uniform up to the longest excess.
        None => (-1.0, longest, Status::Boundary(Edge::ShortTail)),
    }
}

/// Minus the slope of the profile likelihood, over `N`: rises through zero at a maximum.
fn slope(y: &[f64], theta: f64) -> f64 {
    let n = y.len() as f64;
    let longest = y.iter().copied().fold(0.0, f64::max);
    if (theta * longest).abs() < 1e-8 {
        let first = y.iter().sum::<f64>() / n;
        return first - y.iter().map(|y| y * y).sum::<f64>() / n / (2.0 * first);
    }
    let xi = y.iter().map(|y| libm::log1p(theta * y)).sum::<f64>() / n;
    let derivative = y.iter().map(|y| y / (1.0 + theta * y)).sum::<f64>() / n;
    derivative * (1.0 + 1.0 / xi) - 1.0 / theta
}

fn root(y: &[f64], mut low: f64, mut high: f64) -> f64 {
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if slope(y, middle) < 0.0 { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

fn parameters(y: &[f64], theta: f64) -> (f64, f64) {
    let n = y.len() as f64;
    let xi = y.iter().map(|y| libm::log1p(theta * y)).sum::<f64>() / n;
    let beta = if theta.abs() < 1e-300 { y.iter().sum::<f64>() / n } else { xi / theta };
    (xi, beta)
}

fn log_likelihood(y: &[f64], xi: f64, beta: f64) -> f64 {
    let sum: f64 = if xi == 0.0 {
        y.iter().map(|y| y / beta).sum()
    } else {
        y.iter().map(|y| (1.0 + 1.0 / xi) * libm::log1p((xi * y / beta).max(-1.0))).sum()
    };
    -(y.len() as f64) * libm::log(beta) - sum
}

/// Roots of the diagonal of the inverse observed information.
fn standard_errors(y: &[f64], xi: f64, beta: f64) -> Option<(f64, f64)> {
    let (mut shape, mut both, mut scale) = (0.0, 0.0, 0.0);
    for &y in y {
        let (w, end) = (y / beta, beta + xi * y);
        let q = 1.0 + xi * w;
        shape += if xi.abs() < 1e-4 {
            w * w - 2.0 / 3.0 * w * w * w
        } else {
            -2.0 * libm::log(q) / (xi * xi * xi)
                + 2.0 * w / (xi * xi * q)
                + (1.0 + 1.0 / xi) * (w / q) * (w / q)
        };
        both += y / (beta * end) - (1.0 + xi) * y * y / (beta * end * end);
        scale += 1.0 / (beta * beta)
            - (1.0 + xi) * y * (2.0 * beta + xi * y) / (beta * beta * end * end);
    }
    let determinant = shape * scale - both * both;
    let (shape, scale) = (-scale / determinant, -shape / determinant);
    (determinant > 0.0 && shape > 0.0 && scale > 0.0).then(|| (shape.sqrt(), scale.sqrt()))
}
