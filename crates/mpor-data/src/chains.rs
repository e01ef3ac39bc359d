//! Option data: quoted chains, venue marks and volatility points, row by row.

use mpor_core::{Right, Timestamp};

use crate::error::DataError;
use crate::part::Part;
use crate::scan::{self, Query};
use crate::schema::{CHAINS, OPTION_MARKS, Schema, VOLS};

/// One quote of an option chain.
#[derive(Clone, Debug, PartialEq)]
pub struct ChainQuote {
    /// When.
    pub time: Timestamp,
    /// What it is written on.
    pub underlying: String,
    /// Venue or provider.
    pub source: String,
    /// Instant of expiry.
    pub expiry: Timestamp,
    /// Strike, in quote currency.
    pub strike: f64,
    /// Call or put.
    pub right: Right,
    /// Best bid, in `price_unit`.
    pub bid: Option<f64>,
    /// Best offer, in `price_unit`.
    pub ask: Option<f64>,
    /// Black volatility of the bid a year, decimal.
    pub bid_iv: Option<f64>,
    /// Black volatility of the offer a year, decimal.
    pub ask_iv: Option<f64>,
    /// The venue's mark, in `price_unit`.
    pub mark: Option<f64>,
    /// Black volatility of the mark a year, decimal.
    pub mark_iv: Option<f64>,
    /// Forward of the expiry, in quote currency.
    pub forward: Option<f64>,
    /// Index, in quote currency.
    pub index: Option<f64>,
    /// `coin`, or the currency of the price.
    pub price_unit: String,
}

/// A venue's mark of one option.
#[derive(Clone, Debug, PartialEq)]
pub struct MarkRow {
    /// When.
    pub time: Timestamp,
    /// Name of the contract.
    pub instrument: String,
    /// Mark of one unit of the underlying, in the contract's settlement currency.
    pub mark_price: Option<f64>,
    /// Black volatility a year, decimal.
    pub mark_iv: Option<f64>,
    /// Index or spot, in quote currency.
    pub underlying_price: Option<f64>,
    /// Forward of the expiry, in quote currency.
    pub forward: Option<f64>,
}

/// One point of an implied volatility surface.
#[derive(Clone, Debug, PartialEq)]
pub struct VolPoint {
    /// When.
    pub time: Timestamp,
    /// What it is written on.
    pub underlying: String,
    /// Instant of expiry.
    pub expiry: Timestamp,
    /// What `point` is: `delta`, `log_moneyness` or `strike`.
    pub moneyness: String,
    /// Where on the smile.
    pub point: f64,
    /// Black volatility a year, decimal.
    pub iv: f64,
}

/// Quoted chains, in file order.
///
/// # Errors
/// [`DataError`] naming the file, row and column.
pub fn chains(query: &Query) -> Result<Vec<ChainQuote>, DataError> {
    rows(&CHAINS, query, chain_rows)
}

/// Venue marks of options, in file order.
///
/// # Errors
/// [`DataError`] naming the file, row and column.
pub fn option_marks(query: &Query) -> Result<Vec<MarkRow>, DataError> {
    rows(&OPTION_MARKS, query, mark_rows)
}

/// Points of volatility surfaces, in file order.
///
/// # Errors
/// [`DataError`] naming the file, row and column.
pub fn vols(query: &Query) -> Result<Vec<VolPoint>, DataError> {
    rows(&VOLS, query, vol_rows)
}

pub(crate) fn rows<T>(
    schema: &Schema,
    query: &Query,
    convert: fn(&Part) -> Result<Vec<T>, DataError>,
) -> Result<Vec<T>, DataError> {
    let mut all = Vec::new();
    for part in scan::read(schema, query)? {
        all.append(&mut convert(&part)?);
    }
    Ok(all)
}

fn chain_rows(part: &Part) -> Result<Vec<ChainQuote>, DataError> {
    let (times, expiries) = (part.known_times("time")?, part.known_times("expiry")?);
    let (underlyings, sources) = (part.known_texts("underlying")?, part.known_texts("source")?);
    let (strikes, rights) = (part.whole_numbers("strike")?, part.texts("right")?);
    let (bids, asks) = (part.maybe_numbers("bid")?, part.maybe_numbers("ask")?);
    let (bid_ivs, ask_ivs) = (part.maybe_numbers("bid_iv")?, part.maybe_numbers("ask_iv")?);
    let (forwards, indices) = (part.maybe_numbers("forward")?, part.maybe_numbers("index")?);
    let (marks, mark_ivs) = (part.maybe_numbers("mark")?, part.maybe_numbers("mark_iv")?);
    let units = part.known_texts("price_unit")?;
    (0..part.height())
        .map(|i| {
            Ok(ChainQuote {
                time: times[i],
                underlying: underlyings[i].clone(),
                source: sources[i].clone(),
                expiry: expiries[i],
                strike: strikes[i],
                right: right(part, i, rights.get(i).unwrap_or_default())?,
                bid: bids[i],
                ask: asks[i],
                bid_iv: bid_ivs[i],
                ask_iv: ask_ivs[i],
                mark: marks[i],
                mark_iv: mark_ivs[i],
                forward: forwards[i],
                index: indices[i],
                price_unit: units[i].clone(),
            })
        })
        .collect()
}

fn mark_rows(part: &Part) -> Result<Vec<MarkRow>, DataError> {
    let (times, names) = (part.known_times("time")?, part.known_texts("instrument")?);
    let (prices, ivs) = (part.maybe_numbers("mark_price")?, part.maybe_numbers("mark_iv")?);
    let spots = part.maybe_numbers("underlying_price")?;
    let forwards = part.maybe_numbers("forward")?;
    let row = |i: usize| MarkRow {
        time: times[i],
        instrument: names[i].clone(),
        mark_price: prices[i],
        mark_iv: ivs[i],
        underlying_price: spots[i],
        forward: forwards[i],
    };
    Ok((0..part.height()).map(row).collect())
}

fn vol_rows(part: &Part) -> Result<Vec<VolPoint>, DataError> {
    let (times, expiries) = (part.known_times("time")?, part.known_times("expiry")?);
    let (underlyings, kinds) = (part.known_texts("underlying")?, part.known_texts("moneyness")?);
    let (points, ivs) = (part.whole_numbers("point")?, part.whole_numbers("iv")?);
    let row = |i: usize| VolPoint {
        time: times[i],
        underlying: underlyings[i].clone(),
        expiry: expiries[i],
        moneyness: kinds[i].clone(),
        point: points[i],
        iv: ivs[i],
    };
    Ok((0..part.height()).map(row).collect())
}

/// `call` or `put`, also by first letter and in any case.
pub(crate) fn right(part: &Part, index: usize, text: &str) -> Result<Right, DataError> {
    match text.to_lowercase().as_str() {
        "call" | "c" => Ok(Right::Call),
        "put" | "p" => Ok(Right::Put),
        _ => Err(part.bad_cell(index, "right", &format!("`{text}`"), "call or put")),
    }
}
