//! Margin rules and scenario sets as functions from tables to a table: what a study's `kind = "code"` stands for.
//!
//! ```text
//! Seen { past, instruments, positions, pnl }  --rule-->       account, initial [, maintenance, binding]
//! Seen { past, instruments }                  --scenarios-->  scenario, underlying, spot [, vol, carry, perpetual, weight]
//! ```
//!
//! The tables are made of the margin date's [`Day`](mpor_risk::Day), which holds nothing later: a function cannot look ahead.

mod answers;
mod seen;

use std::fmt;
use std::sync::Arc;

use mpor_core::{Portfolio, Table};
use mpor_margin::{Code, CodeAnswer, CodeRule, CodeScenarios, Shown};
use mpor_risk::ScenarioSet;

pub use seen::Seen;

/// A function of a margin date. What it refuses is told with the model and the date.
pub type Function = dyn Fn(&Seen) -> Result<Table, String> + Send + Sync;

/// A rule that is a function: it answers with the columns `account` (as in `positions`), `initial` and, where they differ or are
/// known, `maintenance` and `binding`.
#[must_use]
pub fn rule(function: Arc<Function>) -> Code {
    Code::Rule(Arc::new(ByTable(function)))
}

/// Scenarios that are a function: it answers with the columns `scenario`, `underlying`, `spot` (relative move) and, where they are
/// not nothing, `vol` (ratio of new to old volatility), `carry` (absolute move per year), `perpetual` (relative move of its
/// premium) and `weight`.
#[must_use]
pub fn scenarios(function: Arc<Function>) -> Code {
    Code::Scenarios(Arc::new(ByTable(function)))
}

struct ByTable(Arc<Function>);

impl fmt::Debug for ByTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a function of tables")
    }
}

impl CodeRule for ByTable {
    fn requirements(
        &self,
        shown: &Shown<'_>,
        portfolios: &[Portfolio],
    ) -> Result<Vec<CodeAnswer>, String> {
        let seen = Seen::with_positions(shown, portfolios).map_err(|error| error.to_string())?;
        answers::requirements(&(self.0)(&seen)?, portfolios.len())
    }
}

impl CodeScenarios for ByTable {
    fn scenarios(&self, shown: &Shown<'_>) -> Result<ScenarioSet, String> {
        let seen = Seen::of(shown).map_err(|error| error.to_string())?;
        answers::scenarios(&(self.0)(&seen)?, shown.day)
    }
}
