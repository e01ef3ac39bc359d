//! What there is: rows, range, step, gaps and extremes of every series, with its licence.

use std::collections::BTreeMap;
use std::path::Path;

use mpor_core::{Column, Table, Timestamp};

use crate::chains;
use crate::checks::d001_gap;
use crate::checks::{self, View};
use crate::error::DataError;
use crate::metadata::{DataFile, datasets};

use crate::raw::{self, RawSeries};
use crate::scan::Query;

/// One series of one dataset.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Dataset, or the pattern of the files.
    pub dataset: String,
    /// Table.
    pub table: String,
    /// Name of the series.
    pub symbol: String,
    /// Venue or provider.
    pub source: String,
    /// Rows.
    pub rows: usize,
    /// First instant.
    pub from: Timestamp,
    /// Last instant.
    pub to: Timestamp,
    /// How often it is observed, in words.
    pub step: String,
    /// Rows that a gap lacks (check `D001`).
    pub missing: usize,
    /// The largest fall between neighbours, as a log return, and when.
    pub worst: Option<(Timestamp, f64)>,
    /// The largest rise.
    pub best: Option<(Timestamp, f64)>,
    /// Licence; empty where the files come without a description.
    pub licence: String,
}

/// All series of the datasets in a folder, each with its `metadata.toml`.
///
/// # Errors
/// [`DataError`] naming the file.
pub fn describe(folder: &Path) -> Result<Vec<Summary>, DataError> {
    let mut all = Vec::new();
    for (path, dataset) in datasets(folder)? {
        for file in &dataset.file {
            let query = Query::all([path.join(&file.path).to_string_lossy()]);
            let mut found = table(&file.table, &query, file)?;
            for summary in &mut found {
                summary.dataset.clone_from(&dataset.name);
                summary.licence.clone_from(&dataset.licence);
            }
            all.append(&mut found);
        }
    }
    Ok(all)
}

/// Summaries as a table, for the terminal and for files.
///
/// # Errors
/// [`DataError::Core`] never in practice: the columns have equal length.
pub fn to_table(summaries: &[Summary]) -> Result<Table, DataError> {
    let texts = |take: fn(&Summary) -> &String| Column::texts(summaries.iter().map(take));
    let times = |take: fn(&Summary) -> Option<Timestamp>| {
        Column::Time(summaries.iter().map(take).collect())
    };
    let numbers =
        |take: fn(&Summary) -> Option<f64>| Column::Number(summaries.iter().map(take).collect());
    Ok(Table::new(
        "describe",
        [
            ("dataset", texts(|s| &s.dataset)),
            ("table", texts(|s| &s.table)),
            ("symbol", texts(|s| &s.symbol)),
            ("source", texts(|s| &s.source)),
            ("rows", Column::counts(summaries.iter().map(|s| s.rows))),
            ("from", times(|s| Some(s.from))),
            ("to", times(|s| Some(s.to))),
            ("step", texts(|s| &s.step)),
            ("missing", Column::counts(summaries.iter().map(|s| s.missing))),
            ("worst_log_return", numbers(|s| s.worst.map(|(_, value)| value))),
            ("worst_at", times(|s| s.worst.map(|(time, _)| time))),
            ("best_log_return", numbers(|s| s.best.map(|(_, value)| value))),
            ("best_at", times(|s| s.best.map(|(time, _)| time))),
            ("licence", texts(|s| &s.licence)),
        ],
    )?)
}

fn table(name: &str, query: &Query, file: &DataFile) -> Result<Vec<Summary>, DataError> {
    let series = match name {
        "prices" => raw::prices(query)?,
        "vol_index" => raw::vol_index(query)?,
        "funding" => raw::funding(query)?,
        "rates" => raw::rates(query)?,
        "chains" => return chain_summaries(query),
        _ => {
            let problem = format!("no description of table `{name}`");
            return Err(DataError::Metadata { file: file.path.clone(), problem });
        }
    };
    Ok(series.values().map(|raw| summarise(name, raw)).collect())
}

/// Summary of one series as it stands in its files.
#[must_use]
pub fn summarise(table: &str, raw: &RawSeries) -> Summary {
    let view = View::of(raw);
    let gaps = (d001_gap::CHECK.find)(&view.subject(&[]));
    let times = &view.times;
    let returns = log_returns(raw);
    Summary {
        dataset: raw.place(),
        table: table.to_owned(),
        symbol: raw.symbol.clone(),
        source: raw.source.clone(),
        rows: raw.len(),
        from: times.first().copied().unwrap_or_default(),
        to: times.last().copied().unwrap_or_default(),
        step: view.cadence.to_string(),
        missing: gaps.iter().map(|fault| fault.count).sum(),
        worst: returns.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1)),
        best: returns.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1)),
        licence: String::new(),
    }
}

/// Log returns between neighbours that both are positive; none for series that are not prices or volatilities.
fn log_returns(raw: &RawSeries) -> Vec<(Timestamp, f64)> {
    if !checks::POSITIVE.contains(&raw.kind) {
        return Vec::new();
    }
    let mut order: Vec<usize> = (0..raw.len()).collect();
    order.sort_by_key(|&entry| raw.times[entry]);
    let value = |entry: usize| raw.values[entry].filter(|value| *value > 0.0);
    order
        .windows(2)
        .filter_map(|pair| {
            let (before, after) = (value(pair[0])?, value(pair[1])?);
            Some((raw.times[pair[1]], (after / before).ln()))
        })
        .collect()
}

fn chain_summaries(query: &Query) -> Result<Vec<Summary>, DataError> {
    let mut all: BTreeMap<(String, String), Summary> = BTreeMap::new();
    for quote in chains::chains(query)? {
        let key = (quote.underlying.clone(), quote.source.clone());
        let summary = all.entry(key).or_insert_with(|| Summary {
            dataset: query.paths.join(", "),
            table: "chains".to_owned(),
            symbol: quote.underlying,
            source: quote.source,
            rows: 0,
            from: quote.time,
            to: quote.time,
            step: "snapshots".to_owned(),
            missing: 0,
            worst: None,
            best: None,
            licence: String::new(),
        });
        summary.rows += 1;
        summary.from = summary.from.min(quote.time);
        summary.to = summary.to.max(quote.time);
    }
    Ok(all.into_values().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::made_up::{hourly, start};
    use mpor_core::Span;

    #[test]
    fn extremes_and_gaps_by_hand() {
        let raw = hourly(&[0, 1, 2, 5], &[100.0, 50.0, 200.0, 100.0]);
        let summary = summarise("prices", &raw);
        assert_eq!((summary.rows, summary.missing), (4, 2));
        let (when, worst) = summary.worst.unwrap();
        // ln(50/100) comes first of two equal falls.
        assert_eq!(when, start() + Span::hours(1));
        assert!((worst - 0.5_f64.ln()).abs() < 1e-15);
        assert!((summary.best.unwrap().1 - 4.0_f64.ln()).abs() < 1e-15);
        assert_eq!(to_table(&[summary]).unwrap().rows(), 1);
    }
}
