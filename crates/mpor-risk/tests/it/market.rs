//! A made-up market of two coins: seeded random walks, two dozen contracts, everything positive.

use std::collections::BTreeMap;

use mpor_core::{
    Contract, Factor, History, Horizon, Instrument, InstrumentIx, MarketState, Origin, Panel,
    PriceSeries, Right, Settlement, SmileShape, Span, Timestamp, Underlying, UnderlyingHistory,
    UnderlyingIx, Universe,
};
use mpor_risk::Day;
use mpor_stats::random::Streams;
use ndarray::Array2;

pub const STEPS: usize = 400;
/// The margin date of most tests.
pub const NOW: usize = 300;
pub const TENORS: [u16; 3] = [7, 30, 180];

pub struct Market {
    pub history: History,
    pub held: Vec<InstrumentIx>,
}

/// The market as of one step: what a [`Day`] borrows.
pub struct At<'m> {
    pub market: &'m Market,
    pub state: MarketState,
    pub step: usize,
}

impl Market {
    pub fn new() -> Self {
        Market::altered_after(STEPS)
    }

    /// The same market up to `step`, another one after it.
    pub fn altered_after(step: usize) -> Self {
        let mut history = history(step);
        let held = contracts(history.panel.times()[NOW])
            .into_iter()
            .map(|contract| history.universe.add(contract).unwrap())
            .collect();
        Market { history, held }
    }

    pub fn at(&self, step: usize) -> At<'_> {
        At { market: self, state: self.history.state(step).unwrap(), step }
    }

    pub fn find(&self, name: &str) -> InstrumentIx {
        self.history.universe.find(name).unwrap()
    }
}

impl At<'_> {
    pub fn day(&self, horizon_steps: usize) -> Day<'_> {
        let horizon = Horizon::new(Span::days(horizon_steps as i64), horizon_steps).unwrap();
        let Market { history, held } = self.market;
        let past = history.panel.until(self.step);
        Day::new(past, &self.state, &history.universe, held, horizon, 42)
    }
}

fn history(altered_after: usize) -> History {
    let coin = |name: &str| Underlying { name: name.to_owned(), quote: "USD".to_owned() };
    let universe = Universe::new(vec![coin("BTC"), coin("ETH")]);
    let times: Vec<Timestamp> =
        (0..STEPS).map(|step| Timestamp::default() + Span::days(step as i64)).collect();
    let mut factors = Vec::new();
    for u in [UnderlyingIx(0), UnderlyingIx(1)] {
        factors.extend([Factor::Spot(u), Factor::Perpetual(u), Factor::Carry(u), Factor::Rate(u)]);
        factors.extend(TENORS.map(|days| Factor::Vol(u, days)));
    }
    let values = paths(&factors, altered_after);
    let underlying = UnderlyingHistory {
        smile: Some(SmileShape::new(-0.3, 0.8, 0.4).unwrap()),
        vol_origin: Origin::Modelled,
        carry_origin: Origin::Modelled,
        index: PriceSeries::default(),
        settlement_window: Span::default(),
        quoted: Vec::new(),
        futures: Vec::new(),
    };
    History {
        universe,
        panel: Panel::new(times, factors, values).unwrap(),
        underlyings: vec![underlying.clone(), underlying],
        marks: vec![BTreeMap::new(); STEPS],
    }
}

/// Random walks in the logarithm; volatilities of all tenors share most of their moves, so that surfaces stay free of
/// arbitrage.
fn paths(factors: &[Factor], altered_after: usize) -> Array2<f64> {
    let mut values = Array2::zeros((factors.len(), STEPS));
    let mut logs = vec![0.0; factors.len()];
    for step in 0..STEPS {
        let other = if step > altered_after { 1_000_000 } else { 0 };
        let mut stream = Streams::new(7, "test market", 0).path(step as u64 + other);
        let wild = if (150..170).contains(&step) { 3.0 } else { 1.0 };
        let (market, vol) = (stream.normal(), stream.normal());
        for (row, factor) in factors.iter().enumerate() {
            let own = stream.normal();
            let u = factor.underlying().0 as f64;
            values[[row, step]] = match factor {
                Factor::Spot(_) => {
                    logs[row] += wild * (0.02 * market + 0.01 * own);
                    (20_000.0 - 18_000.0 * u) * f64::exp(logs[row])
                }
                Factor::Perpetual(_) => values[[row - 1, step]] * (1.0 + 0.0005 * own),
                Factor::Carry(_) => 0.05 + 0.01 * own,
                Factor::Vol(_, days) => {
                    logs[row] = 0.9 * logs[row] + wild * (0.03 * vol - 0.02 * market + 0.002 * own);
                    (0.6 + 0.1 * u) * (1.0 - 0.0001 * f64::from(*days)) * f64::exp(logs[row])
                }
                Factor::Rate(_) => 0.03,
                Factor::Funding(_) => 0.0,
            };
        }
    }
    values
}

fn contracts(now: Timestamp) -> Vec<Instrument> {
    let mut all = Vec::new();
    for (u, coin, price) in [(0, "BTC", 20_000.0), (1, "ETH", 2_000.0)] {
        let mut add = |name: &str, contract_size: f64, contract: Contract| {
            let name = format!("{coin}-{name}");
            all.push(Instrument { name, underlying: UnderlyingIx(u), contract_size, contract });
        };
        let (cash, coin) = (Settlement::Cash, Settlement::Coin);
        add("SPOT", 1.0, Contract::Spot);
        add("PERP", 0.1, Contract::Perpetual { settlement: cash });
        add("PERP-COIN", 10.0, Contract::Perpetual { settlement: coin });
        for (label, hours) in [("1D", 24), ("30D", 720), ("90D", 2160), ("400D", 9600)] {
            let expiry = now + Span::hours(hours);
            add(&format!("F-{label}"), 0.5, Contract::Future { expiry, settlement: cash });
            add(&format!("F-{label}-COIN"), 100.0, Contract::Future { expiry, settlement: coin });
            for (right, r) in [(Right::Call, "C"), (Right::Put, "P")] {
                for (settlement, s) in [(cash, ""), (coin, "-COIN")] {
                    for (m, multiple) in [("80", 0.8), ("100", 1.0), ("130", 1.3)] {
                        let strike = price * multiple;
                        let terms = Contract::Option { expiry, strike, right, settlement };
                        add(&format!("{label}-{m}-{r}{s}"), 0.1, terms);
                    }
                }
            }
        }
        let expiry = now;
        let strike = price;
        let terms = Contract::Option { expiry, strike, right: Right::Call, settlement: cash };
        add("NOW-100-C", 1.0, terms);
    }
    all
}
