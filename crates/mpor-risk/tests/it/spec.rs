//! Scenario specifications as the study writes them.

use mpor_core::{Horizon, Span};
use mpor_risk::scenario::{Rescale, Scaling, ScenarioSpec, VolRule, Volatility, VolatilityFloor};
use mpor_risk::{RiskError, SmileDynamics};
use serde::Deserialize;

use crate::market::Market;

#[derive(Deserialize)]
struct Model {
    scenarios: ScenarioSpec,
}

pub fn parse(text: &str) -> ScenarioSpec {
    try_parse(text).unwrap()
}

fn try_parse(text: &str) -> Result<ScenarioSpec, toml::de::Error> {
    toml::from_str::<Model>(&format!("scenarios = {text}")).map(|model| model.scenarios)
}

#[test]
fn the_documented_examples_read() {
    let ScenarioSpec::Filtered(filtered) =
        parse("{ filtered = { window = 1000, volatility = { ewma = 0.97 } } }")
    else {
        panic!()
    };
    assert_eq!((filtered.window, filtered.burn_in), (1000, 50));
    assert_eq!(filtered.volatility, Volatility::Ewma(0.97));
    assert_eq!((filtered.floor, filtered.rescale), (None, Rescale::Full));
    assert_eq!(filtered.smile, SmileDynamics::StickyMoneyness);
    let ScenarioSpec::MonteCarlo(paths) = parse(
        "{ monte_carlo = { paths = 10000, degrees_of_freedom = 5, window = 500, decay = 0.97 } }",
    ) else {
        panic!()
    };
    assert_eq!(
        (paths.paths, paths.degrees_of_freedom, paths.decay),
        (10_000, Some(5.0), Some(0.97))
    );
    let ScenarioSpec::Grid(grid) = parse("{ grid = { price = [-0.1, 0, 0.1], vol = [-0.25, 0] } }")
    else {
        panic!()
    };
    assert_eq!((grid.price.len(), grid.vol_rule), (3, VolRule::Relative));
    assert_eq!(grid.smile, SmileDynamics::StickyStrike);
    let ScenarioSpec::Historical(history) =
        parse("{ historical = { window = 500, scaling = \"sqrt_time\" } }")
    else {
        panic!()
    };
    assert_eq!((history.window, history.scaling), (500, Scaling::SqrtTime));
    let ScenarioSpec::Filtered(floored) = parse(
        "{ filtered = { window = 500, volatility = { ewma = 0.99 }, floor = \"median\", rescale = \"mid\" } }",
    ) else {
        panic!()
    };
    assert_eq!((floored.floor, floored.rescale), (Some(VolatilityFloor::Median), Rescale::Mid));
}

#[test]
fn unknown_keys_are_refused() {
    for text in [
        "{ historical = { window = 500, windw = 1 } }",
        "{ filtered = { window = 500, volatility = { garch = 1 } } }",
        "{ historic = { window = 500 } }",
        "{ grid = { price = [0.1], vol_rule = \"absolute\" } }",
    ] {
        assert!(try_parse(text).is_err(), "{text}");
    }
}

#[test]
fn a_specification_reads_back_what_it_wrote() {
    for text in [
        "{ filtered = { window = 500, volatility = { ewma = 0.99 }, floor = \"median\" } }",
        "{ monte_carlo = { paths = 10, window = 50, draws = \"antithetic\", time = \"instant\" } }",
        "{ grid = { price = [0.1], vol_rule = { tenor_power = { p_short = 0.3, p_long = 0.13 } } } }",
    ] {
        let spec = parse(text);
        let written = serde_json::to_string(&spec).unwrap();
        assert_eq!(serde_json::from_str::<ScenarioSpec>(&written).unwrap(), spec, "{written}");
    }
}

#[test]
fn parameters_outside_their_domain_are_named() {
    for (text, named) in [
        ("{ historical = { window = 1 } }", "window"),
        ("{ filtered = { window = 500, volatility = { ewma = 1.0 } } }", "volatility.ewma"),
        (
            "{ monte_carlo = { paths = 10, degrees_of_freedom = 2, window = 50 } }",
            "degrees_of_freedom",
        ),
        ("{ monte_carlo = { paths = 0, window = 50 } }", "paths"),
        ("{ bucketed = { look_back = 1, window = 50, volatility = { ewma = 0.97 } } }", "window"),
        ("{ periods = { list = [{ first = \"2020-03-02\", last = \"2020-03-01\" }] } }", "list"),
        (
            "{ copula = { paths = 9, copula_freedom = 0, margin_freedom = 5, window = 60, decay = 0.9 } }",
            "copula_freedom",
        ),
        (
            "{ copula = { paths = 9, copula_freedom = 3, margin_freedom = 2, window = 60, decay = 0.9 } }",
            "margin_freedom",
        ),
        ("{ grid = { price = [-1.0] } }", "price"),
        ("{ grid = { price = [0.1], extreme = [{ price = 0.5, cover = 1.5 }] } }", "cover"),
    ] {
        let error = parse(text).check().unwrap_err();
        assert!(matches!(error, RiskError::Parameter { name, .. } if name == named), "{error}");
    }
    assert_eq!(parse("{ periods = { list = [] } }").check(), Err(RiskError::NoScenarios));
    assert_eq!(parse("{ grid = { price = [] } }").check(), Err(RiskError::NoScenarios));
}

#[test]
fn the_history_that_is_asked_for_is_enough_and_one_less_is_not() {
    let market = Market::new();
    for text in [
        "{ historical = { window = 60 } }",
        "{ historical = { window = 60, scaling = \"sqrt_time\" } }",
        "{ filtered = { window = 60, volatility = { ewma = 0.94 }, burn_in = 20 } }",
        "{ monte_carlo = { paths = 10, window = 60 } }",
        "{ bucketed = { look_back = 31, window = 40, volatility = { ewma = 0.94 } } }",
        "{ copula = { paths = 10, copula_freedom = 5, margin_freedom = 5, window = 60, decay = 0.94 } }",
    ] {
        let spec = parse(text);
        let steps = spec.history_steps(Horizon::new(Span::days(3), 3).unwrap());
        let enough = market.at(steps - 1);
        assert!(spec.scenarios(&enough.day(3)).is_ok(), "{text}");
        let short = market.at(steps - 2);
        let error = spec.scenarios(&short.day(3)).unwrap_err();
        assert!(matches!(error, RiskError::ShortHistory { .. }), "{error}");
    }
}

#[test]
fn windows_count_returns() {
    let market = Market::new();
    let at = market.at(crate::market::NOW);
    let count = |text: &str, steps| parse(text).scenarios(&at.day(steps)).unwrap().len();
    assert_eq!(count("{ historical = { window = 60 } }", 1), 60);
    assert_eq!(count("{ historical = { window = 60 } }", 3), 58);
    assert_eq!(count("{ historical = { window = 60, scaling = \"sqrt_time\" } }", 3), 60);
    assert_eq!(count("{ filtered = { window = 60, volatility = { ewma = 0.9 } } }", 3), 58);
    assert_eq!(count("{ monte_carlo = { paths = 10, window = 60 } }", 3), 10);
}
