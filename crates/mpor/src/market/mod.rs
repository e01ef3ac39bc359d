//! From a study's files to its market history: series on the grid, modelled volatilities, settlement prices.

mod chains;
mod collateral;
mod faulted;
mod futures;
pub(crate) mod futures_tables;
mod indices;
pub(crate) mod marks;
mod realised;
mod series;
mod stored;
mod surfaces;
mod volatility;

use std::collections::BTreeMap;
use std::path::Path;

use mpor_backtest::liquidation::LivePrices;
use mpor_core::{
    Factor, Finding, History, Origin, PriceSeries, Span, Table, Timestamp, Underlying,
    UnderlyingHistory, UnderlyingIx, Universe,
};
use mpor_data::DataError;
use mpor_data::calendar::Calendar;
use mpor_data::panel::PanelBuilder;

use crate::error::MporError;
use crate::manifest::relative;
use crate::study::{CalendarKind, StudyFile, UnderlyingSpec};

pub use collateral::Held;
pub(crate) use faulted::{Faulted, faulted};
pub use indices::BuiltIndex;
pub(crate) use series::{AllSeries, SeriesUse};
pub use surfaces::SurfaceRows;
pub use volatility::FittedSmile;

/// A study's market history, and what must be said about it.
#[derive(Debug)]
pub struct Market {
    /// The history, without contracts yet.
    pub history: History,
    /// Margin dates.
    pub calendar: Calendar,
    /// What the data checks found.
    pub findings: Vec<Finding>,
    /// The series used, one row each.
    pub series: Vec<SeriesUse>,
    /// The smiles fitted to real chains.
    pub smiles: Vec<FittedSmile>,
    /// The surfaces fitted to quoted chains.
    pub surfaces: SurfaceRows,
    /// The index prices that were made of several sources.
    pub indices: Vec<BuiltIndex>,
    /// What accounts have put up, with its prices.
    pub collateral: Vec<Held>,
    /// Further result tables.
    pub tables: Vec<Table>,
    /// Assumptions that the reader must know, a sentence each.
    pub notes: Vec<String>,
    /// The series that all this was made of.
    pub(crate) read: AllSeries,
}

/// Reads and aligns everything that the study's underlyings need.
///
/// # Errors
/// [`MporError`] naming the file, series, or key of the study.
pub fn load(file: &StudyFile) -> Result<Market, MporError> {
    let all = AllSeries::read(file)?;
    let calendar = calendar(file, &all)?;
    let quotes = quotes(file)?;
    let listed_from = quotes.iter().filter_map(|rows| Some(rows.first()?.time)).max();
    let times = grid(file, &all, &calendar, listed_from)?;
    let policies = &file.study.data.policy;
    let mut builder = PanelBuilder::new(times);
    let mut notes = Vec::new();
    let mut smiles = Vec::new();
    let (mut surfaces, mut listed) = (SurfaceRows::default(), Vec::new());
    let mut underlyings = Vec::new();
    for (index, spec) in file.study.underlying.iter().enumerate() {
        let ix = UnderlyingIx(index);
        let spot = all.price(&spec.prices)?;
        builder.push_known(Factor::Spot(ix), spot, &calendar, policies)?;
        let quoted = match &spec.chains {
            Some(chains) => {
                let mut history =
                    chains::load(file, index, chains, &quotes[index], &mut builder, &mut surfaces)?;
                notes.push(std::mem::take(&mut history.note));
                let quoted = std::mem::take(&mut history.quoted);
                listed.push((ix, chains, history));
                quoted
            }
            None => Vec::new(),
        };
        let futures = match &spec.futures {
            Some(futures) => futures::load(file, index, futures, &all, &quoted, &mut builder)?,
            None => futures::Loaded::none(spec, &quoted, builder.times().len()),
        };
        builder.push(Factor::Carry(ix), &futures.carry);
        notes.extend(futures.note);
        let flat = vec![spec.rate; builder.times().len()];
        builder.push(Factor::Rate(ix), &flat);
        match &spec.perpetual {
            Some(symbol) => {
                builder.push_known(Factor::Perpetual(ix), all.price(symbol)?, &calendar, policies)?;
            }
            None if spec.futures.is_some() => {}
            None if spec.chains.is_some() => notes.push(format!(
                "{}: perpetuals are marked on the index {}, with no history of their own.",
                spec.name, spec.prices
            )),
            None => notes.push(format!(
                "{}: perpetuals and futures are marked on the index {} (carry {} a year), with no basis history{}.",
                spec.name,
                spec.prices,
                spec.carry,
                if spec.funding.is_none() { " and no funding" } else { "" }
            )),
        }
        match &spec.funding {
            Some(symbol) => {
                builder.push_paid(Factor::Funding(ix), all.funding(symbol)?, policies)?;
            }
            None if perpetual(spec).is_some() => {
                notes.push(format!("{}: no funding history; none accrues.", spec.name));
            }
            None => {}
        }
        let smile = match &spec.volatility {
            None => None,
            Some(volatility) => {
                let modelled =
                    volatility::model(file, index, volatility, &all, &calendar, &mut builder)?;
                notes.extend(modelled.notes);
                let shape = modelled.smile.fit.shape;
                smiles.push(modelled.smile);
                Some(shape)
            }
        };
        underlyings.push(UnderlyingHistory {
            smile,
            vol_origin: Origin::Modelled,
            carry_origin: if quoted.is_empty() { Origin::Modelled } else { Origin::Quoted },
            index: price_series(all.price(spec.settlement_series())?),
            settlement_window: indices::settlement_window(spec, &all.indices, &mut notes),
            quoted,
            futures: futures.by_step,
        });
    }
    let (collateral, found) = collateral::value(file, &all, &calendar, builder.times())?;
    let mut findings = all.findings.clone();
    findings.extend(found);
    let (panel, found) = builder.build()?;
    findings.extend(found);
    let folder = file.base();
    for finding in &mut findings {
        finding.source = seen_from(&finding.source, &folder);
    }
    notes.extend(all.notes.iter().cloned());
    let universe = Universe::new(named(file));
    let mut history = History { universe, panel, underlyings, marks: Vec::new() };
    for (ix, spec, quoted) in &listed {
        quoted.list(*ix, spec, &mut history)?;
    }
    let series = all.used();
    let indices = all.indices.built.clone();
    let tables = futures_tables::table(file, &history)?.into_iter().collect();
    Ok(Market {
        history,
        calendar,
        findings,
        series,
        smiles,
        surfaces,
        indices,
        collateral,
        tables,
        notes,
        read: all,
    })
}

/// The symbol of an underlying's perpetual, wherever it is named.
fn perpetual(spec: &UnderlyingSpec) -> Option<&String> {
    let of_futures = spec.futures.as_ref().and_then(|futures| futures.perpetual.as_ref());
    spec.perpetual.as_ref().or(of_futures)
}

/// The prices of each underlying at their own resolution.
pub(crate) fn live(file: &StudyFile, all: &AllSeries) -> Result<Vec<LivePrices>, MporError> {
    let of = |(index, spec): (usize, &UnderlyingSpec)| {
        // Named under `futures`, it is read with them.
        let named = |symbol: &String| match all.futures(index).get(symbol) {
            Some(own) => Ok(own),
            None => all.price(symbol),
        };
        let own = perpetual(spec).map(named).transpose()?;
        let spot = price_series(all.price(&spec.prices)?);
        Ok(LivePrices { spot, perpetual: own.map(price_series) })
    };
    file.study.underlying.iter().enumerate().map(of).collect()
}

/// The option chains of each underlying; empty for one without.
fn quotes(file: &StudyFile) -> Result<Vec<Vec<mpor_data::chains::ChainQuote>>, MporError> {
    let read = |(index, spec): (usize, &UnderlyingSpec)| match &spec.chains {
        None => Ok(Vec::new()),
        Some(chains) => chains::read(file, index, chains),
    };
    file.study.underlying.iter().enumerate().map(read).collect()
}

fn named(file: &StudyFile) -> Vec<Underlying> {
    let quote = file.study.currency.clone();
    let name = |name: &String| Underlying { name: name.clone(), quote: quote.clone() };
    file.study.underlying.iter().map(|spec| name(&spec.name)).collect()
}

fn price_series(series: &mpor_data::series::Series) -> PriceSeries {
    PriceSeries { times: series.times.clone(), prices: series.values.clone() }
}

fn calendar(file: &StudyFile, all: &AllSeries) -> Result<Calendar, MporError> {
    let spec = &file.study.calendar;
    match spec.kind {
        CalendarKind::AllDays => {
            let cut = cut(&spec.cut).ok_or_else(|| {
                let problem = format!("cut `{}` is not a time of day; write HH:MM", spec.cut);
                file.error_at(&["calendar", "cut"], problem)
            })?;
            Ok(Calendar::around_the_clock(spec.step, cut)
                .map_err(|error| file.error_at(&["calendar", "step"], problem(error)))?)
        }
        CalendarKind::TradingDays => {
            if spec.step != Span::days(1) {
                let problem = format!("step {} does not fit trading days; write 1d", spec.step);
                return Err(file.error_at(&["calendar", "step"], problem).into());
            }
            let reference = &file.study.underlying[0].prices;
            Ok(Calendar::trading_days(all.price(reference)?)?)
        }
    }
}

/// What is wrong, where the place in the study says what it is about.
pub(crate) fn problem(error: DataError) -> String {
    match error {
        DataError::Calendar { problem } => problem,
        other => other.to_string(),
    }
}

/// `08:00` after midnight.
pub(crate) fn cut(text: &str) -> Option<Span> {
    let (hours, minutes) = text.split_once(':')?;
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    let fits = (0..24).contains(&hours) && (0..60).contains(&minutes);
    fits.then_some(Span(Span::hours(hours).0 + minutes * 60_000_000))
}

/// The panel's times: from where every series is known to the study's last date. A date without a time of day is meant
/// as the whole day.
fn grid(
    file: &StudyFile,
    all: &AllSeries,
    calendar: &Calendar,
    listed_from: Option<Timestamp>,
) -> Result<Vec<Timestamp>, MporError> {
    let (first, last) = all.common_range();
    let first = first.max(listed_from.unwrap_or(first));
    let spec = &file.study.calendar;
    let wanted = spec.to.map(|to| {
        let midnight = to.0.rem_euclid(Span::days(1).0) == 0;
        if midnight { to + Span(Span::days(1).0 - 1) } else { to }
    });
    let to = wanted.map_or(last, |to| to.min(last));
    if let Some(end) = spec.to.filter(|&end| end < spec.from) {
        let problem = format!("the margin dates end at {end}, before they begin at {}", spec.from);
        return Err(file.error_at(&["calendar", "to"], problem).into());
    }
    if spec.from > last {
        let problem =
            format!("the margin dates begin at {} and the data ends at {last}", spec.from);
        return Err(file.error_at(&["calendar", "from"], problem).into());
    }
    if first > to {
        let problem = format!(
            "the study ends at {to}, and its price series are all known from {first} on: extend the study or the data"
        );
        return Err(MporError::History(problem));
    }
    let times = calendar.grid(first, to, 0)?;
    if times.len() < 3 {
        let problem = format!("only {} margin dates between {first} and {to}", times.len());
        return Err(MporError::History(problem));
    }
    Ok(times)
}

/// A local path as seen from the study's folder, so that results do not depend on where a run was started.
pub(crate) fn seen_from(path: &str, folder: &Path) -> String {
    if path.contains("://") { path.to_owned() } else { relative(Path::new(path), folder) }
}

/// Names by key, for messages.
pub(crate) fn known<V>(map: &BTreeMap<String, V>) -> String {
    map.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_is_a_time_of_day() {
        assert_eq!(cut("08:00"), Some(Span::hours(8)));
        assert_eq!(cut("23:30"), Some(Span(Span::hours(23).0 + 1_800_000_000)));
        for bad in ["24:00", "8", "08:60", "-1:00", ""] {
            assert_eq!(cut(bad), None, "{bad}");
        }
    }
}
