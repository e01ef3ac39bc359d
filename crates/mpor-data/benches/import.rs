//! How fast a CSV file becomes a canonical table.
//!
//! A month of one-minute klines, about 5 MB: parsed, sorted, written as Parquet and checked. Numbers are in BENCHMARKS.md.

use std::fmt::Write;
use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mpor_data::import::{Spec, Watch, import};

struct Nobody;

impl Watch for Nobody {
    fn begin(&self, _stage: &str, _total: usize) {}
    fn advance(&self, _units: usize) {}
    fn end(&self) {}
}

/// Klines of 31 days, made up.
fn klines() -> String {
    let mut text = String::new();
    for minute in 0..31 * 24 * 60_u64 {
        let open = 1_704_067_200_000 + 60_000 * minute;
        let price = 40_000.0 + ((minute * 7919) % 10_007) as f64 / 10.0;
        let (high, low, close) = (price + 12.5, price - 9.25, price + 3.75);
        let end = open + 59_999;
        // A text in memory takes every line.
        let _ = writeln!(
            text,
            "{open},{price:.2},{high:.2},{low:.2},{close:.2},{:.5},{end},{:.7},{},1.50000,60000.0000000,0",
            (minute % 977) as f64 / 7.0,
            (minute % 977) as f64 * price,
            minute % 5_000
        );
    }
    text
}

fn csv_to_parquet(criterion: &mut Criterion) {
    let folder = std::env::temp_dir().join(format!("mpor-bench-import-{}", std::process::id()));
    let file = folder.join("BTCUSDT-1m-2024-01.csv");
    let text = klines();
    if std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&file, &text)).is_err() {
        return;
    }
    let spec = Spec {
        files: vec![file.to_string_lossy().into_owned()],
        table: Some("prices".to_owned()),
        to: Some(folder.join("out.parquet")),
        symbol: Some("BTC/USDT".to_owned()),
        ..Spec::default()
    };
    let mut group = criterion.benchmark_group("import");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.sample_size(10).measurement_time(Duration::from_secs(5));
    group.bench_function("month of one-minute klines", |bench| {
        bench.iter(|| black_box(import(black_box(&spec), &Nobody)));
    });
    group.finish();
    let _ = std::fs::remove_dir_all(&folder);
}

criterion_group!(benches, csv_to_parquet);
criterion_main!(benches);
