//! Fits a second: GARCH(1,1) on windows of 1,000 returns, 20 series, refitted every 20 returns with two starts each.
//!
//! `cargo bench -p mpor-risk --bench garch --profile dev`; `RAYON_NUM_THREADS=1` tells the speed of a core. Throughput is in fits,
//! for the forecasts in days.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mpor_risk::series::RollingFhs;
use mpor_risk::volatility::{
    Dynamics, FitOptions, Innovations, Mean, Model, Presample, Stationarity, Windows,
};
use mpor_risk::{Measure, RiskMeasure};
use mpor_stats::Level;
use mpor_stats::random::Streams;

const SERIES: usize = 20;
const RETURNS: usize = 1_400;
const WINDOWS: Windows = Windows { length: 1_000, every: 20 };
const OPTIONS: FitOptions = FitOptions { starts: 2, tolerance: 1e-6, evaluations: 300, warm: None };

/// Returns of a GARCH(1,1) of unit variance.
fn series(number: u64) -> Vec<f64> {
    let mut returns = vec![0.0; RETURNS];
    Streams::new(7, "garch bench", 0).path(number).fill_normal(&mut returns);
    let mut h = 1.0_f64;
    for r in &mut returns {
        *r *= h.sqrt();
        h = 0.03 + 0.08 * *r * *r + 0.89 * h;
    }
    returns
}

fn plain() -> Model {
    Model {
        mean: Mean::Zero,
        presample: Presample::SampleVariance,
        stationarity: Stationarity::Free,
        ..Model::default()
    }
}

fn garch(c: &mut Criterion) {
    let all: Vec<Vec<f64>> = (0..SERIES as u64).map(series).collect();
    let slices: Vec<&[f64]> = all.iter().map(Vec::as_slice).collect();
    let fits = (SERIES * (RETURNS - WINDOWS.length) / WINDOWS.every) as u64;
    let mut group = c.benchmark_group("garch");
    group.sample_size(10).throughput(Throughput::Elements(fits));
    group.bench_function("normal, zero mean, in lanes", |b| {
        b.iter(|| plain().refit_all(black_box(&slices), WINDOWS, &OPTIONS));
    });
    let student = Model { innovations: Innovations::StudentT, ..Model::default() };
    group.bench_function("student t, constant mean", |b| {
        b.iter(|| student.refit_all(black_box(&slices), WINDOWS, &OPTIONS));
    });
    let skewed = Model { dynamics: Dynamics::Gjr, innovations: Innovations::SkewT, ..student };
    group.bench_function("gjr, skewed t, constant mean", |b| {
        b.iter(|| skewed.refit_all(black_box(&slices), WINDOWS, &OPTIONS));
    });
    group.throughput(Throughput::Elements(1));
    let window = &all[0][..WINDOWS.length];
    let cold = FitOptions { starts: 1, ..OPTIONS };
    group.bench_function("normal, zero mean, one fit alone, cold", |b| {
        b.iter(|| plain().fit(black_box(window), &cold));
    });
    group.throughput(Throughput::Elements((RETURNS - WINDOWS.length) as u64));
    let measure = RiskMeasure::new(Measure::Var, Level::P99);
    let rolling = RollingFhs { model: plain(), windows: WINDOWS, options: OPTIONS, measure };
    group.bench_function("filtered VaR a day, one series", |b| {
        b.iter(|| rolling.forecasts(black_box(&all[0])));
    });
    group.finish();
}

criterion_group!(benches, garch);
criterion_main!(benches);
