//! `[backtest]`: how requirement and loss are compared.

use mpor_backtest::coverage::Wanted;
use mpor_core::Level;
use serde::{Deserialize, Serialize};

/// How requirement and loss are compared.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct BacktestSpec {
    /// Coverage that the models are tested against.
    pub level: Level,
    /// `"standard"` (those that are fast, one a question), `"all"`, or a list of test names.
    pub tests: Tests,
    /// Whether every requirement is stored with its parts.
    pub components: bool,
    /// Whether the tables that supervisors ask for are written: achieved coverage and calls in the form of the public
    /// quantitative disclosures, severity, margin to volatility, core model against what was required, P&L attribution.
    pub disclosures: bool,
}

/// Which coverage tests are run.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(
    untagged,
    expecting = "write \"standard\", \"all\", or a list of test names (see `mpor tests`)"
)]
pub enum Tests {
    /// A word.
    Word(TestsWord),
    /// Names from the catalog.
    Some(Vec<String>),
}

/// A word that stands for tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TestsWord {
    /// Those that are fast, one a question.
    Standard,
    /// All there are.
    All,
}

impl Tests {
    /// As the backtest takes it.
    pub(crate) fn wanted(&self) -> Wanted<'_> {
        match self {
            Tests::Word(TestsWord::Standard) => Wanted::Standard,
            Tests::Word(TestsWord::All) => Wanted::All,
            Tests::Some(names) => Wanted::Named(names),
        }
    }
}

impl Default for BacktestSpec {
    fn default() -> Self {
        BacktestSpec {
            level: Level::P99,
            tests: Tests::Word(TestsWord::Standard),
            components: true,
            disclosures: true,
        }
    }
}
