//! Rows as a fixed number of bytes each, so that a table of any size is sorted on the disk.
//!
//! ```text
//! file, row in it   a value for each column of the table
//! u32   u64         time i64 | number f64 | text u32 (which label) | flag u8
//! ```
//!
//! A missing time is `i64::MIN`, a missing number NaN, a missing label `u32::MAX`, a missing flag 2.

use std::cmp::Ordering;

use crate::schema::{Kind, Schema};

/// Bytes before the first value.
const HEAD: usize = 12;
/// A label that is missing.
pub(crate) const NO_LABEL: u32 = u32::MAX;
/// A time that is missing.
pub(crate) const NO_TIME: i64 = i64::MIN;
/// A flag that is missing.
const NO_FLAG: u8 = 2;

/// Columns that tell one row of a series from another at the same instant.
const TOLD_APART_BY: &[(&str, &[&str])] = &[
    ("prices", &["source"]),
    ("funding", &["source"]),
    ("vol_index", &["tenor_days"]),
    ("option_marks", &[]),
    ("chains", &["expiry", "strike", "right", "source"]),
    ("instruments", &["instrument"]),
];

/// Where the values of a row lie, and how rows are ordered.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    kinds: Vec<Kind>,
    offsets: Vec<usize>,
    width: usize,
    /// Columns in the order that rows are sorted by: series, time, and what tells rows of one instant apart.
    order: Vec<usize>,
}

/// Ranks of labels, so that rows are ordered by what the labels say.
pub(crate) type Ranks<'a> = &'a [u32];

impl Shape {
    pub fn of(table: &Schema) -> Self {
        let kinds: Vec<Kind> = table.columns.iter().map(|column| column.kind).collect();
        let mut offsets = Vec::new();
        let mut width = HEAD;
        for kind in &kinds {
            offsets.push(width);
            width += size(*kind);
        }
        let at = |name: &str| table.columns.iter().position(|column| column.name == name);
        let further = TOLD_APART_BY.iter().find(|(name, _)| *name == table.table);
        let further = further.map_or(&[][..], |(_, columns)| columns);
        let first = table.key().into_iter().chain(["time"]);
        let order = first.chain(further.iter().copied()).filter_map(at).collect();
        Shape { kinds, offsets, width, order }
    }

    pub fn width(&self) -> usize {
        self.width
    }

    /// A row without values.
    pub fn begin<'a>(&self, rows: &'a mut Vec<u8>, file: u32, row: u64) -> &'a mut [u8] {
        let start = rows.len();
        rows.resize(start + self.width, 0);
        let bytes = &mut rows[start..];
        bytes[..4].copy_from_slice(&file.to_le_bytes());
        bytes[4..HEAD].copy_from_slice(&row.to_le_bytes());
        bytes
    }

    fn place(&self, column: usize) -> std::ops::Range<usize> {
        self.offsets[column]..self.offsets[column] + size(self.kinds[column])
    }

    pub fn put_time(&self, row: &mut [u8], column: usize, micros: Option<i64>) {
        row[self.place(column)].copy_from_slice(&micros.unwrap_or(NO_TIME).to_le_bytes());
    }

    pub fn put_number(&self, row: &mut [u8], column: usize, value: Option<f64>) {
        row[self.place(column)].copy_from_slice(&value.unwrap_or(f64::NAN).to_le_bytes());
    }

    pub fn put_label(&self, row: &mut [u8], column: usize, label: Option<u32>) {
        row[self.place(column)].copy_from_slice(&label.unwrap_or(NO_LABEL).to_le_bytes());
    }

    pub fn put_flag(&self, row: &mut [u8], column: usize, value: Option<bool>) {
        row[self.offsets[column]] = value.map_or(NO_FLAG, u8::from);
    }

    pub fn time(&self, row: &[u8], column: usize) -> Option<i64> {
        Some(i64::from_le_bytes(bytes(row, self.offsets[column]))).filter(|time| *time != NO_TIME)
    }

    pub fn number(&self, row: &[u8], column: usize) -> Option<f64> {
        Some(f64::from_le_bytes(bytes(row, self.offsets[column]))).filter(|value| !value.is_nan())
    }

    pub fn label(&self, row: &[u8], column: usize) -> Option<u32> {
        Some(u32::from_le_bytes(bytes(row, self.offsets[column]))).filter(|l| *l != NO_LABEL)
    }

    pub fn flag(&self, row: &[u8], column: usize) -> Option<bool> {
        match row[self.offsets[column]] {
            NO_FLAG => None,
            flag => Some(flag == 1),
        }
    }

    /// Which file, and which row of it.
    pub fn place_of(row: &[u8]) -> (u32, u64) {
        (u32::from_le_bytes(bytes(row, 0)), u64::from_le_bytes(bytes(row, 4)))
    }

    /// Gives every label of a row its rank or another number.
    pub fn relabel(&self, row: &mut [u8], ranks: Ranks<'_>) {
        for column in 0..self.kinds.len() {
            if self.kinds[column] == Kind::Text
                && let Some(label) = self.label(row, column)
            {
                self.put_label(row, column, ranks.get(label as usize).copied());
            }
        }
    }

    /// Whether two rows are for the same series and instant.
    pub fn same_instant(&self, a: &[u8], b: &[u8]) -> bool {
        self.order.iter().all(|&column| a[self.place(column)] == b[self.place(column)])
    }

    /// Whether two rows are equal in every column.
    pub fn equal(a: &[u8], b: &[u8]) -> bool {
        a[HEAD..] == b[HEAD..]
    }

    /// Order of two rows whose labels are ranks; rows of one instant are in the order of the files.
    pub fn compare(&self, a: &[u8], b: &[u8]) -> Ordering {
        self.compare_by(a, b, |label| label)
    }

    /// Order of two rows by the ranks of their labels.
    pub fn compare_ranked(&self, a: &[u8], b: &[u8], ranks: Ranks<'_>) -> Ordering {
        self.compare_by(a, b, |label| ranks.get(label as usize).copied().unwrap_or(NO_LABEL))
    }

    fn compare_by(&self, a: &[u8], b: &[u8], rank: impl Fn(u32) -> u32) -> Ordering {
        for &column in &self.order {
            let at = self.offsets[column];
            let order = match self.kinds[column] {
                Kind::Time => {
                    i64::from_le_bytes(bytes(a, at)).cmp(&i64::from_le_bytes(bytes(b, at)))
                }
                Kind::Number => {
                    f64::from_le_bytes(bytes(a, at)).total_cmp(&f64::from_le_bytes(bytes(b, at)))
                }
                Kind::Text => {
                    let label = |row: &[u8]| rank(u32::from_le_bytes(bytes(row, at)));
                    label(a).cmp(&label(b))
                }
                Kind::Flag => a[at].cmp(&b[at]),
            };
            if order != Ordering::Equal {
                return order;
            }
        }
        Shape::place_of(a).cmp(&Shape::place_of(b))
    }
}

fn size(kind: Kind) -> usize {
    match kind {
        Kind::Time | Kind::Number => 8,
        Kind::Text => 4,
        Kind::Flag => 1,
    }
}

fn bytes<const N: usize>(row: &[u8], at: usize) -> [u8; N] {
    let mut value = [0; N];
    value.copy_from_slice(&row[at..at + N]);
    value
}

/// Texts met in a column, each kept once and numbered in the order met.
#[derive(Clone, Debug, Default)]
pub(crate) struct LabelBook {
    texts: Vec<String>,
    numbers: std::collections::BTreeMap<String, u32>,
}

impl LabelBook {
    pub fn number(&mut self, text: &str) -> u32 {
        if let Some(&number) = self.numbers.get(text) {
            return number;
        }
        let number = u32::try_from(self.texts.len()).unwrap_or(NO_LABEL - 1);
        self.texts.push(text.to_owned());
        self.numbers.insert(text.to_owned(), number);
        number
    }

    pub fn texts(&self) -> &[String] {
        &self.texts
    }

    /// The place of every label in alphabetical order.
    pub fn ranks(&self) -> Vec<u32> {
        let mut ranks = vec![0; self.texts.len()];
        for (rank, number) in self.numbers.values().enumerate() {
            if let Some(slot) = ranks.get_mut(*number as usize) {
                *slot = u32::try_from(rank).unwrap_or(NO_LABEL - 1);
            }
        }
        ranks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::PRICES;

    #[test]
    fn rows_are_ordered_by_series_time_and_place() {
        let shape = Shape::of(&PRICES);
        let mut book = LabelBook::default();
        let mut rows = Vec::new();
        for (place, (symbol, time)) in [("b", 1), ("a", 2), ("a", 1), ("a", 1)].iter().enumerate() {
            let label = book.number(symbol);
            let row = shape.begin(&mut rows, 0, place as u64);
            shape.put_time(row, 0, Some(*time));
            shape.put_label(row, 1, Some(label));
            shape.put_number(row, 6, Some(1.5));
        }
        let ranks = book.ranks();
        let row = |at: usize| &rows[at * shape.width()..(at + 1) * shape.width()];
        let mut order = [0, 1, 2, 3];
        order.sort_by(|&a, &b| shape.compare_ranked(row(a), row(b), &ranks));
        assert_eq!(order, [2, 3, 1, 0]);
        assert!(shape.same_instant(row(2), row(3)) && !shape.same_instant(row(1), row(2)));
        assert_eq!((shape.time(row(1), 0), shape.number(row(1), 6)), (Some(2), Some(1.5)));
        assert_eq!(Shape::place_of(row(3)), (0, 3));
    }
}
