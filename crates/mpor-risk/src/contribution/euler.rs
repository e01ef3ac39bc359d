//! How much of a VaR or an expected shortfall does each position carry?
//!
//! ```text
//! unit losses X[i, s] of one contract, quantities q, losses L[s] = sum_i q[i] X[i, s], scenarios by falling loss s(1), s(2), ...
//! marginal[i]    = sum_k a[k] X[i, s(k)],       component[i] = q[i] marginal[i],       sum of components = sum_k a[k] L[s(k)]
//! ES             a[k] = 1 / (n tail) for the worst floor(n tail), the rest of the mass on the next: the ES of the scenarios
//! VaR            a[k] = B(k / n) - B((k - 1) / n),  B the beta distribution with shapes (n + 1) tail and (n + 1) level: Harrell and Davis
//! incremental[i] = figure of the book - figure of the book without position i
//! ```
//!
//! A derivative of the plain VaR is the P&L of one scenario and jumps with it; Harrell and Davis weigh the scenarios
//! near it, and the components add up to **their** estimate of the VaR, which is reported beside the plain one. Of
//! equal losses the earlier scenario counts as the larger.
//!
//! ```text
//! standard error of an ES component, n independent scenarios:
//! psi[s] = q[i] 1{L[s] >= VaR} (X[i, s] - m[i]) / tail + q[i] m[i] - component[i],   error = sqrt(sum psi^2) / n,   m[i] = marginal of the VaR
//! ```
//!
//! Sources: Tasche (1999), "Risk contributions and performance measurement", TU München, for the Euler rule; Harrell
//! and Davis (1982), "A new distribution-free quantile estimator", Biometrika 69(3), 635-640. Components say what a
//! small change of a position does; incremental figures what its removal does, and those do not add up.

use mpor_core::Portfolio;
use mpor_stats::Level;
use mpor_stats::beta_law::beta_cdf;
use ndarray::ArrayView2;

use crate::checks::{finite, lengths};
use crate::error::RiskError;
use crate::measure::{Measure, RiskMeasure, Scratch};
use crate::revaluation::Revaluation;

/// A figure by position.
#[derive(Clone, Debug, PartialEq)]
pub struct Contributions {
    /// What the components add up to: the ES, or the VaR of Harrell and Davis.
    pub total: f64,
    /// The figure as [`RiskMeasure`] gives it; equal to `total` for an ES.
    pub figure: f64,
    /// One entry a position, in their order.
    pub shares: Vec<Share>,
}

/// One position's part in a figure, in reporting currency, positive = adds to the loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// Contracts held.
    pub quantity: f64,
    /// Change of the figure per further contract.
    pub marginal: f64,
    /// Quantity times marginal.
    pub component: f64,
    /// What the figure would lose without the position.
    pub incremental: f64,
    /// Standard error of the component, for the ES of equally likely scenarios.
    pub standard_error: Option<f64>,
}

/// Contributions to the figure of a book: `units[[position, scenario]]` is the P&L of one contract, gain positive.
///
/// # Errors
/// [`RiskError::NoScenarios`]; [`RiskError::Stats`] for lengths that differ, values that are not finite or weights that
/// are none.
pub fn contributions(
    units: ArrayView2<'_, f64>,
    quantities: &[f64],
    weights: Option<&[f64]>,
    measure: Measure,
    level: Level,
) -> Result<Contributions, RiskError> {
    lengths("positions and quantities", units.nrows(), quantities.len())?;
    finite(units.iter().chain(quantities))?;
    let pnl = book(units, quantities);
    let (rule, mut scratch) = (RiskMeasure::new(measure, level), Scratch::default());
    let figure = rule.of(&pnl, weights, &mut scratch)?.amount;
    let order = falling_loss(&pnl);
    let kernel = match measure {
        Measure::Es => tail_mean(&order, weights, level),
        Measure::Var => harrell_davis(&order, weights, level)?,
    };
    let errors = match (measure, weights) {
        (Measure::Es, None) => Some(Errors::new(&pnl, &order, level)?),
        _ => None,
    };
    let (mut shares, mut without) = (Vec::with_capacity(quantities.len()), vec![0.0; pnl.len()]);
    for (unit, &quantity) in units.rows().into_iter().zip(quantities) {
        let marginal = -order.iter().zip(&kernel).map(|(&s, a)| a * unit[s]).sum::<f64>();
        let component = quantity * marginal;
        for ((rest, all), one) in without.iter_mut().zip(&pnl).zip(unit) {
            *rest = all - quantity * one;
        }
        let left = rule.of(&without, weights, &mut scratch)?.amount;
        let unit = unit.to_vec();
        let standard_error = errors.as_ref().map(|errors| errors.of(&unit, quantity, component));
        shares.push(Share {
            quantity,
            marginal,
            component,
            incremental: figure - left,
            standard_error,
        });
    }
    let total = match measure {
        Measure::Es => figure,
        Measure::Var => -order.iter().zip(&kernel).map(|(&s, a)| a * pnl[s]).sum::<f64>(),
    };
    Ok(Contributions { total, figure, shares })
}

/// Contributions of a portfolio's positions, in instrument order, on a day's revaluation.
///
/// # Errors
/// As [`contributions`]; [`RiskError::SetShape`] for a position that the revaluation does not hold.
pub fn of_portfolio(
    revaluation: &Revaluation,
    portfolio: &Portfolio,
    measure: Measure,
    level: Level,
) -> Result<Contributions, RiskError> {
    let positions = portfolio.positions();
    let rows: Vec<usize> = positions
        .iter()
        .filter_map(|position| revaluation.held.binary_search(&position.instrument).ok())
        .collect();
    if rows.len() != positions.len() {
        let (found, expected) = (rows.len(), positions.len());
        return Err(RiskError::SetShape { what: "positions with a unit P&L", found, expected });
    }
    let units = revaluation.pnl.select(ndarray::Axis(0), &rows);
    let quantities: Vec<f64> = positions.iter().map(|position| position.quantity).collect();
    contributions(units.view(), &quantities, revaluation.weights.as_deref(), measure, level)
}

/// P&L of a book by scenario: positions add in order.
fn book(units: ArrayView2<'_, f64>, quantities: &[f64]) -> Vec<f64> {
    let mut pnl = vec![0.0; units.ncols()];
    for (unit, quantity) in units.rows().into_iter().zip(quantities) {
        pnl.iter_mut().zip(unit).for_each(|(sum, one)| *sum += quantity * one);
    }
    pnl
}

fn falling_loss(pnl: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..pnl.len()).collect();
    order.sort_by(|&a, &b| pnl[a].total_cmp(&pnl[b]));
    order
}

/// Shares of the scenarios, in falling order of loss, as fractions of their total.
fn shares_of(order: &[usize], weights: Option<&[f64]>) -> Vec<f64> {
    match weights {
        None => vec![1.0 / order.len() as f64; order.len()],
        Some(weights) => {
            let total: f64 = weights.iter().sum();
            order.iter().map(|&s| weights[s] / total).collect()
        }
    }
}

/// Weights of the mean over the tail, the last scenario in part.
fn tail_mean(order: &[usize], weights: Option<&[f64]>, level: Level) -> Vec<f64> {
    let mass = level.tail_mass(order.len());
    if weights.is_none() {
        let whole = mass.floor();
        return (0..order.len())
            .map(|k| {
                if (k as f64) < whole {
                    1.0
                } else if k as f64 == whole {
                    mass - whole
                } else {
                    0.0
                }
            })
            .map(|part| part / mass)
            .collect();
    }
    let mut left = level.tail();
    let part = |share: f64| {
        let used = share.min(left);
        left -= used;
        used / level.tail()
    };
    shares_of(order, weights).into_iter().map(part).collect()
}

/// Weights of Harrell and Davis, the largest loss first. With weighted scenarios `n` is their effective number, `1 /
/// sum of squared shares`.
fn harrell_davis(
    order: &[usize],
    weights: Option<&[f64]>,
    level: Level,
) -> Result<Vec<f64>, RiskError> {
    let shares = shares_of(order, weights);
    let n = 1.0 / shares.iter().map(|share| share * share).sum::<f64>();
    let (a, b) = ((n + 1.0) * level.tail(), (n + 1.0) * level.value());
    let (mut reached, mut before, mut kernel) = (0.0, 0.0, Vec::with_capacity(order.len()));
    for (k, share) in shares.iter().enumerate() {
        reached = if k + 1 == order.len() { 1.0 } else { reached + share };
        let now = beta_cdf(f64::min(reached, 1.0), a, b)?;
        kernel.push(now - before);
        before = now;
    }
    Ok(kernel)
}

/// What the standard errors of components share.
struct Errors {
    /// Scenarios at or beyond the VaR.
    beyond: Vec<usize>,
    order: Vec<usize>,
    kernel: Vec<f64>,
    tail: f64,
    scenarios: usize,
}

impl Errors {
    fn new(pnl: &[f64], order: &[usize], level: Level) -> Result<Self, RiskError> {
        let rank = level.tail_rank(pnl.len());
        Ok(Errors {
            beyond: order[..rank].to_vec(),
            kernel: harrell_davis(order, None, level)?,
            order: order.to_vec(),
            tail: level.tail(),
            scenarios: pnl.len(),
        })
    }

    fn of(&self, unit: &[f64], quantity: f64, component: f64) -> f64 {
        let at_var = -self.order.iter().zip(&self.kernel).map(|(&s, a)| a * unit[s]).sum::<f64>();
        let level = quantity * at_var - component;
        let inside = (self.scenarios - self.beyond.len()) as f64 * level * level;
        let square = |&s: &usize| {
            let psi = quantity * (-unit[s] - at_var) / self.tail + level;
            psi * psi
        };
        (inside + self.beyond.iter().map(square).sum::<f64>()).sqrt() / self.scenarios as f64
    }
}
