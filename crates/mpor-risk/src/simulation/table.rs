//! From a latent normal or Student t variable to a factor's move, without a special function a draw.
//!
//! ```text
//! x = Q(F(t)),   F the latent law, Q the marginal's quantile, tabulated in v = t (normal) or asinh(t / sqrt(nu)) (Student)
//! ```
//!
//! Between the nodes the table is cubic (four neighbours); beyond the last node, in the outer 1e-4 of each tail, every
//! draw is worked out exactly. In `v` a Student quantile is smooth out to its tails, where it grows like an
//! exponential. An empirical marginal has kinks, so there the table holds the probability `F` and the knots are
//! interpolated exactly. [`Table::new`] measures the error half way between nodes.

use mpor_stats::special::{
    chi_square_sf, normal_cdf, normal_quantile, student_cdf, student_quantile,
};

use super::joint::Copula;
use super::marginal::{Marginal, interpolate};
use super::normals::ln;
use crate::error::RiskError;

/// Probability beyond the table, on each side.
const OUTSIDE: f64 = 1e-4;
/// Intervals of a table.
const INTERVALS: usize = 1024;

/// How a latent variable becomes a move.
#[derive(Clone, Debug)]
pub(super) enum Map {
    /// A multiple of it.
    Scale(f64),
    /// By a table of moves.
    Table(Table),
    /// By a table of probabilities and the knots of a sample.
    Knots(Table, Vec<f64>),
}

/// A smooth function of the latent variable.
#[derive(Clone, Debug)]
pub(super) struct Table {
    copula: Copula,
    target: Target,
    /// The table reaches from `-edge` to `edge` in `v`.
    edge: f64,
    values: Vec<f64>,
}

/// What the latent variable becomes.
#[derive(Clone, Debug)]
pub(super) enum Target {
    /// Its probability.
    Uniform,
    /// A move.
    Move(Marginal),
    /// A chi-square variable of so many degrees of freedom.
    ChiSquare(f64),
}

impl Map {
    pub(super) fn new(copula: Copula, marginal: &Marginal) -> Result<Self, RiskError> {
        marginal.check()?;
        Ok(match (copula, marginal) {
            (Copula::Normal, Marginal::Normal { deviation }) => Map::Scale(*deviation),
            (Copula::Student(nu), Marginal::Student { deviation, freedom }) if nu == *freedom => {
                Map::Scale(deviation * ((nu - 2.0) / nu).sqrt())
            }
            (_, Marginal::Empirical { knots }) => {
                Map::Knots(Table::new(copula, Target::Uniform)?, knots.clone())
            }
            _ => Map::Table(Table::new(copula, Target::Move(marginal.clone()))?),
        })
    }

    /// Replaces latent values by moves; `places` is overwritten.
    pub(super) fn apply(&self, values: &mut [f64], places: &mut Vec<f64>) -> Result<(), RiskError> {
        match self {
            Map::Scale(scale) => values.iter_mut().for_each(|x| *x *= scale),
            Map::Table(table) => {
                table.find(values, places);
                for (x, place) in values.iter_mut().zip(places) {
                    *x = table.read(*place, *x)?;
                }
            }
            Map::Knots(table, knots) => {
                table.find(values, places);
                for (x, place) in values.iter_mut().zip(places) {
                    *x = interpolate(knots, table.read(*place, *x)?);
                }
            }
        }
        Ok(())
    }
}

impl Table {
    pub(super) fn new(copula: Copula, target: Target) -> Result<Self, RiskError> {
        let last = match copula {
            Copula::Normal => -normal_quantile(OUTSIDE)?,
            Copula::Student(nu) => -student_quantile(OUTSIDE, nu)?,
        };
        let edge = straight(copula, last);
        let mut table = Table { copula, target, edge, values: Vec::with_capacity(INTERVALS + 1) };
        for node in 0..=INTERVALS {
            let v = edge * (2.0 * node as f64 / INTERVALS as f64 - 1.0);
            table.values.push(table.exact(bent(copula, v))?);
        }
        Ok(table)
    }

    fn exact(&self, t: f64) -> Result<f64, RiskError> {
        let p = match self.copula {
            Copula::Normal => normal_cdf(-t.abs()),
            Copula::Student(nu) => student_cdf(-t.abs(), nu)?,
        };
        // Below this a quantile has no digits left; a draw there comes once in 1e300.
        let p = p.max(1e-300);
        match &self.target {
            Target::Uniform => Ok(if t > 0.0 { 1.0 - p } else { p }),
            Target::Move(marginal) => marginal.tail_quantile(p, t > 0.0),
            Target::ChiSquare(freedom) => chi_square_quantile(p, t > 0.0, *freedom),
        }
    }

    pub(super) fn at(&self, t: f64) -> Result<f64, RiskError> {
        let mut places = Vec::with_capacity(1);
        self.find(&[t], &mut places);
        self.read(places[0], t)
    }

    /// Where latent values lie, in intervals from the first node.
    fn find(&self, values: &[f64], places: &mut Vec<f64>) {
        places.resize(values.len(), 0.0);
        let Table { copula, edge, .. } = *self;
        pulp::Arch::new().dispatch(Find { copula, edge, values, places });
    }

    #[inline]
    fn read(&self, place: f64, t: f64) -> Result<f64, RiskError> {
        if !(place > 0.0 && place < INTERVALS as f64) {
            return self.exact(t);
        }
        let first = (place as usize).clamp(1, INTERVALS - 2) - 1;
        let (s, y) = (place - first as f64, &self.values[first..first + 4]);
        // Lagrange on the nodes 0, 1, 2, 3.
        let (a, b, c, d) = (s, s - 1.0, s - 2.0, s - 3.0);
        Ok((y[3] * a * b * c - y[0] * b * c * d) / 6.0
            + 0.5 * (y[1] * a * c * d - y[2] * a * b * d))
    }
}

/// Places of latent values, compiled by `pulp` once for each instruction set.
struct Find<'a> {
    copula: Copula,
    edge: f64,
    values: &'a [f64],
    places: &'a mut [f64],
}

impl pulp::WithSimd for Find<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        let half = 0.5 * INTERVALS as f64;
        let scale = half / self.edge;
        match self.copula {
            Copula::Normal => {
                let pairs = self.places.iter_mut().zip(self.values);
                pairs.for_each(|(place, t)| *place = t.mul_add(scale, half));
            }
            Copula::Student(nu) => {
                let narrow = 1.0 / nu.sqrt();
                for (place, t) in self.places.iter_mut().zip(self.values) {
                    *place = area(t * narrow).mul_add(scale, half);
                }
            }
        }
    }
}

/// The latent variable on the axis of the table.
fn straight(copula: Copula, t: f64) -> f64 {
    match copula {
        Copula::Normal => t,
        Copula::Student(nu) => area(t * (1.0 / nu.sqrt())),
    }
}

/// `asinh y` within 1e-14, which is all that a place in a table needs: `ln(|y| + sqrt(1 + y^2))` with the sign of `y`.
#[inline(always)]
fn area(y: f64) -> f64 {
    let size = y.abs();
    let length = ln(size + size.mul_add(size, 1.0).sqrt());
    length.copysign(y)
}

fn bent(copula: Copula, v: f64) -> f64 {
    match copula {
        Copula::Normal => v,
        Copula::Student(nu) => nu.sqrt() * libm::sinh(v),
    }
}

/// The value below which, or above which, a chi-square variable lies with probability `p`, by halving.
fn chi_square_quantile(p: f64, upper: bool, freedom: f64) -> Result<f64, RiskError> {
    let above = if upper { p } else { 1.0 - p };
    let (mut low, mut high) = (0.0, freedom + 10.0);
    while chi_square_sf(high, freedom)? > above {
        high *= 2.0;
    }
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if chi_square_sf(middle, freedom)? > above { low = middle } else { high = middle }
    }
    Ok(0.5 * (low + high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_is_the_inverse_hyperbolic_sine() {
        for k in -400..400 {
            let v = f64::from(k) * 0.05;
            assert!((area(libm::sinh(v)) - v).abs() < 1e-13 * (1.0 + v.abs()), "{v}");
        }
    }

    #[test]
    fn tables_agree_with_what_they_stand_for() {
        let marginals = [
            Marginal::Normal { deviation: 1.0 },
            Marginal::Student { deviation: 1.0, freedom: 3.0 },
            Marginal::Student { deviation: 1.0, freedom: 12.0 },
            Marginal::SkewT { deviation: 1.0, freedom: 4.0, skew: -0.3 },
        ];
        for copula in [Copula::Normal, Copula::Student(3.0), Copula::Student(8.0)] {
            for marginal in &marginals {
                let table = Table::new(copula, Target::Move(marginal.clone())).unwrap();
                for k in 0..3000 {
                    let t = bent(copula, table.edge * (f64::from(k) / 1500.0 - 1.0) * 1.05);
                    let (found, expected) = (table.at(t).unwrap(), table.exact(t).unwrap());
                    assert!(
                        (found - expected).abs() < 1e-7 * (1.0 + expected.abs()),
                        "{copula:?} {marginal:?} {t}: {found} {expected}"
                    );
                }
            }
            let uniform = Table::new(copula, Target::Uniform).unwrap();
            for k in 0..3000 {
                let t = f64::from(k) / 300.0 - 5.0;
                assert!((uniform.at(t).unwrap() - uniform.exact(t).unwrap()).abs() < 1e-9, "{t}");
            }
        }
    }
}
