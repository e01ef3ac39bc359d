//! The geometric duration test: does the chance of a breach depend on how long ago the last one was?
//!
//! `d` periods after a breach the next one comes with probability
//!
//! ```text
//! hazard(d) = a d^(b-1),   f(d) = hazard(d) prod_{i<d} (1 - hazard(i)),   S(d) = prod_{i<=d} (1 - hazard(i))
//! independence: b = 1, a free, chi2(1);      conditional coverage: b = 1, a = p, chi2(2)
//! ```
//!
//! in whole periods, where [`duration_weibull`](super::duration_weibull) takes time as continuous. The first and the last wait are
//! censored: of the first it is known that no hit came in the periods before the first hit, of the last that none came after the
//! last one. With `b = 1` the rest are `n - 1` trials with `x - 1` hits. Source: Berkowitz, Christoffersen and Pelletier
//! (2011), "Evaluating Value-at-Risk Models with Desk-Level Data", Management Science 57(12), 2213-2227. The paper lets `b` be
//! at most 1 (clusters); here it may be above (breaches too regular) as far as every hazard stays below 1, so that the ratio is
//! chi-squared. Assumes independent periods. Needs three hits.

use super::likelihood::bernoulli_ratio;
use super::{CoverageError, CoverageTest, HitSequence, TestOutcome};

/// Clusters alone.
#[derive(Clone, Copy, Debug)]
pub struct GeometricIndependence;

/// Clusters and the rate at once.
#[derive(Clone, Copy, Debug)]
pub struct GeometricConditional;

/// The fitted hazard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GeometricFit {
    /// `a`: the hazard of the first period after a breach.
    pub first: f64,
    /// `b`; 1 = no memory, below 1 = clusters.
    pub shape: f64,
    /// Log likelihood at the maximum.
    pub log_likelihood: f64,
    /// Log likelihood with `b = 1` at its best `a`.
    pub log_likelihood_constant: f64,
}

const INDEPENDENCE: &str = "duration-geometric";
const CONDITIONAL: &str = "duration-geometric-conditional";
const NEEDED: usize = 3;

/// The largest hazard that is searched.
const CERTAIN: f64 = 1.0 - 1e-9;

/// Shapes that are searched: the likelihood has one hump between them.
const SHAPES: (f64, f64) = (1e-3, 8.0);

impl CoverageTest for GeometricIndependence {
    fn id(&self) -> &'static str {
        INDEPENDENCE
    }

    fn test(&self, hits: &HitSequence) -> Result<TestOutcome, CoverageError> {
        Ok(TestOutcome::chi_squared(fit(INDEPENDENCE, hits)?.independence_ratio(), 1))
    }
}

impl CoverageTest for GeometricConditional {
    fn id(&self) -> &'static str {
        CONDITIONAL
    }

    fn test(&self, hits: &HitSequence) -> Result<TestOutcome, CoverageError> {
        let found = fit(CONDITIONAL, hits)?;
        // With b = 1 every period but that of the first hit is a trial.
        let rate = bernoulli_ratio(hits.tail(), hits.len() - 1, hits.count() - 1);
        Ok(TestOutcome::chi_squared(found.independence_ratio() + rate, 2))
    }
}

impl GeometricFit {
    fn independence_ratio(&self) -> f64 {
        (2.0 * (self.log_likelihood - self.log_likelihood_constant)).max(0.0)
    }
}

/// Fits the hazard to the waits of a series.
///
/// # Errors
/// [`CoverageError`] below three hits, or where all observed periods are hits.
pub fn fit(test: &'static str, hits: &HitSequence) -> Result<GeometricFit, CoverageError> {
    if hits.count() < NEEDED {
        let found = hits.count();
        return Err(CoverageError::TooFewBreaches { test, needed: NEEDED, found });
    }
    let ages = Ages::of(hits);
    if ages.survived.iter().all(|count| *count == 0.0) {
        let reason = "every period is a hit, so no hazard is the best";
        return Err(CoverageError::NotDefined { test, reason });
    }
    let (first, log_likelihood_constant) = ages.best_first(1.0);
    let constant = GeometricFit {
        first,
        shape: 1.0,
        log_likelihood: log_likelihood_constant,
        log_likelihood_constant,
    };
    let shape = highest(SHAPES, 1.0, |shape| ages.best_first(shape).1);
    let (first, log_likelihood) = ages.best_first(shape);
    if log_likelihood <= log_likelihood_constant {
        return Ok(constant);
    }
    Ok(GeometricFit { first, shape, log_likelihood, log_likelihood_constant })
}

/// How many waits reached each age, and whether they ended there: the likelihood needs no more.
struct Ages {
    /// Logs of the ages 1, 2, ...
    logs: Vec<f64>,
    ended: Vec<f64>,
    survived: Vec<f64>,
}

impl Ages {
    fn of(hits: &HitSequence) -> Self {
        let times: Vec<usize> = hits.hit_times().collect();
        let mut waits: Vec<(usize, bool)> =
            times.windows(2).map(|pair| (pair[1] - pair[0], true)).collect();
        let first = times.first().copied().unwrap_or(0);
        let last = hits.len() - times.last().copied().unwrap_or(0);
        waits.extend((first > 1).then(|| (first - 1, false)));
        waits.extend((last > 0).then_some((last, false)));
        let longest = waits.iter().map(|(wait, _)| *wait).max().unwrap_or(0);
        let (mut ended, mut reached) = (vec![0.0; longest], vec![0.0; longest + 1]);
        for (wait, ends) in waits {
            ended[wait - 1] += f64::from(u8::from(ends));
            reached[wait - 1] += 1.0;
        }
        for age in (0..longest).rev() {
            reached[age] += reached[age + 1];
        }
        let survived = (0..longest).map(|age| reached[age] - ended[age]).collect();
        let logs = (1..=longest).map(|age| libm::log(age as f64)).collect();
        Ages { logs, ended, survived }
    }

    /// The best `a` for a shape, and the log likelihood there. It is concave in `a`: Newton's method on its slope, halving the
    /// bracket where a step would leave it.
    fn best_first(&self, shape: f64) -> (f64, f64) {
        let powers: Vec<f64> = self.logs.iter().map(|log| libm::exp((shape - 1.0) * log)).collect();
        let most = CERTAIN / powers.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        let ended: f64 = self.ended.iter().sum();
        // Slope and curvature of the log likelihood in `a`.
        let slopes = |a: f64| {
            let (mut slope, mut curvature) = (ended / a, -ended / (a * a));
            for (power, survived) in powers.iter().zip(&self.survived) {
                let odds = power / (1.0 - a * power);
                slope -= survived * odds;
                curvature -= survived * odds * odds;
            }
            (slope, curvature)
        };
        let lost: f64 = powers.iter().zip(&self.survived).map(|(p, s)| p * s).sum();
        let (mut low, mut high) = (0.0, most);
        // Where hazards are small this is the maximum already.
        let mut a = (ended / lost.max(f64::MIN_POSITIVE)).min(most);
        for _ in 0..100 {
            let (slope, curvature) = slopes(a);
            if slope > 0.0 {
                low = a
            } else {
                high = a
            }
            let next = a - slope / curvature;
            let next = if next > low && next < high { next } else { 0.5 * (low + high) };
            let moved = (next - a).abs();
            a = next;
            // Each step squares the error.
            if moved <= 1e-8 * a {
                break;
            }
        }
        (a, self.log_likelihood(a, shape, &powers))
    }

    fn log_likelihood(&self, a: f64, shape: f64, powers: &[f64]) -> f64 {
        let mut sum = 0.0;
        for (at, power) in powers.iter().enumerate() {
            if self.ended[at] > 0.0 {
                sum += self.ended[at] * (libm::log(a) + (shape - 1.0) * self.logs[at]);
            }
            if self.survived[at] > 0.0 {
                sum += self.survived[at] * libm::log1p(-a * power);
            }
        }
        sum
    }
}

/// The maximum of a function with one hump between two ends: parabolas through the three best points, and golden sections where a parabola
/// gains too little. Source: Brent (1973), "Algorithms for Minimization without Derivatives", chapter 5.
fn highest((mut low, mut high): (f64, f64), start: f64, function: impl Fn(f64) -> f64) -> f64 {
    const SHARE: f64 = 0.381_966_011_250_105_1;
    // The likelihood is flat at its maximum: its own error is the square of this.
    const ENOUGH: f64 = 1e-7;
    let (mut best, mut second, mut third) = (start, start, start);
    let mut at_best = function(start);
    let (mut at_second, mut at_third) = (at_best, at_best);
    let (mut step, mut before) = (0.0_f64, 0.0_f64);
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        let near = ENOUGH * (best.abs() + 1.0);
        if (best - middle).abs() <= 2.0 * near - 0.5 * (high - low) {
            break;
        }
        let r = (best - second) * (at_best - at_third);
        let q = (best - third) * (at_best - at_second);
        let (p, q) = ((best - third) * q - (best - second) * r, 2.0 * (q - r));
        let (p, q) = if q > 0.0 { (-p, q) } else { (p, -q) };
        let parabola =
            p.abs() < (0.5 * q * before).abs() && p > q * (low - best) && p < q * (high - best);
        if parabola {
            (before, step) = (step, p / q);
        } else {
            before = if best < middle { high - best } else { low - best };
            step = SHARE * before;
        }
        let next = if step.abs() >= near { best + step } else { best + near.copysign(step) };
        let at_next = function(next);
        if at_next >= at_best {
            if next >= best {
                low = best
            } else {
                high = best
            }
            (third, second, best) = (second, best, next);
            (at_third, at_second, at_best) = (at_second, at_best, at_next);
            continue;
        }
        if next < best {
            low = next
        } else {
            high = next
        }
        if at_next >= at_second || second == best {
            (third, second, at_third, at_second) = (second, next, at_second, at_next);
        } else if at_next >= at_third || third == best || third == second {
            (third, at_third) = (next, at_next);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use mpor_core::Level;

    fn sequence(n: usize, times: &[usize]) -> HitSequence {
        HitSequence::daily((1..=n).map(|at| times.contains(&at)).collect(), Level::P99)
    }

    #[test]
    fn a_constant_hazard_is_the_bernoulli_likelihood() {
        let hits = sequence(100, &[10, 30, 31, 77]);
        let found = fit("t", &hits).unwrap();
        // By hand: 3 hits in 99 trials.
        let rate = 3.0_f64 / 99.0;
        let expected = 3.0 * rate.ln() + 96.0 * (1.0 - rate).ln();
        assert!((found.log_likelihood_constant - expected).abs() < 1e-9);
    }

    #[test]
    fn clusters_have_a_shape_below_one_and_are_rejected() {
        let hits = sequence(1000, &[10, 11, 12, 13, 500, 501, 502, 503, 900, 901, 902]);
        let found = fit("t", &hits).unwrap();
        assert!(found.shape < 0.6, "{found:?}");
        assert!(GeometricIndependence.test(&hits).unwrap().p_value < 1e-3);
    }

    #[test]
    fn the_edges_have_an_answer_or_a_reason() {
        assert!(GeometricIndependence.test(&sequence(50, &[])).is_err());
        assert!(GeometricIndependence.test(&sequence(3, &[1, 2, 3])).is_err());
        let even = GeometricIndependence.test(&sequence(90, &[10, 20, 30, 40, 50, 60, 70, 80, 90]));
        assert!(even.unwrap().p_value.is_finite());
    }
}
