//! What can go wrong between a result and its report.

/// A report that cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// Parts of the result that must have the same length do not.
    #[error("the result has {found} {what}, expected {expected}: run the backtest again")]
    Misaligned {
        /// What was counted.
        what: String,
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
    /// The result points at a model, account or step that it does not have.
    #[error(
        "the result's {what} {index} does not exist: there are {count}; run the backtest again"
    )]
    NoSuchIndex {
        /// What the index counts.
        what: &'static str,
        /// The index found.
        index: usize,
        /// How many there are.
        count: usize,
    },
    /// A number is not finite.
    #[error("{what} holds {value}, which is not a finite number: run the backtest again")]
    NotFinite {
        /// Where it was found.
        what: String,
        /// The value.
        value: f64,
    },
    /// There is nothing to report on.
    #[error(
        "the result has no {what}: a report needs at least one model, one account and one margin date"
    )]
    Empty {
        /// What is missing.
        what: &'static str,
    },
    /// The account to show is not in the result.
    #[error(
        "the report is to show account `{name}`, which the result does not have: name one of its accounts"
    )]
    NoSuchAccount {
        /// The account asked for.
        name: String,
    },
    /// A figure's source table is ragged.
    #[error(transparent)]
    Table(#[from] mpor_core::CoreError),
    /// The chart library refused a drawing.
    #[error("figure `{figure}` could not be drawn: {reason}")]
    Draw {
        /// The figure.
        figure: String,
        /// What the chart library says.
        reason: String,
    },
    /// The picture could not be made from the drawing.
    #[error("figure `{figure}` could not be turned into a picture: {reason}")]
    Picture {
        /// The figure.
        figure: String,
        /// What the rasteriser says.
        reason: String,
    },
    /// The embedded font files are damaged.
    #[error("embedded font {name} cannot be read: the program was built from a damaged checkout")]
    Font {
        /// The font file.
        name: &'static str,
    },
    /// The page setter refused the document.
    #[error("the PDF could not be typeset: {0}")]
    Typeset(String),
    /// The report's data could not be written for the page setter.
    #[error("the report's data could not be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}
