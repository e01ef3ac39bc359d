//! Data checks: each looks at one series as it stands in its files and names what is wrong.
//!
//! One file a check, one entry in [`CATALOG`]. A check finds faults; what is done about them is the study's
//! [`Policies`]. Checks run over rows as they stand, before anything is sorted or dropped. Some compare a series with
//! its *peers*: the other series of the same asset (see [`peers`]) that were read with it.

use std::ops::Range;

use mpor_core::{Finding, Span, Timestamp};

use rayon::prelude::*;

use crate::cadence::{Cadence, LONGEST_CLOSURE};
use crate::payments;
use crate::policy::{Policies, Policy};
use crate::raw::{RawSeries, RawSeriesBySymbol, SeriesKind};

pub mod d001_gap;
pub mod d002_duplicate;
pub mod d003_off_grid;
pub mod d004_out_of_order;
pub mod d005_stale;
pub mod d006_non_positive;
pub mod d007_high_low;
pub mod d008_null;
pub mod d009_repeated_block;
pub mod d010_spike;
pub mod d011_unconfirmed;
pub mod d012_funding_clock;
pub mod d013_funding_interval;
pub mod d014_clock;
pub mod d015_twin;
pub mod d016_listing_stub;
pub mod d017_coarse;
pub mod d018_wrong_column;
pub mod d019_overlap;
pub mod d020_below_zero;
pub mod d021_pause;
pub mod d022_magnitude;
pub mod d023_change_of_scale;
pub mod d024_unit;
pub mod d025_untraded;
pub mod peers;

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
    d009_repeated_block::CHECK,
    d010_spike::CHECK,
    d011_unconfirmed::CHECK,
    d012_funding_clock::CHECK,
    d013_funding_interval::CHECK,
    d014_clock::CHECK,
    d015_twin::CHECK,
    d016_listing_stub::CHECK,
    d017_coarse::CHECK,
    d018_wrong_column::CHECK,
    d019_overlap::CHECK,
    d020_below_zero::CHECK,
    d021_pause::CHECK,
    d022_magnitude::CHECK,
    d023_change_of_scale::CHECK,
    d024_unit::CHECK,
    d025_untraded::CHECK,
];

/// One kind of fault.
#[derive(Clone, Debug)]
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

/// A series with what the checks need to know of its times.
#[derive(Clone, Debug)]
pub struct View<'a> {
    /// The rows in file order.
    pub raw: &'a RawSeries,
    /// Entries in time order, the first in file order of each instant.
    pub order: Vec<usize>,
    /// Their times.
    pub times: Vec<Timestamp>,
    /// How often the series is observed.
    pub cadence: Cadence,
}

/// What a check looks at.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The rows in file order.
    pub raw: &'a RawSeries,
    /// Entries in time order, one an instant.
    pub order: &'a [usize],
    /// The distinct times in order.
    pub times: &'a [Timestamp],
    /// How often the series is observed.
    pub cadence: Cadence,
    /// Other series of the same asset.
    pub peers: &'a [&'a View<'a>],
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

/// Runs every check that makes sense for a series alone; reports without a fault are left out.
#[must_use]
pub fn run(raw: &RawSeries, policies: &Policies) -> Vec<Report> {
    run_on(&View::of(raw), &[], policies)
}

/// Runs every check on every series, each beside its peers among the others; in the order of the map.
#[must_use]
pub fn run_all(all: &RawSeriesBySymbol, policies: &Policies) -> Vec<Vec<Report>> {
    let views: Vec<View<'_>> = all.values().map(View::of).collect();
    let of = |view: &View<'_>| run_on(view, &peers::of(view, &views), policies);
    views.par_iter().map(of).collect()
}

fn run_on(view: &View<'_>, peers: &[&View<'_>], policies: &Policies) -> Vec<Report> {
    let subject = view.subject(peers);
    CATALOG
        .iter()
        .filter(|check| check.kinds.contains(&view.raw.kind))
        .map(|check| Report { check, policy: policies.of(check), faults: (check.find)(&subject) })
        .filter(|report| !report.faults.is_empty())
        .collect()
}

/// Everything the checks find in a series alone, whatever the policies would do about it.
#[must_use]
pub fn findings(raw: &RawSeries, policies: &Policies) -> Vec<Finding> {
    run(raw, policies).iter().flat_map(|report| report.findings(raw)).collect()
}

/// Everything the checks find in some series, each beside its peers.
#[must_use]
pub fn findings_of_all(all: &RawSeriesBySymbol, policies: &Policies) -> Vec<Finding> {
    let reports = run_all(all, policies);
    let of = |(raw, reports): (&RawSeries, Vec<Report>)| -> Vec<Finding> {
        reports.iter().flat_map(|report| report.findings(raw)).collect()
    };
    all.values().zip(reports).flat_map(of).collect()
}

impl<'a> View<'a> {
    /// A series seen in time order.
    #[must_use]
    pub fn of(raw: &'a RawSeries) -> Self {
        let mut order: Vec<usize> = (0..raw.len()).collect();
        order.sort_by_key(|&entry| raw.times[entry]);
        order.dedup_by_key(|entry| raw.times[*entry]);
        let times: Vec<Timestamp> = order.iter().map(|&entry| raw.times[entry]).collect();
        let cadence = Cadence::infer(&times);
        View { raw, order, times, cadence }
    }

    /// The series as a check sees it.
    #[must_use]
    pub fn subject(&'a self, peers: &'a [&'a View<'a>]) -> Subject<'a> {
        let View { raw, order, times, cadence } = self;
        Subject { raw, order, times, cadence: *cadence, peers }
    }

    /// The entry at an instant.
    #[must_use]
    pub fn entry_at(&self, time: Timestamp) -> Option<usize> {
        self.times.binary_search(&time).ok().map(|position| self.order[position])
    }

    /// The value at an instant.
    #[must_use]
    pub fn value_at(&self, time: Timestamp) -> Option<f64> {
        self.entry_at(time).and_then(|entry| self.raw.values[entry])
    }
}

impl Subject<'_> {
    /// The value at a place of the time order.
    fn value(&self, position: usize) -> Option<f64> {
        self.raw.values[*self.order.get(position)?]
    }

    /// The longest distance at which two rows still follow each other: a few steps, or the longest closure.
    fn near(&self) -> Span {
        match self.cadence {
            Cadence::Every { step, .. } => Span(4 * step.0),
            Cadence::Sessions { .. } | Cadence::Irregular => LONGEST_CLOSURE,
        }
    }

    /// The interval that a payment at a place of the time order states.
    fn interval(&self, position: usize) -> Option<Span> {
        let entry = *self.order.get(position)?;
        payments::interval(self.raw.intervals.get(entry).copied().flatten())
    }

    /// Rows of a range of places in the time order, as one fault for each run of neighbours in the file.
    fn block(&self, positions: Range<usize>, detail: &str) -> Vec<Fault> {
        let mut entries: Vec<usize> = self.order[positions].to_vec();
        entries.sort_unstable();
        entries
            .chunk_by(|a, b| a + 1 == *b)
            .filter_map(|run| Some(*run.first()?..*run.last()? + 1))
            .map(|run| fault(self.raw, run, detail.to_owned()))
            .collect()
    }

    /// The whole series as one fault.
    fn whole(&self, detail: String) -> Vec<Fault> {
        if self.raw.is_empty() {
            Vec::new()
        } else {
            vec![fault(self.raw, 0..self.raw.len(), detail)]
        }
    }
}

/// Stamps this close to where they belong are on time: venues write payments and bars some milliseconds late. A
/// thousandth of the step, a second at most.
pub(crate) fn jitter(step: Span) -> Span {
    Span((step.0 / 1000).min(1_000_000))
}

/// The middle one of some values; none of none.
fn median(values: &mut [f64]) -> Option<f64> {
    let middle = values.len() / 2;
    if values.is_empty() {
        return None;
    }
    let (_, found, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    Some(*found)
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

    use super::{Fault, Subject, View};
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
            intervals: Vec::new(),
            rows: (1..=rows).collect(),
            files: vec![("x.parquet".to_owned(), 0..rows)],
        }
    }

    pub fn faults(raw: &RawSeries, find: fn(&Subject<'_>) -> Vec<Fault>) -> Vec<Fault> {
        find(&View::of(raw).subject(&[]))
    }

    /// The faults of a series beside another one.
    pub fn faults_beside(
        raw: &RawSeries,
        other: &RawSeries,
        find: fn(&Subject<'_>) -> Vec<Fault>,
    ) -> Vec<Fault> {
        find(&View::of(raw).subject(&[&View::of(other)]))
    }

    /// Bars that walk like a market, from a draw a bar: equal calls give equal bars.
    pub fn walk(rows: usize, seed: u64) -> RawSeries {
        let mut state = seed;
        let mut draw = move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f64 / f64::from(1u32 << 24) - 0.5
        };
        let cents = |price: f64| Some((price * 100.0).round() / 100.0);
        let mut close = 100.0;
        let mut raw = hourly(&(0..rows as i64).collect::<Vec<_>>(), &vec![0.0; rows]);
        let bars = raw.bars.as_mut().unwrap();
        for row in 0..rows {
            let open = close;
            close *= 1.0 + 0.01 * draw();
            let (up, down) = (1.0 + 0.002 * draw().abs(), 1.0 - 0.002 * draw().abs());
            bars.open[row] = cents(open);
            bars.high[row] = cents(open.max(close) * up);
            bars.low[row] = cents(open.min(close) * down);
            bars.volume[row] = Some(10.0 + 5.0 * draw());
            raw.values[row] = cents(close);
        }
        raw
    }

    /// The same series under another name of venue.
    pub fn from_source(mut raw: RawSeries, source: &str) -> RawSeries {
        raw.source = source.to_owned();
        raw
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
