//! A point as a model: the study's model with some of its keys changed.

use mpor_margin::{BuiltModel, MarginError, ModelKind, ModelSpec, RuleLibrary};
use toml::{Table, Value};

use super::lattice::Point;
use crate::error::MporError;
use crate::study::calibrate::Axis;
use crate::study::{StudyFile, nearest};

/// Keys that say what a model is, and not how large a number in it is.
const FIXED: [&str; 5] = ["name", "kind", "rules", "as_of", "baseline"];

/// The model with the values of a point.
///
/// # Errors
/// The key at fault and what is wrong with it.
pub(crate) fn spec(
    base: &ModelSpec,
    axes: &[Axis],
    point: &Point,
) -> Result<ModelSpec, (String, String)> {
    let mut spec = base.clone();
    for (axis, &index) in axes.iter().zip(point) {
        let value = axis.values[index].toml();
        put(&mut spec, &axis.key, value).map_err(|problem| (axis.key.clone(), problem))?;
    }
    Ok(spec)
}

/// Builds the model of a point.
///
/// # Errors
/// [`MporError::Study`] at the parameter that the model does not have or does not take.
pub(crate) fn build(
    file: &StudyFile,
    library: &RuleLibrary,
    base: &ModelSpec,
    axes: &[Axis],
    point: &Point,
) -> Result<BuiltModel, MporError> {
    let spec = spec(base, axes, point).map_err(|(key, problem)| {
        file.error_at(&["calibrate", "parameters", &key], format!("parameter `{key}`: {problem}"))
    })?;
    mpor_margin::build(&spec, library).map_err(|error| refused(file, axes, point, &error))
}

/// The values of a point: `price_range = 0.12, vol_range = 0.3`.
pub(crate) fn label(axes: &[Axis], point: &Point) -> String {
    let part = |(axis, &index): (&Axis, &usize)| format!("{} = {}", axis.key, axis.values[index]);
    axes.iter().zip(point).map(part).collect::<Vec<_>>().join(", ")
}

/// An error of a model at the parameter that it is about, where one of them is.
fn refused(file: &StudyFile, axes: &[Axis], point: &Point, error: &MarginError) -> MporError {
    let about = match error {
        MarginError::UnknownKey { key, .. } | MarginError::Parameter { key, .. } => Some(key),
        _ => None,
    };
    let last = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
    let of_key = |key: &String| axes.iter().find(|axis| last(&axis.key) == last(key));
    let axis = about.and_then(of_key).or(if axes.len() == 1 { axes.first() } else { None });
    let problem = format!("with {}: {error}", label(axes, point));
    let path = ["calibrate", "parameters", axis.map_or("", |axis| axis.key.as_str())];
    file.error_at(if axis.is_some() { &path } else { &path[..2] }, problem).into()
}

fn put(spec: &mut ModelSpec, key: &str, value: Value) -> Result<(), String> {
    let path: Vec<&str> = key.split('.').collect();
    if FIXED.contains(&path[0]) {
        return Err(format!("`{}` is not a number to choose", path[0]));
    }
    if let Some((number, rest)) = path.strip_prefix(&["overlays"]).and_then(<[_]>::split_first) {
        let count = spec.overlays.len();
        let overlay = number.parse().ok().and_then(|at: usize| spec.overlays.get_mut(at));
        let overlay = overlay.ok_or_else(|| {
            format!("model `{}` has {count} overlays, numbered from 0; found `{number}`", spec.name)
        })?;
        return into_table(overlay, rest, value, false);
    }
    // What a rule set writes is not seen here, and the study's keys go over it.
    let of_rules = matches!(spec.kind, ModelKind::Rules(_));
    into_table(&mut spec.params, &path, value, of_rules)
}

/// Puts a value where a path leads. Tables on the way are made where `make` says so.
fn into_table(table: &mut Table, path: &[&str], value: Value, make: bool) -> Result<(), String> {
    let Some((first, rest)) = path.split_first() else {
        return Err("the path ends at a table: name a number in it".to_owned());
    };
    if rest.is_empty() {
        if matches!(table.get(*first), Some(Value::Table(_) | Value::Array(_))) {
            return Err(format!("`{first}` is no number: name one in it, `{first}.<key>`"));
        }
        table.insert((*first).to_owned(), value);
        return Ok(());
    }
    if make && !table.contains_key(*first) {
        table.insert((*first).to_owned(), Value::Table(Table::new()));
    }
    let known: Vec<String> = table.keys().cloned().collect();
    match table.get_mut(*first) {
        Some(Value::Table(inner)) => into_table(inner, rest, value, make),
        Some(Value::Array(list)) => into_list(list, first, rest, value, make),
        Some(other) => Err(format!("`{first}` is a {} without keys", other.type_str())),
        None => {
            let hint = nearest(first, known.iter().map(String::as_str));
            Err(format!("the model writes no `{first}`; {hint}"))
        }
    }
}

fn into_list(
    list: &mut [Value],
    name: &str,
    path: &[&str],
    value: Value,
    make: bool,
) -> Result<(), String> {
    let count = list.len();
    let entry = path
        .split_first()
        .and_then(|(number, rest)| Some((list.get_mut(number.parse::<usize>().ok()?)?, rest)));
    match entry {
        Some((entry, [])) if !matches!(entry, Value::Table(_) | Value::Array(_)) => {
            *entry = value;
            Ok(())
        }
        Some((Value::Table(inner), rest)) => into_table(inner, rest, value, make),
        _ => {
            Err(format!("`{name}` is a list of {count}, numbered from 0: `{name}.0` is its first"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(overlays: &str, params: &str) -> ModelSpec {
        #[derive(serde::Deserialize)]
        struct All {
            #[serde(default)]
            overlays: Vec<Table>,
        }
        let all: All = toml::from_str(overlays).unwrap();
        ModelSpec {
            name: "m".to_owned(),
            kind: ModelKind::Kind("var".to_owned()),
            as_of: None,
            params: toml::from_str(params).unwrap(),
            overlays: all.overlays,
            baseline: false,
        }
    }

    #[test]
    fn a_dotted_key_leads_into_tables_and_lists() {
        let mut spec = model(
            "overlays = [{ buffer = { share = 0.25 } }]",
            "a = { b = { c = 1 } }\nl = [1, { d = 2 }]",
        );
        put(&mut spec, "overlays.0.buffer.share", Value::Float(0.5)).unwrap();
        put(&mut spec, "a.b.c", Value::Integer(7)).unwrap();
        put(&mut spec, "l.0", Value::Integer(8)).unwrap();
        put(&mut spec, "l.1.d", Value::Integer(9)).unwrap();
        put(&mut spec, "new", Value::Integer(3)).unwrap();
        assert_eq!(spec.overlays[0]["buffer"]["share"].as_float(), Some(0.5));
        let expected: Table =
            toml::from_str("a = { b = { c = 7 } }\nl = [8, { d = 9 }]\nnew = 3").unwrap();
        assert_eq!(spec.params, expected);
    }

    #[test]
    fn a_wrong_path_names_the_nearest_right_key() {
        let mut spec = model(
            "overlays = [{ buffer = { share = 0.25 } }]",
            "scenarios = { historical = { window = 1 } }",
        );
        let mut told = |key: &str| put(&mut spec, key, Value::Integer(1)).unwrap_err();
        assert!(told("scenarios.historcal.window").contains("did you mean `historical`?"));
        assert!(told("overlays.0.bufer.share").contains("did you mean `buffer`?"));
        assert!(told("overlays.3.buffer.share").contains("1 overlays, numbered from 0"));
        assert!(told("scenarios.historical").contains("name one in it"));
        assert!(told("kind").contains("not a number"));
    }
}
