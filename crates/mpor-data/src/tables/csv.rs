//! Tables as CSV (RFC 4180): a header, commas, CRLF, quotes where a cell needs them.
//!
//! Numbers are the shortest text that reads back to the same bits. A missing cell is empty.
//!
//! A spreadsheet runs a text cell that begins with `=`, `+`, `-`, `@`, a tab or a carriage return as a formula. Names of
//! accounts and instruments come from users' files, so such a text gets an apostrophe in front, which a spreadsheet
//! shows as the text it is; a program reads `'=1+1` and can take the apostrophe off. Numbers are never touched.

use std::path::Path;

use mpor_core::{Column, Table};

use super::atomic::write_bytes;
use super::batch::refuse_nan;
use crate::error::DataError;

/// The table as CSV text.
///
/// # Errors
/// [`DataError::NotFinite`] for a NaN or infinity.
pub fn csv_text(table: &Table) -> Result<String, DataError> {
    refuse_nan(table)?;
    let mut text = String::new();
    line(&mut text, table.columns().iter().map(|(name, _)| guarded(name)));
    for row in 0..table.rows() {
        line(&mut text, table.columns().iter().map(|(_, column)| cell(column, row)));
    }
    Ok(text)
}

/// Writes the table as CSV.
///
/// # Errors
/// [`DataError::NotFinite`], [`DataError::Unwritable`].
pub fn write_csv(table: &Table, target: &Path) -> Result<(), DataError> {
    write_bytes(target, csv_text(table)?.as_bytes())
}

fn line(text: &mut String, cells: impl Iterator<Item = String>) {
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(&cell);
    }
    text.push_str("\r\n");
}

fn cell(column: &Column, row: usize) -> String {
    let written = match column {
        // `{:?}` is the shortest text that reads back, with an exponent where digits would go on for hundreds.
        Column::Number(values) => values.get(row).copied().flatten().map(|v| format!("{v:?}")),
        Column::Count(values) => values.get(row).copied().flatten().map(|v| v.to_string()),
        Column::Time(values) => values.get(row).copied().flatten().map(|v| v.to_string()),
        Column::Flag(values) => values.get(row).copied().flatten().map(|v| v.to_string()),
        Column::Text(values) => values.get(row).and_then(Option::as_deref).map(guarded),
        Column::Label(values) => values.get(row).map(guarded),
    };
    written.unwrap_or_default()
}

fn guarded(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        quoted(&format!("'{text}"))
    } else {
        quoted(text)
    }
}

fn quoted(text: &str) -> String {
    // An empty text is quoted, so that it is not taken for a missing one.
    if text.is_empty() || text.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mpor_core::Timestamp;

    #[test]
    fn cells_that_need_care_get_it() {
        let texts = ["plain", "a,b", "say \"no\"", "two\nlines", "=cmd()", "-1", "@x", "\tx", ""];
        let table = Table::new("t", [("note", Column::texts(texts))]).unwrap();
        assert_eq!(
            csv_text(&table).unwrap(),
            "note\r\nplain\r\n\"a,b\"\r\n\"say \"\"no\"\"\"\r\n\"two\nlines\"\r\n'=cmd()\r\n'-1\r\n'@x\r\n'\tx\r\n\"\"\r\n"
        );
    }

    #[test]
    fn numbers_read_back_to_the_same_bits() {
        let values = [0.1 + 0.2, -5.0, 1e300, f64::MIN_POSITIVE, 123_456_789.123];
        let table = Table::new("t", [("v", Column::numbers(values))]).unwrap();
        let text = csv_text(&table).unwrap();
        let back: Vec<f64> = text.lines().skip(1).map(|line| line.parse().unwrap()).collect();
        assert_eq!(back, values);
    }

    #[test]
    fn missing_cells_are_empty() {
        let columns = [
            ("time", Column::Time(vec![Some(Timestamp(0)), None])),
            ("count", Column::Count(vec![None, Some(3)])),
        ];
        let table = Table::new("t", columns).unwrap();
        assert_eq!(csv_text(&table).unwrap(), "time,count\r\n1970-01-01T00:00:00Z,\r\n,3\r\n");
    }
}
