//! A replay in pieces that survive a kill and can be made apart: each range of margin dates is a folder, written under a
//! temporary name and renamed.
//!
//! ```text
//! RUN/shards/<plan>/plan.json                                   version, study, inputs
//! RUN/shards/<plan>/<first step>-<after last>/shard.json        the files of a shard, with their hashes
//! RUN/shards/<plan>/<first step>-<after last>/<block>/*.parquet its tables for a block of the accounts
//! ```
//!
//! A shard belongs to one [`Plan`]; those of another plan have another folder and are never read. Days are the same bits
//! whether they were just computed or read back, and whoever computed them.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use mpor_backtest::day::Parts;
use mpor_backtest::{DayResult, ReplayConfig, replay, shard};
use mpor_data::tables::{read_parquet, write_bytes, write_working_parquet};
use mpor_margin::MarginModel;
use rayon::prelude::*;

use crate::error::MporError;
use crate::layout::Layout;
use crate::loaded::{Loaded, replay_error};
use crate::manifest::{FileRecord, record};
use crate::plan::Plan;
use crate::progress::{Progress, go_on};
use crate::study::StudyFile;

/// Where they are below the run's folder.
const FOLDER: &str = "shards";
const PLAN: &str = "plan.json";
const CONTENTS: &str = "shard.json";

/// The shards of one plan.
#[derive(Debug)]
pub(crate) struct Shards {
    /// `RUN/shards`, of the run that is written.
    folder: PathBuf,
    /// Its plan.
    plan: Plan,
    /// Where shards are looked for, in this order; the first is the one written to.
    places: Vec<PathBuf>,
    /// Accounts of each block.
    blocks: Vec<Range<usize>>,
}

/// Where each shard of a run is, whole, in order.
pub(crate) type Located = Vec<(Range<usize>, PathBuf)>;

/// How many shards were there and how many were made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filled {
    pub known: usize,
    pub made: usize,
}

impl Shards {
    /// Opens the shards of a plan for a whole run, and deletes what is there of others.
    pub fn open(run: &Path, plan: Plan, layout: &Layout) -> Result<Self, MporError> {
        let shards = Self::at(run, plan, layout)?;
        for other in entries(&shards.folder)? {
            if other != shards.places[0] {
                remove(&other)?;
            }
        }
        for part in entries(&shards.places[0])? {
            if name(&part).starts_with('.') {
                remove(&part)?;
            }
        }
        shards.write_plan()?;
        Ok(shards)
    }

    /// Opens the shards of a plan beside other shares, and deletes nothing.
    pub fn join(run: &Path, plan: Plan, layout: &Layout) -> Result<Self, MporError> {
        let shards = Self::at(run, plan, layout)?;
        shards.write_plan()?;
        Ok(shards)
    }

    /// Opens the shards of a plan that lie in the folders of shares.
    ///
    /// # Errors
    /// [`MporError::Folder`] for a folder without shards of the plan, saying what it has instead.
    pub fn gather(
        run: &Path,
        plan: Plan,
        layout: &Layout,
        from: &[PathBuf],
    ) -> Result<Self, MporError> {
        let mut shards = Self::at(run, plan, layout)?;
        for folder in from {
            let shared = folder.join(FOLDER);
            let own = shared.join(name(&shards.places[0]));
            if !own.is_dir() {
                return Err(MporError::folder(folder, shards.instead(&shared)?));
            }
            shards.places.push(own);
        }
        Ok(shards)
    }

    fn at(run: &Path, plan: Plan, layout: &Layout) -> Result<Self, MporError> {
        let folder = run.join(FOLDER);
        let places = vec![folder.join(plan.name()?)];
        Ok(Shards { folder, plan, places, blocks: layout.blocks.clone() })
    }

    /// What a folder has in place of shards of the plan.
    fn instead(&self, folder: &Path) -> Result<String, MporError> {
        for other in entries(folder).unwrap_or_default() {
            let text = std::fs::read_to_string(other.join(PLAN)).unwrap_or_default();
            let Ok(other) = serde_json::from_str::<Plan>(&text) else { continue };
            if let Some(difference) = self.plan.difference(&other) {
                return Ok(format!("its shards are {difference}"));
            }
        }
        Ok("holds no shards; `mpor run STUDY --shard i/n --out FOLDER` makes them".to_owned())
    }

    fn write_plan(&self) -> Result<(), MporError> {
        let path = self.places[0].join(PLAN);
        let text = self.plan.to_json()?;
        if std::fs::read_to_string(&path).is_ok_and(|known| known == text) {
            return Ok(());
        }
        // Shares that start together each write the same text under a name of their own.
        let own = self.places[0].join(format!(".plan-{}", writer()));
        write_bytes(&own, text.as_bytes())?;
        std::fs::rename(&own, &path).map_err(|error| MporError::folder(&path, error))
    }

    /// Replays those of the ranges that are not there yet; nothing of them stays in memory.
    pub fn fill(
        &self,
        file: &StudyFile,
        loaded: &Loaded,
        ranges: &[Range<usize>],
        progress: &dyn Progress,
    ) -> Result<Filled, MporError> {
        let mut filled = Filled::default();
        let mut unwritten: Vec<DayResult> = Vec::new();
        progress.begin("replaying margin dates", ranges.iter().map(Range::len).sum());
        for steps in ranges {
            if self.find(steps).is_ok() {
                filled.known += 1;
                progress.advance(steps.len());
                continue;
            }
            // The last shard is written while this one is replayed.
            let (fresh, written) =
                rayon::join(|| days(file, loaded, steps.clone()), || self.write(&unwritten));
            written?;
            if !unwritten.is_empty() {
                progress.advance(unwritten.len());
            }
            unwritten = fresh?;
            filled.made += 1;
            if progress.stopped() {
                break;
            }
        }
        if !unwritten.is_empty() {
            self.write(&unwritten)?;
            progress.advance(unwritten.len());
        }
        progress.end();
        go_on(progress)?;
        Ok(filled)
    }

    /// Where the shards are, each checked against its hashes; those that are nowhere, each with what is the matter.
    ///
    /// # Errors
    /// The shards that are missing or damaged.
    pub fn locate(&self, ranges: &[Range<usize>]) -> Result<Located, Vec<(Range<usize>, String)>> {
        let found: Vec<_> =
            ranges.par_iter().map(|steps| (steps.clone(), self.find(steps))).collect();
        let (mut located, mut missing) = (Vec::new(), Vec::new());
        for (steps, found) in found {
            match found {
                Ok(folder) => located.push((steps, folder)),
                Err(problem) => missing.push((steps, problem)),
            }
        }
        if missing.is_empty() { Ok(located) } else { Err(missing) }
    }

    /// All days of a block of accounts, in order.
    ///
    /// # Errors
    /// [`MporError`] for a shard that cannot be read.
    pub fn days(
        &self,
        located: &Located,
        accounts: &Range<usize>,
    ) -> Result<Vec<DayResult>, MporError> {
        let read = |(_, folder): &(Range<usize>, PathBuf)| -> Result<Vec<DayResult>, MporError> {
            let files = shard::TABLES.map(|name| table_file(folder, accounts, name));
            let tables = files.iter().filter(|file| file.exists()).map(|file| read_parquet(file));
            Ok(shard::from_tables(&tables.collect::<Result<Vec<_>, _>>()?)?)
        };
        let days: Vec<_> = located.par_iter().map(read).collect();
        let days: Vec<Vec<DayResult>> = days.into_iter().collect::<Result<_, _>>()?;
        Ok(days.into_iter().flatten().collect())
    }

    /// Removes the shards once the run is complete.
    pub fn close(&self) -> Result<(), MporError> {
        remove(&self.folder)
    }

    /// Where a shard is, whole; else what is the matter.
    fn find(&self, steps: &Range<usize>) -> Result<PathBuf, String> {
        let mut problem = "it is not there".to_owned();
        for place in &self.places {
            let folder = place.join(shard_name(steps));
            match self.whole(&folder) {
                Ok(true) => return Ok(folder),
                Ok(false) => {}
                Err(damage) => problem = damage,
            }
        }
        Err(problem)
    }

    /// Writes the days of one shard; nothing without days.
    fn write(&self, days: &[DayResult]) -> Result<(), MporError> {
        let (Some(first), Some(last)) = (days.first(), days.last()) else { return Ok(()) };
        let steps = first.step..last.step + 1;
        let part = self.places[0].join(format!(".{}-{}", shard_name(&steps), writer()));
        remove(&part)?;
        let of_block = |accounts: &Range<usize>| -> Result<Vec<FileRecord>, MporError> {
            let mut files = Vec::new();
            for table in shard::to_tables(days, accounts)? {
                let path = table_file(&part, accounts, table.name());
                write_working_parquet(&table, &path)?;
                files.push(record(&path, &part, Some(table.rows()))?);
            }
            Ok(files)
        };
        let written: Vec<_> = self.blocks.par_iter().map(of_block).collect();
        let mut contents = Vec::new();
        for files in written {
            contents.extend(files?);
        }
        let text = serde_json::to_string_pretty(&contents)
            .map_err(|error| MporError::folder(&part, error))?;
        write_bytes(&part.join(CONTENTS), text.as_bytes())?;
        self.publish(&part, &self.places[0].join(shard_name(&steps)))
    }

    /// Gives a shard its name; what stands there damaged goes, and one that another share was quicker to make stays.
    fn publish(&self, part: &Path, folder: &Path) -> Result<(), MporError> {
        if self.whole(folder) == Ok(true) {
            return remove(part);
        }
        remove(folder)?;
        match std::fs::rename(part, folder) {
            Ok(()) => Ok(()),
            Err(_) if self.whole(folder) == Ok(true) => remove(part),
            Err(error) => Err(MporError::folder(folder, error)),
        }
    }

    /// Whether a shard is there with the bytes that its contents record; what is damaged where it is not.
    fn whole(&self, folder: &Path) -> Result<bool, String> {
        let path = folder.join(CONTENTS);
        let Ok(text) = std::fs::read_to_string(&path) else { return Ok(false) };
        let damaged = |what: &str| format!("{} is damaged: {what}", folder.display());
        let contents: Vec<FileRecord> =
            serde_json::from_str(&text).map_err(|error| damaged(&error.to_string()))?;
        let has = |path: String| contents.iter().any(|known| known.path == path);
        if !self.blocks.iter().all(|block| has(format!("{}/days.parquet", block_name(block)))) {
            return Err(format!("{} has other blocks of accounts", folder.display()));
        }
        for known in &contents {
            let found = record(&folder.join(&known.path), folder, known.rows);
            if found.map_err(|error| damaged(&error.to_string()))? != *known {
                return Err(damaged(&format!("{} has other bytes than were written", known.path)));
            }
        }
        Ok(true)
    }
}

/// Who writes, for names that no other writer has: shares write beside each other.
fn writer() -> String {
    static WRITERS: AtomicUsize = AtomicUsize::new(0);
    format!("{}-{}", std::process::id(), WRITERS.fetch_add(1, Ordering::Relaxed))
}

/// Replays a range of steps.
fn days(
    file: &StudyFile,
    loaded: &Loaded,
    steps: Range<usize>,
) -> Result<Vec<DayResult>, MporError> {
    replayed(file, loaded, &loaded.asked(), steps)
}

/// Replays a range of steps for some of the study's models.
pub(crate) fn replayed(
    file: &StudyFile,
    loaded: &Loaded,
    models: &[&dyn MarginModel],
    steps: Range<usize>,
) -> Result<Vec<DayResult>, MporError> {
    let parts = if file.study.backtest.components { Parts::Keep } else { Parts::Drop };
    let forecasts = file.study.backtest.keeps_forecasts();
    let (horizon, seed) = (loaded.horizon, file.study.seed);
    let config = ReplayConfig { steps, horizon, seed, parts, forecasts };
    replay(loaded.history(), &loaded.books, models, &config)
        .map_err(|error| replay_error(file, error))
}

/// Removes the shards of a finished run.
pub(crate) fn clear(run: &Path) -> Result<(), MporError> {
    remove(&run.join(FOLDER))
}

/// The name of a shard.
pub(crate) fn shard_name(steps: &Range<usize>) -> String {
    format!("{:08}-{:08}", steps.start, steps.end)
}

/// The name of a block of accounts.
fn block_name(accounts: &Range<usize>) -> String {
    format!("accounts-{:08}-{:08}", accounts.start, accounts.end)
}

fn table_file(folder: &Path, accounts: &Range<usize>, table: &str) -> PathBuf {
    folder.join(block_name(accounts)).join(format!("{table}.parquet"))
}

fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// What is in a folder, sorted; nothing where there is none.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, MporError> {
    let fail = |error: std::io::Error| MporError::folder(folder, error);
    let read = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        read => read.map_err(fail)?,
    };
    let mut paths: Vec<PathBuf> =
        read.map(|entry| Ok(entry?.path())).collect::<Result<_, _>>().map_err(fail)?;
    paths.sort();
    Ok(paths)
}

/// Removes a file or folder; one that is not there is no error.
fn remove(path: &Path) -> Result<(), MporError> {
    let removed =
        if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(MporError::folder(path, error))
        }
        _ => Ok(()),
    }
}
