//! From whole shards to the result, block of accounts by block of accounts: the long tables are written as the blocks pass.
//!
//! The paths of all accounts stay in memory only where something looks at them after the blocks have passed: see [`keep`].

use std::path::Path;

use mpor_backtest::evidence::is_asked;
use mpor_backtest::{BacktestResult, Blocks, Keep, tables};
use mpor_core::Table;
use mpor_data::tables::{Metadata, TableWriter};

use crate::error::MporError;
use crate::layout::Layout;
use crate::loaded::Loaded;
use crate::progress::Progress;
use crate::run::assembly;
use crate::shards::{Located, Shards};
use crate::stage::Written;
use crate::study::StudyFile;

/// The result of the shards, and the long tables, written into `to`.
pub(crate) fn of_shards(
    file: &StudyFile,
    loaded: &Loaded,
    (shards, located): (&Shards, &Located),
    layout: &Layout,
    to: &Path,
    progress: &dyn Progress,
) -> Result<(BacktestResult, Vec<Written>), MporError> {
    let steps: Vec<usize> = loaded.steps.clone().collect();
    let times = loaded.dates().to_vec();
    let with = assembly(file, loaded, loaded.history());
    let mut blocks = Blocks::new(with, steps, times, keep(file, loaded))?;
    let mut long = Long::new(to);
    progress.begin("testing coverage, explaining breaches", layout.blocks.len());
    for accounts in &layout.blocks {
        let block = blocks.walk(accounts.clone(), shards.days(located, accounts)?)?;
        long.append(&block.result)?;
        blocks.take(block)?;
        progress.advance(1);
    }
    let result = blocks.finish()?;
    progress.end();
    Ok((result, long.finish()?))
}

/// Whose paths are looked at after their tables are written: what sets accounts beside each other looks at all.
fn keep(file: &StudyFile, loaded: &Loaded) -> Keep {
    let study = &file.study;
    let beside = study.backtest.disclosures || is_asked(study.backtest.tests.wanted());
    let fitted = loaded.asked().iter().any(|model| model.fits());
    let lived = !study.collateral.is_empty() || !study.fault.is_empty();
    let together = !study.offset.is_empty() || study.default_fund.is_some();
    if beside || fitted || lived || together {
        return Keep::All;
    }
    let shown = study.report.account.as_ref();
    let position = |name| loaded.books.accounts.iter().position(|account| account == name);
    Keep::Featured { named: shown.and_then(position) }
}

/// The tables that grow with accounts and dates, under construction.
struct Long<'a> {
    to: &'a Path,
    tables: Vec<LongTable>,
}

struct LongTable {
    name: &'static str,
    written: Written,
    writer: TableWriter,
    table: tables::ByAccount,
}

impl<'a> Long<'a> {
    fn new(to: &'a Path) -> Self {
        Long { to, tables: Vec::new() }
    }

    fn append(&mut self, block: &BacktestResult) -> Result<(), MporError> {
        use rayon::prelude::*;
        // A table begins with the first block that has a row for it.
        for (name, table) in tables::long(block) {
            if self.tables.iter().all(|known| known.name != name) {
                self.tables.push(LongTable::create(self.to, name, table)?);
            }
        }
        let appended: Vec<_> =
            self.tables.par_iter_mut().map(|table| table.append(block)).collect();
        appended.into_iter().collect()
    }

    fn finish(self) -> Result<Vec<Written>, MporError> {
        let finish = |table: LongTable| {
            table.writer.finish()?;
            Ok(table.written)
        };
        self.tables.into_iter().map(finish).collect()
    }
}

impl LongTable {
    fn create(to: &Path, name: &'static str, table: tables::ByAccount) -> Result<Self, MporError> {
        let path = to.join(format!("{name}.parquet"));
        let writer = TableWriter::create(&path, Metadata::new())?;
        Ok(LongTable { name, written: (path, Some(0)), writer, table })
    }

    /// Appends a block by ranges of accounts; the next one is laid out while the last is encoded.
    fn append(&mut self, block: &BacktestResult) -> Result<(), MporError> {
        let mut pieces = tables::pieces(block).map(|accounts| (self.table)(block, accounts));
        let mut piece: Option<Table> = pieces.next().transpose()?;
        while let Some(current) = piece {
            self.written.1 = self.written.1.map(|rows| rows + current.rows());
            let writer = &mut self.writer;
            let (appended, next) =
                rayon::join(|| writer.append(&current), || pieces.next().transpose());
            appended?;
            piece = next?;
        }
        Ok(())
    }
}
