//! The data crate against the repository's own data and against files made to be wrong.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod embedded;
mod faulty;
mod pushdown;
mod remote;

use std::path::{Path, PathBuf};

use mpor_core::{Column, Span, Table, Timestamp};
use mpor_data::tables::{Metadata, write_parquet};

/// The repository's `data` folder.
fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data")
}

/// The folder that `data` is made from, where the checkout has one beside it.
fn collected() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/embed");
    folder.is_dir().then_some(folder)
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A prices table of hourly closes `1, 2, 3, ...` from an instant on.
fn hourly(symbol: &str, from: &str, rows: usize) -> Table {
    let from = time(from);
    let hours = (0..rows).map(|hour| from + Span::hours(hour as i64));
    let closes = || Column::numbers((0..rows).map(|row| 1.0 + row as f64));
    let columns = [
        ("time", Column::times(hours)),
        ("symbol", Column::texts((0..rows).map(|_| symbol))),
        ("source", Column::texts((0..rows).map(|_| "made up"))),
        ("open", closes()),
        ("high", closes()),
        ("low", closes()),
        ("close", closes()),
        ("volume", Column::Number(vec![None; rows])),
    ];
    Table::new("prices", columns).unwrap()
}

fn write(table: &Table, path: &Path) -> String {
    write_parquet(table, path, Metadata::new()).unwrap();
    path.to_string_lossy().into_owned()
}
