//! Tables to Parquet and back.
//!
//! zstd (snappy for what lives no longer than a run), one fixed writer name, no time of writing: equal tables and metadata give equal bytes. A table written in
//! several pieces is cut into row groups by the pieces, so a reader that wants a range skips the others.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{FieldRef, SchemaRef};
use mpor_core::{Column, Labels, Table};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves,
};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;
use rayon::prelude::*;

use super::atomic::AtomicFile;
use super::batch;
use crate::declared;
use crate::error::DataError;
use crate::guard::guarded;

/// Key-value pairs kept in the footer of a file, such as the hash of the study that made it.
pub type Metadata = BTreeMap<String, String>;

/// Rows a row group at most.
const ROW_GROUP: usize = 1 << 17;
/// Where zstd is still fast and most of the gain is had.
const ZSTD_LEVEL: i32 = 3;
/// Key under which Arrow keeps its schema; not the caller's.
const ARROW_SCHEMA: &str = "ARROW:schema";

/// How long a file is kept, and so how hard it is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lifetime {
    /// A result: small.
    Kept,
    /// Until the run is complete: fast.
    Working,
}

/// Writes a table piece by piece; the file appears under its name on [`finish`](TableWriter::finish).
pub struct TableWriter {
    file: String,
    schema: Option<SchemaRef>,
    metadata: Metadata,
    lifetime: Lifetime,
    state: State,
}

enum State {
    Waiting(AtomicFile),
    Writing(Box<RowGroups>),
    Broken,
}

/// A file under construction, row group by row group; the columns of a group are encoded in parallel.
struct RowGroups {
    schema: SchemaRef,
    file: SerializedFileWriter<AtomicFile>,
    columns: ArrowRowGroupWriterFactory,
    count: usize,
}

impl RowGroups {
    fn new(
        file: AtomicFile,
        schema: SchemaRef,
        properties: WriterProperties,
    ) -> Result<Self, ParquetError> {
        let writer = ArrowWriter::try_new(file, schema.clone(), Some(properties))?;
        let (file, columns) = writer.into_serialized_writer()?;
        Ok(RowGroups { schema, file, columns, count: 0 })
    }

    fn append(&mut self, rows: &RecordBatch) -> Result<(), ParquetError> {
        for start in (0..rows.num_rows()).step_by(ROW_GROUP) {
            let length = ROW_GROUP.min(rows.num_rows() - start);
            self.append_group(&rows.slice(start, length))?;
        }
        Ok(())
    }

    fn append_group(&mut self, rows: &RecordBatch) -> Result<(), ParquetError> {
        let writers = self.columns.create_column_writers(self.count)?;
        let columns = writers.into_par_iter().zip(&self.schema.fields()[..]).zip(rows.columns());
        let encode =
            |((mut writer, field), column): ((ArrowColumnWriter, &FieldRef), &ArrayRef)| {
                // A column of a table has no nesting, so it is one leaf.
                compute_leaves(field, column)?.iter().try_for_each(|leaf| writer.write(leaf))?;
                writer.close()
            };
        let chunks: Vec<Result<ArrowColumnChunk, ParquetError>> = columns.map(encode).collect();
        let mut group = self.file.next_row_group()?;
        for chunk in chunks {
            chunk?.append_to_row_group(&mut group)?;
        }
        group.close()?;
        self.count += 1;
        Ok(())
    }
}

impl TableWriter {
    /// Starts a file; its columns are those of the first table appended.
    ///
    /// # Errors
    /// [`DataError::Unwritable`].
    pub fn create(target: &Path, metadata: Metadata) -> Result<Self, DataError> {
        Self::new(target, metadata, Lifetime::Kept)
    }

    fn new(target: &Path, metadata: Metadata, lifetime: Lifetime) -> Result<Self, DataError> {
        let state = State::Waiting(AtomicFile::create(target)?);
        let file = target.display().to_string();
        Ok(TableWriter { file, schema: None, metadata, lifetime, state })
    }

    /// Appends the rows of a table as row groups of their own.
    ///
    /// # Errors
    /// [`DataError::OtherColumns`] when the columns are not those of the first table, [`DataError::NotFinite`] for a
    /// NaN or infinity, [`DataError::Unwritable`].
    pub fn append(&mut self, table: &Table) -> Result<(), DataError> {
        let schema = batch::schema(table);
        let expected = self.schema.get_or_insert_with(|| schema.clone()).clone();
        if expected != schema {
            let (expected, found) = (names(&expected), names(&schema));
            return Err(DataError::OtherColumns { file: self.file.clone(), expected, found });
        }
        let rows = batch::to_batch(table, schema)?;
        let file = self.file.clone();
        let refuse = |error: ParquetError| DataError::unwritable(Path::new(&file), error);
        self.writer(expected, table)?.append(&rows).map_err(refuse)
    }

    /// Completes the file. Without any table appended it is an error: a file without columns says nothing.
    ///
    /// # Errors
    /// [`DataError::Unwritable`].
    pub fn finish(self) -> Result<(), DataError> {
        let refuse = |problem: String| DataError::unwritable(Path::new(&self.file), problem);
        match self.state {
            State::Writing(writer) => {
                writer.file.into_inner().map_err(|error| refuse(error.to_string()))?.finish()
            }
            State::Waiting(_) => Err(refuse("no table was appended".to_owned())),
            State::Broken => Err(refuse("an earlier append failed".to_owned())),
        }
    }

    fn writer(&mut self, schema: SchemaRef, first: &Table) -> Result<&mut RowGroups, DataError> {
        if let State::Waiting(_) = self.state
            && let State::Waiting(file) = std::mem::replace(&mut self.state, State::Broken)
        {
            let name = self.file.clone();
            let problem = |error: ParquetError| DataError::unwritable(Path::new(&name), error);
            let properties = properties(first, &self.metadata, self.lifetime);
            let writer = RowGroups::new(file, schema, properties).map_err(problem)?;
            self.state = State::Writing(Box::new(writer));
        }
        match &mut self.state {
            State::Writing(writer) => Ok(writer),
            _ => Err(DataError::Unwritable {
                file: self.file.clone(),
                problem: "an earlier append failed".to_owned(),
            }),
        }
    }
}

/// Writes a whole table.
///
/// # Errors
/// As [`TableWriter`].
pub fn write_parquet(table: &Table, target: &Path, metadata: Metadata) -> Result<(), DataError> {
    let mut writer = TableWriter::create(target, metadata)?;
    writer.append(table)?;
    writer.finish()
}

/// Writes a whole table that lives no longer than a run.
///
/// # Errors
/// As [`TableWriter`].
pub fn write_working_parquet(table: &Table, target: &Path) -> Result<(), DataError> {
    let mut writer = TableWriter::new(target, Metadata::new(), Lifetime::Working)?;
    writer.append(table)?;
    writer.finish()
}

/// Reads a table, named after its file. Any integer becomes a count, any float a number, any timestamp an instant;
/// a date becomes its midnight, a time without a zone is taken as UTC.
///
/// # Errors
/// [`DataError::Unreadable`] or [`DataError::WrongType`], naming the file.
pub fn read_parquet(path: &Path) -> Result<Table, DataError> {
    let file = path.display().to_string();
    let builder = builder(path)?;
    let schema = builder.schema().clone();
    let reader = guarded(&file, || builder.build())?;
    let batches = guarded(&file, || reader.collect::<Result<Vec<_>, _>>())?;
    let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(Table::new(name, batch::columns(&file, &schema, &batches)?)?)
}

/// Reads a table a range of rows at a time, as [`read_parquet`] reads it whole.
///
/// # Errors
/// As [`read_parquet`], also of each piece.
pub fn read_parquet_pieces(
    path: &Path,
) -> Result<impl Iterator<Item = Result<Table, DataError>> + use<>, DataError> {
    let file = path.display().to_string();
    let builder = builder(path)?.with_batch_size(ROW_GROUP);
    let schema = builder.schema().clone();
    let reader = builder.build().map_err(|error| DataError::unreadable(&file, error))?;
    let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(reader.map(move |rows| {
        let rows = rows.map_err(|error| DataError::unreadable(&file, error))?;
        Ok(Table::new(name.as_str(), batch::columns(&file, &schema, &[rows])?)?)
    }))
}

/// The key-value pairs of a file.
///
/// # Errors
/// [`DataError::Unreadable`].
pub fn read_parquet_metadata(path: &Path) -> Result<Metadata, DataError> {
    let builder = builder(path)?;
    let pairs = builder.metadata().file_metadata().key_value_metadata();
    let own = pairs.into_iter().flatten().filter(|pair| pair.key != ARROW_SCHEMA);
    Ok(own.map(|pair| (pair.key.clone(), pair.value.clone().unwrap_or_default())).collect())
}

pub(super) fn builder(path: &Path) -> Result<ParquetRecordBatchReaderBuilder<File>, DataError> {
    let file = path.display().to_string();
    declared::check(path)?;
    let open = File::open(path).map_err(|error| DataError::unreadable(&file, error))?;
    guarded(&file, || ParquetRecordBatchReaderBuilder::try_new(open))
}

/// Texts in dictionaries, instants as differences, numbers as they are: prices and amounts repeat in runs of bytes that
/// zstd finds by itself, better than in a dictionary of doubles. The least and largest text of a row group are kept only
/// where texts come in order: elsewhere every row group holds nearly all of them, and a reader can skip none.
fn properties(first: &Table, metadata: &Metadata, lifetime: Lifetime) -> WriterProperties {
    let level = ZstdLevel::try_new(ZSTD_LEVEL).unwrap_or_default();
    let pairs = metadata.iter().map(|(key, value)| KeyValue::new(key.clone(), value.clone()));
    let mut properties = WriterProperties::builder()
        .set_compression(match lifetime {
            Lifetime::Kept => Compression::ZSTD(level),
            Lifetime::Working => Compression::SNAPPY,
        })
        .set_created_by("mpor".to_owned())
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .set_key_value_metadata(Some(pairs.collect()));
    for (name, column) in first.columns() {
        let path = ColumnPath::from(name.as_str());
        let text = matches!(column, Column::Text(_) | Column::Label(_));
        properties = properties.set_column_dictionary_enabled(path.clone(), text);
        if matches!(column, Column::Time(_) | Column::Count(_)) {
            properties =
                properties.set_column_encoding(path.clone(), Encoding::DELTA_BINARY_PACKED);
        }
        if matches!(column, Column::Label(labels) if !in_order(labels)) {
            properties = properties.set_column_statistics_enabled(path, EnabledStatistics::None);
        }
    }
    properties.build()
}

fn in_order(labels: &Labels) -> bool {
    labels.numbers().flatten().is_sorted()
}

fn names(schema: &SchemaRef) -> String {
    let field = |field: &std::sync::Arc<arrow::datatypes::Field>| {
        format!("{} ({})", field.name(), field.data_type())
    };
    schema.fields().iter().map(field).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use mpor_core::Timestamp;

    fn table(shift: f64) -> Table {
        let columns = [
            ("time", Column::Time(vec![Some(Timestamp(1)), None])),
            ("account", Column::Text(vec![Some("a".to_owned()), None])),
            ("amount", Column::Number(vec![Some(shift + 0.1), None])),
            ("count", Column::Count(vec![None, Some(-7)])),
            ("breach", Column::Flag(vec![Some(true), None])),
        ];
        Table::new("losses", columns).unwrap()
    }

    #[test]
    fn a_table_comes_back_as_it_went() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("losses.parquet");
        let metadata = Metadata::from([("study".to_owned(), "abc".to_owned())]);
        write_parquet(&table(0.0), &path, metadata.clone()).unwrap();
        assert_eq!(read_parquet(&path).unwrap(), table(0.0));
        assert_eq!(read_parquet_metadata(&path).unwrap(), metadata);
    }

    #[test]
    fn equal_tables_are_equal_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let bytes = |name: &str| {
            let path = folder.path().join(name);
            let mut writer = TableWriter::create(&path, Metadata::new()).unwrap();
            for piece in 0..3 {
                writer.append(&table(f64::from(piece))).unwrap();
            }
            writer.finish().unwrap();
            std::fs::read(path).unwrap()
        };
        assert_eq!(bytes("a.parquet"), bytes("b.parquet"));
        let back = read_parquet(&folder.path().join("a.parquet")).unwrap();
        assert_eq!(back.rows(), 6);
        let amounts = [Some(0.1), None, Some(1.1), None, Some(2.1), None].to_vec();
        assert_eq!(back.column("amount"), Some(&Column::Number(amounts)));
        let pieces: Vec<Table> = read_parquet_pieces(&folder.path().join("a.parquet"))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert_eq!(pieces.iter().map(Table::rows).sum::<usize>(), 6);
        let mut times = pieces.iter().flat_map(|piece| match piece.column("time") {
            Some(Column::Time(times)) => times.clone(),
            _ => Vec::new(),
        });
        assert!(times.by_ref().step_by(2).all(|time| time == Some(Timestamp(1))));
    }

    #[test]
    fn nan_and_other_columns_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.parquet");
        let nan = Table::new("x", [("v", Column::numbers([1.0, f64::NAN]))]).unwrap();
        let error = write_parquet(&nan, &path, Metadata::new()).unwrap_err().to_string();
        assert_eq!(error, "table `x`, row 2, column `v`: NaN is not a finite number");
        assert!(!path.exists());
        let mut writer = TableWriter::create(&path, Metadata::new()).unwrap();
        writer.append(&table(0.0)).unwrap();
        let other = Table::new("x", [("v", Column::numbers([1.0]))]).unwrap();
        assert!(matches!(writer.append(&other), Err(DataError::OtherColumns { .. })));
    }

    #[test]
    fn an_empty_table_keeps_its_columns() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("breaches.parquet");
        let none = Table::new("breaches", [("amount", Column::numbers([]))]).unwrap();
        write_parquet(&none, &path, Metadata::new()).unwrap();
        assert_eq!(read_parquet(&path).unwrap(), none);
    }
}
