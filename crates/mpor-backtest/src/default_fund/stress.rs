//! What the stress scenarios of each margin date would cost beyond margin: the day's books revalued, with what is known on it.

use std::ops::Range;

use mpor_core::{Books, History, Horizon};
use mpor_risk::{Day, Revaluation, RiskError, ScenarioSpec, revalue};
use rayon::prelude::*;

use super::FundRules;
use crate::error::BacktestError;
use crate::replay::held;
use crate::result::BacktestResult;

/// What is put under stress, and by which scenarios.
#[derive(Clone, Debug)]
pub struct Stress<'a> {
    /// The history that was replayed.
    pub history: &'a History,
    /// The books that were replayed.
    pub books: &'a Books,
    /// Steps of the panel that are margin dates.
    pub steps: Range<usize>,
    /// The margin period, over which scenarios move.
    pub horizon: Horizon,
    /// The study's seed.
    pub seed: u64,
    /// Scenario sets; the fund bears the worst scenario of any.
    pub sets: &'a [ScenarioSpec],
}

/// The stress losses of one margin date under one model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StressDay {
    /// What the fund must bear, before its buffer. Reporting currency.
    pub cover: f64,
    /// The first scenario that asks for it; `None` where none costs more than the margin.
    pub scenario: Option<String>,
    /// Scenarios known on the date.
    pub scenarios: usize,
}

impl Stress<'_> {
    /// The stress losses under some models of the result, by model, then margin date.
    ///
    /// # Errors
    /// [`BacktestError::Stress`] for scenarios that cannot be made; a stress period that is not known yet is none.
    pub fn days(
        &self,
        result: &BacktestResult,
        models: &[usize],
        rules: &FundRules,
    ) -> Result<Vec<Vec<StressDay>>, BacktestError> {
        let of = |step| self.day(step, result, models, rules);
        let days: Vec<Result<Vec<StressDay>, BacktestError>> =
            self.steps.clone().into_par_iter().map(of).collect();
        let mut by_model = vec![Vec::with_capacity(self.steps.len()); models.len()];
        for day in days {
            by_model.iter_mut().zip(day?).for_each(|(own, day)| own.push(day));
        }
        Ok(by_model)
    }

    fn day(
        &self,
        step: usize,
        result: &BacktestResult,
        models: &[usize],
        rules: &FundRules,
    ) -> Result<Vec<StressDay>, BacktestError> {
        let state = self.history.state(step)?;
        let portfolios = &self.books.portfolios[step];
        let held = held(self.history.universe.instruments().len(), portfolios);
        let (past, universe) = (self.history.panel.until(step), &self.history.universe);
        let day = Day::new(past, &state, universe, &held, self.horizon, self.seed);
        let mut answers = vec![StressDay::default(); models.len()];
        for spec in self.sets {
            let set = match (spec, spec.scenarios(&day)) {
                (ScenarioSpec::Periods(_), Err(RiskError::NoScenarios)) => continue,
                (_, set) => set.and_then(|set| revalue(&day, &set)),
            };
            let revaluation = set.map_err(|source| BacktestError::Stress {
                time: day.time(),
                source: Box::new(source),
            })?;
            let mut pnl = vec![vec![0.0; revaluation.scenarios.len()]; portfolios.len()];
            for (portfolio, own) in portfolios.iter().zip(&mut pnl) {
                revaluation.portfolio_pnl(portfolio, own);
            }
            for (answer, &model) in answers.iter_mut().zip(models) {
                let margin = |account: usize| {
                    result.requirements[model][account].initial[step - self.steps.start]
                };
                let margins: Vec<f64> = (0..portfolios.len()).map(margin).collect();
                answer.take(&revaluation, &pnl, &margins, rules);
            }
        }
        Ok(answers)
    }
}

impl StressDay {
    /// Takes a set's scenarios: P&L by account and scenario, gain positive.
    fn take(
        &mut self,
        revaluation: &Revaluation,
        pnl: &[Vec<f64>],
        margins: &[f64],
        rules: &FundRules,
    ) {
        self.scenarios += revaluation.scenarios.len();
        for (at, name) in revaluation.scenarios.iter().enumerate() {
            let mut largest = [0.0; 3];
            for (own, margin) in pnl.iter().zip(margins) {
                insert(&mut largest, -own[at] - margin);
            }
            let need = rules.need(largest);
            if need > self.cover {
                self.cover = need;
                self.scenario = Some(name.clone());
            }
        }
    }
}

/// Keeps the largest, the first of them in front.
fn insert(largest: &mut [f64; 3], mut value: f64) {
    for place in largest {
        if value > *place {
            std::mem::swap(place, &mut value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_largest_are_kept_in_order() {
        let of = |values: &[f64]| {
            let mut largest = [0.0; 3];
            values.iter().for_each(|&value| insert(&mut largest, value));
            largest
        };
        assert_eq!(of(&[1.0, 5.0, 3.0, 4.0, 2.0]), [5.0, 4.0, 3.0]);
        assert_eq!(of(&[5.0, 5.0, -1.0]), [5.0, 5.0, 0.0], "gains beyond margin are no loss");
        assert_eq!(of(&[]), [0.0; 3]);
    }
}
