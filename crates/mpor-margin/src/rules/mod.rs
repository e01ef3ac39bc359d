//! Venue rule sets: dated, sourced TOML files, and the library that finds the version in force.
//!
//! A rule set is one file `rules/<venue>/<model>/<version>.toml`:
//!
//! ```toml
//! [meta]
//! venue = "derive"
//! model = "pmrm2"
//! version = "2025-12-08"
//! engine = "derive-pmrm2"       # the kind of model that reads the parameters, or collateral for a table of haircuts
//! valid_from = "2025-12-08"     # or "unknown": in force until a dated version replaces it
//! valid_until = "2026-03-01"    # optional: the first instant at which it no longer holds
//! source = "where the numbers were read"
//! status = "primary"            # primary, secondary, memory, or convention (chosen here, not a venue's)
//!
//! [meta.notes]                  # what is uncertain, by parameter
//!
//! [parameters]                  # of the engine; a study's own keys go over them
//! ```
//!
//! Adding a rule set is adding such a file and its line in `embedded.rs`.

mod embedded;
mod library;

use std::collections::BTreeMap;
use std::fmt;

use mpor_core::Timestamp;
use serde::Deserialize;
use toml::Table;

use crate::catalog;
use crate::error::MarginError;
use crate::overlays::haircuts;
use crate::parse;

pub use library::RuleLibrary;
pub(crate) use library::in_force;

/// How far the numbers of a rule set can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The venue's own documents or contracts.
    Primary,
    /// Someone else's account of them.
    Secondary,
    /// Not checked against anything.
    Memory,
    /// Chosen by this project as a yardstick; no venue's rule.
    Convention,
}

/// One version of a venue's rules.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleSet {
    /// `venue/model`, as the study writes it.
    pub name: String,
    /// Version within the name.
    pub version: String,
    /// The kind of model that reads the parameters; `collateral` for a table of haircuts.
    pub engine: String,
    /// First instant at which it holds; `None` when the start is not known, which counts as always.
    pub valid_from: Option<Timestamp>,
    /// First instant at which it no longer holds, where one is stated.
    pub valid_until: Option<Timestamp>,
    /// Where the numbers were read.
    pub source: String,
    /// How far they can be trusted.
    pub status: Status,
    /// What is uncertain, by parameter.
    pub notes: BTreeMap<String, String>,
    /// The file it was read from.
    pub file: String,
    /// Parameters of the engine.
    pub parameters: Table,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    meta: Meta,
    #[serde(default)]
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
    status: Status,
    #[serde(default)]
    notes: BTreeMap<String, String>,
}

impl RuleSet {
    /// Reads a rule file. `file` is only for errors.
    ///
    /// # Errors
    /// [`MarginError::RuleFile`] naming the file and the key.
    pub fn read(file: &str, text: &str) -> Result<Self, MarginError> {
        let refuse = |problem: String| MarginError::RuleFile { file: file.to_owned(), problem };
        let table: Table = toml::from_str(text).map_err(|error| refuse(error.to_string()))?;
        let RuleFile { meta, parameters } = parse::typed(table).map_err(|f| f.of_file(file))?;
        let valid_from =
            match meta.valid_from.as_str() {
                "unknown" => None,
                text => {
                    let time: Result<Timestamp, _> = text.parse();
                    Some(time.map_err(|error| {
                        refuse(format!("`meta.valid_from`: {error}, or unknown"))
                    })?)
                }
            };
        if let (Some(from), Some(until)) = (valid_from, meta.valid_until)
            && until <= from
        {
            return Err(refuse(format!(
                "`meta.valid_until` {until} is not after valid_from {from}"
            )));
        }
        let set = RuleSet {
            name: format!("{}/{}", meta.venue, meta.model),
            version: meta.version,
            engine: meta.engine,
            valid_from,
            valid_until: meta.valid_until,
            source: meta.source,
            status: meta.status,
            notes: meta.notes,
            file: file.to_owned(),
            parameters,
        };
        set.check_parameters()?;
        Ok(set)
    }

    /// Whether it holds at an instant.
    #[must_use]
    pub fn holds_at(&self, time: Timestamp) -> bool {
        self.valid_from.is_none_or(|from| from <= time)
            && self.valid_until.is_none_or(|until| time < until)
    }

    /// Builds the engine once, so that a fault is found when the file is read.
    fn check_parameters(&self) -> Result<(), MarginError> {
        let refuse = |problem: String| MarginError::RuleFile { file: self.file.clone(), problem };
        if self.engine == haircuts::ENGINE {
            return haircuts::check(&self.parameters).map_err(|fault| fault.of_file(&self.file));
        }
        let kind = catalog::kind(&self.engine)
            .map_err(|error| refuse(format!("`meta.engine`: {error}")))?;
        match (kind.build)(&self.name, self.parameters.clone()) {
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
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Status::Primary => "primary",
            Status::Secondary => "secondary",
            Status::Memory => "memory",
            Status::Convention => "convention",
        })
    }
}

/// Name, version, validity and status: `derive/pmrm2 2025-12-08 (from 2025-12-08T00:00:00Z, primary)`.
impl fmt::Display for RuleSet {
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
