//! VaR-based margin against its own scenarios.

use mpor_risk::ScenarioSpec;

use crate::market::{DAYS, Market};

const MODEL: &str = r#"kind = "var"
level = 0.99
scenarios = { historical = { window = 300, scaling = "sqrt_time" } }"#;

#[test]
fn the_margin_is_the_third_largest_of_300_losses() {
    let market = Market::new();
    let report = market
        .ask(
            "kind = \"var\"\nlevel = 0.99\nscenarios = { historical = { window = 300 } }",
            &[("BTC-PERP", 1.0)],
        )
        .unwrap();
    let day = market.day();
    let spec: toml::Table = toml::from_str("s = { historical = { window = 300 } }").unwrap();
    let spec: ScenarioSpec = spec["s"].clone().try_into().unwrap();
    let revaluation = day.revaluation(&spec).unwrap();
    let mut pnl = vec![0.0; revaluation.scenarios.len()];
    revaluation.portfolio_pnl(&market.book(&[("BTC-PERP", 1.0)]), &mut pnl);
    pnl.sort_by(f64::total_cmp);
    let rank = pnl.len().div_ceil(100);
    assert_eq!(report.initial.amount(), -pnl[rank - 1], "closed form: ceil(n tail)-th largest");
}

#[test]
fn a_margin_is_not_below_zero_and_says_so() {
    let market = Market::new();
    let report = market.ask(MODEL, &[]).unwrap();
    assert_eq!(report.initial.name(), "not below zero");
    assert_eq!(report.binding, None);
}

#[test]
fn history_is_asked_for() {
    let built = crate::market::built(MODEL).unwrap();
    assert_eq!(built.model.history_steps(), 301);
    assert!(built.model.history_steps() < DAYS);
}
