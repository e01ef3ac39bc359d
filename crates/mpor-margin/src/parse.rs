//! A table of parameters becomes a typed value, or an error that names the key.

use serde::de::DeserializeOwned;
use toml::Table;

use crate::error::MarginError;
use crate::nearest;

/// What is wrong with a table, and where.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fault {
    /// The key, with its tables before it.
    pub key: String,
    /// What is wrong with it.
    pub kind: FaultKind,
}

/// The ways in which a key can be wrong.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum FaultKind {
    /// Not a key of this table; with the nearest known one.
    Unknown(String),
    /// A sentence about its value.
    Value(String),
}

impl Fault {
    /// The fault as an error of a study's model.
    pub fn of_model(self, model: &str) -> MarginError {
        let (model, key) = (model.to_owned(), self.key);
        match self.kind {
            FaultKind::Unknown(hint) => MarginError::UnknownKey { model, key, hint },
            FaultKind::Value(problem) => MarginError::Parameter { model, key, problem },
        }
    }

    /// The fault as an error of a rule file.
    pub fn of_file(self, file: &str) -> MarginError {
        let problem = match self.kind {
            FaultKind::Unknown(hint) => format!("unknown key `{}`; {hint}", self.key),
            FaultKind::Value(problem) => format!("`{}` {problem}", self.key),
        };
        MarginError::RuleFile { file: file.to_owned(), problem }
    }
}

/// The typed value of a table, or the first fault.
pub(crate) fn typed<T: DeserializeOwned>(table: Table) -> Result<T, Fault> {
    table.try_into().map_err(|error| fault(&error))
}

/// The typed parameters of a model; `within` is put before every key, such as `buffer`.
pub(crate) fn parameters<T: DeserializeOwned>(
    model: &str,
    within: &str,
    table: Table,
) -> Result<T, MarginError> {
    typed(table).map_err(|fault| {
        let key = join(within, &fault.key);
        Fault { key, ..fault }.of_model(model)
    })
}

/// An error about the value of a parameter.
pub(crate) fn refuse(
    model: &str,
    key: impl Into<String>,
    problem: impl Into<String>,
) -> MarginError {
    MarginError::Parameter { model: model.to_owned(), key: key.into(), problem: problem.into() }
}

/// Refuses a value that is not finite or outside `[low, high]`.
pub(crate) fn within(
    model: &str,
    key: &str,
    value: f64,
    (low, high): (f64, f64),
    expected: &str,
) -> Result<(), MarginError> {
    if value.is_finite() && value >= low && value <= high {
        return Ok(());
    }
    Err(refuse(model, key, format!("is {value}: {expected}")))
}

/// The reader's message taken apart: it quotes the names it talks about, and ends with the path.
fn fault(error: &toml::de::Error) -> Fault {
    let (message, text) = (error.message(), error.to_string());
    let path =
        text.rsplit_once("\nin `").map_or("", |(_, rest)| rest.trim_end().trim_end_matches('`'));
    let mut names = message.split('`').skip(1).step_by(2);
    let first = names.next().unwrap_or_default();
    if message.starts_with("unknown field") || message.starts_with("unknown variant") {
        return Fault {
            key: join(path, first),
            kind: FaultKind::Unknown(nearest::hint(first, names)),
        };
    }
    if message.starts_with("missing field") {
        return Fault { key: join(path, first), kind: FaultKind::Value("is missing".to_owned()) };
    }
    Fault { key: path.to_owned(), kind: FaultKind::Value(format!("cannot be read: {message}")) }
}

fn join(path: &str, key: &str) -> String {
    match (path, key) {
        ("", key) => key.to_owned(),
        (path, "") => path.to_owned(),
        (path, key) => format!("{path}.{key}"),
    }
}
