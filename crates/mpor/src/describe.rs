//! What data there is and what is wrong with it.

use std::path::PathBuf;

pub use mpor_core::finding::by_year;
pub use mpor_core::{Finding, FindingGroup};
pub use mpor_data::describe::Summary;
use mpor_data::{DataError, Policies, Query, checks, raw};

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

/// Runs every data check on files of the `prices` table, each series beside the others; nothing is refused, everything is
/// listed.
///
/// # Errors
/// [`MporError::Data`] for files that cannot be read.
pub fn check(files: &[String]) -> Result<Vec<Finding>, MporError> {
    let series = raw::prices(&Query::all(files.iter().cloned())).map_err(|error| match error {
        DataError::NoFiles { pattern } => {
            MporError::History(format!("no file matches `{pattern}`"))
        }
        other => other.into(),
    })?;
    Ok(checks::findings_of_all(&series, &Policies::default()))
}
