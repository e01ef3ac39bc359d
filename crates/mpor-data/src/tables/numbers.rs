//! Numeric columns of a Parquet file as plain vectors.

use std::path::Path;

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type};
use parquet::arrow::ProjectionMask;

use super::parquet::builder;
use crate::error::DataError;

/// Rows decoded at once.
const BATCH: usize = 1 << 16;

/// The columns of a file, in its order, every cell a number: those named, or all where none is. Any integer or float will do.
///
/// # Errors
/// [`DataError::Unreadable`], [`DataError::WrongType`] for a column of something else, [`DataError::BadCell`] for an empty cell.
pub fn read_numbers(path: &Path, named: &[&str]) -> Result<Vec<(String, Vec<f64>)>, DataError> {
    let file = path.display().to_string();
    let refuse = |error: &dyn std::fmt::Display| DataError::unreadable(&file, error);
    let mut builder = builder(path)?;
    if !named.is_empty() {
        let known = builder.schema().fields();
        if let Some(missing) = named.iter().find(|name| !known.iter().any(|f| f.name() == *name)) {
            return Err(refuse(&format!("there is no column `{missing}`")));
        }
        let mask = ProjectionMask::columns(builder.parquet_schema(), named.iter().copied());
        builder = builder.with_projection(mask);
    }
    let rows = builder.metadata().file_metadata().num_rows() as usize;
    let reader = builder.with_batch_size(BATCH).build().map_err(|error| refuse(&error))?;
    let schema = arrow::record_batch::RecordBatchReader::schema(&reader);
    let mut columns: Vec<(String, Vec<f64>)> =
        schema.fields().iter().map(|f| (f.name().clone(), Vec::with_capacity(rows))).collect();
    for batch in reader {
        let batch = batch.map_err(|error| refuse(&error))?;
        for (array, (name, values)) in batch.columns().iter().zip(&mut columns) {
            if !array.data_type().is_numeric() {
                return Err(DataError::WrongType {
                    file: file.clone(),
                    column: name.clone(),
                    found: array.data_type().to_string(),
                    expected: "an integer or a float",
                });
            }
            if let Some(nulls) = array.nulls().filter(|nulls| nulls.null_count() > 0) {
                let at = (0..array.len()).find(|at| nulls.is_null(*at)).unwrap_or(0);
                return Err(DataError::BadCell {
                    file: file.clone(),
                    row: values.len() + at + 1,
                    column: name.clone(),
                    found: "nothing".to_owned(),
                    expected: "a number".to_owned(),
                });
            }
            let numbers = cast(array, &DataType::Float64).map_err(|error| refuse(&error))?;
            values.extend_from_slice(numbers.as_primitive::<Float64Type>().values());
        }
    }
    Ok(columns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::{Metadata, write_parquet};
    use mpor_core::{Column, Table};

    #[test]
    fn numbers_come_in_the_order_of_the_file_and_nothing_else_does() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.parquet");
        let columns = [
            ("n", Column::Count(vec![Some(3), Some(-4)])),
            ("text", Column::Text(vec![None, None])),
            ("x", Column::numbers([0.5, 1e300])),
            ("gap", Column::Number(vec![Some(1.0), None])),
        ];
        write_parquet(&Table::new("x", columns).unwrap(), &path, Metadata::new()).unwrap();
        let read = read_numbers(&path, &["x", "n"]).unwrap();
        let expected = [("n".to_owned(), vec![3.0, -4.0]), ("x".to_owned(), vec![0.5, 1e300])];
        assert_eq!(read, expected);
        assert!(matches!(read_numbers(&path, &[]), Err(DataError::WrongType { .. })));
        assert!(matches!(read_numbers(&path, &["gap"]), Err(DataError::BadCell { row: 2, .. })));
        assert!(matches!(read_numbers(&path, &["y"]), Err(DataError::Unreadable { .. })));
    }
}
