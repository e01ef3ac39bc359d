//! What a data check found, and what was done about it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// What the study wants done about a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Stop before anything is computed.
    Fail,
    /// Keep the data as it is and list the finding.
    Mark,
    /// Carry the last good value forward, up to the study's limit.
    Carry,
}

/// One fault in one series.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Stable code of the check, such as `D001`.
    pub code: &'static str,
    /// Short name of the check, such as `gap`.
    pub check: &'static str,
    /// File or dataset it was found in.
    pub source: String,
    /// Series it was found in.
    pub symbol: String,
    /// First instant concerned.
    pub from: Timestamp,
    /// Last instant concerned.
    pub to: Timestamp,
    /// First row concerned, counted from 1 in the file's order, where there is one.
    pub row: Option<usize>,
    /// How many observations are concerned.
    pub count: usize,
    /// What was found and what was expected, in a sentence.
    pub detail: String,
    /// What was done.
    pub action: Action,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Action::Fail => "fail",
            Action::Mark => "mark",
            Action::Carry => "carry",
        })
    }
}
