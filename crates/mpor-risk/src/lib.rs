//! Scenarios, revaluation, P&L, value at risk and expected shortfall.

mod checks;
pub mod contribution;
pub mod correlation;
pub mod day;
mod descent;
pub mod error;
pub mod measure;
pub mod parametric;
pub mod revaluation;
pub mod revalue;
pub mod scenario;
pub mod series;
pub mod set;
pub mod simulation;
pub mod stress;
pub mod volatility;

pub use day::Day;
pub use error::RiskError;
pub use measure::{Figure, Measure, RiskMeasure, Scratch, worst_mean};
pub use revaluation::Revaluation;
pub use revalue::revalue;
pub use scenario::ScenarioSpec;
pub use set::{ScenarioSet, SmileDynamics, TenorRatios, VolMoves};
