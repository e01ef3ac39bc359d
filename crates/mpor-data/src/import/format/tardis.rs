//! Tardis: normalised CSV, `derivative_ticker` and `options_chain`.
//!
//! Times are microseconds UTC. `funding_timestamp` is the next payment and `funding_rate` what it would be as of the row,
//! so the last row before a payment has the rate that was paid. Volatilities are in percent, as venues give them;
//! `underlying_price` is the forward of the expiry.
//!
//! Source: docs.tardis.dev, "Downloadable CSV files".

use super::deribit::option_parts;
use super::{Derived, Layout, LeftOut};
use crate::import::cell::Cell;
use crate::import::option_name;
use crate::import::probe::Probe;
use crate::import::spec::{Duplicates, VolUnit};
use crate::schema::Schema;

pub(super) fn is_tardis(probe: &Probe) -> bool {
    probe.has(&["exchange", "symbol", "timestamp", "local_timestamp"])
        && (is_ticker(probe) || is_chain(probe))
}

fn is_ticker(probe: &Probe) -> bool {
    probe.has(&["funding_timestamp", "funding_rate"])
}

fn is_chain(probe: &Probe) -> bool {
    probe.has(&["strike_price", "expiration"])
}

pub(super) fn layout(probe: &Probe, table: &Schema) -> Option<Layout> {
    let at = |name: &str| probe.column(name);
    let mut layout = Layout::default();
    layout.column("time", at("timestamp"));
    layout.column("source", at("exchange"));
    match table.table {
        "funding" if is_ticker(probe) => {
            layout.column("time", at("funding_timestamp"));
            layout.column("symbol", at("symbol"));
            layout.column("rate", at("funding_rate"));
            let payment = at("funding_timestamp")?;
            layout.left_out = Some(LeftOut::Empty(payment, "no payment is announced"));
            layout.duplicates = Some(Duplicates::Last);
            layout.says("the rate paid is that of the last row before its payment");
        }
        "prices" if is_ticker(probe) => {
            layout.column("symbol", at("symbol"));
            layout.stamp = Some(crate::import::spec::Stamp::Close);
            layout.says("each row is a price of its instant; map close to mark_price, last_price or index_price");
        }
        "chains" if is_chain(probe) => chain(probe, &mut layout),
        "option_marks" if is_chain(probe) => {
            layout.column("instrument", at("symbol"));
            layout.column("mark_price", at("mark_price"));
            layout.column("mark_iv", at("mark_iv"));
            layout.column("forward", at("underlying_price"));
            percent(&mut layout);
        }
        _ => return None,
    }
    Some(layout)
}

fn percent(layout: &mut Layout) {
    layout.vol_unit = Some(VolUnit::Percent);
    layout.says("volatilities are in percent; underlying_price is the forward of the expiry");
}

fn chain(probe: &Probe, layout: &mut Layout) {
    let at = |name: &str| probe.column(name);
    percent(layout);
    // Names of other venues do not say what the price is in; that is then asked.
    let deribit =
        |cell: &Cell<'_>| matches!(cell, Cell::Text(name) if option_name::parse(name).is_some());
    if let Some(name) = at("symbol").filter(|&name| probe.cells(name).all(deribit)) {
        option_parts(layout, Some(name));
        layout.derived("price_unit", Derived::OptionPriceUnit, Some(name), None);
    }
    layout.column("expiry", at("expiration"));
    layout.column("strike", at("strike_price"));
    layout.column("right", at("type"));
    layout.column("bid", at("bid_price"));
    layout.column("ask", at("ask_price"));
    layout.column("bid_iv", at("bid_iv"));
    layout.column("ask_iv", at("ask_iv"));
    layout.column("mark", at("mark_price"));
    layout.column("mark_iv", at("mark_iv"));
    layout.column("forward", at("underlying_price"));
}
