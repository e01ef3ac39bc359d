//! The Murphy diagram: is one forecast better for every sensible score, or only for the one that was chosen?
//!
//! Every score that a quantile, or value at risk with expected shortfall, minimises is a mixture of elementary ones, one for each
//! threshold `x`. Mean elementary scores over thresholds:
//!
//! ```text
//! quantile   S(x) = p 1[loss <= x < var] + level 1[var <= x < loss]
//! shortfall  S(x) = 1[es <= x] ( (loss - var)+ / p + var - x ) + (x - loss)+
//! ```
//!
//! A forecast whose curve lies below another's everywhere is better whatever the score. The area under the quantile curve is the mean
//! pinball loss. Source: Ehm, Gneiting, Jordan and Krueger (2016), Journal of the Royal Statistical Society B 78(3), 505-562, theorem 1;
//! Ziegel, Krueger, Jordan and Fasciati (2020), "Robust Forecast Evaluation of Expected Shortfall", Journal of Financial
//! Econometrics 18(1), 95-120, with losses positive.

use crate::coverage::{CoverageError, Forecasts};

/// A point of a diagram.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// The threshold, in the unit of the losses.
    pub threshold: f64,
    /// Mean elementary score there.
    pub score: f64,
}

/// So many thresholds, evenly from the smallest to the largest of losses and forecasts.
///
/// # Errors
/// [`CoverageError::TooShort`] without periods, for no threshold.
pub fn thresholds(forecasts: &[Forecasts<'_>], count: usize) -> Result<Vec<f64>, CoverageError> {
    let values = || forecasts.iter().flat_map(|one| one.loss().iter().chain(one.var()));
    if values().next().is_none() || count == 0 {
        return Err(CoverageError::TooShort { test: "murphy", needed: 1, found: 0 });
    }
    let low = values().copied().fold(f64::INFINITY, f64::min);
    let high = values().copied().fold(f64::NEG_INFINITY, f64::max);
    let step = (high - low) / count.saturating_sub(1).max(1) as f64;
    Ok((0..count).map(|at| low + step * at as f64).collect())
}

/// The curve of value at risk.
///
/// # Errors
/// [`CoverageError::TooShort`] without periods.
pub fn quantile(
    forecasts: &Forecasts<'_>,
    thresholds: &[f64],
) -> Result<Vec<Point>, CoverageError> {
    let (level, tail) = (forecasts.level().value(), forecasts.tail());
    // Each period adds a constant between loss and forecast: sorted ends make every threshold one look-up.
    let pairs = || forecasts.loss().iter().zip(forecasts.var());
    let calm = Intervals::of(pairs().filter(|(l, v)| l < v).map(|(l, v)| (*l, *v)));
    let hit = Intervals::of(pairs().filter(|(l, v)| l > v).map(|(l, v)| (*v, *l)));
    curve(forecasts, thresholds, |x| tail * calm.holding(x) + level * hit.holding(x))
}

/// The curve of expected shortfall.
///
/// # Errors
/// [`CoverageError`] without periods or expected shortfall.
pub fn shortfall(
    forecasts: &Forecasts<'_>,
    thresholds: &[f64],
) -> Result<Vec<Point>, CoverageError> {
    let es = forecasts.positive_es("murphy")?;
    let tail = forecasts.tail();
    let at = |x: f64| -> f64 {
        let score = |(loss, var, es): (f64, f64, f64)| {
            let realised = (loss - var).max(0.0) / tail + var - x;
            if es <= x { realised + (x - loss).max(0.0) } else { (x - loss).max(0.0) }
        };
        forecasts.rows(es).map(score).sum()
    };
    curve(forecasts, thresholds, at)
}

fn curve(
    forecasts: &Forecasts<'_>,
    thresholds: &[f64],
    sum: impl Fn(f64) -> f64,
) -> Result<Vec<Point>, CoverageError> {
    if forecasts.is_empty() {
        return Err(CoverageError::TooShort { test: "murphy", needed: 1, found: 0 });
    }
    let n = forecasts.len() as f64;
    let point = |threshold: &f64| Point { threshold: *threshold, score: sum(*threshold) / n };
    Ok(thresholds.iter().map(point).collect())
}

/// Half-open intervals `[start, end)`.
struct Intervals {
    starts: Vec<f64>,
    ends: Vec<f64>,
}

impl Intervals {
    fn of(intervals: impl Iterator<Item = (f64, f64)>) -> Self {
        let (mut starts, mut ends): (Vec<f64>, Vec<f64>) = intervals.unzip();
        starts.sort_by(f64::total_cmp);
        ends.sort_by(f64::total_cmp);
        Intervals { starts, ends }
    }

    /// How many hold `x`.
    fn holding(&self, x: f64) -> f64 {
        let begun = self.starts.partition_point(|start| *start <= x);
        let over = self.ends.partition_point(|end| *end <= x);
        (begun - over) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coverage::pinball;
    use mpor_core::Level;

    #[test]
    fn the_area_is_the_pinball_loss() {
        let loss = [0.3, 2.7, -1.0, 1.1];
        let var = [1.0, 1.5, 2.0, 0.2];
        let forecasts = Forecasts::new(&loss, &var, Level::new(0.9).unwrap()).unwrap();
        let grid = thresholds(std::slice::from_ref(&forecasts), 37_001).unwrap();
        let points = quantile(&forecasts, &grid).unwrap();
        let step = grid[1] - grid[0];
        let area: f64 = points.iter().map(|point| point.score * step).sum();
        let mean = pinball::mean(&forecasts).unwrap();
        assert!((area - mean).abs() < 1e-3 * mean, "{area} {mean}");
    }

    /// Each day's elementary score of a shortfall is lowest, on average, for the true pair.
    #[test]
    fn the_true_shortfall_has_the_lowest_curve() {
        let loss: Vec<f64> = (0..1000).map(|at| f64::from(at) / 1000.0).collect();
        let level = Level::new(0.9).unwrap();
        let curve = |var: f64, es: f64| {
            let (var, es) = (vec![var; 1000], vec![es; 1000]);
            let forecasts = Forecasts::new(&loss, &var, level).unwrap();
            let forecasts = forecasts.with_shortfall(&es).unwrap();
            shortfall(&forecasts, &[0.85, 0.93, 0.949, 0.951, 0.97]).unwrap()
        };
        let truth = curve(0.9, 0.95);
        for (var, es) in [(0.9, 0.92), (0.9, 0.96), (0.85, 0.95), (0.94, 0.98)] {
            for (right, wrong) in truth.iter().zip(curve(var, es)) {
                assert!(right.score <= wrong.score + 1e-3 * 0.1, "{right:?} {wrong:?}");
            }
        }
    }

    #[test]
    fn nothing_has_no_diagram() {
        let none = Forecasts::new(&[], &[], Level::P99).unwrap();
        assert!(quantile(&none, &[0.0]).is_err());
        assert!(thresholds(&[none], 5).is_err());
    }
}
