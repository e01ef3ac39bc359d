//! freqtrade: candles in JSON, feather, Parquet or CSV.
//!
//! Six columns: date, open, high, low, close, volume. `date` is the open of the candle in UTC. The name of the file has
//! pair, timeframe and kind: `BTC_USDT_USDT-8h-funding_rate.feather`. Funding rates are kept as candles, with the rate in
//! `open` and zeros elsewhere.
//!
//! Source: freqtrade documentation, "Data downloading"; `freqtrade/data/history/datahandlers`.

use super::{Layout, Origin};
use crate::import::cell::Cell;
use crate::import::probe::Probe;
use crate::import::records::Kind;
use crate::import::spec::Stamp;
use crate::import::zone::Zone;
use crate::schema::Schema;

const COLUMNS: [&str; 6] = ["date", "open", "high", "low", "close", "volume"];

pub(super) fn is_candles(probe: &Probe, table: &Schema) -> bool {
    if !["prices", "funding"].contains(&table.table) || probe.columns.len() != COLUMNS.len() {
        return false;
    }
    let named = probe.columns.iter().map(String::as_str).eq(COLUMNS);
    match probe.kind {
        Kind::Arrow => named,
        Kind::Parquet | Kind::Csv => named && probe.name.ccxt_pair().is_some(),
        Kind::Json => !probe.named && !probe.nested && stamped(probe),
    }
}

/// Whether the first cell of every list is a time in milliseconds.
fn stamped(probe: &Probe) -> bool {
    let milliseconds =
        |cell: &Cell<'_>| matches!(cell, Cell::Whole(value) if *value > 100_000_000_000);
    !probe.rows.is_empty() && probe.cells(0).all(milliseconds)
}

pub(super) fn candles(probe: &Probe, table: &Schema) -> Option<Layout> {
    let position = |name: &str| {
        let at = COLUMNS.iter().position(|column| *column == name);
        if probe.named { probe.column(name) } else { at }
    };
    let mut layout =
        Layout { zone: Some(Zone::UTC), interval: probe.name.interval, ..Layout::default() };
    layout.column("time", position("date"));
    if let Some(pair) = probe.name.ccxt_pair() {
        layout.says(format!("the name of the file is of the pair {pair}"));
        layout.origins.insert("symbol", Origin::Constant(pair));
    }
    match table.table {
        "prices" => {
            layout.stamp = Some(Stamp::Open);
            for target in &COLUMNS[1..] {
                layout.column(target, position(target));
            }
            layout.says("freqtrade stamps candles at their open, UTC");
        }
        "funding" => {
            layout.column("rate", position("open"));
            layout.says(
                "freqtrade keeps funding rates in the column `open`, at the time of payment, UTC",
            );
        }
        _ => return None,
    }
    Some(layout)
}
