//! A table of a page: columns, cells with an optional tone, and what must be said under it.

use serde::Serialize;

/// A table as a page shows it.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Grid {
    pub columns: Vec<GridColumn>,
    pub rows: Vec<Vec<Cell>>,
    /// What was chosen or left out; empty for nothing.
    pub note: String,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct GridColumn {
    /// Lines of the title.
    pub title: Vec<String>,
    /// `left` or `right`.
    pub align: &'static str,
    /// Share of the width that is left after the other columns; zero = as wide as its content.
    pub share: f64,
}

#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Cell {
    pub text: String,
    /// `bad`, `good`, `warn`, `strong`, `quiet`, `code` or nothing.
    pub tone: &'static str,
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Cell { text, tone: "" }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Cell { text: text.to_owned(), tone: "" }
    }
}

impl Cell {
    pub(crate) fn toned(text: impl Into<String>, tone: &'static str) -> Self {
        Cell { text: text.into(), tone }
    }
}

fn lines(title: impl Into<String>) -> Vec<String> {
    title.into().split('\n').map(str::to_owned).collect()
}

/// A column of names, which takes its share of the free width.
pub(crate) fn words(title: impl Into<String>, share: f64) -> GridColumn {
    GridColumn { title: lines(title), align: "left", share }
}

/// A column of short texts.
pub(crate) fn short(title: impl Into<String>) -> GridColumn {
    GridColumn { title: lines(title), align: "left", share: 0.0 }
}

/// A column of numbers.
pub(crate) fn figures(title: impl Into<String>) -> GridColumn {
    GridColumn { title: lines(title), align: "right", share: 0.0 }
}
