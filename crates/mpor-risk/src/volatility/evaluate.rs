//! Log-likelihood and gradient in one pass over the sample.
//!
//! Logarithms are taken of products of eight and not of each factor: that is faster, and rounds less. Sums run in the order of the
//! sample.

use super::density::{Density, Normal, SkewedT, StudentT};
use super::parameters::{LAMBDA, MU, NU, Natural, Square};
use super::presample::First;
use super::recursion::{Linear, Logarithmic, Recursion};
use super::sample::Sample;
use super::{Dynamics, Innovations, Model, lanes};

/// Log-likelihood of the scaled returns and its gradient by all parameters.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Evaluation {
    pub value: f64,
    pub gradient: Natural,
}

/// Who looks at each return's share of the gradient.
pub(super) trait Sink {
    /// Whether the score by `nu` must be whole for each return.
    const EACH: bool;
    /// The score of one return, the slope of the logarithm of its variance, and one over that variance.
    fn row(&mut self, score: &Natural, slope: &[f64; 5], inverse: f64);
}

/// Nobody: the gradient alone is wanted.
pub(super) struct Gradient;

impl Sink for Gradient {
    const EACH: bool = false;

    #[inline(always)]
    fn row(&mut self, _: &Natural, _: &[f64; 5], _: f64) {}
}

/// The curvature that a likelihood has on average: information of mean and variance as for the normal law, outer products of the scores
/// for the shape of the law, nothing between them. Positive semi-definite wherever it is taken.
#[derive(Default)]
pub(super) struct Curvature(pub Square);

impl Sink for Curvature {
    const EACH: bool = true;

    #[inline(always)]
    fn row(&mut self, score: &Natural, slope: &[f64; 5], inverse: f64) {
        for i in 0..5 {
            for j in 0..=i {
                self.0[i][j] += 0.5 * slope[i] * slope[j];
            }
        }
        self.0[MU][MU] += inverse;
        self.0[NU][NU] += score[NU] * score[NU];
        self.0[LAMBDA][NU] += score[LAMBDA] * score[NU];
        self.0[LAMBDA][LAMBDA] += score[LAMBDA] * score[LAMBDA];
    }
}

impl Curvature {
    /// The matrix with both its halves.
    pub fn symmetric(mut self) -> Square {
        for i in 0..self.0.len() {
            for j in 0..i {
                self.0[j][i] = self.0[i][j];
            }
        }
        self.0
    }
}

/// The log-likelihood at these parameters of the scaled returns.
pub(super) fn evaluate(
    model: &Model,
    sample: &Sample,
    p: &Natural,
    sink: &mut impl Sink,
) -> Evaluation {
    let first = First::new(model, sample, p);
    let x = &sample.returns;
    match (model.dynamics, model.innovations) {
        (Dynamics::Egarch, Innovations::Normal) => run::<Logarithmic, Normal, _>(x, p, first, sink),
        (Dynamics::Egarch, Innovations::StudentT) => {
            run::<Logarithmic, StudentT, _>(x, p, first, sink)
        }
        (Dynamics::Egarch, Innovations::SkewT) => run::<Logarithmic, SkewedT, _>(x, p, first, sink),
        (_, Innovations::Normal) => run::<Linear, Normal, _>(x, p, first, sink),
        (_, Innovations::StudentT) => run::<Linear, StudentT, _>(x, p, first, sink),
        (_, Innovations::SkewT) => run::<Linear, SkewedT, _>(x, p, first, sink),
    }
}

/// Value and gradient, and the curvature where it is asked for, by the shortest way for the model.
pub(super) fn evaluation(
    model: &Model,
    sample: &Sample,
    p: &Natural,
    curved: bool,
) -> (Evaluation, Option<Square>) {
    if lanes::is_plain(model) {
        return lanes::one(model, sample, p, curved);
    }
    if !curved {
        return (evaluate(model, sample, p, &mut Gradient), None);
    }
    let mut sink = Curvature::default();
    let evaluation = evaluate(model, sample, p, &mut sink);
    (evaluation, Some(sink.symmetric()))
}

fn run<R: Recursion, D: Density, S: Sink>(
    returns: &[f64],
    p: &Natural,
    first: First,
    sink: &mut S,
) -> Evaluation {
    let (density, mut step) = (D::new(p), R::new(p, first));
    let (constant, constant_slope) = density.constant();
    let (power, power_slope) = density.power();
    let (mut gradient, mut quadratic) = ([0.0; 7], 0.0);
    let (mut logs, mut log_h, mut log_w) = (0.0, LogProduct::default(), LogProduct::default());
    for eight in returns.chunks(8) {
        let (mut product_h, mut product_w) = (1.0, 1.0);
        for r in eight {
            let residual = r - p[MU];
            let h = step.variance();
            let inverse = 1.0 / h;
            match step.log_variance() {
                Some(log) => logs += log,
                None => product_h *= h,
            }
            let point = density.at(residual, inverse);
            quadratic += point.quadratic;
            product_w *= point.w;
            let slope = step.slope(inverse);
            let pull = 0.5 * (point.pull - 1.0);
            let mut score = [0.0; 7];
            (0..5).for_each(|i| score[i] = pull * slope[i]);
            score[MU] += point.by_mean;
            score[NU] = point.by_shape[0];
            score[LAMBDA] = point.by_shape[1];
            if S::EACH && power > 0.0 {
                score[NU] += constant_slope[0] - power_slope * libm::log(point.w);
                score[LAMBDA] += constant_slope[1];
            }
            (0..7).for_each(|i| gradient[i] += score[i]);
            sink.row(&score, &slope, inverse);
            step.advance(residual, inverse);
        }
        log_h.take(product_h);
        log_w.take(product_w);
    }
    let n = returns.len() as f64;
    let log_w = log_w.value();
    if !S::EACH {
        gradient[NU] += n * constant_slope[0] - power_slope * log_w;
        gradient[LAMBDA] += n * constant_slope[1];
    }
    let logs = logs + log_h.value();
    Evaluation { value: n * constant - 0.5 * (logs + quadratic) - power * log_w, gradient }
}

/// The logarithm of a product of many numbers above zero, kept as a mantissa in [1, 2) and a power of two.
#[derive(Clone, Copy)]
pub(super) struct LogProduct {
    mantissa: f64,
    exponent: i64,
}

impl Default for LogProduct {
    fn default() -> Self {
        LogProduct { mantissa: 1.0, exponent: 0 }
    }
}

impl LogProduct {
    /// Multiplies by a number above zero and below the root of the largest; anything else makes the logarithm NaN.
    #[inline(always)]
    pub fn take(&mut self, factor: f64) {
        let product = self.mantissa * factor;
        if !(f64::MIN_POSITIVE..f64::INFINITY).contains(&product) {
            self.mantissa = f64::NAN;
            return;
        }
        let bits = product.to_bits();
        self.exponent += (bits >> 52) as i64 - 1023;
        self.mantissa = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | 0x3ff0_0000_0000_0000);
    }

    pub fn value(self) -> f64 {
        // In two parts, so that a large exponent rounds once.
        libm::log(self.mantissa) + self.exponent as f64 * std::f64::consts::LN_2
    }
}
