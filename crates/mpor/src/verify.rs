//! Can the run be trusted? Its inputs and outputs are hashed again, and the study is run again and compared byte by byte.

use std::path::{Path, PathBuf};

use crate::calibrate::{CANDIDATES, calibrate};
use crate::error::MporError;
use crate::manifest::{Manifest, record};
use crate::progress::Progress;
use crate::run::run;
use crate::stress::{ASKED, as_asked, stress};
use crate::study::StudyFile;

/// What a verification found.
#[derive(Clone, Debug, Default)]
pub struct Verified {
    /// Files whose bytes were compared with the manifest.
    pub hashed: usize,
    /// Files made again and equal to the bit.
    pub reproduced: usize,
    /// What differs, a sentence each; empty when the run holds.
    pub differences: Vec<String>,
}

/// Verifies a finished run.
///
/// # Errors
/// [`MporError`] when the folder holds no finished run or the study cannot be run again.
pub fn verify(run_folder: &Path, progress: &dyn Progress) -> Result<Verified, MporError> {
    let manifest = Manifest::read(run_folder)?;
    let mut verified = Verified::default();
    for (what, files) in [("input", &manifest.inputs), ("output", &manifest.outputs)] {
        for known in files {
            verified.hashed += 1;
            let path = run_folder.join(&known.path);
            match record(&path, run_folder, known.rows) {
                Ok(found) if found.blake3 == known.blake3 => {}
                Ok(_) => verified.differences.push(format!(
                    "{what} {}: its bytes are not those the manifest recorded",
                    known.path
                )),
                Err(error) => verified.differences.push(format!("{what} {error}")),
            }
        }
    }
    if verified.differences.is_empty() {
        run_again(run_folder, &manifest, progress, &mut verified)?;
    }
    Ok(verified)
}

fn run_again(
    run_folder: &Path,
    manifest: &Manifest,
    progress: &dyn Progress,
    verified: &mut Verified,
) -> Result<(), MporError> {
    let study = run_folder.join(&manifest.study_file);
    let file = StudyFile::read(&study)?;
    let again = Scratch::new(run_folder)?;
    let has = |path: &str| manifest.outputs.iter().any(|output| output.path == path);
    let fresh = if has(CANDIDATES) {
        calibrate(&file, &again.folder, progress)?.manifest
    } else if has(ASKED) {
        stress(&as_asked(&file, run_folder)?, &again.folder, progress)?.manifest
    } else {
        run(&file, &again.folder, progress)?.manifest
    };
    if fresh.version != manifest.version {
        verified
            .differences
            .push(format!("made by mpor {}, verified by {}", manifest.version, fresh.version));
    }
    if fresh.study_hash != manifest.study_hash {
        verified.differences.push("the study with its defaults is not the one recorded".to_owned());
    }
    for known in &manifest.outputs {
        match fresh.outputs.iter().find(|output| output.path == known.path) {
            Some(output) if output.blake3 == known.blake3 => verified.reproduced += 1,
            Some(_) => {
                verified.differences.push(format!("{}: made again, it has other bytes", known.path))
            }
            None => verified.differences.push(format!("{}: not made again", known.path)),
        }
    }
    Ok(())
}

/// A folder beside the run that is removed afterwards.
struct Scratch {
    folder: PathBuf,
}

impl Scratch {
    fn new(run_folder: &Path) -> Result<Self, MporError> {
        let folder = run_folder.join(".verify");
        std::fs::create_dir_all(&folder).map_err(|error| MporError::folder(&folder, error))?;
        Ok(Scratch { folder })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Nothing depends on it, and the verification is already decided.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
