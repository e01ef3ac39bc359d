//! Rolling tails: VaR and expected shortfall at 99 % of a moving window of 500 losses, kept step by step and taken afresh.
//!
//! `cargo bench -p mpor-stats --bench tails --profile dev`. Throughput is in forecasts.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mpor_stats::quantile::expected_shortfall;
use mpor_stats::random::Streams;
use mpor_stats::{Level, QuantileRule, RollingTail, Side};

const WINDOW: usize = 500;
const FORECASTS: usize = 2_500;
const SERIES: u64 = 20;

fn losses(number: u64) -> Vec<f64> {
    let mut losses = vec![0.0; WINDOW + FORECASTS];
    Streams::new(7, "tails bench", 0).path(number).fill_normal(&mut losses);
    losses
}

fn step_by_step(losses: &[f64], rule: QuantileRule, side: Side) -> f64 {
    let Ok(mut tail) = RollingTail::new(&losses[..WINDOW], Level::P99, rule, side) else {
        return f64::NAN;
    };
    let mut sum = 0.0;
    for &loss in &losses[WINDOW..] {
        sum += tail.var() + tail.expected_shortfall();
        if tail.push(loss).is_err() {
            return f64::NAN;
        }
    }
    sum
}

fn afresh(losses: &[f64], rule: QuantileRule, side: Side) -> f64 {
    let mut scratch = Vec::new();
    let figure = |window: &[f64], scratch: &mut Vec<f64>| {
        let var = rule.var(window, Level::P99, side, scratch).unwrap_or(f64::NAN);
        var + expected_shortfall(window, Level::P99, scratch).unwrap_or(f64::NAN)
    };
    losses[..losses.len() - 1].windows(WINDOW).map(|window| figure(window, &mut scratch)).sum()
}

fn tails(c: &mut Criterion) {
    let all: Vec<Vec<f64>> = (0..SERIES).map(losses).collect();
    let mut group = c.benchmark_group("rolling tail");
    group.sample_size(20).throughput(Throughput::Elements(SERIES * FORECASTS as u64));
    for (name, rule, side) in [
        ("hs_ceil", QuantileRule::HsCeil, Side::Loss),
        ("type 7 of the P&L", QuantileRule::HyndmanFan7, Side::Pnl),
    ] {
        group.bench_function(format!("step by step, {name}"), |b| {
            b.iter(|| all.iter().map(|x| step_by_step(black_box(x), rule, side)).sum::<f64>());
        });
        group.bench_function(format!("afresh, {name}"), |b| {
            b.iter(|| all.iter().map(|x| afresh(black_box(x), rule, side)).sum::<f64>());
        });
    }
    group.finish();
}

criterion_group!(benches, tails);
criterion_main!(benches);
