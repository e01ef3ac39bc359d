//! Deribit: instruments and option chains, as the public interface answers.
//!
//! `get_instruments` has the terms. `get_book_summary_by_currency` has quotes and marks: prices of coin-settled options in
//! coin, `mark_iv` in percent, `underlying_price` the forward that the venue computes the vol with, and
//! `estimated_delivery_price` the index. Times are milliseconds UTC.
//!
//! Source: Deribit API v2, `public/get_instruments` and `public/get_book_summary_by_currency`.

use super::{Derived, Layout, LeftOut};
use crate::import::probe::Probe;
use crate::import::spec::VolUnit;
use crate::schema::Schema;

pub(super) fn is_instruments(probe: &Probe) -> bool {
    probe.has(&["instrument_name", "expiration_timestamp", "contract_size"])
}

pub(super) fn is_chain(probe: &Probe) -> bool {
    probe.has(&["instrument_name", "mark_price"])
}

pub(super) fn instruments(probe: &Probe, table: &Schema) -> Option<Layout> {
    if table.table != "instruments" {
        return None;
    }
    let at = |name: &str| probe.column(name);
    let mut layout = Layout::default();
    layout.column("instrument", at("instrument_name"));
    layout.derived("kind", Derived::DeribitKind, at("kind"), at("settlement_period"));
    layout.column("underlying", at("base_currency"));
    layout.derived(
        "quote",
        Derived::FirstOf,
        at("counter_currency").or(at("quote_currency")),
        at("quote_currency"),
    );
    layout.derived("settlement", Derived::FirstOf, at("settlement_currency"), at("quote_currency"));
    layout.column("contract_size", at("contract_size"));
    layout.derived("inverse", Derived::DeribitInverse, at("instrument_type"), None);
    layout.derived(
        "expiry",
        Derived::DeribitExpiry,
        at("expiration_timestamp"),
        at("settlement_period"),
    );
    layout.column("strike", at("strike"));
    layout.column("right", at("option_type"));
    layout.left_out = at("kind").map(LeftOut::Combination);
    layout.says("a contract is inverse where Deribit's instrument_type is `reversed`");
    layout.says("perpetuals have no expiry, whatever their expiration_timestamp says");
    Some(layout)
}

pub(super) fn chain(probe: &Probe, table: &Schema) -> Option<Layout> {
    let at = |name: &str| probe.column(name);
    let mut layout = Layout { vol_unit: Some(VolUnit::Percent), ..Layout::default() };
    let name = at("instrument_name");
    layout.column("time", at("creation_timestamp").or(at("timestamp")).or(at("time")));
    layout.column("forward", at("underlying_price"));
    layout.left_out = name.map(LeftOut::NotAnOption);
    layout.says(
        "Deribit's volatilities are in percent; underlying_price is the forward of the expiry",
    );
    match table.table {
        "chains" => {
            layout.constant("source", "deribit");
            option_parts(&mut layout, name);
            layout.derived("price_unit", Derived::OptionPriceUnit, name, None);
            layout.column("bid", at("bid_price").or(at("best_bid_price")));
            layout.column("ask", at("ask_price").or(at("best_ask_price")));
            layout.column("bid_iv", at("bid_iv"));
            layout.column("ask_iv", at("ask_iv"));
            layout.column("mark", at("mark_price"));
            layout.column("mark_iv", at("mark_iv"));
            layout.column("index", at("estimated_delivery_price").or(at("index_price")));
        }
        "option_marks" => {
            layout.column("instrument", name);
            layout.column("mark_price", at("mark_price"));
            layout.column("mark_iv", at("mark_iv"));
            layout.column("underlying_price", at("estimated_delivery_price").or(at("index_price")));
        }
        _ => return None,
    }
    Some(layout)
}

/// Coin, expiry, strike and right from a column of names.
pub(super) fn option_parts(layout: &mut Layout, name: Option<usize>) {
    layout.derived("underlying", Derived::OptionCoin, name, None);
    layout.derived("expiry", Derived::OptionExpiry, name, None);
    layout.derived("strike", Derived::OptionStrike, name, None);
    layout.derived("right", Derived::OptionRight, name, None);
}
