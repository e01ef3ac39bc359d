//! Derive PMRM 2 on a margin date.

use mpor_core::Right;
use mpor_margin::models::derive_pmrm2::{
    DeriveExpiry, DeriveMarket, DeriveOption, PmrmAssessment, PmrmBinding, PmrmBook,
    PmrmParameters, PmrmUnits,
};
use mpor_margin::{RuleLibrary, RuleSet};

use crate::market::{Market, SPOT, built};

const DERIVE: &str = "rules = \"derive/pmrm2\"\nas_of = \"2025-12-08\"";

#[test]
fn a_perpetual_needs_the_range_and_its_contingency() {
    let market = Market::new();
    let report = market.ask(DERIVE, &[("BTC-PERP", 1.0)]).unwrap();
    let mark = 1.001 * SPOT[0];
    // hand: of the tails, spot x 0.34 counts .66 x .21 = 13.86 %, less than 18 %; perpetual 3 % + 1 % of spot
    let expected = 0.18 * mark + 0.04 * SPOT[0];
    assert!((report.initial.amount() - expected).abs() < 1e-9, "{}", report.initial);
    let expected = 0.8 * 0.18 * mark + 0.03 * SPOT[0];
    assert!((report.maintenance.amount() - expected).abs() < 1e-9, "{}", report.maintenance);
    assert_eq!(report.binding.as_deref(), Some("BTC: spot x 0.82, vol up"));
}

#[test]
fn the_requirement_is_value_less_margin() {
    let market = Market::new();
    let book = [("BTC-C-55000", -10.0), ("BTC-P-45000", 4.0), ("BTC-PERP", 2.0), ("BTC-SPOT", 3.0)];
    let report = market.ask(DERIVE, &book).unwrap();
    let (assessment, cash) = (by_hand(&market), 12_345.0);
    let initial = assessment.mtm() + cash - assessment.initial_margin(cash);
    let maintenance = assessment.mtm() + cash - assessment.maintenance_margin(cash);
    assert!((report.initial.amount() - initial).abs() < 1e-7 * SPOT[0]);
    assert!((report.maintenance.amount() - maintenance).abs() < 1e-7 * SPOT[0]);
}

#[test]
fn coin_settled_size_counts_as_coins() {
    let market = Market::new();
    let mark = 1.001 * SPOT[0];
    let amount = |book: &[(&str, f64)]| market.ask(DERIVE, book).unwrap().initial.amount();
    let (inverse, linear) = (amount(&[("BTC-INVERSE", 3.0 * mark)]), amount(&[("BTC-PERP", 3.0)]));
    assert!((inverse - linear).abs() < 1e-9 * linear);
}

#[test]
fn a_scenario_more_never_lowers_the_worst_loss() {
    let mut parameters = btc();
    let all = parameters.scenarios.clone();
    let (market, options, book) = straddle();
    let mut before = 0.0;
    for count in 1..=all.len() {
        parameters.scenarios = all[..count].to_vec();
        let units = PmrmUnits::new(&parameters, &market, options.clone()).unwrap();
        let assessment = PmrmAssessment::new(&parameters, &market, &units, &book).unwrap();
        assert!(assessment.worst_loss <= before, "{count} scenarios");
        before = assessment.worst_loss;
    }
    assert_eq!(all.len(), 33, "the live list");
}

#[test]
fn inside_the_average_only_the_open_part_moves() {
    let expiry = DeriveExpiry::quoted(600.0, 300.0, 0.0);
    // hand: a third of the half hour is open
    assert_eq!((expiry.forward_variable, expiry.forward_fixed), (100.0, 200.0));
    assert_eq!(expiry.forward(1.5), 350.0);
    let far = DeriveExpiry::quoted(86_400.0, 300.0, 0.0);
    assert_eq!((far.forward_variable, far.forward_fixed), (300.0, 0.0));
}

#[test]
fn a_study_may_change_one_number_of_the_rules() {
    let market = Market::new();
    let softer = format!("{DERIVE}\n[coins.BTC.margin]\nmm_factor = 0.5");
    let (rules, study) =
        (market.ask(DERIVE, &[("BTC-PERP", 1.0)]), market.ask(&softer, &[("BTC-PERP", 1.0)]));
    let (rules, study) = (rules.unwrap(), study.unwrap());
    assert_eq!(rules.initial, study.initial);
    assert!(study.maintenance.amount() < rules.maintenance.amount());
}

#[test]
fn the_summary_says_which_rules_apply() {
    let built = built(DERIVE).unwrap();
    let rules =
        "derive/pmrm2 2025-12-08 (from 2025-12-08T00:00:00Z, primary), pinned as of 2025-12-08";
    assert_eq!(built.rules.as_deref(), Some(rules));
    assert_eq!(built.kind, "derive-pmrm2");
}

/// The book of `the_requirement_is_value_less_margin`, filled in as a test case would.
fn by_hand(market: &Market) -> PmrmAssessment {
    let parameters = btc();
    let inputs = |name: &str, strike: f64| {
        let ix = market.history.universe.find(name).unwrap();
        let instrument = market.history.universe.instrument(ix);
        let expiry = instrument.contract.expiry().unwrap();
        market.state.option_inputs(ix, instrument.underlying, expiry, strike).unwrap()
    };
    let (call, put) = (inputs("BTC-C-55000", 55_000.0), inputs("BTC-P-45000", 45_000.0));
    let pmrm = DeriveMarket {
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
    let units = PmrmUnits::new(&parameters, &pmrm, options).unwrap();
    let posted = mpor_margin::models::derive_pmrm2::PmrmHolding {
        name: "BTC".to_owned(),
        amount: 3.0,
        price: SPOT[0],
        confidence: 1.0,
    };
    let book = PmrmBook {
        perp: 2.0,
        perp_unrealised: 0.0,
        options: vec![(0, -10.0), (1, 4.0)],
        collaterals: vec![posted],
    };
    let assessment = PmrmAssessment::new(&parameters, &pmrm, &units, &book).unwrap();
    assert_ne!(assessment.binding, PmrmBinding::Basis);
    assessment
}

fn straddle() -> (DeriveMarket, Vec<DeriveOption>, PmrmBook) {
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
    let book = PmrmBook { options: vec![(0, -1.0), (1, -1.0)], ..PmrmBook::default() };
    (market, options, book)
}

fn btc() -> PmrmParameters {
    let library = RuleLibrary::embedded().unwrap();
    let set: &RuleSet = &library.versions("derive/pmrm2").unwrap()[0];
    set.parameters["coins"]["BTC"].clone().try_into().unwrap()
}
