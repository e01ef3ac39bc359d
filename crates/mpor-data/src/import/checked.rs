//! The data checks on a result while it is written, a piece at a time.
//!
//! A piece is a quarter of a million rows, whole series where they are short. A long series is cut into pieces that overlap,
//! see [`pieces`](super::pieces); what is found does not depend on where the cuts lie. Checks that compare the whole of a
//! long series, or series of different pieces, see the pieces only; `mpor data check` on the result sees all.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};

use mpor_core::{Finding, Timestamp};

use crate::error::DataError;
use crate::import::error::ImportError;
use crate::import::pieces::{self, Cut, Piece, Stitcher};
use crate::import::report::Findings;
use crate::import::rows::Shape;
use crate::raw::{BarColumns, RawSeries, RawSeriesBySymbol, SeriesKind, tenor_symbol};
use crate::schema::Schema;

/// Rows that are checked together.
const PIECE: usize = 250_000;
/// Findings of a check that the report shows.
const SHOWN: usize = 10;

/// Takes rows in the order written and checks them on a thread of its own.
pub(crate) struct Checked<'a, 'scope> {
    shape: &'a Shape,
    texts: &'a [String],
    file: String,
    columns: Columns,
    kind: SeriesKind,
    pending: RawSeriesBySymbol,
    rows: usize,
    written: usize,
    /// The series that the last row was of, and what its name is made of.
    current: Option<((u32, u32, u64), RawSeries)>,
    pieces: SyncSender<Piece>,
    worker: ScopedJoinHandle<'scope, Vec<Findings>>,
}

/// Where the columns that the checks look at are.
#[derive(Clone, Copy)]
struct Columns {
    time: usize,
    key: usize,
    value: usize,
    source: Option<usize>,
    tenor: Option<usize>,
    bars: Option<[usize; 4]>,
}

impl<'a, 'scope> Checked<'a, 'scope> {
    /// Checks for a table, if it is one that the catalog is for.
    pub fn start(
        scope: &'scope Scope<'scope, '_>,
        shape: &'a Shape,
        texts: &'a [String],
        table: &Schema,
        file: String,
    ) -> Option<Self> {
        let (kind, value) = match table.table {
            "prices" => (SeriesKind::Price, "close"),
            "funding" => (SeriesKind::Funding, "rate"),
            "vol_index" => (SeriesKind::Volatility, "iv"),
            _ => return None,
        };
        let at = |name: &str| table.columns.iter().position(|column| column.name == name);
        let columns = Columns {
            time: at("time")?,
            key: at(table.key()?)?,
            value: at(value)?,
            source: at("source"),
            tenor: at("tenor_days"),
            bars: at("open")
                .zip(at("high"))
                .zip(at("low").zip(at("volume")))
                .map(|((open, high), (low, volume))| [open, high, low, volume]),
        };
        // No piece waits: one is filled while one is checked.
        let (pieces, received) = sync_channel(0);
        let worker = scope.spawn(move || check(&received));
        let pending = RawSeriesBySymbol::new();
        Some(Checked {
            shape,
            texts,
            file,
            columns,
            kind,
            pending,
            rows: 0,
            written: 0,
            current: None,
            pieces,
            worker,
        })
    }

    /// The next row of the result.
    pub fn push(&mut self, row: &[u8]) -> Result<(), ImportError> {
        self.written += 1;
        self.rows += 1;
        let (shape, columns, written) = (self.shape, self.columns, self.written);
        let Some(time) = shape.time(row, columns.time).map(Timestamp) else { return Ok(()) };
        let series = self.series(row);
        series.times.push(time);
        series.values.push(shape.number(row, columns.value));
        series.rows.push(written);
        if let Some((bars, [open, high, low, volume])) = series.bars.as_mut().zip(columns.bars) {
            bars.open.push(shape.number(row, open));
            bars.high.push(shape.number(row, high));
            bars.low.push(shape.number(row, low));
            bars.volume.push(shape.number(row, volume));
        }
        if self.rows >= PIECE { self.hand_over() } else { Ok(()) }
    }

    /// The series of a row; most rows are of the series of the row before.
    fn series(&mut self, row: &[u8]) -> &mut RawSeries {
        let columns = self.columns;
        let name = self.shape.label(row, columns.key).unwrap_or(u32::MAX);
        let source = columns.source.and_then(|at| self.shape.label(row, at)).unwrap_or(u32::MAX);
        let tenor = columns.tenor.and_then(|at| self.shape.number(row, at));
        let parts = (name, source, tenor.unwrap_or(0.0).to_bits());
        let (other, series) = match self.current.take() {
            Some((last, series)) if last == parts => (None, series),
            other => (other, self.taken_up(name, source, tenor)),
        };
        self.put_back(other.map(|(_, series)| series));
        &mut self.current.insert((parts, series)).1
    }

    /// A series that goes on after others, or a new one.
    fn taken_up(&mut self, name: u32, source: u32, tenor: Option<f64>) -> RawSeries {
        let text = |label: u32| self.texts.get(label as usize).cloned().unwrap_or_default();
        let symbol = match tenor {
            Some(tenor) => tenor_symbol(&text(name), tenor),
            None => text(name),
        };
        let key = (symbol, text(source));
        self.pending.remove(&key).unwrap_or_else(|| empty(&key, self.kind, &self.file))
    }

    fn put_back(&mut self, series: Option<RawSeries>) {
        if let Some(series) = series {
            self.pending.insert((series.symbol.clone(), series.source.clone()), series);
        }
    }

    /// Gives what is pending to the checks, but for series that may go on and are short; long ones keep their last rows.
    fn hand_over(&mut self) -> Result<(), ImportError> {
        let series = self.current.take().map(|(_, series)| series);
        let symbol = series.as_ref().map(|series| series.symbol.clone());
        self.put_back(series);
        let mut piece = Piece::default();
        let mut going_on = RawSeriesBySymbol::new();
        for (key, mut series) in std::mem::take(&mut self.pending) {
            let goes_on = self.columns.tenor.is_some() || Some(&key.0) == symbol.as_ref();
            let line = if goes_on { pieces::cut(&mut series) } else { Some(Cut::End) };
            match line {
                None => {
                    going_on.insert(key, series);
                }
                Some(Cut::End) => piece.add(&key, series, None),
                Some(Cut::Before { rest, line }) => {
                    going_on.insert(key.clone(), *rest);
                    piece.add(&key, series, Some(line));
                }
            }
        }
        self.pending = going_on;
        self.rows = 0;
        self.send(piece)
    }

    fn send(&self, mut piece: Piece) -> Result<(), ImportError> {
        piece.of_file(&self.file);
        self.pieces.send(piece).map_err(|_| stopped(&self.file))
    }

    /// What was found, by code.
    pub fn finish(mut self) -> Result<Vec<Findings>, ImportError> {
        let current = self.current.take().map(|(_, series)| series);
        self.put_back(current);
        let mut piece = Piece::default();
        for (key, series) in std::mem::take(&mut self.pending) {
            piece.add(&key, series, None);
        }
        self.send(piece)?;
        let Checked { pieces, worker, file, .. } = self;
        drop(pieces);
        worker.join().map_err(|_| stopped(&file))
    }
}

fn stopped(file: &str) -> ImportError {
    DataError::unreadable(file, "the data checks stopped").into()
}

fn empty(key: &(String, String), kind: SeriesKind, file: &str) -> RawSeries {
    RawSeries {
        symbol: key.0.clone(),
        source: key.1.clone(),
        kind,
        times: Vec::new(),
        values: Vec::new(),
        bars: (kind == SeriesKind::Price).then(BarColumns::default),
        intervals: Vec::new(),
        rows: Vec::new(),
        files: vec![(file.to_owned(), 0..0)],
    }
}

fn check(pieces: &Receiver<Piece>) -> Vec<Findings> {
    let mut summaries: BTreeMap<String, Findings> = BTreeMap::new();
    let mut stitcher = Stitcher::default();
    for piece in pieces {
        stitcher.take(&piece, &mut |finding| count(&mut summaries, &finding));
    }
    stitcher.finish(&mut |finding| count(&mut summaries, &finding));
    summaries.into_values().collect()
}

fn count(summaries: &mut BTreeMap<String, Findings>, finding: &Finding) {
    let summary = summaries.entry(finding.code.to_owned()).or_insert_with(|| Findings {
        code: finding.code.to_owned(),
        check: finding.check.to_owned(),
        findings: 0,
        observations: 0,
        first: Vec::new(),
    });
    summary.findings += 1;
    summary.observations += finding.count;
    if summary.first.len() < SHOWN {
        let row = finding.row.map(|row| format!(" row {row}")).unwrap_or_default();
        let Finding { symbol, from, detail, .. } = finding;
        summary.first.push(format!("{symbol}{row} from {from}: {detail}"));
    }
}
