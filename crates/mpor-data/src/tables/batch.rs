//! Between [`Table`] and Arrow record batches.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray,
    StringBuilder, TimestampMicrosecondArray,
};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Field, Float64Type, Int64Type, Schema, SchemaRef, TimeUnit, TimestampMicrosecondType,
};
use mpor_core::{Column, Labels, Table, Timestamp};

use crate::error::DataError;

fn utc_micros() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// The Arrow schema of a table; every column may hold nulls.
pub(crate) fn schema(table: &Table) -> SchemaRef {
    let field = |(name, column): &(String, Column)| {
        let kind = match column {
            Column::Number(_) => DataType::Float64,
            Column::Count(_) => DataType::Int64,
            Column::Text(_) | Column::Label(_) => DataType::Utf8,
            Column::Time(_) => utc_micros(),
            Column::Flag(_) => DataType::Boolean,
        };
        Field::new(name, kind, true)
    };
    Arc::new(Schema::new(table.columns().iter().map(field).collect::<Vec<_>>()))
}

/// A table as a record batch.
pub(crate) fn to_batch(table: &Table, schema: SchemaRef) -> Result<RecordBatch, DataError> {
    refuse_nan(table)?;
    let columns = table.columns().iter().map(|(_, column)| array(column)).collect();
    RecordBatch::try_new(schema, columns).map_err(|error| DataError::Unwritable {
        file: table.name().to_owned(),
        problem: error.to_string(),
    })
}

/// Refuses the first number that is not finite.
pub(crate) fn refuse_nan(table: &Table) -> Result<(), DataError> {
    for (name, column) in table.columns() {
        let Column::Number(values) = column else { continue };
        let odd = values.iter().enumerate().find_map(|(row, value)| {
            value.filter(|value| !value.is_finite()).map(|value| (row + 1, value))
        });
        if let Some((row, value)) = odd {
            return Err(DataError::NotFinite {
                table: table.name().to_owned(),
                column: name.clone(),
                row,
                value,
            });
        }
    }
    Ok(())
}

fn array(column: &Column) -> ArrayRef {
    match column {
        Column::Number(values) => Arc::new(values.iter().copied().collect::<Float64Array>()),
        Column::Count(values) => Arc::new(values.iter().copied().collect::<Int64Array>()),
        Column::Text(values) => {
            Arc::new(values.iter().map(Option::as_deref).collect::<StringArray>())
        }
        Column::Label(values) => Arc::new(texts(values)),
        Column::Flag(values) => Arc::new(values.iter().copied().collect::<BooleanArray>()),
        Column::Time(values) => {
            let micros = values.iter().map(|time| time.map(|time| time.0));
            let array: TimestampMicrosecondArray = micros.collect();
            Arc::new(array.with_timezone("UTC"))
        }
    }
}

/// Labels as plain text. The room is known beforehand, and millions of rows are laid out without moving any.
fn texts(labels: &Labels) -> StringArray {
    let names: Vec<&str> = labels.names().collect();
    let texts = || labels.numbers().map(|number| number.map(|number| names[number as usize]));
    let bytes = texts().flatten().map(str::len).sum();
    let mut array = StringBuilder::with_capacity(labels.len(), bytes);
    texts().for_each(|text| array.append_option(text));
    array.finish()
}

/// Columns of record batches, which must share their schema.
pub(crate) fn columns(
    file: &str,
    schema: &SchemaRef,
    batches: &[RecordBatch],
) -> Result<Vec<(String, Column)>, DataError> {
    let fields = schema.fields().iter().enumerate();
    fields
        .map(|(index, field)| {
            let mut column = empty(file, field)?;
            for batch in batches {
                extend(&mut column, batch.column(index))
                    .map_err(|error| DataError::unreadable(file, error))?;
            }
            Ok((field.name().clone(), column))
        })
        .collect()
}

fn empty(file: &str, field: &Field) -> Result<Column, DataError> {
    let kind = field.data_type();
    Ok(match kind {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Column::Text(Vec::new()),
        DataType::Boolean => Column::Flag(Vec::new()),
        DataType::Timestamp(..) | DataType::Date32 => Column::Time(Vec::new()),
        kind if kind.is_integer() => Column::Count(Vec::new()),
        kind if kind.is_floating() => Column::Number(Vec::new()),
        DataType::Dictionary(_, values) if **values == DataType::Utf8 => Column::Text(Vec::new()),
        _ => {
            return Err(DataError::WrongType {
                file: file.to_owned(),
                column: field.name().clone(),
                found: kind.to_string(),
                expected: "a number, text, timestamp or flag",
            });
        }
    })
}

fn extend(column: &mut Column, array: &dyn Array) -> Result<(), arrow::error::ArrowError> {
    match column {
        Column::Number(to) => {
            let array = cast(array, &DataType::Float64)?;
            to.extend(array.as_primitive::<Float64Type>());
        }
        Column::Count(to) => {
            let array = cast(array, &DataType::Int64)?;
            to.extend(array.as_primitive::<Int64Type>());
        }
        Column::Label(to) => {
            let array = cast(array, &DataType::Utf8)?;
            array.as_string::<i32>().iter().for_each(|text| to.push(text));
        }
        Column::Text(to) => {
            let array = cast(array, &DataType::Utf8)?;
            to.extend(array.as_string::<i32>().iter().map(|text| text.map(str::to_owned)));
        }
        Column::Flag(to) => to.extend(array.as_boolean()),
        Column::Time(to) => {
            let array = cast(array, &DataType::Timestamp(TimeUnit::Microsecond, None))?;
            let micros = array.as_primitive::<TimestampMicrosecondType>();
            to.extend(micros.iter().map(|micros| micros.map(Timestamp)));
        }
    }
    Ok(())
}
