//! Candidates through the replay of a run: batches of them as models of one pass, overlays through the same walk.

use std::ops::Range;

use mpor_backtest::coverage::Wanted;
use mpor_backtest::day::Parts;
use mpor_backtest::{
    Assembly, BacktestError, DayResult, ModelInfo, Paths, ReplayConfig, paths, replay,
};
use mpor_core::{Span, Timestamp};
use mpor_margin::{BuiltModel, MarginModel, ModelSpec, RuleLibrary};
use rayon::prelude::*;

use super::candidate;
use super::lattice::Point;
use super::record::{Market, Record};
use super::store::Store;
use crate::error::MporError;
use crate::loaded::{Loaded, replay_error};
use crate::progress::{Progress, go_on};
use crate::study::StudyFile;
use crate::study::calibrate::Axis;

/// Most candidates of a batch: they share the day's unit revaluations and the market's states.
const BATCH: usize = 24;
/// Most requirements that a batch holds at a time.
const HELD: usize = 8_000_000;

/// Everything that a candidate is evaluated with.
pub(crate) struct Bench<'a> {
    /// The study.
    pub file: &'a StudyFile,
    /// Its files.
    pub loaded: &'a Loaded,
    /// Rule sets.
    pub library: &'a RuleLibrary,
    /// The model whose keys are varied.
    pub base: &'a ModelSpec,
    /// The parameters.
    pub axes: &'a [Axis],
    /// Batches done before.
    pub store: &'a Store,
    /// Margin dates: steps of the panel.
    pub steps: Range<usize>,
    /// Who waits.
    pub progress: &'a dyn Progress,
}

impl Bench<'_> {
    /// The margin dates.
    pub fn times(&self) -> &[Timestamp] {
        &self.loaded.history().panel.times()[self.steps.clone()]
    }

    /// Builds the model of a point.
    pub fn build(&self, point: &Point) -> Result<BuiltModel, MporError> {
        candidate::build(self.file, self.library, self.base, self.axes, point)
    }

    /// The records of points on every `stride`-th margin date, in their order.
    pub fn records(
        &self,
        stage: &str,
        points: &[Point],
        stride: usize,
    ) -> Result<Vec<Record>, MporError> {
        if points.is_empty() {
            return Ok(Vec::new());
        }
        let accounts = self.loaded.books.accounts.len();
        let dates = self.steps.len().div_ceil(stride);
        let size = (HELD / (accounts * dates).max(1)).clamp(1, BATCH);
        let mut records = Vec::with_capacity(points.len());
        self.progress.begin(&format!("candidates, {stage}"), points.len());
        for (number, batch) in points.chunks(size).enumerate() {
            let name = format!("{}-{number:05}", stage.replace(' ', "-"));
            let known = self.store.read(&name, batch.len(), dates);
            let found = match known {
                Some(known) => known,
                None => {
                    let built = batch.iter().map(|point| self.build(point));
                    let paths = self.paths(built.collect::<Result<_, _>>()?, stride)?;
                    let fresh = self.fresh(&paths, stride);
                    self.store.write(&name, &fresh)?;
                    fresh
                }
            };
            records.extend(found);
            self.progress.advance(batch.len());
            go_on(self.progress)?;
        }
        self.progress.end();
        Ok(records)
    }

    /// What is the same for every candidate, and the records of models as the study writes them.
    pub fn references(&self, specs: &[&ModelSpec]) -> Result<(Market, Vec<Record>), MporError> {
        let (times, accounts) = (self.times(), self.loaded.books.accounts.len());
        let known = self.store.read("references", specs.len(), times.len());
        if let (Some(records), Some(market)) = (known, self.store.read_market(times, accounts)) {
            return Ok((market, records));
        }
        let build = |spec: &&ModelSpec| {
            mpor_margin::build(spec, self.library)
                .map_err(|error| self.file.error_at(&["calibrate", "model"], error.to_string()))
        };
        let built: Vec<BuiltModel> = specs.iter().map(build).collect::<Result<_, _>>()?;
        let paths = self.paths(built, 1)?;
        let market = Market::of(times.to_vec(), &paths, self.file.study.mpor.loss);
        let records = self.fresh(&paths, 1);
        self.store.write_market(&market)?;
        self.store.write("references", &records)?;
        Ok((market, records))
    }

    fn fresh(&self, paths: &Paths, stride: usize) -> Vec<Record> {
        let convention = self.file.study.mpor.loss;
        let models = 0..paths.requirements.len();
        models.into_par_iter().map(|m| Record::of(paths, m, stride, convention)).collect()
    }

    fn paths(&self, built: Vec<BuiltModel>, stride: usize) -> Result<Paths, MporError> {
        let infos: Vec<ModelInfo> = built.iter().map(info).collect();
        let (mut models, mut overlays) = (Vec::new(), Vec::new());
        for built in built {
            models.push(built.model);
            overlays.push(built.overlays);
        }
        let asked: Vec<&dyn MarginModel> = models.iter().map(|model| &**model).collect();
        let failed = |error| replay_error(self.file, error);
        let days = self.days(&asked, stride).map_err(failed)?;
        let assembly = Assembly {
            currency: self.file.study.currency.clone(),
            horizon: self.loaded.horizon,
            convention: self.file.study.mpor.loss,
            level: self.file.study.backtest.level,
            models: infos,
            overlays: &overlays,
            history: self.loaded.history(),
            books: &self.loaded.books,
            late_calls: &self.loaded.late_calls,
            tests: Wanted::Named(&[]),
        };
        paths(&days, &assembly).map_err(failed)
    }

    fn days(
        &self,
        models: &[&dyn MarginModel],
        stride: usize,
    ) -> Result<Vec<DayResult>, BacktestError> {
        let replayed = |steps| {
            let (horizon, seed) = (self.loaded.horizon, self.file.study.seed);
            let config =
                ReplayConfig { steps, horizon, seed, parts: Parts::Drop, forecasts: false };
            replay(self.loaded.history(), &self.loaded.books, models, &config)
        };
        if stride == 1 {
            return replayed(self.steps.clone());
        }
        let steps: Vec<usize> = self.steps.clone().step_by(stride).collect();
        let days: Vec<Result<Vec<DayResult>, BacktestError>> =
            steps.into_par_iter().map(|step| replayed(step..step + 1)).collect();
        Ok(days.into_iter().collect::<Result<Vec<_>, _>>()?.concat())
    }
}

/// Midnight of the day after an instant: when rules chosen with the data up to it can hold.
pub(crate) fn day_after(time: Timestamp) -> Timestamp {
    Timestamp::from_date(time.date()) + Span::days(1)
}

fn info(built: &BuiltModel) -> ModelInfo {
    ModelInfo {
        id: built.model.id().to_owned(),
        kind: built.kind.clone(),
        summary: built.summary.clone(),
        rules: built.rules.clone(),
        baseline: false,
    }
}
