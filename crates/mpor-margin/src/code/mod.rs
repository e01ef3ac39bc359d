//! Margin models that are code instead of parameters: a rule that answers for portfolios, or scenarios for a tail figure.
//!
//! A study writes `kind = "code"`; what stands behind the model's name is handed to the [`RuleLibrary`] by whoever embeds mpor.
//! Code sees a [`Day`]: the past up to the margin date, the market at it, and what is held. It has no way to ask for more.

mod rule;
mod tail;

use std::fmt::Debug;
use std::sync::Arc;

use mpor_core::Portfolio;
use mpor_risk::{Day, Revaluation, ScenarioSet};
use toml::Table;

use crate::error::MarginError;
use crate::model::MarginModel;
use crate::parse;
use crate::rules::RuleLibrary;

/// As the study writes it: `kind = "code"`.
pub const KIND: &str = "code";
/// What it is, in a sentence.
pub(crate) const SUMMARY: &str = "a rule of the user's own, given as code";

/// What stands behind a model that is code.
#[derive(Clone, Debug)]
pub enum Code {
    /// A margin rule.
    Rule(Arc<dyn CodeRule>),
    /// Scenarios, whose tail is the requirement.
    Scenarios(Arc<dyn CodeScenarios>),
}

/// What a rule asks of one portfolio, in reporting currency, positive = money needed.
#[derive(Clone, Debug, PartialEq)]
pub struct CodeAnswer {
    /// Initial margin.
    pub initial: f64,
    /// Maintenance margin, at most the initial margin.
    pub maintenance: f64,
    /// What decided it.
    pub binding: Option<String>,
}

/// What code is shown of a margin date: nothing of it reaches past the date.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'d> {
    /// The day.
    pub day: &'d Day<'d>,
    /// Steps of its past that the model asked for, the margin date included.
    pub history: usize,
    /// The unit P&L under the scenarios that the model's `scenarios` names, where it names any.
    pub unit: Option<&'d Revaluation>,
}

/// A margin rule as code. Equal days and portfolios must give equal answers, whatever else is asked beside them.
pub trait CodeRule: Debug + Send + Sync {
    /// The requirements of portfolios on a day, one each and in their order.
    ///
    /// # Errors
    /// What is wrong, for people.
    fn requirements(
        &self,
        shown: &Shown<'_>,
        portfolios: &[Portfolio],
    ) -> Result<Vec<CodeAnswer>, String>;
}

/// A scenario set as code.
pub trait CodeScenarios: Debug + Send + Sync {
    /// The scenarios of a day.
    ///
    /// # Errors
    /// What is wrong, for people.
    fn scenarios(&self, shown: &Shown<'_>) -> Result<ScenarioSet, String>;
}

/// Builds the model `name` from its code in the library.
pub(crate) fn build(
    name: &str,
    table: Table,
    library: &RuleLibrary,
) -> Result<Box<dyn MarginModel>, MarginError> {
    match library.code(name) {
        Some(Code::Rule(rule)) => rule::build(name, table, Arc::clone(rule)),
        Some(Code::Scenarios(make)) => tail::build(name, table, Arc::clone(make)),
        None => {
            let problem = "is \"code\": the rule is a function that was given with the study when it was run, and it is not here; \
                 run the study from the program that has it";
            Err(parse::refuse(name, "kind", problem))
        }
    }
}

/// An error of the code itself.
fn fault(model: &str, problem: String) -> MarginError {
    MarginError::Code { model: model.to_owned(), problem }
}
