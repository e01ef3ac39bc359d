//! Can a large run be trusted without making all of it again? A share of its shards, drawn at random, is replayed and compared
//! with the requirements and losses that the run wrote.
//!
//! Requirements below overlays depend on all of an account's past, which a shard does not have: models with overlays are left
//! out here, and said. The other tables are made of these two and are only hashed.

use std::ops::Range;
use std::path::Path;

use mpor_backtest::{Assembly, Blocks, Keep, shard, tables};
use mpor_core::{Column, Table, Timestamp};
use mpor_data::tables::read_parquet_pieces;
use mpor_margin::MarginModel;
use mpor_stats::random::Streams;

use crate::error::MporError;
use crate::layout::{Layout, Sizes};
use crate::loaded::Loaded;
use crate::progress::Progress;
use crate::run::assembly;
use crate::shards::replayed;
use crate::study::StudyFile;

/// What is to be drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    share: f64,
    seed: u64,
}

impl Sample {
    /// A share of the shards, above 0 and at most 1, and the seed that draws them.
    ///
    /// # Errors
    /// [`MporError::Question`] for another share.
    pub fn new(share: f64, seed: u64) -> Result<Self, MporError> {
        if share > 0.0 && share <= 1.0 {
            return Ok(Sample { share, seed });
        }
        let problem = format!(
            "--sample {share}: a share of the shards is above 0 and at most 1, such as 0.1"
        );
        Err(MporError::Question(problem))
    }

    /// Positions drawn of `all`, at least one, ascending.
    fn draw(self, all: usize) -> Vec<usize> {
        let count = ((self.share * all as f64).ceil() as usize).clamp(1, all.max(1));
        let mut stream = Streams::new(self.seed, "verify: shards", 0).path(0);
        let mut left: Vec<usize> = (0..all).collect();
        let mut drawn = Vec::with_capacity(count);
        while drawn.len() < count && !left.is_empty() {
            drawn.push(left.swap_remove(stream.below(left.len() as u32) as usize));
        }
        drawn.sort_unstable();
        drawn
    }
}

/// What a sample was compared on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sampled {
    /// Shards replayed, as first and last margin date.
    pub shards: Vec<(Timestamp, Timestamp)>,
    /// Shards of the run.
    pub of: usize,
    /// The seed that drew them.
    pub seed: u64,
    /// Rows compared.
    pub rows: usize,
    /// Models whose requirements were only hashed, because overlays stand on top of them.
    pub left_out: Vec<String>,
}

/// Replays the shards drawn, and says what differs from the tables in `run`.
pub(crate) fn compare(
    file: &StudyFile,
    run: &Path,
    sample: Sample,
    progress: &dyn Progress,
) -> Result<(Sampled, Vec<String>), MporError> {
    progress.begin("reading market history", 1);
    let loaded = Loaded::new(file)?;
    progress.end();
    let layout = Layout::of(&loaded, Sizes::default());
    let drawn = sample.draw(layout.shards.len());
    let plain: Vec<usize> =
        (0..loaded.models.len()).filter(|&model| loaded.overlays[model].is_empty()).collect();
    let above = (0..loaded.models.len()).filter(|model| !plain.contains(model));
    let mut sampled = Sampled {
        of: layout.shards.len(),
        seed: sample.seed,
        left_out: above.map(|model| loaded.infos[model].id.clone()).collect(),
        ..Sampled::default()
    };
    let mut differences = Vec::new();
    progress.begin("replaying shards", drawn.len());
    for steps in drawn.into_iter().map(|at| &layout.shards[at]) {
        let times = &loaded.history().panel.times()[steps.clone()];
        sampled.shards.push((times[0], times[times.len() - 1]));
        let cut = Cut { file, loaded: &loaded, blocks: &layout.blocks, steps, times };
        cut.compare(run, &plain, &mut sampled.rows, &mut differences)?;
        progress.advance(1);
    }
    progress.end();
    Ok((sampled, differences))
}

/// One shard.
struct Cut<'a> {
    file: &'a StudyFile,
    loaded: &'a Loaded,
    blocks: &'a [Range<usize>],
    steps: &'a Range<usize>,
    times: &'a [Timestamp],
}

impl Cut<'_> {
    fn compare(
        &self,
        run: &Path,
        plain: &[usize],
        rows: &mut usize,
        differences: &mut Vec<String>,
    ) -> Result<(), MporError> {
        // Without a plain model the losses are still to be compared, and some model has to be asked.
        let asked = if plain.is_empty() { &[0][..] } else { plain };
        let models: Vec<&dyn MarginModel> =
            asked.iter().map(|&model| &*self.loaded.models[model]).collect();
        let days = replayed(self.file, self.loaded, &models, self.steps.clone())?;
        let with = Assembly {
            models: asked.iter().map(|&model| self.loaded.infos[model].clone()).collect(),
            overlays: &[],
            ..assembly(self.file, self.loaded, self.loaded.history())
        };
        let (steps, times) = (self.steps.clone().collect(), self.times.to_vec());
        let blocks = Blocks::new(with, steps, times, Keep::All)?;
        let names: Vec<&str> = plain.iter().map(|&m| self.loaded.infos[m].id.as_str()).collect();
        for (name, table) in tables::LONG {
            let mut stored = Stored::open(run, name, self.times, &names)?;
            for accounts in self.blocks {
                let own = shard::from_tables(&shard::to_tables(&days, accounts)?)?;
                let block = blocks.walk(accounts.clone(), own)?.result;
                for piece in tables::pieces(&block) {
                    let expected = table(&block, piece)?;
                    if name == "requirements" && plain.is_empty() {
                        continue;
                    }
                    *rows += expected.rows();
                    if let Some(difference) = stored.differs(&expected)? {
                        differences.push(format!("{name}.parquet: {difference}"));
                        return Ok(());
                    }
                }
            }
            if let Some(extra) = stored.next()? {
                differences.push(format!("{name}.parquet: row {} is one too many", extra + 1));
                return Ok(());
            }
        }
        Ok(())
    }
}

/// The rows of a table of the run that are of some margin dates and models, in order.
struct Stored<'a> {
    pieces: Box<dyn Iterator<Item = Result<Table, mpor_data::DataError>>>,
    piece: Option<Table>,
    /// Rows before the piece, and the next row in it.
    before: usize,
    at: usize,
    times: &'a [Timestamp],
    models: &'a [&'a str],
}

impl<'a> Stored<'a> {
    fn open(
        run: &Path,
        name: &str,
        times: &'a [Timestamp],
        models: &'a [&'a str],
    ) -> Result<Self, MporError> {
        let pieces = Box::new(read_parquet_pieces(&run.join(format!("{name}.parquet")))?);
        Ok(Stored { pieces, piece: None, before: 0, at: 0, times, models })
    }

    /// Moves to the next row that is asked for and says which row of the file it is.
    fn next(&mut self) -> Result<Option<usize>, MporError> {
        loop {
            let Some(piece) = &self.piece else {
                let Some(next) = self.pieces.next().transpose()? else { return Ok(None) };
                (self.piece, self.at) = (Some(next), 0);
                continue;
            };
            if self.at == piece.rows() {
                self.before += piece.rows();
                self.piece = None;
                continue;
            }
            let row = self.at;
            self.at += 1;
            if self.is_asked(piece, row) {
                return Ok(Some(self.before + row));
            }
        }
    }

    fn is_asked(&self, piece: &Table, row: usize) -> bool {
        let (first, last) = (self.times[0], self.times[self.times.len() - 1]);
        let of_date = match piece.column("time") {
            Some(Column::Time(times)) => {
                times[row].is_some_and(|time| first <= time && time <= last)
            }
            _ => true,
        };
        of_date
            && match piece.column("model").map(|models| cell(models, row)) {
                Some(Cell::Text(Some(model))) => self.models.contains(&model),
                _ => true,
            }
    }

    /// The first row in which the table differs from what is expected next, in words.
    fn differs(&mut self, expected: &Table) -> Result<Option<String>, MporError> {
        for row in 0..expected.rows() {
            let Some(found) = self.next()? else {
                return Ok(Some(format!("it ends before {}", place(expected, row))));
            };
            let Some(piece) = &self.piece else { continue };
            for (name, column) in expected.columns() {
                let stored = piece.column(name).map(|stored| cell(stored, self.at - 1));
                if stored != Some(cell(column, row)) {
                    let place = place(expected, row);
                    return Ok(Some(format!(
                        "row {}, `{name}`, replayed for {place}, differs",
                        found + 1
                    )));
                }
            }
        }
        Ok(None)
    }
}

/// Whom and when a row is about.
fn place(table: &Table, row: usize) -> String {
    let text = |name: &str| match table.column(name).map(|column| cell(column, row)) {
        Some(Cell::Text(Some(text))) => text.to_owned(),
        Some(Cell::Time(Some(time))) => time.to_string(),
        _ => String::new(),
    };
    let model = text("model");
    let under = if model.is_empty() { String::new() } else { format!(" under {model}") };
    format!("{}{under} at {}", text("account"), text("time"))
}

/// A cell, whatever its column is made of; numbers are compared bit by bit.
#[derive(Debug, PartialEq)]
enum Cell<'a> {
    Number(Option<u64>),
    Count(Option<i64>),
    Text(Option<&'a str>),
    Time(Option<Timestamp>),
    Flag(Option<bool>),
}

fn cell(column: &Column, row: usize) -> Cell<'_> {
    match column {
        Column::Number(values) => Cell::Number(values[row].map(f64::to_bits)),
        Column::Count(values) => Cell::Count(values[row]),
        Column::Text(values) => Cell::Text(values[row].as_deref()),
        Column::Label(values) => Cell::Text(values.get(row)),
        Column::Time(values) => Cell::Time(values[row]),
        Column::Flag(values) => Cell::Flag(values[row]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_drawn_once_each_and_by_seed() {
        let draw = |share, seed, all| Sample::new(share, seed).unwrap().draw(all);
        assert_eq!(draw(1.0, 1, 7), (0..7).collect::<Vec<_>>());
        assert_eq!(draw(0.01, 1, 7).len(), 1);
        // Rounded up: a quarter of ten is three.
        assert_eq!(draw(0.25, 1, 10).len(), 3);
        assert_eq!(draw(0.25, 1, 10), draw(0.25, 1, 10));
        let seeds: std::collections::BTreeSet<Vec<usize>> =
            (0..20).map(|seed| draw(0.25, seed, 10)).collect();
        assert!(seeds.len() > 10, "seeds draw other shards");
        for share in [0.0, -0.5, 1.01, f64::NAN] {
            assert!(Sample::new(share, 1).unwrap_err().to_string().contains("above 0"));
        }
    }
}
