//! Which position carries the risk? VaR and ES of each account split by position and by underlying.
//!
//! Components add up to the figure (for a VaR, to its estimate by Harrell and Davis, which the table has too); incremental
//! figures say what removal would do and do not add up. See [`mpor_risk::contribution::euler`]. Standard errors are given where
//! the scenarios are independent draws; overlapping moves of history are not.

use mpor_core::UnderlyingIx;
use mpor_risk::contribution::{Contributions, contributions};
use mpor_risk::scenario::Draws;
use mpor_risk::{Day, Measure, Revaluation, RiskError, ScenarioSpec};
use ndarray::Array2;

use super::scene::Scene;
use super::windows;
use crate::error::MporError;

/// One part of one figure of one account.
#[derive(Clone, Debug)]
pub(crate) struct Split {
    pub account: usize,
    /// `var` or `es`.
    pub measure: &'static str,
    /// `position` or `underlying`.
    pub by: &'static str,
    pub name: String,
    pub underlying: String,
    /// Contracts; `None` for an underlying.
    pub quantity: Option<f64>,
    /// Change of the figure per further contract; `None` for an underlying.
    pub marginal: Option<f64>,
    pub component: f64,
    /// Of the sum of the components; `None` where that is zero.
    pub share: Option<f64>,
    pub incremental: f64,
    pub standard_error: Option<f64>,
    /// The figure of the account, and what the components add up to.
    pub figure: f64,
    pub total: f64,
}

pub(super) fn run(scene: &Scene<'_>, day: &Day<'_>) -> Result<Vec<Split>, MporError> {
    let failed = |error| scene.failed(&["contributions"], error);
    let recent = windows::moves(scene.window, scene);
    let spec = scene.spec.contributions.as_ref().unwrap_or(&recent);
    let revaluation = day.revaluation(spec).map_err(failed)?;
    let draws = match spec {
        ScenarioSpec::MonteCarlo(spec) => spec.draws == Draws::Independent,
        ScenarioSpec::Copula(_) => true,
        _ => false,
    };
    let mut all = Vec::new();
    for account in 0..scene.accounts.len() {
        if scene.portfolio(account).is_empty() {
            continue;
        }
        for (measure, name) in [(Measure::Var, "var"), (Measure::Es, "es")] {
            let account = Account { scene, day, revaluation: &revaluation, account, draws };
            all.extend(account.split(measure, name).map_err(failed)?);
        }
    }
    Ok(all)
}

struct Account<'a> {
    scene: &'a Scene<'a>,
    day: &'a Day<'a>,
    revaluation: &'a Revaluation,
    account: usize,
    draws: bool,
}

impl Account<'_> {
    /// Positions first, then underlyings.
    fn split(&self, measure: Measure, name: &'static str) -> Result<Vec<Split>, RiskError> {
        let (universe, level) = (self.day.universe, self.scene.level);
        let positions = self.scene.portfolio(self.account).positions();
        let scenarios = self.revaluation.scenarios.len();
        let mut units = Array2::zeros((positions.len(), scenarios));
        let mut groups: Vec<UnderlyingIx> =
            positions.iter().map(|held| universe.instrument(held.instrument).underlying).collect();
        let of_position = groups.clone();
        groups.sort_unstable();
        groups.dedup();
        let mut sums = Array2::zeros((groups.len(), scenarios));
        for (row, held) in positions.iter().enumerate() {
            let Some(at) = self.day.row(held.instrument) else { continue };
            let unit = self.revaluation.pnl.row(at);
            units.row_mut(row).assign(&unit);
            let group = groups.iter().position(|group| *group == of_position[row]).unwrap_or(0);
            sums.row_mut(group).scaled_add(held.quantity, &unit);
        }
        let quantities: Vec<f64> = positions.iter().map(|held| held.quantity).collect();
        let weights = self.revaluation.weights.as_deref();
        let by_position = contributions(units.view(), &quantities, weights, measure, level)?;
        let ones = vec![1.0; groups.len()];
        let by_underlying = contributions(sums.view(), &ones, weights, measure, level)?;
        let underlying = |ix: UnderlyingIx| self.scene.underlying(ix.0).to_owned();
        let mut all = Vec::new();
        for ((held, &group), at) in positions.iter().zip(&of_position).zip(0..) {
            let instrument = universe.instrument(held.instrument).name.clone();
            all.push(Split {
                quantity: Some(held.quantity),
                marginal: Some(by_position.shares[at].marginal),
                ..self.part(&by_position, at, name, ("position", instrument, underlying(group)))
            });
        }
        for (at, &group) in groups.iter().enumerate() {
            let named = ("underlying", underlying(group), underlying(group));
            all.push(self.part(&by_underlying, at, name, named));
        }
        Ok(all)
    }

    fn part(
        &self,
        of: &Contributions,
        at: usize,
        measure: &'static str,
        (by, name, underlying): (&'static str, String, String),
    ) -> Split {
        let share = of.shares[at];
        Split {
            account: self.account,
            measure,
            by,
            name,
            underlying,
            quantity: None,
            marginal: None,
            component: share.component,
            share: (of.total != 0.0).then(|| share.component / of.total),
            incremental: share.incremental,
            standard_error: share.standard_error.filter(|_| self.draws),
            figure: of.figure,
            total: of.total,
        }
    }
}
