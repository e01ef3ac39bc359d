//! Stress weight: a quarter of the margin comes from a list of stressed periods.
//!
//! ```text
//! of amounts     (1 - w) M + w M_stress
//! of scenarios   one pooled set, the current scenarios weighing 1 - w together and the stressed ones w
//! ```
//!
//! Source: Commission Delegated Regulation (EU) 153/2013, article 28(1)(b), which asks for a weight of at least 25 % and
//! leaves the reading open; both are in use.

use super::{Sampled, Weighted};
use crate::error::RiskError;

/// `(1 - weight) current + weight stressed`.
#[must_use]
pub fn blend_amounts(current: f64, stressed: f64, weight: f64) -> f64 {
    (1.0 - weight) * current + weight * stressed
}

/// One set of the current and the stressed scenarios, with total weights `1 - weight` and `weight`.
///
/// # Errors
/// [`RiskError::Parameter`] for a weight outside (0, 1), [`RiskError::NoScenarios`] when either side has none.
pub fn pooled(current: &Sampled, stressed: &Sampled, weight: f64) -> Result<Weighted, RiskError> {
    if !(weight > 0.0 && weight < 1.0) {
        let (name, expected) = ("stress weight", "strictly between 0 and 1, such as 0.25");
        return Err(RiskError::Parameter { name, found: weight.to_string(), expected });
    }
    let mut pool = Weighted { pnl: Vec::new(), weights: Vec::new() };
    for (side, total) in [(current, 1.0 - weight), (stressed, weight)] {
        let pnl: Vec<f64> = side.samples.iter().flatten().map(|x| x * side.multiple).collect();
        if pnl.is_empty() {
            return Err(RiskError::NoScenarios);
        }
        pool.weights.extend(vec![total / pnl.len() as f64; pnl.len()]);
        pool.pnl.extend(pnl);
    }
    Ok(pool)
}
