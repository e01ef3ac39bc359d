//! One value of a foreign file, as far as the file says what it is.

use std::borrow::Cow;

/// A cell.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell<'a> {
    /// Nothing: null, or an empty text.
    Empty,
    /// Text.
    Text(Cow<'a, str>),
    /// Bytes that are not UTF-8.
    Garbled,
    /// A whole number.
    Whole(i64),
    /// A number.
    Number(f64),
    /// Yes or no.
    Flag(bool),
    /// Microseconds since the epoch; on a clock without a zone where `zoned` is false.
    Instant {
        /// Microseconds.
        micros: i64,
        /// Whether they are UTC for certain.
        zoned: bool,
    },
    /// Days since the epoch.
    Day(i64),
}

/// Texts that other tools write for nothing.
const NOTHING: &[&str] = &["", "null", "NULL", "None", "NaN", "nan", "NA", "N/A", "-nan", "\\N"];

impl<'a> Cell<'a> {
    pub fn text(text: &'a str) -> Self {
        let text = text.trim();
        // Few cells begin like one of the words, so most are not compared with them.
        let word = !text.starts_with(|c: char| c.is_ascii_digit());
        if word && NOTHING.contains(&text) { Cell::Empty } else { Cell::Text(Cow::Borrowed(text)) }
    }

    /// As people would write it.
    pub fn shown(&self) -> String {
        match self {
            Cell::Empty => "nothing".to_owned(),
            Cell::Text(text) => format!("`{text}`"),
            Cell::Garbled => "bytes that are not UTF-8".to_owned(),
            Cell::Whole(value) => value.to_string(),
            Cell::Number(value) => value.to_string(),
            Cell::Flag(value) => value.to_string(),
            Cell::Instant { micros, .. } => mpor_core::Timestamp(*micros).to_string(),
            Cell::Day(days) => format!("day {days} since 1970"),
        }
    }

    /// A finite number, where the cell is one. Words such as `inf` are none.
    pub fn number(&self, comma: bool) -> Option<f64> {
        match self {
            Cell::Whole(value) => Some(*value as f64),
            Cell::Number(value) => Some(*value),
            Cell::Text(text) if comma => text.replace(',', ".").parse().ok(),
            Cell::Text(text) => text.parse().ok(),
            _ => None,
        }
        .filter(|value: &f64| value.is_finite())
    }

    pub fn owned(&self) -> Cell<'static> {
        match self {
            Cell::Empty => Cell::Empty,
            Cell::Text(text) => Cell::Text(Cow::Owned(text.clone().into_owned())),
            Cell::Garbled => Cell::Garbled,
            Cell::Whole(value) => Cell::Whole(*value),
            Cell::Number(value) => Cell::Number(*value),
            Cell::Flag(value) => Cell::Flag(*value),
            Cell::Instant { micros, zoned } => Cell::Instant { micros: *micros, zoned: *zoned },
            Cell::Day(days) => Cell::Day(*days),
        }
    }
}
