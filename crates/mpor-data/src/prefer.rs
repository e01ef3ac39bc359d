//! Faulty rows taken from another source of the same symbol, where the policy of their check is `prefer`.
//!
//! ```text
//! rows that are there and faulty : value (and bar) of the other source at the same instant
//! rows that are absent (D001)    : the other source's rows between the two neighbours
//! ```
//!
//! Nothing is scaled: both sources must quote the symbol in the same money. What was taken is told in the finding. A
//! source without the symbol, or without a value for one of the rows, is an error that names the sources there are.

use std::collections::BTreeMap;

use mpor_core::{Action, Timestamp};

use crate::cadence::Cadence;
use crate::checks::{self, Fault, Report, View};
use crate::error::DataError;
use crate::policy::Policies;
use crate::raw::{RawSeries, RawSeriesBySymbol};

/// Sources of one symbol by name.
type Sources<'a> = BTreeMap<&'a str, &'a RawSeries>;

/// The series of each symbol that is used: its only one, or the only one whose source is not merely preferred for faults.
///
/// # Errors
/// [`DataError::SeveralSources`] where more than one is left.
pub(crate) fn used<'a>(
    all: &'a RawSeriesBySymbol,
    wanted: Option<&str>,
    policies: &Policies,
) -> Result<Vec<&'a (String, String)>, DataError> {
    let preferred = policies.preferred();
    let keys: Vec<&(String, String)> = all.keys().collect();
    keys.chunk_by(|a, b| a.0 == b.0)
        .map(|same| {
            let names = |key: &&&(String, String)| match wanted {
                Some(source) => key.1 == source,
                None => !preferred.contains(key.1.as_str()),
            };
            let left: Vec<_> = same.iter().filter(names).copied().collect();
            match (left.as_slice(), same) {
                ([only], _) | ([], [only]) => Ok(*only),
                _ => Err(DataError::SeveralSources {
                    symbol: same[0].0.clone(),
                    sources: same.iter().map(|key| key.1.as_str()).collect::<Vec<_>>().join(", "),
                }),
            }
        })
        .collect()
}

/// The series with its faulty rows replaced as the policies of its reports say, and the reports with what was done.
///
/// # Errors
/// [`DataError::Prefer`] where the other source has no such symbol or no value for a row.
pub(crate) fn replaced(
    raw: &RawSeries,
    reports: &mut [Report],
    all: &RawSeriesBySymbol,
) -> Result<RawSeries, DataError> {
    let mut mended = raw.clone();
    for report in reports.iter_mut().filter(|report| report.policy.action == Action::Prefer) {
        let sources: Sources<'_> = all
            .iter()
            .filter(|((symbol, source), _)| *symbol == raw.symbol && *source != raw.source)
            .map(|((_, source), other)| (source.as_str(), other))
            .collect();
        let view = View::of(other(raw, report, &sources)?);
        let source = &view.raw.source;
        let mut told = Vec::new();
        for fault in &report.faults {
            let count = take(&mut mended, fault, &view)
                .map_err(|time| no_value(raw, report, &sources, time))?;
            let rows = if count == 1 { "row" } else { "rows" };
            told.push(format!("{}; {count} {rows} taken from `{source}`", fault.detail));
        }
        for (fault, detail) in report.faults.iter_mut().zip(told) {
            fault.detail = detail;
        }
    }
    Ok(mended)
}

/// The series that the policy names.
fn other<'a>(
    raw: &RawSeries,
    report: &Report,
    sources: &Sources<'a>,
) -> Result<&'a RawSeries, DataError> {
    let name = report.policy.source.as_deref().unwrap_or_default();
    sources.get(name).copied().ok_or_else(|| {
        let others: Vec<&str> = sources.keys().copied().collect();
        let problem = if others.is_empty() {
            format!("the files have {} from `{}` alone", raw.symbol, raw.source)
        } else {
            format!("it is no source of {}; others are {}", raw.symbol, others.join(", "))
        };
        refusal(raw, report, problem)
    })
}

fn refusal(raw: &RawSeries, report: &Report, problem: String) -> DataError {
    DataError::Prefer {
        code: report.check.code,
        check: report.check.name,
        symbol: raw.symbol.clone(),
        preferred: report.policy.source.clone().unwrap_or_default(),
        problem,
    }
}

fn no_value(raw: &RawSeries, report: &Report, sources: &Sources<'_>, time: Timestamp) -> DataError {
    let having: Vec<&str> = sources
        .iter()
        .filter(|(_, other)| {
            View::of(other).entry_at(time).is_some_and(|entry| usable(other, entry))
        })
        .map(|(name, _)| *name)
        .collect();
    let known = match having.as_slice() {
        [] => "nor has any other source in the files".to_owned(),
        some => format!("{} has", some.join(", ")),
    };
    refusal(raw, report, format!("it has no value at {time} either; {known}"))
}

/// Whether an entry has a value that the series may take.
fn usable(raw: &RawSeries, entry: usize) -> bool {
    let positive = checks::POSITIVE.contains(&raw.kind);
    raw.values[entry].is_some_and(|value| !positive || value > 0.0)
}

/// Takes the rows of a fault from the other source; how many, or the instant at which it has none.
fn take(raw: &mut RawSeries, fault: &Fault, from: &View<'_>) -> Result<usize, Timestamp> {
    if fault.entries.is_empty() {
        let rows = absent(from, fault);
        // How many sessions there were is not known.
        let sessions = matches!(from.cadence, Cadence::Sessions { .. });
        if rows.is_empty() || (rows.len() < fault.count && !sessions) {
            return Err(first_missing(fault, &rows, from));
        }
        insert(raw, from, &rows);
        return Ok(rows.len());
    }
    for entry in fault.entries.clone() {
        let time = raw.times[entry];
        let found = from.entry_at(time).filter(|&found| usable(from.raw, found)).ok_or(time)?;
        raw.values[entry] = from.raw.values[found];
        if let Some((to, from)) = raw.bars.as_mut().zip(from.raw.bars.as_ref()) {
            to.open[entry] = from.open[found];
            to.high[entry] = from.high[found];
            to.low[entry] = from.low[found];
            to.volume[entry] = from.volume[found];
        }
    }
    Ok(fault.entries.len())
}

/// Entries of the other source strictly between the neighbours of a gap.
fn absent(from: &View<'_>, fault: &Fault) -> Vec<usize> {
    let first = from.times.partition_point(|&time| time <= fault.from);
    let end = from.times.partition_point(|&time| time < fault.to);
    let between = from.order.get(first..end.max(first)).unwrap_or_default();
    between.iter().copied().filter(|&entry| usable(from.raw, entry)).collect()
}

/// The first instant of a gap that the other source lacks too.
fn first_missing(fault: &Fault, rows: &[usize], from: &View<'_>) -> Timestamp {
    let Some(step) = from.cadence.step() else { return fault.from };
    let mut expected = fault.from + step;
    for &entry in rows {
        if from.raw.times[entry] > expected {
            break;
        }
        expected = from.raw.times[entry] + step;
    }
    expected
}

/// Adds rows of the other source, with the file and the rows that they come from.
fn insert(raw: &mut RawSeries, from: &View<'_>, rows: &[usize]) {
    for &entry in rows {
        let place = raw.times.len();
        raw.times.push(from.raw.times[entry]);
        raw.values.push(from.raw.values[entry]);
        raw.rows.push(from.raw.rows[entry]);
        if !raw.intervals.is_empty() {
            raw.intervals.push(from.raw.intervals.get(entry).copied().flatten());
        }
        if let Some(to) = raw.bars.as_mut() {
            let of = |column: fn(&crate::raw::BarColumns) -> &Vec<Option<f64>>| {
                from.raw.bars.as_ref().and_then(|bars| column(bars)[entry])
            };
            to.open.push(of(|bars| &bars.open));
            to.high.push(of(|bars| &bars.high));
            to.low.push(of(|bars| &bars.low));
            to.volume.push(of(|bars| &bars.volume));
        }
        let file = from.raw.file_of(entry);
        match raw.files.last_mut() {
            Some((known, range)) if known == file => range.end = place + 1,
            _ => raw.files.push((file.to_owned(), place..place + 1)),
        }
    }
}
