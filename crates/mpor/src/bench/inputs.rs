//! Tables of numbers by column name.

use std::path::Path;

use mpor_data::tables::read_numbers;

use crate::error::MporError;

/// The columns of one Parquet file.
pub(super) struct Numbers {
    file: String,
    columns: Vec<(String, Vec<f64>)>,
}

impl Numbers {
    /// The named columns, or all where none is named.
    pub(super) fn read(path: &Path, named: &[&str]) -> Result<Self, MporError> {
        let columns = read_numbers(path, named)?;
        Ok(Numbers { file: path.display().to_string(), columns })
    }

    pub(super) fn column(&self, name: &str) -> Result<&[f64], MporError> {
        let found = self.columns.iter().find(|(known, _)| known == name);
        found.map(|(_, values)| &values[..]).ok_or_else(|| {
            MporError::Question(format!("{}: there is no column `{name}`", self.file))
        })
    }

    /// A column of numbers that count something.
    pub(super) fn whole(&self, name: &str) -> Result<Vec<usize>, MporError> {
        let whole = |value: &f64| {
            (*value >= 0.0 && value.fract() == 0.0 && *value < 4e9).then_some(*value as usize)
        };
        self.column(name)?.iter().map(whole).collect::<Option<_>>().ok_or_else(|| {
            let problem = format!("{}: column `{name}` must hold whole numbers", self.file);
            MporError::Question(problem)
        })
    }

    /// All columns in their order.
    pub(super) fn all(self) -> Vec<Vec<f64>> {
        self.columns.into_iter().map(|(_, values)| values).collect()
    }
}
