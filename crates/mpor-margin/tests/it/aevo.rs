//! Aevo's portfolio margin on a margin date.

use mpor_margin::Component;

use crate::market::{Market, SPOT};

const MODEL: &str = "rules = \"aevo/pm-style\"";

#[test]
fn a_perpetual_needs_the_range() {
    let market = Market::new();
    let report = market.ask(MODEL, &[("BTC-PERP", -3.0)]).unwrap();
    // hand: 20 % of the mark
    let expected = 3.0 * 0.2 * 1.001 * SPOT[0];
    assert!((report.initial.amount() - expected).abs() < 1e-9 * expected, "{}", report.initial);
    assert_eq!(report.maintenance.amount(), report.initial.amount(), "no lower level is known");
    assert_eq!(report.binding.as_deref(), Some("BTC: spot +20 %, vol +50 points"));
}

#[test]
fn the_breakdown_goes_down_to_the_scenarios_and_says_what_is_not_known() {
    let market = Market::new();
    let book = [("BTC-C-55000", -10.0), ("BTC-P-45000", -10.0)];
    let report = market.ask(MODEL, &book).unwrap();
    let [worst, floor] = report.initial.parts()[0].parts() else { panic!("{}", report.initial) };
    assert_eq!((floor.name(), floor.amount()), ("floor: size not known, counted as zero", 0.0));
    let names: Vec<&str> = worst.parts().iter().map(Component::name).collect();
    assert_eq!(names.len(), 1 + 15);
    assert!(names.contains(&"spot unchanged, vol -25 points"), "{names:?}");
    let bound = report.binding.as_deref().unwrap().strip_prefix("BTC: ").unwrap();
    assert!(bound.ends_with("vol +50 points"), "short options fear a rise: {bound}");
    let scenario = worst.parts().iter().find(|scenario| scenario.name() == bound).unwrap();
    assert_eq!(scenario.amount(), report.initial.amount());
}

#[test]
fn a_long_option_never_needs_more_than_its_premium() {
    let market = Market::new();
    // Twenty per cent down and 25 points less: little is left of a call ten per cent out of the money.
    let long = market.ask(MODEL, &[("BTC-C-55000", 1.0)]).unwrap();
    // Hand: 30 days, 70 % or so of volatility, 10 % out of the money: a premium of some 4.5 % of spot.
    assert!(long.initial.amount() > 0.02 * SPOT[0] && long.initial.amount() < 0.05 * SPOT[0]);
}

#[test]
fn an_impossible_number_is_named() {
    let error = Market::new().ask(&format!("{MODEL}\nspot_steps = [-1.5]"), &[]).unwrap_err();
    assert_eq!(error.to_string(), "model `model`: `spot_steps[0]` is -1.5: at least -1");
    let error = Market::new().ask(&format!("{MODEL}\nvol_points = []"), &[]).unwrap_err();
    assert_eq!(error.to_string(), "model `model`: `vol_points` is empty: at least one");
}
