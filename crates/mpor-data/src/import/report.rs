//! What an import read, changed, assumed and refused.

use mpor_core::Timestamp;
use serde::{Deserialize, Serialize};

use crate::import::spec::Spec;

/// Something taken to be so that no row says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assumed {
    /// What it is about, such as `time zone`.
    pub about: String,
    /// What was taken.
    pub taken: String,
    /// Why: `confirmed` by the user, or what the writer's documentation or a column's name says.
    pub because: String,
    /// What was shown for it.
    pub evidence: Vec<String>,
}

/// A row that could not be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// Its line in a text file, or its number in others, from 1.
    pub row: u64,
    /// What was found.
    pub found: String,
}

/// Rows that were refused for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Why.
    pub reason: String,
    /// How many.
    pub rows: u64,
    /// The first of them.
    pub first: Vec<Sample>,
}

/// Rows that were changed in one way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// How.
    pub what: String,
    /// How many.
    pub rows: u64,
}

/// One file read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileReport {
    /// The file.
    pub file: String,
    /// BLAKE3 of its bytes.
    pub blake3: String,
    /// Its size.
    pub bytes: u64,
    /// Who wrote it.
    pub format: String,
    /// Rows in it.
    pub rows: u64,
    /// Rows that went on.
    pub kept: u64,
    /// `oldest first`, `newest first`, or `mixed` with how many steps back.
    pub order: String,
    /// First instant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Last instant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
    /// Rows that were changed.
    pub changed: Vec<Changed>,
    /// Rows that were not used.
    pub refused: Vec<Refused>,
    /// What was taken to be so.
    pub assumed: Vec<Assumed>,
}

/// Findings of one data check.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Findings {
    /// Code, such as `D001`.
    pub code: String,
    /// Name, such as `gap`.
    pub check: String,
    /// How many.
    pub findings: usize,
    /// Observations concerned.
    pub observations: usize,
    /// The first of them in words.
    pub first: Vec<String>,
}

/// A whole import.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The table made.
    pub table: String,
    /// The file written.
    pub to: String,
    /// Rows in all files.
    pub rows_in: u64,
    /// Rows refused.
    pub rows_refused: u64,
    /// Rows that were there before, equal in every column, and left out.
    pub duplicates_equal: u64,
    /// Rows for a series and instant that has another row with other values, and left out by the rule for duplicates.
    pub duplicates_left_out: u64,
    /// Rows for a series and instant that has another row with other values, and kept.
    pub duplicates_kept: u64,
    /// Rows written.
    pub rows_out: u64,
    /// Names of the series, the first hundred of them.
    pub series: Vec<String>,
    /// First instant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Last instant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_time: Option<Timestamp>,
    /// Files taken over from an earlier, interrupted import.
    pub files_resumed: usize,
    /// What the user stated.
    pub spec: Spec,
    /// Files in the order read.
    pub files: Vec<FileReport>,
    /// What the data checks found in the result.
    pub findings: Vec<Findings>,
}

impl Report {
    /// Whether every row in is a row out, or accounted for.
    #[must_use]
    pub fn adds_up(&self) -> bool {
        let left_out = self.rows_refused + self.duplicates_equal + self.duplicates_left_out;
        self.rows_in == self.rows_out + left_out
    }
}
