//! All known rule sets, and which version holds when.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use mpor_core::{RuleVersions, Timestamp, rules};
use toml::Table;

use super::{RuleSet, embedded, read};
use crate::code::Code;
use crate::error::MarginError;
use crate::nearest;

/// Rule sets by name, the versions of each in the order of their validity.
#[derive(Clone, Debug, Default)]
pub struct RuleLibrary {
    sets: RuleVersions<Table>,
    /// By name of the model that it stands behind.
    code: BTreeMap<String, Code>,
}

impl RuleLibrary {
    /// The rule sets that are part of mpor.
    ///
    /// # Errors
    /// [`MarginError::RuleFile`], which the tests of this crate exclude.
    pub fn embedded() -> Result<Self, MarginError> {
        embedded::FILES.iter().try_fold(RuleLibrary::default(), |library, (file, text)| {
            library.with(read(file, text)?)
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
            library.with(read(&name, &text)?)
        })
    }

    /// This library and one more version.
    ///
    /// # Errors
    /// [`MarginError::RuleFile`] when the version is already there, or begins when another begins.
    pub fn with(self, set: RuleSet) -> Result<Self, MarginError> {
        let file = set.file.clone();
        let sets =
            self.sets.with(set).map_err(|problem| MarginError::RuleFile { file, problem })?;
        Ok(RuleLibrary { sets, ..self })
    }

    /// This library and the code behind models of `kind = "code"`, by their names.
    #[must_use]
    pub fn with_code(mut self, code: BTreeMap<String, Code>) -> Self {
        self.code.extend(code);
        self
    }

    /// The code behind a model.
    #[must_use]
    pub fn code(&self, model: &str) -> Option<&Code> {
        self.code.get(model)
    }

    /// The names of all rule sets, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.sets.names()
    }

    /// The versions of a rule set, oldest first.
    ///
    /// # Errors
    /// [`MarginError::UnknownRules`] with the nearest known name.
    pub fn versions(&self, name: &str) -> Result<&[RuleSet], MarginError> {
        match self.sets.versions(name) {
            [] => Err(MarginError::UnknownRules {
                name: name.to_owned(),
                hint: nearest::hint(name, self.names()),
            }),
            versions => Ok(versions),
        }
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
    rules::in_force(versions, time).ok_or_else(|| {
        let after = versions.iter().find(|set| set.valid_from.is_some_and(|from| from > time));
        let nearest = after.or(versions.last()).and_then(|set| set.valid_from).unwrap_or(time);
        MarginError::NotInForce {
            name: name.to_owned(),
            time,
            coverage: rules::coverage(versions),
            nearest: nearest.date().to_string(),
        }
    })
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
