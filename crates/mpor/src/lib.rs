//! Historical backtesting and VaR research for portfolio margin: would the margin that a model asked for have covered
//! the loss that then happened, over the margin period of risk, at what cost, and how calmly?
//!
//! A [`StudyFile`] names data, portfolios and models. [`run`](run::run) replays it and writes a folder of tables,
//! figures, a report and a manifest; [`verify`](verify::verify) makes it again and compares the bytes.

pub mod calibrate;
pub mod catalog;
pub mod code;
pub mod describe;
pub mod error;
pub mod explain;
pub mod findings;
pub mod inputs;
mod lived;
pub mod loaded;
mod lock;
pub mod manifest;
pub mod margin_at;
mod mark_gap;
pub mod market;
mod moment;
mod oracle;
mod oracle_report;
mod plan;
pub mod progress;
mod report;
pub mod run;
mod scan_map;
mod shards;
mod share;
pub mod spn;
pub mod study;
pub mod verdict;
pub mod verify;

pub use error::MporError;
pub use loaded::Loaded;
pub use mpor_core::{Column, Span, Table, TimeError, Timestamp};
pub use mpor_data::{Frame, import};
pub use progress::{Progress, Silent};
pub use study::{Study, StudyError, StudyFile};
