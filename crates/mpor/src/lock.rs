//! One run at a time in one folder; shares of one run beside each other.
//!
//! The lock is the operating system's and dies with whoever holds it: the file `.lock` that a killed run leaves locks nothing.

use std::fs::{File, TryLockError};
use std::path::Path;

use crate::error::MporError;

/// Held while a run writes into its folder; released when dropped, also by a kill.
#[derive(Debug)]
pub struct RunLock {
    _file: File,
}

impl RunLock {
    /// Takes the folder for a whole run.
    ///
    /// # Errors
    /// [`MporError::Folder`] when another run, or a share of one, holds it.
    pub fn take(folder: &Path) -> Result<Self, MporError> {
        let busy = "another run, or a share of one, is writing here; wait for it, or choose another folder with `--out`";
        Self::with(folder, File::try_lock, busy)
    }

    /// Takes the folder for a share: other shares may have it too, a whole run may not.
    ///
    /// # Errors
    /// [`MporError::Folder`] when a whole run holds it.
    pub fn share(folder: &Path) -> Result<Self, MporError> {
        let busy = "a whole run or a merge is writing here; wait for it, or choose another folder with `--out`";
        Self::with(folder, File::try_lock_shared, busy)
    }

    fn with(
        folder: &Path,
        lock: fn(&File) -> Result<(), TryLockError>,
        busy: &str,
    ) -> Result<Self, MporError> {
        let path = folder.join(".lock");
        let file = File::create(&path).map_err(|error| MporError::folder(&path, error))?;
        match lock(&file) {
            Ok(()) => Ok(RunLock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(MporError::folder(folder, busy)),
            Err(TryLockError::Error(error)) => Err(MporError::folder(&path, error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_stand_beside_each_other_and_a_run_stands_alone() {
        let folder = tempfile::tempdir().unwrap();
        let shares =
            [RunLock::share(folder.path()).unwrap(), RunLock::share(folder.path()).unwrap()];
        let refused = RunLock::take(folder.path()).unwrap_err().to_string();
        assert!(refused.contains("a share of one, is writing here"), "{refused}");
        drop(shares);
        let run = RunLock::take(folder.path()).unwrap();
        assert!(RunLock::take(folder.path()).is_err());
        let refused = RunLock::share(folder.path()).unwrap_err().to_string();
        assert!(refused.contains("a whole run or a merge is writing here"), "{refused}");
        drop(run);
        RunLock::take(folder.path()).unwrap();
    }
}
