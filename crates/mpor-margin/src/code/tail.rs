//! A tail figure over scenarios that are code: what [`var`](crate::models) is over the scenarios of a specification.

use std::sync::Arc;

use mpor_core::Level;
use mpor_risk::{Day, Measure, RiskMeasure, revalue};
use mpor_stats::{QuantileRule, Side};
use serde::Deserialize;
use toml::Table;

use super::{CodeScenarios, Shown, fault};
use crate::error::MarginError;
use crate::held::Held;
use crate::model::{MarginModel, Prepared};
use crate::models::var::PreparedVar;
use crate::parse;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    level: Level,
    /// Steps of the past that the code is shown, the margin date included.
    #[serde(default = "one")]
    history: usize,
    #[serde(default = "value_at_risk")]
    measure: Measure,
    #[serde(default)]
    quantile: QuantileRule,
    #[serde(default)]
    side: Side,
    #[serde(default = "all")]
    maintenance: f64,
    /// Which state of the code it is. Not used: it stands in the study, so that a run of other code is another run.
    #[serde(default, rename = "version")]
    _version: Option<String>,
}

#[derive(Debug)]
struct TailModel {
    id: String,
    history: usize,
    maintenance: f64,
    measure: RiskMeasure,
    make: Arc<dyn CodeScenarios>,
}

fn one() -> usize {
    1
}

fn value_at_risk() -> Measure {
    Measure::Var
}

fn all() -> f64 {
    1.0
}

pub(super) fn build(
    name: &str,
    table: Table,
    make: Arc<dyn CodeScenarios>,
) -> Result<Box<dyn MarginModel>, MarginError> {
    let parameters: Parameters = parse::parameters(name, "", table)?;
    if parameters.history == 0 {
        return Err(parse::refuse(name, "history", "is 0; the margin date itself is one step"));
    }
    let expected = "a share between 0 and 1";
    parse::within(name, "maintenance", parameters.maintenance, (0.0, 1.0), expected)?;
    let Parameters { level, history, measure, quantile: rule, side, maintenance, .. } = parameters;
    let measure = RiskMeasure { measure, level, rule, side };
    Ok(Box::new(TailModel { id: name.to_owned(), history, maintenance, measure, make }))
}

impl MarginModel for TailModel {
    fn id(&self) -> &str {
        &self.id
    }

    fn history_steps(&self) -> usize {
        self.history
    }

    fn prepare<'d>(&self, day: &'d Day<'_>) -> Result<Box<dyn Prepared + 'd>, MarginError> {
        let shown = Shown { day, history: self.history, unit: None };
        let set = self.make.scenarios(&shown).map_err(|problem| fault(&self.id, problem))?;
        Ok(Box::new(PreparedVar {
            held: Held::new(&self.id, day),
            revaluation: Arc::new(revalue(day, &set)?),
            measure: self.measure,
            maintenance: self.maintenance,
        }))
    }
}
