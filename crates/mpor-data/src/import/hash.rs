//! BLAKE3 of a file, read in pieces.

use std::fs::File;
use std::path::Path;

use crate::error::DataError;

/// The hash in hexadecimal.
pub(crate) fn of_file(path: &Path) -> Result<String, DataError> {
    let refuse = |error| DataError::unreadable(&path.display().to_string(), error);
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path).map_err(refuse)?).map_err(refuse)?;
    Ok(hasher.finalize().to_hex().to_string())
}
