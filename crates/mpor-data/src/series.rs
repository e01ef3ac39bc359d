//! Series ready for use: checked, sorted, one row an instant, every value finite.

use std::collections::BTreeMap;

use mpor_core::{Action, Finding, PriceSeries, Timestamp};

use crate::cadence::Cadence;
use crate::checks::{self, Report};
use crate::error::DataError;
use crate::payments::{Payments, interval};
use crate::policy::Policies;
use crate::prefer;
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
    load("prices", query, raw::prices, policies, bars)
}

/// Prices of the series that `pick` names among all that the query's files hold, which are read once.
///
/// # Errors
/// As [`prices`], and whatever `pick` refuses.
pub fn prices_among<E: From<DataError>>(
    query: &Query,
    policies: &Policies,
    pick: impl FnOnce(&[&str]) -> Result<Vec<String>, E>,
) -> Result<Loaded<BTreeMap<String, Bars>>, E> {
    let mut all = raw::prices(query)?;
    let mut known: Vec<&str> = all.keys().map(|(symbol, _)| symbol.as_str()).collect();
    known.dedup();
    let wanted = pick(&known)?;
    all.retain(|(symbol, _), _| wanted.contains(symbol));
    let query = query.clone().of(wanted);
    refuse_absent("prices", &query, raw::prices, &all)?;
    Ok(checked(&all, query.source.as_deref(), policies, bars)?)
}

/// Funding rates by symbol, a fraction of notional an interval, at the time of payment, with the interval of each.
///
/// # Errors
/// As [`prices`].
pub fn funding(
    query: &Query,
    policies: &Policies,
) -> Result<Loaded<BTreeMap<String, Payments>>, DataError> {
    load("funding", query, raw::funding, policies, payments)
}

/// Volatility indices by underlying and tenor (see [`raw::tenor_symbol`]), a year, decimal.
///
/// # Errors
/// As [`prices`].
pub fn vol_index(
    query: &Query,
    policies: &Policies,
) -> Result<Loaded<BTreeMap<String, Series>>, DataError> {
    load("vol_index", query, raw::vol_index, policies, series)
}

/// Interest rates by currency and tenor (see [`raw::tenor_symbol`]), continuously compounded a year.
///
/// # Errors
/// As [`prices`].
pub fn rates(
    query: &Query,
    policies: &Policies,
) -> Result<Loaded<BTreeMap<String, Series>>, DataError> {
    load("rates", query, raw::rates, policies, series)
}

/// A series' rows that may be used, in time order, and what was found.
///
/// # Errors
/// [`DataError::Refused`] and [`DataError::CarriedTooLong`] as the policies say.
pub fn clean(raw: &RawSeries, policies: &Policies) -> Result<Loaded<Series>, DataError> {
    let reports = checks::run(raw, policies);
    ready(raw, reports, &RawSeriesBySymbol::new(), series)
}

/// A series' rows that may be used once its faulty rows are taken from where the policies say, and what was found.
fn ready<T>(
    raw: &RawSeries,
    mut reports: Vec<Report>,
    all: &RawSeriesBySymbol,
    build: fn(&RawSeries, &[usize]) -> T,
) -> Result<Loaded<T>, DataError> {
    refuse(raw, &reports)?;
    let prefers = reports.iter().any(|report| report.policy.action == Action::Prefer);
    let mended = if prefers { Some(prefer::replaced(raw, &mut reports, all)?) } else { None };
    let used = mended.as_ref().unwrap_or(raw);
    let kept = kept(used, &reports)?;
    let findings = reports.iter().flat_map(|report| report.findings(raw)).collect();
    Ok(Loaded { value: build(used, &kept), findings })
}

fn load<T>(
    table: &'static str,
    query: &Query,
    read: fn(&Query) -> Result<RawSeriesBySymbol, DataError>,
    policies: &Policies,
    build: fn(&RawSeries, &[usize]) -> T,
) -> Result<Loaded<BTreeMap<String, T>>, DataError> {
    // A source that faulty rows are taken from is read beside the one that is used.
    let alone = policies.preferred().is_empty();
    let source = query.source.clone().filter(|_| alone);
    let all = read(&Query { source, ..query.clone() })?;
    refuse_absent(table, query, read, &all)?;
    checked(&all, query.source.as_deref(), policies, build)
}

/// The series of one source each, once their faulty rows are treated as the policies say.
fn checked<T>(
    all: &RawSeriesBySymbol,
    source: Option<&str>,
    policies: &Policies,
    build: fn(&RawSeries, &[usize]) -> T,
) -> Result<Loaded<BTreeMap<String, T>>, DataError> {
    let used = prefer::used(all, source, policies)?;
    let reports = checks::run_all(all, policies);
    let mut loaded = Loaded { value: BTreeMap::new(), findings: Vec::new() };
    for ((key, raw), reports) in all.iter().zip(reports).filter(|((key, _), _)| used.contains(key))
    {
        let found = ready(raw, reports, all, build)?;
        loaded.findings.extend(found.findings);
        loaded.value.insert(key.0.clone(), found.value);
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

/// The entries that may be used, in time order.
fn kept(raw: &RawSeries, reports: &[Report]) -> Result<Vec<usize>, DataError> {
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

fn payments(raw: &RawSeries, kept: &[usize]) -> Payments {
    let usable = kept.iter().filter(|&&entry| raw.values[entry].is_some());
    let stated = |&entry: &usize| interval(raw.intervals.get(entry).copied().flatten());
    Payments { rates: series(raw, kept), intervals: usable.map(stated).collect() }
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

    /// Two sources of one symbol, the second ten percent higher.
    fn two(first: RawSeries, hours: &[i64]) -> RawSeriesBySymbol {
        let closes: Vec<f64> = hours.iter().map(|&hour| 110.0 + hour as f64).collect();
        let mut second = hourly(hours, &closes);
        second.source = "second".to_owned();
        second.files[0].0 = "second.parquet".to_owned();
        let key = |raw: &RawSeries| (raw.symbol.clone(), raw.source.clone());
        [(key(&first), first), (key(&second), second)].into()
    }

    fn load_first(all: &RawSeriesBySymbol, text: &str) -> Result<Loaded<Series>, DataError> {
        let policies = policies(text);
        let used = prefer::used(all, None, &policies)?;
        assert_eq!(used.len(), 1);
        let reports = checks::run_all(all, &policies);
        let (raw, reports) =
            all.values().zip(reports).find(|(raw, _)| raw.source == used[0].1).unwrap();
        ready(raw, reports, all, series)
    }

    #[test]
    fn faulty_rows_are_taken_from_the_preferred_source_and_counted() {
        let all =
            two(hourly(&[0, 1, 2, 3, 4], &[100.0, 101.0, -1.0, -2.0, 104.0]), &[0, 1, 2, 3, 4]);
        let loaded = load_first(&all, "D006 = { prefer = \"second\" }").unwrap();
        assert_eq!(loaded.value.values, [100.0, 101.0, 112.0, 113.0, 104.0]);
        let found = loaded.findings.iter().find(|finding| finding.code == "D006").unwrap();
        assert_eq!((found.count, found.row, found.action), (2, Some(3), Action::Prefer));
        assert!(found.detail.ends_with("; 2 rows taken from `second`"), "{}", found.detail);
    }

    #[test]
    fn absent_rows_are_taken_too() {
        let all = two(hourly(&[0, 1, 4, 5], &[100.0, 101.0, 104.0, 105.0]), &[0, 1, 2, 3, 4, 5]);
        let loaded = load_first(&all, "D001 = { prefer = \"second\" }").unwrap();
        assert_eq!(loaded.value.values, [100.0, 101.0, 112.0, 113.0, 104.0, 105.0]);
        assert_eq!(loaded.findings[0].count, 2);
        assert!(loaded.findings[0].detail.ends_with("; 2 rows taken from `second`"));
        assert_eq!(loaded.value.place, "x.parquet and 1 more");
    }

    #[test]
    fn a_source_that_cannot_help_is_told_with_those_that_are_there() {
        let bad = || hourly(&[0, 1, 2, 3, 4], &[100.0, 101.0, -1.0, -2.0, 104.0]);
        let told = |all: &RawSeriesBySymbol, text| load_first(all, text).unwrap_err().to_string();
        let mut alone = two(bad(), &[0]);
        alone.pop_last();
        let message = told(&alone, "D006 = { prefer = \"second\" }");
        assert!(
            message.starts_with(
                "D006 non-positive: X: its faulty rows cannot be taken from `second`: "
            ),
            "{message}"
        );
        assert!(message.contains("the files have X from `made up` alone"), "{message}");
        let message = told(&two(bad(), &[0, 1, 2, 4]), "D006 = { prefer = \"second\" }");
        let expected = "it has no value at 2020-01-06T03:00:00Z either; nor has any other source";
        assert!(message.contains(expected), "{message}");
        let gap = hourly(&[0, 1, 4, 5], &[100.0, 101.0, 104.0, 105.0]);
        let message = told(&two(gap, &[0, 1, 2, 4, 5]), "D001 = { prefer = \"second\" }");
        assert!(message.contains("it has no value at 2020-01-06T03:00:00Z either"), "{message}");
        let mut third = two(bad(), &[0, 1, 2, 3, 4]);
        let mut other = bad();
        other.source = "third".to_owned();
        third.insert((other.symbol.clone(), other.source.clone()), other);
        let message = told(&third, "D006 = { prefer = \"second\" }");
        assert!(
            message.contains("comes from several sources (made up, second, third)"),
            "{message}"
        );
    }
}
