//! A look at a file before it is read: columns, first rows, last row, name.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::import::cell::Cell;
use crate::import::csv;
use crate::import::error::ImportError;
use crate::import::name::{self, FileName};
use crate::import::records::{Kind, Records};
use crate::import::spec::Spec;

/// Rows that evidence is taken from.
const HEAD: usize = 5_000;

/// What was seen.
pub(crate) struct Probe {
    pub path: PathBuf,
    pub kind: Kind,
    pub columns: Vec<String>,
    pub comments: Vec<String>,
    /// Whether the file names its columns.
    pub named: bool,
    /// Whether a JSON list is inside an object.
    pub nested: bool,
    pub rows: Vec<Vec<Cell<'static>>>,
    /// The last row, where it was looked at.
    pub last: Option<Vec<Cell<'static>>>,
    pub name: FileName,
}

impl Probe {
    pub fn of(path: &Path, spec: &Spec) -> Result<Self, ImportError> {
        let (kind, records) = Records::open(path, spec)?;
        let (columns, comments) = (records.columns().to_vec(), records.comments().to_vec());
        let (named, nested, delimiter) = (records.named(), records.nested(), records.delimiter());
        let mut rows = Vec::new();
        let width = columns.len();
        records.each(&mut |_| (), &mut |_, record| {
            rows.push((0..width).map(|column| record.cell(column).owned()).collect::<Vec<_>>());
            Ok(if rows.len() < HEAD { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        let last = match delimiter.filter(|_| rows.len() == HEAD) {
            Some(delimiter) => csv::last_record(path, delimiter)
                .map(|cells| cells.iter().map(|cell| Cell::text(cell).owned()).collect()),
            None if rows.len() < HEAD => rows.last().cloned(),
            None => None,
        };
        let name = name::read(path);
        Ok(Probe {
            path: path.to_owned(),
            kind,
            columns,
            comments,
            named,
            nested,
            rows,
            last,
            name,
        })
    }

    /// The column of this name, without regard to case and signs.
    pub fn column(&self, name: &str) -> Option<usize> {
        use crate::import::aliases::folded;
        let exact = self.columns.iter().position(|column| column == name);
        exact.or_else(|| self.columns.iter().position(|column| folded(column) == folded(name)))
    }

    pub fn has(&self, names: &[&str]) -> bool {
        names.iter().all(|name| self.column(name).is_some())
    }

    pub fn cells(&self, column: usize) -> impl Iterator<Item = &Cell<'static>> {
        self.rows.iter().filter_map(move |row| row.get(column))
    }

    /// The name as messages show it.
    pub fn shown(&self) -> String {
        self.path.display().to_string()
    }
}
