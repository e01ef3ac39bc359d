//! Venue marks of listed options, onto the steps of the panel.
//!
//! A mark counts at the first step that does not come before it, and only there: at a step it is at most one step old, and
//! never from later. Of several the latest wins. An option without a mark at a step is valued on the surface there, and the
//! losses count both.

use std::collections::BTreeMap;

use mpor_core::{
    Contract, Factor, History, Instrument, InstrumentIx, OptionMark, Right, Settlement, Timestamp,
};
use mpor_data::Query;
use mpor_data::chains::{MarkRow, option_marks};
use mpor_pricing::implied_vol;

use crate::error::MporError;
use crate::study::StudyFile;

/// What became of the rows of the marks' files.
#[derive(Default)]
struct Counts {
    used: usize,
    not_held: usize,
    expired: usize,
    empty: usize,
    no_vol: usize,
}

/// Fills [`History::marks`] from the study's files and returns what must be said about them; nothing without files.
///
/// # Errors
/// [`MporError::Data`] naming the file, row and column; [`MporError::History`] for a mark that no option can have.
pub(crate) fn load(file: &StudyFile, history: &mut History) -> Result<Option<String>, MporError> {
    let paths = file.resolve_all(&file.study.data.option_marks);
    let times = history.panel.times();
    let (Some(&first), Some(&last)) = (times.first(), times.last()) else { return Ok(None) };
    if paths.is_empty() {
        return Ok(None);
    }
    // The first step may take a mark from before it, as every other may.
    let before = first - times.get(1).map_or(mpor_core::Span(0), |&second| second - first);
    let rows = option_marks(&Query::all(paths).between(before, last))?;
    let mut counts = Counts::default();
    let mut latest: Vec<BTreeMap<InstrumentIx, (Timestamp, OptionMark)>> =
        vec![BTreeMap::new(); times.len()];
    for row in &rows {
        let step = times.partition_point(|&time| time < row.time);
        let Some(ix) = history.universe.find(&row.instrument) else {
            counts.not_held += 1;
            continue;
        };
        let Some(mark) = mark(history, ix, step, row, &mut counts)? else { continue };
        counts.used += 1;
        let known = latest[step].entry(ix).or_insert((row.time, mark));
        if known.0 <= row.time {
            *known = (row.time, mark);
        }
    }
    let strip = |step: BTreeMap<InstrumentIx, (Timestamp, OptionMark)>| {
        step.into_iter().map(|(ix, (_, mark))| (ix, mark))
    };
    history.marks.resize(latest.len(), BTreeMap::new());
    for (marks, listed) in history.marks.iter_mut().zip(latest) {
        marks.extend(strip(listed));
    }
    Ok(Some(counts.sentence(rows.len())))
}

/// The row as volatility and forward; `None` where it says neither or the option has expired.
fn mark(
    history: &History,
    ix: InstrumentIx,
    step: usize,
    row: &MarkRow,
    counts: &mut Counts,
) -> Result<Option<OptionMark>, MporError> {
    let instrument = history.universe.instrument(ix);
    let Contract::Option { expiry, .. } = instrument.contract else {
        return Err(refused(row, &format!("names a {}", instrument.contract.kind()), "an option"));
    };
    for (column, value) in
        [("mark_iv", row.mark_iv), ("forward", row.forward), ("mark_price", row.mark_price)]
    {
        let lowest_fits = |v: f64| if column == "mark_price" { v >= 0.0 } else { v > 0.0 };
        if let Some(value) = value.filter(|&v| !(lowest_fits(v) && v.is_finite())) {
            return Err(refused(row, &format!("has {column} {value}"), "a number above zero"));
        }
    }
    if row.time >= expiry {
        counts.expired += 1;
        return Ok(None);
    }
    let years = (expiry - row.time).years();
    let forward = row.forward.unwrap_or_else(|| forward(history, instrument, step, row, years));
    let vol = match (row.mark_iv, row.mark_price) {
        (Some(vol), _) => vol,
        (None, None) => {
            counts.empty += 1;
            return Ok(None);
        }
        (None, Some(price)) => match vol_of(history, instrument, step, price, forward, years) {
            Some(vol) => vol,
            None => {
                counts.no_vol += 1;
                return Ok(None);
            }
        },
    };
    Ok(Some(OptionMark { vol, forward }))
}

/// The forward of the study's own carry, from the row's index where it has one.
fn forward(
    history: &History,
    instrument: &Instrument,
    step: usize,
    row: &MarkRow,
    years: f64,
) -> f64 {
    let value = |factor| history.panel.value(factor, step);
    let underlying = instrument.underlying;
    let spot = row.underlying_price.or_else(|| value(Factor::Spot(underlying)));
    spot.unwrap_or(f64::NAN) * libm::exp(value(Factor::Carry(underlying)).unwrap_or(0.0) * years)
}

/// The volatility that a mark in settlement currency implies; `None` where it is at or outside the bounds of any.
fn vol_of(
    history: &History,
    instrument: &Instrument,
    step: usize,
    price: f64,
    forward: f64,
    years: f64,
) -> Option<f64> {
    let Contract::Option { strike, right, settlement, .. } = instrument.contract else {
        return None;
    };
    let rate = history.panel.value(Factor::Rate(instrument.underlying), step).unwrap_or(0.0);
    implied(price, settlement, rate, (forward, strike), years, right)
}

/// The volatility above zero that the price of an option on one unit of the underlying implies; a price in coins is a share of the
/// forward, and is not discounted. `None` at or outside the bounds of any volatility.
pub(super) fn implied(
    price: f64,
    settlement: Settlement,
    rate: f64,
    (forward, strike): (f64, f64),
    years: f64,
    right: Right,
) -> Option<f64> {
    let (price, rate) = match settlement {
        Settlement::Coin => (price * forward, 0.0),
        Settlement::Cash => (price, rate),
    };
    let vol = implied_vol(price, forward, strike, years, rate, right).ok()?;
    (vol > 0.0).then_some(vol)
}

fn refused(row: &MarkRow, found: &str, expected: &str) -> MporError {
    MporError::History(format!(
        "option marks: the row of `{}` at {} {found}; expected {expected}",
        row.instrument, row.time
    ))
}

impl Counts {
    fn sentence(&self, rows: usize) -> String {
        let mut text = format!("Option marks: {} of {rows} rows value held options", self.used);
        let rest = [
            (self.not_held, "of contracts that the study does not hold"),
            (self.expired, "at or after expiry"),
            (self.empty, "with neither volatility nor price"),
            (self.no_vol, "whose price implies no volatility"),
        ];
        for (count, what) in rest.into_iter().filter(|(count, _)| *count > 0) {
            text.push_str(&format!("; {count} {what}"));
        }
        text + ". Options without a mark at a step are valued on the surface."
    }
}
