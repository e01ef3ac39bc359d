//! Initial margin as a tail figure of the portfolio's simulated P&L.
//!
//! ```text
//! initial = max( VaR or ES of the losses over the scenarios, 0 ),   maintenance = share x initial
//! ```
//!
//! Source: the figures are those of [`mpor_risk::measure`]; "not below zero" is the rule of every clearing house that takes no
//! credit for a book whose tail gains, and it is a node of the breakdown. The scenarios cover the study's margin
//! period of risk. Says nothing about liquidity, concentration or wrong-way risk: those are add-ons.
//! Expected shortfall is sub-additive. Value at risk is **not sub-additive**; the test
//! `models_that_are_not_sub_additive_have_books_that_show_it` holds books that show it.

use std::borrow::Cow;
use std::sync::Arc;

use mpor_core::{Horizon, Level, Portfolio, Span};
use mpor_risk::{Day, Figure, Measure, Revaluation, RiskMeasure, ScenarioSpec};
use mpor_stats::{QuantileRule, Side};
use serde::Deserialize;
use toml::Table;

use crate::catalog::{KindInfo, Parameter, Size};
use crate::component::Component;
use crate::error::MarginError;
use crate::held::Held;
use crate::model::{Amounts, MarginModel, MarginReport, Merging, Prepared, Sample, Scratch};
use crate::parse;

pub(crate) const INFO: KindInfo = KindInfo {
    id: "var",
    summary: "value at risk or expected shortfall over simulated scenarios",
    source: "quantile rules of Hyndman and Fan (1996); scenario sets as in mpor-risk",
    size: Size::Proportional,
    parameters: &[
        Parameter::required("level", "confidence level, such as 0.99"),
        Parameter::required("scenarios", "{ historical | filtered | monte_carlo = { .. } }"),
        Parameter::optional("measure", "\"var\"", "\"var\" or \"es\""),
        Parameter::optional("quantile", "\"hs_ceil\"", "how a VaR is read off the losses"),
        Parameter::optional("side", "\"loss\"", "quantile of the \"loss\" or of the \"pnl\""),
        Parameter::optional("maintenance", "1", "maintenance margin as a share of initial, 0 to 1"),
    ],
    build,
};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    level: Level,
    scenarios: ScenarioSpec,
    #[serde(default = "value_at_risk")]
    measure: Measure,
    #[serde(default)]
    quantile: QuantileRule,
    #[serde(default)]
    side: Side,
    #[serde(default = "all")]
    maintenance: f64,
}

struct Var {
    id: String,
    parameters: Parameters,
    measure: RiskMeasure,
}

/// A tail figure of one day's scenarios.
pub(crate) struct PreparedVar<'d> {
    /// What is held.
    pub held: Held<'d>,
    /// Its unit P&L.
    pub revaluation: Arc<Revaluation>,
    /// How the initial margin is read off the P&L.
    pub measure: RiskMeasure,
    /// Maintenance margin as a share of initial.
    pub maintenance: f64,
}

fn value_at_risk() -> Measure {
    Measure::Var
}

fn all() -> f64 {
    1.0
}

fn build(name: &str, table: Table) -> Result<Box<dyn MarginModel>, MarginError> {
    let parameters: Parameters = parse::parameters(name, "", table)?;
    if matches!(parameters.scenarios, ScenarioSpec::Grid(_)) {
        let problem = "is a grid, whose points have no probability; use kind = \"scan\" for a grid";
        return Err(parse::refuse(name, "scenarios", problem));
    }
    parameters
        .scenarios
        .check()
        .map_err(|error| parse::refuse(name, "scenarios", format!("cannot be used: {error}")))?;
    let expected = "a share between 0 and 1";
    parse::within(name, "maintenance", parameters.maintenance, (0.0, 1.0), expected)?;
    let Parameters { level, measure, quantile: rule, side, .. } = parameters;
    let measure = RiskMeasure { measure, level, rule, side };
    Ok(Box::new(Var { id: name.to_owned(), parameters, measure }))
}

/// None of the specifications needs more history for a longer margin period of risk, but for the period itself.
pub(crate) fn steps_needed(scenarios: &ScenarioSpec) -> usize {
    let step = Horizon::new(Span::days(1), 1);
    step.map_or(1, |step| scenarios.history_steps(step))
}

impl MarginModel for Var {
    fn id(&self) -> &str {
        &self.id
    }

    fn history_steps(&self) -> usize {
        steps_needed(&self.parameters.scenarios)
    }

    fn merging(&self) -> Merging {
        match self.measure.measure {
            Measure::Es => Merging::NeverMore,
            Measure::Var => Merging::MayBeMore,
        }
    }

    fn prepare<'d>(&self, day: &'d Day<'_>) -> Result<Box<dyn Prepared + 'd>, MarginError> {
        Ok(Box::new(PreparedVar {
            held: Held::new(&self.id, day),
            revaluation: day.revaluation(&self.parameters.scenarios)?,
            measure: self.measure,
            maintenance: self.parameters.maintenance,
        }))
    }
}

impl Prepared for PreparedVar<'_> {
    fn requirement(&self, portfolio: &Portfolio) -> Result<MarginReport, MarginError> {
        let gross_notional = self.held.gross_notional(portfolio)?;
        let figure = self.figure(portfolio, &mut Scratch::default())?;
        let tail = Component::leaf(self.figure_name(), figure.amount);
        let initial = Component::max("not below zero", vec![tail, Component::leaf("zero", 0.0)]);
        let maintenance = Component::scaled("maintenance", self.maintenance, initial.clone());
        let binding = self.binding(figure).map(str::to_owned);
        Ok(MarginReport { initial, maintenance, binding, gross_notional })
    }

    fn amounts<'p>(
        &'p self,
        portfolio: &Portfolio,
        scratch: &mut Scratch,
    ) -> Result<Amounts<'p>, MarginError> {
        let figure = self.figure(portfolio, scratch)?;
        let initial = figure.amount.max(0.0);
        let binding = self.binding(figure).map(Cow::Borrowed);
        Ok(Amounts { initial, maintenance: self.maintenance * initial, binding })
    }

    fn sample(&self, portfolio: &Portfolio) -> Result<Option<Sample>, MarginError> {
        let mut pnl = vec![0.0; self.revaluation.scenarios.len()];
        for position in portfolio.positions() {
            let row = self.held.row(position.instrument)?;
            self.revaluation.add_row(row, position.quantity, &mut pnl);
        }
        let (measure, maintenance) = (self.measure, self.maintenance);
        Ok(Some(Sample { pnl, weights: self.revaluation.weights.clone(), measure, maintenance }))
    }
}

impl PreparedVar<'_> {
    fn figure(
        &self,
        portfolio: &Portfolio,
        Scratch { pnl, tail, .. }: &mut Scratch,
    ) -> Result<Figure, MarginError> {
        pnl.clear();
        pnl.resize(self.revaluation.scenarios.len(), 0.0);
        for position in portfolio.positions() {
            let row = self.held.row(position.instrument)?;
            self.revaluation.add_row(row, position.quantity, pnl);
        }
        Ok(self.measure.of(pnl, self.revaluation.weights.as_deref(), tail)?)
    }

    fn binding(&self, figure: Figure) -> Option<&str> {
        let names = &self.revaluation.scenarios;
        names.get(figure.binding).filter(|_| figure.amount > 0.0).map(String::as_str)
    }

    fn figure_name(&self) -> &'static str {
        match self.measure.measure {
            Measure::Var => "value at risk",
            Measure::Es => "expected shortfall",
        }
    }
}
