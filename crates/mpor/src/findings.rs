//! What the data checks found, as a table.

use mpor_core::{Column, CoreError, Finding, Table};

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
