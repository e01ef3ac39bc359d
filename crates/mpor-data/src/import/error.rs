//! Why an import stops.

use crate::error::DataError;
use crate::import::question::Question;

/// An import that cannot go on. Every message names the file or option, what was found and what to pass.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// An option, or the spec file, that cannot be used.
    #[error("{problem}")]
    Spec {
        /// What is wrong and what would be right.
        problem: String,
    },
    /// What the files do not say and the user has not said.
    #[error("{}", crate::import::question::refusal(questions))]
    Undecided {
        /// The open questions.
        questions: Vec<Question>,
    },
    /// A path or pattern that matches nothing.
    #[error(
        "no file matches `{pattern}`; a folder stands for the Parquet files in it, so name others by pattern, such as folder/*.csv"
    )]
    NoFiles {
        /// What was asked for.
        pattern: String,
    },
    /// No row of the input could be used.
    #[error("{file}: none of its {rows} rows can be used: {reasons}")]
    NothingLeft {
        /// The file.
        file: String,
        /// Rows read.
        rows: u64,
        /// Why they were refused, most frequent first.
        reasons: String,
    },
    /// A file that cannot be read or written.
    #[error(transparent)]
    Data(#[from] DataError),
}

impl ImportError {
    pub(crate) fn spec(problem: impl Into<String>) -> Self {
        ImportError::Spec { problem: problem.into() }
    }

    /// Exit status of a command: 2 where the options have to change, 3 where the data has to.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            ImportError::Spec { .. } | ImportError::Undecided { .. } => 2,
            _ => 3,
        }
    }
}

impl From<mpor_core::CoreError> for ImportError {
    fn from(error: mpor_core::CoreError) -> Self {
        ImportError::Data(error.into())
    }
}
