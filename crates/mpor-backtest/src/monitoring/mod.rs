//! Is the forecast still right, asked every day without a fixed sample?
//!
//! A p-value holds once, at a sample size fixed beforehand. A regulator looks every day, and stops when something looks wrong. An
//! [e-process](e_process) is a wealth that a right forecast cannot grow: it may be read, and acted on, on any day. How much is staked each
//! day is a [betting strategy](betting), which sees the days before and nothing else.

pub mod betting;
pub mod e_process;

pub use betting::Strategy;
pub use e_process::{Monitor, expected_shortfall, value_at_risk};
