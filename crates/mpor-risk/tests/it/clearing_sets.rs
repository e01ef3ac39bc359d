//! Bucketed moves, stress periods and copula draws against moves worked out by hand and known laws.

use mpor_risk::{RiskError, ScenarioSet};

use crate::filtered::{assert_near, moves, scenarios};
use crate::market::{Market, NOW};
use crate::spec::parse;

const BUCKETED: &str = "{ bucketed = { look_back = 2, window = 2, volatility = { ewma = 0.5 } } }";

#[test]
fn moves_are_standardised_by_what_was_known_before() {
    // By hand from the formulas of the series module: weights 2/3 and 1/3 over two dates, one bucket.
    let returns = [0.0, 2.0, -1.0, 3.0, -2.0, 1.0];
    let set = scenarios(&returns, 1, BUCKETED).unwrap();
    let z = |r: f64, mu: f64, sigma: f64| (r - mu) / sigma;
    let mean = |a: f64, b: f64| (2.0 * a + b) / 3.0;
    let mu: Vec<f64> = returns.windows(2).map(|two| mean(two[1], two[0])).collect();
    let sigma: Vec<f64> = (1..5)
        .map(|t| mean((returns[t + 1] - mu[t]).powi(2), (returns[t] - mu[t - 1]).powi(2)).sqrt())
        .collect();
    let expected =
        [z(returns[4], mu[2], sigma[1]) * sigma[3], z(returns[5], mu[3], sigma[2]) * sigma[3]];
    assert_near(&moves(&set), &expected);
    let floored = BUCKETED.replace("} } }", "}, floor = \"median\" } }");
    let set = scenarios(&returns, 1, &floored).unwrap();
    // Two dates: their median is their mean, above today's.
    let today = sigma[3].max(0.5 * (sigma[2] + sigma[3]));
    let expected = expected.map(|x| x * today / sigma[3]);
    assert_near(&moves(&set), &expected);
}

#[test]
fn a_price_that_did_not_move_before_keeps_its_move() {
    let calm = [0.0; 6];
    assert_near(&moves(&scenarios(&calm, 1, BUCKETED).unwrap()), &[0.0, 0.0]);
    let jump = [0.0, 0.0, 0.0, 0.0, 0.0, 2.0];
    assert_near(&moves(&scenarios(&jump, 1, BUCKETED).unwrap()), &[0.0, 2.0]);
}

#[test]
fn buckets_need_a_margin_period_each() {
    let error = scenarios(&[1.0; 20], 3, BUCKETED).unwrap_err();
    assert!(matches!(error, RiskError::Parameter { name: "bucketed form", .. }), "{error}");
}

/// Days 1 to 6 of 1970 end the returns 1, 2, ..; the first price is of 1 January.
fn periods(list: &str, steps: usize) -> Result<ScenarioSet, RiskError> {
    let text = format!("{{ periods = {{ list = [{list}] }} }}");
    scenarios(&[1.0, 2.0, 4.0, 8.0, 16.0, 32.0], steps, &text)
}

#[test]
fn every_step_of_a_stress_move_is_in_the_list() {
    let (early, late) = (
        "{ first = \"1970-01-02\", last = \"1970-01-04\" }",
        "{ first = \"1970-01-06\", last = \"1970-03-01\" }",
    );
    assert_near(&moves(&periods(early, 1).unwrap()), &[1.0, 2.0, 4.0]);
    let both = periods(&format!("{late}, {early}"), 2).unwrap();
    assert_near(&moves(&both), &[3.0, 6.0, 48.0]);
    assert_eq!(both.names[2], "1970-01-05T00:00:00Z to 1970-01-07T00:00:00Z");
    // Two periods that touch are one.
    let next = "{ first = \"1970-01-05\", last = \"1970-01-05\" }";
    assert_near(&moves(&periods(&format!("{early}, {next}"), 3).unwrap()), &[7.0, 14.0]);
    assert_eq!(periods(next, 2), Err(RiskError::NoScenarios));
    assert_eq!(
        periods("{ first = \"1971-01-05\", last = \"1972-01-05\" }", 1),
        Err(RiskError::NoScenarios)
    );
}

const PATHS: usize = 20_000;

fn copula(copula: f64, margin: f64, steps: usize) -> ScenarioSet {
    let text = format!(
        "{{ copula = {{ paths = {PATHS}, copula_freedom = {copula}, margin_freedom = {margin}, window = 200, decay = 0.97 }} }}"
    );
    parse(&text).scenarios(&Market::new().at(NOW).day(steps)).unwrap()
}

fn logs(set: &ScenarioSet, underlying: usize) -> Vec<f64> {
    set.spot.row(underlying).iter().map(|x| x.ln_1p()).collect()
}

fn variance(values: &[f64]) -> f64 {
    values.iter().map(|x| x * x).sum::<f64>() / values.len() as f64
}

#[test]
fn margins_have_the_variance_of_today_and_fat_tails() {
    let market = Market::new();
    let spot =
        market.history.panel.series(mpor_core::Factor::Spot(mpor_core::UnderlyingIx(0))).unwrap();
    let returns: Vec<f64> = (1..=NOW).map(|t| (spot[t] / spot[t - 1]).ln()).collect();
    let decay = mpor_stats::ewma::Decay::new(0.97).unwrap();
    let today = mpor_stats::ewma::ewma_variance(&returns, decay, 50).unwrap()[NOW];
    for (freedom, margin) in [(4.0, 8.0), (8.0, 8.0), (30.0, 8.0)] {
        let drawn = logs(&copula(freedom, margin, 3), 0);
        let ratio = variance(&drawn) / (3.0 * today);
        // A t of 8 degrees has a kurtosis of 4.5: the standard error of the ratio is sqrt(3.5 / 20,000) = 0.013.
        assert!((ratio - 1.0).abs() < 0.05, "{freedom} {margin}: {ratio}");
    }
    // scipy 1.17: t.sf(3 sqrt(2), 4), a t of 4 degrees having a variance of 2
    let drawn = logs(&copula(12.0, 4.0, 1), 0);
    let bound = 3.0 * today.sqrt();
    let share = drawn.iter().filter(|x| **x < -bound).count() as f64 / PATHS as f64;
    assert!((share - 0.006_617_8).abs() < 4.0 * (0.0066_f64 / PATHS as f64).sqrt(), "{share}");
}

#[test]
fn a_copula_of_few_degrees_lets_extremes_come_together() {
    let joint = |freedom: f64| {
        let set = copula(freedom, 6.0, 1);
        let tail = |underlying: usize| {
            let own = logs(&set, underlying);
            let mut sorted = own.clone();
            sorted.sort_by(f64::total_cmp);
            let bound = sorted[PATHS / 100];
            own.into_iter().map(|x| x < bound).collect::<Vec<bool>>()
        };
        tail(0).iter().zip(tail(1)).filter(|(a, b)| **a && *b).count()
    };
    let (few, many) = (joint(2.5), joint(200.0));
    assert!(few > many + 20, "{few} and {many} of 200");
}
