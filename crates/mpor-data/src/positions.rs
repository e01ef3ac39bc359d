//! Who held what, and in which contracts: positions, trades, collateral and terms of contracts, row by row.
//!
//! Quantities are signed contracts, short negative. Names of contracts are resolved by whoever builds the books.

use mpor_core::{PositionRow, Right, Timestamp, TradeRow};

use crate::chains::{right, rows};
use crate::error::DataError;
use crate::part::Part;
use crate::scan::Query;
use crate::schema::{COLLATERAL, INSTRUMENTS, POSITIONS, TRADES};

/// Collateral of an account from a time on.
#[derive(Clone, Debug, PartialEq)]
pub struct CollateralRow {
    /// When.
    pub time: Timestamp,
    /// Who holds it.
    pub account: String,
    /// Currency or coin.
    pub asset: String,
    /// Units of the asset.
    pub amount: f64,
}

/// Terms of one contract as a file writes them.
#[derive(Clone, Debug, PartialEq)]
pub struct InstrumentRow {
    /// Name of the contract.
    pub instrument: String,
    /// `spot`, `future`, `perpetual` or `option`.
    pub kind: String,
    /// What it is written on.
    pub underlying: String,
    /// Currency of its price.
    pub quote: String,
    /// Currency or coin it settles in.
    pub settlement: String,
    /// Units of the underlying a contract (of quote currency for coin-settled futures).
    pub contract_size: f64,
    /// Whether it settles in the coin.
    pub inverse: bool,
    /// Instant of expiry, for futures and options.
    pub expiry: Option<Timestamp>,
    /// Strike in quote currency, for options.
    pub strike: Option<f64>,
    /// Call or put, for options.
    pub right: Option<Right>,
}

/// Snapshots of positions from Parquet or CSV, in file order.
///
/// # Errors
/// [`DataError`] naming the file, row and column.
pub fn positions(query: &Query) -> Result<Vec<PositionRow>, DataError> {
    rows(&POSITIONS, query, position_rows)
}

/// Trades from Parquet or CSV, in file order.
///
/// # Errors
/// [`DataError`] naming the file, row and column.
pub fn trades(query: &Query) -> Result<Vec<TradeRow>, DataError> {
    rows(&TRADES, query, trade_rows)
}

/// Collateral from Parquet or CSV, in file order.
///
/// # Errors
/// [`DataError`] naming the file, row and column.
pub fn collateral(query: &Query) -> Result<Vec<CollateralRow>, DataError> {
    rows(&COLLATERAL, query, collateral_rows)
}

/// Terms of contracts from Parquet or CSV, in file order.
///
/// # Errors
/// [`DataError`] naming the file, row and column.
pub fn instruments(query: &Query) -> Result<Vec<InstrumentRow>, DataError> {
    rows(&INSTRUMENTS, query, instrument_rows)
}

fn position_rows(part: &Part) -> Result<Vec<PositionRow>, DataError> {
    let (times, accounts) = (part.known_times("time")?, part.known_texts("account")?);
    let (names, quantities) = (part.known_texts("instrument")?, part.whole_numbers("quantity")?);
    let row = |i: usize| PositionRow {
        time: times[i],
        account: accounts[i].clone(),
        instrument: names[i].clone(),
        quantity: quantities[i],
    };
    Ok((0..part.height()).map(row).collect())
}

fn trade_rows(part: &Part) -> Result<Vec<TradeRow>, DataError> {
    let (times, accounts) = (part.known_times("time")?, part.known_texts("account")?);
    let (names, quantities) = (part.known_texts("instrument")?, part.whole_numbers("quantity")?);
    let (prices, fees) = (part.whole_numbers("price")?, part.maybe_numbers("fee")?);
    let row = |i: usize| TradeRow {
        time: times[i],
        account: accounts[i].clone(),
        instrument: names[i].clone(),
        quantity: quantities[i],
        price: prices[i],
        fee: fees[i].unwrap_or(0.0),
    };
    Ok((0..part.height()).map(row).collect())
}

fn collateral_rows(part: &Part) -> Result<Vec<CollateralRow>, DataError> {
    let (times, accounts) = (part.known_times("time")?, part.known_texts("account")?);
    let (assets, amounts) = (part.known_texts("asset")?, part.whole_numbers("amount")?);
    let row = |i: usize| CollateralRow {
        time: times[i],
        account: accounts[i].clone(),
        asset: assets[i].clone(),
        amount: amounts[i],
    };
    Ok((0..part.height()).map(row).collect())
}

fn instrument_rows(part: &Part) -> Result<Vec<InstrumentRow>, DataError> {
    let (names, kinds) = (part.known_texts("instrument")?, part.known_texts("kind")?);
    let (underlyings, quotes) = (part.known_texts("underlying")?, part.known_texts("quote")?);
    let settlements = part.known_texts("settlement")?;
    let (sizes, inverses) = (part.whole_numbers("contract_size")?, part.flags("inverse")?);
    let (expiries, strikes) = (part.times("expiry")?, part.maybe_numbers("strike")?);
    let rights = part.maybe_texts("right")?;
    (0..part.height())
        .map(|i| {
            let inverse = inverses.get(i);
            Ok(InstrumentRow {
                instrument: names[i].clone(),
                kind: kinds[i].clone(),
                underlying: underlyings[i].clone(),
                quote: quotes[i].clone(),
                settlement: settlements[i].clone(),
                contract_size: sizes[i],
                inverse: inverse
                    .ok_or_else(|| part.bad_cell(i, "inverse", "nothing", "true or false"))?,
                expiry: expiries[i],
                strike: strikes[i],
                right: rights[i].as_deref().map(|text| right(part, i, text)).transpose()?,
            })
        })
        .collect()
}
