//! Lines through points: least squares of a few columns, and the line that a quantile follows.
//!
//! ```text
//! least squares:  b = (X' W X)^-1 X' W y
//! quantile line:  min over a, b of sum w (y - a - b x) (tau - 1[y < a + b x])
//! ```
//!
//! The quantile line is exact: a minimum passes through two points, and from each such line the best one that keeps one of the two
//! points is found by sorting, until neither point offers a better line. The objective is convex, so that is the minimum.
//! Source: Koenker and Bassett (1978), Econometrica 46(1), 33-50; Bloomfield and Steiger (1983), "Least Absolute Deviations".

use crate::error::{StatsError, all_finite, at_least};

/// A pivot smaller than this share of the diagonal it came from means linearly dependent columns.
const COLLINEAR: f64 = 1e-12;

/// More pivots than any series has needed; guards against cycling among ties.
const MAX_PIVOTS: usize = 1000;

/// Solves `A x = b` for a symmetric positive-definite `A` given row by row; `None` where columns are dependent.
#[must_use]
pub fn solve_positive(a: &[Vec<f64>], b: &[f64]) -> Option<Vec<f64>> {
    let n = b.len();
    let mut low = vec![vec![0.0; n]; n];
    for i in 0..n {
        for j in 0..=i {
            let known: f64 = (0..j).map(|k| low[i][k] * low[j][k]).sum();
            let left = a[i][j] - known;
            if i != j {
                low[i][j] = left / low[j][j];
            } else if left > COLLINEAR * a[i][i].abs() {
                low[i][i] = left.sqrt();
            } else {
                return None;
            }
        }
    }
    let mut x = vec![0.0; n];
    for i in 0..n {
        let known: f64 = (0..i).map(|k| low[i][k] * x[k]).sum();
        x[i] = (b[i] - known) / low[i][i];
    }
    for i in (0..n).rev() {
        let known: f64 = (i + 1..n).map(|k| low[k][i] * x[k]).sum();
        x[i] = (x[i] - known) / low[i][i];
    }
    Some(x)
}

/// `b' A^-1 b` for a symmetric positive-definite `A`: what a Wald test of `b = 0` compares with chi-squared.
#[must_use]
pub fn quadratic_form(a: &[Vec<f64>], b: &[f64]) -> Option<f64> {
    let x = solve_positive(a, b)?;
    Some(x.iter().zip(b).map(|(x, b)| x * b).sum())
}

/// `X' W X` of columns with one weight a row.
#[must_use]
pub fn weighted_products(columns: &[Vec<f64>], weight: &[f64]) -> Vec<Vec<f64>> {
    let entry = |a: &[f64], b: &[f64]| -> f64 {
        a.iter().zip(b).zip(weight).map(|((a, b), w)| w * a * b).sum()
    };
    columns.iter().map(|a| columns.iter().map(|b| entry(a, b)).collect()).collect()
}

/// Weighted least squares; `None` where columns are dependent.
#[must_use]
pub fn least_squares(columns: &[Vec<f64>], y: &[f64], weight: &[f64]) -> Option<Vec<f64>> {
    let right = |column: &Vec<f64>| -> f64 {
        column.iter().zip(y).zip(weight).map(|((x, y), w)| w * x * y).sum()
    };
    let right: Vec<f64> = columns.iter().map(right).collect();
    solve_positive(&weighted_products(columns, weight), &right)
}

/// Intercept and slope of the line below which a share `tau` of the weight of `y` lies.
///
/// # Errors
/// [`StatsError`] below two points, for unequal lengths, values that are not finite, `tau` outside (0, 1) or a constant `x`.
pub fn quantile_line(
    x: &[f64],
    y: &[f64],
    weight: &[f64],
    tau: f64,
) -> Result<(f64, f64), StatsError> {
    const WHAT: &str = "a quantile line";
    at_least(WHAT, 2, y.len())?;
    for (values, what) in [(x, "points of a quantile line"), (weight, "weights of a quantile line")]
    {
        all_finite(values)?;
        if values.len() != y.len() {
            return Err(StatsError::Lengths { what, left: values.len(), right: y.len() });
        }
    }
    all_finite(y)?;
    let refuse = |argument, found, expected| {
        Err(StatsError::Domain { function: WHAT, argument, found, expected })
    };
    if !(tau > 0.0 && tau < 1.0) {
        return refuse("the level", tau, "strictly between 0 and 1");
    }
    if x.iter().all(|value| *value == x[0]) {
        return refuse("every x", x[0], "not all equal");
    }
    let points = Points { x, y, weight, tau };
    Ok(points.descend())
}

struct Points<'a> {
    x: &'a [f64],
    y: &'a [f64],
    weight: &'a [f64],
    tau: f64,
}

impl Points<'_> {
    fn descend(&self) -> (f64, f64) {
        let n = self.y.len();
        let level = vec![0.0; n];
        let everywhere = vec![1.0; n];
        let Some((intercept, mut pivot)) = self.best_step(&level, &everywhere) else {
            return (0.0, 0.0);
        };
        let mut line = (intercept, 0.0);
        let mut least = self.objective(line);
        let mut failed = 0;
        for _ in 0..MAX_PIVOTS {
            let through: Vec<f64> = self.x.iter().map(|x| x - self.x[pivot]).collect();
            let flat: Vec<f64> = self.x.iter().map(|_| self.y[pivot]).collect();
            let Some((slope, other)) = self.best_step(&flat, &through) else { break };
            let candidate = (self.y[pivot] - slope * self.x[pivot], slope);
            let objective = self.objective(candidate);
            if objective < least {
                (least, line, failed) = (objective, candidate, 0);
            } else {
                failed += 1;
            }
            if failed == 2 {
                break;
            }
            pivot = other;
        }
        line
    }

    fn objective(&self, (a, b): (f64, f64)) -> f64 {
        let loss = |((x, y), w): ((&f64, &f64), &f64)| {
            let left = y - a - b * x;
            w * left * if left < 0.0 { self.tau - 1.0 } else { self.tau }
        };
        self.x.iter().zip(self.y).zip(self.weight).map(loss).sum()
    }

    /// The `s` that minimises the objective of `base + s direction`, and the point that this line meets.
    fn best_step(&self, base: &[f64], direction: &[f64]) -> Option<(f64, usize)> {
        let mut slope = 0.0;
        let mut breaks: Vec<(f64, f64, usize)> = Vec::with_capacity(base.len());
        for (at, &d) in direction.iter().enumerate() {
            if d != 0.0 {
                let size = self.weight[at] * d.abs();
                slope -= size * if d > 0.0 { self.tau } else { 1.0 - self.tau };
                breaks.push(((self.y[at] - base[at]) / d, size, at));
            }
        }
        breaks.sort_by(|a, b| a.0.total_cmp(&b.0));
        for (step, size, at) in breaks {
            slope += size;
            if slope >= 0.0 {
                return Some((step, at));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_system_by_hand() {
        let x = solve_positive(&[vec![4.0, 2.0], vec![2.0, 3.0]], &[10.0, 9.0]).unwrap();
        assert!((x[0] - 1.5).abs() < 1e-14 && (x[1] - 2.0).abs() < 1e-14);
        assert!(solve_positive(&[vec![1.0, 1.0], vec![1.0, 1.0]], &[1.0, 1.0]).is_none());
    }

    /// Against every line through two points: a minimum is among them.
    #[test]
    fn no_line_through_two_points_is_better() {
        let x: Vec<f64> = (0..40).map(|i| f64::from(i * 17 % 41) / 10.0).collect();
        let y: Vec<f64> =
            (0..40).map(|i| f64::from(i * 29 % 43) / 7.0 + 0.4 * x[i as usize]).collect();
        let weight: Vec<f64> = (0..40).map(|i| 1.0 + f64::from(i % 3)).collect();
        for tau in [0.5, 0.9, 0.975] {
            let points = Points { x: &x, y: &y, weight: &weight, tau };
            let found = points.objective(quantile_line(&x, &y, &weight, tau).unwrap());
            for i in 0..40 {
                for j in 0..i {
                    if x[i] != x[j] {
                        let slope = (y[i] - y[j]) / (x[i] - x[j]);
                        let other = points.objective((y[i] - slope * x[i], slope));
                        assert!(found <= other + 1e-12, "tau {tau}: {found} {other}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_has_no_line_is_refused() {
        assert!(quantile_line(&[1.0, 1.0], &[1.0, 2.0], &[1.0, 1.0], 0.5).is_err());
        assert!(quantile_line(&[1.0], &[1.0], &[1.0], 0.5).is_err());
        assert!(quantile_line(&[1.0, 2.0], &[1.0, f64::NAN], &[1.0, 1.0], 0.5).is_err());
    }
}
