//! What a data check found, and what was done about it.

use std::collections::BTreeMap;
use std::fmt;

use chrono::Datelike;
use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// What the study wants done about a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Stop before anything is computed.
    Fail,
    /// Keep the data as it is and list the finding.
    Mark,
    /// Carry the last good value forward, up to the study's limit.
    Carry,
    /// Take the faulty rows from another source.
    Prefer,
}

/// One fault in one series.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Stable code of the check, such as `D001`.
    pub code: &'static str,
    /// Short name of the check, such as `gap`.
    pub check: &'static str,
    /// File or dataset it was found in.
    pub source: String,
    /// Series it was found in.
    pub symbol: String,
    /// First instant concerned.
    pub from: Timestamp,
    /// Last instant concerned.
    pub to: Timestamp,
    /// First row concerned, counted from 1 in the file's order, where there is one.
    pub row: Option<usize>,
    /// How many observations are concerned.
    pub count: usize,
    /// What was found and what was expected, in a sentence.
    pub detail: String,
    /// What was done.
    pub action: Action,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Action::Fail => "fail",
            Action::Mark => "mark",
            Action::Carry => "carry",
            Action::Prefer => "prefer",
        })
    }
}

/// Findings of one check in one series in one year about which the same was done.
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
    /// Last instant concerned; a finding belongs to the year it begins in.
    pub to: Timestamp,
    /// What was done.
    pub action: Action,
    /// The first finding in words.
    pub example: String,
}

/// Findings counted by check, series, year and action, in that order.
#[must_use]
pub fn by_year(findings: &[Finding]) -> Vec<FindingGroup> {
    let mut groups: BTreeMap<(&str, &str, &str, i32, Action), FindingGroup> = BTreeMap::new();
    for finding in findings {
        let year = finding.from.date().year();
        let key = (finding.code, finding.check, finding.symbol.as_str(), year, finding.action);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(
        code: &'static str,
        symbol: &str,
        from: &str,
        count: usize,
        action: Action,
    ) -> Finding {
        let from: Timestamp = from.parse().unwrap_or_default();
        Finding {
            code,
            check: "gap",
            source: "x.parquet".to_owned(),
            symbol: symbol.to_owned(),
            from,
            to: from,
            row: None,
            count,
            detail: format!("of {from}"),
            action,
        }
    }

    #[test]
    fn findings_are_counted_by_code_series_year_and_action() {
        let all = [
            finding("D005", "X", "2020-03-01", 7, Action::Mark),
            finding("D001", "X", "2021-01-01", 2, Action::Carry),
            finding("D001", "X", "2020-12-31", 3, Action::Carry),
            finding("D001", "X", "2020-06-01", 4, Action::Carry),
            finding("D001", "A", "2020-06-01", 1, Action::Carry),
            finding("D001", "X", "2020-06-02", 9, Action::Prefer),
        ];
        let groups = by_year(&all);
        let of: Vec<_> = groups
            .iter()
            .map(|g| (g.code, g.symbol.as_str(), g.year, g.findings, g.observations))
            .collect();
        assert_eq!(
            of,
            [
                ("D001", "A", 2020, 1, 1),
                ("D001", "X", 2020, 2, 7),
                ("D001", "X", 2020, 1, 9),
                ("D001", "X", 2021, 1, 2),
                ("D005", "X", 2020, 1, 7),
            ]
        );
        assert_eq!((groups[1].from, groups[1].to), (all[3].from, all[2].from));
        assert_eq!(groups[1].example, all[2].detail);
        let total: usize = groups.iter().map(|group| group.observations).sum();
        assert_eq!(total, all.iter().map(|finding| finding.count).sum::<usize>());
    }
}
