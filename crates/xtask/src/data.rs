//! `cargo xtask data`: how each dataset in `data/` was made from the package it came from.
//!
//! Prints package, version, file and change; with `--check` holds the files against the hashes in their descriptions;
//! with `--from DIR` makes them again, to the same bytes, from a folder of collected files.

use std::path::Path;

use mpor_data::DataError;
use mpor_data::embedded::{provenance, rebuild, verify};

/// What to do.
#[derive(Clone, Copy, Debug)]
pub enum Task<'a> {
    /// State how the datasets were made.
    State,
    /// Check the hashes.
    Check,
    /// Make the datasets again from this folder.
    Rebuild(&'a Path),
}

/// Does it to the datasets in `data`; the exit code is 1 when something differs or cannot be read.
#[must_use]
pub fn run(task: Task<'_>, data: &Path) -> u8 {
    match outcome(task, data) {
        Ok(message) => {
            println!("{message}");
            0
        }
        Err(error) => {
            eprintln!("{error}");
            1
        }
    }
}

fn outcome(task: Task<'_>, data: &Path) -> Result<String, DataError> {
    match task {
        Task::State => Ok(provenance().trim_end().to_owned()),
        Task::Check => verify(data).map(|()| format!("{}: every hash holds", data.display())),
        Task::Rebuild(collected) => {
            rebuild(collected, data)?;
            verify(data).map(|()| format!("{}: made from {}", data.display(), collected.display()))
        }
    }
}
