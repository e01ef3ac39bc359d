//! A finished run rendered again, in other formats or for other readers. The run itself is left as it is: what is made goes
//! into a folder of its own, with a manifest of its own.
//!
//! The study is replayed, and what the run's folder already holds must come out with the same bytes.

use std::path::{Path, PathBuf};

use crate::error::MporError;
use crate::lock::RunLock;
use crate::made::Made;
use crate::manifest::{FileRecord, Manifest, record};
use crate::progress::Progress;
use crate::report::{self, Asked};
use crate::run::{self, Written};
use crate::stage::Stage;
use crate::study::StudyFile;
use crate::{further, manifest};

/// The record of what was rendered, in the folder that it was rendered into.
pub const REPORT_MANIFEST: &str = "report-manifest.json";

/// What was rendered.
#[derive(Clone, Debug)]
pub struct Again {
    /// Where.
    pub folder: PathBuf,
    /// Its files, and what they were made from.
    pub manifest: Manifest,
    /// Files that the run's folder holds too, with the same bytes.
    pub same: usize,
}

/// Renders a finished run again, into `out` or into a folder beside the run's: `runs/quickstart-report`. What `asked` leaves
/// empty is as the study has it.
///
/// # Errors
/// [`MporError::Folder`] for a folder without a finished run, a run whose files, study or data were changed since, a
/// calibration or a stress test, an `out` that is the run's own folder, and a replay that gives other bytes than the run's.
pub fn report_again(
    run_folder: &Path,
    asked: &Asked,
    out: Option<&Path>,
    progress: &dyn Progress,
) -> Result<Again, MporError> {
    let known = Manifest::read(run_folder)?;
    let out = out.map_or_else(|| beside(run_folder), Path::to_owned);
    refuse(run_folder, &known, &out)?;
    let file = StudyFile::read(&run_folder.join(&known.study_file))?;
    if !run::is_of(&known, &run::blank_manifest(&file, run_folder)?) {
        let problem = "the study, its data or mpor have changed since this run; run it again";
        return Err(MporError::folder(run_folder, problem));
    }
    run::make(&out)?;
    let _lock = RunLock::take(&out)?;
    let start = run::blank_manifest(&file, &out)?;
    let stage = Stage::recorded(&out, REPORT_MANIFEST)?;
    let written = rendered(&file, &start, &completed(asked, &file), stage.path(), progress)?;
    let manifest = stage.manifest(start, &written)?;
    let same = compare(run_folder, &known, &manifest.outputs)?;
    stage.publish(&manifest)?;
    Ok(Again { folder: out, manifest, same })
}

/// `runs/quickstart-report` for `runs/quickstart`.
fn beside(run_folder: &Path) -> PathBuf {
    let whole = run_folder.canonicalize().unwrap_or_else(|_| run_folder.to_owned());
    let name = whole.file_name().map(|name| name.to_string_lossy().into_owned());
    whole.with_file_name(format!("{}-report", name.unwrap_or_default()))
}

/// Refuses what cannot be rendered, before anything is written.
fn refuse(run_folder: &Path, known: &Manifest, out: &Path) -> Result<(), MporError> {
    let problem = match Made::of(known) {
        Made::Run => None,
        Made::Calibration => {
            Some("holds a calibration, not a run: `mpor calibrate` writes its report itself")
        }
        Made::StressTest => {
            Some("holds a stress test, not a run: `mpor stress` writes its report itself")
        }
    };
    if let Some(problem) = problem {
        return Err(MporError::folder(run_folder, problem));
    }
    if out.exists() && manifest::relative(out, run_folder).is_empty() {
        let problem = "is the run's own folder, whose manifest lists what the run made; name another with `--out`";
        return Err(MporError::folder(out, problem));
    }
    for output in &known.outputs {
        let path = run_folder.join(&output.path);
        if record(&path, run_folder, output.rows)? != *output {
            let problem =
                "its bytes are not those that the run's manifest recorded; run the study again";
            return Err(MporError::folder(path, problem));
        }
    }
    Ok(())
}

fn completed(asked: &Asked, file: &StudyFile) -> Asked {
    let own = report::asked(file);
    let formats = if asked.formats.is_empty() { own.formats } else { asked.formats.clone() };
    let kinds = if asked.kinds.is_empty() { own.kinds } else { asked.kinds.clone() };
    Asked { formats, kinds }
}

fn rendered(
    file: &StudyFile,
    start: &Manifest,
    asked: &Asked,
    out: &Path,
    progress: &dyn Progress,
) -> Result<Vec<Written>, MporError> {
    let loaded = run::read(file, progress)?;
    progress.begin("replaying the run", 1);
    let result = run::backtest(file, &loaded)?;
    progress.end();
    let further = further::tell(file, &loaded, &result, progress)?;
    progress.begin("drawing and typesetting", 1);
    let written = report::write(out, file, &loaded, &result, start, &further, asked)?;
    progress.end();
    Ok(written)
}

/// How many of the files the run's folder holds too; all of those must be the same.
fn compare(
    run_folder: &Path,
    known: &Manifest,
    outputs: &[FileRecord],
) -> Result<usize, MporError> {
    let mut same = 0;
    for output in outputs {
        let of_run = known.outputs.iter().find(|one| one.path == output.path);
        let Some(of_run) = of_run else { continue };
        if output.blake3 != of_run.blake3 {
            let problem =
                "made again, it has other bytes than the run's; `mpor verify` tells what differs";
            return Err(MporError::folder(run_folder.join(&output.path), problem));
        }
        same += 1;
    }
    Ok(same)
}
