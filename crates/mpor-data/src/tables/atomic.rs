//! Files that are whole or absent.
//!
//! Everything is written to `.<name>.part` in the same folder, flushed to the disk and renamed. A killed run leaves at
//! most that part file, which the next run overwrites and no reader takes for a result.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::error::DataError;

/// A file under construction. Dropped without [`finish`](AtomicFile::finish), it leaves nothing.
#[derive(Debug)]
pub struct AtomicFile {
    target: PathBuf,
    part: Part,
    file: BufWriter<File>,
}

/// The part file, removed when dropped: it is gone already where it got its name.
#[derive(Debug)]
struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        // Of a part that cannot be removed nobody takes notice.
        let _ = fs::remove_file(&self.0);
    }
}

impl AtomicFile {
    /// Starts a file that will be called `target`, and makes its folder.
    ///
    /// # Errors
    /// [`DataError::Unwritable`].
    pub fn create(target: &Path) -> Result<Self, DataError> {
        let refuse = |error| DataError::unwritable(target, error);
        let folder = folder(target);
        fs::create_dir_all(folder).map_err(refuse)?;
        let Some(name) = target.file_name() else {
            return Err(DataError::unwritable(target, "it has no file name"));
        };
        let part = folder.join(format!(".{}.part", name.to_string_lossy()));
        let file = BufWriter::new(File::create(&part).map_err(refuse)?);
        Ok(AtomicFile { target: target.to_owned(), part: Part(part), file })
    }

    /// The final name.
    #[must_use]
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Makes the file appear under its name.
    ///
    /// # Errors
    /// [`DataError::Unwritable`].
    pub fn finish(self) -> Result<(), DataError> {
        let AtomicFile { target, part, file } = self;
        let refuse = |error| DataError::unwritable(&target, error);
        let file = file.into_inner().map_err(|error| refuse(error.into_error()))?;
        file.sync_all().map_err(refuse)?;
        drop(file);
        fs::rename(&part.0, &target).map_err(refuse)?;
        sync_folder(folder(&target)).map_err(refuse)
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

/// Writes a whole file at once.
///
/// # Errors
/// [`DataError::Unwritable`].
pub fn write_bytes(target: &Path, bytes: &[u8]) -> Result<(), DataError> {
    let mut file = AtomicFile::create(target)?;
    file.write_all(bytes).map_err(|error| DataError::unwritable(target, error))?;
    file.finish()
}

fn folder(target: &Path) -> &Path {
    target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The rename itself must reach the disk. Folders can be opened as files on Unix only.
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_when_it_is_finished() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a/result.csv");
        let mut file = AtomicFile::create(&target).unwrap();
        file.write_all(b"half").unwrap();
        assert!(!target.exists());
        drop(file);
        assert_eq!(fs::read_dir(target.parent().unwrap()).unwrap().count(), 0, "nothing is left");
        write_bytes(&target, b"whole").unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"whole");
        let names: Vec<_> = fs::read_dir(target.parent().unwrap()).unwrap().collect();
        assert_eq!(names.len(), 1, "the part file of the first attempt is gone");
    }
}
