//! A table of typed columns: what results are before they become Parquet, CSV or a page of a report.

use crate::error::CoreError;
use crate::labels::Labels;
use crate::time::Timestamp;

/// One column. Missing is explicit; no value is NaN.
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    /// Numbers.
    Number(Vec<Option<f64>>),
    /// Whole numbers.
    Count(Vec<Option<i64>>),
    /// Text.
    Text(Vec<Option<String>>),
    /// Text of which many rows share a few; written like any other, and read back as [`Column::Text`].
    Label(Labels),
    /// Instants in UTC.
    Time(Vec<Option<Timestamp>>),
    /// Yes or no.
    Flag(Vec<Option<bool>>),
}

/// Named columns of equal length.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    name: String,
    columns: Vec<(String, Column)>,
}

impl Column {
    /// A column of numbers none of which is missing.
    #[must_use]
    pub fn numbers(values: impl IntoIterator<Item = f64>) -> Self {
        Column::Number(values.into_iter().map(Some).collect())
    }

    /// A column of whole numbers none of which is missing.
    #[must_use]
    pub fn counts(values: impl IntoIterator<Item = usize>) -> Self {
        Column::Count(values.into_iter().map(|value| Some(value as i64)).collect())
    }

    /// A column of texts none of which is missing.
    #[must_use]
    pub fn texts<S: Into<String>>(values: impl IntoIterator<Item = S>) -> Self {
        Column::Text(values.into_iter().map(|value| Some(value.into())).collect())
    }

    /// A column of texts none of which is missing and many of which are equal.
    #[must_use]
    pub fn labels<S: AsRef<str>>(values: impl IntoIterator<Item = S>) -> Self {
        Column::Label(values.into_iter().map(Some).collect())
    }

    /// A column of instants none of which is missing.
    #[must_use]
    pub fn times(values: impl IntoIterator<Item = Timestamp>) -> Self {
        Column::Time(values.into_iter().map(Some).collect())
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Column::Number(values) => values.len(),
            Column::Count(values) => values.len(),
            Column::Text(values) => values.len(),
            Column::Label(values) => values.len(),
            Column::Time(values) => values.len(),
            Column::Flag(values) => values.len(),
        }
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Table {
    /// A table of columns of equal length.
    ///
    /// # Errors
    /// [`CoreError::RaggedTable`] naming the first column that differs.
    pub fn new<N: Into<String>>(
        name: impl Into<String>,
        columns: impl IntoIterator<Item = (N, Column)>,
    ) -> Result<Self, CoreError> {
        let name = name.into();
        let columns: Vec<(String, Column)> =
            columns.into_iter().map(|(name, column)| (name.into(), column)).collect();
        let expected = columns.first().map_or(0, |(_, column)| column.len());
        match columns.iter().find(|(_, column)| column.len() != expected) {
            None => Ok(Table { name, columns }),
            Some((column, values)) => Err(CoreError::RaggedTable {
                table: name,
                column: column.clone(),
                found: values.len(),
                expected,
            }),
        }
    }

    /// The table's name, which is its file's name without extension.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |(_, column)| column.len())
    }

    /// Columns in order.
    #[must_use]
    pub fn columns(&self) -> &[(String, Column)] {
        &self.columns
    }

    /// A column by name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|(known, _)| known == name).map(|(_, column)| column)
    }
}
