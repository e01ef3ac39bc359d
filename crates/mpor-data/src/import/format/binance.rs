//! Binance: klines and funding rates, from the archive or the interface.
//!
//! Klines are twelve columns, with or without a header: open time, open, high, low, close, volume, close time, quote
//! volume, trades, taker volumes, unused. Times are UTC, in milliseconds, since 2025 in microseconds for spot. `volume` is
//! in base units. The close time is the last instant inside the bar.
//!
//! Source: Binance, "Kline/Candlestick data" and "Get Funding Rate History"; github.com/binance/binance-public-data.

use mpor_core::Span;

use super::{Layout, Origin};
use crate::import::cell::Cell;
use crate::import::probe::Probe;
use crate::import::spec::Stamp;
use crate::import::time::{Order, TimeForm, Written};
use crate::schema::Schema;

/// Columns of a kline.
const WIDTH: usize = 12;

pub(super) fn is_klines(probe: &Probe) -> bool {
    let close = probe.column("close_time").is_some();
    let taker = ["taker_buy_base_asset_volume", "taker_buy_volume", "taker_buy_base_volume"];
    let named = taker.iter().any(|name| probe.column(name).is_some());
    (probe.named && close && named) || (!probe.named && listed(probe))
}

/// Whether records without names are klines: twelve columns, the seventh a later time than the first.
fn listed(probe: &Probe) -> bool {
    let spans = |row: &Vec<Cell<'static>>| Some(0 < span(row.first()?, row.get(6)?)?);
    probe.columns.len() == WIDTH
        && !probe.rows.is_empty()
        && probe.rows.iter().take(100).all(|row| spans(row) == Some(true))
}

/// Microseconds from one stamp to another.
fn span(from: &Cell<'_>, to: &Cell<'_>) -> Option<i64> {
    let form = TimeForm::Shape(Order::Unknown);
    match (form.read(from)?, form.read(to)?) {
        (Written::Utc(from), Written::Utc(to)) | (Written::Civil(from), Written::Civil(to)) => {
            Some(to - from)
        }
        _ => None,
    }
}

pub(super) fn klines(probe: &Probe, table: &Schema) -> Option<Layout> {
    if table.table != "prices" {
        return None;
    }
    let mut layout = Layout { stamp: Some(Stamp::Open), ..Layout::default() };
    let close_time = if probe.named {
        let opens = ["open_time", "date", "timestamp", "time", "datetime"];
        layout.column("time", opens.iter().find_map(|name| probe.column(name)));
        for target in ["open", "high", "low", "close", "volume", "symbol"] {
            layout.column(target, probe.column(target));
        }
        probe.column("close_time")
    } else {
        for (at, target) in ["time", "open", "high", "low", "close", "volume"].iter().enumerate() {
            layout.column(target, Some(at));
        }
        Some(6)
    };
    layout.constant("source", "binance");
    layout.says("Binance stamps klines at their open; volume is in base units");
    if let (Some(Origin::Column(open)), Some(close)) = (layout.origins.get("time"), close_time) {
        layout.interval = usual_span(probe, *open, close);
    }
    if let Some(interval) = layout.interval {
        layout.says(format!("the close times are {interval} after the open, less one tick"));
    }
    Some(layout)
}

/// The usual distance from open to close time, to the next full second.
fn usual_span(probe: &Probe, open: usize, close: usize) -> Option<Span> {
    let spans = probe.rows.iter().filter_map(|row| span(row.get(open)?, row.get(close)?));
    let second = 1_000_000;
    let mut spans: Vec<i64> = spans.map(|span| (span / second + 1) * second).collect();
    spans.sort_unstable();
    let runs = spans.chunk_by(|a, b| a == b);
    runs.max_by_key(|run| run.len()).and_then(|run| run.first()).map(|&span| Span(span))
}

pub(super) fn is_funding(probe: &Probe) -> bool {
    probe.has(&["calc_time", "last_funding_rate"]) || probe.has(&["fundingTime", "fundingRate"])
}

pub(super) fn funding(probe: &Probe, table: &Schema) -> Option<Layout> {
    if table.table != "funding" {
        return None;
    }
    let mut layout = Layout::default();
    let any = |names: &[&str]| names.iter().find_map(|name| probe.column(name));
    layout.column("time", any(&["calc_time", "fundingTime", "time", "date"]));
    layout.column("rate", any(&["last_funding_rate", "fundingRate", "rate"]));
    layout.column("interval_hours", any(&["funding_interval_hours", "interval_hours"]));
    layout.column("symbol", any(&["symbol"]));
    layout.constant("source", "binance");
    layout.says(
        "Binance's funding times are the instants of payment; the rate is a fraction of notional",
    );
    Some(layout)
}
