//! Which scan range, window, buffer? Parameters of a margin model chosen walk-forward: the cheapest and calmest that cover.
//!
//! ```text
//! points of a grid --build--> candidates --one replay per batch--> records --training windows--> a choice per fold
//!                                                       |--> all dates: the chosen point, frontier, sensitivity
//! ```
//!
//! The chosen point is the one of all dates, and it is presented with a record that no choice has seen: each fold's choice on
//! the block after its training window. Coverage is a constraint, by account and overlap-aware; cost and calm are
//! minimised. Batches of candidates are shards: a killed calibration goes on where it stopped, and ends with the
//! same bytes on any number of threads.

mod candidate;
mod evaluate;
mod figures;
mod frontier;
mod lattice;
mod outcome;
mod pages;
mod record;
mod rules;
mod search;
mod store;
mod tables;

use std::path::{Path, PathBuf};

use mpor_margin::ModelSpec;

pub use record::Score;

use crate::error::MporError;
use crate::loaded::{Loaded, library};
use crate::lock::RunLock;
use crate::manifest::Manifest;
use crate::progress::Progress;
use crate::run::{finished, hashed, make, read};
use crate::stage::Stage;
use crate::study::StudyFile;
use crate::study::calibrate::Number;
use evaluate::Bench;
use outcome::Outcome;
use record::Terms;
use store::Store;

/// The rule file that a calibration ends with.
pub const CHOSEN: &str = "chosen.toml";
/// The table that every calibration and no run has.
pub const CANDIDATES: &str = "candidates.parquet";

/// What a calibration did.
#[derive(Debug)]
pub struct Calibration {
    /// Its folder.
    pub folder: PathBuf,
    /// The manifest.
    pub manifest: Manifest,
    /// What was found; `None` when the folder already held this very calibration.
    pub found: Option<Found>,
    /// Whether a point covers, and so whether there is a rule file.
    pub feasible: bool,
}

/// What was chosen, and how it did.
#[derive(Clone, Debug)]
pub struct Found {
    /// The model whose parameters were varied.
    pub model: String,
    /// The chosen values, or the nearest where none covers.
    pub parameters: Vec<(String, Number)>,
    /// On all dates.
    pub chosen: Score,
    /// The model as the study writes it, on all dates.
    pub written: Score,
    /// Each fold's choice on the block that follows its training, joined.
    pub out_of_sample: Score,
    /// Cost as a multiple of the baseline's, where the study has one.
    pub relative: Option<f64>,
    /// Points tried.
    pub candidates: usize,
    /// Points that cover on all dates.
    pub covering: usize,
    /// Points of the frontier.
    pub frontier: usize,
    /// The name of the rule set written, for `rules` of a model.
    pub rules: Option<String>,
    /// Remarks.
    pub notes: Vec<String>,
}

/// The folder of a study's calibration where none is named.
#[must_use]
pub fn default_folder(file: &StudyFile) -> PathBuf {
    Path::new("runs").join(name(file))
}

fn name(file: &StudyFile) -> String {
    format!("{}-calibration", file.study.name)
}

/// Chooses the parameters that the study's `[calibrate]` names, and writes the evidence into `folder`.
///
/// A folder with the same calibration, finished, is left as it is.
///
/// # Errors
/// [`MporError`]; what was written before stays, and a second call takes it up.
pub fn calibrate(
    file: &StudyFile,
    folder: &Path,
    progress: &dyn Progress,
) -> Result<Calibration, MporError> {
    file.calibrate_spec()?;
    make(folder)?;
    let _lock = RunLock::take(folder)?;
    let start = Manifest { study: name(file), ..hashed(file, folder, progress)? };
    if let Some(manifest) = finished(folder, &start) {
        let feasible = manifest.outputs.iter().any(|output| output.path == CHOSEN);
        return Ok(Calibration { folder: folder.to_owned(), manifest, found: None, feasible });
    }
    let loaded = read(file, progress)?;
    let store = Store::open(folder, &start.to_json()?)?;
    let outcome = choose(file, &loaded, &store, progress)?;
    let stage = Stage::new(folder)?;
    let mut outputs = tables::write(stage.path(), &outcome)?;
    progress.begin("drawing", 1);
    outputs.extend(figures::write(stage.path(), file, &outcome)?);
    progress.end();
    let feasible = outcome.chosen().feasible;
    if feasible {
        outputs.push(rules::write(stage.path(), file, &outcome, &start)?);
    }
    let manifest = stage.manifest(start, &outputs)?;
    stage.publish(&manifest)?;
    store.close()?;
    let found = Some(outcome.found(file));
    Ok(Calibration { folder: folder.to_owned(), manifest, found, feasible })
}

/// Builds every point that the search begins with, so that a key that the model does not have is known before anything is
/// replayed. Nothing is done for a study without `[calibrate]`.
///
/// # Errors
/// [`MporError::Study`] at the parameter.
pub fn check(file: &StudyFile) -> Result<(), MporError> {
    let Some(spec) = &file.study.calibrate else { return Ok(()) };
    let (axes, library) = (file.axes()?, library(file)?);
    let base = model(file, &spec.model)?;
    for point in lattice::start(&axes, spec.search, file.study.seed) {
        candidate::build(file, &library, base, &axes, &point)?;
    }
    Ok(())
}

fn model<'f>(file: &'f StudyFile, name: &str) -> Result<&'f ModelSpec, MporError> {
    file.models
        .iter()
        .find(|spec| spec.name == name)
        .ok_or_else(|| file.error_at(&["calibrate", "model"], format!("no model `{name}`")).into())
}

fn choose(
    file: &StudyFile,
    loaded: &Loaded,
    store: &Store,
    progress: &dyn Progress,
) -> Result<Outcome, MporError> {
    let spec = file.calibrate_spec()?;
    let (axes, library) = (file.axes()?, library(file)?);
    let base = model(file, &spec.model)?;
    let steps = loaded.steps.clone();
    let mut bench =
        Bench { file, loaded, library: &library, base, axes: &axes, store, steps, progress };
    let start = lattice::start(&axes, spec.search, file.study.seed);
    let mut notes: Vec<String> = loaded.market.notes.clone();
    notes.extend(outcome::begin_where_all_answer(&mut bench, &start)?);
    let horizon = loaded.horizon.steps();
    let terms = Terms {
        level: spec.coverage.unwrap_or(file.study.backtest.level),
        zone: spec.zone,
        objective: spec.objective,
        horizon,
    };
    let dates = bench.steps.len();
    let folds = search::folds(dates, spec.folds, horizon).ok_or_else(|| {
        let problem = format!(
            "{dates} margin dates in {} blocks leave none longer than the MPOR of {horizon} steps; write fewer folds",
            spec.folds + 1
        );
        file.error_at(&["calibrate", "folds"], problem)
    })?;
    let block = spec.bootstrap.block.unwrap_or(horizon.max(10));
    if block < horizon || block > dates {
        let problem = format!(
            "block = {block} steps: a block is at least as long as the MPOR, {horizon}, and at most the {dates} margin dates"
        );
        return Err(file.error_at(&["calibrate", "bootstrap", "block"], problem).into());
    }
    outcome::reach(&bench, start, terms, folds, block, notes)
}
