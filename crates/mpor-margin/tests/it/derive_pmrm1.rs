//! Derive's first portfolio margin: hand computation, the replay against the assessment, the rule file against the vectors.

use std::path::Path;

use mpor_core::Right;
use mpor_margin::RuleLibrary;
use mpor_margin::models::derive_pmrm1::{
    DeriveBook, DeriveExpiry, DeriveMarket, DeriveOption, Pmrm1Assessment, Pmrm1Parameters,
    Pmrm1Units,
};
use serde_json::Value;

use crate::market::{Market, SPOT, built};

const PMRM1: &str = "rules = \"derive/pmrm1\"\nas_of = \"2025-12-08\"";

#[test]
fn a_perpetual_needs_the_range_and_its_contingency() {
    let market = Market::new();
    let report = market.ask(PMRM1, &[("BTC-PERP", 1.0)]).unwrap();
    // hand: 18 % of the mark, 3 % of spot; initial margin 1.25 times that
    let expected = 0.18 * 1.001 * SPOT[0] + 0.03 * SPOT[0];
    assert!((report.maintenance.amount() - expected).abs() < 1e-9, "{}", report.maintenance);
    assert!((report.initial.amount() - 1.25 * expected).abs() < 1e-9, "{}", report.initial);
    assert_eq!(report.binding.as_deref(), Some("BTC: spot x 0.82, vol up"));
}

#[test]
fn coins_posted_lose_with_spot_and_cannot_be_short() {
    let market = Market::new();
    let report = market.ask(PMRM1, &[("BTC-SPOT", 2.0)]).unwrap();
    // hand: 18 % and 3 % of two coins
    assert!((report.maintenance.amount() - 0.21 * 2.0 * SPOT[0]).abs() < 1e-9);
    let error = market.ask(PMRM1, &[("BTC-SPOT", -2.0)]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`model` has no rule for `BTC-SPOT`: collateral cannot be short; hold the perpetual short instead"
    );
}

#[test]
fn coins_posted_cover_a_short_perpetual_but_for_the_contingencies() {
    let market = Market::new();
    let mark = 1.001 * SPOT[0];
    let report = market.ask(PMRM1, &[("BTC-SPOT", mark / SPOT[0]), ("BTC-PERP", -1.0)]).unwrap();
    // hand: what the scenarios move nets; 3 % of the coins and 3 % of the perpetual remain
    let expected = 0.03 * (mark + SPOT[0]);
    assert!((report.maintenance.amount() - expected).abs() < 1e-7, "{}", report.maintenance);
}

#[test]
fn the_requirement_is_value_less_margin() {
    let market = Market::new();
    let book = [("BTC-C-55000", -10.0), ("BTC-P-45000", 4.0), ("BTC-PERP", 2.0), ("BTC-SPOT", 3.0)];
    let report = market.ask(PMRM1, &book).unwrap();
    let (assessment, cash) = (by_hand(&market), 12_345.0);
    let initial = assessment.mtm() + cash - assessment.initial_margin(cash);
    let maintenance = assessment.mtm() + cash - assessment.maintenance_margin(cash);
    assert!((report.initial.amount() - initial).abs() < 1e-7 * SPOT[0]);
    assert!((report.maintenance.amount() - maintenance).abs() < 1e-7 * SPOT[0]);
}

#[test]
fn a_falling_stablecoin_and_weak_feeds_raise_the_initial_margin_alone() {
    let parameters = parameters("BTC");
    let mut market = DeriveMarket {
        spot: 100.0,
        spot_confidence: 1.0,
        perp_price: 100.0,
        perp_confidence: 1.0,
        stable_price: 1.0,
        expiries: Vec::new(),
    };
    let book = DeriveBook { perp: 1.0, ..DeriveBook::default() };
    let margins = |market: &DeriveMarket| {
        let units = Pmrm1Units::new(&parameters, market, Vec::new()).unwrap();
        let assessment = Pmrm1Assessment::new(&parameters, market, &units, &book);
        (assessment.initial_margin(0.0), assessment.maintenance_margin(0.0))
    };
    // hand: loss 18 and contingency 3, factor 1.25
    let near = |(a, b): (f64, f64), (x, y): (f64, f64)| {
        assert!((a - x).abs() < 1e-12 && (b - y).abs() < 1e-12, "{a} {b}, expected {x} {y}");
    };
    near(margins(&market), (-26.25, -21.0));
    // hand: 0.02 below 0.99 adds 4 x 0.02 to the factor
    market.stable_price = 0.97;
    near(margins(&market), (-21.0 * 1.33, -21.0));
    // hand: confidence 0.4, below 0.55, costs 60 % of notional
    market.stable_price = 1.0;
    market.perp_confidence = 0.4;
    near(margins(&market), (-26.25 - 60.0, -21.0));
}

#[test]
fn a_scenario_more_never_lowers_the_worst_loss() {
    let mut parameters = parameters("ETH");
    let all = parameters.scenarios.clone();
    let market = DeriveMarket {
        spot: 100.0,
        spot_confidence: 1.0,
        perp_price: 100.0,
        perp_confidence: 1.0,
        stable_price: 1.0,
        expiries: vec![DeriveExpiry::quoted(7.0 * 86_400.0, 100.0, 0.02)],
    };
    let option = |right| DeriveOption { expiry: 0, strike: 100.0, right, vol: 0.6 };
    let options = vec![option(Right::Call), option(Right::Put)];
    let book = DeriveBook { options: vec![(0, -1.0), (1, -1.0)], ..DeriveBook::default() };
    let mut before = 0.0;
    for count in 1..=all.len() {
        parameters.scenarios = all[..count].to_vec();
        let units = Pmrm1Units::new(&parameters, &market, options.clone()).unwrap();
        let assessment = Pmrm1Assessment::new(&parameters, &market, &units, &book);
        assert!(assessment.worst_loss <= before, "{count} scenarios");
        before = assessment.worst_loss;
    }
    assert!(before < 0.0);
    assert_eq!(all.len(), 23, "the live list");
}

#[test]
fn the_markets_are_those_of_the_vectors() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/golden/vectors/derive/parameters.json");
    let text = std::fs::read_to_string(file).unwrap();
    let expected: Value = serde_json::from_str(&text).unwrap();
    let library = RuleLibrary::embedded().unwrap();
    let set = library.in_force("derive/pmrm1", "2025-12-08".parse().unwrap()).unwrap();
    let embedded: Value = set.parameters["coins"].clone().try_into().unwrap();
    assert_eq!(embedded, expected["derive_pmrm1"]);
}

#[test]
fn impossible_parameters_are_refused_with_their_key() {
    for (change, problem) in [
        ("[coins.ETH.margin]\nim_factor = 0.9", "`coins.ETH.margin.im_factor` is 0.9: 1 or more"),
        (
            "[coins.BTC.vol_shock]\ndte_floor_seconds = 0.0",
            "`coins.BTC.vol_shock.dte_floor_seconds` is 0: above zero",
        ),
        (
            "[coins.BTC.other_contingency]\nperp_percent = -0.1",
            "`coins.BTC.other_contingency.perp_percent` is -0.1: zero or more",
        ),
        ("[coins.BTC]\nscenarios = []", "`coins.BTC.scenarios` is empty"),
        ("markets = { SPX = \"XRP\" }", "`markets.SPX` is `XRP`, which is not a market"),
    ] {
        let error = built(&format!("{PMRM1}\n{change}")).err().unwrap().to_string();
        assert!(error.contains(problem), "{error}");
    }
}

#[test]
fn a_market_that_the_venue_does_not_have_is_named() {
    let market = Market::new();
    let error = market.ask(PMRM1, &[("SPX-P-3800", 1.0)]).unwrap_err().to_string();
    assert!(error.contains("the venue has no market for `SPX`"), "{error}");
    let error = market.ask(PMRM1, &[("BTC-FUT", 1.0)]).unwrap_err().to_string();
    assert!(error.contains("futures = \"as_perpetual\""), "{error}");
}

/// The book of `the_requirement_is_value_less_margin`, filled in as a test case would.
fn by_hand(market: &Market) -> Pmrm1Assessment {
    let parameters = parameters("BTC");
    let inputs = |name: &str, strike: f64| {
        let ix = market.history.universe.find(name).unwrap();
        let instrument = market.history.universe.instrument(ix);
        let expiry = instrument.contract.expiry().unwrap();
        market.state.option_inputs(ix, instrument.underlying, expiry, strike).unwrap()
    };
    let (call, put) = (inputs("BTC-C-55000", 55_000.0), inputs("BTC-P-45000", 45_000.0));
    let derive = DeriveMarket {
        spot: SPOT[0],
        spot_confidence: 1.0,
        perp_price: 1.001 * SPOT[0],
        perp_confidence: 1.0,
        stable_price: 1.0,
        expiries: vec![DeriveExpiry::quoted(30.0 * 86_400.0, call.forward, 0.03)],
    };
    let option = |strike, right, vol| DeriveOption { expiry: 0, strike, right, vol };
    let options =
        vec![option(55_000.0, Right::Call, call.vol), option(45_000.0, Right::Put, put.vol)];
    let units = Pmrm1Units::new(&parameters, &derive, options).unwrap();
    let book = DeriveBook {
        perp: 2.0,
        perp_unrealised: 0.0,
        base: 3.0,
        options: vec![(0, -10.0), (1, 4.0)],
    };
    let assessment = Pmrm1Assessment::new(&parameters, &derive, &units, &book);
    assert!(assessment.binding.is_some());
    assessment
}

fn parameters(coin: &str) -> Pmrm1Parameters {
    let library = RuleLibrary::embedded().unwrap();
    let set = &library.versions("derive/pmrm1").unwrap()[0];
    set.parameters["coins"][coin].clone().try_into().unwrap()
}
