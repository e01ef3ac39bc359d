//! Venue rule sets: dated, sourced TOML files, and the library that finds the version in force.
//!
//! A rule set is one file `rules/<venue>/<model>/<version>.toml`: the `[meta]` table that all rules have (see
//! [`mpor_core::rules`]), and
//!
//! ```toml
//! [parameters]                  # of the engine; a study's own keys go over them
//! ```
//!
//! Adding a rule set is adding such a file and its line in `embedded.rs`.

mod embedded;
mod library;

use mpor_core::{RuleHead, RuleVersion};
use serde::Deserialize;
use toml::Table;

use crate::catalog;
use crate::error::MarginError;
use crate::overlays::haircuts;
use crate::parse;

pub use library::RuleLibrary;
pub(crate) use library::in_force;

/// One version of a venue's rules.
pub type RuleSet = RuleVersion<Table>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    meta: RuleHead,
    #[serde(default)]
    parameters: Table,
}

/// Reads a rule file. `file` is only for errors.
///
/// # Errors
/// [`MarginError::RuleFile`] naming the file and the key.
pub fn read(file: &str, text: &str) -> Result<RuleSet, MarginError> {
    let refuse = |problem: String| MarginError::RuleFile { file: file.to_owned(), problem };
    let table: Table = toml::from_str(text).map_err(|error| refuse(error.to_string()))?;
    let RuleFile { meta, parameters } = parse::typed(table).map_err(|f| f.of_file(file))?;
    let set = meta.of(file, parameters).map_err(refuse)?;
    check_parameters(&set)?;
    Ok(set)
}

/// Builds the engine once, so that a fault is found when the file is read.
fn check_parameters(set: &RuleSet) -> Result<(), MarginError> {
    let refuse = |problem: String| MarginError::RuleFile { file: set.file.clone(), problem };
    if set.engine == haircuts::ENGINE {
        return haircuts::check(&set.parameters).map_err(|fault| fault.of_file(&set.file));
    }
    let kind =
        catalog::kind(&set.engine).map_err(|error| refuse(format!("`meta.engine`: {error}")))?;
    match (kind.build)(&set.name, set.parameters.clone()) {
        Ok(_) => Ok(()),
        Err(MarginError::UnknownKey { key, hint, .. }) => {
            Err(refuse(format!("unknown key `parameters.{key}`; {hint}")))
        }
        Err(MarginError::Parameter { key, problem, .. }) => {
            Err(refuse(format!("`parameters.{key}` {problem}")))
        }
        Err(other) => Err(refuse(other.to_string())),
    }
}
