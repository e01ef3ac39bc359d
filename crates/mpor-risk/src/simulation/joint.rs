//! Joint moves of several factors: a copula, a marginal law each, and common jumps.
//!
//! ```text
//! g ~ N(0, I),   y = L g,  L L' = correlation,   t = y (normal copula)  or  t = y sqrt(nu / chi2_nu) (Student copula, one chi2 for all factors)
//! x[i] = scale Q[i](F(t[i])) + J[i],             F the law of t, Q[i] the quantile of factor i's marginal
//! J    = sum of N jumps - intensity mean,        N ~ Poisson(intensity), each jump normal with a mean and a covariance: Merton
//! ```
//!
//! Sources: Demarta and McNeil (2005), "The t copula and related copulas", International Statistical Review 73(1),
//! 111-129; Merton (1976), "Option pricing when underlying stock returns are discontinuous", Journal of Financial
//! Economics 3(1-2), 125-144, with jumps common to all factors and compensated to mean zero. The correlation is that of
//! `g`, the copula's parameter: for a Student copula sample it by Kendall's tau ([`crate::correlation::rank`]).
//! Marginals are scaled by the root of the horizon, which holds for independent steps; jumps are stated over the
//! horizon.
//!
//! Paths come in blocks of 256 with a stream each: products run over the paths of a block in a fixed order, with each
//! fused multiply-add written out.

use mpor_stats::covariance::cholesky;
use mpor_stats::random::{Stream, Streams};
use mpor_stats::special::normal_quantile;
use ndarray::{Array2, ArrayView2};
use rand_distr::{ChiSquared, Distribution};
use rayon::prelude::*;

use super::marginal::Marginal;
use super::sobol::Sobol;
use super::table::{Map, Table, Target};
use crate::checks::{finite, lengths, parameter, symmetric};
use crate::error::RiskError;

/// Paths of one block.
pub const BLOCK: usize = 256;
/// More jumps than this are a diffusion.
const MOST_JUMPS: f64 = 50.0;
/// Streams of jumps lie beside those of the diffusion.
const JUMPS: u64 = 1 << 63;

/// Dependence between factors, whatever their marginal laws.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Copula {
    /// Normal: no tail dependence.
    Normal,
    /// Student t with so many degrees of freedom: extremes come together.
    Student(f64),
}

/// Which points of the unit cube become paths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Points {
    /// Every path on its own.
    #[default]
    Independent,
    /// In pairs of a path and its mirror image.
    Antithetic,
    /// Scrambled Sobol points; use a power of two of them.
    Sobol,
}

/// Common jumps over the horizon.
#[derive(Clone, Debug, PartialEq)]
pub struct Jumps {
    /// Expected number over the horizon, up to 50.
    pub intensity: f64,
    /// Mean move of each factor in a jump.
    pub mean: Vec<f64>,
    /// `[factor, source]`: a jump moves by its mean and this root of its covariance times independent normals.
    pub root: Array2<f64>,
}

/// A model of joint moves.
#[derive(Clone, Debug)]
pub struct Joint {
    copula: Copula,
    /// Lower triangular root of the correlation.
    root: Array2<f64>,
    maps: Vec<Map>,
    scale: f64,
    jumps: Option<Jumps>,
    points: Points,
    chi_square: Option<Table>,
}

impl Joint {
    /// Factors with this correlation of the copula and these marginal laws, in order.
    ///
    /// # Errors
    /// [`RiskError::Parameter`] for parameters outside their domains, [`RiskError::Stats`] for sizes that differ or
    /// correlations that cannot hold together.
    pub fn new(
        copula: Copula,
        correlation: ArrayView2<'_, f64>,
        marginals: &[Marginal],
        points: Points,
    ) -> Result<Self, RiskError> {
        symmetric(correlation)?;
        lengths("marginal laws and rows of the correlation", marginals.len(), correlation.nrows())?;
        if let Some(entry) = correlation.diag().iter().find(|entry| (**entry - 1.0).abs() > 1e-9) {
            return Err(parameter("diagonal of the correlation", entry, "1"));
        }
        let mut chi_square = None;
        if let Copula::Student(freedom) = copula {
            if !(freedom > 2.0 && freedom.is_finite()) {
                return Err(parameter(
                    "degrees_of_freedom",
                    freedom,
                    "above 2, so that a variance exists",
                ));
            }
            if points == Points::Sobol {
                chi_square = Some(Table::new(Copula::Normal, Target::ChiSquare(freedom))?);
            }
        }
        let maps = marginals
            .iter()
            .map(|marginal| Map::new(copula, marginal))
            .collect::<Result<_, _>>()?;
        let root = cholesky(correlation)?;
        Ok(Joint { copula, root, maps, scale: 1.0, jumps: None, points, chi_square })
    }

    /// The same with marginal moves times `scale`, such as the root of the steps of a horizon.
    #[must_use]
    pub fn scaled(mut self, scale: f64) -> Self {
        self.scale = scale;
        self
    }

    /// The same with jumps.
    ///
    /// # Errors
    /// [`RiskError::Parameter`] for an intensity outside 0 to 50, [`RiskError::Stats`] for sizes that differ or values
    /// that are not finite.
    pub fn with_jumps(mut self, jumps: Jumps) -> Result<Self, RiskError> {
        if !(0.0..=MOST_JUMPS).contains(&jumps.intensity) {
            return Err(parameter(
                "intensity of jumps",
                jumps.intensity,
                "0 to 50 over the horizon",
            ));
        }
        lengths("factors and mean jumps", self.maps.len(), jumps.mean.len())?;
        lengths("factors and rows of the jumps' root", self.maps.len(), jumps.root.nrows())?;
        finite(jumps.mean.iter().chain(jumps.root.iter()))?;
        self.jumps = Some(jumps);
        Ok(self)
    }

    /// Moves as `[factor, path]`.
    ///
    /// # Errors
    /// As [`Joint::map`].
    pub fn moves(&self, paths: usize, streams: Streams) -> Result<Array2<f64>, RiskError> {
        let factors = self.maps.len();
        let by_block =
            self.blocks(0..paths, streams, |moves| Ok(moves.iter().copied().collect()))?;
        let mut out = Array2::zeros((factors, paths));
        for (block, values) in by_block.iter().enumerate() {
            let width = values.len() / factors.max(1);
            for (factor, row) in values.chunks(width.max(1)).enumerate() {
                let at = block * BLOCK;
                out.slice_mut(ndarray::s![factor, at..at + width])
                    .iter_mut()
                    .zip(row)
                    .for_each(|(o, x)| *o = *x);
            }
        }
        Ok(out)
    }

    /// One number a path of `range`, whose start is a multiple of 256: `f` takes the moves of a block, `[factor,
    /// path]`. In parallel, in the order of paths.
    ///
    /// # Errors
    /// Whatever `f` returns; [`RiskError::Parameter`] for a range that starts inside a block or Sobol points in more
    /// than 128 dimensions.
    pub fn map(
        &self,
        range: std::ops::Range<usize>,
        streams: Streams,
        f: impl Fn(ArrayView2<'_, f64>) -> Result<Vec<f64>, RiskError> + Sync,
    ) -> Result<Vec<f64>, RiskError> {
        Ok(self.blocks(range, streams, f)?.into_iter().flatten().collect())
    }

    /// P&L of a linear book: money per unit of each factor's move.
    ///
    /// # Errors
    /// As [`Joint::map`]; [`RiskError::Stats`] for exposures that are not one a factor.
    pub fn linear_pnl(
        &self,
        range: std::ops::Range<usize>,
        streams: Streams,
        exposures: &[f64],
    ) -> Result<Vec<f64>, RiskError> {
        lengths("exposures and factors", exposures.len(), self.maps.len())?;
        self.map(range, streams, |moves| {
            let mut pnl = vec![0.0; moves.ncols()];
            for (row, exposure) in moves.rows().into_iter().zip(exposures) {
                pnl.iter_mut().zip(row).for_each(|(sum, x)| *sum += exposure * x);
            }
            Ok(pnl)
        })
    }

    fn blocks(
        &self,
        range: std::ops::Range<usize>,
        streams: Streams,
        f: impl Fn(ArrayView2<'_, f64>) -> Result<Vec<f64>, RiskError> + Sync,
    ) -> Result<Vec<Vec<f64>>, RiskError> {
        if !range.start.is_multiple_of(BLOCK) {
            return Err(parameter("first path", range.start, "a multiple of 256"));
        }
        let sobol = match self.points {
            Points::Sobol => Some(Sobol::scrambled(
                self.maps.len() + usize::from(self.chi_square.is_some()),
                streams,
            )?),
            _ => None,
        };
        let first = range.start / BLOCK;
        let done: Vec<Result<Vec<f64>, RiskError>> = (first..range.end.div_ceil(BLOCK).max(first))
            .into_par_iter()
            .map_init(Scratch::default, |scratch, block| {
                self.fill(block, streams, sobol.as_ref(), scratch)?;
                let width = BLOCK.min(range.end - block * BLOCK);
                let all = ArrayView2::from_shape((self.maps.len(), BLOCK), &scratch.moves);
                let all = all.map_err(|_| RiskError::NoScenarios)?;
                f(all.slice(ndarray::s![.., ..width]))
            })
            .collect();
        done.into_iter().collect()
    }

    /// Moves of a whole block.
    fn fill(
        &self,
        block: usize,
        streams: Streams,
        sobol: Option<&Sobol>,
        scratch: &mut Scratch,
    ) -> Result<(), RiskError> {
        let factors = self.maps.len();
        let Scratch { normals, moves, mixing, places } = scratch;
        normals.resize(factors * BLOCK, 0.0);
        moves.resize(factors * BLOCK, 0.0);
        mixing.resize(BLOCK, 1.0);
        let mut stream = streams.path(block as u64);
        match (self.points, sobol) {
            (Points::Sobol, Some(sobol)) => quasi(sobol, block, normals)?,
            (Points::Antithetic, _) => mirrored(key(streams), block, normals),
            _ => super::normals::fill(key(streams), block as u64, normals),
        }
        pulp::Arch::new().dispatch(Correlate { root: self.root.view(), normals, moves });
        if let Copula::Student(freedom) = self.copula {
            self.mix(freedom, block, sobol, &mut stream, mixing)?;
        }
        for (row, map) in moves.chunks_exact_mut(BLOCK).zip(&self.maps) {
            if matches!(self.copula, Copula::Student(_)) {
                row.iter_mut().zip(mixing.iter()).for_each(|(x, m)| *x *= m);
            }
            map.apply(row, places)?;
            if self.scale != 1.0 {
                row.iter_mut().for_each(|x| *x *= self.scale);
            }
        }
        if let Some(jumps) = &self.jumps {
            jumps.add(&mut streams.path(block as u64 | JUMPS), moves);
        }
        Ok(())
    }

    /// The factors `sqrt(nu / chi2)` of a block.
    fn mix(
        &self,
        freedom: f64,
        block: usize,
        sobol: Option<&Sobol>,
        stream: &mut Stream,
        mixing: &mut [f64],
    ) -> Result<(), RiskError> {
        if let (Some(table), Some(sobol)) = (&self.chi_square, sobol) {
            for (path, m) in mixing.iter_mut().enumerate() {
                let u = sobol.at((block * BLOCK + path) as u32, self.maps.len());
                *m = (freedom / table.at(normal_quantile(inside(u))?)?).sqrt();
            }
            return Ok(());
        }
        let law = ChiSquared::new(freedom).map_err(|_| {
            parameter("degrees_of_freedom", freedom, "above 2, so that a variance exists")
        })?;
        let each = if self.points == Points::Antithetic { 2 } else { 1 };
        for pair in mixing.chunks_mut(each) {
            pair.fill((freedom / law.sample(stream)).sqrt());
        }
        Ok(())
    }
}

/// Memory of one thread, `[factor, path]` of a block.
#[derive(Default)]
struct Scratch {
    normals: Vec<f64>,
    moves: Vec<f64>,
    mixing: Vec<f64>,
    places: Vec<f64>,
}

fn quasi(sobol: &Sobol, block: usize, normals: &mut [f64]) -> Result<(), RiskError> {
    for (factor, row) in normals.chunks_exact_mut(BLOCK).enumerate() {
        for (path, x) in row.iter_mut().enumerate() {
            *x = normal_quantile(inside(sobol.at((block * BLOCK + path) as u32, factor)))?;
        }
    }
    Ok(())
}

/// The middle of the cell of a coordinate, so that it is neither 0 nor 1.
fn inside(u: f64) -> f64 {
    u + 0.5 / (1_u64 << 32) as f64
}

/// A key for vector draws: 53 bits of a stream that no block has.
fn key(streams: Streams) -> u64 {
    (streams.path(u64::MAX).uniform() * (1_u64 << 53) as f64) as u64
}

fn mirrored(key: u64, block: usize, normals: &mut [f64]) {
    let mut half = vec![0.0; normals.len() / 2];
    super::normals::fill(key, block as u64, &mut half);
    for (pair, z) in normals.chunks_exact_mut(2).zip(&half) {
        (pair[0], pair[1]) = (*z, -z);
    }
}

impl Jumps {
    /// Adds the jumps of a block, less their expectation.
    fn add(&self, stream: &mut Stream, moves: &mut [f64]) {
        let mut sources = vec![0.0; self.root.ncols()];
        for path in 0..BLOCK {
            let count = poisson(stream.uniform(), self.intensity);
            stream.fill_normal(&mut sources);
            for (factor, row) in moves.chunks_exact_mut(BLOCK).enumerate() {
                let spread: f64 =
                    self.root.row(factor).iter().zip(&sources).map(|(a, z)| a * z).sum();
                row[path] += (count - self.intensity) * self.mean[factor] + count.sqrt() * spread;
            }
        }
    }
}

/// The Poisson variable of a uniform one, by adding up probabilities.
fn poisson(u: f64, intensity: f64) -> f64 {
    let mut probability = libm::exp(-intensity);
    let (mut reached, mut count) = (probability, 0.0);
    while u >= reached && count < 1000.0 {
        count += 1.0;
        probability *= intensity / count;
        reached += probability;
    }
    count
}

/// `moves = root normals` for a lower triangular root, four normals at a time, compiled by `pulp` once for each
/// instruction set.
struct Correlate<'a> {
    root: ArrayView2<'a, f64>,
    normals: &'a [f64],
    moves: &'a mut [f64],
}

impl pulp::WithSimd for Correlate<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        for (factor, out) in self.moves.chunks_exact_mut(BLOCK).enumerate() {
            out.fill(0.0);
            let row = self.root.row(factor);
            let mut k = 0;
            while k + 4 <= factor + 1 {
                let z = &self.normals[k * BLOCK..(k + 4) * BLOCK];
                let (z0, rest) = z.split_at(BLOCK);
                let (z1, rest) = rest.split_at(BLOCK);
                let (z2, z3) = rest.split_at(BLOCK);
                let (a, b, c, d) = (row[k], row[k + 1], row[k + 2], row[k + 3]);
                for p in 0..BLOCK {
                    let low = b.mul_add(z1[p], a.mul_add(z0[p], out[p]));
                    out[p] = d.mul_add(z3[p], c.mul_add(z2[p], low));
                }
                k += 4;
            }
            for k in k..=factor {
                let (a, z) = (row[k], &self.normals[k * BLOCK..(k + 1) * BLOCK]);
                out.iter_mut().zip(z).for_each(|(x, z)| *x = a.mul_add(*z, *x));
            }
        }
    }
}
