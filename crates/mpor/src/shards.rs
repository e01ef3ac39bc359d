//! A replay in pieces that survive a kill: each range of margin dates is written under a temporary name, then renamed.
//!
//! A shard belongs to one plan: version, resolved study and hashes of all inputs. Shards of another plan are deleted, never
//! read. Days are the same bits whether they were just computed or read back.

use std::ops::Range;
use std::path::{Path, PathBuf};

use mpor_backtest::day::Parts;
use mpor_backtest::{DayResult, ReplayConfig, replay, shard};
use mpor_data::tables::{read_parquet, write_bytes, write_working_parquet};

use crate::error::MporError;
use crate::loaded::{Loaded, replay_error};
use crate::progress::Progress;
use crate::study::StudyFile;

/// Margin dates a shard.
const SHARD_STEPS: usize = 64;

/// Where they are below the run's folder.
const FOLDER: &str = "shards";

/// The shards of one run.
#[derive(Debug)]
pub(crate) struct Shards {
    folder: PathBuf,
}

impl Shards {
    /// Opens the shards of a plan, and deletes those of another.
    pub fn open(run: &Path, plan: &str) -> Result<Self, MporError> {
        let folder = run.join(FOLDER);
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
        let replay = |steps| {
            let (horizon, seed) = (loaded.horizon, file.study.seed);
            let config = ReplayConfig { steps, horizon, seed, parts };
            replay(loaded.history(), &loaded.books, &models, &config)
                .map_err(|error| replay_error(file, error))
        };
        let mut days: Vec<DayResult> = Vec::with_capacity(loaded.steps.len());
        // How many of the last days no shard holds yet: they are written while the next ones are replayed.
        let mut unwritten = 0;
        progress.begin("replaying margin dates", loaded.steps.len());
        for steps in pieces(loaded.steps.clone()) {
            let (known, count) = (self.read(&steps), steps.len());
            let (read, fresh) = (known.is_some(), || known.map_or_else(|| replay(steps), Ok));
            let last = &days[days.len() - unwritten..];
            let (fresh, written) = rayon::join(fresh, || self.write(last));
            written?;
            let safe = unwritten + if read { count } else { 0 };
            if safe > 0 {
                progress.advance(safe);
            }
            unwritten = if read { 0 } else { count };
            days.extend(fresh?);
            if progress.stopped() {
                self.write(&days[days.len() - unwritten..])?;
                return Err(MporError::Stopped);
            }
        }
        if unwritten > 0 {
            self.write(&days[days.len() - unwritten..])?;
            progress.advance(unwritten);
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

    /// Writes the days of one shard; nothing without days.
    fn write(&self, days: &[DayResult]) -> Result<(), MporError> {
        let (Some(first), Some(last)) = (days.first(), days.last()) else { return Ok(()) };
        let steps = first.step..last.step + 1;
        for table in shard::to_tables(days)? {
            write_working_parquet(&table, &self.file(&steps, table.name()))?;
        }
        Ok(())
    }

    fn file(&self, steps: &Range<usize>, table: &str) -> PathBuf {
        self.folder
            .join(format!("{:08}-{:08}", steps.start, steps.end))
            .join(format!("{table}.parquet"))
    }
}

/// Removes the shards of a finished run.
pub(crate) fn clear(run: &Path) -> Result<(), MporError> {
    remove(&run.join(FOLDER))
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
