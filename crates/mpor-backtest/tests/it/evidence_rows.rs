//! Evidence of a whole result against the library's tests put to the same numbers by hand.

use mpor_backtest::comparison::diebold_mariano::{self, Terms};
use mpor_backtest::comparison::false_discovery::{Dependence, adjusted};
use mpor_backtest::coverage::{Forecasts, Pits, Wanted, berkowitz};
use mpor_backtest::es_tests;
use mpor_backtest::evidence::{Evidence, EvidenceRow, contest, gather, tables, watch};
use mpor_backtest::monitoring::{self, Strategy};
use mpor_backtest::shard::{from_tables, to_tables};
use mpor_backtest::{
    BacktestResult, DayForecast, ForecastPath, LossPath, ModelInfo, ReplayConfig, RequirementPath,
    replay,
};
use mpor_core::{Column, Horizon, Level, LossConvention, Span, Timestamp};
use mpor_margin::{FitOutcome, MarginModel, ModelKind, ModelSpec, RuleLibrary, build};
use mpor_stats::hac::LagWindow;
use mpor_stats::random::Streams;
use mpor_stats::special::normal_cdf;

use crate::world::{STEPS, WINDOW, books, config, history};

const DATES: usize = 800;
const ACCOUNTS: usize = 3;
/// SciPy 1.17.1: `norm.ppf(.975)`, `norm.pdf(norm.ppf(.975))/.025`.
const FIGURES: (f64, f64) = (1.959_963_984_540_054, 2.337_802_792_201_413);

fn level() -> Level {
    Level::new(0.975).unwrap()
}

fn losses(account: usize) -> Vec<f64> {
    let mut stream = Streams::new(41, "evidence", 0).path(account as u64);
    (0..DATES).map(|_| stream.normal()).collect()
}

/// A right model and one that says 0.7 of its figures, on standard normal losses; the last losses are not known yet.
fn result(steps: usize) -> BacktestResult {
    let horizon = Horizon::new(Span::days(steps as i64), steps).unwrap();
    let start: Timestamp = "2020-01-01".parse().unwrap();
    let known = |account: usize| -> Vec<Option<f64>> {
        let losses = losses(account).into_iter().enumerate();
        losses.map(|(step, loss)| Some(loss).filter(|_| step + steps < DATES)).collect()
    };
    let point = |account: usize, scale: f64, loss: Option<f64>| DayForecast {
        account,
        level: level(),
        var: scale * FIGURES.0,
        es: scale * FIGURES.1,
        depth: loss.map(|loss| normal_cdf(-loss / scale)),
        outcome: Some(if account == 0 { FitOutcome::Failed } else { FitOutcome::Found }),
        log_likelihood: None,
        gradient_norm: None,
    };
    let path = |account: usize, scale: f64| ForecastPath {
        points: known(account).iter().map(|loss| Some(point(account, scale, *loss))).collect(),
        fits: (0..DATES).map(|_| Some(if account == 0 { "stopped" } else { "ended" })).collect(),
    };
    let required = |scale: f64| RequirementPath {
        initial: vec![scale * FIGURES.0; DATES],
        maintenance: vec![scale * FIGURES.0; DATES],
        ..RequirementPath::default()
    };
    let loss = |account: usize| LossPath {
        horizon: known(account),
        worst: known(account),
        gross_notional: vec![2.0; DATES],
        sources: vec![Default::default(); DATES],
    };
    let info = |id: &str| ModelInfo {
        id: id.to_owned(),
        kind: "var".to_owned(),
        summary: id.to_owned(),
        rules: None,
        baseline: false,
    };
    let scales = [1.0, 0.7];
    BacktestResult {
        currency: "USD".to_owned(),
        times: (0..DATES).map(|step| start + Span::days(step as i64)).collect(),
        horizon,
        convention: LossConvention::Horizon,
        level: level(),
        accounts: (0..ACCOUNTS).map(|account| format!("account {account}")).collect(),
        models: vec![info("right"), info("low")],
        requirements: scales.map(|scale| vec![required(scale); ACCOUNTS]).to_vec(),
        losses: (0..ACCOUNTS).map(loss).collect(),
        breaches: Vec::new(),
        coverage: Vec::new(),
        procyclicality: Vec::new(),
        folded: None,
        forecasts: scales.map(|scale| (0..ACCOUNTS).map(|a| path(a, scale)).collect()).to_vec(),
        evidence: Evidence::default(),
    }
}

/// Losses from `start` on, every `steps`-th, as far as they are known.
fn every(account: usize, start: usize, steps: usize) -> Vec<f64> {
    losses(account)[..DATES - steps].iter().skip(start).step_by(steps).copied().collect()
}

fn p_value(rows: &[EvidenceRow], model: usize, account: usize, test: &str) -> Option<f64> {
    let of = |row: &&EvidenceRow| (row.model, row.account, row.test.test) == (model, account, test);
    rows.iter().find(of).unwrap().test.p_value
}

#[test]
fn without_overlap_each_row_is_the_test_itself() {
    let result = result(1);
    let found = gather(&result, Wanted::All).unwrap();
    for (model, scale) in [1.0, 0.7].into_iter().enumerate() {
        for account in 0..ACCOUNTS {
            let loss = every(account, 0, 1);
            let (var, es) =
                (vec![scale * FIGURES.0; loss.len()], vec![scale * FIGURES.1; loss.len()]);
            let forecasts =
                Forecasts::new(&loss, &var, level()).unwrap().with_shortfall(&es).unwrap();
            for test in es_tests::TESTS {
                let expected = test.test(&forecasts).ok().map(|outcome| outcome.p_value);
                assert_eq!(p_value(&found.shortfall, model, account, test.id()), expected);
            }
            let depth: Vec<f64> = loss.iter().map(|loss| normal_cdf(-loss / scale)).collect();
            let pits = Pits::of_gains(&depth).unwrap();
            let expected = berkowitz::full(&pits, 1).unwrap().outcome.p_value;
            assert_eq!(p_value(&found.transforms, model, account, "berkowitz"), Some(expected));
        }
    }
    assert!(p_value(&found.shortfall, 1, 0, "acerbi-szekely-z2").unwrap() < 0.01);
    assert!(p_value(&found.transforms, 1, 0, "berkowitz").unwrap() < 0.01);
}

/// Two steps: each half is tested, and the smaller p-value counts twice.
#[test]
fn overlapping_losses_are_tested_in_parts() {
    let result = result(2);
    let found = gather(&result, Wanted::All).unwrap();
    let test = es_tests::find("conditional-calibration-one-sided").unwrap();
    let smallest = (0..2)
        .map(|start| {
            let loss = every(1, start, 2);
            let (var, es) = (vec![0.7 * FIGURES.0; loss.len()], vec![0.7 * FIGURES.1; loss.len()]);
            let forecasts = Forecasts::new(&loss, &var, level()).unwrap();
            test.test(&forecasts.with_shortfall(&es).unwrap()).unwrap().p_value
        })
        .fold(1.0, f64::min);
    let row = p_value(&found.shortfall, 1, 1, test.id()).unwrap();
    assert!((row - (2.0 * smallest).min(1.0)).abs() < 1e-15);
    let row = &found.shortfall[0];
    assert_eq!(row.observations, DATES - 2);
    assert!(found.shortfall.iter().any(|row| row.test.note.contains("2 sub-samples")));
}

/// A model of figures without a law has no place of a loss, and the tests that need one say so.
#[test]
fn a_test_without_a_law_says_why() {
    let mut result = result(1);
    for path in &mut result.forecasts[0] {
        path.points.iter_mut().flatten().for_each(|point| point.depth = None);
    }
    let found = gather(&result, Wanted::All).unwrap();
    let rows = found.shortfall.iter().chain(&found.transforms);
    for row in rows.filter(|row| row.model == 0) {
        let of_law = found.transforms.iter().any(|one| one.test.test == row.test.test)
            || ["acerbi-szekely-z3", "costanzino-curran"].contains(&row.test.test)
            || row.test.test.starts_with("du-escanciano");
        if of_law {
            assert_eq!(row.test.p_value, None);
            assert!(row.test.note.contains("figures, not a law"), "{}", row.test.note);
        }
    }
}

#[test]
fn contests_are_the_mean_over_accounts_by_date() {
    for steps in [1, 2] {
        let result = result(steps);
        let found = gather(&result, Wanted::Standard).unwrap();
        let pinball = found.contests.iter().find(|one| one.score == contest::PINBALL).unwrap();
        let days = DATES - steps;
        assert_eq!((pinball.dates, pinball.left_out), (days, 0));
        let score = |scale: f64, day: usize| {
            let one = |account: usize| {
                let (loss, var) = (losses(account)[day], scale * FIGURES.0);
                // A share of a gross notional of 2.
                if loss > var { 0.975 * (loss - var) / 2.0 } else { 0.025 * (var - loss) / 2.0 }
            };
            (0..ACCOUNTS).map(one).sum::<f64>() / ACCOUNTS as f64
        };
        let series = |scale: f64| (0..days).map(|day| score(scale, day)).collect::<Vec<f64>>();
        let (right, low) = (series(1.0), series(0.7));
        let mean = right.iter().sum::<f64>() / days as f64;
        let row = |test: &str| pinball.rows.iter().find(|row| row.test == test).unwrap();
        assert!((row("pinball").value.unwrap() - mean).abs() < 1e-12);
        let terms = Terms { horizon: steps, lag: 2 * (steps - 1), window: LagWindow::Bartlett };
        let expected = diebold_mariano::test(&right, &low, terms).unwrap();
        let found_row = row("diebold-mariano");
        assert!((found_row.statistic.unwrap() - expected.statistic).abs() < 1e-9);
        assert!(expected.statistic < 0.0, "the right model is better");
        let set: Vec<&str> = pinball
            .rows
            .iter()
            .filter(|row| row.test == "model-confidence-set")
            .map(|row| row.note.as_str())
            .collect();
        assert_eq!(set[0], "in the 90 % set");
        let fz0 = found.contests.iter().find(|one| one.score == contest::FZ0).unwrap();
        assert!(fz0.rows[0].value < fz0.rows[1].value);
    }
}

/// An account-date that one model did not forecast counts for none of them.
#[test]
fn what_one_model_has_no_score_for_is_left_out_for_all_and_counted() {
    let mut result = result(1);
    result.forecasts[1][2].points[10] = None;
    result.forecasts[1][2].points[11].as_mut().unwrap().es = -1.0;
    let found = gather(&result, Wanted::Standard).unwrap();
    let fz0 = found.contests.iter().find(|one| one.score == contest::FZ0).unwrap();
    assert_eq!((fz0.dates, fz0.left_out), (DATES - 1, 2));
}

#[test]
fn monitors_are_processes_and_their_mean() {
    let result = result(1);
    let found = gather(&result, Wanted::All).unwrap().watched;
    let mut last = Vec::new();
    for account in 0..ACCOUNTS {
        let loss = every(account, 0, 1);
        let var = vec![0.7 * FIGURES.0; loss.len()];
        let forecasts = Forecasts::new(&loss, &var, level()).unwrap();
        let process = monitoring::value_at_risk(&forecasts, Strategy::Gree(0.5)).unwrap();
        let of = |row: &&watch::WatchRow| {
            (row.monitor, row.model, row.account) == (watch::VAR, 1, Some(account))
        };
        let row = found.rows.iter().find(of).unwrap();
        assert_eq!(row.log_wealth, process.log_wealth.last().copied());
        // The loss of a date is known one step later.
        let known = |day: usize| day - 1 + 1;
        assert_eq!(row.alarms[0], process.detected(20.0).map(known));
        assert_eq!(row.alarms[1], process.detected(100.0).map(known));
        last.push(process.log_wealth.last().copied().unwrap());
    }
    let pooled = found
        .rows
        .iter()
        .find(|row| (row.monitor, row.model, row.account) == (watch::VAR, 1, None))
        .unwrap();
    let mean = last.iter().map(|log| log.exp()).sum::<f64>() / ACCOUNTS as f64;
    assert!((pooled.log_wealth.unwrap() - mean.ln()).abs() < 1e-9);
    assert!(pooled.alarms[0].is_some() && pooled.alarms[0] <= pooled.alarms[1]);
    let right = found.rows.iter().filter(|row| row.model == 0);
    assert!(right.into_iter().all(|row| row.alarms[1].is_none()));
}

/// With two-step losses the wealth starts at one half, and a right model's alarms stay as rare as promised.
#[test]
fn overlap_has_its_price() {
    let result = result(2);
    let found = gather(&result, Wanted::All).unwrap().watched;
    let path = found.paths.iter().find(|path| path.model == 0).unwrap();
    assert!((path.log_wealth[0] + 2.0_f64.ln()).abs() < 1e-12);
    assert_eq!(path.log_wealth.len(), DATES);
}

#[test]
fn p_values_of_all_accounts_are_adjusted_together() {
    let result = result(1);
    let found = gather(&result, Wanted::All).unwrap();
    let of = |test: &str| -> Vec<_> {
        let rows = found.discoveries.iter();
        rows.filter(|row| row.model == 1 && row.test == test).collect()
    };
    let rows = of("acerbi-szekely-z2");
    let p: Vec<f64> = rows.iter().map(|row| row.p_value).collect();
    assert_eq!(p.len(), ACCOUNTS);
    let (positive, any) =
        (adjusted(&p, Dependence::Positive).unwrap(), adjusted(&p, Dependence::Any).unwrap());
    for (at, row) in rows.iter().enumerate() {
        assert_eq!((row.account, row.positive, row.any), (at, positive[at], any[at]));
    }
    let pooled = &found.pooled[1];
    let hits: usize = (0..ACCOUNTS)
        .map(|a| every(a, 0, 1).iter().filter(|loss| **loss > 0.7 * FIGURES.0).count())
        .sum();
    assert_eq!((pooled.view.hits, pooled.accounts.len()), (hits, ACCOUNTS));
}

#[test]
fn tables_have_a_row_for_each_and_fits_are_counted() {
    let mut result = result(2);
    result.evidence = gather(&result, Wanted::All).unwrap();
    let short = tables::short(&result).unwrap();
    let names: Vec<&str> = short.iter().map(mpor_core::Table::name).collect();
    let expected = [
        "fits",
        "es_tests",
        "pit_tests",
        "comparison",
        "monitoring",
        "monitoring_path",
        "discoveries",
        "pooled_view",
    ];
    assert_eq!(names, expected);
    let Some(Column::Count(counts)) = short[0].column("count") else { unreachable!() };
    let total: i64 = counts.iter().flatten().sum();
    assert_eq!(total as usize, 2 * ACCOUNTS * DATES);
    assert_eq!(counts.len(), 4, "by model: found and failed");
    let long = tables::forecasts(&result, 1..3).unwrap();
    assert_eq!(long.rows(), 2 * 2 * DATES);
    result.forecasts.clear();
    result.evidence = gather(&result, Wanted::Named(&[])).unwrap();
    assert!(tables::short(&result).unwrap().is_empty());
    assert!(!tables::has_forecasts(&result));
}

fn model(text: &str) -> Box<dyn MarginModel> {
    let mut params: toml::Table = toml::from_str(text).unwrap();
    let kind = ModelKind::Kind(params.remove("kind").unwrap().as_str().unwrap().to_owned());
    let name = "model".to_owned();
    let spec = ModelSpec { name, kind, as_of: None, params, overlays: vec![], baseline: false };
    build(&spec, &RuleLibrary::embedded().unwrap()).unwrap().model
}

/// The replay keeps forecasts where asked, and of models that fit something always; the shard brings them back to the bit.
#[test]
fn replayed_forecasts_survive_their_tables() {
    let var = model(
        "kind = \"var\"\nlevel = 0.9\nscenarios = { historical = { window = 18, scaling = \"sqrt_time\" } }",
    );
    let own = model("kind = \"series-var\"\nseries = \"plain\"\nlevel = 0.9\nwindow = 18");
    let models: [&dyn MarginModel; 2] = [&*var, &*own];
    let asked = ReplayConfig { forecasts: true, ..config(WINDOW..STEPS, 2) };
    let (history, books) = (history(), books(STEPS));
    let days = replay(&history, &books, &models, &asked).unwrap();
    assert_eq!(from_tables(&to_tables(&days, &(0..books.accounts.len())).unwrap()).unwrap(), days);
    let mut forecasts = 0;
    for day in &days {
        for account in 0..books.accounts.len() {
            let both = [0, 1].map(|model| day.models[model].forecasts.of(account));
            let [Some((plain, None)), Some((own, Some(fit)))] = both else {
                assert!(books.portfolios[day.step][account].is_empty(), "{both:?}");
                continue;
            };
            forecasts += 1;
            // The plain model of a series is historical simulation.
            assert_eq!((plain.var, plain.es, plain.depth), (own.var, own.es, own.depth));
            assert!(fit.starts_with("nothing to fit"), "{fit}");
            assert_eq!(plain.depth.is_some(), day.losses[account].horizon.is_some());
            assert!(plain.depth.is_none_or(|depth| depth > 0.0 && depth < 1.0));
        }
    }
    assert!(forecasts > 0);
    let quiet = replay(&history, &books, &models, &config(WINDOW..STEPS, 2)).unwrap();
    assert!(quiet.iter().all(|day| day.models[0].forecasts.is_empty()));
    let same = |(a, b): (&mpor_backtest::DayResult, &mpor_backtest::DayResult)| {
        a.models[1].forecasts == b.models[1].forecasts && a.losses == b.losses
    };
    assert!(quiet.iter().zip(&days).all(same));
}
