//! Which sizes of given hedges make a figure least that is not convex: a VaR, a venue's margin?
//!
//! A search along the coordinates: from the best point so far every hedge is tried one step up and one step down within
//! its bounds, the best of these is taken, and where none is better the steps are halved. What it finds is the best
//! point of its neighbourhood at the last step, not proven to be the best of all; for expected shortfall
//! [`super::least_shortfall`] is.
//!
//! Source: Hooke and Jeeves (1961), "Direct search solution of numerical and statistical problems", Journal of the ACM
//! 8(2), 212-229, without pattern moves.

use mpor_stats::Level;
use ndarray::ArrayView2;

use super::cuts::least_shortfall;
use crate::checks::{lengths, parameter};
use crate::error::RiskError;
use crate::measure::{Measure, RiskMeasure, Scratch};

/// Steps are halved this many times: the last is a millionth of the first.
const HALVINGS: usize = 20;

/// A hedge and what it does to a figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Hedge {
    /// Contracts of each hedge.
    pub quantities: Vec<f64>,
    /// The figure without hedge, or with as little as the bounds allow.
    pub before: f64,
    /// The figure with it, never above `before`.
    pub after: f64,
    /// Evaluations of the figure.
    pub evaluations: usize,
}

/// The hedge of least requirement that a search from each of `starts` finds; `requirement` takes contracts of each hedge.
///
/// # Errors
/// Whatever `requirement` returns; [`RiskError::Parameter`] for bounds out of order.
pub fn least_requirement(
    bounds: &[(f64, f64)],
    starts: &[Vec<f64>],
    requirement: &mut dyn FnMut(&[f64]) -> Result<f64, RiskError>,
) -> Result<Hedge, RiskError> {
    if let Some((low, high)) =
        bounds.iter().find(|(low, high)| !(low <= high && (high - low).is_finite()))
    {
        let found = format!("{low} to {high}");
        return Err(parameter("bounds", found, "finite, the lower one first"));
    }
    let none: Vec<f64> = bounds.iter().map(|&(low, high)| 0.0_f64.clamp(low, high)).collect();
    let before = requirement(&none)?;
    let mut best = Hedge { quantities: none.clone(), before, after: before, evaluations: 1 };
    for start in std::iter::once(&none).chain(starts) {
        lengths("a start and the bounds", start.len(), bounds.len())?;
        let mut at: Vec<f64> =
            start.iter().zip(bounds).map(|(x, &(low, high))| x.clamp(low, high)).collect();
        let mut value = requirement(&at)?;
        best.evaluations += 1;
        best.evaluations += descend(bounds, &mut at, &mut value, requirement)?;
        if value < best.after {
            (best.after, best.quantities) = (value, at);
        }
    }
    Ok(best)
}

/// Moves `at` to the best point of its neighbourhood; the number of evaluations.
fn descend(
    bounds: &[(f64, f64)],
    at: &mut [f64],
    value: &mut f64,
    requirement: &mut dyn FnMut(&[f64]) -> Result<f64, RiskError>,
) -> Result<usize, RiskError> {
    let (mut share, mut halved, mut evaluations) = (0.25, 0, 0);
    while halved <= HALVINGS {
        let mut best: Option<(f64, usize, f64)> = None;
        for (hedge, &(low, high)) in bounds.iter().enumerate() {
            for sign in [1.0, -1.0] {
                let kept = at[hedge];
                let moved = (kept + sign * share * (high - low)).clamp(low, high);
                if moved == kept {
                    continue;
                }
                at[hedge] = moved;
                let tried = requirement(at)?;
                at[hedge] = kept;
                evaluations += 1;
                if tried < best.map_or(*value, |(known, ..)| known) {
                    best = Some((tried, hedge, moved));
                }
            }
        }
        match best {
            Some((better, hedge, moved)) => {
                at[hedge] = moved;
                *value = better;
            }
            None => {
                share *= 0.5;
                halved += 1;
            }
        }
    }
    Ok(evaluations)
}

/// A hedge of low VaR: the search from no hedge and from the hedge of least expected shortfall, whose VaR is near its least.
///
/// # Errors
/// As [`least_shortfall`].
pub fn least_var(
    base: &[f64],
    units: ArrayView2<'_, f64>,
    bounds: &[(f64, f64)],
    level: Level,
) -> Result<Hedge, RiskError> {
    let start = least_shortfall(base, units, bounds, level)?.quantities;
    let (measure, mut scratch) = (RiskMeasure::new(Measure::Var, level), Scratch::default());
    let mut pnl = vec![0.0; base.len()];
    least_requirement(bounds, &[start], &mut |quantities| {
        pnl.copy_from_slice(base);
        for (unit, quantity) in units.rows().into_iter().zip(quantities) {
            pnl.iter_mut().zip(unit).for_each(|(sum, one)| *sum += quantity * one);
        }
        Ok(measure.of(&pnl, None, &mut scratch)?.amount)
    })
}
