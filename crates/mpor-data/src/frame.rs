//! Tables of Arrow arrays as other libraries of one process hand them to each other: by address, without copying a value.
//!
//! The form is the Arrow C stream interface (<https://arrow.apache.org/docs/format/CStreamInterface.html>): a stream of record
//! batches behind function pointers, moved out of where it lies by whoever receives it.

use std::fs::File;
use std::path::Path;
use std::ptr::NonNull;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use arrow::ffi::FFI_ArrowSchema;
use arrow::ffi_stream::{FFI_ArrowArrayStream, RecordBatchStreamReader};
use arrow::record_batch::{RecordBatch, RecordBatchIterator};
use mpor_core::{Column, Table};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::error::DataError;
use crate::tables::{Metadata, batch, write_parquet};

/// Record batches of one schema. A copy shares their arrays.
#[derive(Clone, Debug)]
pub struct Frame {
    schema: SchemaRef,
    batches: Arc<[RecordBatch]>,
}

impl Frame {
    /// The whole of a Parquet file.
    ///
    /// # Errors
    /// [`DataError::Unreadable`].
    pub fn read(path: &Path) -> Result<Self, DataError> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|error| DataError::unreadable(&name, error))?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file)
            .map_err(|error| DataError::unreadable(&name, error))?;
        let reader = builder.with_batch_size(1 << 17).build();
        let reader = reader.map_err(|error| DataError::unreadable(&name, error))?;
        let schema = arrow::record_batch::RecordBatchReader::schema(&reader);
        let batches: Result<Arc<[RecordBatch]>, _> = reader.collect();
        let batches = batches.map_err(|error| DataError::unreadable(&name, error))?;
        Ok(Frame { schema, batches })
    }

    /// A table as one batch.
    ///
    /// # Errors
    /// [`DataError::NotFinite`] for a NaN or infinity.
    pub fn of(table: &Table) -> Result<Self, DataError> {
        let schema = batch::schema(table);
        let rows = batch::to_batch(table, Arc::clone(&schema))?;
        Ok(Frame { schema, batches: Arc::new([rows]) })
    }

    /// The table of this name with the same columns; instants without a time zone are taken as UTC.
    ///
    /// # Errors
    /// [`DataError::WrongType`] for a column that no table has.
    pub fn table(&self, name: &str) -> Result<Table, DataError> {
        let columns: Vec<(String, Column)> = batch::columns(name, &self.schema, &self.batches)?;
        Table::new(name, columns).map_err(|error| DataError::unreadable(name, error))
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// Names and Arrow types of the columns.
    pub fn columns(&self) -> impl Iterator<Item = (&str, String)> {
        self.schema
            .fields()
            .iter()
            .map(|field| (field.name().as_str(), field.data_type().to_string()))
    }

    /// The first rows, at most `rows` of them.
    #[must_use]
    pub fn head(&self, rows: usize) -> Frame {
        let mut left = rows;
        let take = |batch: &RecordBatch| {
            let length = left.min(batch.num_rows());
            left -= length;
            (length > 0).then(|| batch.slice(0, length))
        };
        Frame {
            schema: Arc::clone(&self.schema),
            batches: self.batches.iter().filter_map(take).collect(),
        }
    }

    /// One column alone; `None` where there is no such column.
    #[must_use]
    pub fn select(&self, column: &str) -> Option<Frame> {
        let at = [self.schema.index_of(column).ok()?];
        let schema = Arc::new(self.schema.project(&at).ok()?);
        let batches: Result<Arc<[RecordBatch]>, _> =
            self.batches.iter().map(|batch| batch.project(&at)).collect();
        Some(Frame { schema, batches: batches.ok()? })
    }

    /// Writes the table `name` as results are written: one Arrow type a kind of column, instants in microseconds of UTC.
    ///
    /// # Errors
    /// As [`table`](Frame::table), [`DataError::NotFinite`] for a NaN or infinity, [`DataError::Unwritable`].
    pub fn write(&self, name: &str, path: &Path) -> Result<(), DataError> {
        write_parquet(&self.table(name)?, path, Metadata::new())
    }

    /// The batches for whoever speaks the C stream interface.
    #[must_use]
    pub fn stream(&self) -> FFI_ArrowArrayStream {
        let batches: Vec<_> = self.batches.iter().cloned().map(Ok).collect();
        let reader = RecordBatchIterator::new(batches, Arc::clone(&self.schema));
        FFI_ArrowArrayStream::new(Box::new(reader))
    }

    /// The schema for whoever speaks the C data interface.
    ///
    /// # Errors
    /// [`DataError::Unreadable`], which no schema of a table gives.
    pub fn schema(&self) -> Result<FFI_ArrowSchema, DataError> {
        FFI_ArrowSchema::try_from(self.schema.as_ref())
            .map_err(|error| DataError::unreadable("Arrow schema", error))
    }

    /// Moves the batches out of a stream of the C stream interface; `what` is for errors.
    ///
    /// # Safety
    /// `stream` points to an `ArrowArrayStream` that is aligned, initialised and not used by anybody else meanwhile.
    ///
    /// # Errors
    /// [`DataError::Unreadable`] with what the producer says.
    #[expect(unsafe_code, reason = "the interface is a pointer to a structure of C")]
    pub unsafe fn receive(
        what: &str,
        stream: NonNull<std::ffi::c_void>,
    ) -> Result<Self, DataError> {
        let refuse = |error: arrow::error::ArrowError| DataError::unreadable(what, error);
        // SAFETY: what `from_raw` asks of the pointer is asked of the caller above; the stream is left released where it lay.
        let stream = unsafe { FFI_ArrowArrayStream::from_raw(stream.cast().as_ptr()) };
        let reader = RecordBatchStreamReader::try_new(stream).map_err(refuse)?;
        let schema = arrow::record_batch::RecordBatchReader::schema(&reader);
        let batches = reader.collect::<Result<Arc<[RecordBatch]>, _>>().map_err(refuse)?;
        Ok(Frame { schema, batches })
    }
}

#[cfg(test)]
#[expect(unsafe_code, reason = "the interface is a pointer to a structure of C")]
mod tests {
    use super::*;
    use arrow::array::AsArray;
    use arrow::datatypes::Float64Type;
    use mpor_core::Timestamp;

    fn table() -> Table {
        let columns = [
            ("time", Column::times([Timestamp(1), Timestamp(2), Timestamp(3)])),
            ("amount", Column::Number(vec![Some(0.1), None, Some(-2.0)])),
            ("account", Column::texts(["a", "b", "a"])),
            ("held", Column::Flag(vec![Some(true), Some(false), None])),
            ("rows", Column::counts([1, 2, 3])),
        ];
        Table::new("t", columns).unwrap()
    }

    #[test]
    fn a_table_comes_back_as_it_went_out() {
        let mut stream = Frame::of(&table()).unwrap().stream();
        let pointer = NonNull::from(&mut stream).cast();
        // SAFETY: the pointer is to the stream above, which nobody else uses.
        let back = unsafe { Frame::receive("t", pointer) }.unwrap();
        assert_eq!(back.table("t").unwrap(), table());
        assert_eq!((back.rows(), back.head(2).rows(), back.head(9).rows()), (3, 2, 3));
        // SAFETY: as above; the stream was moved out and is released.
        assert!(unsafe { Frame::receive("t", pointer) }.is_err());
    }

    #[test]
    fn values_are_handed_over_by_address() {
        let sent = Frame::of(&table()).unwrap();
        let mut stream = sent.stream();
        // SAFETY: the pointer is to the stream above, which nobody else uses.
        let back = unsafe { Frame::receive("t", NonNull::from(&mut stream).cast()) }.unwrap();
        let address = |frame: &Frame| {
            let numbers = frame.batches[0].column(1).as_primitive::<Float64Type>();
            numbers.values().as_ptr()
        };
        assert_eq!(address(&sent), address(&back));
    }

    #[test]
    fn a_file_is_read_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.parquet");
        crate::tables::write_parquet(&table(), &path, Default::default()).unwrap();
        let frame = Frame::read(&path).unwrap();
        assert_eq!(frame.table("t").unwrap(), table());
        assert_eq!(frame.columns().next(), Some(("time", "Timestamp(µs, \"UTC\")".to_owned())));
        let error = Frame::read(&folder.path().join("none.parquet")).unwrap_err().to_string();
        assert!(error.contains("none.parquet"), "{error}");
    }
}
