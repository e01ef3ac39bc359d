//! The study's index prices, made of their sources, and the books that collateral is valued on; with a scenario's faults
//! in them where one is asked for.

use std::collections::BTreeMap;

use mpor_core::{Finding, Span, Timestamp};
use mpor_data::index::{
    self, Index, IndexLibrary, IndexRuleSet, IndexSource, Settlement, Validity,
};
use mpor_data::series::Series;
use mpor_data::{DataError, Query, raw};

use crate::error::MporError;
use crate::study::{IndexSpec, SourceSpec, StudyFile, UnderlyingSpec, nearest};

/// An index of the study, and what it was made of.
#[derive(Clone, Debug)]
pub struct BuiltIndex {
    /// The study's name for it.
    pub name: String,
    /// Rule, version, validity and status; several where versions follow each other.
    pub rule: String,
    /// Its values in the reporting currency, with counts.
    pub index: Index,
    /// How contracts settle on it, where the last version of its rule says so.
    pub settlement: Option<Settlement>,
}

/// Source, symbol and currency: what a series is known by here.
type Key = (String, String, Option<String>);

/// Everything that is made of several sources, and the sources.
#[derive(Clone, Debug, Default)]
pub(crate) struct Indices {
    /// The indices, in the study's order.
    pub built: Vec<BuiltIndex>,
    /// The sources as they were read, in their own currency and without faults.
    read: BTreeMap<Key, Series>,
    /// The sources in the reporting currency, faults included, by source and symbol.
    sources: BTreeMap<Key, Series>,
    /// The series that collateral is valued on by themselves.
    books: Vec<Key>,
    /// What the data checks found in the sources.
    pub findings: Vec<Finding>,
    /// What the reader must know of the rules, a sentence or two an index.
    pub notes: Vec<String>,
}

impl Indices {
    /// Reads the sources and follows the rules.
    pub fn read(file: &StudyFile) -> Result<Self, MporError> {
        let mut all = Indices::default();
        all.read = all.read_sources(file)?;
        check_faults(file, &all.read)?;
        all.follow(file, None)?;
        Ok(all)
    }

    /// The same sources with the faults of a scenario in them. What was found in the files stays with those that were read.
    pub fn under(&self, file: &StudyFile, scenario: &str) -> Result<Self, MporError> {
        let mut all = Indices { read: self.read.clone(), ..Indices::default() };
        all.follow(file, Some(scenario))?;
        Ok(all)
    }

    fn follow(&mut self, file: &StudyFile, scenario: Option<&str>) -> Result<(), MporError> {
        for (list, _, spec) in file.sources() {
            let source = source(file, scenario, &self.read[&key(spec)], spec);
            if list == "collateral" {
                self.books.push(key(spec));
            }
            self.sources.entry(key(spec)).or_insert_with(|| alone(source));
        }
        let library = library(file)?;
        for (at, spec) in file.study.index.iter().enumerate() {
            let parts: Vec<IndexSource> = spec
                .sources
                .iter()
                .map(|spec| source(file, scenario, &self.read[&key(spec)], spec))
                .collect();
            let built = build(file, at, spec, &library, &parts)?;
            self.notes.extend(notes(spec, &built, &library));
            self.built.push(built);
        }
        Ok(())
    }

    fn read_sources(&mut self, file: &StudyFile) -> Result<BTreeMap<Key, Series>, MporError> {
        let mut read: BTreeMap<Key, Series> = BTreeMap::new();
        let paths = file.resolve_all(&file.study.data.prices);
        for (list, at, spec) in file.sources() {
            if read.contains_key(&key(spec)) {
                continue;
            }
            if paths.is_empty() {
                let problem = format!(
                    "the study uses `{}` of `{}`, so `data.prices` must name its files",
                    spec.prices, spec.source
                );
                return Err(file.error_at(&["data"], problem).into());
            }
            let symbols = Query::all(paths.clone()).of([spec.prices.clone()]);
            let query = Query { source: Some(spec.source.clone()), ..symbols.clone() };
            let loaded = match mpor_data::series::prices(&query, &file.study.data.policy) {
                Err(DataError::NoSuchSymbol { .. }) => {
                    let problem = not_there(spec, &symbols)?;
                    return Err(file.list_error(list, at, &problem).into());
                }
                other => other?,
            };
            self.findings.extend(loaded.findings);
            let bars = loaded.value.into_values().next().ok_or_else(|| {
                MporError::History(format!("no `{}` of `{}`", spec.prices, spec.source))
            })?;
            read.insert(key(spec), bars.closes);
        }
        Ok(read)
    }

    /// An index by name.
    pub fn index(&self, name: &str) -> Option<&BuiltIndex> {
        self.built.iter().find(|built| built.name == name)
    }

    /// The series that an index is made of, by the name of their source.
    pub fn sources_of<'a>(&'a self, spec: &'a IndexSpec) -> Vec<(&'a str, &'a Series)> {
        let named = spec.sources.iter();
        named.filter_map(|of| Some((of.source.as_str(), self.sources.get(&key(of))?))).collect()
    }

    /// One source's own series, in the reporting currency.
    pub fn book(&self, spec: &SourceSpec) -> Result<&Series, MporError> {
        self.sources
            .get(&key(spec))
            .ok_or_else(|| MporError::History(format!("no `{}` of `{}`", spec.prices, spec.source)))
    }

    /// The sources, in order of source and symbol.
    pub fn sources(&self) -> impl Iterator<Item = &Series> {
        self.sources.values()
    }

    /// The series that collateral is valued on by themselves.
    pub fn books(&self) -> impl Iterator<Item = &Series> {
        self.books.iter().filter_map(|key| self.sources.get(key))
    }
}

fn key(spec: &SourceSpec) -> Key {
    (spec.source.clone(), spec.prices.clone(), spec.quote.clone())
}

/// A series in the reporting currency, with the faults of a scenario.
fn source(
    file: &StudyFile,
    scenario: Option<&str>,
    series: &Series,
    spec: &SourceSpec,
) -> IndexSource {
    let quote = spec.quote.as_ref().filter(|quote| **quote != file.study.currency);
    let rate = quote.and_then(|quote| file.study.fx.get(quote)).copied().unwrap_or(1.0);
    let mut series = series.clone();
    series.values.iter_mut().for_each(|value| *value *= rate);
    let mut source = IndexSource { series, weight: spec.weight, absent: Vec::new() };
    let faults = file.study.fault.iter().filter(|fault| Some(fault.name.as_str()) == scenario);
    for fault in faults.filter(|fault| fault.hits(spec)) {
        fault.fault().apply(&mut source);
    }
    source
}

/// A source read by itself: where it is missing its last value stands, because there is no other.
fn alone(source: IndexSource) -> Series {
    let IndexSource { mut series, absent, .. } = source;
    let there: Vec<bool> = series
        .times
        .iter()
        .map(|&time| !absent.iter().any(|gap| gap.from <= time && time < gap.to))
        .collect();
    let mut kept = there.iter();
    series.times.retain(|_| kept.next().copied().unwrap_or(true));
    let mut kept = there.iter();
    series.values.retain(|_| kept.next().copied().unwrap_or(true));
    series
}

/// A fault that changes nothing is a mistake in the study.
fn check_faults(file: &StudyFile, read: &BTreeMap<Key, Series>) -> Result<(), MporError> {
    for (at, fault) in file.study.fault.iter().enumerate() {
        let hit: Vec<&Series> = file
            .sources()
            .into_iter()
            .filter(|(_, _, spec)| fault.hits(spec))
            .map(|(_, _, spec)| &read[&key(spec)])
            .collect();
        let inside = |time: &&Timestamp| fault.from <= **time && **time < fault.to;
        if hit.iter().any(|series| series.times.iter().any(|time| inside(&time))) {
            continue;
        }
        let firsts = hit.iter().filter_map(|series| series.times.first());
        let lasts = hit.iter().filter_map(|series| series.times.last());
        let problem = format!(
            "the fault changes nothing: `{}` has no price from {} to {}; its prices run from {} to {}",
            fault.source,
            fault.from,
            fault.to,
            firsts.min().copied().unwrap_or_default(),
            lasts.max().copied().unwrap_or_default()
        );
        return Err(file.list_error("fault", at, &problem).into());
    }
    Ok(())
}

/// Why a source is not there: an unknown symbol, or one that other sources have.
fn not_there(spec: &SourceSpec, symbols: &Query) -> Result<String, MporError> {
    let rows = raw::prices(symbols)?;
    if rows.is_empty() {
        let all = raw::prices(&Query { symbols: None, ..symbols.clone() })?;
        let mut names: Vec<&str> = all.keys().map(|(symbol, _)| symbol.as_str()).collect();
        names.dedup();
        let known = nearest(&spec.prices, names.iter().copied());
        return Ok(format!("the price files have no `{}`; {known}", spec.prices));
    }
    let known = nearest(&spec.source, rows.keys().map(|(_, source)| source.as_str()));
    Ok(format!("no source `{}` has `{}`; {known}", spec.source, spec.prices))
}

/// The index rules of the binary and of the study's own folders.
fn library(file: &StudyFile) -> Result<IndexLibrary, MporError> {
    let mut library = IndexLibrary::embedded()?;
    for folder in &file.study.data.rules {
        library = library
            .with_directory(std::path::Path::new(&file.resolve(folder)))
            .map_err(|error| file.error_at(&["data", "rules"], error.to_string()))?;
    }
    Ok(library)
}

/// The versions of a rule that an index follows.
fn versions<'l>(
    file: &StudyFile,
    at: usize,
    spec: &IndexSpec,
    library: &'l IndexLibrary,
) -> Result<Vec<&'l IndexRuleSet>, MporError> {
    let all = library.versions(&spec.rule);
    let refuse = |problem: String| Err(file.list_error("index", at, &problem).into());
    if all.is_empty() {
        let known = nearest(&spec.rule, library.names().collect::<Vec<_>>().into_iter());
        return refuse(format!("unknown index rule `{}`; {known}", spec.rule));
    }
    let Some(time) = spec.as_of else { return Ok(all.iter().collect()) };
    match mpor_core::rules::in_force(all, time) {
        Some(set) => Ok(vec![set]),
        None => {
            let known: Vec<String> = all.iter().map(ToString::to_string).collect();
            refuse(format!(
                "`as_of` {time}: no version is in force then; known: {}",
                known.join(", ")
            ))
        }
    }
}

fn build(
    file: &StudyFile,
    at: usize,
    spec: &IndexSpec,
    library: &IndexLibrary,
    sources: &[IndexSource],
) -> Result<BuiltIndex, MporError> {
    let sets = versions(file, at, spec, library)?;
    let pinned = spec.as_of.is_some();
    let rules: Vec<Validity> = sets
        .iter()
        .map(|set| {
            let mut validity = index::validity(set);
            if pinned {
                (validity.from, validity.until) = (None, None);
            }
            validity.rule.stale_after = spec.stale_after.or(validity.rule.stale_after);
            validity
        })
        .collect();
    let index = index::build(&spec.name, &rules, sources)
        .map_err(|error| file.list_error("index", at, &error.to_string()))?;
    let labels: Vec<String> = sets.iter().map(ToString::to_string).collect();
    Ok(BuiltIndex {
        name: spec.name.clone(),
        rule: labels.join("; "),
        index,
        settlement: rules.last().and_then(|last| last.rule.settlement),
    })
}

/// The averaging time before an expiry: the study's, else that of the index's rule, which is then noted.
pub(super) fn settlement_window(
    spec: &UnderlyingSpec,
    indices: &Indices,
    notes: &mut Vec<String>,
) -> Span {
    let rule = indices.index(&spec.prices).and_then(|built| built.settlement);
    match rule.filter(|_| spec.settlement_window == Span(0)) {
        None => spec.settlement_window,
        Some(rule) => {
            notes.push(format!(
                "{}: expiries settle on the mean of {} over the {} before, as its rule says, taken at the instants of its sources and not each {}.",
                spec.name, spec.prices, rule.window, rule.every
            ));
            rule.window
        }
    }
}

/// What an index is, and how often it was not made of all its sources.
fn notes(spec: &IndexSpec, built: &BuiltIndex, library: &IndexLibrary) -> Vec<String> {
    let names: Vec<&str> = spec.sources.iter().map(|source| source.source.as_str()).collect();
    let tally = built.index.tally();
    let mut all = vec![format!(
        "Index {}: rule {}, from {}. Of {} instants {} lack a source (at the fewest {} of {} are left), {} leave out a stale one, {} clamp or leave out a price, and {} carry the last index.",
        built.name,
        built.rule,
        names.join(", "),
        tally.instants,
        tally.incomplete,
        tally.fewest,
        names.len(),
        tally.stale,
        tally.clamped,
        tally.carried
    )];
    if let Some(limit) = spec.stale_after {
        let versions = library.versions(&spec.rule).last();
        let stated = versions.and_then(|set| set.parameters.rule.stale_after);
        let stated = stated.map_or("sets no limit".to_owned(), |limit| format!("says {limit}"));
        all.push(format!(
            "Index {}: the study lets a source's last price count for {limit}; the rule {stated}.",
            built.name
        ));
    }
    all
}
