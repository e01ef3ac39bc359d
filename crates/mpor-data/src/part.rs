//! The rows of one file, with typed access to its columns and cells that are named when they are wrong.

use mpor_core::Timestamp;
use polars::prelude::*;

use crate::era;
use crate::error::DataError;
use crate::schema::{Empty, Kind, Schema as Table};

/// Name of the column that counts the file's rows from 1.
pub(crate) const ROW: &str = "\u{0}row";

/// The wanted rows of one file in the file's order.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub file: String,
    frame: DataFrame,
    rows: Vec<IdxSize>,
}

impl Part {
    /// Takes a frame of a table's columns and its row numbers; refuses cells that must not be empty.
    ///
    /// A missing number is left to the data checks (`D008`); what names or places a row is needed at once.
    pub fn new(file: String, mut frame: DataFrame, table: &Table) -> Result<Self, DataError> {
        frame.rechunk_mut();
        let rows = frame.column(ROW).and_then(|rows| Ok(rows.idx()?.iter().flatten().collect()));
        let rows = rows.map_err(|error| DataError::unreadable(&file, error))?;
        let part = Part { file, frame, rows };
        let placing = |kind| matches!(kind, Kind::Time | Kind::Text);
        for spec in table.columns {
            if spec.empty == Empty::Refused && placing(spec.kind) {
                part.refuse_empty(spec.name, spec.kind)?;
            }
        }
        Ok(part)
    }

    pub fn height(&self) -> usize {
        self.frame.height()
    }

    /// Number of a row in its file, counted from 1.
    pub fn row(&self, index: usize) -> usize {
        self.rows.get(index).map_or(index + 1, |&row| row as usize)
    }

    fn refuse_empty(&self, column: &str, kind: Kind) -> Result<(), DataError> {
        let series = self.series(column)?;
        if series.null_count() == 0 {
            return Ok(());
        }
        let index = series.is_null().iter().position(|null| null == Some(true)).unwrap_or(0);
        Err(self.bad_cell(index, column, "nothing", kind.name()))
    }

    pub fn bad_cell(&self, index: usize, column: &str, found: &str, expected: &str) -> DataError {
        DataError::BadCell {
            file: self.file.clone(),
            row: self.row(index),
            column: column.to_owned(),
            found: found.to_owned(),
            expected: expected.to_owned(),
        }
    }

    fn series(&self, column: &str) -> Result<&Series, DataError> {
        let column = self.frame.column(column).map_err(|e| DataError::unreadable(&self.file, e))?;
        Ok(column.as_materialized_series())
    }

    fn wrong(&self) -> impl Fn(PolarsError) -> DataError + '_ {
        |error| DataError::unreadable(&self.file, error)
    }

    /// Instants in the file's own order; `None` where the cell is empty.
    pub fn times(&self, column: &str) -> Result<Vec<Option<Timestamp>>, DataError> {
        let series = self.series(column)?;
        let DataType::Datetime(unit, _) = series.dtype() else {
            return Ok(vec![None; series.len()]);
        };
        let micros = |value: i64| match unit {
            TimeUnit::Nanoseconds => value.div_euclid(1000),
            TimeUnit::Microseconds => value,
            TimeUnit::Milliseconds => value.saturating_mul(1000),
        };
        let physical = series.to_physical_repr();
        let values = physical.i64().map_err(self.wrong())?;
        let instant = |(index, value): (usize, Option<i64>)| match value.map(micros) {
            Some(micros) if !era::holds(micros) => {
                let found = format!("{micros} microseconds since 1970");
                Err(self.bad_cell(index, column, &found, "a time in the years 1600 to 2399"))
            }
            known => Ok(known.map(Timestamp)),
        };
        values.iter().enumerate().map(instant).collect()
    }

    /// Numbers as 64-bit floats. A NaN in the file is a missing value.
    pub fn numbers(&self, column: &str) -> Result<Float64Chunked, DataError> {
        let series = self.series(column)?;
        let series = series.cast(&DataType::Float64).map_err(self.wrong())?;
        series.f64().cloned().map_err(self.wrong())
    }

    pub fn texts(&self, column: &str) -> Result<StringChunked, DataError> {
        let series = self.series(column)?;
        let series = series.cast(&DataType::String).map_err(self.wrong())?;
        series.str().cloned().map_err(self.wrong())
    }

    pub fn flags(&self, column: &str) -> Result<BooleanChunked, DataError> {
        let series = self.series(column)?;
        let series = series.cast(&DataType::Boolean).map_err(self.wrong())?;
        series.bool().cloned().map_err(self.wrong())
    }

    /// Numbers none of which may be missing or infinite.
    pub fn whole_numbers(&self, column: &str) -> Result<Vec<f64>, DataError> {
        let numbers = self.numbers(column)?;
        (0..numbers.len())
            .map(|index| match numbers.get(index) {
                Some(value) if value.is_finite() => Ok(value),
                Some(value) => {
                    Err(self.bad_cell(index, column, &value.to_string(), "a finite number"))
                }
                None => Err(self.bad_cell(index, column, "nothing", "a number")),
            })
            .collect()
    }

    /// Numbers that may be missing; what is not finite is missing.
    pub fn maybe_numbers(&self, column: &str) -> Result<Vec<Option<f64>>, DataError> {
        let numbers = self.numbers(column)?;
        Ok(numbers.iter().map(|value| value.filter(|value| value.is_finite())).collect())
    }

    /// Instants none of which is missing; empty cells were refused on reading.
    pub fn known_times(&self, column: &str) -> Result<Vec<Timestamp>, DataError> {
        let times = self.times(column)?;
        let known = |(index, time): (usize, Option<Timestamp>)| {
            time.ok_or_else(|| self.bad_cell(index, column, "nothing", Kind::Time.name()))
        };
        times.into_iter().enumerate().map(known).collect()
    }

    /// Texts none of which is missing; empty cells were refused on reading.
    pub fn known_texts(&self, column: &str) -> Result<Vec<String>, DataError> {
        let texts = self.texts(column)?;
        Ok(texts.iter().map(|text| text.unwrap_or_default().to_owned()).collect())
    }

    /// Texts that may be missing.
    pub fn maybe_texts(&self, column: &str) -> Result<Vec<Option<String>>, DataError> {
        Ok(self.texts(column)?.iter().map(|text| text.map(str::to_owned)).collect())
    }
}
