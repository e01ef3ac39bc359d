//! What a run makes before it takes the place of the last one: `RUN/.staged`, moved to its place in the end.
//!
//! A finished run stays whole while another one of another study, version or data works in its folder, and when that one
//! fails or is killed: its files go when all of the new ones are written and hashed. Its manifest goes first and the new one
//! comes last, so that a kill between the two leaves a folder without a manifest, which is no finished run, and whose next
//! run begins with the shards that are there.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use mpor_core::Table;
use mpor_data::tables::{Metadata, write_bytes, write_parquet};
use rayon::prelude::*;

use crate::error::MporError;
use crate::manifest::{FileRecord, MANIFEST, Manifest, record};

const FOLDER: &str = ".staged";

/// A file written, with its rows if it is a table.
pub(crate) type Written = (PathBuf, Option<usize>);

/// Writes a table as Parquet under its own name.
pub(crate) fn write_table(folder: &Path, table: &Table) -> Result<Written, MporError> {
    let path = folder.join(format!("{}.parquet", table.name()));
    write_parquet(table, &path, Metadata::new())?;
    Ok((path, Some(table.rows())))
}

/// The outputs of a run under way. Dropped before [`publish`](Stage::publish), it leaves nothing.
#[derive(Debug)]
pub(crate) struct Stage {
    run: PathBuf,
    path: PathBuf,
    /// File name of the manifest.
    record: &'static str,
}

impl Stage {
    /// An empty stage; what a killed run left there goes.
    pub fn new(run: &Path) -> Result<Self, MporError> {
        Stage::recorded(run, MANIFEST)
    }

    /// The same for outputs whose manifest has a name of its own.
    pub fn recorded(run: &Path, record: &'static str) -> Result<Self, MporError> {
        clear(run)?;
        let path = run.join(FOLDER);
        std::fs::create_dir_all(&path).map_err(|error| MporError::folder(&path, error))?;
        Ok(Stage { run: run.to_owned(), path, record })
    }

    /// Where outputs are written.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The manifest of the outputs, each hashed.
    pub fn manifest(&self, start: Manifest, outputs: &[Written]) -> Result<Manifest, MporError> {
        let records = outputs.par_iter().map(|(path, rows)| record(path, &self.path, *rows));
        let records: Vec<Result<FileRecord, MporError>> = records.collect();
        let mut outputs: Vec<FileRecord> = records.into_iter().collect::<Result<_, _>>()?;
        outputs.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Manifest { outputs, ..start })
    }

    /// Writes the manifest and moves all of it to its place.
    pub fn publish(self, manifest: &Manifest) -> Result<(), MporError> {
        write_bytes(&self.path.join(self.record), manifest.to_json()?.as_bytes())?;
        self.forget(manifest)?;
        for output in &manifest.outputs {
            self.place(&output.path)?;
        }
        self.place(self.record)?;
        sync(&self.run)
    }

    /// Removes the manifest of the run that is there, and those of its files that the new one does not have.
    fn forget(&self, new: &Manifest) -> Result<(), MporError> {
        let record = self.run.join(self.record);
        let old = Manifest::read_file(&record).map(|manifest| manifest.outputs).unwrap_or_default();
        remove_file(&record)?;
        let stay: BTreeSet<&str> = new.outputs.iter().map(|output| output.path.as_str()).collect();
        let inside =
            |path: &str| Path::new(path).components().all(|c| matches!(c, Component::Normal(_)));
        let gone = old.iter().map(|output| output.path.as_str());
        for path in gone.filter(|path| inside(path) && !stay.contains(path)) {
            remove_file(&self.run.join(path))?;
        }
        Ok(())
    }

    fn place(&self, path: &str) -> Result<(), MporError> {
        let (from, to) = (self.path.join(path), self.run.join(path));
        let fail =
            |error: std::io::Error| MporError::folder(&to, format!("cannot be written: {error}"));
        if let Some(folder) = to.parent() {
            std::fs::create_dir_all(folder).map_err(fail)?;
        }
        std::fs::rename(from, &to).map_err(fail)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // The next run empties it too.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// Removes what a killed run left on its stage.
pub(crate) fn clear(run: &Path) -> Result<(), MporError> {
    let path = run.join(FOLDER);
    match std::fs::remove_dir_all(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(MporError::folder(path, error))
        }
        _ => Ok(()),
    }
}

fn remove_file(path: &Path) -> Result<(), MporError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(MporError::folder(path, error))
        }
        _ => Ok(()),
    }
}

/// The renames must reach the disk. Folders can be opened as files on Unix only.
fn sync(folder: &Path) -> Result<(), MporError> {
    if !cfg!(unix) {
        return Ok(());
    }
    let synced = std::fs::File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| MporError::folder(folder, error))
}
