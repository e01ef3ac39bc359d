//! How fast is the library, on work that other tools can do too? Workloads on Parquet inputs, each with figures to check the answer by.
//!
//! | workload | work |
//! | --- | --- |
//! | W1 | a long table of prices to a matrix of log returns |
//! | W2 | rolling VaR and ES by historical simulation: plain, age-weighted, volatility-weighted |
//! | W3 | GARCH(1,1) refitted along series, filtered VaR every day |
//! | W4 | options, futures and perpetuals revalued in full under joint moves of price and volatility |
//! | W5 | a portfolio margin of many accounts, every day: the worst of 33 scenarios, underlying by underlying |
//! | W6 | coverage tests of many series |
//! | W7 | Monte Carlo VaR of 50 assets: multivariate Student t, and a Student copula with empirical marginals |
//! | e2e | one job from Parquet to tests: P&L by revaluation, filtered VaR and ES, margin, coverage |
//!
//! A [`Job`] does its work once a call with the functions that studies use; what it works on is read before. [`Answer`] keeps what was
//! computed, and its figures are summed only when they are asked for, so that summing is not timed.

mod e2e;
mod inputs;
mod w1;
mod w2;
mod w3;
mod w4;
mod w5;
mod w6;
mod w7;

use std::path::Path;

use serde_json::{Map, Value};

use crate::error::MporError;

/// Names of the workloads.
pub const WORKLOADS: [&str; 8] = ["W1", "W2", "W3", "W4", "W5", "W6", "W7", "e2e"];

/// Figures of an answer by name.
pub type Check = Map<String, Value>;

/// What one call computed.
pub type Answer = Box<dyn FnOnce() -> Check>;

/// A piece of work that can be timed.
pub struct Job {
    /// Which of the workload's variants, and how much: `hs`, `200 acc x 250 d x 33`.
    pub what: String,
    /// Units of work in a call.
    pub units: usize,
    /// What a unit is.
    pub unit: &'static str,
    /// What a reader of the figure must know.
    pub note: String,
    /// Does the work once.
    pub run: Box<dyn Fn() -> Result<Answer, MporError> + Send + Sync>,
}

/// The jobs of a workload on the inputs in a folder.
///
/// # Errors
/// [`MporError::Question`] for another name, [`MporError::Data`] for inputs that are missing or not what the workload reads.
pub fn jobs(workload: &str, data: &Path) -> Result<Vec<Job>, MporError> {
    match workload {
        "W1" => w1::jobs(data),
        "W2" => w2::jobs(data),
        "W3" => w3::jobs(data),
        "W4" => w4::jobs(data),
        "W5" => w5::jobs(data),
        "W6" => w6::jobs(data),
        "W7" => w7::jobs(data),
        "e2e" => e2e::jobs(data),
        other => {
            let known = WORKLOADS.join(", ");
            Err(MporError::Question(format!("no workload `{other}`; there is {known}")))
        }
    }
}

/// Figures to so many significant digits.
fn check<const N: usize>(digits: usize, figures: [(&str, f64); N]) -> Check {
    let figure =
        |(name, value): (&str, f64)| (name.to_owned(), Value::from(rounded(value, digits)));
    figures.into_iter().map(figure).collect()
}

fn rounded(value: f64, digits: usize) -> f64 {
    format!("{value:.*e}", digits.saturating_sub(1)).parse().unwrap_or(value)
}

/// Anything that stops a computation of the benchmark.
fn failed(error: impl std::fmt::Display) -> MporError {
    MporError::Question(format!("the benchmark stopped: {error}"))
}
