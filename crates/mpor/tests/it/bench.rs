//! The workloads of `mpor bench` on small inputs, against slow computations of the same figures.

use std::path::Path;

use mpor::bench::{Check, jobs};
use mpor_core::{Column, Right, Table};
use mpor_data::tables::{Metadata, write_parquet};
use mpor_pricing::Black76;
use mpor_stats::ewma::{Decay, ewma_volatility};
use mpor_stats::quantile::expected_shortfall;
use mpor_stats::random::Streams;
use mpor_stats::special::student_quantile;
use mpor_stats::weighted::{age_weights, weighted_tail};
use mpor_stats::{Level, QuantileRule, Side};

fn write(folder: &Path, name: &str, columns: Vec<(&str, Vec<f64>)>) {
    let columns = columns.into_iter().map(|(name, values)| (name, Column::numbers(values)));
    let path = folder.join(format!("{name}.parquet"));
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    write_parquet(&Table::new(name, columns).unwrap(), &path, Metadata::new()).unwrap();
}

fn normals(path: u64, n: usize) -> Vec<f64> {
    let mut values = vec![0.0; n];
    Streams::new(11, "bench test", 0).path(path).fill_normal(&mut values);
    values
}

/// What each job of a workload answers, in order, after two calls that must agree.
fn answers(workload: &str, data: &Path) -> Vec<Check> {
    let run = |job: &mpor::bench::Job| {
        let (first, second) = ((job.run)().unwrap()(), (job.run)().unwrap()());
        assert_eq!(first, second, "{}", job.what);
        first
    };
    jobs(workload, data).unwrap().iter().map(run).collect()
}

fn assert_near(check: &Check, name: &str, expected: f64, tolerance: f64) {
    let found = check[name].as_f64().unwrap();
    let apart = (found - expected).abs() / expected.abs().max(1e-9);
    assert!(apart < tolerance, "{name}: {found}, expected {expected}");
}

#[test]
fn rolling_tails_are_those_of_each_window() {
    let folder = tempfile::tempdir().unwrap();
    let series = [normals(0, 700), normals(1, 700)];
    let columns = vec![("p0", series[0].clone()), ("p1", series[1].clone())];
    write(folder.path(), "w2/pnl", columns);
    let found = answers("W2", folder.path());
    let (rule, mut scratch) = (QuantileRule::HyndmanFan7, Vec::new());
    let weights = age_weights(500, 0.98).unwrap();
    let mut sums = [[0.0; 2]; 3];
    for series in &series {
        let losses: Vec<f64> = series.iter().map(|x| -x).collect();
        let sigma = ewma_volatility(&losses, Decay::new(0.94).unwrap(), 60).unwrap();
        let mut plain = |window: &[f64]| {
            let var = rule.var(window, Level::P99, Side::Pnl, &mut scratch).unwrap();
            (var, expected_shortfall(window, Level::P99, &mut scratch).unwrap())
        };
        for t in 500..700 {
            let window = &losses[t - 500..t];
            let (var, es) = plain(window);
            let aged = weighted_tail(window, &weights, Level::P99, &mut Vec::new()).unwrap();
            let scaled: Vec<f64> =
                window.iter().zip(&sigma[t - 500..]).map(|(x, s)| x / s * sigma[t]).collect();
            let (hw_var, hw_es) = plain(&scaled);
            let each = [(var, es), (aged.var, aged.expected_shortfall), (hw_var, hw_es)];
            for (sum, (var, es)) in sums.iter_mut().zip(each) {
                sum[0] += var;
                sum[1] += es;
            }
        }
    }
    for (found, [var, es]) in found.iter().zip(sums) {
        assert_near(found, "var", var, 1e-9);
        assert_near(found, "es", es, 1e-9);
    }
}

/// Everything by the scalar formula, position by position and scenario by scenario.
#[test]
fn revaluation_is_the_scalar_formula() {
    let folder = tempfile::tempdir().unwrap();
    let (kind, strike) = ([0.0, 2.0, 3.0, 2.0], [1.0, 90.0, 120.0, 100.0]);
    let (tau, vol) = ([0.1, 30.0 / 365.0, 0.5, 1.0 / 365.0], [0.5, 0.6, 0.4, 0.7]);
    let (quantity, multiplier) = ([2.0, -3.0, 4.0, 1.5], [1.0, 1.0, 10.0, 1.0]);
    write(folder.path(), "w4/underlyings", vec![("forward", vec![100.0]), ("rate", vec![0.03])]);
    write(
        folder.path(),
        "w4/positions",
        vec![
            ("account", vec![0.0, 0.0, 1.0, 1.0]),
            ("underlying", vec![0.0; 4]),
            ("kind", kind.to_vec()),
            ("strike", strike.to_vec()),
            ("tau", tau.to_vec()),
            ("iv", vol.to_vec()),
            ("qty", quantity.to_vec()),
            ("multiplier", multiplier.to_vec()),
        ],
    );
    let (mut s, mut v) = (normals(2, 1_501), normals(3, 1_501));
    s.iter_mut().for_each(|x| *x *= 0.05);
    v.iter_mut().for_each(|x| *x *= 0.1);
    write(folder.path(), "w4/scenarios", vec![("s00", s.clone()), ("v00", v.clone())]);
    let value = |i: usize, forward: f64, years: f64, vol: f64| match kind[i] as u8 {
        2 if years > 0.0 => price(forward, strike[i], years, vol, 0.03, Right::Call),
        3 if years > 0.0 => price(forward, strike[i], years, vol, 0.03, Right::Put),
        2 => Right::Call.payoff(forward, strike[i]),
        _ => forward,
    };
    let (mut sum, mut square) = (0.0, 0.0);
    for (s, v) in s.iter().zip(&v) {
        let mut accounts = [0.0; 2];
        (0..4).for_each(|i| {
            let forward = 100.0 * libm::exp(*s);
            let later = (tau[i] - 1.0 / 365.0).max(0.0);
            let moved = value(i, forward, later, vol[i] * libm::exp(*v));
            accounts[i / 2] +=
                quantity[i] * multiplier[i] * (moved - value(i, 100.0, tau[i], vol[i]));
        });
        sum += accounts[0] + accounts[1];
        square += accounts[0] * accounts[0] + accounts[1] * accounts[1];
    }
    let found = answers("W4", folder.path());
    assert_near(&found[0], "sum", sum, 1e-8);
    assert_near(&found[0], "sumsq", square, 1e-8);
    assert_eq!(found[0]["shape"], serde_json::json!([2, 1501]));
}

fn price(forward: f64, strike: f64, years: f64, vol: f64, rate: f64, right: Right) -> f64 {
    Black76::new(forward, strike, years, vol, rate, right).unwrap().price()
}

/// Two underlyings, three days, trades; the margin by loops over the definition.
#[test]
fn portfolio_margin_is_its_definition() {
    let folder = tempfile::tempdir().unwrap();
    let (underlying, kind) = ([0.0, 0.0, 1.0, 1.0], [0_u8, 2, 3, 2]);
    let listed = vec![
        ("instrument", vec![0.0, 1.0, 2.0, 3.0]),
        ("underlying", underlying.to_vec()),
        ("kind", kind.map(f64::from).to_vec()),
        ("multiplier", vec![1.0, 2.0, 1.0, 1.0]),
    ];
    write(folder.path(), "w5/instruments", listed);
    let forward = [[100.0, 50.0], [103.0, 48.0], [96.0, 55.0]];
    let (strike, vol) = ([0.0, 105.0, 45.0, 60.0], [0.0, 0.5, 0.8, 0.6]);
    let years = |day: usize, i: usize| if i == 0 { 0.0 } else { (20 - day) as f64 / 365.0 };
    let chain = |column: &dyn Fn(usize, usize) -> f64| {
        (0..12).map(|cell| column(cell / 4, cell % 4)).collect::<Vec<f64>>()
    };
    let columns = vec![
        ("strike", chain(&|_, i| strike[i])),
        ("tau", chain(&years)),
        ("iv", chain(&|_, i| vol[i])),
    ];
    write(folder.path(), "w5/chain", columns);
    let forwards = forward.concat();
    write(folder.path(), "w5/underlyings", vec![("forward", forwards)]);
    let held = vec![
        ("account", vec![0.0, 0.0, 1.0]),
        ("instrument", vec![2.0, 0.0, 1.0]),
        ("qty", vec![-3.0, 1.0, 2.0]),
    ];
    write(folder.path(), "w5/positions0", held);
    let trades = vec![
        ("day", vec![1.0, 1.0, 2.0]),
        ("account", vec![0.0, 1.0, 1.0]),
        ("instrument", vec![1.0, 1.0, 3.0]),
        ("dqty", vec![-4.0, -2.0, -0.5]),
    ];
    write(folder.path(), "w5/trades", trades);
    let books = [
        [[1.0, 0.0, -3.0, 0.0], [0.0, 2.0, 0.0, 0.0]],
        [[1.0, -4.0, -3.0, 0.0], [0.0, 0.0, 0.0, 0.0]],
        [[1.0, -4.0, -3.0, 0.0], [0.0, 0.0, 0.0, -0.5]],
    ];
    let multiplier = [1.0, 2.0, 1.0, 1.0];
    let value = |i: usize, f: f64, day: usize, ratio: f64| match kind[i] {
        2 => price(f, strike[i], years(day, i), vol[i] * ratio, 0.0, Right::Call),
        3 => price(f, strike[i], years(day, i), vol[i] * ratio, 0.0, Right::Put),
        _ => f,
    };
    let (mut sum, mut last) = (0.0, 0.0);
    for (day, books) in books.iter().enumerate() {
        for book in books {
            last = 0.0;
            for (u, &f) in forward[day].iter().enumerate() {
                let own = || (0..4).filter(|i| underlying[*i] as usize == u);
                let loss = |m: f64, ratio: f64| {
                    let gain =
                        |i: usize| value(i, f * (1.0 + m), day, ratio) - value(i, f, day, 1.0);
                    own().map(|i| -book[i] * multiplier[i] * gain(i)).sum::<f64>()
                };
                let moves =
                    (-5..=5).flat_map(|k| [0.75, 1.0, 1.25].map(|r| (0.03 * f64::from(k), r)));
                let scan = moves.map(|(m, ratio)| loss(m, ratio)).fold(0.0, f64::max);
                let short = |i: usize| f64::max(-book[i], 0.0) * multiplier[i];
                let minimum: f64 =
                    own().filter(|i| kind[*i] >= 2).map(|i| 0.01 * f * short(i)).sum();
                last += scan.max(minimum);
            }
            sum += last;
        }
    }
    let found = answers("W5", folder.path());
    assert_near(&found[0], "sum", sum, 1e-9);
    assert_near(&found[0], "last", last, 1e-9);
}

/// Figures by the closed form for a linear book under a multivariate Student t; 40,000 paths have a standard error of about 1.5 %.
#[test]
fn simulated_tails_are_near_the_closed_form() {
    let folder = tempfile::tempdir().unwrap();
    let quantile = |k: u32| 0.02 * student_quantile((f64::from(k) + 0.5) / 1001.0, 5.0).unwrap();
    let knots: Vec<f64> = (0..1001).map(quantile).collect();
    write(folder.path(), "w7/sorted_history", vec![("q0", knots.clone()), ("q1", knots.clone())]);
    write(folder.path(), "w7/corr", vec![("c0", vec![1.0, 0.4]), ("c1", vec![0.4, 1.0])]);
    write(folder.path(), "w7/weights", vec![("weight", vec![1.0, 2.0])]);
    std::fs::write(folder.path().join("w7/spec.json"), r#"{"paths": 40000, "nu": 5}"#).unwrap();
    let found = answers("W7", folder.path());
    let mean_square = knots.iter().map(|x| x * x).sum::<f64>() / 1000.0;
    let unit = f64::sqrt(1.0 + 4.0 + 2.0 * 0.4 * 2.0);
    let closed = unit * student_quantile(0.99, 5.0).unwrap();
    assert_near(&found[0], "var", closed * (mean_square * 3.0 / 5.0).sqrt(), 0.06);
    // The empirical law is the Student law itself but for its knots.
    assert_near(&found[1], "var", closed * 0.02, 0.06);
}

#[test]
fn garch_refits_are_the_likeliest() {
    let folder = tempfile::tempdir().unwrap();
    let columns = vec![("r0", normals(5, 1_045)), ("r1", normals(6, 1_045))];
    write(folder.path(), "w3/returns", columns);
    let found = answers("W3", folder.path());
    assert_eq!(found[1]["fits"], 6);
    assert_eq!(found[1]["forecasts"], 90);
    assert_eq!(found[1]["not_converged"], 0);
    assert!(found[1]["max_gap"].as_f64().unwrap() < 0.5, "{:?}", found[1]);
    // Of independent standard normals: 2.33 a day.
    assert_near(&found[1], "sum_var", 90.0 * 2.33, 0.1);
}

#[test]
fn other_names_and_missing_inputs_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for workload in ["W9", "W2", "e2e"] {
        assert!(jobs(workload, folder.path()).is_err(), "{workload}");
    }
}
