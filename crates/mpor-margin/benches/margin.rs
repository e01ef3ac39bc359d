//! What an account costs after the day is prepared, model by model, and what it costs to value its positions anew.
//!
//! 1,000 accounts of 50 positions over 20 underlyings, options and futures, on one day. `amounts` asks every account of the day
//! that was prepared once; `repricing` prepares the day for each account's own positions alone and asks that, which is what a tool
//! without a prepared day does; `requirement` builds the breakdown too. Before the measurements one table is printed with all
//! three and the ratio of the first two, from the same run.
//!
//! The ratio is large where a day's scenarios are many. Derive's standard margin values an option once and has no scenarios, and
//! Regulation T searches each account's groupings anew: there the account's own arithmetic is the cost, and preparing saves little.
//!
//! `cargo bench -p mpor-margin --profile dev --bench margin`; one thread throughout.

use std::hint::black_box;
use std::time::Instant;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mpor_core::{
    Contract, Factor, ForwardCurve, Horizon, Instrument, InstrumentIx, MarketState, Origin, Panel,
    Pillar, Portfolio, Position, Right, Settlement, SmileShape, Span, Timestamp, Underlying,
    UnderlyingIx, UnderlyingState, Universe, VolSurface,
};
use mpor_margin::{BuiltModel, ModelKind, ModelSpec, Prepared, RuleLibrary, Scratch, build};
use mpor_risk::Day;
use mpor_stats::random::Streams;
use ndarray::Array2;

const UNDERLYINGS: usize = 20;
const ACCOUNTS: usize = 1_000;
const POSITIONS: usize = 50;
/// Accounts that are valued anew: enough for a mean, few enough for the patience of a reader.
const REPRICED: usize = 50;
/// Steps of history, for the models that take scenarios from it: PRISMA's wants 2,250.
const STEPS: usize = 2_260;
/// Days from the epoch to the first of them, 2014-12-13, so that the clearing house's latest stress periods are in the history.
const FIRST: i64 = 16_417;
const TENORS: [u16; 3] = [7, 30, 90];

/// A model of each kind: its name, and the rest of its `[[model]]` table. `MARKETS` stands for all underlyings.
const MODELS: &[(&str, &str)] = &[
    ("aevo-pm-style", "rules = \"aevo/pm-style\"\nunlisted = \"as_perpetual\""),
    ("clearing-var", "rules = \"eurex/prisma-style\""),
    ("deribit-pm-style", "rules = \"deribit/pm-style\"\nas_of = \"2026-02-15\"\nmarkets = MARKETS"),
    (
        "derive-pmrm1",
        "rules = \"derive/pmrm1\"\nas_of = \"2025-12-08\"\nfutures = \"as_perpetual\"\nmarkets = MARKETS",
    ),
    (
        "derive-pmrm2",
        "rules = \"derive/pmrm2\"\nas_of = \"2025-12-08\"\nfutures = \"as_perpetual\"\nmarkets = MARKETS",
    ),
    (
        "derive-srm",
        "rules = \"derive/srm\"\nas_of = \"2025-12-08\"\nfutures = \"as_perpetual\"\nmarkets = MARKETS",
    ),
    ("isolated", "rules = \"generic/isolated\""),
    ("oms2", "rules = \"nasdaq/oms2-style\""),
    ("okx-pm-style", "rules = \"okx/pm-style\"\nas_of = \"2025-01-15\"\ncoins = CLASSES"),
    ("paradex-pm-style", "rules = \"paradex/pm-style\"\nunlisted = \"as_perpetual\""),
    ("reg-t", "rules = \"finra/reg-t\"\nfutures = \"as_stock\""),
    ("scan", "kind = \"scan\"\nprice_range = 0.15\nvol_range = 0.3"),
    ("span", "rules = \"generic/span\""),
    ("tims", "rules = \"occ/cpm\""),
    (
        "var",
        "kind = \"var\"\nlevel = 0.99\nmeasure = \"es\"\nscenarios = { historical = { window = 500 } }",
    ),
];

struct Market {
    panel: Panel,
    state: MarketState,
    universe: Universe,
    held: Vec<InstrumentIx>,
}

impl Market {
    fn new() -> Self {
        let name = |n: usize| format!("U{n:02}");
        let underlying = |n| Underlying { name: name(n), quote: "USD".to_owned() };
        let mut universe = Universe::new((0..UNDERLYINGS).map(underlying).collect());
        let panel = panel();
        let now = panel.times()[STEPS - 1];
        let listed = (0..UNDERLYINGS).flat_map(|n| contracts(n, now));
        let held = listed.filter_map(|instrument| universe.add(instrument).ok()).collect();
        let underlyings = (0..UNDERLYINGS).map(|n| state(&panel, UnderlyingIx(n))).collect();
        let state = MarketState { time: now, underlyings, marks: Default::default() };
        Market { panel, state, universe, held }
    }

    fn day<'a>(&'a self, held: &'a [InstrumentIx]) -> Day<'a> {
        let horizon = Horizon::new(Span::days(2), 2).unwrap_or_else(|| unreachable!("two days"));
        let past = self.panel.until(STEPS - 1);
        Day::new(past, &self.state, &self.universe, held, horizon, 1)
    }

    /// Books of whole contracts in any of the instruments.
    fn accounts(&self) -> Vec<Portfolio> {
        let account = |n: usize| {
            let mut stream = Streams::new(1, "bench accounts", 0).path(n as u64);
            let mut book = Portfolio::new(Vec::new());
            let mut entries = Vec::new();
            while book.positions().len() < POSITIONS {
                let instrument = self.held[stream.below(self.held.len() as u32) as usize];
                let quantity = f64::from(stream.below(10)) + 1.0;
                let side = if stream.below(2) == 0 { 1.0 } else { -1.0 };
                entries.push(Position { instrument, quantity: side * quantity });
                book = Portfolio::new(entries.clone());
            }
            book
        };
        (0..ACCOUNTS).map(account).collect()
    }
}

/// A perpetual, two futures and options of three expiries with twelve strikes each.
fn contracts(n: usize, now: Timestamp) -> Vec<Instrument> {
    let underlying = UnderlyingIx(n);
    let settlement = Settlement::Cash;
    let spot = spot(n);
    let mut all = vec![("PERP".to_owned(), Contract::Perpetual { settlement })];
    for days in TENORS {
        let expiry = now + Span::days(i64::from(days));
        all.push((format!("F{days}"), Contract::Future { expiry, settlement }));
        for step in 0..12 {
            let strike = spot * (0.75 + 0.045 * f64::from(step));
            for right in [Right::Call, Right::Put] {
                let name = format!("{days}-{step}-{right:?}");
                all.push((name, Contract::Option { expiry, strike, right, settlement }));
            }
        }
    }
    let listed = |(name, contract): (String, Contract)| Instrument {
        name: format!("U{n:02}-{name}"),
        underlying,
        contract_size: 1.0,
        contract,
    };
    all.into_iter().map(listed).collect()
}

fn spot(n: usize) -> f64 {
    100.0 * (1.0 + n as f64)
}

fn panel() -> Panel {
    let times = (0..STEPS).map(|t| Timestamp::default() + Span::days(FIRST + t as i64)).collect();
    let mut factors = Vec::new();
    for n in 0..UNDERLYINGS {
        let u = UnderlyingIx(n);
        factors.extend([Factor::Spot(u), Factor::Perpetual(u), Factor::Carry(u), Factor::Rate(u)]);
        factors.extend(TENORS.map(|days| Factor::Vol(u, days)));
    }
    let own = factors.len() / UNDERLYINGS;
    let mut values = Array2::zeros((factors.len(), STEPS));
    for n in 0..UNDERLYINGS {
        let mut stream = Streams::new(1, "bench history", 0).path(n as u64);
        let mut level = spot(n);
        for t in (0..STEPS).rev() {
            let vol = 0.6 + 0.05 * stream.uniform();
            let column = [level, level, 0.03, 0.02, vol, vol, vol];
            column.iter().enumerate().for_each(|(row, value)| values[[n * own + row, t]] = *value);
            level *= 1.0 + 0.03 * stream.normal();
        }
    }
    Panel::new(times, factors, values).unwrap_or_else(|error| unreachable!("{error}"))
}

fn state(panel: &Panel, u: UnderlyingIx) -> UnderlyingState {
    let value = |factor| panel.value(factor, STEPS - 1).unwrap_or(0.0);
    let pillar = |days: u16| {
        let (years, vol) = (Span::days(i64::from(days)).years(), value(Factor::Vol(u, days)));
        Pillar { years, total_variance: vol * vol * years }
    };
    let shape = SmileShape::new(-0.2, 0.9, 0.4).unwrap_or(SmileShape::FLAT);
    UnderlyingState {
        spot: value(Factor::Spot(u)),
        perpetual: value(Factor::Perpetual(u)),
        carry: value(Factor::Carry(u)),
        forwards: ForwardCurve::default(),
        rate: value(Factor::Rate(u)),
        surface: VolSurface::new(TENORS.map(pillar).to_vec(), shape, Origin::Modelled).ok(),
    }
}

fn built(text: &str, library: &RuleLibrary) -> Option<BuiltModel> {
    let each = |value: &str| {
        let all: Vec<String> = (0..UNDERLYINGS).map(|n| format!("U{n:02} = \"{value}\"")).collect();
        format!("{{ {} }}", all.join(", "))
    };
    let text = text.replace("MARKETS", &each("BTC")).replace("CLASSES", &each("other"));
    let mut params: toml::Table = toml::from_str(&text).ok()?;
    let mut take = |key: &str| params.remove(key).and_then(|v| v.as_str().map(str::to_owned));
    let as_of = take("as_of").and_then(|text| text.parse().ok());
    let kind = match (take("kind"), take("rules")) {
        (Some(kind), _) => ModelKind::Kind(kind),
        (None, rules) => ModelKind::Rules(rules?),
    };
    let (name, overlays) = ("model".to_owned(), Vec::new());
    let spec = ModelSpec { name, kind, as_of, params, overlays, baseline: false };
    build(&spec, library).map_err(|error| eprintln!("{error}")).ok()
}

fn ask_all(prepared: &dyn Prepared, accounts: &[Portfolio], scratch: &mut Scratch) {
    for account in accounts {
        let amounts = prepared.amounts(black_box(account), scratch);
        let _ = black_box(amounts.unwrap_or_else(|error| unreachable!("{error}")));
    }
}

fn reprice_all(market: &Market, built: &BuiltModel, accounts: &[Portfolio]) {
    for account in accounts {
        let held: Vec<InstrumentIx> = account.positions().iter().map(|p| p.instrument).collect();
        let day = market.day(&held);
        let prepared = built.model.prepare(&day).unwrap_or_else(|error| unreachable!("{error}"));
        let amounts = prepared.amounts(black_box(account), &mut Scratch::default());
        let _ = black_box(amounts.map(|amounts| amounts.initial));
    }
}

/// Microseconds an account: the accounts a few at a time, the shortest of some runs of each few, so that what else the machine does
/// between them is not counted.
fn micros(accounts: &[Portfolio], few: usize, mut run: impl FnMut(&[Portfolio])) -> f64 {
    let mut shortest = |few: &[Portfolio]| {
        let time = |_| {
            let begin = Instant::now();
            run(few);
            begin.elapsed().as_secs_f64()
        };
        (0..7).map(time).fold(f64::INFINITY, f64::min)
    };
    let total = accounts.chunks(few).fold(0.0, |sum, few| sum + shortest(few));
    total * 1e6 / accounts.len() as f64
}

fn accounts(criterion: &mut Criterion) {
    let Ok(library) = RuleLibrary::embedded() else { return };
    let market = Market::new();
    let (accounts, day) = (market.accounts(), market.day(&market.held));
    let mut models: Vec<(&str, BuiltModel)> = Vec::new();
    for (name, text) in MODELS {
        models.extend(built(text, &library).map(|built| (*name, built)));
    }
    println!("microseconds an account: repricing, requirement, amounts; repricing over amounts");
    for (name, built) in &models {
        let prepared = match built.model.prepare(&day) {
            Ok(prepared) => prepared,
            Err(error) => {
                println!("{name:<18}{error}");
                continue;
            }
        };
        let mut scratch = Scratch::default();
        let amounts = micros(&accounts, 20, |few| ask_all(prepared.as_ref(), few, &mut scratch));
        let repriced = &accounts[..REPRICED];
        let repricing = micros(repriced, 1, |few| reprice_all(&market, built, few));
        let requirement = micros(&accounts, 5, |few| {
            for account in few {
                let _ = black_box(prepared.requirement(account).map(|r| r.gross_notional));
            }
        });
        let ratio = repricing / amounts;
        println!("{name:<18}{repricing:>10.1}{requirement:>10.1}{amounts:>10.2}{ratio:>8.0}x");
    }
    let mut group = criterion.benchmark_group("margin");
    group.sample_size(10);
    for (name, built) in &models {
        let Ok(prepared) = built.model.prepare(&day) else { continue };
        group.throughput(Throughput::Elements(ACCOUNTS as u64));
        group.bench_function(format!("{name}, amounts"), |bench| {
            let mut scratch = Scratch::default();
            bench.iter(|| ask_all(prepared.as_ref(), &accounts, &mut scratch));
        });
        group.throughput(Throughput::Elements(REPRICED as u64));
        group.bench_function(format!("{name}, repricing"), |bench| {
            bench.iter(|| reprice_all(&market, built, &accounts[..REPRICED]));
        });
    }
    group.finish();
}

criterion_group!(benches, accounts);
criterion_main!(benches);
