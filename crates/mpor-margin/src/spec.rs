//! From what the study writes to a model that can be asked.

use mpor_core::Timestamp;
use toml::{Table, Value};

use crate::catalog;
use crate::code;
use crate::dated::Dated;
use crate::error::MarginError;
use crate::model::MarginModel;
use crate::overlay::Overlay;
use crate::overlays::{self, haircuts};
use crate::parse;
use crate::rules::{RuleLibrary, RuleSet};
use crate::watched::Watched;

/// One `[[model]]` of a study.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelSpec {
    /// The study's name for it.
    pub name: String,
    /// What it is made from.
    pub kind: ModelKind,
    /// The date whose rules apply at every margin date; for backtests of today's rules on yesterday's markets.
    pub as_of: Option<Timestamp>,
    /// The remaining keys: parameters of the kind, over those of the rule set.
    pub params: Table,
    /// The overlays in the order written.
    pub overlays: Vec<Table>,
    /// Whether it is what the cost of the others is compared with.
    pub baseline: bool,
}

/// What a model is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelKind {
    /// A kind of model, all of whose parameters the study writes.
    Kind(String),
    /// A venue's rule set, such as `derive/pmrm2`.
    Rules(String),
}

/// A model ready to be asked.
pub struct BuiltModel {
    /// The model.
    pub model: Box<dyn MarginModel>,
    /// The rules on top of it, in order.
    pub overlays: Vec<Box<dyn Overlay>>,
    /// What it is, in a line.
    pub summary: String,
    /// The id of its kind.
    pub kind: String,
    /// The rule set with the version or versions that apply, where it has one.
    pub rules: Option<String>,
}

/// Builds a model with its overlays.
///
/// # Errors
/// [`MarginError`] naming the key, the nearest known name, or the date without rules.
pub fn build(spec: &ModelSpec, library: &RuleLibrary) -> Result<BuiltModel, MarginError> {
    let overlays = overlays_of(spec, library)?;
    let built = match &spec.kind {
        ModelKind::Kind(kind) => of_kind(spec, kind, library)?,
        ModelKind::Rules(rules) => of_rules(spec, rules, library)?,
    };
    let summary = overlays
        .iter()
        .fold(built.summary.clone(), |summary, overlay| format!("{summary}, {}", overlay.id()));
    let model = Watched::over(built.model, overlays_of(spec, library)?);
    Ok(BuiltModel { model, overlays, summary, ..built })
}

fn overlays_of(
    spec: &ModelSpec,
    library: &RuleLibrary,
) -> Result<Vec<Box<dyn Overlay>>, MarginError> {
    spec.overlays.iter().map(|table| overlays::build(&spec.name, table, library)).collect()
}

/// A model inside an overlay of `model`, written under `key` as a `[[model]]` without name and overlays.
pub(crate) fn nested(
    model: &str,
    key: &str,
    mut table: Table,
    library: &RuleLibrary,
) -> Result<Box<dyn MarginModel>, MarginError> {
    let mut text = |of: &str| match table.remove(of) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => {
            let problem = format!("is a {}; write a text", other.type_str());
            Err(parse::refuse(model, format!("{key}.{of}"), problem))
        }
    };
    let kind = match (text("kind")?, text("rules")?) {
        (Some(kind), None) => ModelKind::Kind(kind),
        (None, Some(rules)) => ModelKind::Rules(rules),
        _ => {
            let problem = "is a model: write either `kind` or `rules` in it, and its parameters";
            return Err(parse::refuse(model, key, problem));
        }
    };
    let as_of = match text("as_of")? {
        None => None,
        Some(text) => Some(text.parse().map_err(|error| {
            parse::refuse(model, format!("{key}.as_of"), format!("cannot be read: {error}"))
        })?),
    };
    let name = format!("{model}, {key}");
    let spec =
        ModelSpec { name, kind, as_of, params: table, overlays: Vec::new(), baseline: false };
    Ok(build(&spec, library)?.model)
}

fn of_kind(spec: &ModelSpec, id: &str, library: &RuleLibrary) -> Result<BuiltModel, MarginError> {
    if spec.as_of.is_some() {
        let problem = "pins the date of a rule set; this model is written out and has no `rules`";
        return Err(parse::refuse(&spec.name, "as_of", problem));
    }
    let params = spec.params.clone();
    let (model, summary) = if id == code::KIND {
        (code::build(&spec.name, params, library)?, code::SUMMARY)
    } else {
        let kind = catalog::kind(id)?;
        ((kind.build)(&spec.name, params)?, kind.summary)
    };
    Ok(BuiltModel {
        model,
        overlays: Vec::new(),
        summary: summary.to_owned(),
        kind: id.to_owned(),
        rules: None,
    })
}

fn of_rules(
    spec: &ModelSpec,
    rules: &str,
    library: &RuleLibrary,
) -> Result<BuiltModel, MarginError> {
    let (versions, pin) = match spec.as_of {
        Some(time) => {
            let pinned = library.in_force(rules, time)?;
            (std::slice::from_ref(pinned), format!(", pinned as of {}", time.date()))
        }
        None => (library.versions(rules)?, String::new()),
    };
    if versions.iter().any(|set| set.engine == haircuts::ENGINE) {
        let problem = format!(
            "is `{rules}`, a table of haircuts and no model; use it as overlays = [{{ collateral = {{ rules = \"{rules}\", mix = {{ .. }} }} }}]"
        );
        return Err(parse::refuse(&spec.name, "rules", problem));
    }
    let models = versions.iter().map(|set| of_set(spec, set)).collect::<Result<Vec<_>, _>>()?;
    let engine = versions.first().map_or("", |set| set.engine.as_str());
    let kind = catalog::kind(engine)?;
    let listed: Vec<String> = versions.iter().map(RuleSet::to_string).collect();
    let listed = format!("{}{pin}", listed.join("; "));
    let model = match spec.as_of {
        Some(_) => Dated::pinned(&spec.name, models),
        None => Dated::new(&spec.name, versions, models),
    };
    Ok(BuiltModel {
        model: Box::new(model),
        overlays: Vec::new(),
        summary: format!("{}: {listed}", kind.summary),
        kind: kind.id.to_owned(),
        rules: Some(listed),
    })
}

fn of_set(spec: &ModelSpec, set: &RuleSet) -> Result<Box<dyn MarginModel>, MarginError> {
    let mut parameters = set.parameters.clone();
    put_over(&mut parameters, &spec.params);
    (catalog::kind(&set.engine)?.build)(&spec.name, parameters)
}

/// Puts the keys of `over` into `under`, table by table, so that a study may change one number of a rule set.
pub fn put_over(under: &mut Table, over: &Table) {
    for (key, value) in over {
        match (under.get_mut(key), value) {
            (Some(Value::Table(under)), Value::Table(over)) => put_over(under, over),
            _ => {
                under.insert(key.clone(), value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_study_changes_one_number_of_a_rule_set() {
        let mut under: Table = toml::from_str("a = 1\n[b]\nc = 2\nd = 3").unwrap();
        let over: Table = toml::from_str("[b]\nc = 5").unwrap();
        put_over(&mut under, &over);
        assert_eq!(under, toml::from_str("a = 1\n[b]\nc = 5\nd = 3").unwrap());
    }
}
