//! `[backtest]`: how requirement and loss are compared.

use mpor_backtest::adequacy::AddOns;
use mpor_backtest::coverage::Wanted;
use mpor_core::Level;
use serde::{Deserialize, Serialize};

/// How requirement and loss are compared.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct BacktestSpec {
    /// Coverage that the models are tested against.
    pub level: Level,
    /// `"standard"` (those that are fast, one a question), `"coverage"` (of these the coverage tests), `"all"`, or a list of test names.
    pub tests: Tests,
    /// Whether every requirement is stored with its parts.
    pub components: bool,
    /// Whether forecasts of P&L are kept and tested, of the models that make some; tests that need them, asked for by name or by
    /// `"all"`, have them kept too, and models that fit something to each book always do.
    pub forecasts: bool,
    /// Whether the tables that supervisors ask for are written: achieved coverage and calls in the form of the public
    /// quantitative disclosures, severity, margin to volatility, core model against what was required, P&L attribution.
    pub disclosures: bool,
    /// Parts of a model's requirement that are add-ons, by the model's name: what the core model is told apart from.
    #[serde(skip_serializing_if = "AddOns::is_empty")]
    pub add_ons: AddOns,
}

/// Which coverage tests are run.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(
    untagged,
    expecting = "write \"standard\", \"coverage\", \"all\", or a list of test names (see `mpor tests`)"
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
    /// Of these the coverage tests: with very many accounts nothing that sets them beside each other.
    Coverage,
    /// All there are.
    All,
}

impl BacktestSpec {
    /// Whether the replay keeps the forecasts of every model.
    pub(crate) fn keeps_forecasts(&self) -> bool {
        self.forecasts || mpor_backtest::evidence::needs_forecasts(self.tests.wanted())
    }
}

impl Tests {
    /// As the backtest takes it.
    pub(crate) fn wanted(&self) -> Wanted<'_> {
        match self {
            Tests::Word(TestsWord::Standard) => Wanted::Standard,
            Tests::Word(TestsWord::Coverage) => Wanted::Coverage,
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
            forecasts: false,
            disclosures: true,
            add_ons: AddOns::new(),
        }
    }
}
