//! A replay in pieces that survive a kill: each range of margin dates is written under a temporary name, then renamed.
//!
//! A shard belongs to one plan: version, resolved study and hashes of all inputs. Shards of another plan are deleted, never
//! read. Days are the same bits whether they were just computed or read back.

use std::ops::Range;
use std::path::{Path, PathBuf};

use mpor_backtest::day::Parts;
use mpor_backtest::{DayResult, ReplayConfig, replay, shard};
use mpor_data::tables::{Metadata, read_parquet, write_bytes, write_parquet};

use crate::error::MporError;
use crate::loaded::{Loaded, replay_error};
use crate::progress::Progress;
use crate::study::StudyFile;

/// Margin dates a shard.
const SHARD_STEPS: usize = 64;

/// The shards of one run.
#[derive(Debug)]
pub(crate) struct Shards {
    folder: PathBuf,
}

impl Shards {
    /// Opens the shards of a plan, and deletes those of another.
    pub fn open(run: &Path, plan: &str) -> Result<Self, MporError> {
        let folder = run.join("shards");
        let plan_file = folder.join("plan");
        let known = std::fs::read_to_string(&plan_file).unwrap_or_default();
        if known != plan {
            remove(&folder)?;
            write_bytes(&plan_file, plan.as_bytes())?;
        }
        Ok(Shards { folder })
    }

    /// Replays what is not there yet, and returns all days in order.
    pub fn days(
        &self,
        file: &StudyFile,
        loaded: &Loaded,
        progress: &dyn Progress,
    ) -> Result<Vec<DayResult>, MporError> {
        let parts = if file.study.backtest.components { Parts::Keep } else { Parts::Drop };
        let models = loaded.asked();
        let mut days = Vec::with_capacity(loaded.steps.len());
        progress.begin("replaying margin dates", loaded.steps.len());
        for steps in pieces(loaded.steps.clone()) {
            let count = steps.len();
            if let Some(known) = self.read(&steps) {
                days.extend(known);
            } else {
                let config = ReplayConfig {
                    steps: steps.clone(),
                    horizon: loaded.horizon,
                    seed: file.study.seed,
                    parts,
                };
                let fresh = replay(loaded.history(), &loaded.books, &models, &config)
                    .map_err(|error| replay_error(file, error))?;
                self.write(&steps, &fresh)?;
                days.extend(fresh);
            }
            progress.advance(count);
        }
        progress.end();
        Ok(days)
    }

    /// Removes the shards once the run is complete.
    pub fn close(self) -> Result<(), MporError> {
        remove(&self.folder)
    }

    fn read(&self, steps: &Range<usize>) -> Option<Vec<DayResult>> {
        let tables: Option<Vec<_>> =
            shard::TABLES.iter().map(|name| read_parquet(&self.file(steps, name)).ok()).collect();
        let days = shard::from_tables(&tables?).ok()?;
        let complete = days.len() == steps.len()
            && days.iter().zip(steps.clone()).all(|(day, step)| day.step == step);
        complete.then_some(days)
    }

    fn write(&self, steps: &Range<usize>, days: &[DayResult]) -> Result<(), MporError> {
        for table in shard::to_tables(days)? {
            write_parquet(&table, &self.file(steps, table.name()), Metadata::new())?;
        }
        Ok(())
    }

    fn file(&self, steps: &Range<usize>, table: &str) -> PathBuf {
        self.folder
            .join(format!("{:08}-{:08}", steps.start, steps.end))
            .join(format!("{table}.parquet"))
    }
}

/// Ranges of at most `SHARD_STEPS` steps that cover `steps`.
fn pieces(steps: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let end = steps.end;
    steps.step_by(SHARD_STEPS).map(move |start| start..(start + SHARD_STEPS).min(end))
}

fn remove(folder: &Path) -> Result<(), MporError> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(MporError::folder(folder, error))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_every_step_once() {
        let steps: Vec<usize> = pieces(10..200).flatten().collect();
        assert_eq!(steps, (10..200).collect::<Vec<_>>());
        assert!(pieces(10..200).all(|piece| piece.len() <= SHARD_STEPS));
    }
}
