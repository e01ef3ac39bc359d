//! Scenarios, revaluation, P&L, value at risk and expected shortfall.

pub mod day;
pub mod error;
pub mod revaluation;

pub use day::Day;
pub use error::RiskError;
pub use revaluation::Revaluation;
