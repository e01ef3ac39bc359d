//! What exists: models, overlays, coverage tests and rule sets, from the crates' own catalogs.

use mpor_margin::RuleLibrary;
pub use mpor_margin::RuleSet;
use serde::Serialize;

use crate::error::MporError;

/// One thing that a study can name.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// As the study writes it.
    pub id: String,
    /// What it is, in a sentence.
    pub summary: String,
    /// Its keys: name, default (`None` = must be written, or nothing is meant), meaning.
    pub parameters: Vec<(String, Option<String>, String)>,
}

fn keys(parameters: &[mpor_margin::Parameter]) -> Vec<(String, Option<String>, String)> {
    let key = |parameter: &mpor_margin::Parameter| {
        let default = parameter.default.map(str::to_owned);
        (parameter.key.to_owned(), default, parameter.summary.to_owned())
    };
    parameters.iter().map(key).collect()
}

/// Kinds of margin models.
#[must_use]
pub fn models() -> Vec<Entry> {
    let entry = |kind: &mpor_margin::KindInfo| Entry {
        id: kind.id.to_owned(),
        summary: kind.summary.to_owned(),
        parameters: keys(kind.parameters),
    };
    mpor_margin::kinds().iter().map(entry).collect()
}

/// Overlays.
#[must_use]
pub fn overlays() -> Vec<Entry> {
    let entry = |overlay: &mpor_margin::OverlayInfo| Entry {
        id: overlay.id.to_owned(),
        summary: overlay.summary.to_owned(),
        parameters: keys(overlay.parameters),
    };
    mpor_margin::overlay_kinds().iter().map(entry).collect()
}

/// Names of the coverage tests, sorted: those of breaches alone, `dq`, which looks at the requirements too, and `hac`, which takes
/// overlapping margin periods as they are.
#[must_use]
pub fn tests() -> Vec<&'static str> {
    let mut names: Vec<&str> =
        mpor_backtest::coverage::TESTS.iter().map(|test| test.id()).collect();
    names.extend(["dq", "hac"]);
    names.sort_unstable();
    names
}

/// All versions of all rule sets that are part of mpor, or of one.
///
/// # Errors
/// [`MporError::Question`] for an unknown name, with the nearest known one.
pub fn rules(name: Option<&str>) -> Result<Vec<RuleSet>, MporError> {
    let failed = |error: mpor_margin::MarginError| MporError::Question(error.to_string());
    let library = RuleLibrary::embedded().map_err(failed)?;
    let names: Vec<String> = match name {
        Some(name) => vec![name.to_owned()],
        None => library.names().map(str::to_owned).collect(),
    };
    let mut all = Vec::new();
    for name in &names {
        all.extend(library.versions(name).map_err(failed)?.iter().cloned());
    }
    Ok(all)
}
