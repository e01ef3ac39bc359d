//! A margin rule as code: asked about all portfolios of a day at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use mpor_core::Portfolio;
use mpor_risk::{Day, Revaluation, ScenarioSpec};
use serde::Deserialize;
use toml::Table;

use super::{CodeAnswer, CodeRule, Shown, fault};
use crate::component::Component;
use crate::error::MarginError;
use crate::held::Held;
use crate::model::{MarginModel, MarginReport, Prepared};
use crate::models::var::steps_needed;
use crate::parse;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    /// Steps of the past that the rule is shown, the margin date included.
    #[serde(default = "one")]
    history: usize,
    /// Scenarios whose unit P&L the rule is given.
    scenarios: Option<ScenarioSpec>,
    /// Which state of the code it is. Not used: it stands in the study, so that a run of other code is another run.
    #[serde(default, rename = "version")]
    _version: Option<String>,
}

#[derive(Debug)]
struct RuleModel {
    id: String,
    parameters: Parameters,
    rule: Arc<dyn CodeRule>,
}

struct PreparedRule<'d> {
    held: Held<'d>,
    day: &'d Day<'d>,
    history: usize,
    unit: Option<Arc<Revaluation>>,
    rule: Arc<dyn CodeRule>,
    announced: Mutex<Announced>,
}

/// Answers by the address of a portfolio's positions. The portfolio is kept beside its answer, so that no other can come to lie
/// there.
type Announced = BTreeMap<usize, (Portfolio, CodeAnswer)>;

fn one() -> usize {
    1
}

pub(super) fn build(
    name: &str,
    table: Table,
    rule: Arc<dyn CodeRule>,
) -> Result<Box<dyn MarginModel>, MarginError> {
    let parameters: Parameters = parse::parameters(name, "", table)?;
    if parameters.history == 0 {
        return Err(parse::refuse(name, "history", "is 0; the margin date itself is one step"));
    }
    if let Some(scenarios) = &parameters.scenarios {
        let refuse = |error| parse::refuse(name, "scenarios", format!("cannot be used: {error}"));
        scenarios.check().map_err(refuse)?;
    }
    Ok(Box::new(RuleModel { id: name.to_owned(), parameters, rule }))
}

impl MarginModel for RuleModel {
    fn id(&self) -> &str {
        &self.id
    }

    fn history_steps(&self) -> usize {
        let scenarios = self.parameters.scenarios.as_ref().map_or(1, steps_needed);
        self.parameters.history.max(scenarios)
    }

    fn prepare<'d>(&self, day: &'d Day<'_>) -> Result<Box<dyn Prepared + 'd>, MarginError> {
        let unit = self.parameters.scenarios.as_ref().map(|spec| day.revaluation(spec));
        Ok(Box::new(PreparedRule {
            held: Held::new(&self.id, day),
            day,
            history: self.parameters.history,
            unit: unit.transpose()?,
            rule: Arc::clone(&self.rule),
            announced: Mutex::default(),
        }))
    }
}

impl PreparedRule<'_> {
    fn ask(&self, portfolios: &[Portfolio]) -> Result<Vec<CodeAnswer>, MarginError> {
        let fault = |problem| fault(self.held.model(), problem);
        let (day, history, unit) = (self.day, self.history, self.unit.as_deref());
        let shown = Shown { day, history, unit };
        let answers = self.rule.requirements(&shown, portfolios).map_err(fault)?;
        if answers.len() != portfolios.len() {
            let (found, expected) = (answers.len(), portfolios.len());
            return Err(fault(format!("{found} requirements for {expected} accounts")));
        }
        match answers.iter().position(|answer| !answer.is_sound()) {
            None => Ok(answers),
            Some(account) => {
                let CodeAnswer { initial, maintenance, .. } = answers[account];
                Err(fault(format!(
                    "account {account}: initial margin {initial} and maintenance margin {maintenance}; both are finite numbers, and \
                     maintenance is not above initial"
                )))
            }
        }
    }

    fn answer(&self, portfolio: &Portfolio) -> Result<CodeAnswer, MarginError> {
        if portfolio.is_empty() {
            return Ok(CodeAnswer { initial: 0.0, maintenance: 0.0, binding: None });
        }
        let known = self.announced.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, answer)) = known.get(&address(portfolio)) {
            return Ok(answer.clone());
        }
        drop(known);
        let mut answers = self.ask(std::slice::from_ref(portfolio))?;
        answers.pop().ok_or_else(|| fault(self.held.model(), "no requirement".to_owned()))
    }
}

impl Prepared for PreparedRule<'_> {
    fn announce(&self, portfolios: &[Portfolio]) -> Result<(), MarginError> {
        let mut distinct: Vec<Portfolio> = portfolios.to_vec();
        distinct.retain(|portfolio| !portfolio.is_empty());
        // The order of the accounts stays; one that holds what another holds at the same address is asked about once.
        let mut seen = BTreeSet::new();
        distinct.retain(|portfolio| seen.insert(address(portfolio)));
        if distinct.is_empty() {
            return Ok(());
        }
        let answers = self.ask(&distinct)?;
        let mut known = self.announced.lock().unwrap_or_else(PoisonError::into_inner);
        known.extend(
            distinct.into_iter().zip(answers).map(|(p, answer)| (address(&p), (p, answer))),
        );
        Ok(())
    }

    fn requirement(&self, portfolio: &Portfolio) -> Result<MarginReport, MarginError> {
        let gross_notional = self.held.gross_notional(portfolio)?;
        let answer = self.answer(portfolio)?;
        Ok(MarginReport {
            initial: Component::leaf("rule given as code", answer.initial),
            maintenance: Component::leaf("rule given as code", answer.maintenance),
            binding: answer.binding,
            gross_notional,
        })
    }
}

fn address(portfolio: &Portfolio) -> usize {
    portfolio.positions().as_ptr().addr()
}

impl CodeAnswer {
    fn is_sound(&self) -> bool {
        self.initial.is_finite() && self.maintenance.is_finite() && self.maintenance <= self.initial
    }
}
