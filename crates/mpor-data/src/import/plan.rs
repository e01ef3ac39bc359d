//! How the rows of one file become rows of the table, with nothing left open.

use mpor_core::Span;

use crate::import::format::{LeftOut, Origin};
use crate::import::spec::{Clock, Duplicates, Format};
use crate::import::time::TimeForm;
use crate::import::zone::Zone;
use crate::schema::Schema;

/// From a stamp to the instant from which the row is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// The stamp is that instant.
    AtStamp,
    /// It is this long after.
    After(Span),
    /// The stamp is a date; it is this time of that day.
    On(Clock),
}

/// A plan; its `Debug` text is part of what identifies a finished part of an import.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plan {
    pub format: Format,
    pub table: Schema,
    /// By column of the table.
    pub origins: Vec<Origin>,
    /// Cells that a row has, where rows can differ.
    pub width: usize,
    pub form: TimeForm,
    /// The clock of times without an offset.
    pub zone: Option<Zone>,
    pub known: Known,
    /// Time of day, UTC, of expiries without one.
    pub expiry: Option<Clock>,
    pub round: Option<Span>,
    /// Volatilities are divided by this.
    pub vol_divisor: f64,
    /// Whether the decimal sign is a comma.
    pub comma: bool,
    pub left_out: Option<LeftOut>,
    pub duplicates: Duplicates,
}

/// Columns that are volatilities a year.
pub(crate) const VOLS: &[&str] = &["iv", "mark_iv", "bid_iv", "ask_iv"];
