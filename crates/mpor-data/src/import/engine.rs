//! The import itself: probe all files, ask what is open, read each into a part, merge, check, report.

use std::path::{Path, PathBuf};

use mpor_core::{Column, Finding, Labels, Table, Timestamp};

use crate::error::DataError;
use crate::import::error::ImportError;
use crate::import::examine::{Examined, examine};
use crate::import::hash;
use crate::import::merge::{self, Run};
use crate::import::parts::{Job, Part, Parts};
use crate::import::probe::Probe;
use crate::import::question::Question;
use crate::import::report::{Findings, Report};
use crate::import::rows::{LabelBook, Shape};
use crate::import::spec::{Duplicates, Spec};
use crate::policy::Policies;
use crate::raw::{self, RawSeriesBySymbol};
use crate::scan::Query;
use crate::schema::{Kind, Schema};
use crate::source;
use crate::tables::{Metadata, TableWriter, write_bytes};

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
/// Rows written at once, a row group.
const GROUP: usize = 1 << 17;
/// Rows of a series that the data checks look at together.
const CHECKED: u64 = 250_000;
/// Findings of a check that the report shows.
const SHOWN: usize = 10;
/// Names of series that the report lists.
const NAMED: usize = 100;
const MEGABYTE: u64 = 1 << 20;

/// Imports files as a spec says: writes the table and `<to>.import.toml`, and gives the report.
///
/// # Errors
/// [`ImportError::Undecided`] with every open question of every file, before anything is written;
/// [`ImportError::Spec`] for options that cannot be used; [`ImportError::Data`] for files that cannot be read or written.
pub fn import(spec: &Spec, watch: &dyn Watch) -> Result<Report, ImportError> {
    let (table, out) = target(spec)?;
    let files: Vec<PathBuf> = source::expand(&spec.files, &[])?.iter().map(PathBuf::from).collect();
    if files.is_empty() {
        return Err(ImportError::spec("name at least one file to import"));
    }
    let plans = plans(spec, table, &files)?;
    let parts = Parts::beside(&out)?;
    let (finished, files_resumed) = read(spec, &parts, &files, &plans, watch)?;
    let duplicates = plans.first().map_or(Duplicates::Keep, |examined| examined.plan.duplicates);
    let written = write(spec, table, &out, &parts, &finished, duplicates, watch)?;
    let findings = check(table, &out, &written, watch)?;
    let report = Report {
        table: table.table.to_owned(),
        to: out.display().to_string(),
        rows_in: finished.iter().map(|part| part.report.rows).sum(),
        rows_refused: finished.iter().map(|part| part.report.rows - part.report.kept).sum(),
        duplicates_equal: written.equal,
        duplicates_left_out: written.left_out,
        duplicates_kept: written.kept_twice,
        rows_out: written.rows,
        series: written.series.iter().take(NAMED).map(|series| series.name.clone()).collect(),
        from: written.from,
        to_time: written.to,
        files_resumed,
        spec: spec.clone(),
        files: finished.into_iter().map(|part| part.report).collect(),
        findings,
    };
    let text = toml::to_string(&report).map_err(|error| ImportError::spec(error.to_string()))?;
    let mut beside = out.clone().into_os_string();
    beside.push(".import.toml");
    write_bytes(Path::new(&beside), text.as_bytes())?;
    parts.remove()?;
    Ok(report)
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

/// What was written.
#[derive(Default)]
struct Written {
    rows: u64,
    equal: u64,
    left_out: u64,
    kept_twice: u64,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    series: Vec<SeriesWritten>,
}

/// One series of the result, and the times at which the data checks cut it.
struct SeriesWritten {
    name: String,
    rows: u64,
    cuts: Vec<Timestamp>,
}

fn write(
    spec: &Spec,
    table: Schema,
    out: &Path,
    parts: &Parts,
    finished: &[Part],
    duplicates: Duplicates,
    watch: &dyn Watch,
) -> Result<Written, ImportError> {
    let shape = Shape::of(&table);
    let mut book = LabelBook::default();
    for text in finished.iter().flat_map(|part| &part.labels) {
        book.number(text);
    }
    let ranks = book.ranks();
    let mut texts = book.texts().to_vec();
    texts.sort_unstable();
    let by_part: Vec<Vec<u32>> = finished
        .iter()
        .map(|part| part.labels.iter().map(|text| ranks[book.number(text) as usize]).collect())
        .collect();
    let mut runs = Vec::new();
    for (at, part) in finished.iter().enumerate() {
        let mut first = 0;
        for &rows in &part.runs {
            runs.push(Run::new(&shape, &parts.rows_path(at), &by_part[at], first, rows));
            first += rows;
        }
    }
    let kept: u64 = finished.iter().map(|part| part.report.kept).sum();
    let groups = usize::try_from(kept).unwrap_or(0).div_ceil(GROUP).max(1);
    watch.begin("writing (row groups)", groups);
    let mut output = Output {
        shape: &shape,
        table,
        texts: &texts,
        writer: TableWriter::create(out, metadata(spec, table, finished)?)?,
        rows: Vec::with_capacity(GROUP * shape.width()),
        written: Written::default(),
        watch,
    };
    let mut last: Vec<u8> = Vec::new();
    let mut take = |row: &[u8]| {
        if last.is_empty() || !shape.same_instant(&last, row) {
            if !last.is_empty() {
                output.push(&last)?;
            }
        } else if Shape::equal(&last, row) {
            output.written.equal += 1;
            return Ok(());
        } else {
            match duplicates {
                Duplicates::First => {
                    output.written.left_out += 1;
                    return Ok(());
                }
                Duplicates::Last => output.written.left_out += 1,
                Duplicates::Keep => {
                    output.written.kept_twice += 1;
                    output.push(&last)?;
                }
            }
        }
        last.clear();
        last.extend_from_slice(row);
        Ok(())
    };
    merge::merge(runs, &mut take)?;
    if !last.is_empty() {
        output.push(&last)?;
    }
    let written = output.finish()?;
    watch.end();
    Ok(written)
}

/// What the Parquet file says of its making.
fn metadata(spec: &Spec, table: Schema, finished: &[Part]) -> Result<Metadata, ImportError> {
    let lines = |line: fn(&Part) -> Vec<String>| {
        finished.iter().flat_map(line).collect::<Vec<_>>().join("\n")
    };
    let sources = lines(|part| vec![format!("{} {}", part.report.blake3, part.report.file)]);
    let assumed = lines(|part| {
        let told = |assumed: &crate::import::report::Assumed| {
            format!(
                "{}: {} = {} ({})",
                part.report.file, assumed.about, assumed.taken, assumed.because
            )
        };
        part.report.assumed.iter().map(told).collect()
    });
    Ok(Metadata::from([
        ("mpor.table".to_owned(), table.table.to_owned()),
        ("mpor.import.spec".to_owned(), spec.to_toml()?),
        ("mpor.import.sources".to_owned(), sources),
        ("mpor.import.assumed".to_owned(), assumed),
    ]))
}

/// Rows on their way into the Parquet file.
struct Output<'a> {
    shape: &'a Shape,
    table: Schema,
    texts: &'a [String],
    writer: TableWriter,
    rows: Vec<u8>,
    written: Written,
    watch: &'a dyn Watch,
}

impl Output<'_> {
    fn push(&mut self, row: &[u8]) -> Result<(), ImportError> {
        self.note(row);
        self.rows.extend_from_slice(row);
        if self.rows.len() >= GROUP * self.shape.width() { self.flush() } else { Ok(()) }
    }

    /// Counts a row into its series.
    fn note(&mut self, row: &[u8]) {
        let column = |name: &str| self.table.columns.iter().position(|spec| spec.name == name);
        let time = column("time").and_then(|at| self.shape.time(row, at)).map(Timestamp);
        self.written.rows += 1;
        self.written.from = self.written.from.into_iter().chain(time).min();
        self.written.to = self.written.to.into_iter().chain(time).max();
        let key = self.table.key().and_then(column).and_then(|at| self.shape.label(row, at));
        let name = key.and_then(|label| self.texts.get(label as usize)).map_or("", String::as_str);
        if self.written.series.last().is_none_or(|series| series.name != name) {
            let name = name.to_owned();
            self.written.series.push(SeriesWritten { name, rows: 0, cuts: Vec::new() });
        }
        if let Some(series) = self.written.series.last_mut() {
            if series.rows.is_multiple_of(CHECKED) {
                series.cuts.extend(time);
            }
            series.rows += 1;
        }
    }

    fn flush(&mut self) -> Result<(), ImportError> {
        let columns = self.table.columns.iter().enumerate();
        let columns: Vec<(&str, Column)> =
            columns.map(|(at, spec)| (spec.name, self.column(at, spec.kind))).collect();
        self.writer.append(&Table::new(self.table.table, columns)?)?;
        self.rows.clear();
        self.watch.advance(1);
        Ok(())
    }

    fn column(&self, at: usize, kind: Kind) -> Column {
        let rows = self.rows.chunks_exact(self.shape.width());
        match kind {
            Kind::Time => {
                Column::Time(rows.map(|row| self.shape.time(row, at).map(Timestamp)).collect())
            }
            Kind::Number => Column::Number(rows.map(|row| self.shape.number(row, at)).collect()),
            Kind::Flag => Column::Flag(rows.map(|row| self.shape.flag(row, at)).collect()),
            Kind::Text => self.labels(at),
        }
    }

    /// Texts of a column, each kept once.
    fn labels(&self, at: usize) -> Column {
        let mut used: Vec<u32> = vec![u32::MAX; self.texts.len()];
        let (mut names, mut index, mut missing) = (Vec::new(), Vec::new(), false);
        for row in self.rows.chunks_exact(self.shape.width()) {
            let label = self.shape.label(row, at);
            missing |= label.is_none();
            let Some(slot) = label.and_then(|label| used.get_mut(label as usize)) else { continue };
            if *slot == u32::MAX {
                *slot = u32::try_from(names.len()).unwrap_or(u32::MAX);
                names.push(self.texts[label.unwrap_or(0) as usize].as_str());
            }
            index.push(*slot as usize);
        }
        if !missing {
            return Column::Label(Labels::coded(names, index));
        }
        let text =
            |row: &[u8]| self.shape.label(row, at).and_then(|label| self.texts.get(label as usize));
        let rows = self.rows.chunks_exact(self.shape.width());
        Column::Label(rows.map(|row| text(row).map(String::as_str)).collect())
    }

    fn finish(mut self) -> Result<Written, ImportError> {
        if !self.rows.is_empty() || self.written.rows == 0 {
            self.flush()?;
        }
        self.writer.finish()?;
        Ok(self.written)
    }
}

/// Runs the data checks on the file written, a piece of each series at a time.
fn check(
    table: Schema,
    out: &Path,
    written: &Written,
    watch: &dyn Watch,
) -> Result<Vec<Findings>, ImportError> {
    let load: fn(&Query) -> Result<RawSeriesBySymbol, DataError> = match table.table {
        "prices" => raw::prices,
        "funding" => raw::funding,
        "vol_index" => raw::vol_index,
        _ => return Ok(Vec::new()),
    };
    let all = Query::all([out.to_string_lossy()]);
    let queries: Vec<Query> = if written.rows <= CHECKED {
        vec![all]
    } else {
        written.series.iter().flat_map(|series| pieces(&all, series, written)).collect()
    };
    watch.begin("checking", queries.len());
    let mut found: Vec<Finding> = Vec::new();
    let mut summaries: Vec<Findings> = Vec::new();
    for query in queries {
        let mut piece = Vec::new();
        for series in load(&query)?.values() {
            piece.extend(crate::checks::findings(series, &Policies::default()));
        }
        // Pieces share a row, which may be found twice.
        let again = |finding: &Finding| {
            found.iter().any(|known| {
                (known.code, &known.symbol, known.from, known.row)
                    == (finding.code, &finding.symbol, finding.from, finding.row)
            })
        };
        piece.retain(|finding| !again(finding));
        for finding in &piece {
            count(&mut summaries, finding);
        }
        found = piece;
        watch.advance(1);
    }
    watch.end();
    summaries.sort_by(|a, b| a.code.cmp(&b.code));
    Ok(summaries)
}

/// The queries that cut a series in pieces, each with the first row of the next.
fn pieces(all: &Query, series: &SeriesWritten, written: &Written) -> Vec<Query> {
    let ends = series.cuts.iter().skip(1).copied().chain(written.to);
    let piece = |(from, to): (&Timestamp, Timestamp)| {
        all.clone().of([series.name.clone()]).between(*from, to)
    };
    series.cuts.iter().zip(ends).map(piece).collect()
}

fn count(summaries: &mut Vec<Findings>, finding: &Finding) {
    let at =
        summaries.iter().position(|summary| summary.code == finding.code).unwrap_or_else(|| {
            summaries.push(Findings {
                code: finding.code.to_owned(),
                check: finding.check.to_owned(),
                findings: 0,
                observations: 0,
                first: Vec::new(),
            });
            summaries.len() - 1
        });
    let summary = &mut summaries[at];
    summary.findings += 1;
    summary.observations += finding.count;
    if summary.first.len() < SHOWN {
        let row = finding.row.map(|row| format!(" row {row}")).unwrap_or_default();
        let Finding { symbol, from, detail, .. } = finding;
        summary.first.push(format!("{symbol}{row} from {from}: {detail}"));
    }
}
