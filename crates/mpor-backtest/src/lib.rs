//! Replay, realised losses, breaches, coverage tests, procyclicality and comparison.

pub mod coverage;
pub mod procyclicality;
pub mod result;

pub use result::{
    BacktestResult, Breach, Cause, LossPath, ModelInfo, ProcyclicalityRow, RequirementPath,
};
