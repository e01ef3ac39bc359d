//! What data there is and what is wrong with it.

use std::path::PathBuf;

pub use mpor_core::finding::by_year;
pub use mpor_core::{Finding, FindingGroup};
pub use mpor_data::describe::Summary;
use mpor_data::raw::{self, RawSeriesBySymbol};
use mpor_data::{DataError, Policies, Query, checks};

use crate::error::MporError;

/// Every series of the datasets in some folders.
///
/// # Errors
/// [`MporError::Data`] naming the file.
pub fn describe(folders: &[PathBuf]) -> Result<Vec<Summary>, MporError> {
    let mut all = Vec::new();
    for folder in folders {
        all.extend(mpor_data::describe::describe(folder)?);
    }
    Ok(all)
}

/// Runs every data check on files of prices, funding, volatility indices or rates, each series beside the others; nothing
/// is refused, everything is listed.
///
/// # Errors
/// [`MporError::Data`] for files that cannot be read.
pub fn check(files: &[String]) -> Result<Vec<Finding>, MporError> {
    let check = |series: &RawSeriesBySymbol| checks::findings_of_all(series, &Policies::default());
    match raw::prices(&Query::all(files.iter().cloned())) {
        Ok(series) => Ok(check(&series)),
        Err(error @ DataError::MissingColumns { .. }) => {
            let other = tables(files, error)?;
            Ok(other.iter().flat_map(check).collect())
        }
        Err(error) => Err(refusal(error)),
    }
}

/// Reads a table.
type Read = fn(&Query) -> Result<RawSeriesBySymbol, DataError>;
/// The tables whose series are checked; what is none of them is told as if prices were meant.
const READS: [Read; 4] = [raw::prices, raw::funding, raw::vol_index, raw::rates];

/// The series of files that are not all of prices, table by table.
fn tables(files: &[String], as_prices: DataError) -> Result<Vec<RawSeriesBySymbol>, MporError> {
    let mut patterns: [Vec<String>; 4] = Default::default();
    for file in files {
        let query = Query::all([file.clone()]);
        let mut fits = None;
        for (table, read) in READS.iter().enumerate() {
            match read(&query) {
                Ok(_) => fits = fits.or(Some(table)),
                Err(DataError::MissingColumns { .. }) => {}
                Err(error) => return Err(refusal(error)),
            }
        }
        let Some(table) = fits else { return Err(as_prices.into()) };
        patterns[table].push(file.clone());
    }
    let wanted = READS.iter().zip(patterns).filter(|(_, patterns)| !patterns.is_empty());
    wanted.map(|(read, patterns)| read(&Query::all(patterns)).map_err(refusal)).collect()
}

/// A command line has no study that paths could be relative to.
fn refusal(error: DataError) -> MporError {
    match error {
        DataError::NoFiles { pattern } => {
            MporError::History(format!("no file matches `{pattern}`"))
        }
        other => other.into(),
    }
}
