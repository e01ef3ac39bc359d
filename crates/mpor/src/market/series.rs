//! The series that a study's underlyings name, read once.

use std::collections::BTreeMap;

use mpor_core::{Action, Finding, Timestamp};
use mpor_data::Query;
use mpor_data::payments::Payments;
use mpor_data::raw::tenor_symbol;
use mpor_data::series::{Loaded, Series};

use super::futures;
use super::indices::Indices;
use crate::error::MporError;
use crate::study::{Paths, StudyFile, VolLevel};

/// A series that the study uses, for the data page of the report.
#[derive(Clone, Debug)]
pub struct SeriesUse {
    /// Table of the schema: `prices`, `vol_index` or `funding`; `index` where it is made of several of its series.
    pub table: &'static str,
    /// Its name.
    pub symbol: String,
    /// Venue or provider.
    pub source: String,
    /// File it comes from.
    pub place: String,
    /// Rows used.
    pub rows: usize,
    /// First instant.
    pub from: Timestamp,
    /// Last instant.
    pub to: Timestamp,
    /// Observations absent between them, as the gap check counts.
    pub missing: usize,
}

/// Everything that was read, with what was found on the way. Prices are in the reporting currency.
#[derive(Clone, Debug, Default)]
pub(crate) struct AllSeries {
    prices: BTreeMap<String, Series>,
    vol_index: BTreeMap<String, Series>,
    funding: BTreeMap<String, Payments>,
    /// Prices of futures by underlying and symbol; their range limits no study.
    futures: Vec<BTreeMap<String, Series>>,
    /// Index prices and what they are made of; the indices stand among the prices too.
    pub indices: Indices,
    /// What the data checks found.
    pub findings: Vec<Finding>,
    /// Assumptions about currencies.
    pub notes: Vec<String>,
}

impl AllSeries {
    /// Reads the series that the study names.
    pub fn read(file: &StudyFile) -> Result<Self, MporError> {
        let mut all = AllSeries::default();
        all.read_prices(file)?;
        all.read_vol_index(file)?;
        all.read_funding(file)?;
        all.read_futures(file)?;
        all.restate_in_reporting_currency(file)?;
        all.add_indices(Indices::read(file)?);
        Ok(all)
    }

    /// The same series with the faults of a scenario in what indices and collateral are made of. Nothing is read again.
    pub fn under(&self, file: &StudyFile, scenario: &str) -> Result<Self, MporError> {
        let mut all = self.clone();
        all.add_indices(self.indices.under(file, scenario)?);
        Ok(all)
    }

    fn add_indices(&mut self, indices: Indices) {
        for built in &indices.built {
            self.prices.insert(built.name.clone(), built.index.series.clone());
        }
        self.findings.extend(indices.findings.iter().cloned());
        self.notes.extend(indices.notes.iter().cloned());
        self.indices = indices;
    }

    fn read_prices(&mut self, file: &StudyFile) -> Result<(), MporError> {
        let specs = &file.study.underlying;
        let named = specs.iter().flat_map(|spec| {
            [Some(&spec.prices), spec.perpetual.as_ref(), spec.settles_on.as_ref()]
        });
        let is_index = |name: &&String| file.study.index.iter().any(|index| index.name == **name);
        let wanted = named.flatten().filter(|name| !is_index(name));
        let query = query(file, "prices", &file.study.data.prices, wanted)?;
        if let Some(query) = query {
            let loaded = mpor_data::series::prices(&query, &file.study.data.policy)?;
            self.findings.extend(loaded.findings);
            let closes = loaded.value.into_iter().map(|(symbol, bars)| (symbol, bars.closes));
            self.prices = closes.collect();
            self.refuse_non_positive(&self.prices, "price")?;
        }
        Ok(())
    }

    fn read_vol_index(&mut self, file: &StudyFile) -> Result<(), MporError> {
        let indices = file.study.underlying.iter().filter_map(|spec| match &spec.volatility {
            Some(volatility) => match &volatility.level {
                VolLevel::Index(index) => Some(&index.symbol),
                VolLevel::Realised(_) => None,
            },
            None => None,
        });
        if let Some(query) = query(file, "vol_index", &file.study.data.vol_index, indices)? {
            let loaded = mpor_data::series::vol_index(&query, &file.study.data.policy)?;
            self.vol_index = self.take(loaded);
            self.refuse_non_positive(&self.vol_index, "volatility")?;
        }
        Ok(())
    }

    /// Refuses a value at or below zero that the policy of `D006` keeps: no model here has an answer for it.
    fn refuse_non_positive(
        &self,
        series: &BTreeMap<String, Series>,
        what: &str,
    ) -> Result<(), MporError> {
        let first = series.values().find_map(|series| {
            let at = series.values.iter().position(|value| *value <= 0.0)?;
            Some((series, series.times[at], series.values[at]))
        });
        let Some((series, time, value)) = first else { return Ok(()) };
        let found = self.findings.iter().find(|finding| {
            finding.code == "D006" && finding.symbol == series.symbol && finding.from == time
        });
        let (file, row) = found.map_or((&series.place, None), |found| (&found.source, found.row));
        let row = row.map_or(String::new(), |row| format!(" row {row}:"));
        Err(MporError::History(format!(
            "{file}:{row} the {what} of {} at {time} is {value}. Log returns, relative shocks and Black-76 exist above zero only, so a study cannot go on with it. Leave such rows out of the files, or set D006 under [data.policy] to `carry`, for the value before to stand and be counted, or to another source with {{ prefer = \"...\" }}",
            series.symbol
        )))
    }

    fn read_funding(&mut self, file: &StudyFile) -> Result<(), MporError> {
        let funding = file.study.underlying.iter().filter_map(|spec| spec.funding.as_ref());
        if let Some(query) = query(file, "funding", &file.study.data.funding, funding)? {
            let loaded = mpor_data::series::funding(&query, &file.study.data.policy)?;
            self.findings.extend(loaded.findings);
            self.funding = loaded.value;
        }
        Ok(())
    }

    fn read_futures(&mut self, file: &StudyFile) -> Result<(), MporError> {
        for (index, spec) in file.study.underlying.iter().enumerate() {
            let series = match &spec.futures {
                None => BTreeMap::new(),
                Some(futures) => {
                    let loaded = futures::read(file, index, futures)?;
                    let series = self.take(loaded);
                    self.refuse_non_positive(&series, "price")?;
                    series
                }
            };
            self.futures.push(series);
        }
        Ok(())
    }

    fn take(&mut self, loaded: Loaded<BTreeMap<String, Series>>) -> BTreeMap<String, Series> {
        self.findings.extend(loaded.findings);
        loaded.value
    }

    /// Multiplies the prices of each underlying by the constant value of its quote currency.
    fn restate_in_reporting_currency(&mut self, file: &StudyFile) -> Result<(), MporError> {
        let mut done: BTreeMap<&str, &str> = BTreeMap::new();
        for (index, spec) in file.study.underlying.iter().enumerate() {
            let Some(quote) = &spec.quote else { continue };
            if *quote == file.study.currency {
                continue;
            }
            let rate = *file.study.fx.get(quote).ok_or_else(|| {
                let problem = format!(
                    "`quote` is {quote} and the study reports in {}; state its value under [fx], such as {quote} = 1.0",
                    file.study.currency
                );
                file.list_error("underlying", index, &problem)
            })?;
            if !(rate > 0.0 && rate.is_finite()) {
                let problem = format!("{quote} = {rate}: the value of a currency is above zero");
                return Err(file.error_at(&["fx", quote], problem).into());
            }
            let named = [Some(&spec.prices), spec.perpetual.as_ref(), spec.settles_on.as_ref()];
            for symbol in named.into_iter().flatten() {
                if done.insert(symbol, quote).is_none()
                    && let Some(series) = self.prices.get_mut(symbol.as_str())
                {
                    series.values.iter_mut().for_each(|value| *value *= rate);
                }
            }
            for series in self.futures.get_mut(index).into_iter().flat_map(BTreeMap::values_mut) {
                series.values.iter_mut().for_each(|value| *value *= rate);
            }
            let note = format!("1 {quote} is taken as {rate} {} throughout.", file.study.currency);
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
        Ok(())
    }

    /// A price series.
    pub fn price(&self, symbol: &str) -> Result<&Series, MporError> {
        find(&self.prices, "prices", symbol)
    }

    /// A funding series.
    pub fn funding(&self, symbol: &str) -> Result<&Payments, MporError> {
        find(&self.funding, "funding", symbol)
    }

    /// The futures of the `index`-th underlying, by symbol.
    pub fn futures(&self, index: usize) -> &BTreeMap<String, Series> {
        &self.futures[index]
    }

    /// The volatility index of a name with its tenor in days; the shortest tenor where there are several.
    pub fn vol_index(&self, symbol: &str) -> Result<(&Series, u16), MporError> {
        let tenors = self.vol_index.values().filter_map(|series| {
            let tenor = series.symbol.strip_prefix(symbol)?.trim().strip_suffix('d')?;
            let days = tenor.parse::<u16>().ok()?;
            (series.symbol == tenor_symbol(symbol, f64::from(days))).then_some((series, days))
        });
        tenors.min_by_key(|(_, days)| *days).ok_or_else(|| {
            let known = super::known(&self.vol_index);
            MporError::History(format!(
                "the vol_index files have no `{symbol}` with a tenor in whole days; they have: {known}"
            ))
        })
    }

    /// First and last instant at which every price series is known.
    pub fn common_range(&self) -> (Timestamp, Timestamp) {
        let all = || self.prices.values().chain(self.indices.books());
        let firsts = all().filter_map(|series| series.times.first());
        let lasts = all().filter_map(|series| series.times.last());
        (firsts.copied().max().unwrap_or_default(), lasts.copied().min().unwrap_or_default())
    }

    /// One row a series, in order of table and name, then the sources of indices.
    pub fn used(&self) -> Vec<SeriesUse> {
        let price = |series: &Series| match self.indices.index(&series.symbol) {
            Some(_) => self.row("index", series),
            None => self.row("prices", series),
        };
        let sources = self.indices.sources().map(|series| self.row("prices", series));
        let futures = self.futures.iter().flat_map(BTreeMap::values);
        self.prices
            .values()
            .map(price)
            .chain(self.vol_index.values().map(|series| self.row("vol_index", series)))
            .chain(self.funding.values().map(|paid| self.row("funding", &paid.rates)))
            .chain(sources)
            .chain(futures.map(|series| self.row("prices", series)))
            .collect()
    }

    fn row(&self, table: &'static str, series: &Series) -> SeriesUse {
        let missing = self.findings.iter().filter(|finding| {
            let gap = finding.code == "D001" && finding.check == "gap";
            // What another source filled is not missing any more.
            gap && finding.symbol == series.symbol && finding.action != Action::Prefer
        });
        SeriesUse {
            table,
            symbol: series.symbol.clone(),
            source: series.source.clone(),
            place: series.place.clone(),
            rows: series.values.len(),
            from: series.times.first().copied().unwrap_or_default(),
            to: series.times.last().copied().unwrap_or_default(),
            missing: missing.map(|finding| finding.count).sum(),
        }
    }
}

/// A query for the wanted series; `None` when nothing is wanted.
fn query<'s>(
    file: &StudyFile,
    table: &str,
    paths: &Paths,
    wanted: impl Iterator<Item = &'s String>,
) -> Result<Option<Query>, MporError> {
    let mut wanted: Vec<&String> = wanted.collect();
    wanted.sort();
    wanted.dedup();
    let Some(first) = wanted.first() else { return Ok(None) };
    if paths.list().is_empty() {
        let problem = format!("the study uses `{first}`, so `data.{table}` must name its files");
        return Err(file.error_at(&["data"], problem).into());
    }
    Ok(Some(Query::all(file.resolve_all(paths)).of(wanted.into_iter().cloned())))
}

fn find<'m, T>(
    map: &'m BTreeMap<String, T>,
    table: &str,
    symbol: &str,
) -> Result<&'m T, MporError> {
    map.get(symbol).ok_or_else(|| {
        let known = super::known(map);
        MporError::History(format!("the {table} files have no `{symbol}`; they have: {known}"))
    })
}
