//! Monte Carlo scenarios: moments, streams, mirror images.

use mpor_core::{Factor, UnderlyingIx};
use mpor_risk::ScenarioSet;
use mpor_stats::covariance::{ewma_covariance, sample_covariance};
use mpor_stats::ewma::Decay;
use ndarray::{Array2, ArrayView1};

use crate::market::{Market, NOW};
use crate::spec::parse;

const WINDOW: usize = 200;
const PATHS: usize = 20_000;

fn scenarios(market: &Market, steps: usize, text: &str) -> ScenarioSet {
    parse(text).scenarios(&market.at(NOW).day(steps)).unwrap()
}

/// `[step, underlying]`: observed log returns of the window.
fn window(market: &Market) -> Array2<f64> {
    Array2::from_shape_fn((WINDOW, 2), |(t, u)| {
        let spot = market.history.panel.series(Factor::Spot(UnderlyingIx(u))).unwrap();
        let last = NOW - WINDOW + 1 + t;
        (spot[last] / spot[last - 1]).ln()
    })
}

fn logs(row: ArrayView1<'_, f64>) -> Vec<f64> {
    row.iter().map(|x| x.ln_1p()).collect()
}

/// Mean product, and the standard error of that mean.
fn product(a: &[f64], b: &[f64]) -> (f64, f64) {
    let products: Vec<f64> = a.iter().zip(b).map(|(a, b)| a * b).collect();
    let n = products.len() as f64;
    let mean = products.iter().sum::<f64>() / n;
    let variance = products.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
    (mean, (variance / n).sqrt())
}

#[test]
fn means_are_zero_and_covariances_those_of_the_window_times_the_horizon() {
    let market = Market::new();
    let returns = window(&market);
    let plain = sample_covariance(returns.view(), 1).unwrap();
    let recent = ewma_covariance(returns.view(), Decay::new(0.97).unwrap(), 50).unwrap();
    for (text, target) in [
        (
            format!(
                "{{ monte_carlo = {{ paths = {PATHS}, degrees_of_freedom = 8, window = {WINDOW} }} }}"
            ),
            &plain,
        ),
        (
            format!("{{ monte_carlo = {{ paths = {PATHS}, window = {WINDOW}, decay = 0.97 }} }}"),
            &recent,
        ),
    ] {
        let set = scenarios(&market, 3, &text);
        let moves = [logs(set.spot.row(0)), logs(set.spot.row(1))];
        for (i, a) in moves.iter().enumerate() {
            let (mean, error) = product(a, &vec![1.0; PATHS]);
            assert!(mean.abs() < 4.0 * error, "mean {mean} +- {error}");
            for (j, b) in moves.iter().enumerate() {
                let (found, error) = product(a, b);
                let wanted = 3.0 * target[[i, j]];
                assert!(
                    (found - wanted).abs() < 4.0 * error,
                    "{found} +- {error}, wanted {wanted}"
                );
            }
        }
    }
}

#[test]
fn few_degrees_of_freedom_have_fat_tails() {
    let market = Market::new();
    let kurtosis = |freedom: &str| {
        let text =
            format!("{{ monte_carlo = {{ paths = {PATHS}, {freedom} window = {WINDOW} }} }}");
        mpor_stats::descriptive::kurtosis(&logs(scenarios(&market, 1, &text).spot.row(0))).unwrap()
    };
    // Closed form: 3 for the normal law, 3 (nu - 2) / (nu - 4) = 4.5 for nu = 8.
    assert!((kurtosis("") - 3.0).abs() < 0.2);
    assert!((kurtosis("degrees_of_freedom = 8,") - 4.5).abs() < 0.9);
}

#[test]
fn more_paths_keep_the_first_ones_and_another_date_has_others() {
    let market = Market::new();
    let text = |paths| format!("{{ monte_carlo = {{ paths = {paths}, window = {WINDOW} }} }}");
    let (few, many) = (scenarios(&market, 2, &text(10)), scenarios(&market, 2, &text(1000)));
    assert_eq!(few.spot, many.spot.slice(ndarray::s![.., ..10]));
    let later = market.at(NOW + 1);
    let later = parse(&text(10)).scenarios(&later.day(2)).unwrap();
    assert!(few.spot.iter().zip(&later.spot).all(|(a, b)| a != b));
}

#[test]
fn antithetic_paths_come_in_mirrored_pairs() {
    let market = Market::new();
    let text = format!(
        "{{ monte_carlo = {{ paths = 7, degrees_of_freedom = 4, window = {WINDOW}, draws = \"antithetic\" }} }}"
    );
    let set = scenarios(&market, 2, &text);
    for row in set.carry.rows() {
        for pair in 0..3 {
            assert_eq!(row[2 * pair], -row[2 * pair + 1]);
        }
    }
    assert_eq!(set.len(), 7);
}
