//! Series ready for use: checked, sorted, one row an instant, every value finite.

use std::collections::BTreeMap;

use mpor_core::{Action, Finding, PriceSeries, Timestamp};

use crate::cadence::Cadence;
use crate::checks::{self, Report};
use crate::error::DataError;
use crate::policy::Policies;
use crate::raw::{self, RawSeries, RawSeriesBySymbol};
use crate::scan::Query;

/// A value and what the data checks found on the way to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded<T> {
    /// What was asked for.
    pub value: T,
    /// What was found, in the order of series, checks and rows.
    pub findings: Vec<Finding>,
}

/// One number through time.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Name of the series.
    pub symbol: String,
    /// Venue or provider; empty where the table has none.
    pub source: String,
    /// The file it comes from, or the first of several.
    pub place: String,
    /// How often it is observed.
    pub cadence: Cadence,
    /// Instants from which the values are known, increasing.
    pub times: Vec<Timestamp>,
    /// The values, in the table's unit.
    pub values: Vec<f64>,
}

/// Bars of one price.
#[derive(Clone, Debug, PartialEq)]
pub struct Bars {
    /// The closes, in quote currency.
    pub closes: Series,
    /// First prices of the bars; `None` where only the close is known.
    pub open: Vec<Option<f64>>,
    /// Highest prices.
    pub high: Vec<Option<f64>>,
    /// Lowest prices.
    pub low: Vec<Option<f64>>,
    /// Traded volumes, in base units.
    pub volume: Vec<Option<f64>>,
}

/// Prices by symbol. A missing symbol is an error, a faulty one obeys the policies.
///
/// A query's `from` also cuts off what an as-of value at `from` would be taken from: ask from
/// [`LOOKBACK`](crate::align::LOOKBACK) earlier.
///
/// # Errors
/// [`DataError`] naming the file, row and column, or the finding that the policies refuse.
pub fn prices(
    query: &Query,
    policies: &Policies,
) -> Result<Loaded<BTreeMap<String, Bars>>, DataError> {
    load("prices", query, raw::prices, policies, |raw, kept| bars(&raw, &kept))
}

/// Funding rates by symbol, a fraction of notional an interval, at the time of payment.
///
/// # Errors
/// As [`prices`].
pub fn funding(
    query: &Query,
    policies: &Policies,
) -> Result<Loaded<BTreeMap<String, Series>>, DataError> {
    load("funding", query, raw::funding, policies, |raw, kept| series(&raw, &kept))
}

/// Volatility indices by underlying and tenor (see [`raw::tenor_symbol`]), a year, decimal.
///
/// # Errors
/// As [`prices`].
pub fn vol_index(
    query: &Query,
    policies: &Policies,
) -> Result<Loaded<BTreeMap<String, Series>>, DataError> {
    load("vol_index", query, raw::vol_index, policies, |raw, kept| series(&raw, &kept))
}

/// Interest rates by currency and tenor (see [`raw::tenor_symbol`]), continuously compounded a year.
///
/// # Errors
/// As [`prices`].
pub fn rates(
    query: &Query,
    policies: &Policies,
) -> Result<Loaded<BTreeMap<String, Series>>, DataError> {
    load("rates", query, raw::rates, policies, |raw, kept| series(&raw, &kept))
}

/// A series' rows that may be used, in time order, and what was found.
///
/// # Errors
/// [`DataError::Refused`] and [`DataError::CarriedTooLong`] as the policies say.
pub fn clean(raw: &RawSeries, policies: &Policies) -> Result<Loaded<Series>, DataError> {
    let reports = checks::run(raw, policies);
    let kept = kept(raw, &reports)?;
    let findings = reports.iter().flat_map(|report| report.findings(raw)).collect();
    Ok(Loaded { value: series(raw, &kept), findings })
}

fn load<T>(
    table: &'static str,
    query: &Query,
    read: fn(&Query) -> Result<RawSeriesBySymbol, DataError>,
    policies: &Policies,
    build: impl Fn(RawSeries, Vec<usize>) -> T,
) -> Result<Loaded<BTreeMap<String, T>>, DataError> {
    let all = read(query)?;
    refuse_absent(table, query, read, &all)?;
    refuse_several_sources(&all)?;
    let mut loaded = Loaded { value: BTreeMap::new(), findings: Vec::new() };
    for ((symbol, _), raw) in all {
        let reports = checks::run(&raw, policies);
        let kept = kept(&raw, &reports)?;
        loaded.findings.extend(reports.iter().flat_map(|report| report.findings(&raw)));
        loaded.value.insert(symbol, build(raw, kept));
    }
    Ok(loaded)
}

fn refuse_absent(
    table: &'static str,
    query: &Query,
    read: fn(&Query) -> Result<RawSeriesBySymbol, DataError>,
    all: &RawSeriesBySymbol,
) -> Result<(), DataError> {
    let named = |symbol: &str, known: &str| {
        known == symbol || known.strip_prefix(symbol).is_some_and(|rest| rest.starts_with(' '))
    };
    let wanted = query.symbols.iter().flatten();
    let mut absent = wanted.filter(|symbol| !all.keys().any(|(known, _)| named(symbol, known)));
    let Some(symbol) = absent.next() else { return Ok(()) };
    // Only now is it worth knowing what else the files hold.
    let everything = read(&Query { symbols: None, source: None, ..query.clone() })?;
    let mut known: Vec<&str> = everything.keys().map(|(symbol, _)| symbol.as_str()).collect();
    known.dedup();
    Err(DataError::NoSuchSymbol {
        symbol: symbol.clone(),
        table,
        files: query.paths.join(", "),
        known: if known.is_empty() { "no row in this range".to_owned() } else { known.join(", ") },
    })
}

fn refuse_several_sources(all: &RawSeriesBySymbol) -> Result<(), DataError> {
    let keys: Vec<&(String, String)> = all.keys().collect();
    match keys.chunk_by(|a, b| a.0 == b.0).find(|same| same.len() > 1) {
        None => Ok(()),
        Some(same) => Err(DataError::SeveralSources {
            symbol: same[0].0.clone(),
            sources: same.iter().map(|key| key.1.as_str()).collect::<Vec<_>>().join(", "),
        }),
    }
}

/// The entries that may be used, in time order.
fn kept(raw: &RawSeries, reports: &[Report]) -> Result<Vec<usize>, DataError> {
    refuse(raw, reports)?;
    let mut usable: Vec<bool> = raw.values.iter().map(Option::is_some).collect();
    for report in reports.iter().filter(|report| removes(report)) {
        for fault in &report.faults {
            usable[fault.entries.clone()].fill(false);
        }
    }
    let mut kept: Vec<usize> = (0..raw.len()).filter(|&entry| usable[entry]).collect();
    kept.sort_by_key(|&entry| raw.times[entry]);
    kept.dedup_by_key(|entry| raw.times[*entry]);
    for report in reports.iter().filter(|report| removes(report)) {
        refuse_long(raw, report, &kept)?;
    }
    Ok(kept)
}

fn removes(report: &Report) -> bool {
    report.check.removes && report.policy.action == Action::Carry
}

fn refuse(raw: &RawSeries, reports: &[Report]) -> Result<(), DataError> {
    let mut refused = reports
        .iter()
        .filter(|report| report.policy.action == Action::Fail)
        .flat_map(|report| report.findings(raw));
    match refused.next() {
        None => Ok(()),
        Some(first) => Err(DataError::Refused {
            code: first.code,
            check: first.check,
            symbol: first.symbol,
            source_name: first.source,
            detail: first
                .row
                .map_or_else(|| first.detail.clone(), |row| format!("row {row}: {}", first.detail)),
            others: refused.count(),
        }),
    }
}

/// Refuses dropped rows that the value before them would stand for too long.
fn refuse_long(raw: &RawSeries, report: &Report, kept: &[usize]) -> Result<(), DataError> {
    let Some(limit) = report.policy.limit else { return Ok(()) };
    for fault in &report.faults {
        let after = kept.partition_point(|&entry| raw.times[entry] < fault.from);
        let Some(known) = after.checked_sub(1).map(|before| raw.times[kept[before]]) else {
            continue;
        };
        let age = fault.to - known;
        if age > limit {
            return Err(DataError::CarriedTooLong {
                code: report.check.code,
                check: report.check.name,
                symbol: raw.symbol.clone(),
                source_name: raw.place(),
                known,
                wanted: fault.to,
                age,
                limit,
            });
        }
    }
    Ok(())
}

fn series(raw: &RawSeries, kept: &[usize]) -> Series {
    let times: Vec<Timestamp> = kept.iter().map(|&entry| raw.times[entry]).collect();
    Series {
        symbol: raw.symbol.clone(),
        source: raw.source.clone(),
        place: raw.place(),
        cadence: Cadence::infer(&times),
        times,
        values: kept.iter().filter_map(|&entry| raw.values[entry]).collect(),
    }
}

fn bars(raw: &RawSeries, kept: &[usize]) -> Bars {
    let none = Vec::new();
    let take = |column: &Vec<Option<f64>>| -> Vec<Option<f64>> {
        kept.iter().map(|&entry| column.get(entry).copied().flatten()).collect()
    };
    let columns = raw.bars.as_ref();
    Bars {
        closes: series(raw, kept),
        open: take(columns.map_or(&none, |bars| &bars.open)),
        high: take(columns.map_or(&none, |bars| &bars.high)),
        low: take(columns.map_or(&none, |bars| &bars.low)),
        volume: take(columns.map_or(&none, |bars| &bars.volume)),
    }
}

impl Series {
    /// The series as settlement reads it; moves the vectors.
    #[must_use]
    pub fn into_price_series(self) -> PriceSeries {
        PriceSeries { times: self.times, prices: self.values }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::made_up::{hourly, start};
    use mpor_core::Span;

    fn policies(text: &str) -> Policies {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn rows_are_sorted_and_the_first_of_a_time_is_kept() {
        let raw = hourly(&[2, 0, 1, 1, 3], &[12.0, 10.0, 11.0, 99.0, 13.0]);
        let refused = clean(&raw, &Policies::default()).unwrap_err().to_string();
        assert!(refused.starts_with("D002 duplicate: X in x.parquet: row 4: "), "{refused}");
        let loaded = clean(&raw, &policies("D002 = \"mark\"")).unwrap();
        assert_eq!(loaded.value.values, [10.0, 11.0, 12.0, 13.0]);
        let codes: Vec<&str> = loaded.findings.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, ["D002", "D004"]);
    }

    #[test]
    fn carry_drops_bad_rows_and_mark_keeps_them() {
        let raw = hourly(&[0, 1, 2, 3, 4], &[10.0, 11.0, -1.0, -2.0, 12.0]);
        assert!(matches!(clean(&raw, &Policies::default()), Err(DataError::Refused { .. })));
        let marked = clean(&raw, &policies("D006 = \"mark\"")).unwrap();
        assert_eq!(marked.value.values.len(), 5);
        let carried = clean(&raw, &policies("D006 = \"carry\"")).unwrap();
        assert_eq!(carried.value.values, [10.0, 11.0, 12.0]);
    }

    #[test]
    fn the_limit_of_a_carry_holds() {
        let raw = hourly(&[0, 1, 2, 3, 4], &[10.0, 11.0, -1.0, -2.0, 12.0]);
        assert!(clean(&raw, &policies("D006 = { carry = { limit = \"2h\" } }")).is_ok());
        let error = clean(&raw, &policies("D006 = { carry = { limit = \"1h\" } }")).unwrap_err();
        let DataError::CarriedTooLong { known, wanted, age, .. } = error else {
            unreachable!("{error}")
        };
        assert_eq!((known, wanted), (start() + Span::hours(1), start() + Span::hours(3)));
        assert_eq!(age, Span::hours(2));
    }

    #[test]
    fn rows_without_a_value_never_pass() {
        let mut raw = hourly(&[0, 1, 2, 3], &[10.0, 11.0, 12.0, 13.0]);
        raw.values[2] = None;
        let loaded = clean(&raw, &policies("D008 = \"mark\"")).unwrap();
        assert_eq!(loaded.value.values, [10.0, 11.0, 13.0]);
        assert_eq!(loaded.value.times.len(), 3);
    }
}
