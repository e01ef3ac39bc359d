//! A study from its file to a folder that can be handed over: tables, figures, report, manifest.
//!
//! The manifest is written last: a folder with a manifest is a finished run. A run that was killed is taken up where it
//! stopped and ends with the same bytes.

use std::path::{Component, Path, PathBuf};
use std::time::{Duration, Instant};

use mpor_backtest::day::Parts;
use mpor_backtest::{
    Assembly, BacktestResult, assemble, attribution, standards, supervisory, tables,
};
use mpor_core::{History, Table};
use mpor_data::tables::{Metadata, TableWriter, write_bytes, write_parquet};
use rayon::prelude::*;

use crate::default_fund;
use crate::error::MporError;
use crate::inputs;
use crate::loaded::{Loaded, replay_error};
use crate::lock::RunLock;
use crate::manifest::{self, FileRecord, MANIFEST, Manifest, hash_text, record};
use crate::offsets;
use crate::oracle;
use crate::progress::Progress;
use crate::report;
use crate::shards::{self, Shards};
use crate::study::StudyFile;

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
struct Stages {
    since: Instant,
    done: Vec<(&'static str, Duration)>,
}

impl Stages {
    fn new() -> Self {
        Stages { since: Instant::now(), done: Vec::new() }
    }

    fn end(&mut self, stage: &'static str) {
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
    let mut stages = Stages::new();
    make(folder)?;
    let _lock = RunLock::take(folder)?;
    progress.begin("hashing inputs", 1);
    let start = blank_manifest(file, folder)?;
    progress.end();
    stages.end("hash inputs");
    if let Some(manifest) = finished(folder, &start) {
        // A kill between the manifest and the end leaves what the run worked with.
        shards::clear(folder)?;
        let folder = folder.to_owned();
        return Ok(RunSummary {
            folder,
            result: None,
            manifest,
            stages: stages.done,
            notes: Vec::new(),
            verdicts: Vec::new(),
        });
    }
    forget(folder)?;
    progress.begin("reading market history", 1);
    let loaded = Loaded::new(file)?;
    progress.end();
    stages.end("load");
    let shards = Shards::open(folder, &start.to_json()?)?;
    let days = shards.days(file, &loaded, progress)?;
    stages.end("replay");
    progress.begin("testing coverage, explaining breaches", 1);
    let result = assemble(days, assembly(file, &loaded, loaded.history()))?;
    progress.end();
    stages.end("evidence");
    let mut oracle = oracle::tell(file, &loaded, &result, progress)?;
    stages.end("oracle faults");
    let (offsets, said) = offsets::tell(file, &result)?;
    let fund = default_fund::tell(file, &loaded, &result)?;
    oracle.tables.extend(offsets.into_iter().chain(fund.tables));
    let verdicts: Vec<String> = said.into_iter().chain(fund.notes).collect();
    oracle.notes.extend(verdicts.iter().cloned());
    stages.end("offsets, fund");
    let mut outputs = write_tables(file, folder, &result, &loaded, &oracle.tables)?;
    stages.end("tables");
    progress.begin("drawing and typesetting", 1);
    outputs.extend(report::write(folder, file, &loaded, &result, &start, &oracle, &fund.paths)?);
    let told = oracle.faults.into_iter().flat_map(|fault| fault.remarks);
    let notes = loaded.market.notes.iter().cloned().chain(oracle.notes).chain(told).collect();
    progress.end();
    stages.end("report");
    let manifest = close(folder, start, &outputs)?;
    shards.close()?;
    Ok(RunSummary {
        folder: folder.to_owned(),
        result: Some(result),
        manifest,
        stages: stages.done,
        notes,
        verdicts,
    })
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
    let config = mpor_backtest::ReplayConfig {
        steps: loaded.steps.clone(),
        horizon: loaded.horizon,
        seed: file.study.seed,
        parts: Parts::Keep,
    };
    let days = mpor_backtest::replay(loaded.history(), &loaded.books, &loaded.asked(), &config)
        .map_err(|error| replay_error(file, error))?;
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

/// Removes what an earlier run of another study or other data wrote, so that none of it is taken for this run's, and its
/// manifest last: without one the folder holds no finished run.
pub(crate) fn forget(folder: &Path) -> Result<(), MporError> {
    let outputs = Manifest::read(folder).map(|manifest| manifest.outputs).unwrap_or_default();
    let inside =
        |path: &str| Path::new(path).components().all(|c| matches!(c, Component::Normal(_)));
    let stale = outputs.iter().map(|output| output.path.as_str()).filter(|path| inside(path));
    for path in stale.chain([MANIFEST]) {
        let path = folder.join(path);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(MporError::folder(path, error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// A file written, with its rows if it is a table.
pub(crate) type Written = (PathBuf, Option<usize>);

fn write_tables(
    file: &StudyFile,
    folder: &Path,
    result: &BacktestResult,
    loaded: &Loaded,
    further: &[Table],
) -> Result<Vec<Written>, MporError> {
    let long = || {
        let write = |&long: &_| write_long(folder, result, long);
        tables::LONG.par_iter().map(write).collect::<Vec<Result<Written, MporError>>>()
    };
    let (long, short) = rayon::join(long, || write_short(file, folder, result, loaded, further));
    let mut written = short?;
    for table in long {
        written.push(table?);
    }
    Ok(written)
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
    let mut short = tables::short(result)?;
    if file.study.backtest.disclosures {
        short.extend(disclosures(file, result, loaded)?);
    }
    short.push(crate::findings::table(&loaded.market.findings)?);
    if !loaded.market.surfaces.is_empty() {
        short.push(loaded.market.surfaces.table()?);
    }
    short.extend(loaded.market.tables.iter().cloned());
    short.push(crate::findings::quality(&loaded.market.findings)?);
    let mut written = Vec::new();
    for table in short.iter().chain(further) {
        let path = folder.join(format!("{}.parquet", table.name()));
        write_parquet(table, &path, Metadata::new())?;
        written.push((path, Some(table.rows())));
    }
    Ok(written)
}

/// Writes a table by ranges of accounts, so that it never stands in memory whole.
fn write_long(
    folder: &Path,
    result: &BacktestResult,
    (name, table): (&str, tables::ByAccount),
) -> Result<Written, MporError> {
    let path = folder.join(format!("{name}.parquet"));
    let mut writer = TableWriter::create(&path, Metadata::new())?;
    let mut rows = 0;
    let mut pieces = tables::pieces(result).map(|accounts| table(result, accounts));
    let mut piece = pieces.next().transpose()?;
    while let Some(current) = piece {
        rows += current.rows();
        // The next piece is laid out while this one is encoded.
        let (appended, next) =
            rayon::join(|| writer.append(&current), || pieces.next().transpose());
        appended?;
        piece = next?;
    }
    writer.finish()?;
    Ok((path, Some(rows)))
}

pub(crate) fn close(
    folder: &Path,
    start: Manifest,
    outputs: &[Written],
) -> Result<Manifest, MporError> {
    let records = outputs.par_iter().map(|(path, rows)| record(path, folder, *rows));
    let records: Vec<Result<FileRecord, MporError>> = records.collect();
    let mut outputs: Vec<FileRecord> = records.into_iter().collect::<Result<_, _>>()?;
    outputs.sort_by(|a, b| a.path.cmp(&b.path));
    let manifest = Manifest { outputs, ..start };
    write_bytes(&folder.join(MANIFEST), manifest.to_json()?.as_bytes())?;
    Ok(manifest)
}
