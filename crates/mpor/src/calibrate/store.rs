//! Records that survive a kill: batches of candidates as shards of one plan, written under a temporary name and renamed.
//!
//! A plan is version, resolved study and hashes of all inputs; the points of a batch follow from it. Batches of another plan
//! are deleted, never read. Records are the same bits whether they were just computed or read back.

use std::path::{Path, PathBuf};

use mpor_core::{Column, Table, Timestamp};
use mpor_data::tables::{read_parquet, write_bytes, write_working_parquet};

use super::record::{Market, Record};
use crate::error::MporError;

/// The batches of one calibration.
#[derive(Debug)]
pub(crate) struct Store {
    folder: PathBuf,
}

impl Store {
    /// Opens the batches of a plan, and deletes those of another.
    pub fn open(run: &Path, plan: &str) -> Result<Self, MporError> {
        let folder = run.join("batches");
        let plan_file = folder.join("plan");
        if std::fs::read_to_string(&plan_file).unwrap_or_default() != plan {
            remove(&folder)?;
            write_bytes(&plan_file, plan.as_bytes())?;
        }
        Ok(Store { folder })
    }

    /// Removes the batches once the calibration is complete.
    pub fn close(self) -> Result<(), MporError> {
        remove(&self.folder)
    }

    /// The records of a batch of so many candidates and dates, if it is there whole.
    pub fn read(&self, batch: &str, candidates: usize, dates: usize) -> Option<Vec<Record>> {
        let totals = read_parquet(&self.file(batch, "totals")).ok()?;
        let breaches = read_parquet(&self.file(batch, "breaches")).ok()?;
        let Column::Number(amounts) = totals.column("requirement")? else { return None };
        let amounts: Vec<f64> = amounts.iter().copied().collect::<Option<_>>()?;
        if amounts.len() != candidates * dates {
            return None;
        }
        let mut records: Vec<Record> = amounts
            .chunks_exact(dates)
            .map(|totals| Record { totals: totals.to_vec(), breaches: Vec::new() })
            .collect();
        let [of, date, account] =
            ["candidate", "date", "account"].map(|name| counts(&breaches, name));
        for ((of, date), account) in of?.into_iter().zip(date?).zip(account?) {
            records.get_mut(of)?.breaches.push((date, account));
        }
        Some(records)
    }

    /// Writes a batch; its totals last, so that a batch with totals is whole.
    pub fn write(&self, batch: &str, records: &[Record]) -> Result<(), MporError> {
        let rows = || {
            let numbered = records.iter().enumerate();
            numbered.flat_map(|(of, record)| record.breaches.iter().map(move |at| (of, *at)))
        };
        let breaches = [
            ("candidate", Column::counts(rows().map(|row| row.0))),
            ("date", Column::counts(rows().map(|row| row.1.0))),
            ("account", Column::counts(rows().map(|row| row.1.1))),
        ];
        let all = records.iter().flat_map(|record| record.totals.iter().copied());
        let totals = [("requirement", Column::numbers(all))];
        let (breaches, totals) = (Table::new("breaches", breaches)?, Table::new("totals", totals)?);
        write_working_parquet(&breaches, &self.file(batch, "breaches"))?;
        Ok(write_working_parquet(&totals, &self.file(batch, "totals"))?)
    }

    /// What is the same for every candidate, if it is there whole.
    pub fn read_market(&self, times: &[Timestamp], accounts: usize) -> Option<Market> {
        let observed = read_parquet(&self.file("market", "observed")).ok()?;
        let gross = read_parquet(&self.file("market", "gross")).ok()?;
        let Column::Flag(flags) = observed.column("observed")? else { return None };
        let Column::Number(gross) = gross.column("gross_notional")? else { return None };
        let flags: Vec<bool> = flags.iter().copied().collect::<Option<_>>()?;
        let gross: Vec<f64> = gross.iter().copied().collect::<Option<_>>()?;
        let whole = gross.len() == times.len() && flags.len() == accounts * times.len();
        let observed = flags.chunks_exact(times.len()).map(<[bool]>::to_vec).collect();
        whole.then(|| Market { times: times.to_vec(), observed, gross })
    }

    /// Writes what is the same for every candidate.
    pub fn write_market(&self, market: &Market) -> Result<(), MporError> {
        let flags = market.observed.iter().flatten().map(|&flag| Some(flag)).collect();
        let observed = Table::new("observed", [("observed", Column::Flag(flags))])?;
        let gross = [("gross_notional", Column::numbers(market.gross.iter().copied()))];
        write_working_parquet(&observed, &self.file("market", "observed"))?;
        Ok(write_working_parquet(&Table::new("gross", gross)?, &self.file("market", "gross"))?)
    }

    fn file(&self, batch: &str, table: &str) -> PathBuf {
        self.folder.join(batch).join(format!("{table}.parquet"))
    }
}

fn counts(table: &Table, name: &str) -> Option<Vec<usize>> {
    let Column::Count(values) = table.column(name)? else { return None };
    values.iter().map(|value| usize::try_from((*value)?).ok()).collect()
}

fn remove(folder: &Path) -> Result<(), MporError> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(MporError::folder(folder, error))
        }
        _ => Ok(()),
    }
}
