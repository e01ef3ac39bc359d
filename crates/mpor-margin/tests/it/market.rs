//! Two coins and an index on 400 days, the last of which is the margin date; and books on them.

use mpor_core::{
    Contract, Factor, History, Horizon, Instrument, InstrumentIx, MarketState, Origin, Panel,
    Portfolio, Position, PriceSeries, Right, Settlement, SmileShape, Span, Timestamp, Underlying,
    UnderlyingHistory, UnderlyingIx, Universe,
};
use mpor_margin::{
    BuiltModel, MarginError, MarginReport, ModelKind, ModelSpec, RuleLibrary, build,
};
use mpor_risk::Day;
use ndarray::Array2;

/// Days of history.
pub const DAYS: usize = 400;
/// Spot prices on the margin date.
pub const SPOT: [f64; 3] = [50_000.0, 2_500.0, 4_000.0];

/// A market and what is held in it by anyone.
pub struct Market {
    pub history: History,
    pub state: MarketState,
    pub held: Vec<InstrumentIx>,
}

impl Market {
    /// BTC with a smile, a carry of 5 %, a rate of 3 % and a perpetual 0.1 % above spot; ETH flat; SPX without a perpetual history.
    pub fn new() -> Self {
        let names = ["BTC", "ETH", "SPX"];
        let underlyings =
            names.map(|name| Underlying { name: name.to_owned(), quote: "USD".to_owned() });
        let mut universe = Universe::new(underlyings.to_vec());
        let panel = panel();
        let now = panel.times()[DAYS - 1];
        for (name, underlying, contract_size, contract) in contracts(now) {
            let underlying = UnderlyingIx(underlying);
            let instrument =
                Instrument { name: name.to_owned(), underlying, contract_size, contract };
            universe.add(instrument).unwrap();
        }
        let held = (0..universe.instruments().len()).map(InstrumentIx).collect();
        let smile = SmileShape::new(-0.2, 1.0, 0.4).unwrap();
        let underlying = |smile| UnderlyingHistory {
            smile: Some(smile),
            vol_origin: Origin::Modelled,
            carry_origin: Origin::Modelled,
            index: PriceSeries::default(),
            settlement_window: Span(0),
            quoted: Vec::new(),
            futures: Vec::new(),
        };
        let underlyings =
            vec![underlying(smile), underlying(SmileShape::FLAT), underlying(SmileShape::FLAT)];
        let history = History { universe, panel, underlyings, marks: Vec::new() };
        let state = history.state(DAYS - 1).unwrap();
        Market { history, state, held }
    }

    pub fn day(&self) -> Day<'_> {
        let horizon = Horizon::new(Span::days(2), 2).unwrap();
        let past = self.history.panel.until(DAYS - 1);
        Day::new(past, &self.state, &self.history.universe, &self.held, horizon, 7)
    }

    pub fn book(&self, positions: &[(&str, f64)]) -> Portfolio {
        let entry = |&(name, quantity): &(&str, f64)| Position {
            instrument: self.history.universe.find(name).unwrap(),
            quantity,
        };
        Portfolio::new(positions.iter().map(entry).collect())
    }

    /// What a model written as the rest of a `[[model]]` table asks of a book.
    pub fn ask(&self, model: &str, positions: &[(&str, f64)]) -> Result<MarginReport, MarginError> {
        let built = built(model)?;
        self.ask_built(&built, positions)
    }

    pub fn ask_built(
        &self,
        built: &BuiltModel,
        positions: &[(&str, f64)],
    ) -> Result<MarginReport, MarginError> {
        let day = self.day();
        built.model.prepare(&day)?.requirement(&self.book(positions))
    }
}

/// Builds a model from the text of its table.
pub fn built(text: &str) -> Result<BuiltModel, MarginError> {
    build(&spec(text), &RuleLibrary::embedded()?)
}

/// A `[[model]]` table as the study reads it.
pub fn spec(text: &str) -> ModelSpec {
    let mut params: toml::Table = toml::from_str(text).unwrap();
    let mut take = |key: &str| params.remove(key).map(|value| value.as_str().unwrap().to_owned());
    let name = take("name").unwrap_or_else(|| "model".to_owned());
    let as_of = take("as_of").map(|text| text.parse().unwrap());
    let kind = match (take("kind"), take("rules")) {
        (Some(kind), None) => ModelKind::Kind(kind),
        (None, Some(rules)) => ModelKind::Rules(rules),
        other => panic!("{other:?}"),
    };
    let overlays = params.remove("overlays").map_or(Vec::new(), |list| list.try_into().unwrap());
    ModelSpec { name, kind, as_of, params, overlays, baseline: false }
}

/// Every kind of the catalog, with parameters that use what it has.
pub fn models() -> Vec<BuiltModel> {
    [
        r#"name = "derive-pmrm1"
        rules = "derive/pmrm1"
        as_of = "2025-12-08"
        markets = { SPX = "BTC" }
        futures = "as_perpetual""#,
        r#"name = "aevo"
        rules = "aevo/pm-style"
        unlisted = "as_perpetual""#,
        r#"name = "prisma"
        rules = "eurex/prisma-style"
        measures.filtered.scenarios.bucketed = { look_back = 100, window = 90 }
        measures.filtered.correlation_break = { window = 20, step = 7 }
        measures.stress.scenarios.periods.list = [{ first = "2023-08-01", last = "2023-09-30" }, { first = "2030-01-01", last = "2030-02-01" }]"#,
        r#"name = "pairs"
        rules = "lch/pairs-style"
        measures.filtered.scenarios.filtered.window = 250"#,
        r#"name = "span2"
        rules = "cme/span2-style"
        measures.historical.scenarios.filtered.window = 250"#,
        r#"name = "irm2"
        rules = "ice/irm2-style"
        measures.filtered.scenarios.filtered.window = 250"#,
        r#"name = "stans"
        rules = "occ/stans-style"
        measures.base.scenarios.copula = { paths = 400, window = 250, copula_freedom = 8.0 }"#,
        r#"name = "hs-var"
        rules = "jscc/hs-var-style"
        measures.historical.scenarios.historical.window = 250"#,
        r#"name = "oms2"
        rules = "nasdaq/oms2-style""#,
        r#"name = "deribit"
        rules = "deribit/pm-style"
        as_of = "2026-02-15"
        markets = { SPX = "BTC" }"#,
        r#"name = "deribit-2023"
        rules = "deribit/pm-style"
        as_of = "2023-10-30T12:00:00Z"
        markets = { SPX = "BTC" }"#,
        r#"name = "derive"
        rules = "derive/pmrm2"
        as_of = "2025-12-08"
        markets = { SPX = "BTC" }
        futures = "as_perpetual""#,
        r#"name = "derive-srm"
        rules = "derive/srm"
        as_of = "2025-12-08"
        markets = { SPX = "BTC" }
        futures = "as_perpetual""#,
        r#"name = "isolated"
        rules = "binance/isolated"
        markets = { ETH = "BTC", SPX = "BTC" }"#,
        r#"name = "generic"
        rules = "generic/isolated""#,
        r#"name = "by-size"
        rules = "deribit/standard"
        markets = { SPX = "SOL" }"#,
        r#"name = "account-ratio"
        rules = "binance/portfolio"
        markets = { ETH = "BTC", SPX = "BTC" }
        options = { initial = 0.15, initial_floor = 0.10, maintenance = 0.075 }"#,
        r#"name = "okx"
        rules = "okx/pm-style"
        as_of = "2025-01-15"
        coins = { SPX = "other" }"#,
        r#"name = "paradex"
        rules = "paradex/pm-style"
        unlisted = "as_perpetual""#,
        r#"name = "scan"
        kind = "scan"
        price_range = 0.15
        vol_range = 0.3
        extreme = { multiple = 3, cover = 0.33 }
        short_option_minimum = 0.01
        offset = 0.5
        maintenance = 0.8"#,
        r#"name = "scan-tenor"
        kind = "scan"
        price_range = 0.12
        vol_range = 0.4
        vol_rule = { tenor_power = { p_short = 0.3, p_long = 0.13, min_vol_up = 0.5 } }"#,
        r#"name = "span"
        rules = "generic/span""#,
        r#"name = "span-account"
        rules = "generic/span"
        price_risk = "normal"
        order = "account"
        inter_spreads = [{ legs = [{ commodity = "BTC", side = "A" }, { commodity = "ETH", side = "B", ratio = 18.0 }], credit = 0.6 }]
        commodities.default.option_style = "futures""#,
        r#"name = "tims"
        rules = "occ/cpm"
        classes.BTC = { type = "equity", leverage = 2, group = "broad_index" }
        classes.ETH = { type = "equity", group = "broad_index" }"#,
        r#"name = "reg-t"
        rules = "finra/reg-t"
        futures = "as_stock""#,
        r#"name = "hs"
        kind = "var"
        level = 0.99
        scenarios = { historical = { window = 250 } }
        maintenance = 0.75"#,
        r#"name = "own-series"
        kind = "series-var"
        series = "hull_white"
        level = 0.99
        window = 250
        maintenance = 0.75"#,
        r#"name = "fhs"
        kind = "var"
        level = 0.99
        measure = "es"
        scenarios = { filtered = { window = 250, volatility = { ewma = 0.97 } } }"#,
    ]
    .iter()
    .map(|text| built(text).unwrap())
    .collect()
}

/// Books that hold a bit of everything a model may meet; spot is never short.
pub const BOOKS: &[&[(&str, f64)]] = &[
    &[("BTC-PERP", 2.0)],
    &[("BTC-PERP", -2.0), ("BTC-SPOT", 1.5)],
    &[("BTC-C-55000", -10.0), ("BTC-P-45000", -10.0)],
    &[("BTC-C-55000", 4.0), ("BTC-P-45000", -3.0), ("BTC-FUT", -1.0)],
    &[("BTC-C-50000-Q", 5.0), ("BTC-C-55000", -5.0), ("ETH-PERP", -40.0)],
    &[("ETH-C-2600", -100.0), ("ETH-PERP", 60.0), ("BTC-INVERSE", 100_000.0)],
    &[("SPX-FUT", 10.0), ("SPX-P-3800", 20.0)],
    &[("BTC-PERP", 400.0), ("BTC-C-55000", -400.0)],
];

fn contracts(now: Timestamp) -> Vec<(&'static str, usize, f64, Contract)> {
    let (month, quarter) = (now + Span::days(30), now + Span::days(91));
    let option = |expiry, strike, right| Contract::Option {
        expiry,
        strike,
        right,
        settlement: Settlement::Cash,
    };
    let (cash, coin) = (Settlement::Cash, Settlement::Coin);
    let (call, put) = (Right::Call, Right::Put);
    vec![
        ("BTC-SPOT", 0, 1.0, Contract::Spot),
        ("BTC-PERP", 0, 1.0, Contract::Perpetual { settlement: cash }),
        ("BTC-INVERSE", 0, 1.0, Contract::Perpetual { settlement: coin }),
        ("BTC-FUT", 0, 1.0, Contract::Future { expiry: quarter, settlement: cash }),
        ("BTC-C-55000", 0, 1.0, option(month, 55_000.0, call)),
        ("BTC-P-45000", 0, 1.0, option(month, 45_000.0, put)),
        ("BTC-C-50000-Q", 0, 1.0, option(quarter, 50_000.0, call)),
        ("ETH-PERP", 1, 1.0, Contract::Perpetual { settlement: cash }),
        ("ETH-C-2600", 1, 1.0, option(month, 2_600.0, call)),
        ("SPX-FUT", 2, 50.0, Contract::Future { expiry: month, settlement: cash }),
        ("SPX-P-3800", 2, 50.0, option(month, 3_800.0, put)),
    ]
}

/// Prices that end at [`SPOT`], moved by a small generator so that no two days are alike.
fn panel() -> Panel {
    let cut = "2023-06-01T08:00:00Z".parse::<Timestamp>().unwrap();
    let times: Vec<Timestamp> = (0..DAYS).map(|day| cut + Span::days(day as i64)).collect();
    let mut factors = Vec::new();
    let mut rows: Vec<Vec<f64>> = Vec::new();
    let mut seed = 1_u64;
    for (ix, spot) in SPOT.into_iter().enumerate() {
        let u = UnderlyingIx(ix);
        let noise = (0..DAYS).map(|_| 0.04 * uniform(&mut seed)).collect::<Vec<f64>>();
        let mut path = vec![spot; DAYS];
        for day in (0..DAYS - 1).rev() {
            path[day] = path[day + 1] * (-noise[day + 1]).exp();
        }
        factors.extend([Factor::Spot(u), Factor::Perpetual(u), Factor::Carry(u), Factor::Rate(u)]);
        rows.push(path.clone());
        rows.push(path.iter().map(|price| price * 1.001).collect());
        rows.push(vec![0.05; DAYS]);
        rows.push(vec![0.03; DAYS]);
        for tenor in [7, 30, 90] {
            factors.push(Factor::Vol(u, tenor));
            let level = 0.7 - 0.001 * f64::from(tenor);
            rows.push((0..DAYS - 1).map(|_| level * (0.02 * uniform(&mut seed)).exp()).collect());
            rows.last_mut().unwrap().push(level);
        }
    }
    let values = Array2::from_shape_vec((factors.len(), DAYS), rows.concat()).unwrap();
    Panel::new(times, factors, values).unwrap()
}

/// A number in (-1, 1): Knuth's linear congruential generator, MMIX constants.
fn uniform(seed: &mut u64) -> f64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
}
