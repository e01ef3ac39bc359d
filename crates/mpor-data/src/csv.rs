//! CSV files of a table: read as text, converted cell by cell.
//!
//! RFC 4180 with a header. Times are RFC 3339 or `YYYY-MM-DDTHH:MM` in UTC; a bare date is its midnight, which is only
//! right for tables that mean it, such as snapshots of positions. An empty cell is missing.

use mpor_core::Timestamp;
use polars::prelude::*;

use crate::error::DataError;
use crate::guard::guarded;
use crate::part::{Part, ROW};
use crate::scan::{Query, cloud_options};
use crate::schema::{ColumnSpec, Empty, Kind, Schema as Table};

pub(crate) fn read(table: &Table, query: &Query, file: &str) -> Result<Part, DataError> {
    let refuse = |error: PolarsError| DataError::unreadable(file, error);
    let options = cloud_options(file, &query.storage).map_err(refuse)?;
    let text = guarded(file, || {
        LazyCsvReader::new(PlRefPath::new(file))
            .with_infer_schema_length(Some(0))
            .with_row_index(Some(polars::io::RowIndex { name: ROW.into(), offset: 1 }))
            .with_cloud_options(options)
            .with_glob(false)
            .finish()?
            .collect()
    })?;
    let names: Vec<String> =
        text.get_column_names().iter().skip(1).map(ToString::to_string).collect();
    table.check_names(file, &names)?;
    let mut columns = vec![text.column(ROW).map_err(refuse)?.clone()];
    for spec in table.columns {
        if spec.empty == Empty::Absent && !names.iter().any(|name| name == spec.name) {
            columns.push(Column::full_null(spec.name.into(), text.height(), &DataType::Float64));
            continue;
        }
        let cells = text.column(spec.name).map_err(refuse)?;
        columns.push(typed(file, spec, cells.str().map_err(refuse)?)?);
    }
    let frame = DataFrame::new(text.height(), columns).map_err(refuse)?;
    let wanted = wanted(table, query, &frame).map_err(refuse)?;
    Part::new(file.to_owned(), frame.filter(&wanted).map_err(refuse)?, table)
}

fn typed(file: &str, spec: &ColumnSpec, cells: &StringChunked) -> Result<Column, DataError> {
    let name = spec.name.into();
    Ok(match spec.kind {
        Kind::Text => cells.clone().with_name(name).into_column(),
        Kind::Number => Column::new(name, parsed(file, spec, cells, number)?),
        Kind::Flag => Column::new(name, parsed(file, spec, cells, flag)?),
        Kind::Time => {
            let micros = parsed(file, spec, cells, |text| Some(text.parse::<Timestamp>().ok()?.0))?;
            Int64Chunked::from_iter_options(name, micros.into_iter())
                .into_datetime(TimeUnit::Microseconds, Some(TimeZone::UTC))
                .into_column()
        }
    })
}

fn parsed<T>(
    file: &str,
    spec: &ColumnSpec,
    cells: &StringChunked,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Vec<Option<T>>, DataError> {
    let cell = |(index, cell): (usize, Option<&str>)| {
        let Some(text) = cell.map(str::trim).filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        parse(text).map(Some).ok_or_else(|| DataError::BadCell {
            file: file.to_owned(),
            row: index + 1,
            column: spec.name.to_owned(),
            found: format!("`{text}`"),
            expected: expected(spec.kind).to_owned(),
        })
    };
    cells.iter().enumerate().map(cell).collect()
}

fn expected(kind: Kind) -> &'static str {
    match kind {
        Kind::Time => "a time such as 2020-03-12T08:00:00Z",
        kind => kind.name(),
    }
}

/// A finite number; `nan` and `inf` are words that Rust would accept and we do not.
fn number(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|value| value.is_finite())
}

fn flag(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "true" | "yes" | "1" => Some(true),
        "false" | "no" | "0" => Some(false),
        _ => None,
    }
}

fn wanted(table: &Table, query: &Query, frame: &DataFrame) -> PolarsResult<BooleanChunked> {
    let mut keep = vec![true; frame.height()];
    if table.timed() {
        let column = frame.column("time")?.to_physical_repr();
        let inside = |time: i64| {
            query.from.is_none_or(|from| time >= from.0) && query.to.is_none_or(|to| time <= to.0)
        };
        for (keep, time) in keep.iter_mut().zip(column.i64()?.iter()) {
            *keep &= time.is_none_or(inside);
        }
    }
    let mut only = |column: &str, wanted: &dyn Fn(&str) -> bool| -> PolarsResult<()> {
        for (keep, text) in keep.iter_mut().zip(frame.column(column)?.str()?.iter()) {
            *keep &= text.is_none_or(wanted);
        }
        Ok(())
    };
    if let Some((symbols, key)) = query.symbols.as_ref().zip(table.key()) {
        only(key, &|text| symbols.iter().any(|symbol| symbol == text))?;
    }
    if let Some(source) = &query.source
        && table.columns.iter().any(|column| column.name == "source")
    {
        only("source", &|text| text == source)?;
    }
    Ok(BooleanChunked::from_slice("keep".into(), &keep))
}
