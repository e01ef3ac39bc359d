//! `procyclicality`: metrics of margin paths.

use std::path::Path;

use mpor_backtest::procyclicality::MarginPath;
use serde::Deserialize;
use serde_json::Value;

use super::{Case, FileReport, read_json};

#[derive(Deserialize)]
struct Vector {
    id: String,
    margin: Vec<f64>,
    volatility: Vec<f64>,
    expected: Value,
}

/// Runs `vectors.json`, if it is there.
///
/// # Errors
/// A file that cannot be read, in a sentence.
pub fn run(folder: &Path) -> Result<Vec<FileReport>, String> {
    let path = folder.join("vectors.json");
    if !path.exists() {
        return Ok(Vec::new());
    }
    let problem = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let vectors: Vec<Vector> = serde_json::from_value(read_json(&path)?["vectors"].take())
        .map_err(|error| problem(&error))?;
    let mut report = FileReport::new("vectors.json");
    for vector in &vectors {
        let mut case = report.case(vector.id.as_str());
        match MarginPath::new(&vector.margin) {
            Ok(margin) => check(&margin, vector, &mut case),
            Err(error) => case.fail("margin", error),
        }
    }
    Ok(vec![report])
}

fn check(margin: &MarginPath<'_>, vector: &Vector, case: &mut Case<'_>) {
    let expected = &vector.expected;
    let levels = margin.levels();
    let peak = margin.peak_to_trough();
    let numbers = [
        ("mean", Some(levels.mean)),
        ("maximum", Some(levels.maximum)),
        ("minimum", Some(levels.minimum)),
        ("peak_to_trough_ordered", Some(peak.ratio)),
        ("peak_to_trough_unordered", Some(levels.unordered_ratio())),
        ("standard_deviation", levels.standard_deviation),
        ("coefficient_of_variation", levels.coefficient_of_variation()),
        ("log_change_volatility", margin.log_change_volatility()),
        ("responsiveness_5_day", margin.responsiveness(&vector.volatility, 5)),
    ];
    for (field, found) in numbers {
        number(field, found, &expected[field], case);
    }
    count("peak_index", Some(peak.peak), &expected["peak_index"], case);
    count("trough_index", Some(peak.trough), &expected["trough_index"], case);
    for expected in expected["calls"].as_array().into_iter().flatten() {
        check_call(margin, expected, case);
    }
}

fn check_call(margin: &MarginPath<'_>, expected: &Value, case: &mut Case<'_>) {
    let call = expected["days"].as_u64().and_then(|days| margin.call(days as usize));
    let numbers = [
        ("ratio", call.map(|call| call.ratio)),
        ("amount", call.map(|call| call.amount)),
        ("within_ratio", call.map(|call| call.within_ratio)),
        ("within_amount", call.map(|call| call.within_amount)),
    ];
    for (field, found) in numbers {
        number(&format!("calls.{field}"), found, &expected[field], case);
    }
    count("calls.ratio_at", call.map(|call| call.ratio_at), &expected["ratio_at"], case);
    let large = call.map(|call| call.over_25_percent);
    count("calls.over_25_percent", large, &expected["over_25_percent"], case);
}

/// Relative 1e-11, absolute 1e-11 near zero.
fn number(field: &str, found: Option<f64>, expected: &Value, case: &mut Case<'_>) {
    let expected = expected.as_f64();
    let tolerance = 1e-11 * expected.map_or(1.0, |value| value.abs().max(1.0));
    case.optional(field, found, expected, tolerance);
}

fn count(field: &str, found: Option<usize>, expected: &Value, case: &mut Case<'_>) {
    case.same(field, &found.map(|count| count as u64), &expected.as_u64());
}
