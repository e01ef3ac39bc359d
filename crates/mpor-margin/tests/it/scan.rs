//! The grid scan against numbers worked out by hand.

use crate::market::{Market, SPOT};

#[test]
fn a_linear_book_loses_the_range_or_the_covered_extreme() {
    let market = Market::new();
    let report = market.ask("kind = \"scan\"\nprice_range = 0.15", &[("BTC-PERP", 2.0)]).unwrap();
    // hand: the perpetual stands 0.1 % above spot and moves with it
    close(report.initial.amount(), 2.0 * 1.001 * SPOT[0] * 0.15);
    let wide = "kind = \"scan\"\nprice_range = 0.15\nextreme = { multiple = 3, cover = 0.4 }";
    let report = market.ask(wide, &[("BTC-PERP", 2.0)]).unwrap();
    // hand: 3 x 0.4 = 1.2 times the range
    close(report.initial.amount(), 2.0 * 1.001 * SPOT[0] * 0.15 * 1.2);
    assert_eq!(report.binding.as_deref(), Some("BTC: spot -45 %, vol 0 %, 40 % counted"));
}

#[test]
fn underlyings_add_unless_an_offset_is_given() {
    let market = Market::new();
    let book = [("BTC-PERP", 1.0), ("ETH-PERP", -20.0)];
    let (btc, eth) = (1.001 * SPOT[0] * 0.1, 20.0 * 1.001 * SPOT[1] * 0.1);
    let ask = |offset: &str| {
        let model = format!("kind = \"scan\"\nprice_range = 0.1\noffset = {offset}");
        market.ask(&model, &book).unwrap().initial.amount()
    };
    close(ask("0"), btc + eth);
    // hand: both move 10 % together, so the long and the short of equal notional cancel
    close(ask("1"), 0.0);
    close(ask("0.8"), 0.2 * (btc + eth));
}

#[test]
fn the_short_option_minimum_holds_where_no_scenario_loses() {
    let market = Market::new();
    let model = "kind = \"scan\"\nprice_range = 0.0001\nshort_option_minimum = 0.05";
    let report = market.ask(model, &[("BTC-C-55000", -4.0), ("BTC-P-45000", 4.0)]).unwrap();
    // hand: four short options at 5 % of spot; the long ones need nothing
    close(report.initial.amount(), 4.0 * 0.05 * SPOT[0]);
    assert_eq!(report.binding.as_deref(), Some("BTC: short option minimum"));
}

fn close(actual: f64, expected: f64) {
    assert!((actual - expected).abs() <= 1e-9 * SPOT[0], "{actual}, expected {expected}");
}
