//! What accounts have lived through before a margin date, for overlays that look back.

use std::collections::BTreeMap;

use mpor_backtest::day::Parts;
use mpor_backtest::{Assembly, ReplayConfig, assemble, replay};
use mpor_core::Timestamp;
use mpor_margin::{AccountPast, MarginModel};

use crate::error::MporError;
use crate::loaded::{Loaded, build_models};
use crate::study::StudyFile;

/// The past of every account under each model that has overlays.
#[derive(Debug, Default)]
pub(crate) struct Lived {
    times: Vec<Timestamp>,
    /// By model of the study: for each account the model's own and the required initial margin.
    paths: BTreeMap<usize, Vec<Path>>,
}

#[derive(Debug)]
struct Path {
    unmitigated: Vec<f64>,
    required: Vec<f64>,
}

impl Lived {
    /// The past of the margin dates before `step`; empty where no model has overlays.
    pub fn until(file: &StudyFile, loaded: &Loaded, step: usize) -> Result<Self, MporError> {
        let with: Vec<usize> =
            (0..loaded.models.len()).filter(|&m| !loaded.overlays[m].is_empty()).collect();
        let steps = loaded.steps.start..step;
        if with.is_empty() || steps.is_empty() {
            return Ok(Lived::default());
        }
        let times = loaded.history().panel.times()[steps.clone()].to_vec();
        let models: Vec<&dyn MarginModel> = with.iter().map(|&m| &*loaded.models[m]).collect();
        let (horizon, seed, parts) = (loaded.horizon, file.study.seed, Parts::Drop);
        let config = ReplayConfig { steps, horizon, seed, parts };
        let days = replay(loaded.history(), &loaded.books, &models, &config)?;
        let accounts = loaded.books.accounts.len();
        let own = |at: usize, account: usize| -> Vec<f64> {
            days.iter().map(|day| day.models[at].initial[account]).collect()
        };
        let unmitigated: Vec<Vec<Vec<f64>>> = (0..with.len())
            .map(|at| (0..accounts).map(|account| own(at, account)).collect())
            .collect();
        let all = build_models(file)?.into_iter().enumerate();
        let overlays: Vec<_> =
            all.filter(|(m, _)| with.contains(m)).map(|(_, built)| built.overlays).collect();
        let result = assemble(
            days,
            Assembly {
                currency: file.study.currency.clone(),
                horizon,
                convention: file.study.mpor.loss,
                level: file.study.backtest.level,
                models: with.iter().map(|&m| loaded.infos[m].clone()).collect(),
                overlays: &overlays,
                history: loaded.history(),
                books: &loaded.books,
            },
        )?;
        let required = result.requirements.into_iter();
        let paths = with.into_iter().zip(unmitigated).zip(required).map(|((m, own), required)| {
            let path = |(unmitigated, required): (Vec<f64>, mpor_backtest::RequirementPath)| Path {
                unmitigated,
                required: required.initial,
            };
            (m, own.into_iter().zip(required).map(path).collect())
        });
        Ok(Lived { times, paths: paths.collect() })
    }

    /// The past of one account under one model of the study.
    pub fn account(&self, model: usize, account: usize) -> AccountPast<'_> {
        match self.paths.get(&model).and_then(|paths| paths.get(account)) {
            None => AccountPast::default(),
            Some(path) => AccountPast {
                times: &self.times,
                unmitigated: &path.unmitigated,
                required: &path.required,
            },
        }
    }
}
