//! Filtered historical simulation: against deterministic reference figures, and against paths worked out by hand.

use mpor_risk::scenario::{Rescale, VolatilityFloor};
use mpor_risk::series::{Filter, RollingFhs, VolatilityFilter, filter_series, filtered_returns};
use mpor_risk::volatility::riskmetrics::RiskMetrics2006;
use mpor_risk::volatility::{
    Dynamics, FitOptions, Innovations, Mean, Model, Parameters, Presample, Status, Windows,
};
use mpor_risk::{Measure, RiskError, RiskMeasure, Scratch};
use mpor_stats::ewma::Decay;
use mpor_stats::quantile::expected_shortfall;
use mpor_stats::random::Streams;
use mpor_stats::weighted::{age_weights, weighted_tail};
use mpor_stats::{Level, QuantileRule, Side};
use serde_json::Value;

use crate::volatility::sp500;

const FILTERS: &str = include_str!("../reference/volatility_filters.json");
const SIMULATION: &str = include_str!("../reference/historical_simulation.json");

fn close(found: f64, expected: &Value, relative: f64, what: &str) {
    let expected = expected.as_f64().unwrap();
    let error = (found - expected).abs();
    assert!(
        error <= relative * expected.abs(),
        "{what}: {found}, expected {expected}, off {error:e}"
    );
}

fn level(value: &Value) -> Level {
    Level::new(value.as_f64().unwrap()).unwrap()
}

#[test]
fn one_day_figures_are_those_of_the_reference() {
    let reference: Value = serde_json::from_str(FILTERS).unwrap();
    let expected = &reference["fhs_one_day"];
    let model = Model { presample: Presample::SampleVariance, ..Model::default() };
    let parameters =
        Parameters { mu: 0.05, omega: 0.02, alpha: 0.10, beta: 0.88, ..Parameters::default() };
    let filter = VolatilityFilter::Given { model, parameters };
    let series = filter_series(&sp500(), 1000, &filter).unwrap();
    close(series.today, &expected["sigma_next"], 1e-9, "sigma_next");
    let whole = filter_series(&sp500(), 5030, &filter).unwrap();
    for (z, expected) in whole.residuals.iter().zip(expected["z_first3"].as_array().unwrap()) {
        close(*z, expected, 1e-9, "z");
    }
    let losses: Vec<f64> = series.rescaled(Rescale::Full).iter().map(|r| -r).collect();
    let mut scratch = Vec::new();
    for case in expected["results"].as_array().unwrap() {
        let level = level(&case["level"]);
        let mut var =
            |rule: QuantileRule| rule.var(&losses, level, Side::Loss, &mut scratch).unwrap();
        close(var(QuantileRule::HsCeil), &case["VaR"], 1e-9, "VaR");
        close(var(QuantileRule::HyndmanFan7), &case["VaR_type7"], 1e-9, "VaR type 7");
        let es = expected_shortfall(&losses, level, &mut scratch).unwrap();
        close(es, &case["ES"], 1e-9, "ES");
    }
}

#[test]
fn quantiles_and_shortfalls_are_those_of_r() {
    let reference: Value = serde_json::from_str(SIMULATION).unwrap();
    let returns = sp500();
    let losses: Vec<f64> = returns[returns.len() - 500..].iter().map(|r| -r).collect();
    let mut scratch = Vec::new();
    for case in reference["quantile_types"].as_array().unwrap() {
        let n = case["n"].as_u64().unwrap() as usize;
        let recent = &losses[500 - n..];
        for (index, rule) in QuantileRule::ALL[1..].iter().enumerate() {
            let found = rule.var(recent, level(&case["level"]), Side::Loss, &mut scratch).unwrap();
            close(found, &case[format!("type{}", index + 1)], 1e-12, &format!("{n} {rule:?}"));
        }
    }
    for case in reference["es_definitions"].as_array().unwrap() {
        let recent = &losses[500 - case["n"].as_u64().unwrap() as usize..];
        let found = expected_shortfall(recent, level(&case["level"]), &mut scratch).unwrap();
        close(found, &case["acerbi_tasche_exact"], 1e-12, "ES");
    }
    for case in reference["age_weighted_BRW"].as_array().unwrap() {
        let n = case["n"].as_u64().unwrap() as usize;
        let weights = age_weights(n, case["lambda"].as_f64().unwrap()).unwrap();
        let at = level(&case["level"]);
        let tail = weighted_tail(&losses[500 - n..], &weights, at, &mut Vec::new()).unwrap();
        close(tail.var, &case["step_VaR"], 1e-12, "BRW VaR");
        close(tail.expected_shortfall, &case["exact_weighted_ES"], 1e-12, "BRW ES");
    }
}

#[test]
fn the_exponential_filter_is_the_one_of_scenarios() {
    let returns = &sp500()[..600];
    let (decay, burn_in) = (Decay::new(0.95).unwrap(), 50);
    for rescale in [Rescale::Full, Rescale::Mid] {
        for floor in [None, Some(VolatilityFloor::Median)] {
            let filter = Filter { decay, burn_in, floor, rescale };
            let (expected, today) = filtered_returns(returns, 400, filter).unwrap();
            let series = filter_series(returns, 400, &VolatilityFilter::Ewma { decay, burn_in });
            let series = series.unwrap().floored(floor).unwrap();
            assert_eq!(series.today, today);
            for (ours, theirs) in series.rescaled(rescale).iter().zip(&expected) {
                assert!((ours - theirs).abs() < 1e-14, "{ours} {theirs}");
            }
        }
    }
}

#[test]
fn one_bootstrapped_step_draws_rescaled_returns() {
    let returns = &sp500()[..500];
    let model = Model { dynamics: Dynamics::Gjr, ..Model::default() };
    let filter = VolatilityFilter::Fitted { model, options: FitOptions::default() };
    let series = filter_series(returns, 300, &filter).unwrap();
    assert!(series.fit.unwrap().is_maximum());
    let rescaled = series.rescaled(Rescale::Full);
    let streams = Streams::new(1, "test", 0);
    for (path, drawn) in series.bootstrap(1, 50, streams).unwrap().iter().enumerate() {
        let date = streams.path(path as u64).below(300) as usize;
        assert!((drawn - rescaled[date]).abs() < 1e-12, "{path}");
    }
    let (few, many) = (series.bootstrap(5, 7, streams), series.bootstrap(5, 90, streams));
    assert_eq!(few.unwrap(), many.unwrap()[..7]);
}

#[test]
fn a_path_by_hand() {
    // One residual only, z = r / sigma: every step draws it. GARCH with omega 1, alpha 1/2, beta 1/4 and h = 4 after the sample.
    let parameters = Parameters { omega: 1.0, alpha: 0.5, beta: 0.25, ..Parameters::default() };
    let model =
        Model { mean: Mean::Zero, presample: Presample::SampleVariance, ..Model::default() };
    let returns = [2.0, 2.0, -2.0];
    // h = 4, then 1 + 4/2 + 4/4 = 4, and so on: sigma is 2 throughout and the last residual -1.
    let filter = VolatilityFilter::Given { model, parameters };
    let series = filter_series(&returns, 1, &filter).unwrap();
    assert_eq!((series.today, series.residuals[0]), (2.0, -1.0));
    let total = series.bootstrap(3, 1, Streams::new(1, "hand", 0)).unwrap();
    assert_eq!(total, [-6.0]);
    let zero_steps = series.bootstrap(0, 1, Streams::new(1, "hand", 0));
    assert!(matches!(zero_steps, Err(RiskError::Parameter { .. })));
    let filter = VolatilityFilter::RiskMetrics2006(RiskMetrics2006::default());
    let series = filter_series(&returns, 1, &filter).unwrap();
    assert!(series.bootstrap(3, 1, Streams::new(1, "hand", 0)).is_err());
}

#[test]
fn paths_over_many_steps_have_the_models_variance() {
    // Closed form: the expected squared residual of a bootstrapped step is the forecast variance times the residuals' mean square.
    let returns = &sp500()[..1000];
    let model = Model { mean: Mean::Zero, ..Model::default() };
    let filter = VolatilityFilter::Fitted { model, options: FitOptions::default() };
    let series = filter_series(returns, 1000, &filter).unwrap();
    let (steps, paths) = (10, 40_000);
    let drawn = series.bootstrap(steps, paths, Streams::new(3, "variance", 0)).unwrap();
    let found = drawn.iter().map(|x| x * x).sum::<f64>() / paths as f64;
    let p = series.fit.unwrap().parameters;
    let (m2, m1) = series.residuals.iter().fold((0.0, 0.0), |(s, m), z| (s + z * z, m + z));
    let (m2, m1) = (m2 / 1000.0, m1 / 1000.0);
    let mut h = series.today * series.today;
    let mut expected = 0.0;
    for _ in 0..steps {
        expected += h * m2;
        h = p.omega + (p.alpha * m2 + p.beta) * h;
    }
    // Residuals have a small mean, whose cross terms are 9 m1^2, below 2 % here; four standard errors are about 4 %.
    assert!(m1.abs() < 0.045, "{m1}");
    assert!((found / expected - 1.0).abs() < 0.06, "{found} {expected}");
}

#[test]
fn rolling_forecasts_know_earlier_returns_only() {
    let mut returns = sp500()[..1300].to_vec();
    let rolling = RollingFhs {
        model: Model { mean: Mean::Zero, innovations: Innovations::StudentT, ..Model::default() },
        windows: Windows { length: 1000, every: 100 },
        options: FitOptions { starts: 2, tolerance: 1e-8, ..FitOptions::default() },
        measure: RiskMeasure::new(Measure::Var, Level::P99),
    };
    let (forecasts, refits) = rolling.forecasts(&returns).unwrap();
    assert_eq!((forecasts.len(), refits.len()), (300, 3));
    assert!(forecasts.iter().all(|f| f.status == Status::Converged && f.amount > 0.0));
    // By hand for one of them.
    let at = &forecasts[150];
    let path = rolling.model.path(&returns[150..1150], &refits[1].fit.parameters).unwrap();
    let pnl: Vec<f64> =
        path.residuals(&returns[150..1150]).iter().map(|z| z * path.forecast()).collect();
    let var = rolling.measure.of(&pnl, None, &mut Scratch::default()).unwrap().amount;
    assert_eq!(at.at, 1150);
    assert!((at.amount - var).abs() < 1e-12, "{at:?} {var}");
    let es = RollingFhs { measure: RiskMeasure::new(Measure::Es, Level::P99), ..rolling };
    let (shortfalls, _) = es.forecasts(&returns).unwrap();
    assert!(shortfalls.iter().zip(&forecasts).all(|(es, var)| es.amount >= var.amount));
    // Twice the position: a power of two, so the same bits but for the factor.
    let twice: Vec<f64> = returns.iter().map(|r| 2.0 * r).collect();
    let (doubled, _) = rolling.forecasts(&twice).unwrap();
    assert!(doubled.iter().zip(&forecasts).all(|(two, one)| two.amount == 2.0 * one.amount));
    returns[1200..].iter_mut().for_each(|r| *r *= 5.0);
    let (after, _) = rolling.forecasts(&returns).unwrap();
    assert_eq!(forecasts[..=200], after[..=200]);
    assert_ne!(forecasts[201], after[201]);
    assert!(matches!(rolling.forecasts(&returns[..1000]), Err(RiskError::ShortSeries { .. })));
}

#[test]
fn a_series_that_moved_late_has_no_residuals_before() {
    let filter = VolatilityFilter::Ewma { decay: Decay::new(0.9).unwrap(), burn_in: 1 };
    let series = filter_series(&[0.0, 0.0, 2.0, 1.0], 3, &filter).unwrap();
    assert_eq!(series.residuals[..2], [0.0, 0.0]);
    assert!(matches!(filter_series(&[1.0], 2, &filter), Err(RiskError::ShortSeries { .. })));
}
