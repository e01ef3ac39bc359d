//! Index rules as dated files, and the library that holds them.
//!
//! A rule is one file below `rules/index/<venue>/`: the `[meta]` table that all rules have (see [`mpor_core::rules`]) with
//! `engine = "index"`, and the parameters of an [`IndexRule`]. A user's own lie below `index/` in a folder named by
//! `data.rules`.

use std::fs;
use std::path::{Path, PathBuf};

use mpor_core::{RuleHead, RuleVersion, RuleVersions};
use serde::Deserialize;
use toml::Table;

use super::build::Validity;
use super::embedded;
use super::rule::IndexRule;
use crate::error::DataError;

/// The folder, below one of rule files, that holds index rules; also their engine.
pub const FOLDER: &str = "index";

/// One version of one index rule.
pub type IndexRuleSet = RuleVersion<IndexParameters>;

/// The parameters of an index rule.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexParameters {
    /// As written.
    pub table: Table,
    /// As read.
    pub rule: IndexRule,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    meta: RuleHead,
    parameters: Table,
}

/// Reads a rule file. `file` is only for errors.
///
/// # Errors
/// [`DataError::IndexRule`] naming the file and the key.
pub fn read(file: &str, text: &str) -> Result<IndexRuleSet, DataError> {
    let refuse = |problem: String| DataError::IndexRule { file: file.to_owned(), problem };
    let plain = |error: toml::de::Error| refuse(error.to_string().trim_end().to_owned());
    let RuleFile { meta, parameters: table } = toml::from_str(text).map_err(plain)?;
    if meta.engine() != FOLDER {
        let engine = meta.engine();
        return Err(refuse(format!("`meta.engine` is {engine}; an index rule's is index")));
    }
    let rule: IndexRule = table
        .clone()
        .try_into()
        .map_err(|error: toml::de::Error| refuse(format!("`parameters`: {}", error.message())))?;
    let set = meta.of(file, IndexParameters { table, rule }).map_err(refuse)?;
    let checked = set.parameters.rule.check();
    checked.map_err(|problem| refuse(format!("`parameters`: {problem}")))?;
    Ok(set)
}

/// The rule of a version and when it holds.
#[must_use]
pub fn validity(set: &IndexRuleSet) -> Validity {
    let rule = set.parameters.rule.clone();
    Validity { from: set.valid_from, until: set.valid_until, rule }
}

/// Index rules by name, the versions of each in the order of their validity.
#[derive(Clone, Debug, Default)]
pub struct IndexLibrary {
    sets: RuleVersions<IndexParameters>,
}

impl IndexLibrary {
    /// The rules that are part of mpor.
    ///
    /// # Errors
    /// [`DataError::IndexRule`], which the tests of this crate exclude.
    pub fn embedded() -> Result<Self, DataError> {
        let add = |library: Self, (file, text): &(&str, &str)| library.with(read(file, text)?);
        embedded::FILES.iter().try_fold(IndexLibrary::default(), add)
    }

    /// This library and the `.toml` files below `index/` in a folder of rules, in the order of their paths; a folder
    /// without `index/` adds none.
    ///
    /// # Errors
    /// [`DataError::IndexRule`] naming the file and the key.
    pub fn with_directory(self, directory: &Path) -> Result<Self, DataError> {
        let folder = directory.join(FOLDER);
        let mut files = Vec::new();
        if folder.is_dir() {
            gather(&folder, &mut files)?;
        }
        files.sort();
        files.into_iter().try_fold(self, |library, file| {
            let text = fs::read_to_string(&file).map_err(|error| unreadable(&file, &error))?;
            library.with(read(&file.display().to_string(), &text)?)
        })
    }

    /// This library and one more version.
    ///
    /// # Errors
    /// [`DataError::IndexRule`] when the version is already there, or begins when another begins.
    pub fn with(self, set: IndexRuleSet) -> Result<Self, DataError> {
        let file = set.file.clone();
        let sets = self.sets.with(set).map_err(|problem| DataError::IndexRule { file, problem })?;
        Ok(IndexLibrary { sets })
    }

    /// The names of all rules, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.sets.names()
    }

    /// The versions of a rule, oldest first; none for an unknown name.
    #[must_use]
    pub fn versions(&self, name: &str) -> &[IndexRuleSet] {
        self.sets.versions(name)
    }
}

fn gather(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), DataError> {
    for entry in fs::read_dir(folder).map_err(|error| unreadable(folder, &error))? {
        let path = entry.map_err(|error| unreadable(folder, &error))?.path();
        if path.is_dir() {
            gather(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
    Ok(())
}

fn unreadable(path: &Path, error: &std::io::Error) -> DataError {
    let file = path.display().to_string();
    DataError::IndexRule { file, problem: format!("cannot be read: {error}") }
}
