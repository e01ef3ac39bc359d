//! Isolated margin against the venue's printed examples and hand computation.

use mpor_margin::Component;

use crate::market::{Market, SPOT};

const BINANCE: &str = "rules = \"binance/isolated\"";

#[test]
fn a_bracket_gives_its_rate_and_its_deduction() {
    let market = Market::new();
    // 2 coins at 50,000: 100,000 is in the second bracket (1 % initial, 0.5 % less 50 maintenance), hand
    let report = market.ask(BINANCE, &[("BTC-PERP", 2.0)]).unwrap();
    assert_eq!(report.initial.amount(), 1_000.0);
    assert_eq!(report.maintenance.amount(), 450.0);
    // exactly 50,000 is still in the first (0.8 %, 0.4 %), long and short alike
    let report = market.ask(BINANCE, &[("BTC-PERP", -1.0)]).unwrap();
    assert_eq!((report.initial.amount(), report.maintenance.amount()), (400.0, 200.0));
    // beyond the last bound the last bracket goes on: 20,000 coins are 1,000 million
    let report = market.ask(BINANCE, &[("BTC-PERP", 20_000.0)]).unwrap();
    assert_eq!(report.maintenance.amount(), 1e9 * 0.5 - 100_016_300.0);
}

#[test]
fn nothing_nets() {
    let market = Market::new();
    let one = |name, quantity| market.ask(BINANCE, &[(name, quantity)]).unwrap().initial.amount();
    let book = [("BTC-PERP", 2.0), ("BTC-FUT", -2.0)];
    let both = market.ask(BINANCE, &book).unwrap();
    assert_eq!(both.initial.amount(), one("BTC-PERP", 2.0) + one("BTC-FUT", -2.0));
    let names: Vec<&str> = both.initial.parts()[0].parts().iter().map(Component::name).collect();
    assert_eq!(names, ["BTC-PERP", "BTC-FUT"]);
}

#[test]
fn a_long_option_needs_its_premium() {
    let market = Market::new();
    let book = [("BTC-C-55000", 3.0)];
    let ix = market.history.universe.find("BTC-C-55000").unwrap();
    let mark = mpor_pricing::value(&market.state, &market.history.universe, ix).unwrap().amount;
    let report = market.ask(BINANCE, &book).unwrap();
    assert_eq!(report.initial.amount(), 3.0 * mark);
    assert_eq!(report.maintenance.amount(), 3.0 * mark);
}

#[test]
fn a_short_option_needs_the_venue_amount_less_its_mark() {
    let market = Market::new();
    // hand: 15 % of 50,000 less 5,000 out of the money is 2,500, below the floor of 10 %; maintenance 7.5 %
    let report = market.ask(BINANCE, &[("BTC-C-55000", -1.0)]).unwrap();
    assert_eq!((report.initial.amount(), report.maintenance.amount()), (5_000.0, 3_750.0));
    // hand: 2,600 against 2,500, so 375 - 100 = 275 above the floor of 250
    let markets = format!("{BINANCE}\nmarkets = {{ ETH = \"BTC\" }}");
    let report = market.ask(&markets, &[("ETH-C-2600", -2.0)]).unwrap();
    assert_eq!((report.initial.amount(), report.maintenance.amount()), (550.0, 375.0));
}

#[test]
fn coin_settled_size_is_notional() {
    let market = Market::new();
    let report = market.ask(BINANCE, &[("BTC-INVERSE", -100_000.0)]).unwrap();
    assert_eq!(report.initial.amount(), 1_000.0, "hand: the second bracket");
    assert_eq!(report.gross_notional, 100_000.0);
}

#[test]
fn spot_is_paid_in_full_or_by_half() {
    let market = Market::new();
    let book = [("BTC-SPOT", 1.0)];
    assert_eq!(market.ask(BINANCE, &book).unwrap().initial.amount(), SPOT[0]);
    let generic = market.ask("rules = \"generic/isolated\"", &book).unwrap();
    assert_eq!(generic.initial.amount(), 0.5 * SPOT[0]);
    assert_eq!(generic.maintenance.amount(), 0.25 * SPOT[0]);
}
