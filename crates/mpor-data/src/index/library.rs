//! Index rules as dated files, and the library that holds them.
//!
//! A rule is one file below `rules/index/<venue>/`, laid out as the margin rules are:
//!
//! ```toml
//! [meta]
//! venue = "deribit"
//! model = "index"               # the study writes "deribit/index"
//! version = "undated"
//! engine = "index"
//! valid_from = "unknown"        # or a date
//! source = "where the rule was read"
//! status = "primary"            # primary, secondary, memory, or convention
//!
//! [meta.notes]                  # what is uncertain, by parameter
//!
//! [parameters]                  # see `IndexRule`
//! ```
//!
//! A user's own lie below `index/` in a folder named by `data.rules`.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use mpor_core::Timestamp;
use serde::Deserialize;
use toml::Table;

use super::build::Validity;
use super::embedded;
use super::rule::IndexRule;
use crate::error::DataError;

/// The folder, below one of rule files, that holds index rules.
pub const FOLDER: &str = "index";

/// How far a rule file can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleStatus {
    /// The venue's own documents or contracts.
    Primary,
    /// Someone else's account of them.
    Secondary,
    /// Not checked against anything.
    Memory,
    /// Chosen here; no venue's rule.
    Convention,
}

/// One version of one index rule.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexRuleSet {
    /// `venue/model`, as the study writes it.
    pub name: String,
    /// Version within the name.
    pub version: String,
    /// First instant at which it holds; `None` when the start is not known, which counts as always.
    pub valid_from: Option<Timestamp>,
    /// First instant at which it no longer holds, where one is stated.
    pub valid_until: Option<Timestamp>,
    /// Where it was read.
    pub source: String,
    /// How far it can be trusted.
    pub status: RuleStatus,
    /// What is uncertain, by parameter.
    pub notes: BTreeMap<String, String>,
    /// The file it was read from.
    pub file: String,
    /// The parameters as written.
    pub parameters: Table,
    /// The parameters as read.
    pub rule: IndexRule,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    meta: Meta,
    parameters: Table,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Meta {
    venue: String,
    model: String,
    version: String,
    engine: String,
    valid_from: String,
    valid_until: Option<Timestamp>,
    source: String,
    status: RuleStatus,
    #[serde(default)]
    notes: BTreeMap<String, String>,
}

impl IndexRuleSet {
    /// Reads a rule file. `file` is only for errors.
    ///
    /// # Errors
    /// [`DataError::IndexRule`] naming the file and the key.
    pub fn read(file: &str, text: &str) -> Result<Self, DataError> {
        let refuse = |problem: String| DataError::IndexRule { file: file.to_owned(), problem };
        let plain = |error: toml::de::Error| refuse(error.to_string().trim_end().to_owned());
        let RuleFile { meta, parameters } = toml::from_str(text).map_err(plain)?;
        if meta.engine != FOLDER {
            return Err(refuse(format!(
                "`meta.engine` is {}; an index rule's is index",
                meta.engine
            )));
        }
        let valid_from = match meta.valid_from.as_str() {
            "unknown" => None,
            text => Some(
                text.parse::<Timestamp>()
                    .map_err(|error| refuse(format!("`meta.valid_from`: {error}, or unknown")))?,
            ),
        };
        if let (Some(from), Some(until)) = (valid_from, meta.valid_until)
            && until <= from
        {
            return Err(refuse(format!(
                "`meta.valid_until` {until} is not after valid_from {from}"
            )));
        }
        let rule: IndexRule = parameters.clone().try_into().map_err(|error: toml::de::Error| {
            refuse(format!("`parameters`: {}", error.message()))
        })?;
        rule.check().map_err(|problem| refuse(format!("`parameters`: {problem}")))?;
        Ok(IndexRuleSet {
            name: format!("{}/{}", meta.venue, meta.model),
            version: meta.version,
            valid_from,
            valid_until: meta.valid_until,
            source: meta.source,
            status: meta.status,
            notes: meta.notes,
            file: file.to_owned(),
            parameters,
            rule,
        })
    }

    /// The rule and when it holds.
    #[must_use]
    pub fn validity(&self) -> Validity {
        Validity { from: self.valid_from, until: self.valid_until, rule: self.rule.clone() }
    }
}

/// Index rules by name, the versions of each in the order of their validity.
#[derive(Clone, Debug, Default)]
pub struct IndexLibrary {
    sets: BTreeMap<String, Vec<IndexRuleSet>>,
}

impl IndexLibrary {
    /// The rules that are part of mpor.
    ///
    /// # Errors
    /// [`DataError::IndexRule`], which the tests of this crate exclude.
    pub fn embedded() -> Result<Self, DataError> {
        let read = |library: Self, (file, text): &(&str, &str)| {
            library.with(IndexRuleSet::read(file, text)?)
        };
        embedded::FILES.iter().try_fold(IndexLibrary::default(), read)
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
            library.with(IndexRuleSet::read(&file.display().to_string(), &text)?)
        })
    }

    /// This library and one more version.
    ///
    /// # Errors
    /// [`DataError::IndexRule`] when the version is already there, or begins when another begins.
    pub fn with(mut self, set: IndexRuleSet) -> Result<Self, DataError> {
        let versions = self.sets.entry(set.name.clone()).or_default();
        let same = |known: &&IndexRuleSet| {
            known.version == set.version || known.valid_from == set.valid_from
        };
        if let Some(known) = versions.iter().find(same) {
            let problem = format!(
                "{set} and {known} of {} have the same version or the same start; each version needs its own",
                known.file
            );
            return Err(DataError::IndexRule { file: set.file, problem });
        }
        let at = versions.partition_point(|known| known.valid_from < set.valid_from);
        versions.insert(at, set);
        Ok(self)
    }

    /// The names of all rules, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.sets.keys().map(String::as_str)
    }

    /// The versions of a rule, oldest first; none for an unknown name.
    #[must_use]
    pub fn versions(&self, name: &str) -> &[IndexRuleSet] {
        self.sets.get(name).map_or(&[], Vec::as_slice)
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

impl fmt::Display for RuleStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RuleStatus::Primary => "primary",
            RuleStatus::Secondary => "secondary",
            RuleStatus::Memory => "memory",
            RuleStatus::Convention => "convention",
        })
    }
}

/// Name, version, validity and status: `deribit/index undated (start not known, primary)`.
impl fmt::Display for IndexRuleSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} (", self.name, self.version)?;
        match self.valid_from {
            Some(from) => write!(f, "from {from}")?,
            None => f.write_str("start not known")?,
        }
        if let Some(until) = self.valid_until {
            write!(f, " until {until}")?;
        }
        write!(f, ", {})", self.status)
    }
}
