//! All known rule sets, and which version holds when.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use mpor_core::Timestamp;

use super::{RuleSet, embedded};
use crate::error::MarginError;
use crate::nearest;

/// Rule sets by name, the versions of each in the order of their validity.
#[derive(Clone, Debug, Default)]
pub struct RuleLibrary {
    sets: BTreeMap<String, Vec<RuleSet>>,
}

impl RuleLibrary {
    /// The rule sets that are part of mpor.
    ///
    /// # Errors
    /// [`MarginError::RuleFile`], which the tests of this crate exclude.
    pub fn embedded() -> Result<Self, MarginError> {
        embedded::FILES.iter().try_fold(RuleLibrary::default(), |library, (file, text)| {
            library.with(RuleSet::read(file, text)?)
        })
    }

    /// This library and the `.toml` files of a directory and the directories in it, in the order of their paths.
    ///
    /// # Errors
    /// [`MarginError::RuleFile`] naming the file and the key.
    pub fn with_directory(self, directory: &Path) -> Result<Self, MarginError> {
        toml_files(directory)?.into_iter().try_fold(self, |library, file| {
            let name = file.display().to_string();
            let text = fs::read_to_string(&file).map_err(|error| unreadable(&file, &error))?;
            library.with(RuleSet::read(&name, &text)?)
        })
    }

    /// This library and one more version.
    ///
    /// # Errors
    /// [`MarginError::RuleFile`] when the version is already there, or begins when another begins.
    pub fn with(mut self, set: RuleSet) -> Result<Self, MarginError> {
        let versions = self.sets.entry(set.name.clone()).or_default();
        let clash = versions
            .iter()
            .find(|known| known.version == set.version || known.valid_from == set.valid_from);
        if let Some(known) = clash {
            let problem = format!(
                "{set} and {known} of {} have the same version or the same start; each version needs its own",
                known.file
            );
            return Err(MarginError::RuleFile { file: set.file, problem });
        }
        let at = versions.partition_point(|known| known.valid_from < set.valid_from);
        versions.insert(at, set);
        Ok(self)
    }

    /// The names of all rule sets, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.sets.keys().map(String::as_str)
    }

    /// The versions of a rule set, oldest first.
    ///
    /// # Errors
    /// [`MarginError::UnknownRules`] with the nearest known name.
    pub fn versions(&self, name: &str) -> Result<&[RuleSet], MarginError> {
        self.sets.get(name).map(Vec::as_slice).ok_or_else(|| MarginError::UnknownRules {
            name: name.to_owned(),
            hint: nearest::hint(name, self.names()),
        })
    }

    /// The version of a rule set that holds at an instant: the last to have started, if it has not ended.
    ///
    /// # Errors
    /// [`MarginError::UnknownRules`], or [`MarginError::NotInForce`] saying which versions there are.
    pub fn in_force(&self, name: &str, time: Timestamp) -> Result<&RuleSet, MarginError> {
        in_force(name, self.versions(name)?, time)
    }
}

/// The last version to have started, if it has not ended.
pub(crate) fn in_force<'v>(
    name: &str,
    versions: &'v [RuleSet],
    time: Timestamp,
) -> Result<&'v RuleSet, MarginError> {
    let started = versions.iter().rev().find(|set| set.valid_from.is_none_or(|from| from <= time));
    started.filter(|set| set.holds_at(time)).ok_or_else(|| not_in_force(name, versions, time))
}

fn not_in_force(name: &str, versions: &[RuleSet], time: Timestamp) -> MarginError {
    let coverage: Vec<String> = versions.iter().map(period).collect();
    let after = versions.iter().find(|set| set.valid_from.is_some_and(|from| from > time));
    let nearest = after.or(versions.last()).and_then(|set| set.valid_from).unwrap_or(time);
    MarginError::NotInForce {
        name: name.to_owned(),
        time,
        coverage: coverage.join(", "),
        nearest: nearest.date().to_string(),
    }
}

fn period(set: &RuleSet) -> String {
    let from = set.valid_from.map(|from| format!(" from {from}")).unwrap_or_default();
    let until = set.valid_until.map(|until| format!(" until {until}")).unwrap_or_default();
    format!("version {} holds{from}{until}", set.version)
}

fn toml_files(directory: &Path) -> Result<Vec<std::path::PathBuf>, MarginError> {
    let mut files = Vec::new();
    let entries = fs::read_dir(directory).map_err(|error| unreadable(directory, &error))?;
    for entry in entries {
        let path = entry.map_err(|error| unreadable(directory, &error))?.path();
        if path.is_dir() {
            // Index rules lie in a folder of that name, and are the data crate's.
            if !path.ends_with("index") {
                files.extend(toml_files(&path)?);
            }
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn unreadable(path: &Path, error: &std::io::Error) -> MarginError {
    MarginError::RuleFile {
        file: path.display().to_string(),
        problem: format!("cannot be read: {error}"),
    }
}
