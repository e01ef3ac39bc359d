//! Coverage tests of many account series: Kupiec, Christoffersen, the dynamic quantile test and `Z2`, in one pass and one at a time.
//!
//! 2,000 series of 2,500 periods at 99 % (120 MB of numbers, more than the caches hold). Prints the least of several runs, in microseconds a
//! series: `cargo bench -p mpor-backtest --bench coverage`.

use std::hint::black_box;
use std::time::Instant;

use mpor_backtest::coverage::christoffersen::{ConditionalCoverage, Independence};
use mpor_backtest::coverage::kupiec::Kupiec;
use mpor_backtest::coverage::{
    CoverageError, CoverageTest, Forecasts, acerbi_szekely, dq, one_pass,
};
use mpor_core::Level;
use mpor_stats::random::Streams;

const SERIES: usize = 2_000;
const PERIODS: usize = 2_500;
const RUNS: usize = 9;

struct Series {
    loss: Vec<f64>,
    var: Vec<f64>,
    es: Vec<f64>,
}

fn series(path: usize) -> Series {
    let mut stream = Streams::new(1, "bench coverage", 0).path(path as u64);
    let scale = |at: usize| 1.0 + 0.4 * libm::sin(at as f64 / 30.0 + path as f64);
    Series {
        loss: (0..PERIODS).map(|at| stream.normal() * scale(at)).collect(),
        var: (0..PERIODS).map(|at| 2.326_347_874 * scale(at)).collect(),
        es: (0..PERIODS).map(|at| 2.665_214_220 * scale(at)).collect(),
    }
}

fn least(name: &str, all: &[Series], run: impl Fn(&Series) -> Result<f64, CoverageError>) {
    let mut least = f64::INFINITY;
    for _ in 0..RUNS {
        let start = Instant::now();
        let mut sum = 0.0;
        for one in all {
            sum += run(one).unwrap_or(0.0);
        }
        black_box(sum);
        least = least.min(start.elapsed().as_secs_f64());
    }
    println!("{name:<24} {:>8.3} us a series", 1e6 * least / all.len() as f64);
}

fn main() {
    let all: Vec<Series> = (0..SERIES).map(series).collect();
    let level = Level::P99;
    least("one pass", &all, |one| {
        let found = one_pass::test(&one.loss, &one.var, Some(&one.es), level)?;
        Ok(found.conditional.p_value + found.dynamic_quantile.p_value)
    });
    least("one at a time", &all, |one| {
        let forecasts = Forecasts::new(&one.loss, &one.var, level)?.with_shortfall(&one.es)?;
        let hits = forecasts.hit_sequence();
        let mut sum = acerbi_szekely::statistics(&forecasts)?.z2;
        for test in [&Kupiec as &dyn CoverageTest, &Independence, &ConditionalCoverage] {
            sum += test.test(&hits)?.p_value;
        }
        Ok(sum + dq::test(&forecasts)?.p_value)
    });
    least("geometric durations", &all[..200], |one| {
        let hits = Forecasts::new(&one.loss, &one.var, level)?.hit_sequence();
        let test = mpor_backtest::coverage::duration_geometric::GeometricConditional;
        Ok(test.test(&hits)?.p_value)
    });
}
