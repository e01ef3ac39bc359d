//! Foreign files as raw series, for these tests only: no table of ours, no conversion, rows as they stand.

use std::fs;
use std::path::Path;

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use mpor_core::{Column, Table, Timestamp};
use mpor_data::raw::{BarColumns, RawSeries, RawSeriesBySymbol, SeriesKind};
use mpor_data::tables::read_parquet;

/// Which cells of a line are what; `None` where the file has no such column.
#[derive(Clone, Copy)]
pub struct Layout {
    /// Lines before the first row.
    pub head: usize,
    pub time: usize,
    /// Open, high, low, close, volume; for funding the close is the rate.
    pub bar: [Option<usize>; 5],
    pub kind: SeriesKind,
}

/// Time first, then open, high, low, close, volume.
pub const OHLCV: Layout = Layout {
    head: 1,
    time: 0,
    bar: [Some(1), Some(2), Some(3), Some(4), Some(5)],
    kind: SeriesKind::Price,
};

/// Symbol, time, rate.
pub const FUNDING: Layout =
    Layout { head: 1, time: 1, bar: [None, None, None, Some(2), None], kind: SeriesKind::Funding };

/// The same with everything further right.
pub fn moved(layout: Layout, by: usize) -> Layout {
    let bar = layout.bar.map(|cell| cell.map(|cell| cell + by));
    Layout { time: layout.time + by, bar, ..layout }
}

/// A series of a CSV file; rows without a time are left out and counted.
pub fn csv(path: &Path, symbol: &str, source: &str, layout: Layout) -> (RawSeries, usize) {
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines().skip(layout.head);
    let rows: Vec<Vec<String>> =
        lines.map(|line| line.split(',').map(str::to_owned).collect()).collect();
    from_rows(path, symbol, source, layout, &rows)
}

/// The series of a JSON file that is nothing but an object with one array of bars.
pub fn json(path: &Path, symbol: &str, layout: Layout) -> RawSeries {
    let text = fs::read_to_string(path).unwrap();
    let array = text.split_once("[[").unwrap().1.split_once("]]").unwrap().0;
    let rows: Vec<Vec<String>> = array
        .split("], [")
        .map(|row| row.split(", ").map(|cell| cell.replace("null", "")).collect())
        .collect();
    from_rows(path, symbol, "file", layout, &rows).0
}

fn from_rows(
    path: &Path,
    symbol: &str,
    source: &str,
    layout: Layout,
    rows: &[Vec<String>],
) -> (RawSeries, usize) {
    let mut series = empty(symbol, source, layout.kind);
    for (row, cells) in rows.iter().enumerate() {
        let Some(time) = time(&cells[layout.time]) else { continue };
        let number = |cell: Option<usize>| -> Option<f64> {
            cell.and_then(|cell| cells[cell].parse().ok()).filter(|number: &f64| number.is_finite())
        };
        push(&mut series, time, layout.bar.map(number), row + 1);
    }
    let (kept, file) = (series.len(), path.file_name().unwrap().to_string_lossy().into_owned());
    series.files = vec![(file, 0..kept)];
    (series, rows.len() - kept)
}

fn empty(symbol: &str, source: &str, kind: SeriesKind) -> RawSeries {
    RawSeries {
        symbol: symbol.to_owned(),
        source: source.to_owned(),
        kind,
        times: Vec::new(),
        values: Vec::new(),
        bars: (kind == SeriesKind::Price).then(BarColumns::default),
        intervals: Vec::new(),
        rows: Vec::new(),
        files: Vec::new(),
    }
}

fn push(series: &mut RawSeries, time: Timestamp, bar: [Option<f64>; 5], row: usize) {
    series.times.push(time);
    series.values.push(bar[3]);
    series.rows.push(row);
    if let Some(bars) = series.bars.as_mut() {
        bars.open.push(bar[0]);
        bars.high.push(bar[1]);
        bars.low.push(bar[2]);
        bars.volume.push(bar[4]);
    }
}

/// The ways in which the files write an instant; none of them is UTC by more than assumption, except those that say so.
fn time(text: &str) -> Option<Timestamp> {
    if let Ok(millis) = text.parse::<i64>() {
        return Some(Timestamp(millis * 1000));
    }
    if let Ok(zoned) = DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%:z") {
        return Some(Timestamp(zoned.timestamp_micros()));
    }
    // `2019-10-17 09-AM`: chrono has no hour of a half day without minutes.
    if let Some((day, hour)) = text.split_once(' ')
        && let Some((hour, half)) = hour.split_once('-')
    {
        let hour: i64 = hour.parse().ok()?;
        let hour = hour % 12 + if half == "PM" { 12 } else { 0 };
        return Some(midnight(day)? + mpor_core::Span::hours(hour));
    }
    let formats = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M"];
    let instant =
        formats.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    instant.map(|time| Timestamp(time.and_utc().timestamp_micros())).or_else(|| midnight(text))
}

fn midnight(day: &str) -> Option<Timestamp> {
    NaiveDate::parse_from_str(day, "%Y-%m-%d").ok().map(Timestamp::from_date)
}

/// The series of a collected Parquet file: `ts` or `date`, perhaps `venue`, `symbol`, bars or a `rate`. Values are divided
/// by `unit`: a hundred where the file has percent.
pub fn collected(path: &Path, kind: SeriesKind, unit: f64) -> RawSeriesBySymbol {
    let table = read_parquet(path).unwrap();
    let (symbols, venues) = (texts(&table, "symbol"), texts(&table, "venue"));
    let Some(Column::Time(times)) = table.column("ts").or_else(|| table.column("date")) else {
        unreachable!("{} has no time", path.display())
    };
    let number = |name: &str| match table.column(name) {
        Some(Column::Number(numbers)) => numbers.clone(),
        _ => vec![None; table.rows()],
    };
    let value = if table.column("rate").is_some() { "rate" } else { "close" };
    let columns = ["open", "high", "low", value, "volume"].map(number);
    let mut all = RawSeriesBySymbol::new();
    for row in 0..table.rows() {
        let key = (symbols[row].clone(), venues[row].clone());
        let series = all.entry(key).or_insert_with_key(|key| empty(&key.0, &key.1, kind));
        let mut bar = [0, 1, 2, 3, 4].map(|column| columns[column][row]);
        bar[..4].iter_mut().for_each(|number| *number = number.map(|number| number / unit));
        push(series, times[row].unwrap(), bar, row + 1);
    }
    let file = path.file_name().unwrap().to_string_lossy().into_owned();
    all.values_mut().for_each(|series| series.files = vec![(file.clone(), 0..series.len())]);
    all
}

fn texts(table: &Table, name: &str) -> Vec<String> {
    match table.column(name) {
        Some(Column::Text(texts)) => {
            texts.iter().map(|text| text.clone().unwrap_or_default()).collect()
        }
        _ => vec![String::new(); table.rows()],
    }
}
