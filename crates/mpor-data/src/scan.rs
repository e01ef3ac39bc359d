//! Reading files of a table: only the table's columns, only the rows asked for, and errors that name the file.
//!
//! Parquet is scanned lazily file by file; the columns and the range of time and symbols are pushed into the reader,
//! which skips what its statistics rule out, and files that their folders rule out are not opened (see [`crate::hive`]).
//! CSV is read as text and converted here, so that a bad cell is named by its row. Rows keep the file's order.

use std::path::Path;

use mpor_core::Timestamp;
use polars::io::RowIndex;
use polars::io::cloud::CloudOptions;
use polars::prelude::*;

use crate::declared;
use crate::error::DataError;
use crate::guard::guarded;
use crate::hive;
use crate::part::{Part, ROW};
use crate::schema::{ColumnSpec, Empty, Kind, Schema};
use crate::source::{self, Storage};

/// Which rows of which files.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// Paths, globs, folders or URLs.
    pub paths: Vec<String>,
    /// Series wanted; `None` = all.
    pub symbols: Option<Vec<String>>,
    /// Venue or provider wanted, where the table has several.
    pub source: Option<String>,
    /// First instant wanted, included.
    pub from: Option<Timestamp>,
    /// Last instant wanted, included.
    pub to: Option<Timestamp>,
    /// Settings of the object store, such as an endpoint.
    pub storage: Vec<(String, String)>,
}

impl Query {
    /// All rows of some files.
    #[must_use]
    pub fn all<S: Into<String>>(paths: impl IntoIterator<Item = S>) -> Self {
        Query { paths: paths.into_iter().map(Into::into).collect(), ..Query::default() }
    }

    /// The same for these series only.
    #[must_use]
    pub fn of<S: Into<String>>(mut self, symbols: impl IntoIterator<Item = S>) -> Self {
        self.symbols = Some(symbols.into_iter().map(Into::into).collect());
        self
    }

    /// The same within `from..=to`.
    #[must_use]
    pub fn between(mut self, from: Timestamp, to: Timestamp) -> Self {
        (self.from, self.to) = (Some(from), Some(to));
        self
    }
}

/// The rows of a table, one part a file, in path order.
pub(crate) fn read(schema: &Schema, query: &Query) -> Result<Vec<Part>, DataError> {
    files(schema, query)?
        .into_iter()
        .map(|file| {
            if is_csv(&file) {
                return crate::csv::read(schema, query, &file);
            }
            let frame = parquet(schema, query, &file)?;
            let frame = guarded(&file, || frame.collect())?;
            Part::new(file, frame, schema)
        })
        .collect()
}

/// The files of a query that their folders do not rule out.
fn files(schema: &Schema, query: &Query) -> Result<Vec<String>, DataError> {
    let mut files = source::expand(&query.paths, &query.storage)?;
    files.retain(|file| !ruled_out(schema, query, file));
    Ok(files)
}

fn ruled_out(schema: &Schema, query: &Query, file: &str) -> bool {
    let parts = hive::parts(file);
    let other_symbol = query.symbols.as_ref().zip(schema.key()).is_some_and(|(symbols, key)| {
        parts.iter().any(|(name, value)| name == key && !symbols.contains(value))
    });
    other_symbol || (schema.timed() && hive::outside(&parts, query.from, query.to))
}

fn is_csv(file: &str) -> bool {
    file.to_lowercase().ends_with(".csv")
}

fn parquet(schema: &Schema, query: &Query, file: &str) -> Result<LazyFrame, DataError> {
    let refuse = |error: PolarsError| DataError::unreadable(file, error);
    if CloudScheme::from_path(file).is_none() {
        declared::check(Path::new(file))?;
    }
    let args = ScanArgsParquet {
        row_index: Some(RowIndex { name: ROW.into(), offset: 1 }),
        cloud_options: cloud_options(file, &query.storage).map_err(refuse)?,
        hive_options: polars::io::HiveOptions::new_disabled(),
        glob: false,
        ..ScanArgsParquet::default()
    };
    let mut frame = guarded(file, || LazyFrame::scan_parquet(PlRefPath::new(file), args))?;
    let found = guarded(file, || frame.collect_schema())?;
    let folders = hive::parts(file);
    let in_file: Vec<String> = found.iter_names().skip(1).map(ToString::to_string).collect();
    let mut names = in_file.clone();
    names.extend(folders.iter().map(|(key, _)| key.clone()));
    schema.check_names(file, &names)?;
    for column in schema.columns.iter().filter(|column| in_file.iter().any(|n| n == column.name)) {
        check_type(file, column, found.get(column.name))?;
    }
    for predicate in predicates(schema, query, &in_file, &found) {
        frame = frame.filter(predicate);
    }
    let columns = schema.columns.iter().map(|column| {
        let folder = folders.iter().find(|(key, _)| key == column.name);
        match folder.filter(|_| !in_file.iter().any(|name| name == column.name)) {
            Some((_, value)) => lit(value.clone()).alias(column.name),
            None if column.empty == Empty::Absent && !names.iter().any(|n| n == column.name) => {
                lit(NULL).cast(DataType::Float64).alias(column.name)
            }
            None => col(column.name),
        }
    });
    Ok(frame.select(std::iter::once(col(ROW)).chain(columns).collect::<Vec<_>>()))
}

fn check_type(file: &str, spec: &ColumnSpec, found: Option<&DataType>) -> Result<(), DataError> {
    let Some(found) = found else { return Ok(()) };
    let fits = match spec.kind {
        Kind::Time => matches!(found, DataType::Datetime(_, Some(_))),
        Kind::Text => matches!(found, DataType::String) || found.is_categorical(),
        Kind::Number => found.is_primitive_numeric(),
        Kind::Flag => matches!(found, DataType::Boolean),
    };
    // A column without a single value has no type worth refusing.
    if fits || matches!(found, DataType::Null) {
        return Ok(());
    }
    let expected = match (spec.kind, found) {
        (Kind::Time, DataType::Datetime(_, None)) => {
            "timestamp[us, UTC]: a time without a zone may be any; say that it is UTC when writing"
        }
        (Kind::Time, DataType::Date) => {
            "timestamp[us, UTC]: a date has no instant; write when the value is known"
        }
        (kind, _) => kind.name(),
    };
    Err(DataError::WrongType {
        file: file.to_owned(),
        column: spec.name.to_owned(),
        found: in_words(found),
        expected,
    })
}

/// A column's type as people say it; the reader's own word where there is no better one.
fn in_words(found: &DataType) -> String {
    match found {
        DataType::String => "text".to_owned(),
        DataType::Boolean => "true or false".to_owned(),
        DataType::Date => "a date".to_owned(),
        other => other.to_string(),
    }
}

/// What the reader may skip. A row without a time stays, so that it is found and named.
fn predicates(
    schema: &Schema,
    query: &Query,
    in_file: &[String],
    found: &polars::prelude::Schema,
) -> Vec<Expr> {
    let mut all = Vec::new();
    if let Some(DataType::Datetime(unit, zone)) = found.get("time")
        && schema.timed()
    {
        let bound = |time: i64| lit(Scalar::new_datetime(time, *unit, zone.clone()));
        let from = query.from.map(|from| col("time").gt_eq(bound(in_unit(from, *unit).0)));
        let to = query.to.map(|to| col("time").lt_eq(bound(in_unit(to, *unit).1)));
        all.extend([from, to].into_iter().flatten().map(|range| range.or(col("time").is_null())));
    }
    let has = |name: &str| in_file.iter().any(|known| known == name);
    if let Some((symbols, key)) = query.symbols.as_ref().zip(schema.key()).filter(|(_, k)| has(k)) {
        let wanted = Series::new(key.into(), symbols.as_slice());
        // Categories compare as the texts they stand for.
        let name = if found.get(key).is_some_and(DataType::is_categorical) {
            col(key).cast(DataType::String)
        } else {
            col(key)
        };
        all.push(name.is_in(lit(wanted).implode(false), false).or(col(key).is_null()));
    }
    if let Some(source) = query.source.as_ref().filter(|_| has("source")) {
        all.push(
            col("source")
                .cast(DataType::String)
                .eq(lit(source.clone()))
                .or(col("source").is_null()),
        );
    }
    all
}

/// The first and the last stamp of a file's unit that read as an instant of at least, or at most, this microsecond.
fn in_unit(time: Timestamp, unit: TimeUnit) -> (i64, i64) {
    match unit {
        TimeUnit::Nanoseconds => {
            let first = time.0.saturating_mul(1000);
            (first, first.saturating_add(999))
        }
        TimeUnit::Microseconds => (time.0, time.0),
        TimeUnit::Milliseconds => {
            let last = time.0.div_euclid(1000);
            (last + i64::from(time.0.rem_euclid(1000) != 0), last)
        }
    }
}

pub(crate) fn cloud_options(file: &str, storage: &Storage) -> PolarsResult<Option<CloudOptions>> {
    let Some(scheme) = CloudScheme::from_path(file).filter(|scheme| *scheme != CloudScheme::File)
    else {
        return Ok(None);
    };
    let pairs = storage.iter().map(|(key, value)| (key, value.clone()));
    CloudOptions::from_untyped_config(Some(scheme), pairs).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_kept_in_every_unit() {
        assert_eq!(in_unit(Timestamp(1_500), TimeUnit::Milliseconds), (2, 1));
        assert_eq!(in_unit(Timestamp(2_000), TimeUnit::Milliseconds), (2, 2));
        assert_eq!(in_unit(Timestamp(-1_500), TimeUnit::Milliseconds), (-1, -2));
        assert_eq!(in_unit(Timestamp(7), TimeUnit::Nanoseconds), (7_000, 7_999));
    }
}
