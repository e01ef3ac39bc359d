//! Replay, realised losses, breaches, coverage tests, procyclicality and comparison.
//!
//! [`replay`](replay::replay) turns a history, books and models into one [`DayResult`] a margin date; [`shard`] writes those
//! to tables and reads them back; [`assemble`](assemble::assemble) applies overlays, finds and explains breaches, tests
//! coverage and measures procyclicality, and [`Blocks`] does so for very many accounts, block by block;
//! [`tables`] lays the result out, [`supervisory`] as validators and supervisors ask for it.

pub mod adequacy;
pub mod assemble;
pub mod attribution;
pub mod auction;
pub mod blocks;
pub mod books;
mod breaches;
pub mod calls;
pub mod comparison;
pub mod cost;
pub mod coverage;
pub mod day;
pub mod default_fund;
pub mod error;
pub mod es_tests;
pub mod evidence;
pub mod explain;
pub mod figures;
pub mod folded;
pub mod forecast_paths;
pub mod liquidation;
pub mod margin_to_volatility;
pub mod monitoring;
mod observations;
pub mod offset;
pub mod paths;
pub mod pqd;
pub mod procyclicality;
pub mod realised;
pub mod replay;
pub mod result;
pub mod severity;
pub mod shard;
pub mod standards;
pub mod supervisory;
pub mod tables;
mod turnover;

pub use assemble::{Assembly, assemble};
pub use blocks::{Block, Blocks, Keep};
pub use cost::CostRow;
pub use coverage::{CoverageRow, Light, TestRow, Zone};
pub use day::{DayResult, ModelDay, Parts};
pub use error::BacktestError;
pub use evidence::Evidence;
pub use figures::Figures;
pub use folded::Folded;
pub use forecast_paths::{DayForecast, DayForecasts, ForecastPath};
pub use paths::{Paths, paths};
pub use procyclicality::Procyclicality;
pub use realised::{AccountLoss, UnitPnl};
pub use replay::{ReplayConfig, first_step, replay};
pub use result::{
    BacktestResult, Breach, Cause, LossPath, ModelInfo, OwnPath, ProcyclicalityRow,
    RequirementPath, SourceCounts,
};
