//! Value at risk and expected shortfall from a law instead of from scenarios.
//!
//! | file | law | use |
//! | --- | --- | --- |
//! | [`multiplier`] | normal, Student t | multiples of a standard deviation; a linear book |
//! | [`cornish_fisher`] | a normal bent by skewness and kurtosis | where its quantile is a quantile, which is checked |
//! | [`delta_gamma`] | a quadratic form of normal factors | option books over small moves, exact for that law |
//! | [`extreme`] | generalised Pareto above a threshold | levels beyond what a sample holds |
//!
//! Figures are losses, positive = loss, never clamped. None of them knows a portfolio: they take moments, sensitivities
//! or losses.

mod complex;
pub mod cornish_fisher;
pub mod delta_gamma;
pub mod extreme;
pub mod multiplier;

pub use cornish_fisher::CornishFisher;
pub use delta_gamma::DeltaGamma;
pub use extreme::{ParetoTail, mean_excess, stability};
pub use multiplier::{Law, VarEs};
