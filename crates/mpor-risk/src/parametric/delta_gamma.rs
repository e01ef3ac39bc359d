//! What are VaR and expected shortfall of a book that is quadratic in normal factors?
//!
//! ```text
//! P&L   = theta + d' x + x' G x / 2,        x ~ N(0, Sigma)         spot, volatility and any other factors in x
//! L     = -P&L = c + sum_i ( b_i y_i + l_i y_i^2 / 2 ),             y independent standard normal
//! K(s)  = log E exp(s L) = c s + sum_i ( -log(1 - l_i s) / 2 + b_i^2 s^2 / (2 (1 - l_i s)) )
//! P(L > v)      = 1 / (2 pi i)  integral of exp(K(s) - s v) / s   ds
//! E (L - v)+    = 1 / (2 pi i)  integral of exp(K(s) - s v) / s^2 ds
//! ```
//!
//! The integrals run through the saddlepoint `K'(s) = v` and leave it on two rays at 60 degrees to the real axis,
//! towards the side on which the integrand falls exponentially; all singularities are on the real axis, so no ray meets
//! one. On the straight line a single factor would decay like `s^(-3/2)`. The variable `r = exp(t - exp(-t))` along a
//! ray makes the trapezoidal rule converge to rounding.
//!
//! Sources: Rouvinez (1997), "Going Greek with VaR", Risk 10(2), 57-65, for the diagonal form; Lugannani and Rice
//! (1980), "Saddle point approximation for the distribution of the sum of independent random variables", Advances in
//! Applied Probability 12(2), 475-490, for the integral; Takahasi and Mori (1974), "Double exponential formulas for
//! numerical integration", Publ. RIMS 9, 721-741. Exact for its law. It does not know that an option book is not
//! quadratic: compare with full revaluation before relying on it.

use mpor_stats::Level;
use mpor_stats::covariance::cholesky;
use ndarray::{Array1, Array2, ArrayView2};

use super::complex::Complex;
use super::multiplier::VarEs;
use crate::checks::{finite, lengths, symmetric};
use crate::correlation::eigen::Eigen;
use crate::error::RiskError;

/// A loss that is a quadratic form of independent standard normals.
#[derive(Clone, Debug, PartialEq)]
pub struct DeltaGamma {
    /// Certain part of the loss.
    constant: f64,
    /// Slope and curvature by direction: `b y + l y^2 / 2`.
    terms: Vec<(f64, f64)>,
}

/// Step of the trapezoidal rule; halving it changes nothing above 1e-13.
const STEP: f64 = 1.0 / 24.0;

impl DeltaGamma {
    /// A book with certain P&L `theta`, first derivatives `delta` and second derivatives `gamma` of its P&L in the
    /// factors, whose moves have mean zero and this covariance.
    ///
    /// # Errors
    /// [`RiskError::Stats`] for sizes that differ, values that are not finite or a covariance that is none;
    /// [`RiskError::Parameter`] for a matrix that is not symmetric.
    pub fn new(
        theta: f64,
        delta: &[f64],
        gamma: ArrayView2<'_, f64>,
        covariance: ArrayView2<'_, f64>,
    ) -> Result<Self, RiskError> {
        finite(delta.iter().chain(&[theta]))?;
        symmetric(gamma)?;
        symmetric(covariance)?;
        lengths("deltas and rows of gamma", delta.len(), gamma.nrows())?;
        lengths("deltas and rows of the covariance", delta.len(), covariance.nrows())?;
        let root = cholesky(covariance)?;
        let slope = -root.t().dot(&Array1::from(delta.to_vec()));
        let curvature = -root.t().dot(&gamma).dot(&root);
        Ok(DeltaGamma { constant: -theta, terms: diagonal(&slope, &curvature) })
    }

    /// Mean, variance, and third and fourth cumulant of the loss.
    #[must_use]
    pub fn cumulants(&self) -> [f64; 4] {
        let sum =
            |f: &dyn Fn(f64, f64) -> f64| self.terms.iter().map(|&(b, l)| f(b, l)).sum::<f64>();
        [
            self.constant + sum(&|_, l| 0.5 * l),
            sum(&|b, l| b * b + 0.5 * l * l),
            sum(&|b, l| 3.0 * b * b * l + l * l * l),
            sum(&|b, l| 12.0 * b * b * l * l + 3.0 * l * l * l * l),
        ]
    }

    /// Probability that the loss exceeds `v`.
    #[must_use]
    pub fn exceedance(&self, v: f64) -> f64 {
        let [mean, variance, ..] = self.cumulants();
        if variance <= 0.0 {
            return if mean > v { 1.0 } else { 0.0 };
        }
        if v < mean {
            return 1.0 - self.mirrored().upper(-v, Power::Probability);
        }
        self.upper(v, Power::Probability)
    }

    /// VaR and ES: the loss exceeded with the tail probability, and the mean loss beyond it.
    ///
    /// # Errors
    /// None for a [`Level`]; a book without risk has both figures equal to its certain loss.
    pub fn tail(&self, level: Level) -> Result<VarEs, RiskError> {
        let [mean, variance, ..] = self.cumulants();
        if variance <= 0.0 {
            return Ok(VarEs { var: mean, es: mean });
        }
        let var = self.quantile(level.tail(), mean, variance.sqrt());
        let beyond = if var < mean {
            mean - var + self.mirrored().upper(-var, Power::Excess)
        } else {
            self.upper(var, Power::Excess)
        };
        Ok(VarEs { var, es: var + beyond / level.tail() })
    }

    /// Newton's method inside a bracket from Cantelli's inequality, which halves where Newton would leave it.
    fn quantile(&self, tail: f64, mean: f64, deviation: f64) -> f64 {
        let mut low = mean - deviation * (tail / (1.0 - tail)).sqrt();
        let mut high = mean + deviation * ((1.0 - tail) / tail).sqrt();
        let mut v = (mean + 2.0 * deviation).min(0.5 * (low + high));
        for _ in 0..200 {
            let excess = self.exceedance(v) - tail;
            if excess > 0.0 {
                low = v
            } else {
                high = v
            }
            let density = self.density(v);
            // In the logarithm of the probability, in which tails are nearly straight.
            let newton = v + (tail + excess) * libm::log1p(excess / tail) / density;
            let next = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
            if (next - v).abs() <= 1e-14 * (deviation + v.abs())
                || high - low <= f64::EPSILON * v.abs()
            {
                return next;
            }
            v = next;
        }
        v
    }

    fn density(&self, v: f64) -> f64 {
        let mean = self.cumulants()[0];
        if v < mean {
            return self.mirrored().upper(-v, Power::Density);
        }
        self.upper(v, Power::Density)
    }

    fn mirrored(&self) -> DeltaGamma {
        let terms = self.terms.iter().map(|&(b, l)| (-b, -l)).collect();
        DeltaGamma { constant: -self.constant, terms }
    }

    /// One of the integrals for `v` at or above the mean.
    fn upper(&self, v: f64, power: Power) -> f64 {
        let Some((start, scale)) = self.start(v) else { return 0.0 };
        // Beyond every curvature the loss acts like this constant, and exp((limit - v) s) decides on which side it falls.
        let limit = self.constant
            - self
                .terms
                .iter()
                .filter(|(_, l)| *l != 0.0)
                .map(|(b, l)| 0.5 * b * b / l)
                .sum::<f64>();
        let towards = if v >= limit { 1.0 } else { -1.0 };
        let direction = self.direction(v, (start, scale), towards);
        let node = |t: f64| {
            let inner = libm::exp(-t);
            let r = scale * libm::exp(t - inner);
            let s = Complex::new(start, 0.0).plus(direction.scaled(r));
            let value = self.exponent(s, v).exponential().times(direction);
            let value = match power {
                Power::Density => value,
                Power::Probability => value.over(s),
                Power::Excess => value.over(s).over(s),
            };
            value.im * r * (1.0 + inner)
        };
        STEP * sum_both_ways(node) / std::f64::consts::PI
    }

    /// Which way the contour leaves the real axis: sixty degrees off it towards the side on which the integrand dies, or
    /// steeper where it would climb on the way. A vertical line never climbs, as a characteristic function never does.
    fn direction(&self, v: f64, (start, scale): (f64, f64), towards: f64) -> Complex {
        let at = |s: Complex| self.exponent(s, v).re;
        let level = at(Complex::new(start, 0.0));
        let ways = [0.5, 0.35, 0.2, 0.1, 0.05]
            .map(|lean: f64| Complex::new(towards * lean, (1.0 - lean * lean).sqrt()));
        let climbs = |way: &Complex| {
            (-32..=64).any(|k| {
                let r = scale * libm::exp(0.25 * f64::from(k));
                at(Complex::new(start, 0.0).plus(way.scaled(r))) > level + 1.0
            })
        };
        let [.., steepest] = ways;
        ways.into_iter().find(|way| !climbs(way)).unwrap_or(steepest)
    }

    /// `K(s) - s v`.
    fn exponent(&self, s: Complex, v: f64) -> Complex {
        let square = s.times(s);
        let linear = s.scaled(self.constant - v);
        self.terms.iter().fold(linear, |sum, &(b, l)| {
            let rest = Complex::new(1.0 - l * s.re, -l * s.im);
            sum.plus(rest.log().scaled(-0.5)).plus(square.scaled(0.5 * b * b).over(rest))
        })
    }

    /// Where the contour crosses the real axis, and the width of the integrand there; `None` where the loss cannot
    /// exceed `v`.
    fn start(&self, v: f64) -> Option<(f64, f64)> {
        let [_, variance, ..] = self.cumulants();
        let deviation = variance.sqrt();
        let steepest = self.terms.iter().map(|term| term.1).fold(0.0, f64::max);
        let mut high = if steepest > 0.0 { 1.0 / steepest } else { 1.0 / deviation };
        if steepest <= 0.0 {
            // Without a pole the slope of K may end below v: then v is beyond the largest possible loss.
            let mut doublings = 0;
            while self.slopes(high).0 < v {
                high *= 2.0;
                doublings += 1;
                if doublings > 200 {
                    return None;
                }
            }
        }
        let (mut low, top) = (0.0, high);
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if middle <= low || middle >= high {
                break;
            }
            if self.slopes(middle).0 < v { low = middle } else { high = middle }
        }
        // Not on the pole at zero, and not on the one at the end.
        let least = (0.4 / deviation).min(0.5 * top);
        let start = low.max(least);
        Some((start, 1.0 / self.slopes(start).1.sqrt()))
    }

    /// First and second derivative of `K`.
    fn slopes(&self, s: f64) -> (f64, f64) {
        self.terms.iter().fold((self.constant, 0.0), |(first, second), &(b, l)| {
            let rest = 1.0 - l * s;
            let square = b * b;
            let slope = 0.5 * l / rest + square * s * (1.0 - 0.5 * l * s) / (rest * rest);
            (first + slope, second + 0.5 * (l / rest) * (l / rest) + square / (rest * rest * rest))
        })
    }
}

/// Which integral: divided by no, one or two powers of `s`.
#[derive(Clone, Copy, PartialEq)]
enum Power {
    Density,
    Probability,
    Excess,
}

/// Slopes and curvatures along the directions in which the quadratic form is diagonal.
fn diagonal(slope: &Array1<f64>, curvature: &Array2<f64>) -> Vec<(f64, f64)> {
    let eigen = Eigen::of(curvature.view());
    let along = eigen.vectors.t().dot(slope);
    let size = eigen.values.iter().map(|l| l.abs()).fold(0.0, f64::max);
    let settled = |l: f64| if l.abs() <= 1e-14 * size { 0.0 } else { l };
    along.iter().zip(&eigen.values).map(|(&b, &l)| (b, settled(l))).collect()
}

/// Sum of a function's values at the nodes of the trapezoidal rule, outwards from zero until they no longer matter.
fn sum_both_ways(node: impl Fn(f64) -> f64) -> f64 {
    let mut sum = node(0.0);
    let mut largest = sum.abs();
    for sign in [1.0, -1.0] {
        let mut small = 0;
        for k in 1..2000 {
            let value = node(sign * f64::from(k) * STEP);
            sum += value;
            largest = largest.max(value.abs());
            // Oscillation passes through zero: several in a row must be small.
            small = if value.abs() <= 1e-18 * largest { small + 1 } else { 0 };
            if small >= 12 {
                break;
            }
        }
    }
    sum
}
