//! What a dataset says about itself: `metadata.toml` beside its files.
//!
//! Where the numbers came from, under which licence, what each file holds and hashes to, and which faults are known.

use std::fs;
use std::path::{Path, PathBuf};

use mpor_core::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::DataError;

/// Name of the file.
pub const FILE: &str = "metadata.toml";

/// One dataset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dataset {
    /// Name, which is the folder's.
    pub name: String,
    /// What it is, in a line.
    pub title: String,
    /// Licence of the packages the numbers came from, as an SPDX expression.
    pub licence: String,
    /// Who asks to be named, and how.
    pub attribution: String,
    /// What to keep in mind when using it.
    pub caution: String,
    /// What the stamps mean.
    pub time: String,
    /// Faults that are known and kept.
    pub known_defects: Vec<String>,
    /// Where the numbers came from.
    pub package: Vec<Package>,
    /// The files.
    pub file: Vec<DataFile>,
    /// Columns and units of the files.
    pub column: Vec<ColumnNote>,
}

/// A package of a registry that numbers were taken from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
    /// Kind of package, such as `Python sdist`.
    pub kind: String,
    /// Licence as an SPDX expression.
    pub licence: String,
    /// The file inside.
    pub file: String,
    /// What was taken and how it was changed.
    pub made: String,
}

/// One file of a dataset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataFile {
    /// Path within the dataset.
    pub path: String,
    /// Table of the canonical schemas.
    pub table: String,
    /// Number of rows.
    pub rows: usize,
    /// First instant.
    pub from: Timestamp,
    /// Last instant.
    pub to: Timestamp,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
}

/// A column and its unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnNote {
    /// Name.
    pub name: String,
    /// Unit and meaning.
    pub unit: String,
}

impl Dataset {
    /// Reads the description in a dataset's folder.
    ///
    /// # Errors
    /// [`DataError::Unreadable`] or [`DataError::Metadata`].
    pub fn read(folder: &Path) -> Result<Self, DataError> {
        let path = folder.join(FILE);
        let name = path.display().to_string();
        let text =
            fs::read_to_string(&path).map_err(|error| DataError::unreadable(&name, error))?;
        toml::from_str(&text)
            .map_err(|error| DataError::Metadata { file: name, problem: error.to_string() })
    }

    /// Checks that every file is there with its hash, and that no Parquet file is unlisted.
    ///
    /// # Errors
    /// [`DataError::Metadata`] naming the file that differs, [`DataError::Unreadable`].
    pub fn verify(&self, folder: &Path) -> Result<(), DataError> {
        let differs = |path: PathBuf, problem: String| {
            Err(DataError::Metadata { file: path.display().to_string(), problem })
        };
        for file in &self.file {
            let path = folder.join(&file.path);
            let found = sha256(&path)?;
            if found != file.sha256 {
                let problem = format!("SHA-256 is {found}, {FILE} says {}", file.sha256);
                return differs(path, problem);
            }
        }
        let everything = vec![folder.to_string_lossy().into_owned()];
        for found in crate::source::expand(&everything, &[])? {
            if !self.file.iter().any(|file| folder.join(&file.path) == Path::new(&found)) {
                return differs(PathBuf::from(found), format!("not listed in {FILE}"));
            }
        }
        Ok(())
    }
}

/// The datasets of a folder: it or the folders in it that hold a description, by name.
///
/// # Errors
/// [`DataError::Unreadable`] or [`DataError::Metadata`].
pub fn datasets(folder: &Path) -> Result<Vec<(PathBuf, Dataset)>, DataError> {
    if folder.join(FILE).is_file() {
        return Ok(vec![(folder.to_owned(), Dataset::read(folder)?)]);
    }
    let name = folder.display().to_string();
    let entries = fs::read_dir(folder).map_err(|error| DataError::unreadable(&name, error))?;
    let mut folders: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.join(FILE).is_file())
        .collect();
    folders.sort_unstable();
    folders.into_iter().map(|path| Ok((path.clone(), Dataset::read(&path)?))).collect()
}

/// SHA-256 of a file, in hexadecimal.
///
/// # Errors
/// [`DataError::Unreadable`].
pub fn sha256(path: &Path) -> Result<String, DataError> {
    let name = path.display().to_string();
    let bytes = fs::read(path).map_err(|error| DataError::unreadable(&name, error))?;
    Ok(Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sha256_of_abc_is_the_published_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("abc");
        fs::write(&path, "abc").unwrap();
        // FIPS 180-4, example B.1.
        let published = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(&path).unwrap(), published);
    }
}
