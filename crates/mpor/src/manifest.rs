//! What a run was made from and what it made: enough to make it again and to notice a changed byte.

use std::fs::File;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::MporError;

/// File name in the run's folder.
pub const MANIFEST: &str = "manifest.json";

/// The record of a finished run. Holds no clock, host or thread count: equal runs have equal manifests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of mpor.
    pub version: String,
    /// Name of the study.
    pub study: String,
    /// The study file, relative to the run's folder.
    pub study_file: String,
    /// BLAKE3 of the resolved study: every key with its default written out.
    pub study_hash: String,
    /// Seed of the random streams.
    pub seed: u64,
    /// Files read.
    pub inputs: Vec<FileRecord>,
    /// Files written, relative to the run's folder.
    pub outputs: Vec<FileRecord>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileRecord {
    /// Path relative to the run's folder, with forward slashes.
    pub path: String,
    /// BLAKE3 of its bytes, in hexadecimal.
    pub blake3: String,
    /// Length in bytes.
    pub bytes: u64,
    /// Rows, for tables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<usize>,
}

impl Manifest {
    /// Reads the manifest of a finished run.
    ///
    /// # Errors
    /// [`MporError::Folder`] when the folder holds no finished run.
    pub fn read(run: &Path) -> Result<Self, MporError> {
        Self::read_file(&run.join(MANIFEST))
    }

    /// Reads a manifest whatever its file's name.
    pub(crate) fn read_file(path: &Path) -> Result<Self, MporError> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            MporError::folder(path, format!("{error}; is this the folder of a finished run?"))
        })?;
        serde_json::from_str(&text)
            .map_err(|error| MporError::folder(path, format!("not a manifest: {error}")))
    }

    /// The manifest as it is written.
    ///
    /// # Errors
    /// [`MporError::Folder`] when it cannot be written as JSON.
    pub fn to_json(&self) -> Result<String, MporError> {
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| MporError::folder(MANIFEST, error))?;
        Ok(text + "\n")
    }
}

/// Hashes a file, and records it relative to `base`.
///
/// # Errors
/// [`MporError::Folder`] when the file cannot be read.
pub fn record(path: &Path, base: &Path, rows: Option<usize>) -> Result<FileRecord, MporError> {
    let fail = |error: std::io::Error| MporError::folder(path, error);
    let mut hasher = blake3::Hasher::new();
    let mut file = File::open(path).map_err(fail)?;
    let bytes = std::io::copy(&mut file, &mut hasher).map_err(fail)?;
    let blake3 = hasher.finalize().to_hex().to_string();
    Ok(FileRecord { path: relative(path, base), blake3, bytes, rows })
}

/// Hash of a text, in hexadecimal.
#[must_use]
pub fn hash_text(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

/// `path` as seen from the folder `base`; unchanged when they share no root.
#[must_use]
pub fn relative(path: &Path, base: &Path) -> String {
    let (path, base) = (absolute(path), absolute(base));
    let (mut theirs, mut ours) = (path.components().peekable(), base.components().peekable());
    while let (Some(a), Some(b)) = (theirs.peek(), ours.peek()) {
        if a != b {
            break;
        }
        theirs.next();
        ours.next();
    }
    let up = ours.map(|_| "..".to_owned());
    let down = theirs.map(|part| part.as_os_str().to_string_lossy().into_owned());
    up.chain(down).collect::<Vec<_>>().join("/")
}

/// The empty path is the current directory: the folder of a study given as `study.toml`.
fn absolute(path: &Path) -> PathBuf {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_seen_from_the_base() {
        let see = |path, base| relative(Path::new(path), Path::new(base));
        assert_eq!(see("/no/a/data.parquet", "/no/a/runs/x"), "../../data.parquet");
        assert_eq!(see("/no/a/b", "/no/a"), "b");
    }
}
