//! What exists: models, overlays, coverage tests and rule sets, from the crates' own catalogs.

use mpor_data::index::IndexLibrary;
use mpor_margin::RuleLibrary;
pub use mpor_margin::RuleSet;
use serde::Serialize;

use crate::error::MporError;
use crate::study::nearest;

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

/// Names of the tests, sorted: coverage tests of breaches alone, `dq`, which looks at the requirements too, and `hac`, which takes
/// overlapping margin periods as they are; then what is put to forecasts, to several models and to many accounts.
#[must_use]
pub fn tests() -> Vec<&'static str> {
    let mut names: Vec<&str> =
        mpor_backtest::coverage::TESTS.iter().map(|test| test.id()).collect();
    names.extend(mpor_backtest::coverage::assess::OTHER_ROWS.iter().copied());
    names.extend(mpor_backtest::evidence::catalog().iter().map(|entry| entry.id));
    names.sort_unstable();
    names
}

/// All versions of all rule sets that are part of mpor, or of one: margin rules, then index rules.
///
/// # Errors
/// [`MporError::Question`] for an unknown name, with the nearest known one.
pub fn rules(name: Option<&str>) -> Result<Vec<RuleSet>, MporError> {
    let failed = |error: mpor_margin::MarginError| MporError::Question(error.to_string());
    let library = RuleLibrary::embedded().map_err(failed)?;
    let indices = IndexLibrary::embedded()?;
    let known: Vec<&str> = library.names().chain(indices.names()).collect();
    let names: Vec<&str> = match name {
        Some(name) if !known.contains(&name) => {
            let known = nearest(name, known.iter().copied());
            return Err(MporError::Question(format!("unknown rules `{name}`; {known}")));
        }
        Some(name) => vec![name],
        None => known,
    };
    let mut all = Vec::new();
    for name in names {
        match indices.versions(name) {
            [] => all.extend(library.versions(name).map_err(failed)?.iter().cloned()),
            versions => all.extend(
                versions.iter().map(|set| set.clone().with_parameters(|given| given.table)),
            ),
        }
    }
    Ok(all)
}
