//! A small synthetic market with every kind of contract, books on it, and a toy margin model.

use mpor_backtest::{ReplayConfig, day::Parts};
use mpor_core::{
    Books, Contract, Factor, History, Horizon, Instrument, InstrumentIx, MarketState, OptionMark,
    Origin, Panel, Portfolio, Position, PriceSeries, Right, Settlement, SmileShape, Span,
    Timestamp, Underlying, UnderlyingHistory, UnderlyingIx, Universe,
};
use mpor_margin::{Component, MarginError, MarginModel, MarginReport, Prepared};
use mpor_pricing::pnl;
use mpor_risk::Day;
use mpor_stats::random::Streams;
use ndarray::Array2;

pub const STEPS: usize = 80;
pub const BTC: UnderlyingIx = UnderlyingIx(0);
/// Instruments of the market, in the order they were listed.
pub const SPOT: InstrumentIx = InstrumentIx(0);
pub const PERPETUAL: InstrumentIx = InstrumentIx(1);
pub const COIN_PERPETUAL: InstrumentIx = InstrumentIx(2);
pub const FUTURE: InstrumentIx = InstrumentIx(3);
pub const COIN_FUTURE: InstrumentIx = InstrumentIx(4);
pub const CALL: InstrumentIx = InstrumentIx(5);
pub const PUT: InstrumentIx = InstrumentIx(6);
pub const COIN_CALL: InstrumentIx = InstrumentIx(7);
pub const FAR_PUT: InstrumentIx = InstrumentIx(8);
pub const ALL: usize = 9;

/// Step at whose instant the near contracts expire.
pub const EXPIRY_STEP: usize = 60;

pub fn time(step: usize) -> Timestamp {
    let start: Timestamp = "2020-01-01T08:00:00Z".parse().unwrap();
    start + Span::days(step as i64)
}

pub fn universe() -> Universe {
    let mut universe =
        Universe::new(vec![Underlying { name: "BTC".to_owned(), quote: "USD".to_owned() }]);
    let (expiry, far) = (time(EXPIRY_STEP), time(STEPS + 30));
    let (cash, coin) = (Settlement::Cash, Settlement::Coin);
    let option =
        |expiry, strike, right, settlement| Contract::Option { expiry, strike, right, settlement };
    let contracts = [
        ("BTC", 1.0, Contract::Spot),
        ("BTC-PERP", 1.0, Contract::Perpetual { settlement: cash }),
        ("BTC-PERP-COIN", 100.0, Contract::Perpetual { settlement: coin }),
        ("BTC-FUT", 1.0, Contract::Future { expiry, settlement: cash }),
        ("BTC-FUT-COIN", 100.0, Contract::Future { expiry, settlement: coin }),
        ("BTC-CALL", 1.0, option(expiry, 8_000.0, Right::Call, cash)),
        ("BTC-PUT", 1.0, option(expiry, 8_000.0, Right::Put, cash)),
        ("BTC-CALL-COIN", 1.0, option(expiry, 8_500.0, Right::Call, coin)),
        ("BTC-PUT-FAR", 1.0, option(far, 7_000.0, Right::Put, cash)),
    ];
    for (name, contract_size, contract) in contracts {
        let name = name.to_owned();
        universe.add(Instrument { name, underlying: BTC, contract_size, contract }).unwrap();
    }
    universe
}

/// A market whose steps after `changed` are other ones than they would have been.
pub fn history_changed_after(changed: usize, steps: usize) -> History {
    let factors = vec![
        Factor::Spot(BTC),
        Factor::Perpetual(BTC),
        Factor::Carry(BTC),
        Factor::Funding(BTC),
        Factor::Vol(BTC, 7),
        Factor::Vol(BTC, 90),
        Factor::Rate(BTC),
    ];
    let mut values = Array2::zeros((factors.len(), steps));
    let mut level = 8_000.0_f64;
    for step in 0..steps {
        let seed = if step > changed { 2 } else { 1 };
        let mut stream = Streams::new(seed, "synthetic market", 0).path(step as u64);
        level *= (0.04 * stream.normal()).exp();
        let vol = 0.7 + 0.1 * stream.uniform();
        let row = [
            level,
            level * (1.0 + 0.001 * stream.normal()),
            0.05 + 0.02 * stream.uniform(),
            0.000_3 * stream.normal(),
            vol,
            vol,
            0.02,
        ];
        row.iter().enumerate().for_each(|(factor, value)| values[[factor, step]] = *value);
    }
    let times: Vec<Timestamp> = (0..steps).map(time).collect();
    let index = PriceSeries { times: times.clone(), prices: values.row(0).to_vec() };
    let underlying = UnderlyingHistory {
        smile: Some(SmileShape::new(-0.3, 0.8, 0.4).unwrap()),
        vol_origin: Origin::Modelled,
        carry_origin: Origin::Modelled,
        index,
        settlement_window: Span(0),
        quoted: Vec::new(),
        futures: Vec::new(),
    };
    let panel = Panel::new(times, factors, values).unwrap();
    History { universe: universe(), panel, underlyings: vec![underlying], marks: Vec::new() }
}

pub fn history() -> History {
    history_changed_after(usize::MAX, STEPS)
}

/// The same market, in which the call is listed at every step before its expiry.
pub fn history_with_marks() -> History {
    let mut history = history();
    history.marks = (0..STEPS)
        .map(|step| {
            let state = history.state(step).unwrap();
            let years = state.time.years_to(time(EXPIRY_STEP));
            let forward = state.underlying(BTC).forward(years) * 1.002;
            let mark = OptionMark { vol: 0.6 + 0.001 * step as f64, forward };
            if step < EXPIRY_STEP { [(CALL, mark)].into() } else { Default::default() }
        })
        .collect();
    history
}

pub fn portfolio(positions: &[(InstrumentIx, f64)]) -> Portfolio {
    let position =
        |&(instrument, quantity): &(InstrumentIx, f64)| Position { instrument, quantity };
    Portfolio::new(positions.iter().map(position).collect())
}

/// Static books until the near contracts expire; only the far put and the perpetuals afterwards.
pub fn books(steps: usize) -> Books {
    let accounts: [(&str, Vec<(InstrumentIx, f64)>); 5] = [
        ("everything", (0..ALL).map(|ix| (InstrumentIx(ix), 1.5 - 0.4 * ix as f64)).collect()),
        ("short strangle", vec![(CALL, -10.0), (FAR_PUT, -10.0)]),
        ("long future", vec![(FUTURE, 3.0), (PERPETUAL, -1.0)]),
        ("coin", vec![(COIN_FUTURE, 50.0), (COIN_PERPETUAL, -80.0), (COIN_CALL, -4.0)]),
        ("nothing", Vec::new()),
    ];
    let near = |ix: InstrumentIx| (FUTURE.0..=COIN_CALL.0).contains(&ix.0);
    let at = |step: usize| {
        let alive = |&&(ix, _): &&(InstrumentIx, f64)| step < EXPIRY_STEP || !near(ix);
        accounts
            .iter()
            .map(|(_, held)| portfolio(&held.iter().filter(alive).copied().collect::<Vec<_>>()))
            .collect()
    };
    Books {
        accounts: accounts.iter().map(|(name, _)| (*name).to_owned()).collect(),
        portfolios: (0..steps).map(at).collect(),
    }
}

pub fn horizon(steps: usize) -> Horizon {
    Horizon::new(Span::days(steps as i64), steps).unwrap()
}

pub fn config(steps: std::ops::Range<usize>, m: usize) -> ReplayConfig {
    ReplayConfig { steps, horizon: horizon(m), seed: 7, parts: Parts::Keep, forecasts: false }
}

/// Worst of a fall and a rise by `width` standard deviations of past daily log returns, plus a share of the number held.
pub struct Toy {
    pub id: &'static str,
    pub width: f64,
}

pub const WINDOW: usize = 20;

struct ToyDay {
    held: Vec<InstrumentIx>,
    down: Vec<f64>,
    up: Vec<f64>,
}

impl MarginModel for Toy {
    fn id(&self) -> &str {
        self.id
    }

    fn history_steps(&self) -> usize {
        WINDOW + 1
    }

    fn prepare<'d>(&self, day: &'d Day<'_>) -> Result<Box<dyn Prepared + 'd>, MarginError> {
        let spots = day.past.series(Factor::Spot(BTC)).map_err(mpor_risk::RiskError::from)?;
        let recent = spots.to_vec().split_off(spots.len().saturating_sub(WINDOW + 1));
        let squares: f64 = recent.windows(2).map(|pair| (pair[1] / pair[0]).ln().powi(2)).sum();
        let move_by = self.width * (squares / WINDOW as f64).sqrt();
        let unit = |shift: f64| -> Result<Vec<f64>, MarginError> {
            let shocked = shocked(day.state, shift.exp());
            let one = |&ix: &InstrumentIx| pnl(day.state, &shocked, day.universe, ix);
            let all = day.held.iter().map(one).collect::<Result<_, _>>();
            Ok(all.map_err(mpor_risk::RiskError::from)?)
        };
        let held = day.held.to_vec();
        Ok(Box::new(ToyDay { held, down: unit(-move_by)?, up: unit(move_by)? }))
    }
}

fn shocked(state: &MarketState, factor: f64) -> MarketState {
    let mut shocked = state.clone();
    shocked.marks.clear();
    for underlying in &mut shocked.underlyings {
        underlying.spot *= factor;
        underlying.perpetual *= factor;
    }
    shocked
}

impl Prepared for ToyDay {
    fn requirement(&self, portfolio: &Portfolio) -> Result<MarginReport, MarginError> {
        let loss = |unit: &[f64]| -> f64 {
            let rows = portfolio.positions().iter().map(|position| {
                let row = self.held.binary_search(&position.instrument).unwrap();
                -position.quantity * unit[row]
            });
            rows.sum()
        };
        let (down, up) = (loss(&self.down), loss(&self.up));
        let count: f64 = portfolio.positions().iter().map(|p| p.quantity.abs()).sum();
        let scan = Component::leaf("scan", down.max(up).max(0.0));
        let maintenance = Component::scaled("maintenance", 0.8, scan.clone());
        let binding = (!portfolio.is_empty()).then(|| if down > up { "down" } else { "up" }.into());
        Ok(MarginReport {
            initial: Component::sum("initial", vec![scan, Component::leaf("lots", count)]),
            maintenance,
            binding,
            gross_notional: 0.0,
        })
    }
}
