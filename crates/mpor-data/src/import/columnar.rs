//! Parquet and Arrow (feather) files batch by batch, of whatever types other tools choose.
//!
//! Numbers of any width, texts plain, large, viewed or in dictionaries, timestamps of any unit with or without a zone,
//! dates, decimals. An index that pandas keeps as `__index_level_0__` is a column like any other. Instants finer than a
//! microsecond are cut to it.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Float64Type, Int64Type, SchemaRef, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
};
use arrow::error::ArrowError;
use arrow::ipc::reader::FileReader;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::declared;
use crate::error::DataError;
use crate::guard::guarded;
use crate::import::cell::Cell;
use crate::import::error::ImportError;
use crate::import::records::{Record, Visit};

/// Rows decoded at once from Parquet; Arrow files choose their own.
const BATCH: usize = 8_192;

type Batches = Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>>>;

/// A Parquet or Arrow file before its first row.
pub(crate) struct Columnar {
    name: String,
    columns: Vec<String>,
    batches: Batches,
}

/// One row of a batch.
pub(crate) struct Row<'a> {
    columns: &'a [Values],
    row: usize,
}

/// A column of a batch as what its cells can be.
enum Values {
    Number(ArrayRef),
    Whole(ArrayRef),
    Text(ArrayRef),
    Flag(ArrayRef),
    Instant { array: ArrayRef, zoned: bool },
    Day(ArrayRef),
    None,
}

impl Columnar {
    pub fn parquet(path: &Path) -> Result<Self, ImportError> {
        let name = path.display().to_string();
        declared::check(path)?;
        let file = File::open(path).map_err(|error| DataError::unreadable(&name, error))?;
        let reader = guarded(&name, || {
            ParquetRecordBatchReaderBuilder::try_new(file)?.with_batch_size(BATCH).build()
        })?;
        let schema = arrow::record_batch::RecordBatchReader::schema(&reader);
        Ok(Columnar { name, columns: names(&schema), batches: Box::new(reader) })
    }

    pub fn arrow(path: &Path) -> Result<Self, ImportError> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|error| DataError::unreadable(&name, error))?;
        let reader = guarded(&name, || FileReader::try_new(BufReader::new(file), None))?;
        let columns = names(&reader.schema());
        Ok(Columnar { name, columns, batches: Box::new(reader) })
    }

    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    pub fn each(mut self, visit: &mut Visit<'_>) -> Result<(), ImportError> {
        let mut number = 0;
        while let Some(batch) = guarded(&self.name, || self.batches.next().transpose())? {
            let columns = guarded(&self.name, || {
                batch.columns().iter().map(values).collect::<Result<Vec<_>, _>>()
            })?;
            for row in 0..batch.num_rows() {
                number += 1;
                let row = Row { columns: &columns, row };
                if visit(number, &Record::Row(&row))?.is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

fn names(schema: &SchemaRef) -> Vec<String> {
    schema.fields().iter().map(|field| field.name().clone()).collect()
}

fn values(array: &ArrayRef) -> Result<Values, ArrowError> {
    Ok(match array.data_type() {
        DataType::Null => Values::None,
        DataType::Boolean => Values::Flag(array.clone()),
        DataType::Timestamp(_, zone) => {
            Values::Instant { array: micros(array)?, zoned: zone.is_some() }
        }
        DataType::Date32 | DataType::Date64 => {
            let days = cast(array, &DataType::Date32)?;
            Values::Day(cast(&cast(&days, &DataType::Int32)?, &DataType::Int64)?)
        }
        DataType::UInt64 => Values::Number(cast(array, &DataType::Float64)?),
        kind if kind.is_integer() => Values::Whole(cast(array, &DataType::Int64)?),
        DataType::Decimal128(..) | DataType::Decimal256(..) => {
            Values::Number(cast(array, &DataType::Float64)?)
        }
        kind if kind.is_floating() => Values::Number(cast(array, &DataType::Float64)?),
        DataType::Dictionary(_, inner) => return values(&cast(array, inner)?),
        // What is neither number, text nor time is shown as the text that Arrow gives it.
        _ => Values::Text(cast(array, &DataType::LargeUtf8)?),
    })
}

/// Instants in microseconds; finer ones are cut towards the past.
fn micros(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let DataType::Timestamp(unit, _) = array.data_type() else { return Ok(array.clone()) };
    let wide = |value: i64, factor: i64| value.saturating_mul(factor);
    let array: arrow::array::TimestampMicrosecondArray = match unit {
        TimeUnit::Second => {
            array.as_primitive::<TimestampSecondType>().unary(|value| wide(value, 1_000_000))
        }
        TimeUnit::Millisecond => {
            array.as_primitive::<TimestampMillisecondType>().unary(|value| wide(value, 1_000))
        }
        TimeUnit::Microsecond => array.as_primitive::<TimestampMicrosecondType>().clone(),
        TimeUnit::Nanosecond => {
            array.as_primitive::<TimestampNanosecondType>().unary(|value| value.div_euclid(1_000))
        }
    };
    Ok(std::sync::Arc::new(array))
}

impl Row<'_> {
    pub fn cell(&self, column: usize) -> Cell<'_> {
        let row = self.row;
        let known = |array: &ArrayRef| !array.is_null(row);
        match self.columns.get(column) {
            Some(Values::Number(array)) if known(array) => {
                let value = array.as_primitive::<Float64Type>().value(row);
                if value.is_nan() { Cell::Empty } else { Cell::Number(value) }
            }
            Some(Values::Whole(array)) if known(array) => {
                Cell::Whole(array.as_primitive::<Int64Type>().value(row))
            }
            Some(Values::Text(array)) if known(array) => {
                Cell::text(array.as_string::<i64>().value(row))
            }
            Some(Values::Flag(array)) if known(array) => Cell::Flag(array.as_boolean().value(row)),
            Some(Values::Instant { array, zoned }) if known(array) => {
                let micros = array.as_primitive::<TimestampMicrosecondType>().value(row);
                Cell::Instant { micros, zoned: *zoned }
            }
            Some(Values::Day(array)) if known(array) => {
                Cell::Day(array.as_primitive::<Int64Type>().value(row))
            }
            _ => Cell::Empty,
        }
    }
}
