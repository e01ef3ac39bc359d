//! Coverage tests against numbers that others computed or printed. Sources: `tests/reference/coverage/README.md`.

use std::path::PathBuf;

use mpor_backtest::coverage::basel::{binomial_bounds, traffic_light};
use mpor_backtest::coverage::christoffersen::{ConditionalCoverageFirstDropped, Independence};
use mpor_backtest::coverage::duration_weibull;
use mpor_backtest::coverage::haas::{TimeBetweenFailures, TimeBetweenFailuresIndependence};
use mpor_backtest::coverage::kupiec::Kupiec;
use mpor_backtest::coverage::tuff::TimeUntilFirstFailure;
use mpor_backtest::coverage::{CoverageTest, Forecasts, HitSequence, Light, fz0, pinball};
use mpor_core::Level;
use serde_json::Value;

fn read(file: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/reference/coverage");
    std::fs::read_to_string(folder.join(file)).unwrap()
}

/// The rows of a reference table below its header.
pub fn rows(file: &str) -> Vec<Vec<String>> {
    let split = |line: &str| line.split(',').map(str::to_owned).collect();
    read(file).lines().skip(1).map(split).collect()
}

fn level_of_tail(tail: &str) -> Level {
    Level::new(((1.0 - tail.parse::<f64>().unwrap()) * 1e6).round() / 1e6).unwrap()
}

fn first_hits(n: usize, hits: usize, level: Level) -> HitSequence {
    HitSequence::daily((0..n).map(|at| at < hits).collect(), level)
}

fn assert_relative(found: f64, expected: f64, tolerance: f64, what: &dyn std::fmt::Debug) {
    let error = (found - expected).abs() / expected.abs().max(1e-300);
    assert!(error <= tolerance, "{what:?}: found {found}, expected {expected}");
}

/// 40-digit grid: the statistic loses digits only where it is a small difference of logs.
#[test]
fn kupiec_meets_the_grid() {
    for row in rows("kupiec_pof_grid.csv") {
        let number = |at: usize| row[at].parse::<f64>().unwrap();
        let (n, hits) = (number(0) as usize, number(2) as usize);
        let found = Kupiec.test(&first_hits(n, hits, level_of_tail(&row[1]))).unwrap();
        let error = (found.statistic - number(3)).abs();
        assert!(error <= 1e-12 * number(3).abs().max(hits.max(1) as f64), "{row:?}");
        if number(4) > 1e-100 {
            assert_relative(found.p_value, number(4), 1e-9, &row);
        }
    }
}

#[test]
fn kupiec_rejects_outside_the_published_region_and_not_inside() {
    for row in rows("kupiec_nonrejection.csv") {
        let number = |at: usize| row[at].parse::<f64>().unwrap();
        let (n, critical) = (number(0) as usize, number(5));
        let (low, high) = (number(3) as usize, number(4) as usize);
        let rejected = |hits: usize| {
            let hits = first_hits(n, hits, level_of_tail(&row[1]));
            Kupiec.test(&hits).unwrap().statistic > critical
        };
        assert!(!rejected(low) && !rejected(high) && rejected(high + 1), "{row:?}");
        assert!(low == 0 || rejected(low - 1), "{row:?}");
    }
}

#[test]
fn the_first_failure_meets_the_grid() {
    for row in rows("tuff_grid.csv") {
        let number = |at: usize| row[at].parse::<f64>().unwrap();
        let first = number(1) as usize;
        let hits = (1..=first).map(|day| day == first).collect();
        let sequence = HitSequence::daily(hits, level_of_tail(&row[0]));
        let found = TimeUntilFirstFailure.test(&sequence).unwrap();
        assert!(
            (found.statistic - number(2)).abs() <= 1e-12 * number(2).abs().max(10.0),
            "{row:?}"
        );
        assert!((found.p_value - number(3)).abs() <= 1e-7, "{row:?}");
    }
}

#[test]
fn the_traffic_light_meets_the_table() {
    for row in rows("traffic_light.csv") {
        let number = |at: usize| row[at].parse::<f64>().unwrap();
        let (n, hits) = (number(0) as usize, number(2) as usize);
        let found = traffic_light(&first_hits(n, hits, level_of_tail(&row[1]))).unwrap();
        assert_relative(found.cumulative, number(4), 1e-11, &row);
        let light = match row[6].as_str() {
            "green" => Light::Green,
            "yellow" => Light::Yellow,
            _ => Light::Red,
        };
        assert_eq!(found.light, light, "{row:?}");
        assert_eq!(found.bounds, binomial_bounds(n, found_tail(&row[1])));
    }
}

fn found_tail(tail: &str) -> f64 {
    level_of_tail(tail).tail()
}

/// MathWorks prints five digits of a series that it does not publish; what depends on counts alone can be checked.
#[test]
fn counts_give_the_printed_statistics_of_matlab() {
    let file: Value = serde_json::from_str(&read("matlab_varbacktest.json")).unwrap();
    let case = &file["cases"][0];
    let level = Level::new(case["level"].as_f64().unwrap()).unwrap();
    let count = |value: &Value| value.as_u64().unwrap() as usize;
    let n = count(&case["N"]);
    let kupiec = Kupiec.test(&first_hits(n, count(&case["failures"]), level)).unwrap();
    assert_relative(kupiec.statistic, case["pof"]["LR"].as_f64().unwrap(), 1e-5, &"pof");
    assert_relative(kupiec.p_value, case["pof"]["p"].as_f64().unwrap(), 1e-5, &"pof p");
    // A series with the printed transitions: 57 hits, 4 of them after a hit, first on day 58.
    let mut hits = vec![false; n];
    (0..49).for_each(|at| hits[57 + 3 * at] = true);
    (0..4).for_each(|at| {
        hits[300 + 10 * at] = true;
        hits[301 + 10 * at] = true;
    });
    let sequence = HitSequence::daily(hits, level);
    assert_eq!(sequence.count(), 57);
    let found = Independence.test(&sequence).unwrap();
    assert_relative(found.statistic, case["cci"]["LR"].as_f64().unwrap(), 2e-5, &"cci");
    let found = TimeUntilFirstFailure.test(&sequence).unwrap();
    assert_relative(found.statistic, case["tuff"]["LR"].as_f64().unwrap(), 3e-5, &"tuff");
    let tbf = TimeBetweenFailures.test(&sequence).unwrap().statistic;
    let tbfi = TimeBetweenFailuresIndependence.test(&sequence).unwrap().statistic;
    assert!((tbf - tbfi - kupiec.statistic).abs() < 1e-12);
}

/// rugarch and GAS on 2,500 days of two models of the S&P 500.
#[test]
fn peers_agree_on_a_real_series() {
    let table = rows("backtest_series.csv");
    let column =
        |at: usize| -> Vec<f64> { table.iter().map(|row| row[at].parse().unwrap()).collect() };
    let loss: Vec<f64> = column(0).into_iter().map(|pnl| -pnl).collect();
    let file: Value = serde_json::from_str(&read("backtests_r_peers.json")).unwrap();
    for case in file["tests"].as_array().unwrap() {
        let at = if case["model"] == "hs" { 1 } else { 3 };
        let (var, es) = (column(at), column(at + 1));
        let forecasts = Forecasts::new(&loss, &var, Level::P99).unwrap();
        let forecasts = forecasts.with_shortfall(&es).unwrap();
        let hits = forecasts.hit_sequence();
        assert_eq!(hits.count() as u64, case["failures"].as_u64().unwrap());
        let peer = |area: &str, field: &str| case[area][field].as_f64().unwrap();
        let found = Kupiec.test(&hits).unwrap().statistic;
        assert_relative(found, peer("rugarch_VaRTest", "uc_LR"), 1e-8, &"uc");
        // rugarch takes both parts over the pairs' periods, as the first-dropped form does.
        let found = ConditionalCoverageFirstDropped.test(&hits).unwrap().statistic;
        assert!((found - peer("rugarch_VaRTest", "cc_LR")).abs() < 0.05, "cc {found}");
        let fit = duration_weibull::fit(&hits).unwrap();
        assert_relative(fit.shape, peer("rugarch_VaRDurTest", "weibull_b"), 2e-5, &"shape");
        let duration = "rugarch_VaRDurTest";
        assert_relative(fit.log_likelihood, peer(duration, "uLL"), 1e-7, &"uLL");
        assert_relative(fit.log_likelihood_exponential, peer(duration, "rLL"), 1e-7, &"rLL");
        let found = pinball::mean(&forecasts).unwrap();
        assert_relative(found, peer("GAS", "mean_qloss"), 1e-12, &"tick loss");
        let found = fz0::mean(&forecasts).unwrap();
        assert_relative(found, peer("GAS", "fz0_mean"), 1e-10, &"fz0");
    }
}
