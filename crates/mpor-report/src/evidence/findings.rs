//! Data findings, gathered: one line a check, series and year, so that a page can hold them.

use std::collections::BTreeMap;

use chrono::Datelike;
use mpor_core::{Action, Finding, Timestamp};

/// Findings of one check in one series in one year.
#[derive(Clone, Debug, PartialEq)]
pub struct FindingGroup {
    /// Code of the check.
    pub code: &'static str,
    /// Its short name.
    pub check: &'static str,
    /// The series.
    pub symbol: String,
    /// Year of the first instant concerned.
    pub year: i32,
    /// Findings.
    pub findings: usize,
    /// Observations concerned.
    pub observations: usize,
    /// First instant concerned.
    pub from: Timestamp,
    /// Last instant concerned.
    pub to: Timestamp,
    /// What was done.
    pub action: Action,
    /// The first finding in words.
    pub example: String,
}

/// Findings by check, series, year and action, in that order.
#[must_use]
pub fn group_findings(findings: &[Finding]) -> Vec<FindingGroup> {
    let mut groups: BTreeMap<(&str, &str, i32, u8), FindingGroup> = BTreeMap::new();
    for finding in findings {
        let year = finding.from.date().year();
        let key = (finding.code, finding.symbol.as_str(), year, rank(finding.action));
        let group = groups.entry(key).or_insert_with(|| empty(finding, year));
        group.findings += 1;
        group.observations += finding.count;
        group.from = group.from.min(finding.from);
        group.to = group.to.max(finding.to);
    }
    groups.into_values().collect()
}

fn empty(finding: &Finding, year: i32) -> FindingGroup {
    FindingGroup {
        code: finding.code,
        check: finding.check,
        symbol: finding.symbol.clone(),
        year,
        findings: 0,
        observations: 0,
        from: finding.from,
        to: finding.to,
        action: finding.action,
        example: finding.detail.clone(),
    }
}

fn rank(action: Action) -> u8 {
    match action {
        Action::Fail => 0,
        Action::Carry => 1,
        Action::Mark => 2,
    }
}
