//! Revaluations a second: 10,000 options under 1,000 historical scenarios, then accounts as weights over the matrix.
//!
//! `cargo bench -p mpor-risk --profile dev`; one thread tells the speed of a core.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mpor_core::{
    Contract, Factor, Horizon, Instrument, InstrumentIx, MarketState, Origin, Panel, Pillar,
    Portfolio, Position, Right, Settlement, SmileShape, Span, Timestamp, Underlying, UnderlyingIx,
    UnderlyingState, Universe, VolSurface,
};
use mpor_risk::{
    Day, Measure, RiskMeasure, ScenarioSet, ScenarioSpec, Scratch, SmileDynamics, revalue,
};
use mpor_stats::Level;
use mpor_stats::random::Streams;
use ndarray::Array2;

const OPTIONS: usize = 10_000;
const SCENARIOS: usize = 1_000;
const ACCOUNTS: usize = 1_000;
const POSITIONS: u32 = 50;
const TENORS: [u16; 4] = [7, 30, 90, 365];

/// A coin, its history of 1,001 days and 10,000 options of 20 expiries.
struct Market {
    panel: Panel,
    state: MarketState,
    universe: Universe,
    held: Vec<InstrumentIx>,
}

impl Market {
    fn new() -> Self {
        let panel = panel();
        let last = SCENARIOS;
        let now = panel.times()[last];
        let mut universe =
            Universe::new(vec![Underlying { name: "BTC".to_owned(), quote: "USD".to_owned() }]);
        let held: Vec<InstrumentIx> =
            (0..OPTIONS).filter_map(|n| universe.add(option(n, now)).ok()).collect();
        let state = state(&panel, last);
        Market { panel, state, universe, held }
    }

    fn day(&self) -> Option<Day<'_>> {
        let horizon = Horizon::new(Span::days(1), 1)?;
        let past = self.panel.until(SCENARIOS);
        Some(Day::new(past, &self.state, &self.universe, &self.held, horizon, 1))
    }
}

fn panel() -> Panel {
    let coin = UnderlyingIx(0);
    let mut factors = vec![Factor::Spot(coin), Factor::Carry(coin)];
    factors.extend(TENORS.map(|days| Factor::Vol(coin, days)));
    let times = (0..=SCENARIOS).map(|t| Timestamp::default() + Span::days(t as i64)).collect();
    let mut log = 0.0;
    let mut values = Array2::zeros((factors.len(), SCENARIOS + 1));
    for (t, mut column) in values.columns_mut().into_iter().enumerate() {
        let mut stream = Streams::new(1, "bench", 0).path(t as u64);
        log += 0.03 * stream.normal();
        column[0] = 30_000.0 * f64::exp(log);
        column[1] = 0.05 + 0.01 * stream.normal();
        let vol = 0.7 + 0.05 * stream.uniform();
        column.iter_mut().skip(2).for_each(|level| *level = vol);
    }
    Panel::new(times, factors, values).unwrap_or_else(|error| unreachable!("{error}"))
}

fn state(panel: &Panel, step: usize) -> MarketState {
    let coin = UnderlyingIx(0);
    let value = |factor| panel.value(factor, step).unwrap_or(0.0);
    let pillar = |days: u16| {
        let (years, vol) = (Span::days(i64::from(days)).years(), value(Factor::Vol(coin, days)));
        Pillar { years, total_variance: vol * vol * years }
    };
    let shape = SmileShape::new(-0.2, 0.9, 0.4).unwrap_or(SmileShape::FLAT);
    let (spot, carry) = (value(Factor::Spot(coin)), value(Factor::Carry(coin)));
    let surface = VolSurface::new(TENORS.map(pillar).to_vec(), shape, Origin::Modelled).ok();
    let coin = UnderlyingState {
        spot,
        perpetual: spot,
        carry,
        forwards: mpor_core::ForwardCurve::default(),
        rate: 0.04,
        surface,
    };
    MarketState { time: panel.times()[step], underlyings: vec![coin], marks: Default::default() }
}

fn option(n: usize, now: Timestamp) -> Instrument {
    let expiry = now + Span::days(3 + 15 * (n % 20) as i64);
    let strike = 10_000.0 + 80.0 * (n / 20) as f64;
    let right = if n.is_multiple_of(2) { Right::Call } else { Right::Put };
    let settlement = if n % 4 < 2 { Settlement::Cash } else { Settlement::Coin };
    let contract = Contract::Option { expiry, strike, right, settlement };
    Instrument { name: n.to_string(), underlying: UnderlyingIx(0), contract_size: 1.0, contract }
}

fn accounts(held: &[InstrumentIx]) -> Vec<Portfolio> {
    let account = |n: usize| {
        let mut stream = Streams::new(1, "bench accounts", 0).path(n as u64);
        let position = |_| Position {
            instrument: held[stream.below(OPTIONS as u32) as usize],
            quantity: stream.normal(),
        };
        Portfolio::new((0..POSITIONS).map(position).collect())
    };
    (0..ACCOUNTS).map(account).collect()
}

fn scenarios(day: &Day<'_>, dynamics: SmileDynamics) -> Option<ScenarioSet> {
    let smile = match dynamics {
        SmileDynamics::StickyStrike => "sticky_strike",
        SmileDynamics::StickyMoneyness => "sticky_moneyness",
        SmileDynamics::StickyDelta => "sticky_delta",
    };
    let text = format!(r#"{{ "historical": {{ "window": {SCENARIOS}, "smile": "{smile}" }} }}"#);
    serde_json::from_str::<ScenarioSpec>(&text).ok()?.scenarios(day).ok()
}

fn revaluations(criterion: &mut Criterion) {
    let market = Market::new();
    let Some(day) = market.day() else { return };
    let Ok(one_thread) = rayon::ThreadPoolBuilder::new().num_threads(1).build() else { return };
    let mut group = criterion.benchmark_group("revaluation");
    group.sample_size(10);
    group.throughput(Throughput::Elements((OPTIONS * SCENARIOS) as u64));
    for dynamics in
        [SmileDynamics::StickyStrike, SmileDynamics::StickyMoneyness, SmileDynamics::StickyDelta]
    {
        let Some(set) = scenarios(&day, dynamics) else { return };
        group.bench_function(format!("one core, {dynamics:?}"), |bench| {
            bench.iter(|| one_thread.install(|| revalue(black_box(&day), &set)));
        });
        group.bench_function(format!("all cores, {dynamics:?}"), |bench| {
            bench.iter(|| revalue(black_box(&day), &set));
        });
    }
    group.finish();

    let Some(set) = scenarios(&day, SmileDynamics::StickyMoneyness) else { return };
    let Ok(revaluation) = revalue(&day, &set) else { return };
    let accounts = accounts(&market.held);
    let mut group = criterion.benchmark_group("accounts");
    group.sample_size(10);
    group.throughput(Throughput::Elements(ACCOUNTS as u64));
    let measure = RiskMeasure::new(Measure::Es, Level::P99);
    group.bench_function("expected shortfall of 50 positions, one core", |bench| {
        let (mut pnl, mut scratch) = (vec![0.0; SCENARIOS], Scratch::default());
        bench.iter(|| {
            for account in &accounts {
                revaluation.portfolio_pnl(account, &mut pnl);
                let _ = black_box(measure.of(&pnl, None, &mut scratch));
            }
        });
    });
    group.finish();
}

criterion_group!(benches, revaluations);
criterion_main!(benches);
