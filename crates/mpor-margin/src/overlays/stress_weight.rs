//! A weight on stressed markets, in both readings of the rule.
//!
//! ```text
//! reading = "amounts"         (1 - weight) M + weight M_stress
//! reading = "observations"    M + (P - M_own),  P = the model's figure over one pooled sample: its own scenarios weigh
//!                             1 - weight together and the stressed ones weight
//! ```
//!
//! with `M` the requirement as it comes to the overlay, `M_own` the model's own and `M_stress` what the model under `stress`
//! asks for the same book. Source: Delegated Regulation (EU) 153/2013, Art. 28(1)(b), a weight of at least 25 % on stressed
//! observations, which leaves the reading open; both are in use. The second needs two models that are tail figures of a
//! sample (kind `var`): the figure is the model's own, on weighted scenarios, and not below zero. Pooling may lower the
//! requirement where the stressed scenarios are mild, which is the reader's sign that they are no stress.

use std::sync::Arc;

use mpor_core::Portfolio;
use mpor_risk::Day;
use serde::Deserialize;
use toml::Table;

use super::other_model::{INITIAL, MAINTENANCE, OtherModel};
use super::{OverlayInfo, added};
use crate::catalog::Parameter;
use crate::component::Component;
use crate::error::MarginError;
use crate::model::{MarginModel, MarginReport, Prepared, Sample, Scratch};
use crate::overlay::{AccountPast, BookRule, Memory, Overlay, PreparedBook};
use crate::parse;
use crate::rules::RuleLibrary;
use crate::spec;

pub(crate) const INFO: OverlayInfo = OverlayInfo {
    id: "stress_weight",
    summary: "a weight on stressed markets: on the amount of another model, or on its scenarios in one pooled sample",
    parameters: &[
        Parameter::optional("weight", "0.25", "weight of the stressed part, 0 to 1"),
        Parameter::optional("reading", "\"amounts\"", "\"amounts\" or \"observations\""),
        Parameter::required("stress", "the model of the stressed markets, as a [[model]]"),
    ],
    build,
};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default = "quarter")]
    weight: f64,
    #[serde(default)]
    reading: Reading,
    stress: Table,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reading {
    /// A weight on amounts of money.
    #[default]
    Amounts,
    /// A weight on scenarios.
    Observations,
}

enum StressWeight {
    Amounts { weight: f64, stress: OtherModel },
    Observations(Pool),
}

#[derive(Clone)]
struct Pool {
    /// The study's model, for errors.
    of: String,
    weight: f64,
    stress: Arc<dyn MarginModel>,
}

struct PreparedPool<'d> {
    pool: Pool,
    stress: Box<dyn Prepared + 'd>,
}

/// Figures of the model's own requirement, which the pooled one is compared with.
const OWN_INITIAL: &str = "own initial";
const OWN_MAINTENANCE: &str = "own maintenance";

fn quarter() -> f64 {
    0.25
}

fn build(
    model: &str,
    table: Table,
    library: &RuleLibrary,
) -> Result<Box<dyn Overlay>, MarginError> {
    let Written { weight, reading, stress } = parse::parameters(model, "stress_weight", table)?;
    let expected = "a weight between 0 and 1, such as 0.25";
    parse::within(model, "stress_weight.weight", weight, (0.0, 1.0), expected)?;
    let stress = Arc::from(spec::nested(model, "stress_weight.stress", stress, library)?);
    Ok(Box::new(match reading {
        Reading::Amounts => StressWeight::Amounts { weight, stress: OtherModel(stress) },
        Reading::Observations => {
            StressWeight::Observations(Pool { of: model.to_owned(), weight, stress })
        }
    }))
}

impl BookRule for Pool {
    fn history_steps(&self) -> usize {
        self.stress.history_steps()
    }

    fn prepare<'d>(&self, day: &'d Day<'_>) -> Result<Box<dyn PreparedBook + 'd>, MarginError> {
        Ok(Box::new(PreparedPool { pool: self.clone(), stress: self.stress.prepare(day)? }))
    }
}

impl PreparedPool<'_> {
    fn no_sample(&self) -> MarginError {
        let problem = "is \"observations\", which needs scenarios with probabilities: the model and its `stress` must be of kind \"var\"; or write reading = \"amounts\"";
        parse::refuse(&self.pool.of, "stress_weight.reading", problem)
    }
}

impl PreparedBook for PreparedPool<'_> {
    fn figures(
        &self,
        own: &dyn Prepared,
        portfolio: &Portfolio,
    ) -> Result<Vec<(String, f64)>, MarginError> {
        let sample = own.sample(portfolio)?.ok_or_else(|| self.no_sample())?;
        let stress = self.stress.sample(portfolio)?.ok_or_else(|| self.no_sample())?;
        let now = own.amounts(portfolio, &mut Scratch::default())?;
        let (pnl, weights) = pooled(&sample, &stress, self.pool.weight);
        let figure = sample.measure.of(&pnl, Some(&weights), &mut mpor_risk::Scratch::default())?;
        let initial = figure.amount.max(0.0);
        Ok(vec![
            (INITIAL.to_owned(), initial),
            (MAINTENANCE.to_owned(), sample.maintenance * initial),
            (OWN_INITIAL.to_owned(), now.initial),
            (OWN_MAINTENANCE.to_owned(), now.maintenance),
        ])
    }
}

/// One sample of both, `weight` of it stressed.
fn pooled(current: &Sample, stressed: &Sample, weight: f64) -> (Vec<f64>, Vec<f64>) {
    let mut weights = Vec::with_capacity(current.pnl.len() + stressed.pnl.len());
    for (side, total) in [(current, 1.0 - weight), (stressed, weight)] {
        match &side.weights {
            None => weights.extend(vec![total / side.pnl.len() as f64; side.pnl.len()]),
            Some(own) => {
                let sum: f64 = own.iter().sum();
                weights.extend(own.iter().map(|one| total * one / sum));
            }
        }
    }
    ([&current.pnl[..], &stressed.pnl[..]].concat(), weights)
}

/// `requirement + weight (stress - requirement)`.
fn blended(requirement: Component, stress: f64, weight: f64) -> Component {
    let parts = vec![
        Component::leaf("stressed requirement", stress),
        Component::leaf("less the requirement before", -requirement.amount()),
    ];
    let above = Component::sum("stressed above it", parts);
    added(requirement, Component::scaled("stress weight", weight, above))
}

/// The requirement with what pooling changes; not below zero.
fn with_pooled(requirement: Component, pooled: f64, own: f64) -> Component {
    let least = Component::leaf("no less than nothing", -requirement.amount());
    let parts = vec![
        Component::leaf("pooled requirement", pooled),
        Component::leaf("less the model's own", -own),
    ];
    let change = Component::sum("pooled above own", parts);
    added(requirement, Component::max("stressed observations", vec![change, least]))
}

impl Overlay for StressWeight {
    fn id(&self) -> &'static str {
        INFO.id
    }

    fn apply(
        &self,
        report: MarginReport,
        past: &AccountPast<'_>,
        _memory: &mut Memory,
    ) -> Result<MarginReport, MarginError> {
        let (stressed, own) = (
            [INITIAL, MAINTENANCE].map(|level| past.figure(level)),
            [OWN_INITIAL, OWN_MAINTENANCE].map(|level| past.figure(level)),
        );
        let on = |requirement: Component, level: usize| match self {
            StressWeight::Amounts { weight, .. } => blended(requirement, stressed[level], *weight),
            StressWeight::Observations(_) => with_pooled(requirement, stressed[level], own[level]),
        };
        let (initial, maintenance) = (on(report.initial, 0), on(report.maintenance, 1));
        Ok(MarginReport { initial, maintenance, ..report })
    }

    fn book(&self) -> Option<&dyn BookRule> {
        match self {
            StressWeight::Amounts { stress, .. } => Some(stress),
            StressWeight::Observations(pool) => Some(pool),
        }
    }
}
