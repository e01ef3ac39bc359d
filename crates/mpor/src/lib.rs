//! Historical backtesting and VaR research for portfolio margin: would the margin that a model asked for have covered
//! the loss that then happened, over the margin period of risk, at what cost, and how calmly?
//!
//! A [`StudyFile`] names data, portfolios and models. [`run`](run::run) replays it and writes a folder of tables,
//! figures, a report and a manifest; [`verify`](verify::verify) makes it again and compares the bytes.

pub mod bench;
pub mod calibrate;
pub mod catalog;
pub mod code;
pub mod compare;
mod default_fund;
pub mod describe;
pub mod error;
mod evidence;
pub mod explain;
pub mod findings;
mod fits;
mod further;
pub mod init;
pub mod inputs;
mod late_calls;
mod layout;
mod lived;
pub mod loaded;
mod lock;
mod made;
pub mod manifest;
pub mod margin_at;
mod mark_gap;
pub mod market;
mod moment;
mod offsets;
mod oracle;
mod oracle_report;
mod plan;
pub mod progress;
mod report;
pub mod report_again;
pub mod run;
mod sample;
mod scan_map;
mod shards;
mod share;
pub mod spn;
mod stage;
pub mod stress;
pub mod study;
pub mod verdict;
pub mod verify;

pub use error::MporError;
pub use loaded::Loaded;
pub use mpor_core::{Column, Span, Table, TimeError, Timestamp};
pub use mpor_data::{Frame, import};
pub use progress::{Progress, Silent};
pub use report::Asked as ReportAsked;
pub use study::json_schema::json_schema;
pub use study::{Study, StudyError, StudyFile};
