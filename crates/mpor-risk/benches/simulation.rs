//! Paths a second: 50 assets, a linear book, multivariate Student t and a Student copula with empirical marginals (five
//! degrees of freedom), one core.
//!
//! `cargo bench -p mpor-risk --profile dev --bench simulation`. The book is linear only to make the figure that of the
//! draws: its VaR under a multivariate Student t has a closed form and needs no paths.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mpor_risk::simulation::{Copula, Joint, Marginal, Points};
use mpor_stats::random::Streams;
use ndarray::Array2;

const ASSETS: usize = 50;
const PATHS: usize = 200_000;

/// One market factor and the assets' own: correlations from 0.1 to 0.8.
fn correlation() -> Array2<f64> {
    let load = |i: usize| 0.35 + 0.01 * i as f64;
    Array2::from_shape_fn((ASSETS, ASSETS), |(i, j)| if i == j { 1.0 } else { load(i) * load(j) })
}

fn knots(asset: usize) -> Vec<f64> {
    let mut stream = Streams::new(1, "bench knots", 0).path(asset as u64);
    let mut knots: Vec<f64> = (0..1001).map(|_| 0.02 * stream.normal()).collect();
    knots.sort_by(f64::total_cmp);
    knots
}

fn paths(criterion: &mut Criterion) {
    let Ok(one_core) = rayon::ThreadPoolBuilder::new().num_threads(1).build() else { return };
    let weights: Vec<f64> = (0..ASSETS).map(|i| if i % 3 == 0 { -1.0 } else { 1.0 }).collect();
    let student = vec![Marginal::Student { deviation: 0.02, freedom: 5.0 }; ASSETS];
    let empirical: Vec<Marginal> =
        (0..ASSETS).map(|i| Marginal::Empirical { knots: knots(i) }).collect();
    let mut group = criterion.benchmark_group("paths of 50 assets, one core");
    group.sample_size(10);
    group.throughput(Throughput::Elements(PATHS as u64));
    for (name, marginals) in
        [("multivariate t", &student), ("t copula, empirical marginals", &empirical)]
    {
        let Ok(joint) =
            Joint::new(Copula::Student(5.0), correlation().view(), marginals, Points::Independent)
        else {
            return;
        };
        let streams = Streams::new(7, "bench", 0);
        group.bench_function(name, |bench| {
            bench.iter(|| {
                one_core.install(|| black_box(joint.linear_pnl(0..PATHS, streams, &weights)))
            });
        });
    }
    group.finish();
}

criterion_group!(benches, paths);
criterion_main!(benches);
