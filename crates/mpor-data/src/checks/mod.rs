//! Data checks: each looks at one series as it stands in its files and names what is wrong.
//!
//! One file a check, one entry in [`CATALOG`]. A check finds faults; what is done about them is the study's
//! [`Policies`]. Checks run over rows in file order, before anything is sorted or dropped.

use std::ops::Range;

use mpor_core::{Finding, Timestamp};

use crate::cadence::Cadence;
use crate::policy::{Policies, Policy};
use crate::raw::{RawSeries, SeriesKind};

pub mod d001_gap;
pub mod d002_duplicate;
pub mod d003_off_grid;
pub mod d004_out_of_order;
pub mod d005_stale;
pub mod d006_non_positive;
pub mod d007_high_low;
pub mod d008_null;

/// All checks by code.
pub const CATALOG: &[Check] = &[
    d001_gap::CHECK,
    d002_duplicate::CHECK,
    d003_off_grid::CHECK,
    d004_out_of_order::CHECK,
    d005_stale::CHECK,
    d006_non_positive::CHECK,
    d007_high_low::CHECK,
    d008_null::CHECK,
];

/// One kind of fault.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// Stable code, such as `D001`.
    pub code: &'static str,
    /// Short name, such as `gap`.
    pub name: &'static str,
    /// What it asks of the data.
    pub asks: &'static str,
    /// What is done when the study says nothing.
    pub default: Policy,
    /// Whether carrying drops the faulty rows, so that the value before them stands.
    pub removes: bool,
    /// Kinds of series it makes sense for.
    pub kinds: &'static [SeriesKind],
    /// Finds the faults.
    pub find: fn(&Subject<'_>) -> Vec<Fault>,
}

/// What a check looks at.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The rows in file order.
    pub raw: &'a RawSeries,
    /// The distinct times in order.
    pub times: &'a [Timestamp],
    /// How often the series is observed.
    pub cadence: Cadence,
}

/// One fault of a series.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// Faulty entries of the series; empty where the fault is that rows are absent.
    pub entries: Range<usize>,
    /// First instant concerned.
    pub from: Timestamp,
    /// Last instant concerned.
    pub to: Timestamp,
    /// Observations concerned.
    pub count: usize,
    /// What was found and what was expected.
    pub detail: String,
}

/// A check's faults in a series, with what the study wants done about them.
#[derive(Clone, Debug)]
pub struct Report {
    /// The check.
    pub check: &'static Check,
    /// What is done.
    pub policy: Policy,
    /// What it found.
    pub faults: Vec<Fault>,
}

/// The check of this code.
#[must_use]
pub fn named(code: &str) -> Option<&'static Check> {
    CATALOG.iter().find(|check| check.code == code)
}

/// All codes in order.
#[must_use]
pub fn codes() -> Vec<&'static str> {
    CATALOG.iter().map(|check| check.code).collect()
}

/// Runs every check that makes sense for the series; reports without a fault are left out.
#[must_use]
pub fn run(raw: &RawSeries, policies: &Policies) -> Vec<Report> {
    let times = raw.sorted_times();
    let subject = Subject { raw, times: &times, cadence: Cadence::infer(&times) };
    CATALOG
        .iter()
        .filter(|check| check.kinds.contains(&raw.kind))
        .map(|check| Report { check, policy: policies.of(check), faults: (check.find)(&subject) })
        .filter(|report| !report.faults.is_empty())
        .collect()
}

/// Everything the checks find in a series, whatever the policies would do about it.
#[must_use]
pub fn findings(raw: &RawSeries, policies: &Policies) -> Vec<Finding> {
    run(raw, policies).iter().flat_map(|report| report.findings(raw)).collect()
}

impl Report {
    /// The faults as findings.
    #[must_use]
    pub fn findings(&self, raw: &RawSeries) -> Vec<Finding> {
        self.faults.iter().map(|fault| self.finding(fault, raw)).collect()
    }

    fn finding(&self, fault: &Fault, raw: &RawSeries) -> Finding {
        let first = (!fault.entries.is_empty()).then_some(fault.entries.start);
        Finding {
            code: self.check.code,
            check: self.check.name,
            source: first.map_or_else(|| raw.place(), |entry| raw.file_of(entry).to_owned()),
            symbol: raw.symbol.clone(),
            from: fault.from,
            to: fault.to,
            row: first.and_then(|entry| raw.rows.get(entry).copied()),
            count: fault.count,
            detail: fault.detail.clone(),
            action: self.policy.action,
        }
    }
}

/// Every kind of series.
const ANY: &[SeriesKind] =
    &[SeriesKind::Price, SeriesKind::Volatility, SeriesKind::Funding, SeriesKind::Rate];
/// Series whose values are positive and move.
pub(crate) const POSITIVE: &[SeriesKind] = &[SeriesKind::Price, SeriesKind::Volatility];

/// Runs of neighbouring entries that are faulty, each as one fault.
fn runs(
    raw: &RawSeries,
    faulty: impl Fn(usize) -> bool,
    detail: impl Fn(&Range<usize>) -> String,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut start = 0;
    while start < raw.len() {
        if !faulty(start) {
            start += 1;
            continue;
        }
        let end = (start + 1..raw.len()).find(|&entry| !faulty(entry)).unwrap_or(raw.len());
        faults.push(fault(raw, start..end, detail(&(start..end))));
        start = end;
    }
    faults
}

/// A fault of some entries, which must not be empty.
fn fault(raw: &RawSeries, entries: Range<usize>, detail: String) -> Fault {
    let times = &raw.times[entries.clone()];
    let from = times.iter().min().copied().unwrap_or_default();
    let to = times.iter().max().copied().unwrap_or_default();
    Fault { count: entries.len(), entries, from, to, detail }
}

#[cfg(test)]
pub(crate) mod made_up {
    //! Small series for the tests of the checks.

    use mpor_core::{Span, Timestamp};

    use super::{Fault, Subject};
    use crate::cadence::Cadence;
    use crate::raw::{BarColumns, RawSeries, SeriesKind};

    pub fn start() -> Timestamp {
        "2020-01-06T00:00".parse().unwrap()
    }

    /// Hourly closes at these hours after the start.
    pub fn hourly(hours: &[i64], closes: &[f64]) -> RawSeries {
        let times = hours.iter().map(|&hour| start() + Span::hours(hour)).collect();
        series(times, closes.iter().map(|&close| Some(close)).collect())
    }

    pub fn series(times: Vec<Timestamp>, values: Vec<Option<f64>>) -> RawSeries {
        let rows = times.len();
        RawSeries {
            symbol: "X".to_owned(),
            source: "made up".to_owned(),
            kind: SeriesKind::Price,
            bars: Some(BarColumns {
                open: values.clone(),
                high: values.clone(),
                low: values.clone(),
                volume: vec![None; rows],
            }),
            times,
            values,
            rows: (1..=rows).collect(),
            files: vec![("x.parquet".to_owned(), 0..rows)],
        }
    }

    pub fn faults(raw: &RawSeries, find: fn(&Subject<'_>) -> Vec<Fault>) -> Vec<Fault> {
        let times = raw.sorted_times();
        find(&Subject { raw, times: &times, cadence: Cadence::infer(&times) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalog_is_sorted_by_code() {
        assert!(CATALOG.windows(2).all(|pair| pair[0].code < pair[1].code));
    }

    #[test]
    fn a_clean_series_has_no_finding() {
        let hours: Vec<i64> = (0..48).collect();
        let closes: Vec<f64> = hours.iter().map(|&hour| 100.0 + (hour % 7) as f64).collect();
        assert!(findings(&made_up::hourly(&hours, &closes), &Policies::default()).is_empty());
    }
}
