//! What the data checks found, one by one and counted, as tables.

use mpor_core::finding::by_year;
use mpor_core::{Column, CoreError, Finding, FindingGroup, Table};

/// One row a finding, in the order found.
///
/// # Errors
/// Never: the columns are of equal length.
pub fn table(findings: &[Finding]) -> Result<Table, CoreError> {
    let text = |of: fn(&Finding) -> String| Column::texts(findings.iter().map(of));
    let rows = findings.iter().map(|finding| finding.row.map(|row| row as i64)).collect();
    Table::new(
        "findings",
        [
            ("code", text(|finding| finding.code.to_owned())),
            ("check", text(|finding| finding.check.to_owned())),
            ("source", text(|finding| finding.source.clone())),
            ("symbol", text(|finding| finding.symbol.clone())),
            ("from", Column::times(findings.iter().map(|finding| finding.from))),
            ("to", Column::times(findings.iter().map(|finding| finding.to))),
            ("row", Column::Count(rows)),
            ("count", Column::counts(findings.iter().map(|finding| finding.count))),
            ("detail", text(|finding| finding.detail.clone())),
            ("action", text(|finding| finding.action.to_string())),
        ],
    )
}

/// What was done about them, counted by check, series and year of the first instant concerned.
///
/// # Errors
/// Never: the columns are of equal length.
pub fn quality(findings: &[Finding]) -> Result<Table, CoreError> {
    let groups = by_year(findings);
    let text = |of: fn(&FindingGroup) -> String| Column::texts(groups.iter().map(of));
    let counts = |of: fn(&FindingGroup) -> usize| Column::counts(groups.iter().map(of));
    let years = groups.iter().map(|group| Some(i64::from(group.year))).collect();
    Table::new(
        "data_quality",
        [
            ("code", text(|group| group.code.to_owned())),
            ("check", text(|group| group.check.to_owned())),
            ("symbol", text(|group| group.symbol.clone())),
            ("year", Column::Count(years)),
            ("action", text(|group| group.action.to_string())),
            ("findings", counts(|group| group.findings)),
            ("observations", counts(|group| group.observations)),
            ("from", Column::times(groups.iter().map(|group| group.from))),
            ("to", Column::times(groups.iter().map(|group| group.to))),
        ],
    )
}
