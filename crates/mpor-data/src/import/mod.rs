//! Foreign history to the canonical tables: which columns, which clock, which units, and what could not be used.
//!
//! ```text
//! files -> records -> plan -> typed rows -> sorted runs -> merged table -> Parquet + report
//!                      |                    (<out>.parts)
//!            questions, answered by the user
//! ```
//!
//! Three rules. What a file cannot say (the zone of its clock, whether a bar is stamped at its open or its close, the
//! unit of a volatility) is stated by the user, or shown with the evidence and confirmed; see [`Question`]. Memory does
//! not grow with the input: rows are read one by one, sorted in runs on the disk and merged. Nothing is silent: rows
//! refused, duplicates, reordering, rounding and every assumption are counted in the [`Report`].

mod aliases;
mod bytes;
mod cell;
mod checked;
mod columnar;
mod convert;
mod csv;
mod engine;
mod error;
mod evidence;
mod examine;
mod format;
mod hash;
mod json;
mod merge;
mod name;
mod option_name;
mod output;
mod parts;
mod pieces;
mod plan;
mod probe;
mod question;
mod records;
mod report;
mod rows;
mod spec;
mod time;
mod zone;

pub use engine::{Watch, import};
pub use error::ImportError;
pub use question::Question;
pub use report::{Assumed, Changed, FileReport, Findings, Refused, Report, Sample};
pub use spec::{Clock, Duplicates, Format, Spec, Stamp, VolUnit};
pub use zone::Zone;
