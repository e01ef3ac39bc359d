//! What stops a study, sorted by whose turn it is to act.

use std::path::PathBuf;

use crate::study::StudyError;

/// Why a command did not finish.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MporError {
    /// The study file.
    #[error(transparent)]
    Study(#[from] Box<StudyError>),
    /// The data.
    #[error(transparent)]
    Data(#[from] mpor_data::DataError),
    /// History that the data does not give.
    #[error("{0}")]
    History(String),
    /// Data checks whose policy is `fail`.
    #[error(
        "the data has {count} findings whose policy is `fail`; the first: {first}. Mend the data, or state another policy under `[data.policy]`"
    )]
    Findings {
        /// How many.
        count: usize,
        /// The first.
        first: String,
    },
    /// A table of results.
    #[error(transparent)]
    Table(#[from] mpor_core::CoreError),
    /// A margin model while the study was replayed.
    #[error(transparent)]
    Replay(#[from] mpor_backtest::BacktestError),
    /// A figure or the PDF.
    #[error(transparent)]
    Report(#[from] mpor_report::ReportError),
    /// Reading or writing a run's folder.
    #[error("{}: {problem}", path.display())]
    Folder {
        /// Which file or folder.
        path: PathBuf,
        /// What is wrong and what to do.
        problem: String,
    },
    /// Whoever waits for it has asked it to stop.
    #[error("stopped; what is complete is kept, and the same command takes it up")]
    Stopped,
    /// A question about something that the run does not have.
    #[error("{0}")]
    Question(String),
}

impl MporError {
    /// Exit status of the command line: 2 bad study, 3 bad data, 1 anything else.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            MporError::Study(_) => 2,
            // The disk, and not what was read.
            MporError::Data(mpor_data::DataError::Unwritable { .. }) => 1,
            MporError::Data(_) | MporError::History(_) | MporError::Findings { .. } => 3,
            _ => 1,
        }
    }

    pub(crate) fn folder(path: impl Into<PathBuf>, problem: impl ToString) -> Self {
        let problem = mpor_data::error::advised(&problem.to_string());
        MporError::Folder { path: path.into(), problem }
    }
}

impl From<StudyError> for MporError {
    fn from(error: StudyError) -> Self {
        MporError::Study(Box::new(error))
    }
}
