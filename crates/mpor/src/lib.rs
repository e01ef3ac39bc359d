//! Historical backtesting and VaR research for portfolio margin: would the margin that a model asked for have covered
//! the loss that then happened, over the margin period of risk, at what cost, and how calmly?
//!
//! A [`StudyFile`] names data, portfolios and models. [`run`](run::run) replays it and writes a folder of tables,
//! figures, a report and a manifest; [`verify`](verify::verify) makes it again and compares the bytes.

pub mod study;

pub use study::{Study, StudyError, StudyFile};
