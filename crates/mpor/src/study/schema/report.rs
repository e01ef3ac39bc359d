//! `[report]`: what is written for people.

use serde::{Deserialize, Serialize};

/// What is written for people.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReportSpec {
    /// Which renderings.
    pub formats: Vec<ReportFormat>,
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
}

impl Default for ReportSpec {
    fn default() -> Self {
        let formats = vec![ReportFormat::Pdf, ReportFormat::Png, ReportFormat::Svg];
        ReportSpec { formats, account: None }
    }
}
