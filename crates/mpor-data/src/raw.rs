//! Series as they stand in their files, before anything is sorted, dropped or believed.

use std::collections::BTreeMap;
use std::ops::Range;

use mpor_core::Timestamp;

use crate::error::DataError;
use crate::part::Part;
use crate::scan::{self, Query};
use crate::schema::{FUNDING, PRICES, RATES, Schema, VOL_INDEX};

/// What a series measures, which decides the checks that make sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeriesKind {
    /// Prices: positive, moving.
    Price,
    /// Volatilities: positive, moving.
    Volatility,
    /// Funding payments: any sign, often constant.
    Funding,
    /// Interest rates: any sign, often constant.
    Rate,
}

/// What a bar has besides its close.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BarColumns {
    /// First prices.
    pub open: Vec<Option<f64>>,
    /// Highest prices.
    pub high: Vec<Option<f64>>,
    /// Lowest prices.
    pub low: Vec<Option<f64>>,
    /// Traded volumes.
    pub volume: Vec<Option<f64>>,
}

/// One series in file order. Entry `i` of every column is the same row.
#[derive(Clone, Debug, PartialEq)]
pub struct RawSeries {
    /// Name of the series; for tables by tenor, name and tenor such as `SPX 30d`.
    pub symbol: String,
    /// Venue or provider; empty where the table has none.
    pub source: String,
    /// What it measures.
    pub kind: SeriesKind,
    /// Instants from which the rows are known.
    pub times: Vec<Timestamp>,
    /// The values (closes, for bars); `None` where the cell is empty or not a number.
    pub values: Vec<Option<f64>>,
    /// The rest of the bars, for prices.
    pub bars: Option<BarColumns>,
    /// Hours that each row's payment is for, for funding; empty where the rows do not say.
    pub intervals: Vec<Option<f64>>,
    /// Row numbers in the files, counted from 1.
    pub rows: Vec<usize>,
    /// The files, each with the entries that come from it, in order.
    pub files: Vec<(String, Range<usize>)>,
}

/// Series by name and source.
pub type RawSeriesBySymbol = BTreeMap<(String, String), RawSeries>;

impl RawSeries {
    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// The file that an entry comes from.
    #[must_use]
    pub fn file_of(&self, index: usize) -> &str {
        self.files
            .iter()
            .find(|(_, range)| range.contains(&index))
            .map_or("", |(file, _)| file.as_str())
    }

    /// The file, or the first of several and how many more.
    #[must_use]
    pub fn place(&self) -> String {
        match self.files.as_slice() {
            [] => String::new(),
            [(file, _)] => file.clone(),
            [(file, _), rest @ ..] => format!("{file} and {} more", rest.len()),
        }
    }

    /// The distinct times in order.
    #[must_use]
    pub fn sorted_times(&self) -> Vec<Timestamp> {
        let mut times = self.times.clone();
        times.sort_unstable();
        times.dedup();
        times
    }
}

/// All price series of a query.
///
/// # Errors
/// [`DataError`] naming the file, column or cell.
pub fn prices(query: &Query) -> Result<RawSeriesBySymbol, DataError> {
    load(&PRICES, query, SeriesKind::Price, "close", None)
}

/// All funding series of a query.
///
/// # Errors
/// [`DataError`] naming the file, column or cell.
pub fn funding(query: &Query) -> Result<RawSeriesBySymbol, DataError> {
    load(&FUNDING, query, SeriesKind::Funding, "rate", None)
}

/// All volatility indices of a query, by underlying and tenor.
///
/// # Errors
/// [`DataError`] naming the file, column or cell.
pub fn vol_index(query: &Query) -> Result<RawSeriesBySymbol, DataError> {
    load(&VOL_INDEX, query, SeriesKind::Volatility, "iv", Some("tenor_days"))
}

/// All interest rates of a query, by currency and tenor.
///
/// # Errors
/// [`DataError`] naming the file, column or cell.
pub fn rates(query: &Query) -> Result<RawSeriesBySymbol, DataError> {
    load(&RATES, query, SeriesKind::Rate, "rate", Some("tenor_days"))
}

/// Name of a series of one tenor.
#[must_use]
pub fn tenor_symbol(name: &str, tenor_days: f64) -> String {
    format!("{name} {tenor_days}d")
}

fn load(
    schema: &Schema,
    query: &Query,
    kind: SeriesKind,
    value: &'static str,
    tenor: Option<&'static str>,
) -> Result<RawSeriesBySymbol, DataError> {
    let mut all = RawSeriesBySymbol::new();
    for part in scan::read(schema, query)? {
        append(&mut all, &part, schema, kind, value, tenor)?;
    }
    Ok(all)
}

/// Adds the rows of one file, a run of rows of one series at a time.
fn append(
    all: &mut RawSeriesBySymbol,
    part: &Part,
    schema: &Schema,
    kind: SeriesKind,
    value: &str,
    tenor: Option<&str>,
) -> Result<(), DataError> {
    let names = part.texts(schema.key().unwrap_or("symbol"))?;
    let has_source = schema.columns.iter().any(|column| column.name == "source");
    let sources = if has_source { Some(part.texts("source")?) } else { None };
    let tenors = tenor.map(|column| part.whole_numbers(column)).transpose()?;
    let key = |row: usize| {
        let name = names.get(row).unwrap_or_default();
        let source = sources.as_ref().and_then(|texts| texts.get(row)).unwrap_or_default();
        (name, source, tenors.as_ref().and_then(|tenors| tenors.get(row)).copied())
    };
    let columns = Columns::read(part, kind, value)?;
    let mut start = 0;
    while start < part.height() {
        let (name, source, tenor) = key(start);
        let end = (start + 1..part.height())
            .find(|&row| key(row) != (name, source, tenor))
            .unwrap_or(part.height());
        let symbol = tenor.map_or_else(|| name.to_owned(), |tenor| tenor_symbol(name, tenor));
        let series = all
            .entry((symbol.clone(), source.to_owned()))
            .or_insert_with(|| empty(symbol, source.to_owned(), kind));
        columns.extend(series, part, start..end);
        start = end;
    }
    Ok(())
}

fn empty(symbol: String, source: String, kind: SeriesKind) -> RawSeries {
    RawSeries {
        symbol,
        source,
        kind,
        times: Vec::new(),
        values: Vec::new(),
        bars: (kind == SeriesKind::Price).then(BarColumns::default),
        intervals: Vec::new(),
        rows: Vec::new(),
        files: Vec::new(),
    }
}

/// The columns of one file that a series takes its rows from.
struct Columns {
    times: Vec<Timestamp>,
    values: Vec<Option<f64>>,
    bars: Option<BarColumns>,
    intervals: Vec<Option<f64>>,
}

impl Columns {
    fn read(part: &Part, kind: SeriesKind, value: &str) -> Result<Self, DataError> {
        let bars = match kind {
            SeriesKind::Price => Some(BarColumns {
                open: part.maybe_numbers("open")?,
                high: part.maybe_numbers("high")?,
                low: part.maybe_numbers("low")?,
                volume: part.maybe_numbers("volume")?,
            }),
            _ => None,
        };
        let (times, values) = (part.known_times("time")?, part.maybe_numbers(value)?);
        let intervals = match kind {
            SeriesKind::Funding => part.maybe_numbers("interval_hours")?,
            _ => Vec::new(),
        };
        Ok(Columns { times, values, bars, intervals })
    }

    fn extend(&self, series: &mut RawSeries, part: &Part, run: Range<usize>) {
        let before = series.times.len();
        series.times.extend_from_slice(&self.times[run.clone()]);
        series.values.extend_from_slice(&self.values[run.clone()]);
        series.intervals.extend(self.intervals.get(run.clone()).into_iter().flatten());
        if let Some((to, from)) = series.bars.as_mut().zip(self.bars.as_ref()) {
            to.open.extend_from_slice(&from.open[run.clone()]);
            to.high.extend_from_slice(&from.high[run.clone()]);
            to.low.extend_from_slice(&from.low[run.clone()]);
            to.volume.extend_from_slice(&from.volume[run.clone()]);
        }
        series.rows.extend(run.map(|index| part.row(index)));
        let after = series.times.len();
        match series.files.last_mut() {
            Some((file, range)) if *file == part.file => range.end = after,
            _ => series.files.push((part.file.clone(), before..after)),
        }
    }
}
