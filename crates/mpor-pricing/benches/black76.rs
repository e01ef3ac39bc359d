//! Revaluations of one option over scenarios, and the scalar functions that the kernel is measured against.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mpor_core::Right;
use mpor_pricing::kernel::{ForwardMoves, OptionKernel};
use mpor_pricing::{Black76, implied_vol};

const SCENARIOS: usize = 4096;

/// Forwards of 50 to 150 % and volatilities of 20 to 120 %, in no particular order.
fn scenarios() -> (Vec<f64>, Vec<f64>) {
    let spread = |i: usize, stride: usize| ((i * stride) % SCENARIOS) as f64 / SCENARIOS as f64;
    let forwards = (0..SCENARIOS).map(|i| 50_000.0 * (0.5 + spread(i, 1021))).collect();
    let vols = (0..SCENARIOS).map(|i| 0.2 + spread(i, 677)).collect();
    (forwards, vols)
}

fn black76(criterion: &mut Criterion) {
    let (forwards, vols) = scenarios();
    let mut out = vec![0.0; SCENARIOS];
    let mut group = criterion.benchmark_group("black76");
    group.throughput(Throughput::Elements(SCENARIOS as u64));
    group.bench_function("kernel", |bencher| {
        let Ok(kernel) = OptionKernel::new(55_000.0, 30.0 / 365.0, 0.04, Right::Call) else {
            return;
        };
        bencher.iter(|| {
            let _ = kernel.price(black_box(&forwards), black_box(&vols), &mut out);
            black_box(&out);
        });
    });
    group.bench_function("kernel, moves shared", |bencher| {
        let Ok(kernel) = OptionKernel::new(55_000.0, 30.0 / 365.0, 0.04, Right::Call) else {
            return;
        };
        let moves = ForwardMoves::new(&forwards.iter().map(|f| f / 50_000.0).collect::<Vec<_>>());
        bencher.iter(|| {
            let _ = kernel.price_moved(50_000.0, black_box(&moves), black_box(&vols), &mut out);
            black_box(&out);
        });
    });
    group.bench_function("scalar", |bencher| {
        bencher.iter(|| {
            for ((out, &forward), &vol) in out.iter_mut().zip(&forwards).zip(&vols) {
                let option = Black76::new(forward, 55_000.0, 30.0 / 365.0, vol, 0.04, Right::Call);
                *out = option.map_or(0.0, |option| option.price());
            }
            black_box(&out);
        });
    });
    let prices: Vec<f64> = forwards
        .iter()
        .zip(&vols)
        .map(|(&forward, &vol)| {
            Black76::new(forward, 55_000.0, 30.0 / 365.0, vol, 0.04, Right::Put)
                .map_or(0.0, |option| option.price())
        })
        .collect();
    group.bench_function("implied_vol", |bencher| {
        bencher.iter(|| {
            for ((out, &forward), &price) in out.iter_mut().zip(&forwards).zip(&prices) {
                *out = implied_vol(price, forward, 55_000.0, 30.0 / 365.0, 0.04, Right::Put)
                    .unwrap_or(0.0);
            }
            black_box(&out);
        });
    });
    group.finish();
}

criterion_group!(benches, black76);
criterion_main!(benches);
