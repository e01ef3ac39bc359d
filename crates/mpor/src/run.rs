//! A study from its file to a folder that can be handed over: tables, figures, report, manifest.
//!
//! The manifest comes last: a folder with a manifest is a finished run. A run that was killed is taken up where it stopped and
//! ends with the same bytes; what was finished before stays whole until all of the new run is written.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use mpor_backtest::{
    Assembly, BacktestResult, assemble, attribution, standards, supervisory, tables,
};
use mpor_core::{History, Table};

use crate::error::MporError;
use crate::evidence;
use crate::further::{self, Further};
use crate::inputs;
use crate::layout::Layout;
use crate::loaded::Loaded;
use crate::lock::RunLock;
use crate::manifest::{self, FileRecord, Manifest, hash_text, record};
use crate::plan::Plan;
use crate::progress::{Progress, go_on};
use crate::report;
use crate::shards::{self, Shards};
use crate::stage::{self, Stage, write_table};
use crate::study::StudyFile;

pub use crate::layout::Sizes;
pub use crate::share::{Share, ShareSummary, merge, share};
pub(crate) use crate::stage::Written;

/// What a run did.
#[derive(Debug)]
pub struct RunSummary {
    /// The run's folder.
    pub folder: PathBuf,
    /// What was found; `None` when the folder already held this very run.
    pub result: Option<BacktestResult>,
    /// The manifest.
    pub manifest: Manifest,
    /// Wall time by stage. Shown to people, never written.
    pub stages: Vec<(&'static str, Duration)>,
    /// Remarks that the report prints too.
    pub notes: Vec<String>,
    /// Those of them that answer what the study asks besides coverage: of offsets and of the default fund.
    pub verdicts: Vec<String>,
}

/// Measures the stages of a run.
pub(crate) struct Stages {
    since: Instant,
    done: Vec<(&'static str, Duration)>,
}

impl Stages {
    pub fn new() -> Self {
        Stages { since: Instant::now(), done: Vec::new() }
    }

    pub fn end(&mut self, stage: &'static str) {
        let now = Instant::now();
        self.done.push((stage, now - self.since));
        self.since = now;
    }
}

/// Runs a study into `folder`, which is made if need be.
///
/// A folder with a finished run of the same version, study and inputs is left as it is.
///
/// # Errors
/// [`MporError`]; what was written before stays, and a second run takes it up.
pub fn run(
    file: &StudyFile,
    folder: &Path,
    progress: &dyn Progress,
) -> Result<RunSummary, MporError> {
    run_cut(file, folder, Sizes::default(), progress)
}

/// A [`run`] cut into shards and blocks of these sizes; the result is the same bytes for any.
///
/// # Errors
/// As [`run`].
pub fn run_cut(
    file: &StudyFile,
    folder: &Path,
    sizes: Sizes,
    progress: &dyn Progress,
) -> Result<RunSummary, MporError> {
    let mut stages = Stages::new();
    make(folder)?;
    let _lock = RunLock::take(folder)?;
    let start = begin(file, folder, &mut stages, progress)?;
    if let Some(known) = already(folder, &start, &mut stages)? {
        return Ok(known);
    }
    let loaded = load(file, &mut stages, progress)?;
    let layout = Layout::of(&loaded, sizes);
    let shards = Shards::open(folder, Plan::of(&start), &layout)?;
    shards.fill(file, &loaded, &layout.shards, progress)?;
    complete(file, folder, start, &loaded, (&shards, &layout), stages, progress)
}

/// Hashes what the run reads.
pub(crate) fn begin(
    file: &StudyFile,
    folder: &Path,
    stages: &mut Stages,
    progress: &dyn Progress,
) -> Result<Manifest, MporError> {
    let start = hashed(file, folder, progress)?;
    stages.end("hash inputs");
    Ok(start)
}

/// [`blank_manifest`], with its progress shown.
pub(crate) fn hashed(
    file: &StudyFile,
    folder: &Path,
    progress: &dyn Progress,
) -> Result<Manifest, MporError> {
    progress.begin("hashing inputs", 1);
    let start = blank_manifest(file, folder)?;
    progress.end();
    Ok(start)
}

/// What a study names, with the progress of reading it shown.
pub(crate) fn read(file: &StudyFile, progress: &dyn Progress) -> Result<Loaded, MporError> {
    progress.begin("reading market history", 1);
    let loaded = Loaded::new(file)?;
    progress.end();
    Ok(loaded)
}

/// The summary of a folder that already holds this very run.
pub(crate) fn already(
    folder: &Path,
    start: &Manifest,
    stages: &mut Stages,
) -> Result<Option<RunSummary>, MporError> {
    let Some(manifest) = finished(folder, start) else { return Ok(None) };
    // A kill between the manifest and the end leaves what the run worked with.
    shards::clear(folder)?;
    stage::clear(folder)?;
    let stages = std::mem::take(&mut stages.done);
    let folder = folder.to_owned();
    Ok(Some(RunSummary {
        folder,
        result: None,
        manifest,
        stages,
        notes: Vec::new(),
        verdicts: Vec::new(),
    }))
}

/// Reads what the study names.
pub(crate) fn load(
    file: &StudyFile,
    stages: &mut Stages,
    progress: &dyn Progress,
) -> Result<Loaded, MporError> {
    let loaded = read(file, progress)?;
    go_on(progress)?;
    stages.end("load");
    Ok(loaded)
}

/// From whole shards to a finished run, which takes the place of the one that is there in the end.
pub(crate) fn complete(
    file: &StudyFile,
    folder: &Path,
    start: Manifest,
    loaded: &Loaded,
    (shards, layout): (&Shards, &Layout),
    mut stages: Stages,
    progress: &dyn Progress,
) -> Result<RunSummary, MporError> {
    let located = shards.locate(&layout.shards).map_err(|missing| {
        MporError::folder(folder, crate::share::incomplete(loaded, layout.shards.len(), &missing))
    })?;
    stages.end("replay");
    let stage = Stage::new(folder)?;
    let (result, mut outputs) =
        evidence::of_shards(file, loaded, (shards, &located), layout, stage.path(), progress)?;
    stages.end("evidence and long tables");
    let further = further::tell(file, loaded, &result, progress)?;
    let Further { oracle, verdicts, .. } = &further;
    go_on(progress)?;
    stages.end("oracle faults, offsets, default fund");
    outputs.extend(write_short(file, stage.path(), &result, loaded, &oracle.tables)?);
    stages.end("tables");
    progress.begin("drawing and typesetting", 1);
    let asked = report::asked(file);
    outputs.extend(report::write(stage.path(), file, loaded, &result, &start, &further, &asked)?);
    let told = oracle.faults.iter().flat_map(|fault| fault.remarks.iter().cloned());
    let notes = loaded.market.notes.iter().cloned().chain(oracle.notes.iter().cloned()).chain(told);
    let notes = notes.chain(crate::fits::remarks(&result)).collect();
    progress.end();
    stages.end("report");
    let manifest = stage.manifest(start, &outputs)?;
    stage.publish(&manifest)?;
    shards.close()?;
    let (folder, stages, verdicts) = (folder.to_owned(), stages.done, verdicts.clone());
    Ok(RunSummary { folder, result: Some(result), manifest, stages, notes, verdicts })
}

/// Most threads that can be asked for: more than any machine profits from, fewer than hurt one.
const MOST_THREADS: usize = 512;

/// Does `work` on this many threads, or on all cores. The result is the same bits either way.
///
/// # Errors
/// [`MporError::Question`] outside 1 to 512 threads, or when they cannot be started.
pub fn in_pool<T: Send>(
    threads: Option<usize>,
    work: impl FnOnce() -> T + Send,
) -> Result<T, MporError> {
    let Some(threads) = threads else { return Ok(work()) };
    if !(1..=MOST_THREADS).contains(&threads) {
        let problem = format!("--threads {threads}: ask for 1 to {MOST_THREADS} threads");
        return Err(MporError::Question(problem));
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|error| MporError::Question(format!("--threads: {error}")))?;
    Ok(pool.install(work))
}

/// The backtest of a study, in memory, without a folder.
///
/// # Errors
/// [`MporError`].
pub fn backtest(file: &StudyFile, loaded: &Loaded) -> Result<BacktestResult, MporError> {
    let days = shards::replayed(file, loaded, &loaded.asked(), loaded.steps.clone())?;
    Ok(assemble(days, assembly(file, loaded, loaded.history()))?)
}

/// What days replayed on a history are assembled with: the study's own, or one under a fault.
pub(crate) fn assembly<'l>(
    file: &'l StudyFile,
    loaded: &'l Loaded,
    history: &'l History,
) -> Assembly<'l> {
    Assembly {
        currency: file.study.currency.clone(),
        horizon: loaded.horizon,
        convention: file.study.mpor.loss,
        level: file.study.backtest.level,
        models: loaded.infos.clone(),
        overlays: &loaded.overlays,
        history,
        books: &loaded.books,
        late_calls: &loaded.late_calls,
        tests: file.study.backtest.tests.wanted(),
    }
}

/// The manifest of a run that has read nothing and written nothing yet.
pub(crate) fn blank_manifest(file: &StudyFile, folder: &Path) -> Result<Manifest, MporError> {
    let inputs = inputs::files(file)?;
    let inputs: Vec<FileRecord> =
        inputs.iter().map(|path| record(path, folder, None)).collect::<Result<_, _>>()?;
    Ok(Manifest {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        study: file.study.name.clone(),
        study_file: manifest::relative(&file.path, folder),
        study_hash: hash_text(&file.resolved()?),
        seed: file.study.seed,
        inputs,
        outputs: Vec::new(),
    })
}

/// Whether a finished run is of this version, study and inputs.
pub(crate) fn is_of(known: &Manifest, start: &Manifest) -> bool {
    Manifest { outputs: Vec::new(), ..known.clone() } == *start
}

/// The manifest of the folder, if it is of the same version, study and inputs and all its files are there unchanged.
pub(crate) fn finished(folder: &Path, start: &Manifest) -> Option<Manifest> {
    let known = Manifest::read(folder).ok()?;
    let whole = || {
        known.outputs.iter().all(|output| {
            record(&folder.join(&output.path), folder, output.rows)
                .is_ok_and(|found| found == *output)
        })
    };
    (is_of(&known, start) && whole()).then_some(known)
}

/// Makes the run's folder.
pub(crate) fn make(folder: &Path) -> Result<(), MporError> {
    if folder.is_file() {
        let problem = "is a file, and a run is a folder; name another with `--out`";
        return Err(MporError::folder(folder, problem));
    }
    std::fs::create_dir_all(folder).map_err(|error| MporError::folder(folder, error))
}

/// The tables that supervisors ask for; attribution only where there are marks to compare the pricer with.
fn disclosures(
    file: &StudyFile,
    result: &BacktestResult,
    loaded: &Loaded,
) -> Result<Vec<Table>, MporError> {
    let mut tables = supervisory::tables(result, &file.study.backtest.add_ons)?;
    if !loaded.history().marks.is_empty() {
        let (history, steps) = (loaded.history(), loaded.steps.clone());
        let pairs = attribution::pnl_pairs(history, &loaded.books, steps, 1)?;
        let rows = attribution::rows(&pairs, &standards::FRTB)?;
        tables.push(attribution::table(&rows, &loaded.books.accounts)?);
    }
    Ok(tables)
}

fn write_short(
    file: &StudyFile,
    folder: &Path,
    result: &BacktestResult,
    loaded: &Loaded,
    further: &[Table],
) -> Result<Vec<Written>, MporError> {
    let mut written = Vec::new();
    // One at a time: with very many accounts each is large.
    for table in tables::SHORT {
        written.push(write_table(folder, &table(result)?)?);
    }
    let mut short = mpor_backtest::evidence::tables::short(result)?;
    if file.study.backtest.disclosures {
        short.extend(disclosures(file, result, loaded)?);
    }
    short.push(crate::findings::table(&loaded.market.findings)?);
    if !loaded.market.surfaces.is_empty() {
        short.push(loaded.market.surfaces.table()?);
    }
    short.extend(loaded.market.tables.iter().cloned());
    short.push(crate::findings::quality(&loaded.market.findings)?);
    for table in short.iter().chain(further) {
        written.push(write_table(folder, table)?);
    }
    Ok(written)
}
