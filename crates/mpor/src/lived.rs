//! What accounts have lived through before a margin date, for overlays that look back.

use std::collections::BTreeMap;

use mpor_backtest::assemble::walks;
use mpor_backtest::coverage::Wanted;
use mpor_backtest::day::Parts;
use mpor_backtest::{Assembly, ReplayConfig, replay};
use mpor_margin::{MarginModel, Walk};

use crate::error::MporError;
use crate::loaded::{Loaded, build_models};
use crate::run::assembly;
use crate::study::StudyFile;

/// The past of every account under each model that has overlays.
#[derive(Debug, Default)]
pub(crate) struct Lived {
    /// By model of the study, then account.
    walks: BTreeMap<usize, Vec<Walk>>,
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
        let models: Vec<&dyn MarginModel> = with.iter().map(|&m| &*loaded.models[m]).collect();
        let (horizon, seed, parts) = (loaded.horizon, file.study.seed, Parts::Drop);
        let config = ReplayConfig { steps, horizon, seed, parts, forecasts: false };
        let days = replay(loaded.history(), &loaded.books, &models, &config)?;
        let all = build_models(file)?.into_iter().enumerate();
        let overlays: Vec<_> =
            all.filter(|(m, _)| with.contains(m)).map(|(_, built)| built.overlays).collect();
        let assembly = Assembly {
            models: with.iter().map(|&m| loaded.infos[m].clone()).collect(),
            overlays: &overlays,
            tests: Wanted::Named(&[]),
            ..assembly(file, loaded, loaded.history())
        };
        let lived = walks(&days, &assembly)?;
        Ok(Lived { walks: with.into_iter().zip(lived).collect() })
    }

    /// The way of one account under one model of the study, ready for the margin date.
    pub fn account(&self, loaded: &Loaded, model: usize, account: usize) -> Walk {
        let known = self.walks.get(&model).and_then(|walks| walks.get(account));
        known.cloned().unwrap_or_else(|| {
            Walk::new(&loaded.books.accounts[account], loaded.overlays[model].len())
        })
    }
}
