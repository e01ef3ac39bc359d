//! TIMS on computed examples and on a margin date.

use crate::market::{Market, SPOT, built};

const CPM: &str = "rules = \"occ/cpm\"";

#[test]
fn an_equity_needs_fifteen_percent() {
    let market = Market::new();
    let report = market.ask(CPM, &[("ETH-PERP", 2.0)]).unwrap();
    // hand: the perpetual stands 0.1 % above spot
    assert!((report.initial.amount() - 2.0 * 0.15 * 1.001 * SPOT[1]).abs() < 1e-9);
    assert_eq!(report.initial, report.maintenance);
    assert_eq!(report.binding.as_deref(), Some("ETH: 100 % of the down move"));
}

#[test]
fn an_index_falls_by_eight_and_rises_by_six_percent() {
    let market = Market::new();
    let amount = |quantity| {
        let book = [("SPX-FUT", quantity)];
        market.ask(CPM, &book).unwrap().initial.amount()
    };
    let (long, short) = (amount(1.0), amount(-1.0));
    assert!((long / short - 8.0 / 6.0).abs() < 1e-12);
}

#[test]
fn gains_count_in_part_within_a_group() {
    let market = Market::new();
    let ask = |extra: &str, book: &[(&str, f64)]| {
        market.ask(&format!("{CPM}\n{extra}"), book).unwrap().initial.amount()
    };
    let book = [("BTC-SPOT", 1.0), ("ETH-PERP", -20.0)];
    let alone = ask("", &book);
    let grouped = "classes.BTC = { type = \"equity\", group = \"pair\" }\nclasses.ETH = { type = \"equity\", group = \"pair\" }\ngroups.pair = { offset = 0.75 }";
    let together = ask(grouped, &book);
    // hand: down 15 % costs the coin 7,500 and gains the short 7,507.5; up the other way round
    assert!((alone - (7_500.0 + 7_507.5)).abs() < 1e-9, "{alone}");
    assert!((together - (7_507.5 - 0.75 * 7_500.0)).abs() < 1e-9, "{together}");
}

#[test]
fn far_options_need_their_minimum() {
    let market = Market::new();
    let minimum = |contracts: f64| {
        let study = format!("{CPM}\nminimum = 100000.0");
        market.ask(&study, &[("SPX-P-3800", contracts)]).unwrap()
    };
    // hand: so high a minimum binds a short in full, and a long up to its value
    assert!((minimum(-2.0).initial.amount() - 2.0 * 50.0 * 100_000.0).abs() < 1e-6);
    let ix = market.history.universe.find("SPX-P-3800").unwrap();
    let value = mpor_pricing::value(&market.state, &market.history.universe, ix).unwrap().amount;
    assert!((minimum(2.0).initial.amount() - 2.0 * value).abs() < 1e-9 * value);
    assert_eq!(minimum(-2.0).binding.as_deref(), Some("high_cap_index: minimum"));
}

#[test]
fn impossible_parameters_are_named() {
    let refused = |text: &str| built(&format!("{CPM}\n{text}")).err().unwrap().to_string();
    assert_eq!(
        refused("classes.BTC = { type = \"equty\" }"),
        "model `model`: `classes.BTC.type` is `equty`, which is not in `types`; known: broad_index, equity, high_cap_index"
    );
    assert_eq!(
        refused("classes.BTC = { type = \"equity\", leverage = 7 }"),
        "model `model`: `classes.BTC.leverage` has moves 0.15 down and 0.15 up times 7: above 0, and down below 1"
    );
    assert_eq!(
        refused("groups.high_cap_index = { offset = 90 }"),
        "model `model`: `groups.high_cap_index.offset` is 90: a share between 0 and 1"
    );
}
