//! A run made in shares, on several machines or beside each other in one folder, and merged: any number of shares ends with
//! the bytes of one run.
//!
//! Share `i` of `n` replays every `n`-th shard (range of margin dates), beginning with the `i`-th. A share of more shares
//! than there are shards may have nothing to do. Whatever a share makes lies in `FOLDER/shards`; [`merge`] tests, draws and
//! writes what a run does after its replay.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::error::MporError;
use crate::layout::{Layout, Sizes};
use crate::loaded::Loaded;
use crate::lock::RunLock;
use crate::plan::Plan;
use crate::progress::Progress;
use crate::run::{self, RunSummary, Stages};
use crate::shards::{Shards, shard_name};
use crate::study::StudyFile;

/// One of several shares of a run, written `2/7`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    index: usize,
    of: usize,
}

impl Share {
    /// Share number `index`, from one on, `of` so many.
    ///
    /// # Errors
    /// [`MporError::Question`] where there is no such share.
    pub fn new(index: usize, of: usize) -> Result<Self, MporError> {
        if of == 0 || !(1..=of).contains(&index) {
            let problem = format!(
                "there is no share {index}/{of}: shares are numbered from 1, as 1/3, 2/3, 3/3"
            );
            return Err(MporError::Question(problem));
        }
        Ok(Share { index, of })
    }

    /// Its number, from one on.
    #[must_use]
    pub fn index(self) -> usize {
        self.index
    }

    /// How many shares there are.
    #[must_use]
    pub fn of(self) -> usize {
        self.of
    }

    /// Its part of all shards.
    fn part<T: Clone>(self, all: &[T]) -> Vec<T> {
        all.iter().skip(self.index - 1).step_by(self.of).cloned().collect()
    }
}

impl FromStr for Share {
    type Err = MporError;

    fn from_str(text: &str) -> Result<Self, MporError> {
        let number = |part: &str| part.parse::<usize>().ok();
        let both = text.split_once('/').and_then(|(index, of)| Some((number(index)?, number(of)?)));
        let (index, of) = both.ok_or_else(|| {
            MporError::Question(format!(
                "`{text}` is not a share: write its number and how many there are, as 2/7"
            ))
        })?;
        Share::new(index, of)
    }
}

impl std::fmt::Display for Share {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "{}/{}", self.index, self.of)
    }
}

/// What a share did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShareSummary {
    /// The folder that it lies in, below `shards`.
    pub folder: PathBuf,
    /// Which share.
    pub share: Share,
    /// Its shards: ranges of margin dates.
    pub shards: usize,
    /// Those of them that were replayed now; the rest were there.
    pub made: usize,
    /// Its margin dates.
    pub dates: usize,
    /// Shards of the whole run.
    pub all: usize,
}

/// Replays one share of a study into `folder`, which is made if need be. Shares may write into one folder at the same time.
///
/// # Errors
/// [`MporError`]; what was written before stays, and a second call takes it up.
pub fn share(
    file: &StudyFile,
    folder: &Path,
    share: Share,
    progress: &dyn Progress,
) -> Result<ShareSummary, MporError> {
    run::make(folder)?;
    let _lock = RunLock::share(folder)?;
    let start = run::hashed(file, folder, progress)?;
    let loaded = run::read(file, progress)?;
    let layout = Layout::of(&loaded, Sizes::default());
    let own = share.part(&layout.shards);
    let shards = Shards::join(folder, Plan::of(&start), &layout)?;
    let filled = shards.fill(file, &loaded, &own, progress)?;
    Ok(ShareSummary {
        folder: folder.to_owned(),
        share,
        shards: own.len(),
        made: filled.made,
        dates: own.iter().map(Range::len).sum(),
        all: layout.shards.len(),
    })
}

/// Makes the run in `folder` of shares that lie there or in the folders `from`, which are read and left as they are.
///
/// # Errors
/// [`MporError::Folder`] naming a folder whose shards are of another version, study or data, and the shards that are missing
/// or damaged; else as [`run`](run::run).
pub fn merge(
    file: &StudyFile,
    from: &[PathBuf],
    folder: &Path,
    progress: &dyn Progress,
) -> Result<RunSummary, MporError> {
    let mut stages = Stages::new();
    run::make(folder)?;
    let _lock = RunLock::take(folder)?;
    let start = run::begin(file, folder, &mut stages, progress)?;
    if let Some(known) = run::already(folder, &start, &mut stages)? {
        return Ok(known);
    }
    let loaded = run::load(file, &mut stages, progress)?;
    let layout = Layout::of(&loaded, Sizes::default());
    let shards = Shards::gather(folder, Plan::of(&start), &layout, from)?;
    run::complete(file, folder, start, &loaded, (&shards, &layout), stages, progress)
}

/// Most missing shards that are named.
const NAMED: usize = 12;

/// Which shards are missing, by name and margin dates, and what to do.
pub(crate) fn incomplete(
    loaded: &Loaded,
    all: usize,
    missing: &[(Range<usize>, String)],
) -> String {
    let times = loaded.history().panel.times();
    let name = |(steps, problem): &(Range<usize>, String)| {
        let (first, last) = (times[steps.start].date(), times[steps.end - 1].date());
        format!("\n  {} ({first} to {last}): {problem}", shard_name(steps))
    };
    let named: String = missing.iter().take(NAMED).map(name).collect();
    let more = match missing.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!("\n  and {more} more"),
    };
    format!(
        "{} of {all} shards are missing; run the shares that make them, or name their folders with `--from`:{named}{more}",
        missing.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_read_as_they_are_written() {
        for (text, index, of) in [("1/1", 1, 1), ("2/7", 2, 7), ("7/7", 7, 7)] {
            let share: Share = text.parse().unwrap();
            assert_eq!(
                (share.index(), share.of(), share.to_string()),
                (index, of, text.to_owned())
            );
        }
        for text in ["0/3", "4/3", "0/0", "1/0"] {
            let problem = text.parse::<Share>().unwrap_err().to_string();
            assert!(problem.contains(text) && problem.contains("1/3"), "{problem}");
        }
        for text in ["", "3", "1/", "/3", "a/b", "1/3/5", "-1/3", "1.5/3", "1 of 3"] {
            let problem = text.parse::<Share>().unwrap_err().to_string();
            assert!(problem.contains("is not a share") && problem.contains("2/7"), "{problem}");
        }
    }

    #[test]
    fn shares_part_all_shards_once() {
        let all: Vec<usize> = (0..10).collect();
        for of in 1..=13 {
            let mut parts: Vec<usize> =
                (1..=of).flat_map(|index| Share::new(index, of).unwrap().part(&all)).collect();
            parts.sort_unstable();
            assert_eq!(parts, all, "{of} shares");
        }
    }
}
