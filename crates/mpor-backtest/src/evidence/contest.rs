//! Which model is the better one, over all accounts, and by more than chance?
//!
//! ```text
//! pinball  of requirements at the study's level, by the study's loss, a share of the account's gross notional
//! fz0      of forecast value at risk and expected shortfall, by the loss at the end of the margin period; without unit
//! score of a date = mean over the accounts for which every model of the contest has a score
//! ```
//!
//! Lower is better. The mean over accounts is one series a model, so that accounts in one market do not count as independent ones. Each
//! pair is put to Diebold and Mariano's and to Giacomini and White's test, with a variance that allows for the overlap of `m`-step
//! losses ([`diebold_mariano`], [`giacomini_white`]: Bartlett, `2 (m - 1)` and `m - 1` lags), and all together to the model confidence
//! set ([`confidence_set`], blocks of `3 m` dates on average). Account-dates that some model has no score for are left out for all,
//! and counted. A requirement is no forecast of a quantile by intention: its pinball score says how good a one it would be.

use std::collections::BTreeMap;

use mpor_core::{Level, LossConvention};
use mpor_stats::hac::LagWindow;
use rayon::prelude::*;

use crate::comparison::confidence_set::{self, Statistic};
use crate::comparison::diebold_mariano::{self, Terms};
use crate::comparison::{giacomini_white, scores};
use crate::coverage::block_bootstrap::BLOCK;
use crate::coverage::simulated::Draws;
use crate::coverage::{CoverageError, Forecasts, TestOutcome, Wanted};
use crate::es_tests::{DRAWS, SEED};
use crate::result::BacktestResult;

/// The score of requirements.
pub const PINBALL: &str = "pinball";
/// The score of forecasts.
pub const FZ0: &str = "fz0";
const DIEBOLD_MARIANO: &str = "diebold-mariano";
const GIACOMINI_WHITE: &str = "giacomini-white";
const CONFIDENCE_SET: &str = "model-confidence-set";

/// Scores and comparisons that a study can name.
pub const IDS: [&str; 5] = [DIEBOLD_MARIANO, FZ0, GIACOMINI_WHITE, CONFIDENCE_SET, PINBALL];

/// A model is in the set when its p-value is at least this: 90 % confidence, as its authors use.
pub const SIZE: f64 = 0.1;

/// All models compared by one score at one level.
#[derive(Clone, Debug, PartialEq)]
pub struct Contest {
    /// Name of the score.
    pub score: &'static str,
    /// The level that was forecast or asked for.
    pub level: Level,
    /// Dates with a score.
    pub dates: usize,
    /// Account-dates without a score of some model.
    pub left_out: usize,
    /// Means, pairs, set.
    pub rows: Vec<ContestRow>,
}

/// One line of a contest.
#[derive(Clone, Debug, PartialEq)]
pub struct ContestRow {
    /// The score's name for its mean, else the test.
    pub test: &'static str,
    /// Index into the result's models.
    pub model: usize,
    /// The other model of a pair.
    pub against: Option<usize>,
    /// Mean score, or of a pair the first's less the second's; lower is better.
    pub value: Option<f64>,
    /// The test's statistic.
    pub statistic: Option<f64>,
    /// Its p-value.
    pub p_value: Option<f64>,
    /// Why there is none, or whether the model is in the set.
    pub note: String,
}

/// Scores by model, then date.
struct Daily {
    scores: Vec<Vec<f64>>,
    left_out: usize,
}

/// Who competes, and by what.
struct Field<'a> {
    result: &'a BacktestResult,
    models: Vec<usize>,
    convention: LossConvention,
}

/// Every contest that is asked for.
pub(super) fn all(
    result: &BacktestResult,
    wanted: Wanted<'_>,
) -> Result<Vec<Contest>, CoverageError> {
    let mut contests = Vec::new();
    if wanted.has(PINBALL) {
        let models = (0..result.models.len()).collect();
        let field = Field { result, models, convention: result.convention };
        let score = |model: usize, account: usize, step: usize, loss: f64| {
            let required = result.requirements[model][account].initial[step];
            let unit = result.losses[account].gross_notional[step];
            let one = Forecasts::new(
                std::slice::from_ref(&loss),
                std::slice::from_ref(&required),
                result.level,
            )?;
            Ok(scores::pinball(&one)[0] / unit)
        };
        let daily = field.daily(|_, _| true, score)?;
        contests.extend(field.contest((PINBALL, result.level), daily, wanted));
    }
    if wanted.has(FZ0) {
        for (level, models) in by_level(result) {
            let field = Field { result, models, convention: LossConvention::Horizon };
            let point = |model: usize, account: usize, step: usize| {
                result.forecasts[model][account].points.get(step).copied().flatten()
            };
            let every = |account: usize, step: usize| {
                let scored =
                    |&model: &usize| point(model, account, step).is_some_and(|p| p.es > 0.0);
                field.models.iter().all(scored)
            };
            let score = |model: usize, account: usize, step: usize, loss: f64| {
                let (var, es) = point(model, account, step).map_or((0.0, 0.0), |p| (p.var, p.es));
                let one =
                    Forecasts::new(std::slice::from_ref(&loss), std::slice::from_ref(&var), level)?;
                Ok(scores::fz0(&one.with_shortfall(std::slice::from_ref(&es))?)?[0])
            };
            let daily = field.daily(every, score)?;
            contests.extend(field.contest((FZ0, level), daily, wanted));
        }
    }
    Ok(contests)
}

/// The models with forecasts, by their level.
fn by_level(result: &BacktestResult) -> BTreeMap<Level, Vec<usize>> {
    let mut levels: BTreeMap<Level, Vec<usize>> = BTreeMap::new();
    for (model, paths) in result.forecasts.iter().enumerate() {
        if let Some(point) = paths.iter().flat_map(|path| &path.points).flatten().next() {
            levels.entry(point.level).or_default().push(model);
        }
    }
    levels
}

impl Field<'_> {
    /// The mean score of each model on each date with one.
    fn daily(
        &self,
        counts: impl Fn(usize, usize) -> bool,
        score: impl Fn(usize, usize, usize, f64) -> Result<f64, CoverageError> + Sync,
    ) -> Result<Daily, CoverageError> {
        let result = self.result;
        let (mut seen, mut left_out) = (Vec::new(), 0);
        let mut number = vec![0_usize; result.times.len()];
        for (account, losses) in result.losses.iter().enumerate() {
            for (step, loss) in losses.observed(self.convention) {
                if counts(account, step) {
                    number[step] += 1;
                    seen.push((account, step, loss));
                } else {
                    left_out += 1;
                }
            }
        }
        let of_model = |&model: &usize| {
            let mut sums = vec![0.0; number.len()];
            for &(account, step, loss) in &seen {
                sums[step] += score(model, account, step, loss)?;
            }
            let both = sums.into_iter().zip(&number).filter(|(_, count)| **count > 0);
            Ok(both.map(|(sum, count)| sum / *count as f64).collect())
        };
        let scores: Vec<Result<Vec<f64>, CoverageError>> =
            self.models.par_iter().map(of_model).collect();
        Ok(Daily { scores: scores.into_iter().collect::<Result<_, _>>()?, left_out })
    }

    /// `None` where no date has a score.
    fn contest(
        &self,
        (score, level): (&'static str, Level),
        daily: Daily,
        wanted: Wanted<'_>,
    ) -> Option<Contest> {
        let Daily { scores, left_out } = daily;
        let dates = scores.first().map_or(0, Vec::len);
        if dates == 0 {
            return None;
        }
        let mean = |scores: &[f64]| scores.iter().sum::<f64>() / dates as f64;
        let means: Vec<f64> = scores.iter().map(|scores| mean(scores)).collect();
        let row = |(&model, &mean): (&usize, &f64)| ContestRow {
            test: score,
            model,
            against: None,
            value: Some(mean),
            statistic: None,
            p_value: None,
            note: String::new(),
        };
        let mut rows: Vec<ContestRow> = self.models.iter().zip(&means).map(row).collect();
        rows.extend(self.pairs(&scores, &means, wanted));
        if wanted.has(CONFIDENCE_SET) && self.models.len() > 1 {
            rows.extend(self.set(&scores, &means));
        }
        Some(Contest { score, level, dates, left_out, rows })
    }

    fn pairs(&self, scores: &[Vec<f64>], means: &[f64], wanted: Wanted<'_>) -> Vec<ContestRow> {
        let horizon = self.result.horizon.steps();
        let terms = Terms { horizon, lag: 2 * (horizon - 1), window: LagWindow::Bartlett };
        let mut rows = Vec::new();
        for second in 1..scores.len() {
            for first in 0..second {
                let value = Some(means[first] - means[second]);
                let (one, other) = (&scores[first], &scores[second]);
                let mut push = |test, outcome: Result<TestOutcome, CoverageError>| {
                    let (statistic, p_value, note) = match outcome {
                        Ok(found) => (Some(found.statistic), Some(found.p_value), String::new()),
                        Err(error) => (None, None, error.to_string()),
                    };
                    let (model, against) = (self.models[first], Some(self.models[second]));
                    rows.push(ContestRow { test, model, against, value, statistic, p_value, note });
                };
                if wanted.has(DIEBOLD_MARIANO) {
                    push(DIEBOLD_MARIANO, diebold_mariano::test(one, other, terms));
                }
                if wanted.has(GIACOMINI_WHITE) {
                    push(GIACOMINI_WHITE, giacomini_white::test(one, other, horizon));
                }
            }
        }
        rows
    }

    fn set(&self, scores: &[Vec<f64>], means: &[f64]) -> Vec<ContestRow> {
        let block = (BLOCK * self.result.horizon.steps()) as f64;
        let draws = Draws { seed: SEED, count: DRAWS };
        let found = confidence_set::test(scores, Statistic::Max, block, draws);
        let row = |at: usize| {
            let (model, value) = (self.models[at], Some(means[at]));
            let (statistic, p_value, note) = match &found {
                Err(error) => (None, None, error.to_string()),
                Ok(set) => {
                    let removal = set.removals.iter().find(|removal| removal.model == at);
                    let inside = removal.is_some_and(|removal| removal.p_value >= SIZE);
                    let note = if inside { "in the 90 % set" } else { "not in the 90 % set" };
                    let p_value = removal.map(|removal| removal.p_value);
                    (removal.map(|removal| removal.statistic), p_value, note.to_owned())
                }
            };
            let (test, against) = (CONFIDENCE_SET, None);
            ContestRow { test, model, against, value, statistic, p_value, note }
        };
        (0..scores.len()).map(row).collect()
    }
}
