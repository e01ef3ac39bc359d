//! `[report]`: what is written for people.

use serde::{Deserialize, Serialize};

/// What is written for people.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReportSpec {
    /// Which renderings.
    pub formats: Vec<ReportFormat>,
    /// For which readers.
    pub kinds: Vec<ReportKind>,
    /// Account of the main chart; the one with the largest shortfall where absent.
    pub account: Option<String>,
}

/// A rendering of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ReportFormat {
    /// One typeset document.
    Pdf,
    /// One picture a figure.
    Png,
    /// One drawing a figure.
    Svg,
    /// One page for browsers, with figures to look closer at.
    Html,
}

/// Whom a report is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ReportKind {
    /// Those who work with the models: everything.
    Report,
    /// A committee: two pages.
    Summary,
    /// A validator or supervisor.
    Validation,
}

/// A format or a kind of report by its name, as a study writes it.
///
/// # Errors
/// The names that there are.
pub fn by_name<T: serde::de::DeserializeOwned>(name: &str) -> Result<T, String> {
    let error = |error: serde::de::value::Error| error.to_string();
    T::deserialize(serde::de::value::StrDeserializer::new(name)).map_err(error)
}

impl Default for ReportSpec {
    fn default() -> Self {
        let formats = vec![ReportFormat::Pdf, ReportFormat::Png, ReportFormat::Svg];
        ReportSpec { formats, kinds: vec![ReportKind::Report], account: None }
    }
}
