//! How a replay grows with accounts: `many-accounts.toml` beside this file, for ever more random books.
//!
//! `cargo bench --workspace --profile dev --bench replay`. Reading the data and drawing the books is measured by itself; nothing is
//! written. The whole command, tables included, is measured in BENCHMARKS.md.

use std::hint::black_box;
use std::path::{Path, PathBuf};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mpor::{Loaded, MporError, StudyFile};
use mpor_backtest::day::Parts;
use mpor_backtest::{Assembly, DayResult, ReplayConfig, assemble, replay};

const ACCOUNTS: [usize; 3] = [10, 100, 1_000];

/// The study of a number of accounts.
fn study(folder: &Path, accounts: usize) -> Result<StudyFile, MporError> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = include_str!("many-accounts.toml")
        .replace("../../../data", &root.join("data").display().to_string())
        .replace("accounts = 1000", &format!("accounts = {accounts}"));
    let path = folder.join(format!("{accounts}.toml"));
    mpor_data::tables::write_bytes(&path, text.as_bytes())?;
    Ok(StudyFile::read(&path)?)
}

fn days(file: &StudyFile, loaded: &Loaded) -> Result<Vec<DayResult>, MporError> {
    let (steps, horizon) = (loaded.steps.clone(), loaded.horizon);
    let config = ReplayConfig {
        steps,
        horizon,
        seed: file.study.seed,
        parts: Parts::Drop,
        forecasts: false,
    };
    Ok(replay(loaded.history(), &loaded.books, &loaded.asked(), &config)?)
}

fn assembly<'l>(file: &StudyFile, loaded: &'l Loaded) -> Assembly<'l> {
    Assembly {
        currency: file.study.currency.clone(),
        horizon: loaded.horizon,
        convention: file.study.mpor.loss,
        level: file.study.backtest.level,
        models: loaded.infos.clone(),
        overlays: &loaded.overlays,
        history: loaded.history(),
        books: &loaded.books,
        late_calls: &loaded.late_calls,
        tests: mpor_backtest::coverage::Wanted::Standard,
    }
}

fn stages(criterion: &mut Criterion) {
    let folder = std::env::temp_dir().join(format!("mpor-bench-{}", std::process::id()));
    for accounts in ACCOUNTS {
        let measured = measure(criterion, &folder, accounts);
        assert!(measured.is_ok(), "{}", measured.err().map(|e| e.to_string()).unwrap_or_default());
    }
    // A folder that stays in the temporary one harms nobody.
    let _ = std::fs::remove_dir_all(folder);
}

fn measure(criterion: &mut Criterion, folder: &Path, accounts: usize) -> Result<(), MporError> {
    let file = study(folder, accounts)?;
    let loaded = Loaded::new(&file)?;
    let replayed = days(&file, &loaded)?;
    let mut group = criterion.benchmark_group(format!("{accounts} accounts"));
    group.sample_size(10);
    group.throughput(Throughput::Elements((accounts * loaded.steps.len()) as u64));
    group.bench_function("load", |bench| bench.iter(|| Loaded::new(black_box(&file)).is_ok()));
    group.bench_function("replay", |bench| bench.iter(|| days(&file, black_box(&loaded)).is_ok()));
    group.bench_function("evidence", |bench| {
        let copy = || replayed.clone();
        let assemble = |days| assemble(days, assembly(&file, &loaded)).is_ok();
        bench.iter_batched(copy, assemble, criterion::BatchSize::LargeInput);
    });
    group.finish();
    Ok(())
}

criterion_group!(benches, stages);
criterion_main!(benches);
