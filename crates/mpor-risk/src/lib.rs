//! Scenarios, revaluation, P&L, value at risk and expected shortfall.

pub mod caviar;
mod checks;
pub mod contribution;
pub mod correlation;
pub mod day;
mod descent;
pub mod error;
pub mod gas;
pub mod grid_scan;
pub mod measure;
pub mod parametric;
pub mod predicted;
pub mod revaluation;
pub mod revalue;
pub mod scenario;
pub mod series;
pub mod set;
pub mod simulation;
pub mod status;
pub mod stress;
pub mod volatility;

pub use day::Day;
pub use descent::SearchOptions;
pub use error::RiskError;
pub use measure::{Figure, Measure, RiskMeasure, Scratch, worst_mean};
pub use predicted::PredictedLaw;
pub use revaluation::{Revaluation, add_pnl};
pub use revalue::revalue;
pub use scenario::ScenarioSpec;
pub use set::{ScenarioSet, SmileDynamics, TenorRatios, VolMoves};
pub use status::Status;
