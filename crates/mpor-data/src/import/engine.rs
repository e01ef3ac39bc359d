//! The import itself: probe all files, ask what is open, read each into a part, merge, check, report.

use std::path::{Path, PathBuf};

use crate::error::DataError;
use crate::import::error::ImportError;
use crate::import::examine::{Examined, examine};
use crate::import::hash;
use crate::import::output;
use crate::import::parts::{Job, Part, Parts};
use crate::import::probe::Probe;
use crate::import::question::Question;
use crate::import::report::Report;
use crate::import::spec::{Duplicates, Spec};
use crate::schema::Schema;
use crate::source;
use crate::tables::write_bytes;

/// Hears how far an import is.
pub trait Watch {
    /// A stage of so many units begins.
    fn begin(&self, stage: &str, total: usize);
    /// Units of it are done.
    fn advance(&self, units: usize);
    /// It is over.
    fn end(&self);
}

/// Tables that an import makes.
const TABLES: &[&str] =
    &["prices", "funding", "vol_index", "option_marks", "chains", "instruments"];
const MEGABYTE: u64 = 1 << 20;

/// Imports files as a spec says: writes the table and `<to>.import.toml`, and gives the report.
///
/// # Errors
/// [`ImportError::Undecided`] with every open question of every file, before anything is written;
/// [`ImportError::Spec`] for options that cannot be used; [`ImportError::Data`] for files that cannot be read or written.
pub fn import(spec: &Spec, watch: &dyn Watch) -> Result<Report, ImportError> {
    let (table, out) = target(spec)?;
    let files: Vec<PathBuf> = files(spec)?;
    if files.is_empty() {
        return Err(ImportError::spec("name at least one file to import"));
    }
    let plans = plans(spec, table, &files)?;
    let parts = Parts::beside(&out)?;
    let (finished, files_resumed) = read(spec, &parts, &files, &plans, watch)?;
    let duplicates = plans.first().map_or(Duplicates::Keep, |examined| examined.plan.duplicates);
    let written = output::write(spec, table, &out, &parts, &finished, duplicates, watch)?;
    let report = Report {
        table: table.table.to_owned(),
        to: out.display().to_string(),
        rows_in: finished.iter().map(|part| part.report.rows).sum(),
        rows_refused: finished.iter().map(|part| part.report.rows - part.report.kept).sum(),
        duplicates_equal: written.equal,
        duplicates_left_out: written.left_out,
        duplicates_kept: written.kept_twice,
        rows_out: written.rows,
        series: written.series,
        from: written.from,
        to_time: written.to,
        files_resumed,
        spec: spec.clone(),
        files: finished.into_iter().map(|part| part.report).collect(),
        findings: written.findings,
    };
    let text = toml::to_string(&report).map_err(|error| ImportError::spec(error.to_string()))?;
    let mut beside = out.clone().into_os_string();
    beside.push(".import.toml");
    write_bytes(Path::new(&beside), text.as_bytes())?;
    parts.remove()?;
    Ok(report)
}

fn files(spec: &Spec) -> Result<Vec<PathBuf>, ImportError> {
    let found = source::expand(&spec.files, &[]).map_err(|error| match error {
        DataError::NoFiles { pattern } => ImportError::NoFiles { pattern },
        other => other.into(),
    })?;
    Ok(found.iter().map(PathBuf::from).collect())
}

/// The table and the file to make.
fn target(spec: &Spec) -> Result<(Schema, PathBuf), ImportError> {
    let known = TABLES.join(", ");
    let Some(name) = &spec.table else {
        return Err(ImportError::spec(format!("say which table to make: --table, one of {known}")));
    };
    let table = Schema::named(name).filter(|table| TABLES.contains(&table.table));
    let table = table.ok_or_else(|| {
        ImportError::spec(format!("--table {name} is not imported; known: {known}"))
    })?;
    let Some(out) = &spec.to else {
        return Err(ImportError::spec("say where to write: --to FILE.parquet"));
    };
    if out.extension().is_none_or(|extension| extension != "parquet") {
        let shown = out.display();
        return Err(ImportError::spec(format!(
            "--to {shown}: the result is Parquet; name it .parquet"
        )));
    }
    Ok((table, out.clone()))
}

/// A plan for every file, or all that is open.
fn plans(spec: &Spec, table: Schema, files: &[PathBuf]) -> Result<Vec<Examined>, ImportError> {
    let mut plans = Vec::new();
    let mut questions: Vec<Question> = Vec::new();
    for path in files {
        let examined = examine(&Probe::of(path, spec)?, spec, table)?;
        for question in &examined.open {
            let same = |other: &&mut Question| {
                other.about == question.about && other.guess == question.guess
            };
            match questions.iter_mut().find(same) {
                Some(known) if !known.file.ends_with(" and others") => {
                    known.file.push_str(" and others")
                }
                Some(_) => (),
                None => questions.push(question.clone()),
            }
        }
        plans.push(examined);
    }
    if questions.is_empty() { Ok(plans) } else { Err(ImportError::Undecided { questions }) }
}

/// Every file as a part, finished ones taken over.
fn read(
    spec: &Spec,
    parts: &Parts,
    files: &[PathBuf],
    plans: &[Examined],
    watch: &dyn Watch,
) -> Result<(Vec<Part>, usize), ImportError> {
    let size = |path: &PathBuf| path.metadata().map_or(0, |data| data.len());
    let total: u64 = files.iter().map(size).sum();
    watch.begin("reading (MB)", usize::try_from(total / MEGABYTE).unwrap_or(1).max(1));
    let (mut finished, mut resumed) = (Vec::new(), 0);
    for (at, (path, examined)) in files.iter().zip(plans).enumerate() {
        let job = Job { at, path, spec, plan: &examined.plan, assumed: &examined.assumed };
        let mut bytes = 0;
        let mut moved = |more: u64| {
            let before = bytes / MEGABYTE;
            bytes += more;
            watch.advance(usize::try_from(bytes / MEGABYTE - before).unwrap_or(0));
        };
        // Only a file that has a part already is hashed before it is read.
        let known = match parts.noted(at) {
            true => parts.finished(&job, &hash::of_file(path)?),
            false => None,
        };
        resumed += usize::from(known.is_some());
        let part = match known {
            Some(part) => part,
            None => parts.make(&job, &mut moved)?,
        };
        if part.report.kept == 0 && part.report.rows > 0 {
            let reasons: Vec<String> = part
                .report
                .refused
                .iter()
                .take(3)
                .map(|refused| {
                    let first = refused.first.first();
                    let first = first.map(|s| format!(", first row {}: {}", s.row, s.found));
                    format!(
                        "{} ({} rows{})",
                        refused.reason,
                        refused.rows,
                        first.unwrap_or_default()
                    )
                })
                .collect();
            return Err(ImportError::NothingLeft {
                file: part.report.file,
                rows: part.report.rows,
                reasons: reasons.join("; "),
            });
        }
        finished.push(part);
    }
    watch.end();
    Ok((finished, resumed))
}
