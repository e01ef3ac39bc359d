//! The sorted rows into the Parquet file: duplicates counted, texts written, data checks run on the way.

use std::path::Path;

use mpor_core::{Column, Labels, Table, Timestamp};

use crate::import::checked::Checked;
use crate::import::engine::Watch;
use crate::import::error::ImportError;
use crate::import::merge::{self, Run};
use crate::import::parts::{Part, Parts};
use crate::import::report::{Assumed, Findings};
use crate::import::rows::{LabelBook, Shape};
use crate::import::spec::{Duplicates, Spec};
use crate::schema::{Kind, Schema};
use crate::tables::{Metadata, TableWriter};

/// Rows written at once, a row group.
const GROUP: usize = 1 << 17;
/// Names of series that the report lists.
const NAMED: usize = 100;

/// What was written.
#[derive(Default)]
pub(crate) struct Written {
    pub rows: u64,
    pub equal: u64,
    pub left_out: u64,
    pub kept_twice: u64,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    pub series: Vec<String>,
    pub findings: Vec<Findings>,
}

/// Merges the parts into the output file.
pub(crate) fn write(
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
    let writer = TableWriter::create(out, metadata(spec, table, finished)?)?;
    let written = std::thread::scope(|scope| {
        let file = out.display().to_string();
        let mut output = Output {
            shape: &shape,
            table,
            texts: &texts,
            key: table.key().and_then(|key| table.columns.iter().position(|c| c.name == key)),
            time: table.columns.iter().position(|column| column.name == "time"),
            last_series: None,
            writer,
            checked: Checked::start(scope, &shape, &texts, &table, file),
            rows: Vec::with_capacity(GROUP * shape.width()),
            written: Written::default(),
            watch,
        };
        once_each(runs, &shape, duplicates, &mut output)?;
        output.finish()
    })?;
    watch.end();
    Ok(written)
}

/// Gives the output every row but the duplicates that are left out.
fn once_each(
    runs: Vec<Run<'_>>,
    shape: &Shape,
    duplicates: Duplicates,
    output: &mut Output<'_, '_>,
) -> Result<(), ImportError> {
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
    if last.is_empty() { Ok(()) } else { output.push(&last) }
}

/// What the Parquet file says of its making.
fn metadata(spec: &Spec, table: Schema, finished: &[Part]) -> Result<Metadata, ImportError> {
    let lines = |line: fn(&Part) -> Vec<String>| {
        finished.iter().flat_map(line).collect::<Vec<_>>().join("\n")
    };
    let sources = lines(|part| vec![format!("{} {}", part.report.blake3, part.report.file)]);
    let assumed = lines(|part| {
        let told = |assumed: &Assumed| {
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
struct Output<'a, 'scope> {
    shape: &'a Shape,
    table: Schema,
    texts: &'a [String],
    key: Option<usize>,
    time: Option<usize>,
    last_series: Option<u32>,
    writer: TableWriter,
    checked: Option<Checked<'a, 'scope>>,
    rows: Vec<u8>,
    written: Written,
    watch: &'a dyn Watch,
}

impl Output<'_, '_> {
    fn push(&mut self, row: &[u8]) -> Result<(), ImportError> {
        self.note(row);
        if let Some(checked) = &mut self.checked {
            checked.push(row)?;
        }
        self.rows.extend_from_slice(row);
        if self.rows.len() >= GROUP * self.shape.width() { self.flush() } else { Ok(()) }
    }

    /// Counts a row and names its series.
    fn note(&mut self, row: &[u8]) {
        let written = &mut self.written;
        written.rows += 1;
        if let Some(time) = self.time.and_then(|at| self.shape.time(row, at)).map(Timestamp) {
            written.from = Some(written.from.map_or(time, |from| from.min(time)));
            written.to = Some(written.to.map_or(time, |to| to.max(time)));
        }
        let series = self.key.and_then(|at| self.shape.label(row, at));
        if series == self.last_series {
            return;
        }
        self.last_series = series;
        let name = series.and_then(|label| self.texts.get(label as usize));
        written.series.extend(name.filter(|_| written.series.len() < NAMED).cloned());
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
        if let Some(checked) = self.checked {
            self.written.findings = checked.finish()?;
        }
        Ok(self.written)
    }
}
