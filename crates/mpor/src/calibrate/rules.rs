//! The chosen point as a rule file that a study can use: `chosen.toml`, through `data.rules`.
//!
//! It holds every parameter of the engine, those of the rule set under the model included. Overlays are no part of a rule
//! set: the file says in its head, ready to be copied, what a study writes beside it.

use std::path::Path;

use mpor_data::tables::write_bytes;
use mpor_margin::{ModelKind, ModelSpec, put_over};
use toml::{Table, Value};

use super::outcome::{Outcome, valid_from};
use super::{CHOSEN, candidate, model};
use crate::error::MporError;
use crate::loaded::library;
use crate::manifest::Manifest;
use crate::run::Written;
use crate::study::StudyFile;

/// The name of the rule set.
pub(crate) fn name(file: &StudyFile) -> String {
    format!("calibrated/{}", file.study.name)
}

/// Writes the rule file.
pub(crate) fn write(
    folder: &Path,
    file: &StudyFile,
    outcome: &Outcome,
    start: &Manifest,
) -> Result<Written, MporError> {
    let text = text(file, outcome, start)?;
    // Read as a study will read it, so that a fault is found here.
    mpor_margin::read_rules(CHOSEN, &text)
        .map_err(|error| MporError::Question(error.to_string()))?;
    let path = folder.join(CHOSEN);
    write_bytes(&path, text.as_bytes())?;
    Ok((path, None))
}

fn text(file: &StudyFile, outcome: &Outcome, start: &Manifest) -> Result<String, MporError> {
    let base = model(file, &file.calibrate_spec()?.model)?;
    let spec = candidate::spec(base, &outcome.axes, outcome.point())
        .map_err(|(key, problem)| MporError::Question(format!("{key}: {problem}")))?;
    let (engine, parameters) = parameters(file, outcome, &spec)?;
    let (first, last) = outcome.span();
    let from = valid_from(outcome).date().to_string();
    let source = format!(
        "mpor calibrate, mpor {}, study {} (BLAKE3 {}), margin dates {} to {}",
        start.version,
        file.study.name,
        start.study_hash,
        first.date(),
        last.date()
    );
    let mut meta = Table::new();
    for (key, value) in [
        ("venue", "calibrated"),
        ("model", &file.study.name),
        ("version", &from),
        ("engine", &engine),
        ("valid_from", &from),
        ("source", &source),
        ("status", "convention"),
    ] {
        meta.insert(key.to_owned(), Value::String(value.to_owned()));
    }
    meta.insert("notes".to_owned(), Value::Table(notes(outcome, &spec)));
    let mut whole = Table::new();
    whole.insert("meta".to_owned(), Value::Table(meta));
    whole.insert("parameters".to_owned(), Value::Table(parameters));
    let body = toml::to_string_pretty(&whole)
        .map_err(|error| MporError::Question(format!("{CHOSEN}: {error}")))?;
    let overlays = match overlays(&spec) {
        None => String::new(),
        Some(list) => format!("# overlays = {list}\n"),
    };
    Ok(format!(
        "# Chosen by mpor calibrate. A study uses it with data.rules = [\"the folder of this file\"] and\n\
         # [[model]]\n# rules = \"{}\"\n{overlays}\
         # and as_of = \"{from}\" where it is to apply to earlier dates.\n\n{body}",
        name(file)
    ))
}

/// The overlays with the values chosen, as a study writes them on one line; `None` where the model has none.
fn overlays(spec: &ModelSpec) -> Option<Value> {
    let list = || spec.overlays.iter().cloned().map(Value::Table).collect();
    (!spec.overlays.is_empty()).then(|| Value::Array(list()))
}

/// The engine with all its parameters.
fn parameters(
    file: &StudyFile,
    outcome: &Outcome,
    spec: &ModelSpec,
) -> Result<(String, Table), MporError> {
    match &spec.kind {
        ModelKind::Kind(kind) => Ok((kind.clone(), spec.params.clone())),
        ModelKind::Rules(rules) => {
            let library = library(file)?;
            let at = spec.as_of.unwrap_or(outcome.span().1);
            let set = library
                .in_force(rules, at)
                .map_err(|error| file.error_at(&["calibrate", "model"], error.to_string()))?;
            let mut parameters = set.parameters.clone();
            put_over(&mut parameters, &spec.params);
            Ok((set.engine.clone(), parameters))
        }
    }
}

fn notes(outcome: &Outcome, spec: &ModelSpec) -> Table {
    let mut notes = Table::new();
    for (axis, &at) in outcome.axes.iter().zip(outcome.point()) {
        let (values, chosen) = (&axis.values, axis.values[at]);
        let text = match values.as_slice() {
            [low, .., high] => {
                format!("{chosen}, chosen among {} values from {low} to {high}", values.len())
            }
            _ => format!("{chosen}, the only value tried"),
        };
        notes.insert(axis.key.clone(), Value::String(text));
    }
    if let Some(list) = overlays(spec) {
        let text = format!("no part of a rule set; the study writes overlays = {list}");
        notes.insert("overlays".to_owned(), Value::String(text));
    }
    notes
}
