//! What would it take, what has it been, and what would help? One margin date put through moves of history, moves that somebody
//! wrote down and moves that are searched for.
//!
//! | file | question | table |
//! | --- | --- | --- |
//! | `scenarios` | what do the books lose in episodes and written-down moves, against what each model asks? | `stress` |
//! | `ladders` | how do P&L and sensitivities run along one factor, and at which expiry do they sit? | `ladders`, `greeks` |
//! | `windows` | which window of the known history is the worst for today's book? | `stressed_var` |
//! | `reverse` | what is the smallest plausible move that exhausts the margin? | `reverse_stress` |
//! | `correlations` | how do factors move together in calm and in stress, and what if that broke? | `correlations`, `correlation_var` |
//! | `contributions` | which position carries the risk? | `contributions` |
//! | `hedges` | which hedge makes a requirement least? | `hedges` |
//!
//! Every P&L is a full revaluation. A loss and a requirement are both on top of the mark-to-market value of the positions, so
//! that they compare. Nothing after the margin date is looked at: everything comes from the [`Day`](mpor_risk::Day).

mod contributions;
mod correlations;
mod figures;
mod hedges;
mod ladders;
mod pages;
mod reverse;
mod scenarios;
mod scene;
mod summary;
mod tables;
mod windows;

use std::path::{Path, PathBuf};

use mpor_core::Timestamp;
use mpor_data::tables::write_bytes;

pub use summary::{Found, Pair};

use crate::error::MporError;
use crate::loaded::Loaded;
use crate::lock::RunLock;
use crate::manifest::Manifest;
use crate::margin_at::margin_at;
use crate::moment::Moment;
use crate::progress::Progress;
use crate::run::{finished, hashed, make, read};
use crate::stage::Stage;
use crate::study::StudyFile;
use crate::study::stress::StressSpec;
use scene::Scene;

/// What was asked, with every default written out: by this file a folder is known as that of a stress test, and with it the
/// test is made again.
pub const ASKED: &str = "stress.toml";

/// What a stress test did.
#[derive(Debug)]
pub struct Stressed {
    /// Its folder.
    pub folder: PathBuf,
    /// The manifest.
    pub manifest: Manifest,
    /// What was found; `None` when the folder already held this very test.
    pub found: Option<Found>,
}

/// The folder of a study's stress test where none is named.
#[must_use]
pub fn default_folder(file: &StudyFile) -> PathBuf {
    Path::new("runs").join(name(file))
}

fn name(file: &StudyFile) -> String {
    format!("{}-stress", file.study.name)
}

/// The study with another margin date or account than its `[stress]` names; a date without a time of day is its margin date on
/// that day.
#[must_use]
pub fn asked(file: &StudyFile, at: Option<Timestamp>, account: Option<&str>) -> StudyFile {
    let mut spec = file.study.stress.clone().unwrap_or_default();
    spec.at = at.or(spec.at);
    spec.account = account.map(str::to_owned).or(spec.account);
    with(file, spec)
}

/// The study as a finished stress test asked it.
pub(crate) fn as_asked(file: &StudyFile, folder: &Path) -> Result<StudyFile, MporError> {
    let path = folder.join(ASKED);
    let text = std::fs::read_to_string(&path).map_err(|error| MporError::folder(&path, error))?;
    let spec: StressSpec =
        toml::from_str(&text).map_err(|error| MporError::folder(&path, error.message()))?;
    Ok(with(file, spec))
}

fn with(file: &StudyFile, spec: StressSpec) -> StudyFile {
    let mut asked = file.clone();
    asked.study.stress = Some(spec);
    asked
}

/// Puts the books of one margin date under stress, and writes the evidence into `folder`.
///
/// A folder with the same test, finished, is left as it is.
///
/// # Errors
/// [`MporError`], naming the key of `[stress]` where one is at fault. Nothing half-written is taken for a finished test.
pub fn stress(
    file: &StudyFile,
    folder: &Path,
    progress: &dyn Progress,
) -> Result<Stressed, MporError> {
    let spec = &file.study.stress.clone().unwrap_or_default();
    // With the defaults written out, so that the manifest's hash of the study covers them.
    let file = &with(file, spec.clone());
    make(folder)?;
    let _lock = RunLock::take(folder)?;
    let start = Manifest { study: name(file), ..hashed(file, folder, progress)? };
    if let Some(manifest) = finished(folder, &start) {
        return Ok(Stressed { folder: folder.to_owned(), manifest, found: None });
    }
    let loaded = read(file, progress)?;
    let evidence = gather(file, spec, &loaded, progress)?;
    let stage = Stage::new(folder)?;
    let mut outputs = tables::write(stage.path(), &evidence)?;
    progress.begin("drawing", 1);
    outputs.extend(figures::write(stage.path(), file, &evidence)?);
    progress.end();
    let path = stage.path().join(ASKED);
    let text = toml::to_string_pretty(spec).map_err(|error| MporError::folder(&path, error))?;
    write_bytes(&path, text.as_bytes())?;
    outputs.push((path, None));
    let manifest = stage.manifest(start, &outputs)?;
    stage.publish(&manifest)?;
    Ok(Stressed { folder: folder.to_owned(), manifest, found: Some(evidence.found) })
}

/// Everything that was found on the margin date.
pub(crate) struct Evidence {
    pub time: Timestamp,
    pub currency: String,
    pub accounts: Vec<String>,
    pub models: Vec<String>,
    /// By model, then account.
    pub requirements: Vec<Vec<f64>>,
    pub hits: Vec<scenarios::Hit>,
    pub curves: Vec<ladders::Step>,
    pub greeks: Vec<ladders::Greek>,
    pub windows: Vec<windows::Compared>,
    pub reverse: Vec<reverse::Nearest>,
    pub correlations: correlations::Correlations,
    pub contributions: Vec<contributions::Split>,
    pub hedges: Vec<hedges::Hedged>,
    pub found: Found,
}

fn gather(
    file: &StudyFile,
    spec: &StressSpec,
    loaded: &Loaded,
    progress: &dyn Progress,
) -> Result<Evidence, MporError> {
    let dates = loaded.dates();
    let time = match spec.at {
        Some(at) => loaded.margin_date(at)?,
        None => dates.last().copied().unwrap_or_default(),
    };
    let moment = Moment::at(loaded, time)?;
    let asked = margin_at(file, loaded, time, spec.account.as_deref())?;
    let scene = Scene::new(file, spec, loaded, &moment, &asked)?;
    let day = moment.day(file.study.seed);
    progress.begin("stress scenarios and ladders", 7);
    let mut notes = scene.notes();
    let (hits, said) = scenarios::run(&scene, &day)?;
    notes.extend(said);
    progress.advance(1);
    let curves = ladders::curves(&scene, &day)?;
    let (greeks, said) = ladders::greeks(&scene, &day)?;
    notes.extend(said);
    progress.advance(1);
    let (windows, said) = windows::run(&scene, &day)?;
    notes.extend(said);
    progress.advance(1);
    let reverse = reverse::run(&scene, &day)?;
    progress.advance(1);
    let (correlations, said) = correlations::run(&scene, &day)?;
    notes.extend(said);
    progress.advance(1);
    let contributions = contributions::run(&scene, &day)?;
    progress.advance(1);
    let (hedges, said) = hedges::run(&scene, &day)?;
    notes.extend(said);
    progress.end();
    let accounts = scene.accounts.iter().map(|&at| loaded.books.accounts[at].clone()).collect();
    let models = loaded.infos.iter().map(|info| info.id.clone()).collect();
    let mut evidence = Evidence {
        time,
        currency: file.study.currency.clone(),
        accounts,
        models,
        requirements: scene.requirements.clone(),
        hits,
        curves,
        greeks,
        windows,
        reverse,
        correlations,
        contributions,
        hedges,
        found: Found::default(),
    };
    evidence.found = summary::found(&evidence, scene.level, notes);
    Ok(evidence)
}
