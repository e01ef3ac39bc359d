//! A made-up market in a folder of its own, and a study over it. Also used by the tests of the command line.
//!
//! Two hundred days of hourly prices of two coins, a perpetual with a premium and funding, and one crash. The prices mean
//! nothing; only the smile is a real one, from the repository's option chains.

use std::path::{Path, PathBuf};

use mpor_core::{Column, Span, Table, Timestamp};
use mpor_data::tables::{Metadata, write_parquet};
use tempfile::TempDir;

/// Hours of prices.
pub const HOURS: usize = 200 * 24;
/// The hours of the crash, 10 and 11 April 2021.
const CRASH: std::ops::Range<usize> = 2400..2406;
/// First hour.
const START: &str = "2021-01-01";

/// The study: books of every kind of contract, every kind of model, every overlay.
pub const STUDY: &str = r#"schema = 1
name = "lab"
currency = "USD"
seed = 7

[data]
prices = "data/prices.parquet"
funding = "data/funding.parquet"

[fx]
USDT = 1.0

[calendar]
kind = "24x7"
step = "1d"
cut = "08:00"
from = "2021-02-01"

[mpor]
horizon = "2d"

[[underlying]]
name = "BTC"
prices = "BTC/USDT"
quote = "USDT"
perpetual = "BTC-PERP"
funding = "BTC-PERP"

[underlying.volatility]
chain = "data/chains.parquet"
level = { realised = { ewma = 0.94, premium = 1.1, floor = 0.25 } }
long_run_window = 60
tenors = [7, 30, 90]

[[underlying]]
name = "ETH"
prices = "ETH/USDT"
quote = "USDT"

[[portfolio]]
name = "coin-future"
rule = { outright = { underlying = "BTC", contract = "future", tenor = "30d", roll = "21d", settlement = "coin", contract_size = 100, quantity = -500 } }

[[portfolio]]
name = "hedged"
rule = { delta_hedged = { rule = { straddle = { underlying = "BTC", tenor = "14d", roll = "7d", quantity = -2 } }, every = "1d" } }

[[portfolio]]
name = "pair"
rule = { spread = { long = "ETH", short = "BTC", contract = "perpetual", roll = "7d", notional = 100_000 } }

[[portfolio]]
name = "perpetual"
rule = { outright = { underlying = "BTC", contract = "perpetual", roll = "7d", quantity = 3 } }

[[portfolio]]
name = "strangle"
rule = { strangle = { underlying = "BTC", delta = 0.25, tenor = "7d", roll = "7d", quantity = -5 } }

[[model]]
name = "isolated"
rules = "generic/isolated"
as_of = "2021-01-01"
baseline = true

[[model]]
name = "scan"
kind = "scan"
price_range = 0.12
vol_range = 0.3
extreme = { multiple = 2.0, cover = 0.35 }
short_option_minimum = 0.01
offset = 0.5

[[model]]
name = "pmrm2"
rules = "derive/pmrm2"
as_of = "2025-12-08"
futures = "as_perpetual"

[[model]]
name = "pmrm1"
rules = "derive/pmrm1"
as_of = "2025-12-08"
futures = "as_perpetual"

[[model]]
name = "srm"
rules = "derive/srm"
as_of = "2025-12-08"
futures = "as_perpetual"

[[model]]
name = "deribit"
rules = "deribit/pm-style"
as_of = "2026-02-15"

[[model]]
name = "okx"
rules = "okx/pm-style"
as_of = "2025-01-15"

[[model]]
name = "paradex"
rules = "paradex/pm-style"
unlisted = "as_perpetual"

[[model]]
name = "aevo"
rules = "aevo/pm-style"
unlisted = "as_perpetual"

[[model]]
name = "span"
rules = "generic/span"

[[model]]
name = "tims"
rules = "occ/cpm"

[[model]]
name = "reg-t"
rules = "finra/reg-t"
futures = "as_stock"

[[model]]
name = "hs"
kind = "var"
level = 0.975
scenarios = { historical = { window = 30 } }

[[model]]
name = "fhs"
kind = "var"
level = 0.975
scenarios = { filtered = { window = 30, burn_in = 10, volatility = { ewma = 0.94 } } }
overlays = [{ buffer = { share = 0.25 } }]

[[model]]
name = "fhs-calm"
kind = "var"
level = 0.975
scenarios = { filtered = { window = 30, burn_in = 10, volatility = { ewma = 0.94 } } }
overlays = [{ floor = { lookback = { steps = 20, share = 0.5 } } }, { speed_limit = {} }, { cap = { of_notional = 0.5 } }]

[[model]]
name = "fhs-clearing"
kind = "var"
level = 0.975
scenarios = { filtered = { window = 30, burn_in = 10, volatility = { ewma = 0.94 } } }
overlays = [
    { offset_cap = { share = 0.8 } },
    { stress_weight = { stress = { kind = "var", level = 0.975, scenarios = { historical = { window = 30 } } } } },
    { concentration = { depth = { BTC = 1e6, default = 1e5 }, tiers = [{ above = 0.1, rate = 0.01 }] } },
    { wrong_way = { underlyings = ["ETH"], accounts = ["pair"], fall = 0.5 } },
    { collateral = { rules = "derive/collateral", as_of = "2025-12-08", mix = { BTC = 0.5, USDT = 0.5 }, limits = { BTC = 0.4 } } },
]

[[model]]
name = "hs-record"
kind = "var"
level = 0.975
scenarios = { historical = { window = 30 } }
overlays = [{ reputation = { turnover = 0.2 } }, { adaptive = { coverage = 0.95 } }]

[[model]]
name = "own-series"
kind = "series-var"
series = "fhs_garch"
level = 0.975
window = 30
fallback = "plain"

[[model]]
name = "mc"
kind = "var"
measure = "es"
level = 0.975
scenarios = { monte_carlo = { paths = 200, degrees_of_freedom = 5, window = 30, decay = 0.94 } }

[[model]]
name = "prisma"
rules = "eurex/prisma-style"
measures.filtered.scenarios.bucketed = { look_back = 20, window = 10 }
measures.filtered.correlation_break = { window = 3, step = 1 }
measures.stress.scenarios.periods.list = [{ first = "2021-04-08", last = "2021-04-14" }]

[[model]]
name = "stans"
rules = "occ/stans-style"
measures.base.scenarios.copula = { paths = 200, window = 30, burn_in = 10 }

[[model]]
name = "oms2"
rules = "nasdaq/oms2-style"

[report]
formats = []
"#;

/// A folder with `data/`, a study, and later its runs.
pub struct Lab {
    folder: TempDir,
}

/// Prices by symbol, one an hour.
#[derive(Clone)]
pub struct Market {
    /// Names and closes, all of one length.
    pub series: Vec<(&'static str, Vec<f64>)>,
}

impl Lab {
    /// The market and the chain.
    pub fn new() -> Self {
        let lab = Lab { folder: tempfile::tempdir().unwrap() };
        lab.write(&funding(), "data/funding.parquet");
        lab.market(&Market::made_up());
        let chains = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/option-chains");
        std::fs::copy(chains.join("chains.parquet"), lab.path("data/chains.parquet")).unwrap();
        lab
    }

    /// A path inside the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a table.
    pub fn write(&self, table: &Table, name: &str) {
        write_parquet(table, &self.path(name), Metadata::new()).unwrap();
    }

    /// Writes the prices in place of those that are there.
    pub fn market(&self, market: &Market) {
        self.write(&market.table(), "data/prices.parquet");
    }

    /// Writes a file.
    pub fn text(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Market {
    /// The market of this file's header.
    pub fn made_up() -> Self {
        let mut noise = Noise(20210410);
        let (mut btc, mut eth) = (30_000.0, 1_000.0);
        let mut series = [("BTC-PERP", vec![]), ("BTC/USDT", vec![]), ("ETH/USDT", vec![])];
        for hour in 0..HOURS {
            let (common, own) = (noise.draw(), noise.draw());
            let fall = if CRASH.contains(&hour) { 0.95 } else { 1.0 };
            btc *= (1.0 + 0.007 * common) * fall;
            eth *= (1.0 + 0.006 * common + 0.006 * own) * fall;
            series[0].1.push(btc * (1.0 + 0.0002 * own));
            series[1].1.push(btc);
            series[2].1.push(eth);
        }
        Market { series: series.into() }
    }

    /// The first hours.
    pub fn until(mut self, hours: usize) -> Self {
        self.series.iter_mut().for_each(|(_, closes)| closes.truncate(hours));
        self
    }

    /// Another future from an hour on: every price is turned upside down and made to swing.
    pub fn altered(mut self, from: usize) -> Self {
        for (_, closes) in &mut self.series {
            let anchor = closes[from - 1];
            for (hour, close) in closes.iter_mut().enumerate().skip(from) {
                let swing = if (hour / 30) % 2 == 0 { 1.35 } else { 0.8 };
                *close = anchor * anchor / *close * swing;
            }
        }
        self
    }

    /// Close of a symbol at an hour.
    pub fn close(&self, symbol: &str, hour: usize) -> f64 {
        self.series.iter().find(|(name, _)| *name == symbol).unwrap().1[hour]
    }

    /// The canonical `prices` table.
    pub fn table(&self) -> Table {
        let rows = || {
            let series = self.series.iter();
            series.flat_map(|(name, closes)| {
                closes.iter().enumerate().map(move |(hour, close)| (*name, hour, *close))
            })
        };
        let count = rows().count();
        let columns = [
            ("time", Column::times(rows().map(|(_, hour, _)| at(hour)))),
            ("symbol", Column::texts(rows().map(|(name, _, _)| name))),
            ("source", Column::texts((0..count).map(|_| "made up"))),
            ("open", Column::Number(vec![None; count])),
            ("high", Column::Number(vec![None; count])),
            ("low", Column::Number(vec![None; count])),
            ("close", Column::numbers(rows().map(|(_, _, close)| close))),
            ("volume", Column::Number(vec![None; count])),
        ];
        Table::new("prices", columns).unwrap()
    }
}

/// The instant of an hour.
pub fn at(hour: usize) -> Timestamp {
    START.parse::<Timestamp>().unwrap() + Span::hours(hour as i64)
}

/// The hour of an instant.
pub fn hour_of(time: Timestamp) -> usize {
    usize::try_from((time - at(0)).0 / Span::hours(1).0).unwrap()
}

/// Funding every eight hours.
fn funding() -> Table {
    let mut noise = Noise(8);
    let hours: Vec<usize> = (0..HOURS).step_by(8).collect();
    let columns = [
        ("time", Column::times(hours.iter().map(|&hour| at(hour)))),
        ("symbol", Column::texts(hours.iter().map(|_| "BTC-PERP"))),
        ("source", Column::texts(hours.iter().map(|_| "made up"))),
        ("rate", Column::numbers(hours.iter().map(|_| 0.0001 * noise.draw()))),
        ("interval_hours", Column::numbers(hours.iter().map(|_| 8.0))),
    ];
    Table::new("funding", columns).unwrap()
}

/// Draws that are the same everywhere: SplitMix64, twelve uniforms for about one normal.
struct Noise(u64);

impl Noise {
    fn draw(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }

    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ (bits >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}
