//! The quoted market of an underlying: surface, forwards and marks at each margin date, from a history of option chains.
//!
//! At a margin date the latest snapshot not after it stands, as long as it is not older than the study's limit; a date
//! without one is an error, and a snapshot that no surface fits gives way to the one before it and is counted. Everything
//! of a date comes from one snapshot, so that index, forwards and volatilities belong together.

use std::collections::BTreeMap;

use mpor_backtest::books::contract_name;
use mpor_core::{
    Contract, Factor, ForwardCurve, History, Instrument, OptionMark, QuotedMarket, Right,
    Settlement, Timestamp, UnderlyingIx,
};
use mpor_data::Query;
use mpor_data::chains::{ChainQuote, chains};
use mpor_data::panel::PanelBuilder;
use mpor_pricing::surface::{
    ChainSurface, OptionRow, QuoteUnit, ScreenRules, SurfaceRules, build_surface,
};
use rayon::prelude::*;

use super::marks::implied;
use super::stored::Stored;
use super::surfaces::SurfaceRows;
use crate::error::MporError;
use crate::study::{ChainsSpec, StudyFile};

/// What the chains of one underlying gave, by step of the panel.
pub(super) struct QuotedHistory {
    /// Surfaces and forwards.
    pub quoted: Vec<QuotedMarket>,
    marks: Vec<Vec<Listed>>,
    /// What the reader must know.
    pub note: String,
}

/// One option of a snapshot with its mark.
#[derive(Clone, Copy, Debug)]
struct Listed {
    expiry: Timestamp,
    strike: f64,
    right: Right,
    mark: OptionMark,
}

/// One snapshot: all rows of one instant, and what they become or why not.
struct Snapshot {
    time: Timestamp,
    built: Result<Built, String>,
}

struct Built {
    quoted: QuotedMarket,
    marks: Vec<Listed>,
    /// How it was fitted; `None` where it was read back.
    evidence: Option<ChainSurface>,
}

/// Adds the volatility factors of the `index`-th underlying from its chains.
pub(super) fn load(
    file: &StudyFile,
    index: usize,
    spec: &ChainsSpec,
    rows: &[ChainQuote],
    builder: &mut PanelBuilder,
    surfaces: &mut SurfaceRows,
) -> Result<QuotedHistory, MporError> {
    let name = &file.study.underlying[index].name;
    let rules = rules(file, index, spec)?;
    let times = builder.times();
    let (first, last) = (times[0] - spec.limit, times[times.len() - 1]);
    let from = rows.partition_point(|row| row.time < first);
    let to = rows.partition_point(|row| row.time <= last);
    let rows = &rows[from..to];
    let instants: Vec<&[ChainQuote]> = rows.chunk_by(|a, b| a.time == b.time).collect();
    let stored = match &spec.surfaces {
        None => None,
        Some(path) => Some(Stored::read(&file.resolve(path), name)?),
    };
    let snapshot = |rows: &&[ChainQuote]| Snapshot {
        time: rows[0].time,
        built: build(rows, &rules, stored.as_ref()),
    };
    let snapshots: Vec<Snapshot> = instants.par_iter().map(snapshot).collect();
    let chosen = choose(name, spec, &snapshots, builder.times())?;
    let of_step = |&at: &usize| snapshots[at].built.as_ref().ok().map(|built| built.quoted.clone());
    let quoted: Vec<QuotedMarket> = chosen.iter().filter_map(of_step).collect();
    push_vols(UnderlyingIx(index), spec, &quoted, builder);
    let mut used = chosen.clone();
    used.dedup();
    for at in used {
        let Ok(Built { evidence: Some(evidence), .. }) = &snapshots[at].built else { continue };
        surfaces.add(name, snapshots[at].time, evidence);
    }
    let note = note(name, spec, &snapshots);
    Ok(QuotedHistory { quoted, marks: marks(&chosen, &snapshots), note })
}

fn note(name: &str, spec: &ChainsSpec, snapshots: &[Snapshot]) -> String {
    let refused = snapshots.iter().filter(|snapshot| snapshot.built.is_err()).count();
    let left_out = match refused {
        0 => String::new(),
        refused => format!("; {refused} snapshots that no surface fits were left out"),
    };
    format!(
        "{name}: volatilities, forwards and marks are those of {} snapshots of the option chain, {} fitted to {} prices; a snapshot stands for at most {}{left_out}.",
        snapshots.len(),
        spec.surface,
        spec.price,
        spec.limit
    )
}

/// All rows of the underlying, by time, expiry, right and strike.
pub(super) fn read(
    file: &StudyFile,
    index: usize,
    spec: &ChainsSpec,
) -> Result<Vec<ChainQuote>, MporError> {
    let wanted = spec.name.as_ref().unwrap_or(&file.study.underlying[index].name);
    let paths = file.resolve_all(&spec.quotes);
    let mut rows = chains(&Query::all(paths.clone()).of([wanted.clone()]))?;
    rows.retain(|row| row.expiry > row.time);
    if rows.is_empty() {
        return Err(MporError::History(format!(
            "{}: no quotes of `{wanted}` before their expiry",
            paths.join(", ")
        )));
    }
    let key = |row: &ChainQuote| (row.time, row.expiry, row.right == Right::Put);
    rows.sort_by(|a, b| key(a).cmp(&key(b)).then(a.strike.total_cmp(&b.strike)));
    Ok(rows)
}

fn rules(file: &StudyFile, index: usize, spec: &ChainsSpec) -> Result<SurfaceRules, MporError> {
    let model = spec.surface.parse().map_err(|error: mpor_pricing::PricingError| {
        file.list_error("underlying", index, &error.to_string())
    })?;
    let rate = file.study.underlying[index].rate;
    let screen =
        ScreenRules { price: spec.price.choice(), rate: Some(rate), ..ScreenRules::default() };
    Ok(SurfaceRules { model, screen, ..SurfaceRules::default() })
}

fn build(
    quotes: &[ChainQuote],
    rules: &SurfaceRules,
    stored: Option<&Stored>,
) -> Result<Built, String> {
    let rows: Vec<OptionRow> = quotes.iter().map(option_row).collect();
    let (quoted, forwards, evidence) = match stored {
        Some(stored) => {
            let (quoted, forwards) = stored.market(quotes[0].time, index_of(quotes))?;
            (quoted, forwards, None)
        }
        None => {
            let (quoted, forwards, evidence) = fit(quotes, &rows, rules)?;
            (quoted, forwards, Some(evidence))
        }
    };
    let forward_of = |years: f64| {
        forwards.iter().find(|(known, _)| *known == years).map(|(_, forward)| *forward)
    };
    let listed = |(quote, row): (&ChainQuote, &OptionRow)| {
        listed(quote, row, quote.forward.or_else(|| forward_of(row.years))?, rules.screen.rate)
    };
    let marks = quotes.iter().zip(&rows).filter_map(listed).collect();
    Ok(Built { quoted, marks, evidence })
}

/// Surface and forward curve of a snapshot, its forwards by years to expiry, and how they were found.
type Fitted = (QuotedMarket, Vec<(f64, f64)>, ChainSurface);

/// Fits a snapshot.
fn fit(quotes: &[ChainQuote], rows: &[OptionRow], rules: &SurfaceRules) -> Result<Fitted, String> {
    let evidence = build_surface(rows, rules).map_err(|error| error.to_string())?;
    let known = evidence.expiries.iter();
    let forwards: Vec<(f64, f64)> =
        known.filter_map(|expiry| Some((expiry.years, expiry.forward?.forward))).collect();
    let spot = index_of(quotes).or_else(|| forwards.first().map(|first| first.1));
    let curve = ForwardCurve::new(spot.unwrap_or(f64::NAN), &forwards);
    let forward_curve = curve.map_err(|error| error.to_string())?;
    let surface = evidence.surface.clone();
    Ok((QuotedMarket { surface, forwards: forward_curve }, forwards, evidence))
}

/// The middle of the index values of a snapshot, whose expiries are fetched one after the other.
fn index_of(rows: &[ChainQuote]) -> Option<f64> {
    let mut values: Vec<f64> = rows.iter().filter_map(|row| row.index).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

fn option_row(quote: &ChainQuote) -> OptionRow {
    let in_vols = quote.bid.is_none() && quote.ask.is_none() && quote.mark.is_none();
    let (bid, ask, mark, unit) = if in_vols {
        (quote.bid_iv, quote.ask_iv, quote.mark_iv, QuoteUnit::Vol)
    } else {
        let coin = quote.price_unit == "coin";
        let unit = if coin { QuoteUnit::Coin } else { QuoteUnit::Cash };
        (quote.bid, quote.ask, quote.mark, unit)
    };
    OptionRow {
        years: quote.time.years_to(quote.expiry),
        strike: quote.strike,
        right: quote.right,
        bid,
        ask,
        mark,
        unit,
        forward: quote.forward,
        age: None,
    }
}

/// The venue's mark: its volatility where the chain states one, else the one that its price implies.
fn listed(quote: &ChainQuote, row: &OptionRow, forward: f64, rate: Option<f64>) -> Option<Listed> {
    let settlement = if row.unit == QuoteUnit::Coin { Settlement::Coin } else { Settlement::Cash };
    let price = |mark| {
        let rate = rate.unwrap_or(0.0);
        implied(mark, settlement, rate, (forward, row.strike), row.years, row.right)
    };
    let vol = quote.mark_iv.or_else(|| price(quote.mark?));
    let vol = vol.filter(|vol| *vol > 0.0 && vol.is_finite())?;
    let ChainQuote { expiry, strike, right, .. } = *quote;
    Some(Listed { expiry, strike, right, mark: OptionMark { vol, forward } })
}

/// The snapshot of each step: the latest one with a surface that is not after it and not too old.
fn choose(
    name: &str,
    spec: &ChainsSpec,
    snapshots: &[Snapshot],
    times: &[Timestamp],
) -> Result<Vec<usize>, MporError> {
    let choose = |&time: &Timestamp| {
        let after = snapshots.partition_point(|snapshot| snapshot.time <= time);
        let found = (0..after).rev().find(|&at| snapshots[at].built.is_ok());
        let fresh = found.filter(|&at| time - snapshots[at].time <= spec.limit);
        fresh.ok_or_else(|| no_snapshot(name, spec, snapshots, time))
    };
    times.iter().map(choose).collect()
}

fn no_snapshot(
    name: &str,
    spec: &ChainsSpec,
    snapshots: &[Snapshot],
    time: Timestamp,
) -> MporError {
    let after = snapshots.partition_point(|snapshot| snapshot.time <= time);
    let last = match after.checked_sub(1).map(|at| &snapshots[at]) {
        None => format!("the first is of {}", snapshots[0].time),
        Some(Snapshot { time, built: Ok(_) }) => format!("the last before it is of {time}"),
        Some(Snapshot { time, built: Err(problem) }) => {
            format!("the one of {time} gives no surface: {problem}")
        }
    };
    MporError::History(format!(
        "{name}: no option chain within {} before {time}: {last}; start later, or allow an older one with `limit`",
        spec.limit
    ))
}

/// The marks of each step; a snapshot that stands for several steps marks only the first, so that a carried price is
/// counted as the surface's.
fn marks(chosen: &[usize], snapshots: &[Snapshot]) -> Vec<Vec<Listed>> {
    let of_step = |(step, &at): (usize, &usize)| {
        let fresh = step == 0 || chosen[step - 1] != at;
        match &snapshots[at].built {
            Ok(built) if fresh => built.marks.clone(),
            _ => Vec::new(),
        }
    };
    chosen.iter().enumerate().map(of_step).collect()
}

fn push_vols(
    ix: UnderlyingIx,
    spec: &ChainsSpec,
    quoted: &[QuotedMarket],
    builder: &mut PanelBuilder,
) {
    for &days in &spec.tenors {
        let years = f64::from(days) / 365.0;
        let vols: Vec<f64> = quoted.iter().map(|quoted| quoted.surface.vol(0.0, years)).collect();
        builder.push(Factor::Vol(ix, days), &vols);
    }
}

impl QuotedHistory {
    /// Enters the listed contracts into the universe and their marks into the history.
    ///
    /// # Errors
    /// [`MporError::History`] when two contracts share a name.
    pub(super) fn list(
        &self,
        ix: UnderlyingIx,
        spec: &ChainsSpec,
        history: &mut History,
    ) -> Result<(), MporError> {
        let underlying = history.universe.underlying(ix).name.clone();
        let (settlement, contract_size) = (spec.settlement, spec.contract_size);
        history.marks.resize(history.panel.times().len(), BTreeMap::new());
        for (step, listed) in self.marks.iter().enumerate() {
            let now = history.panel.times()[step];
            for &Listed { expiry, strike, right, mark } in listed {
                let contract = Contract::Option { expiry, strike, right, settlement };
                let name = contract_name(&underlying, &contract, contract_size);
                let option = Instrument { name, underlying: ix, contract_size, contract };
                let added = history.universe.add(option);
                let added = added.map_err(|error| MporError::History(error.to_string()))?;
                if expiry > now {
                    history.marks[step].insert(added, mark);
                }
            }
        }
        Ok(())
    }
}
