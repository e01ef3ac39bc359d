//! Can the run be trusted? Its inputs and outputs are hashed again, and the study is run again and compared byte by byte.

use std::path::{Path, PathBuf};

use crate::calibrate::calibrate;
use crate::error::MporError;
use crate::made::Made;
use crate::manifest::{FileRecord, Manifest, record};
use crate::progress::Progress;
use crate::run::{blank_manifest, run};
use crate::sample;
use crate::stress::{as_asked, stress};
use crate::study::StudyFile;

pub use crate::sample::{Sample, Sampled};

/// What a verification found.
#[derive(Clone, Debug, Default)]
pub struct Verified {
    /// Files whose bytes were compared with the manifest.
    pub hashed: usize,
    /// Files made again and equal to the bit.
    pub reproduced: usize,
    /// What was replayed in place of the whole run, where only a sample was asked for.
    pub sampled: Option<Sampled>,
    /// What differs, a sentence each; empty when the run holds.
    pub differences: Vec<String>,
}

/// Verifies a finished run: hashes its files and makes it again.
///
/// # Errors
/// [`MporError`] when the folder holds no finished run or the study cannot be run again.
pub fn verify(run_folder: &Path, progress: &dyn Progress) -> Result<Verified, MporError> {
    let manifest = Manifest::read(run_folder)?;
    let mut verified = hashed(run_folder, &manifest);
    if verified.differences.is_empty() {
        run_again(run_folder, &manifest, progress, &mut verified)?;
    }
    Ok(verified)
}

/// Verifies a finished run by a sample: hashes its files, and replays a share of its shards.
///
/// # Errors
/// As [`verify`]; [`MporError::Question`] for a calibration or a stress test, which have no shards.
pub fn verify_sample(
    run_folder: &Path,
    sample: Sample,
    progress: &dyn Progress,
) -> Result<Verified, MporError> {
    let manifest = Manifest::read(run_folder)?;
    if Made::of(&manifest) != Made::Run {
        let problem = "only a run has shards to draw from: verify a calibration or a stress test without --sample";
        return Err(MporError::Question(problem.to_owned()));
    }
    let mut verified = hashed(run_folder, &manifest);
    if verified.differences.is_empty() {
        let file = StudyFile::read(&run_folder.join(&manifest.study_file))?;
        same_study(&manifest, &blank_manifest(&file, run_folder)?, &mut verified);
        let (sampled, differences) = sample::compare(&file, run_folder, sample, progress)?;
        verified.sampled = Some(sampled);
        verified.differences.extend(differences);
    }
    Ok(verified)
}

/// Compares the bytes of all files with the manifest.
fn hashed(run_folder: &Path, manifest: &Manifest) -> Verified {
    let mut verified = Verified::default();
    for (what, files) in [("input", &manifest.inputs), ("output", &manifest.outputs)] {
        for known in files {
            verified.hashed += 1;
            let path = run_folder.join(&known.path);
            match record(&path, run_folder, known.rows) {
                Ok(found) if (&found.blake3, found.bytes) == (&known.blake3, known.bytes) => {}
                Ok(_) => verified.differences.push(format!(
                    "{what} {}: its bytes are not those the manifest recorded",
                    known.path
                )),
                Err(error) => verified.differences.push(format!("{what} {error}")),
            }
        }
    }
    verified
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
    let fresh = match Made::of(manifest) {
        Made::Calibration => calibrate(&file, &again.folder, progress)?.manifest,
        Made::StressTest => {
            stress(&as_asked(&file, run_folder)?, &again.folder, progress)?.manifest
        }
        Made::Run => run(&file, &again.folder, progress)?.manifest,
    };
    same_study(manifest, &fresh, verified);
    for known in &manifest.outputs {
        match fresh.outputs.iter().find(|output| output.path == known.path) {
            Some(output) if output == known => verified.reproduced += 1,
            Some(output) if output.blake3 == known.blake3 => verified.differences.push(format!(
                "manifest.json: {} has {} rows and not {}",
                known.path,
                rows(output.rows),
                rows(known.rows)
            )),
            Some(_) => {
                verified.differences.push(format!("{}: made again, it has other bytes", known.path))
            }
            None => verified.differences.push(format!("{}: not made again", known.path)),
        }
    }
    let unknown = |output: &&FileRecord| !manifest.outputs.iter().any(|o| o.path == output.path);
    for output in fresh.outputs.iter().filter(unknown) {
        verified.differences.push(format!("manifest.json: does not record {}", output.path));
    }
    Ok(())
}

fn rows(rows: Option<usize>) -> String {
    rows.map_or("no".to_owned(), |rows| rows.to_string())
}

/// Compares what the manifest says of version and study.
fn same_study(known: &Manifest, fresh: &Manifest, verified: &mut Verified) {
    if fresh.version != known.version {
        let (made, by) = (&known.version, &fresh.version);
        verified.differences.push(format!("manifest.json: made by mpor {made}, verified by {by}"));
    }
    let study =
        |manifest: &Manifest| (manifest.study.clone(), manifest.study_hash.clone(), manifest.seed);
    if study(fresh) != study(known) {
        let problem = "manifest.json: the study with its defaults is not the one recorded";
        verified.differences.push(problem.to_owned());
    }
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
