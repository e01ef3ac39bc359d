//! Value at risk and expected shortfall of a vector of P&L.
//!
//! The figures are those of [`mpor_stats::quantile`] and [`mpor_stats::weighted`], on losses `L = -P&L`; here the sign
//! turns, and the scenario behind the figure is found: the one whose loss is the `ceil(n tail)`-th largest, or with
//! weights the first, from the largest, whose cumulative weight reaches the tail. Of equal losses the earlier binds.
//!
//! Losses are positive and not clamped: a VaR below zero says that even the tail gains.

use mpor_stats::quantile::{expected_shortfall, worst_mean as worst_losses_mean};
use mpor_stats::weighted::weighted_tail;
use mpor_stats::{Level, QuantileRule, Side};
use serde::{Deserialize, Serialize};

use crate::error::RiskError;

/// Which figure is taken of the tail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Value at risk.
    Var,
    /// Expected shortfall: the mean of the worst `n * tail` losses, the last one in part.
    Es,
}

/// A measure at a level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RiskMeasure {
    /// Value at risk or expected shortfall.
    pub measure: Measure,
    /// Confidence level.
    pub level: Level,
    /// How a VaR is read off equally likely scenarios. Expected shortfall and weighted scenarios have one rule only.
    pub rule: QuantileRule,
    /// Whether the rule is applied to losses or to P&L.
    pub side: Side,
}

/// A risk figure and the scenario behind it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    /// Loss in the currency of the P&L: positive is a loss.
    pub amount: f64,
    /// Column of the VaR scenario: the least of the losses in the tail.
    pub binding: usize,
}

/// Memory that measures reuse from one portfolio to the next.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    losses: Vec<f64>,
    order: Vec<f64>,
    weighted: Vec<(f64, f64)>,
}

impl RiskMeasure {
    /// `measure` at `level`, a VaR being the `ceil(n * tail)`-th largest loss.
    #[must_use]
    pub fn new(measure: Measure, level: Level) -> Self {
        RiskMeasure { measure, level, rule: QuantileRule::HsCeil, side: Side::Loss }
    }

    /// The figure for P&L by scenario (gain positive), with relative weights where scenarios do not all weigh the same.
    ///
    /// # Errors
    /// [`RiskError::NoScenarios`] for an empty vector; [`RiskError::Stats`] for P&L that is not finite or weights that
    /// are not one number, zero or more, a scenario.
    pub fn of(
        &self,
        pnl: &[f64],
        weights: Option<&[f64]>,
        scratch: &mut Scratch,
    ) -> Result<Figure, RiskError> {
        scratch.take_losses(pnl)?;
        let Scratch { losses, order, weighted } = scratch;
        let (var, es) = match weights {
            Some(weights) => {
                let tail = weighted_tail(losses, weights, self.level, weighted)?;
                (tail.var, tail.expected_shortfall)
            }
            None => self.equally_likely(losses, order)?,
        };
        let (amount, threshold) = match (self.measure, weights) {
            (Measure::Var, None) if self.rule != QuantileRule::HsCeil => {
                (self.rule.var(losses, self.level, self.side, order)?, var)
            }
            (Measure::Var, _) => (var, var),
            (Measure::Es, _) => (es, var),
        };
        Ok(Figure { amount, binding: position(losses, threshold) })
    }

    /// The `ceil(n * tail)`-th largest loss, and the expected shortfall where it is asked for.
    fn equally_likely(
        &self,
        losses: &[f64],
        order: &mut Vec<f64>,
    ) -> Result<(f64, f64), RiskError> {
        let var = QuantileRule::HsCeil.var(losses, self.level, self.side, order)?;
        let es = match self.measure {
            Measure::Var => var,
            Measure::Es => expected_shortfall(losses, self.level, order)?,
        };
        Ok((var, es))
    }
}

/// Mean of the `count` largest losses; the least of them binds.
///
/// # Errors
/// [`RiskError::NoScenarios`] for an empty vector; [`RiskError::Stats`] for a count of zero or above the number of
/// scenarios, and for P&L that is not finite.
pub fn worst_mean(pnl: &[f64], count: usize, scratch: &mut Scratch) -> Result<Figure, RiskError> {
    scratch.take_losses(pnl)?;
    let Scratch { losses, order, .. } = scratch;
    let amount = worst_losses_mean(losses, count, order)?;
    let least = order[..count].iter().copied().fold(f64::INFINITY, f64::min);
    Ok(Figure { amount, binding: position(losses, least) })
}

impl Scratch {
    /// Turns the sign: the one place where P&L becomes loss.
    fn take_losses(&mut self, pnl: &[f64]) -> Result<(), RiskError> {
        if pnl.is_empty() {
            return Err(RiskError::NoScenarios);
        }
        self.losses.clear();
        self.losses.extend(pnl.iter().map(|gain| -gain));
        Ok(())
    }
}

/// The first scenario with this loss.
fn position(losses: &[f64], loss: f64) -> usize {
    losses.iter().position(|&known| known == loss).unwrap_or(0)
}
