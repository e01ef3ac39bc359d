//! The plain model, GARCH with mean zero and normal innovations, several samples at a time.
//!
//! A variance waits for the one before it, and so does every derivative; a processor that could do sixteen operations does one. Samples
//! do not wait for each other: eight of equal length are interleaved, `[return][sample]`, and one pass takes a step of each. Every lane
//! is a fit of its own, with its own search, that goes on to its next window when it has ended. Operations within a lane and their
//! order are those of one sample alone, without fused multiplication, so that a fit has the same bits in whichever company.

use super::evaluate::Evaluation;
use super::fit::{FitOptions, Fitter};
use super::parameters::{ALPHA, BETA, Natural, OMEGA, Square};
use super::presample::First;
use super::refit::{Refit, Windows};
use super::sample::Sample;
use super::task::Task;
use super::{Dynamics, Innovations, Mean, Model};
use crate::error::RiskError;

/// Samples in one pass: a register of the widest kind.
pub(super) const LANES: usize = 8;
const HALF_LN_2PI: f64 = 0.918_938_533_204_672_7;
/// A variance beyond this (of a sample whose own is near 1) has no likelihood worth a number.
const LARGEST: f64 = 1e30;

/// Whether a model is the plain one.
pub(super) fn is_plain(model: &Model) -> bool {
    let Model { dynamics, innovations, mean, .. } = model;
    (*dynamics, *innovations, *mean) == (Dynamics::Garch, Innovations::Normal, Mean::Zero)
}

/// Parameters of each lane: `omega, alpha, beta`, the first variance and its slopes by them.
#[derive(Clone, Copy)]
struct Points<const L: usize> {
    natural: [[f64; L]; 3],
    first: [f64; L],
    slope: [[f64; L]; 3],
}

/// Log-likelihood, gradient and curvature (rows of its lower half) of each lane.
#[derive(Clone, Copy)]
struct Sums<const L: usize> {
    value: [f64; L],
    gradient: [[f64; L]; 3],
    curvature: [[f64; L]; 6],
}

impl<const L: usize> Points<L> {
    fn new() -> Self {
        // A lane without a task goes on with a model that has a likelihood.
        let natural = [[0.1; L], [0.1; L], [0.8; L]];
        Points { natural, first: [1.0; L], slope: [[0.0; L]; 3] }
    }

    fn put(&mut self, lane: usize, model: &Model, sample: &Sample, p: &Natural) {
        let First { value, slope } = First::new(model, sample, p);
        self.first[lane] = value;
        for (row, index) in [OMEGA, ALPHA, BETA].into_iter().enumerate() {
            self.natural[row][lane] = p[index];
            self.slope[row][lane] = slope[index];
        }
    }
}

impl<const L: usize> Sums<L> {
    fn evaluation(&self, lane: usize) -> Evaluation {
        let mut gradient = [0.0; 7];
        for (row, index) in [OMEGA, ALPHA, BETA].into_iter().enumerate() {
            gradient[index] = self.gradient[row][lane];
        }
        Evaluation { value: self.value[lane], gradient }
    }

    fn curvature(&self, lane: usize) -> Square {
        const PLACES: [(usize, usize); 6] = [
            (OMEGA, OMEGA),
            (ALPHA, OMEGA),
            (ALPHA, ALPHA),
            (BETA, OMEGA),
            (BETA, ALPHA),
            (BETA, BETA),
        ];
        let mut square = [[0.0; 7]; 7];
        for ((i, j), sums) in PLACES.into_iter().zip(&self.curvature) {
            square[i][j] = 0.5 * sums[lane];
            square[j][i] = square[i][j];
        }
        square
    }
}

/// One sample alone.
pub(super) fn one(
    model: &Model,
    sample: &Sample,
    p: &Natural,
    curved: bool,
) -> (Evaluation, Option<Square>) {
    let mut points = Points::<1>::new();
    points.put(0, model, sample, p);
    let (returns, _) = sample.returns.as_chunks::<1>();
    let sums =
        if curved { pass::<1, true>(returns, points) } else { pass::<1, false>(returns, points) };
    (sums.evaluation(0), curved.then(|| sums.curvature(0)))
}

/// Variances of all lanes step by step, with everything that is summed along them.
#[inline(always)]
fn pass<const L: usize, const CURVED: bool>(returns: &[[f64; L]], points: Points<L>) -> Sums<L> {
    let Points {
        natural: [omega, alpha, beta],
        first: mut h,
        slope: [mut by_omega, mut by_alpha, mut by_beta],
    } = points;
    let (mut quadratic, mut largest) = ([0.0; L], [0.0; L]);
    let (mut mantissa, mut exponent) = ([1.0_f64; L], [0_i64; L]);
    let mut gradient = [[0.0; L]; 3];
    let mut curvature = [[0.0; L]; 6];
    for eight in returns.chunks(8) {
        let mut product = mantissa;
        for x in eight {
            for l in 0..L {
                let square = x[l] * x[l];
                let inverse = 1.0 / h[l];
                let q = square * inverse;
                product[l] *= h[l];
                quadratic[l] += q;
                largest[l] = if h[l] > largest[l] { h[l] } else { largest[l] };
                let pull = 0.5 * (q - 1.0);
                let (o, a, b) =
                    (by_omega[l] * inverse, by_alpha[l] * inverse, by_beta[l] * inverse);
                gradient[0][l] += pull * o;
                gradient[1][l] += pull * a;
                gradient[2][l] += pull * b;
                if CURVED {
                    curvature[0][l] += o * o;
                    curvature[1][l] += a * o;
                    curvature[2][l] += a * a;
                    curvature[3][l] += b * o;
                    curvature[4][l] += b * a;
                    curvature[5][l] += b * b;
                }
                by_omega[l] = 1.0 + beta[l] * by_omega[l];
                by_alpha[l] = square + beta[l] * by_alpha[l];
                by_beta[l] = h[l] + beta[l] * by_beta[l];
                h[l] = (omega[l] + alpha[l] * square) + beta[l] * h[l];
            }
        }
        // The logarithm of a product, by its power of two and what is left of it.
        for l in 0..L {
            let bits = product[l].to_bits();
            exponent[l] += (bits >> 52) as i64 - 1023;
            mantissa[l] = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | 0x3ff0_0000_0000_0000);
        }
    }
    let mut value = [0.0; L];
    for l in 0..L {
        let logs = libm::log(mantissa[l]) + exponent[l] as f64 * std::f64::consts::LN_2;
        let sum = -HALF_LN_2PI * returns.len() as f64 - 0.5 * (logs + quadratic[l]);
        value[l] = if largest[l] < LARGEST { sum } else { f64::NAN };
    }
    Sums { value, gradient, curvature }
}

/// The pass of all lanes, compiled by `pulp` once for each instruction set.
struct Dispatched<'a> {
    returns: &'a [[f64; LANES]],
    points: Points<LANES>,
    curved: bool,
}

impl pulp::WithSimd for Dispatched<'_> {
    type Output = Sums<LANES>;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) -> Sums<LANES> {
        if self.curved {
            pass::<LANES, true>(self.returns, self.points)
        } else {
            pass::<LANES, false>(self.returns, self.points)
        }
    }
}

/// One series on its way through its windows.
struct Lane<'a> {
    returns: &'a [f64],
    ends: std::vec::IntoIter<usize>,
    at: usize,
    fitter: Fitter,
    task: Option<Task>,
    options: FitOptions,
    refits: Vec<Refit>,
}

impl<'a> Lane<'a> {
    fn new(
        model: &Model,
        returns: &'a [f64],
        windows: Windows,
        options: &FitOptions,
    ) -> Result<Self, RiskError> {
        let ends = windows.ends(returns.len())?;
        let fitter = Fitter::new(model, &returns[..windows.length], options)?;
        let refits = Vec::with_capacity(ends.len());
        let ends = ends.into_iter();
        Ok(Lane { returns, ends, at: 0, fitter, task: None, options: *options, refits })
    }

    /// Starts the next window, if there is one, and writes it into the lane's column.
    fn advance(
        &mut self,
        length: usize,
        columns: &mut [[f64; LANES]],
        lane: usize,
    ) -> Result<(), RiskError> {
        self.task = None;
        let Some(at) = self.ends.next() else { return Ok(()) };
        self.at = at;
        self.fitter.refill(&self.returns[at - length..at])?;
        let Fitter { model, sample } = &self.fitter;
        for (row, r) in columns.iter_mut().zip(&sample.returns) {
            row[lane] = *r;
        }
        self.task = Some(Task::new(model, sample, &self.options));
        Ok(())
    }

    /// Keeps the answer of a task that has one; whether it had.
    fn finished(&mut self) -> bool {
        let Some(task) = self.task.as_ref().filter(|task| task.wanted().is_none()) else {
            return false;
        };
        let fit = task.answer(&self.fitter.sample);
        if fit.is_maximum() {
            self.options.warm = Some(fit.parameters);
        }
        self.refits.push(Refit { at: self.at, fit });
        true
    }
}

/// Refits of up to [`LANES`] series, the answers those of each alone.
pub(super) fn refit(
    model: &Model,
    series: &[&[f64]],
    windows: Windows,
    options: &FitOptions,
) -> Result<Vec<Vec<Refit>>, RiskError> {
    let mut columns = vec![[0.5; LANES]; windows.length];
    let mut lanes = series
        .iter()
        .map(|returns| Lane::new(model, returns, windows, options))
        .collect::<Result<Vec<_>, _>>()?;
    for (index, lane) in lanes.iter_mut().enumerate() {
        lane.advance(windows.length, &mut columns, index)?;
    }
    let arch = pulp::Arch::new();
    while lanes.iter().any(|lane| lane.task.is_some()) {
        let (mut points, mut curved) = (Points::new(), false);
        for (index, lane) in lanes.iter().enumerate() {
            if let Some((natural, curvature)) = lane.task.as_ref().and_then(Task::wanted) {
                points.put(index, model, &lane.fitter.sample, &natural);
                curved |= curvature;
            }
        }
        let sums = arch.dispatch(Dispatched { returns: &columns, points, curved });
        for (index, lane) in lanes.iter_mut().enumerate() {
            let Some(task) = &mut lane.task else { continue };
            let curvature = sums.curvature(index);
            let wanted = task.wanted().is_some_and(|(_, curved)| curved);
            task.tell(&sums.evaluation(index), wanted.then_some(&curvature));
            if lane.finished() {
                lane.advance(windows.length, &mut columns, index)?;
            }
        }
    }
    Ok(lanes.into_iter().map(|lane| lane.refits).collect())
}
