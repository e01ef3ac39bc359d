//! What are the correlations of today? Dynamic conditional correlation, DCC(1,1).
//!
//! ```text
//! z[t]    returns over their own volatilities, known before t
//! Q[t+1]  = (1 - a - b) Qbar + a z[t] z[t]' + b Q[t],     Qbar = mean of z z', Q[0] = Qbar,   a, b >= 0, a + b < 1
//! R[t]    = Q[t] scaled to a unit diagonal
//! second-step log likelihood = -1/2 sum_t ( log det R[t] + z' R[t]^-1 z - z' z )
//! ```
//!
//! Source: Engle (2002), "Dynamic conditional correlation", Journal of Business & Economic Statistics 20(3), 339-350:
//! two steps, correlations targeted at their sample mean. The first step, a volatility for each series, is done by the
//! caller (any filter that knows the past only) or by [`ewma_standardised`]. The fit states whether the optimiser
//! converged, stopped on the edge, or failed; it is never replaced in silence.

use mpor_stats::ewma::{Decay, ewma_volatility};
use ndarray::{Array2, ArrayView1, ArrayView2};

use super::nearest::smallest_eigenvalue;
use crate::checks::{at_least, finite, parameter};
use crate::descent::minimise;
use crate::error::RiskError;
use crate::status::{Edge, Status};

/// The two parameters and the target of the recursion.
#[derive(Clone, Debug, PartialEq)]
pub struct Dcc {
    /// Weight of the last products.
    pub news: f64,
    /// Weight of the last state.
    pub memory: f64,
    /// Mean products of the standardised returns.
    pub target: Array2<f64>,
}

/// A fitted recursion.
#[derive(Clone, Debug, PartialEq)]
pub struct DccFit {
    /// The parameters.
    pub model: Dcc,
    /// Second-step log likelihood, constants left out.
    pub log_likelihood: f64,
    /// Norm of its gradient in `(news, memory)`, by central differences, over the number of observations.
    pub gradient: f64,
    /// How the fit ended.
    pub status: Status,
    /// Correlations forecast for the step after the last.
    pub forecast: Array2<f64>,
}

/// Where the search starts.
const STARTS: [(f64, f64); 3] = [(0.03, 0.95), (0.05, 0.85), (0.15, 0.5)];

/// Parameters nearer to an edge than this are on it.
const EDGE: f64 = 1e-5;

impl Dcc {
    /// Maximises the second-step likelihood of standardised returns (rows: steps, columns: series).
    ///
    /// # Errors
    /// [`RiskError::Stats`] for fewer than two series, fewer rows than twenty and ten a series, or values that are not
    /// finite; [`RiskError::Parameter`] for series of which one is a combination of the others.
    pub fn fit(standardised: ArrayView2<'_, f64>) -> Result<DccFit, RiskError> {
        let (rows, columns) = standardised.dim();
        at_least("dynamic correlations (series)", 2, columns)?;
        at_least("dynamic correlations", 20 + 10 * columns, rows)?;
        finite(standardised.iter())?;
        let target = target(standardised)?;
        let mut lost = |x: &[f64]| {
            let (news, memory) = unbounded(x);
            -Dcc { news, memory, target: target.clone() }.log_likelihood(standardised)
        };
        let mut best = minimise(&bounded(STARTS[0]), 0.5, &mut lost);
        for start in &STARTS[1..] {
            let other = minimise(&bounded(*start), 0.5, &mut lost);
            if other.value < best.value {
                best = other;
            }
        }
        let (news, memory) = unbounded(&best.at);
        let edges = [
            (news < EDGE, Edge::NoNews),
            (memory < EDGE, Edge::NoMemory),
            (1.0 - news - memory < EDGE, Edge::UnitPersistence),
        ];
        let status = Status::of_search(best.value, best.converged, Edge::first(&edges));
        let model = Dcc { news, memory, target };
        let gradient = model.gradient(standardised);
        let forecast = model.path(standardised).pop().unwrap_or_else(|| model.target.clone());
        Ok(DccFit { log_likelihood: -best.value, gradient, status, forecast, model })
    }

    /// Correlations by step, one more than rows: the last is the forecast after them.
    #[must_use]
    pub fn path(&self, standardised: ArrayView2<'_, f64>) -> Vec<Array2<f64>> {
        let mut state = self.target.clone();
        let mut all = Vec::with_capacity(standardised.nrows() + 1);
        all.push(scaled(&state));
        for row in standardised.rows() {
            self.step(&mut state, row);
            all.push(scaled(&state));
        }
        all
    }

    /// Second-step log likelihood, constants left out; minus infinity where a correlation matrix is singular.
    #[must_use]
    pub fn log_likelihood(&self, standardised: ArrayView2<'_, f64>) -> f64 {
        let mut state = self.target.clone();
        let mut sum = 0.0;
        for row in standardised.rows() {
            let Some(term) = quadratic(&scaled(&state), row) else { return f64::NEG_INFINITY };
            sum -= 0.5 * (term - row.dot(&row));
            self.step(&mut state, row);
        }
        sum
    }

    fn step(&self, state: &mut Array2<f64>, row: ArrayView1<'_, f64>) {
        let rest = 1.0 - self.news - self.memory;
        for ((i, j), q) in state.indexed_iter_mut() {
            *q = rest * self.target[[i, j]] + self.news * row[i] * row[j] + self.memory * *q;
        }
    }

    fn gradient(&self, standardised: ArrayView2<'_, f64>) -> f64 {
        let slope = |news: f64, memory: f64| {
            let at = |sign: f64| {
                let target = self.target.clone();
                let moved = Dcc {
                    news: self.news + sign * news,
                    memory: self.memory + sign * memory,
                    target,
                };
                moved.log_likelihood(standardised)
            };
            (at(1.0) - at(-1.0)) / (2.0 * (news + memory))
        };
        let h = 1e-6;
        libm::hypot(slope(h, 0.0), slope(0.0, h)) / standardised.nrows() as f64
    }
}

/// Returns (rows: steps, columns: series) over the exponentially weighted volatility known before each of them; the
/// rows of the burn-in, whose volatilities know later returns, are left out.
///
/// # Errors
/// [`RiskError::Stats`] for no rows beyond the burn-in or values that are not finite; [`RiskError::Parameter`] for a
/// series that did not move.
pub fn ewma_standardised(
    returns: ArrayView2<'_, f64>,
    decay: Decay,
    burn_in: usize,
) -> Result<Array2<f64>, RiskError> {
    let (rows, columns) = returns.dim();
    at_least("standardised returns", burn_in + 1, rows)?;
    let mut out = Array2::zeros((rows - burn_in, columns));
    for (column, series) in returns.columns().into_iter().enumerate() {
        let volatility = ewma_volatility(&series.to_vec(), decay, burn_in)?;
        for step in burn_in..rows {
            if volatility[step] == 0.0 {
                let found = format!("column {column} did not move before row {step}");
                return Err(parameter("returns", found, "series that move"));
            }
            out[[step - burn_in, column]] = series[step] / volatility[step];
        }
    }
    Ok(out)
}

/// Mean products, refused where they are singular.
fn target(standardised: ArrayView2<'_, f64>) -> Result<Array2<f64>, RiskError> {
    let n = standardised.ncols();
    let rows = standardised.nrows() as f64;
    let target = Array2::from_shape_fn((n, n), |(i, j)| {
        let (a, b) = (standardised.column(i), standardised.column(j));
        a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>() / rows
    });
    if target.diag().iter().any(|v| *v <= 0.0)
        || smallest_eigenvalue(scaled(&target).view())? < 1e-10
    {
        let expected = "series of which none is a combination of the others: the correlation matrix is singular";
        return Err(parameter("standardised returns", "a singular correlation", expected));
    }
    Ok(target)
}

fn scaled(q: &Array2<f64>) -> Array2<f64> {
    let roots: Vec<f64> = q.diag().iter().map(|v| v.sqrt()).collect();
    Array2::from_shape_fn(
        q.dim(),
        |(i, j)| if i == j { 1.0 } else { q[[i, j]] / (roots[i] * roots[j]) },
    )
}

/// `log det R + z' R^-1 z` by a triangular root; `None` for a singular matrix.
fn quadratic(r: &Array2<f64>, z: ArrayView1<'_, f64>) -> Option<f64> {
    let n = r.nrows();
    let mut root = Array2::<f64>::zeros((n, n));
    let mut solved = vec![0.0; n];
    let mut sum = 0.0;
    for i in 0..n {
        for j in 0..i {
            let inner: f64 = (0..j).map(|k| root[[i, k]] * root[[j, k]]).sum();
            root[[i, j]] = (r[[i, j]] - inner) / root[[j, j]];
        }
        let pivot = r[[i, i]] - (0..i).map(|k| root[[i, k]] * root[[i, k]]).sum::<f64>();
        if pivot <= 0.0 {
            return None;
        }
        root[[i, i]] = pivot.sqrt();
        let inner: f64 = (0..i).map(|k| root[[i, k]] * solved[k]).sum();
        solved[i] = (z[i] - inner) / root[[i, i]];
        sum += libm::log(pivot) + solved[i] * solved[i];
    }
    Some(sum)
}

/// From the plane to the triangle: persistence and its share of news by logistic functions.
fn unbounded(x: &[f64]) -> (f64, f64) {
    let logistic = |x: f64| 1.0 / (1.0 + libm::exp(-x));
    let (persistence, share) = (logistic(x[0]), logistic(x[1]));
    (persistence * share, persistence * (1.0 - share))
}

fn bounded((news, memory): (f64, f64)) -> [f64; 2] {
    let logit = |p: f64| libm::log(p / (1.0 - p));
    [logit(news + memory), logit(news / (news + memory))]
}
