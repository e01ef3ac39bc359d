//! Files as records of cells, whatever they are written in.

use std::ops::ControlFlow;
use std::path::Path;

use crate::error::DataError;
use crate::import::bytes::{Bytes, Packing};
use crate::import::cell::Cell;
use crate::import::columnar::{Columnar, Row};
use crate::import::csv::{CsvFile, Fields};
use crate::import::error::ImportError;
use crate::import::json::{JsonFile, JsonRecord};
use crate::import::spec::Spec;

/// What a file is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text in columns.
    Csv,
    /// JSON.
    Json,
    /// Parquet.
    Parquet,
    /// Arrow IPC, which feather is.
    Arrow,
}

/// A file that gives records.
pub(crate) enum Records {
    /// Text in columns.
    Csv(CsvFile),
    /// JSON.
    Json(JsonFile),
    /// Parquet or Arrow.
    Columnar(Columnar),
}

/// One record; cells are asked for by the position of their column.
pub(crate) enum Record<'a> {
    /// Of a CSV file.
    Fields(&'a Fields<'a>),
    /// Of a JSON file.
    Json(&'a JsonRecord<'a>),
    /// Of a Parquet or Arrow file.
    Row(&'a Row<'a>),
}

/// Receives the records with their place: the line of a text file, the number of the record in others.
pub(crate) type Visit<'v> =
    dyn FnMut(u64, &Record<'_>) -> Result<ControlFlow<()>, ImportError> + 'v;

impl Record<'_> {
    pub fn cell(&self, column: usize) -> Cell<'_> {
        match self {
            Record::Fields(fields) => fields.cell(column),
            Record::Json(record) => record.cell(column),
            Record::Row(row) => row.cell(column),
        }
    }

    /// Number of cells; `None` where records need not be of equal length.
    pub fn len(&self) -> Option<usize> {
        match self {
            Record::Fields(fields) => Some(fields.len()),
            Record::Json(_) | Record::Row(_) => None,
        }
    }
}

impl Records {
    pub fn open(path: &Path, spec: &Spec) -> Result<(Kind, Self), ImportError> {
        let kind = kind(path)?;
        let records = match kind {
            Kind::Csv => Records::Csv(CsvFile::open(path, spec.delimiter)?),
            Kind::Json => Records::Json(JsonFile::open(path)?),
            Kind::Parquet => Records::Columnar(Columnar::parquet(path)?),
            Kind::Arrow => Records::Columnar(Columnar::arrow(path)?),
        };
        Ok((kind, records))
    }

    pub fn columns(&self) -> &[String] {
        match self {
            Records::Csv(file) => file.columns(),
            Records::Json(file) => file.columns(),
            Records::Columnar(file) => file.columns(),
        }
    }

    /// Lines before the header.
    pub fn comments(&self) -> &[String] {
        match self {
            Records::Csv(file) => file.comments(),
            Records::Json(_) | Records::Columnar(_) => &[],
        }
    }

    /// Whether the records are inside something else; for JSON.
    pub fn nested(&self) -> bool {
        matches!(self, Records::Json(file) if file.nested())
    }

    /// What stands between the cells, for CSV.
    pub fn delimiter(&self) -> Option<u8> {
        match self {
            Records::Csv(file) => Some(file.delimiter()),
            _ => None,
        }
    }

    /// Whether the file names its columns.
    pub fn named(&self) -> bool {
        match self {
            Records::Csv(file) => file.named(),
            Records::Json(file) => file.named(),
            Records::Columnar(_) => true,
        }
    }

    /// Visits every record; `moved` hears the bytes read, as far as the file is read from front to back.
    pub fn each(
        self,
        moved: &mut dyn FnMut(u64),
        visit: &mut Visit<'_>,
    ) -> Result<(), ImportError> {
        match self {
            Records::Csv(file) => file.each(moved, visit),
            Records::Json(file) => file.each(moved, visit),
            Records::Columnar(file) => file.each(visit),
        }
    }
}

/// What a file is, by its first bytes, or by those of what is packed in it.
fn kind(path: &Path) -> Result<Kind, ImportError> {
    let name = path.display().to_string();
    let mut head = [0; 64];
    let (packing, mut file) = Bytes::open(path)?;
    let count = file.head(&mut head).map_err(|error| DataError::unreadable(&name, error))?;
    let head = &head[..count];
    let refuse = |problem: &str| Err(DataError::unreadable(&name, problem).into());
    let seekable = [(&b"PAR1"[..], Kind::Parquet), (&b"ARROW1"[..], Kind::Arrow)];
    if let Some((_, kind)) = seekable.into_iter().find(|(magic, _)| head.starts_with(magic)) {
        return match packing {
            Packing::Plain => Ok(kind),
            _ => refuse(
                "it is a Parquet or feather file in an archive; unpack it first: such files are packed already",
            ),
        };
    }
    if head.starts_with(b"FEA1") {
        return refuse("it is feather version 1; write it again with a current pandas (version 2)");
    }
    if head.starts_with(&[0x1f, 0x8b]) || head.starts_with(b"PK\x03\x04") {
        return refuse("it is packed twice; unpack it once first");
    }
    if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
        return refuse("it is UTF-16; save it as UTF-8 first");
    }
    let text = head.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(head);
    match text.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => refuse("it is empty"),
        Some(b'{' | b'[') => Ok(Kind::Json),
        Some(_) => Ok(Kind::Csv),
    }
}
