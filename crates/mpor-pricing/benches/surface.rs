//! Surfaces a second: a made-up snapshot of two coins with 1,600 quotes in coin prices rounded to ticks, of the shape of
//! Deribit's, to surfaces without arbitrage on one core.
//!
//! `cargo bench -p mpor-pricing --bench surface --profile dev`

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mpor_core::Right;
use mpor_pricing::Black76;
use mpor_pricing::surface::{
    KeptQuote, OptionRow, PriceChoice, QuoteUnit, ScreenRules, SmileQuote, SurfaceModel,
    SurfaceRules, build_surface, fit_shape, forward_of, screen,
};

const DAYS: [f64; 12] = [0.8, 1.8, 2.8, 7.8, 14.8, 21.8, 35.8, 63.8, 98.8, 126.8, 217.8, 308.8];
/// Strikes an expiry: with calls and puts of two coins 1,608 quotes.
const STRIKES: [i32; 12] = [32, 18, 14, 40, 36, 22, 38, 44, 34, 44, 42, 38];
const TICK: f64 = 0.0001;

/// Volatility of a made-up smile with skew and steep wings.
fn vol(k: f64, years: f64) -> f64 {
    let z = k / (0.55 * years.sqrt());
    0.55 * (1.0 - 0.05 * z + 0.06 * z * z / (1.0 + 0.15 * z * z)) * (1.0 + 0.05 * years)
}

fn row(forward: f64, years: f64, strike: f64, right: Right, forwards: bool) -> Option<OptionRow> {
    let vol = vol(f64::ln(strike / forward), years);
    let option = Black76::new(forward, strike, years, vol, 0.0, right).ok()?;
    let price = option.price() / forward;
    let half = 0.01 * price + TICK;
    let bid = ((price - half) / TICK).floor() * TICK;
    Some(OptionRow {
        years,
        strike,
        right,
        bid: (bid > 0.0).then_some(bid),
        ask: Some(((price + half) / TICK).ceil() * TICK),
        mark: Some((price * 1e6).round() / 1e6),
        unit: QuoteUnit::Coin,
        forward: forwards.then_some(forward),
        age: None,
    })
}

fn chain(forward: f64, forwards: bool) -> Vec<OptionRow> {
    let mut rows = Vec::new();
    for (days, strikes) in DAYS.into_iter().zip(STRIKES) {
        let years = days / 365.0;
        for n in 0..strikes {
            // Four standard deviations either way.
            let z = 8.0 * f64::from(n) / f64::from(strikes - 1) - 4.0;
            let strike = (forward * (0.55 * z * years.sqrt()).exp()).round();
            for right in [Right::Call, Right::Put] {
                rows.extend(row(forward, years, strike, right, forwards));
            }
        }
    }
    rows
}

fn surfaces(criterion: &mut Criterion) {
    let snapshot = [chain(67_188.0, true), chain(1_963.0, true)];
    let without = [chain(67_188.0, false), chain(1_963.0, false)];
    let quotes: usize = snapshot.iter().map(Vec::len).sum();
    let mut group = criterion.benchmark_group("surface");
    group.sample_size(50);
    group.throughput(Throughput::Elements(quotes as u64));
    for (name, model) in SurfaceModel::ALL {
        let rules = SurfaceRules { model, ..SurfaceRules::default() };
        group.bench_function(format!("{name}, {quotes} quotes"), |bench| {
            bench.iter(|| snapshot.each_ref().map(|rows| build_surface(black_box(rows), &rules)));
        });
    }
    group.bench_function(format!("essvi, {quotes} quotes without forwards"), |bench| {
        let rules = SurfaceRules::default();
        bench.iter(|| without.each_ref().map(|rows| build_surface(black_box(rows), &rules)));
    });
    group.bench_function("screening alone", |bench| {
        let rules = ScreenRules::default();
        bench.iter(|| snapshot.each_ref().map(|rows| screen(black_box(rows), &rules)));
    });
    group.bench_function("one shape by simplex search, the same quotes", |bench| {
        let rules = ScreenRules::default();
        let quotes = snapshot.each_ref().map(|rows| {
            let expiries = screen(rows, &rules).unwrap_or_default();
            let quotes = expiries.into_iter().flat_map(|expiry| expiry.quotes);
            let quote = |quote: KeptQuote| SmileQuote {
                years: quote.years,
                log_moneyness: quote.log_moneyness,
                vol: quote.vol,
                weight: quote.weight,
            };
            quotes.map(quote).collect::<Vec<_>>()
        });
        bench.iter(|| quotes.each_ref().map(|quotes| fit_shape(black_box(quotes))));
    });
    group.bench_function("forward of 76 quotes by parity", |bench| {
        let last: Vec<OptionRow> = without[0].iter().rev().take(76).copied().collect();
        bench.iter(|| forward_of(black_box(&last), None, PriceChoice::Mid));
    });
    group.finish();
}

criterion_group!(benches, surfaces);
criterion_main!(benches);
