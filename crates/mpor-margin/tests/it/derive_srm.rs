//! Derive's Standard Manager: hand computation, in a replay and on its own, and the rule file against the vectors.

use std::path::Path;

use mpor_core::Right;
use mpor_margin::RuleLibrary;
use mpor_margin::models::derive_srm::{
    DeriveBook, DeriveExpiry, DeriveMarket, DeriveOption, SrmAssessment, SrmDepeg, SrmParameters,
    SrmUnits,
};
use serde_json::Value;

use crate::market::{Market, SPOT, built};

const SRM: &str = "rules = \"derive/srm\"\nas_of = \"2025-12-08\"";

#[test]
fn a_perpetual_needs_a_share_of_its_mark() {
    let market = Market::new();
    let report = market.ask(SRM, &[("BTC-PERP", -2.0), ("ETH-PERP", 1.0)]).unwrap();
    // hand: 6.6 % and 5 % of the marks, which stand 0.1 % above spot; nothing nets
    let notional = 1.001 * (2.0 * SPOT[0] + SPOT[1]);
    assert!((report.initial.amount() - 0.066 * notional).abs() < 1e-9, "{}", report.initial);
    assert!((report.maintenance.amount() - 0.05 * notional).abs() < 1e-9);
    assert_eq!(report.binding.as_deref(), Some("BTC: perpetual"));
}

#[test]
fn a_short_call_needs_its_share_of_spot_on_top_of_its_value() {
    let market = Market::new();
    let report = market.ask(SRM, &[("BTC-C-55000", -2.0)]).unwrap();
    // hand: 15 % less 10 % out of the money is below the least, 13 %; maintenance 9 %
    assert!((report.initial.amount() - 2.0 * 0.13 * SPOT[0]).abs() < 1e-9, "{}", report.initial);
    assert!((report.maintenance.amount() - 2.0 * 0.09 * SPOT[0]).abs() < 1e-9);
    let binding = "BTC: expiry in 30 days, each short on its own";
    assert_eq!(report.binding.as_deref(), Some(binding));
}

#[test]
fn a_long_option_needs_its_undiscounted_value() {
    let market = Market::new();
    let ix = market.history.universe.find("BTC-C-55000").unwrap();
    let mark = mpor_pricing::value(&market.state, &market.history.universe, ix).unwrap().amount;
    let report = market.ask(SRM, &[("BTC-C-55000", 3.0)]).unwrap();
    let expected = 3.0 * mark * (0.03 * 30.0 / 365.0_f64).exp();
    assert!((report.initial.amount() - expected).abs() < 1e-9, "{}", report.initial);
    assert!((report.maintenance.amount() - expected).abs() < 1e-9);
}

#[test]
fn coins_posted_lose_their_haircut() {
    let market = Market::new();
    let report = market.ask(SRM, &[("BTC-SPOT", 2.0)]).unwrap();
    // hand: 75 % counts, in the initial margin 93 % of that
    assert!((report.maintenance.amount() - 0.25 * 2.0 * SPOT[0]).abs() < 1e-9);
    assert!((report.initial.amount() - (1.0 - 0.75 * 0.93) * 2.0 * SPOT[0]).abs() < 1e-9);
}

#[test]
fn what_a_market_does_not_list_is_refused() {
    let market = Market::new();
    let mapped = |coin: &str| format!("{SRM}\nmarkets = {{ SPX = \"{coin}\" }}");
    let text = |model: &str, name| market.ask(model, &[(name, 1.0)]).unwrap_err().to_string();
    let error = text(&mapped("USDT"), "SPX-P-3800");
    assert_eq!(error, "`model` has no rule for `SPX-P-3800`: the market `USDT` lists no options");
    let error = text(&format!("{}\nfutures = \"as_perpetual\"", mapped("USDT")), "SPX-FUT");
    assert_eq!(error, "`model` has no rule for `SPX-FUT`: the market `USDT` lists no perpetual");
    let error = text(SRM, "SPX-P-3800");
    assert!(error.ends_with("known: BTC, ETH, SOL, USDT"), "{error}");
}

#[test]
fn a_spread_needs_its_worst_settlement_and_unpaired_calls_more() {
    // hand: short one at 100, long one at 110: 10 at 110 and above, both levels
    let spread = assess(&quiet(), &[(call(100.0), -1.0), (call(110.0), 1.0)]);
    let (initial, maintenance) = (spread.initial.expiries[0], spread.maintenance.expiries[0]);
    assert_eq!((initial.max_loss, initial.worst_settlement, initial.unpaired), (-10.0, 110.0, 0.0));
    assert_eq!((initial.margin(), maintenance.margin()), (-10.0, -10.0));
    // hand: one more short, 20 at 110, and 1.2 (1.1) forwards of 102 for the unpaired one
    let naked = assess(&quiet(), &[(call(100.0), -2.0), (call(110.0), 1.0)]);
    near(naked.initial.expiries[0].max_loss, -20.0 - 1.2 * 102.0);
    near(naked.maintenance.expiries[0].max_loss, -20.0 - 1.1 * 102.0);
    // hand: short puts lose most at zero, long calls are no credit against them
    let puts = assess(&quiet(), &[(put(90.0), -3.0), (call(110.0), 5.0)]);
    assert_eq!(puts.initial.expiries[0].max_loss, -270.0);
}

#[test]
fn isolated_shorts_follow_the_percentages() {
    // hand: volatility zero, so marks are the forward's intrinsic values: call 12, put 18
    let both = assess(&quiet(), &[(call(90.0), -1.0), (put(120.0), -1.0)]);
    let (call_im, call_mm) = (15.0 + 12.0, 9.0 + 12.0);
    let put_mm: f64 = 9.0 + 18.0;
    let put_im = (15.0_f64 + 18.0).max(1.05 * put_mm);
    near(both.initial.expiries[0].isolated, -(call_im + put_im));
    near(both.maintenance.expiries[0].isolated, -(call_mm + put_mm));
    // hand: a put at 1,000 is worth 898, 9 % of which is more than 9 % of spot
    let deep = assess(&quiet(), &[(put(1_000.0), -1.0)]);
    near(deep.maintenance.expiries[0].isolated, -898.0 * 1.09);
    near(deep.initial.expiries[0].isolated, -898.0 * 1.09 * 1.05);
}

#[test]
fn weak_feeds_and_a_weak_cash_coin_raise_the_initial_margin_alone() {
    let held = [(call(100.0), -1.0), (call(110.0), 1.0)];
    let calm = assess(&quiet(), &held);
    // hand: 0.02 below 0.99, twice, of the perpetual and the short call
    let depeg = assess(&DeriveMarket { stable_price: 0.97, ..quiet() }, &held);
    near(depeg.initial_margin() - calm.initial_margin(), -2.0 * 0.02 * 2.0 * 100.0);
    assert_eq!(depeg.maintenance, calm.maintenance);
    // hand: confidence 0.4 costs 60 % of spot: of the perpetual alone
    let perp = assess(&DeriveMarket { perp_confidence: 0.4, ..quiet() }, &held);
    near(perp.initial_margin() - calm.initial_margin(), -60.0);
    // hand: of spot, of the perpetual, the short call and the coin posted
    let spot = assess(&DeriveMarket { spot_confidence: 0.4, ..quiet() }, &held);
    near(spot.initial_margin() - calm.initial_margin(), -180.0);
    assert_eq!(spot.maintenance, calm.maintenance);
    // at the threshold: none
    let edge = assess(&DeriveMarket { spot_confidence: 0.55, ..quiet() }, &held);
    assert_eq!(edge, calm);
}

#[test]
fn options_of_one_expiry_net_whatever_forward_each_was_quoted_with() {
    let mut market = quiet();
    market.expiries.push(DeriveExpiry { forward_variable: 102.5, ..market.expiries[0] });
    let long = DeriveOption { expiry: 1, ..call(110.0) };
    let spread = assess(&market, &[(call(100.0), -1.0), (long, 1.0)]);
    assert_eq!(spread.initial.expiries.len(), 1);
    assert_eq!(spread.initial.expiries[0].margin(), -10.0);
}

#[test]
fn the_markets_are_those_of_the_vectors() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/golden/vectors/derive/parameters.json");
    let text = std::fs::read_to_string(file).unwrap();
    let expected: Value = serde_json::from_str(&text).unwrap();
    let expected = &expected["derive_srm"]["mainnet"];
    let library = RuleLibrary::embedded().unwrap();
    let set = library.in_force("derive/srm", "2025-12-08".parse().unwrap()).unwrap();
    let embedded = |key: &str| -> Value { set.parameters[key].clone().try_into().unwrap() };
    assert_eq!(embedded("coins"), expected["markets"]);
    assert_eq!(embedded("depeg"), expected["depeg"]);
}

#[test]
fn impossible_parameters_are_refused_with_their_key() {
    for (change, problem) in [
        (
            "[coins.ETH.perp]\nim_req = 0.01",
            "`coins.ETH.perp.im_req` is 0.01: at least mm_req, which is 0.05",
        ),
        ("[coins.BTC.base]\nim_scale = 1.5", "`coins.BTC.base.im_scale` is 1.5: between 0 and 1"),
        (
            "[coins.BTC.option]\nmm_offset_scale = 0.5",
            "`coins.BTC.option.mm_offset_scale` is 0.5: at least one",
        ),
        ("[depeg]\nfactor = -1.0", "`depeg.factor` is -1: at least zero"),
    ] {
        let error = built(&format!("{SRM}\n{change}")).err().unwrap().to_string();
        assert!(error.contains(problem), "{error}");
    }
}

/// Spot 100, a forward of 102 in 30 days, everything at full confidence.
fn quiet() -> DeriveMarket {
    DeriveMarket {
        spot: 100.0,
        spot_confidence: 1.0,
        perp_price: 100.0,
        perp_confidence: 1.0,
        stable_price: 1.0,
        expiries: vec![DeriveExpiry::quoted(30.0 * 86_400.0, 102.0, 0.0)],
    }
}

fn call(strike: f64) -> DeriveOption {
    DeriveOption { expiry: 0, strike, right: Right::Call, vol: 0.0 }
}

fn put(strike: f64) -> DeriveOption {
    DeriveOption { right: Right::Put, ..call(strike) }
}

/// The options, one perpetual and one coin, under BTC's parameters.
fn assess(market: &DeriveMarket, options: &[(DeriveOption, f64)]) -> SrmAssessment {
    let library = RuleLibrary::embedded().unwrap();
    let set = &library.versions("derive/srm").unwrap()[0];
    let parameters: SrmParameters = set.parameters["coins"]["BTC"].clone().try_into().unwrap();
    let depeg: SrmDepeg = set.parameters["depeg"].clone().try_into().unwrap();
    let terms = options.iter().map(|(option, _)| *option).collect();
    let units = SrmUnits::new(&parameters, market, terms).unwrap();
    let book = DeriveBook {
        perp: -1.0,
        perp_unrealised: 0.0,
        base: 1.0,
        options: options.iter().map(|(_, amount)| *amount).enumerate().collect(),
    };
    SrmAssessment::new(&parameters, &depeg, market, &units, &book).unwrap()
}

fn near(actual: f64, expected: f64) {
    assert!((actual - expected).abs() < 1e-10, "{actual}, expected {expected}");
}
