//! One run at a time in one folder.

use std::fs::{File, TryLockError};
use std::path::Path;

use crate::error::MporError;

/// Held while a run writes into its folder; released when dropped, also by a kill.
#[derive(Debug)]
pub struct RunLock {
    _file: File,
}

impl RunLock {
    /// Takes the folder's lock.
    ///
    /// # Errors
    /// [`MporError::Folder`] when another run holds it.
    pub fn take(folder: &Path) -> Result<Self, MporError> {
        let path = folder.join(".lock");
        let file = File::create(&path).map_err(|error| MporError::folder(&path, error))?;
        match file.try_lock() {
            Ok(()) => Ok(RunLock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(MporError::folder(
                folder,
                "another run is writing here; wait for it, or choose another folder with `--out`",
            )),
            Err(TryLockError::Error(error)) => Err(MporError::folder(&path, error)),
        }
    }
}
