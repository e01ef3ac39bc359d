//! A long table of prices (time, instrument, close) as one matrix of log returns.
//!
//! Rows of the matrix are the distinct times, columns the instruments in the order of their names. A missing price is the last one, at
//! most so many times back; where that is not known either, the return is missing (NaN), and filled prices are counted.
//!
//! The names are read as numbers in a dictionary and never made text row by row; a time is looked up once for a run of rows that have
//! it; logarithms are taken of the prices as they lie in the file, before they are scattered, so that filling copies a logarithm.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, AsArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float64Type, Int32Type, Int64Type, Schema};
use arrow::record_batch::RecordBatch;
use mpor_stats::carried::Carried;
use mpor_stats::elementary::ln_all;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};

use crate::error::DataError;
use crate::source;

/// Rows decoded at once.
const BATCH: usize = 1 << 16;
const TIME: &str = "ts";
const NAME: &str = "instrument";
const PRICE: &str = "close";

/// Log returns between neighbouring times.
#[derive(Clone, Debug, PartialEq)]
pub struct LogReturns {
    /// Distinct times as the file has them (days or microseconds), ascending; there is one return fewer.
    pub times: Vec<i64>,
    /// Names, ascending.
    pub instruments: Vec<String>,
    /// `[time - 1][instrument]`; NaN where missing.
    pub values: Vec<f64>,
    /// Missing prices that the last known one stands for.
    pub filled: u64,
}

/// Reads a Parquet file, or all of a folder, with columns `ts` (date or timestamp), `instrument` and `close`.
///
/// # Errors
/// [`DataError::Unreadable`] naming the file, [`DataError::BadCell`] for a price that is not above zero and for two of one instrument at
/// one time.
pub fn log_returns(path: &str, carry: usize) -> Result<LogReturns, DataError> {
    let mut long = Long::default();
    for file in source::expand(&[path.to_owned()], &[])? {
        long.read(&file)?;
    }
    long.returns(path, carry)
}

/// All rows, column by column.
#[derive(Default)]
struct Long {
    /// By order of appearance.
    codes: BTreeMap<String, u32>,
    code: Vec<u32>,
    price: Vec<f64>,
    /// A time, and the row from which on it holds.
    runs: Vec<(i64, usize)>,
    /// The last dictionary, and the code of each of its entries.
    dictionary: Option<StringArray>,
    known: Vec<u32>,
}

impl Long {
    fn read(&mut self, file: &str) -> Result<(), DataError> {
        let refuse = |error: &dyn std::fmt::Display| DataError::unreadable(file, error);
        let open = File::open(Path::new(file)).map_err(|error| refuse(&error))?;
        let plain = ArrowReaderMetadata::load(&open, ArrowReaderOptions::new())
            .map_err(|error| refuse(&error))?;
        let fields = plain.schema().fields().iter().map(|field| match field.name().as_str() {
            NAME => Arc::new(Field::new(NAME, names(), field.is_nullable())),
            _ => field.clone(),
        });
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let options = ArrowReaderOptions::new().with_schema(schema);
        let metadata = ArrowReaderMetadata::try_new(plain.metadata().clone(), options)
            .map_err(|error| refuse(&error))?;
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(open, metadata);
        let columns = [TIME, NAME, PRICE];
        let mask = ProjectionMask::columns(builder.parquet_schema(), columns);
        let rows = builder.metadata().file_metadata().num_rows() as usize;
        self.code.reserve(rows);
        self.price.reserve(rows);
        let reader = builder.with_projection(mask).with_batch_size(BATCH).build();
        for batch in reader.map_err(|error| refuse(&error))? {
            self.take(file, &batch.map_err(|error| refuse(&error))?)?;
        }
        Ok(())
    }

    fn take(&mut self, file: &str, batch: &RecordBatch) -> Result<(), DataError> {
        let refuse = |problem: String| DataError::unreadable(file, problem);
        let column = |name: &str| {
            let found = batch.column_by_name(name).filter(|column| column.null_count() == 0);
            found.ok_or_else(|| refuse(format!("column `{name}` is missing or has empty cells")))
        };
        let failed = |error: arrow::error::ArrowError| refuse(error.to_string());
        let times = column(TIME)?;
        let times = match times.data_type() {
            DataType::Date32 => cast(times, &DataType::Int32).map_err(failed)?,
            _ => times.clone(),
        };
        let times = cast(&times, &DataType::Int64).map_err(failed)?;
        let start = self.code.len();
        let mut now = self.runs.last().map(|run| run.0);
        for (row, time) in times.as_primitive::<Int64Type>().values().iter().enumerate() {
            if now != Some(*time) {
                self.runs.push((*time, start + row));
                now = Some(*time);
            }
        }
        let keyed = column(NAME)?;
        let keyed = keyed.as_dictionary_opt::<Int32Type>();
        let keyed = keyed.ok_or_else(|| refuse(format!("column `{NAME}` is not text")))?;
        self.look_up(keyed.values().as_string::<i32>());
        let known = &self.known;
        self.code.extend(keyed.keys().values().iter().map(|key| known[*key as usize]));
        let prices = column(PRICE)?;
        let prices = prices.as_primitive_opt::<Float64Type>();
        let prices = prices.ok_or_else(|| refuse(format!("column `{PRICE}` is not a float")))?;
        self.price.extend_from_slice(prices.values());
        Ok(())
    }

    /// Codes of the entries of a dictionary; row groups often repeat the one before.
    fn look_up(&mut self, entries: &StringArray) {
        let same = |last: &StringArray| {
            last.value_offsets() == entries.value_offsets()
                && last.value_data() == entries.value_data()
        };
        if self.dictionary.as_ref().is_some_and(same) {
            return;
        }
        self.known.clear();
        for entry in entries.iter().flatten() {
            let next = self.codes.len() as u32;
            let code = match self.codes.get(entry) {
                Some(code) => *code,
                None => *self.codes.entry(entry.to_owned()).or_insert(next),
            };
            self.known.push(code);
        }
        self.dictionary = Some(entries.clone());
    }

    fn returns(mut self, path: &str, carry: usize) -> Result<LogReturns, DataError> {
        let bad = |row: usize, found: String, expected: &str| DataError::BadCell {
            file: path.to_owned(),
            row: row + 1,
            column: PRICE.to_owned(),
            found,
            expected: expected.to_owned(),
        };
        let usable = |price: &f64| *price >= f64::MIN_POSITIVE && *price <= f64::MAX;
        // Without an early exit the check is a vector loop.
        if !self.price.iter().fold(true, |all, price| all & usable(price)) {
            let row = self.price.iter().position(|price| !usable(price)).unwrap_or(0);
            return Err(bad(row, self.price[row].to_string(), "a finite price above zero"));
        }
        ln_all(&mut self.price);
        let mut column = vec![0_usize; self.codes.len()];
        for (place, code) in self.codes.values().enumerate() {
            column[*code as usize] = place;
        }
        let ends = self.runs.iter().skip(1).map(|run| run.1).chain([self.code.len()]);
        let mut runs: Vec<(i64, usize, usize)> =
            self.runs.iter().zip(ends).map(|(run, end)| (run.0, run.1, end)).collect();
        runs.sort_by_key(|run| run.0);

        let width = column.len();
        let times: Vec<i64> = runs.chunk_by(|a, b| a.0 == b.0).map(|same| same[0].0).collect();
        let mut values = vec![0.0; times.len().saturating_sub(1) * width];
        let (mut carried, mut row) = (Carried::new(width, carry), vec![f64::NAN; width]);
        let mut first = vec![0.0; width];
        for (at, same) in runs.chunk_by(|a, b| a.0 == b.0).enumerate() {
            row.fill(f64::NAN);
            for rows in same.iter().map(|run| run.1..run.2) {
                for (code, log) in self.code[rows.clone()].iter().zip(&self.price[rows.clone()]) {
                    let place = &mut row[column[*code as usize]];
                    if !place.is_nan() {
                        let expected = "one price of an instrument at a time";
                        return Err(bad(rows.start, "a second one".to_owned(), expected));
                    }
                    *place = *log;
                }
            }
            match at.checked_sub(1) {
                None => carried.advance(&row, &mut first),
                Some(before) => {
                    carried.advance(&row, &mut values[before * width..(before + 1) * width]);
                }
            }
        }
        let filled = carried.filled();
        let instruments = self.codes.into_keys().collect();
        Ok(LogReturns { times, instruments, values, filled })
    }
}

fn names() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::{Metadata, write_parquet};
    use mpor_core::{Column, Table, Timestamp};

    fn write(path: &Path, rows: &[(i64, &str, f64)]) {
        let columns = [
            (TIME, Column::Time(rows.iter().map(|row| Some(Timestamp(row.0))).collect())),
            (NAME, Column::Text(rows.iter().map(|row| Some(row.1.to_owned())).collect())),
            (PRICE, Column::numbers(rows.iter().map(|row| row.2))),
        ];
        write_parquet(&Table::new("x", columns).unwrap(), path, Metadata::new()).unwrap();
    }

    /// By hand, over two files, names and times out of order: A is missing at 3 and 4, B begins at 2.
    #[test]
    fn a_long_table_becomes_a_matrix() {
        let folder = tempfile::tempdir().unwrap();
        write(&folder.path().join("b.parquet"), &[(2, "B", 8.0), (2, "A", 2.0), (1, "A", 1.0)]);
        write(&folder.path().join("c.parquet"), &[(4, "B", 2.0), (3, "B", 4.0), (5, "A", 16.0)]);
        let path = folder.path().display().to_string();
        let found = log_returns(&path, 1).unwrap();
        assert_eq!((&found.times[..], found.filled), (&[1, 2, 3, 4, 5][..], 2));
        assert_eq!(found.instruments, ["A", "B"]);
        let ln2 = std::f64::consts::LN_2;
        let expected = [ln2, f64::NAN, 0.0, -ln2, f64::NAN, -ln2, f64::NAN, 0.0];
        for (found, expected) in found.values.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-15 || (found.is_nan() && expected.is_nan()));
        }
        assert_eq!(found.values.len(), expected.len());
    }

    #[test]
    fn what_is_no_price_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.parquet");
        let name = path.display().to_string();
        write(&path, &[(1, "A", 1.0), (1, "B", -3.0)]);
        assert!(matches!(log_returns(&name, 5), Err(DataError::BadCell { row: 2, .. })));
        write(&path, &[(1, "A", 1.0), (1, "A", 3.0)]);
        assert!(matches!(log_returns(&name, 5), Err(DataError::BadCell { .. })));
    }
}
