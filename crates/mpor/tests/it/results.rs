//! Result tables as keyed numbers.

use std::collections::BTreeMap;
use std::path::Path;

use mpor::Timestamp;
use mpor_core::{Column, Table};
use mpor_data::tables::read_parquet;

/// A result table.
pub struct Results {
    table: Table,
}

impl Results {
    /// Reads `<run>/<name>.parquet`.
    pub fn read(run: &Path, name: &str) -> Self {
        Results { table: read_parquet(&run.join(format!("{name}.parquet"))).unwrap() }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.table.rows()
    }

    /// A column as it is.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.table.column(name)
    }

    /// A column of text.
    pub fn texts(&self, column: &str) -> Vec<String> {
        match self.table.column(column).unwrap() {
            Column::Text(texts) => texts.iter().map(|t| t.clone().unwrap_or_default()).collect(),
            other => unreachable!("{column} is {other:?}"),
        }
    }

    /// A column of instants.
    pub fn times(&self) -> Vec<Timestamp> {
        match self.table.column("time").unwrap() {
            Column::Time(times) => times.iter().map(|time| time.unwrap()).collect(),
            other => unreachable!("time is {other:?}"),
        }
    }

    /// A column of numbers.
    pub fn numbers(&self, column: &str) -> Vec<Option<f64>> {
        match self.table.column(column).unwrap() {
            Column::Number(numbers) => numbers.clone(),
            Column::Count(counts) => counts.iter().map(|c| c.map(|c| c as f64)).collect(),
            other => unreachable!("{column} is {other:?}"),
        }
    }

    /// The bits of a column of numbers by time and the texts of some columns, in that order.
    pub fn keyed(&self, keys: &[&str], column: &str) -> BTreeMap<(Timestamp, String), Option<u64>> {
        let (times, numbers) = (self.times(), self.numbers(column));
        let texts: Vec<Vec<String>> = keys.iter().map(|key| self.texts(key)).collect();
        let key = |row: usize| texts.iter().map(|t| t[row].clone()).collect::<Vec<_>>().join(" / ");
        (0..self.rows())
            .map(|row| ((times[row], key(row)), numbers[row].map(f64::to_bits)))
            .collect()
    }
}
