//! A history of option chains through a study: what rules hold is listed, what is known is not from later, marks give the
//! loss, and surfaces read back give what fitting them gave.

use std::path::Path;

use mpor::run::run;
use mpor::{Loaded, MporError, Silent, Span, StudyFile, Timestamp};
use mpor_core::{Column, Contract, Right, Table};
use mpor_data::tables::write_parquet;
use mpor_pricing::Black76;

use crate::lab::{Lab, Market, at, hour_of};
use crate::results::Results;

const STUDY: &str = r#"schema = 1
name = "chains"
currency = "USD"

[data]
prices = "data/prices.parquet"

[fx]
USDT = 1.0

[calendar]
kind = "24x7"
step = "1d"
cut = "08:00"
from = "2021-01-10"
to = "2021-02-20"

[mpor]
horizon = "2d"

[[underlying]]
name = "BTC"
prices = "BTC/USDT"
quote = "USDT"

[underlying.chains]
quotes = "data/quotes.parquet"
limit = "6h"
price = "mark"
tenors = [7, 30]
settlement = "coin"

[[portfolio]]
name = "straddle"
rule = { straddle = { underlying = "BTC", tenor = "30d", roll = "7d", quantity = -2, listing = "listed", settlement = "coin" } }

[[portfolio]]
name = "butterfly"
rule = { butterfly = { underlying = "BTC", width = 0.1, tenor = "30d", roll = "7d", quantity = 1, listing = "listed", settlement = "coin" } }

[[portfolio]]
name = "future"
rule = { outright = { underlying = "BTC", contract = "future", tenor = "30d", roll = "7d", quantity = 1, listing = "listed" } }

[[model]]
name = "scan"
kind = "scan"
price_range = 0.15
vol_range = 0.3

[report]
formats = []
"#;

/// Carry of the made-up forwards, per year.
const CARRY: f64 = 0.08;
const EXPIRIES: [&str; 3] = ["2021-01-29T08:00", "2021-02-26T08:00", "2021-06-25T08:00"];

/// Volatility of a strike: it rises with time, and away from the money.
fn vol(hour: usize, forward: f64, strike: f64) -> f64 {
    let moneyness = (strike / forward).ln();
    0.7 + 0.0002 * hour as f64 - 0.05 * moneyness + 0.3 * moneyness * moneyness
}

/// Chains at 05:00 of each day, three hours before the margin date, from the market's own price at that hour.
fn quotes(market: &Market, hours: impl Iterator<Item = usize>) -> Table {
    let mut rows = Vec::new();
    for hour in hours {
        let (time, spot) = (at(hour), market.close("BTC/USDT", hour - 1));
        for expiry in EXPIRIES.map(|text| text.parse::<Timestamp>().unwrap()) {
            let years = time.years_to(expiry);
            if years <= 0.0 {
                continue;
            }
            let forward = spot * (CARRY * years).exp();
            for strike in (20..=44).map(|thousands| f64::from(thousands) * 1000.0) {
                for right in [Right::Call, Right::Put] {
                    let vol = vol(hour, forward, strike);
                    let black = Black76::new(forward, strike, years, vol, 0.0, right).unwrap();
                    rows.push((
                        time,
                        expiry,
                        strike,
                        right,
                        black.price() / forward,
                        forward,
                        spot,
                    ));
                }
            }
        }
    }
    let empty = || Column::Number(vec![None; rows.len()]);
    let columns = [
        ("time", Column::times(rows.iter().map(|row| row.0))),
        ("underlying", Column::texts(rows.iter().map(|_| "BTC"))),
        ("source", Column::texts(rows.iter().map(|_| "made up"))),
        ("expiry", Column::times(rows.iter().map(|row| row.1))),
        ("strike", Column::numbers(rows.iter().map(|row| row.2))),
        (
            "right",
            Column::texts(rows.iter().map(|row| if row.3 == Right::Call { "call" } else { "put" })),
        ),
        ("bid", empty()),
        ("ask", empty()),
        ("bid_iv", empty()),
        ("ask_iv", empty()),
        ("forward", Column::numbers(rows.iter().map(|row| row.5))),
        ("index", Column::numbers(rows.iter().map(|row| row.6))),
        ("mark", Column::numbers(rows.iter().map(|row| row.4))),
        ("price_unit", Column::texts(rows.iter().map(|_| "coin"))),
    ];
    Table::new("chains", columns).unwrap()
}

/// The hours of the snapshots: 05:00 of the days of the study.
fn days() -> impl Iterator<Item = usize> {
    (3..52).map(|day| 24 * day + 5)
}

fn lab() -> Lab {
    let lab = Lab::new();
    lab.write(&quotes(&Market::made_up(), days()), "data/quotes.parquet");
    lab
}

fn load(lab: &Lab, study: &str) -> Result<Loaded, MporError> {
    Loaded::new(&StudyFile::read(&lab.text("chains.toml", study)).unwrap())
}

fn replay(lab: &Lab, study: &str, folder: &str) {
    run(&StudyFile::read(&lab.text("chains.toml", study)).unwrap(), &lab.path(folder), &Silent)
        .unwrap();
}

#[test]
fn forwards_volatilities_and_marks_are_those_of_the_last_chain() {
    let loaded = load(&lab(), STUDY).unwrap();
    let history = loaded.history();
    let step = loaded.steps.start + 4;
    let state = history.state(step).unwrap();
    let underlying = &state.underlyings[0];
    let snapshot = state.time - Span::hours(3);
    let expiry: Timestamp = EXPIRIES[1].parse().unwrap();
    let years = snapshot.years_to(expiry);
    // The curve is over the panel's spot at 08:00, the marks keep the chain's own forward.
    assert!((underlying.forward(years) / underlying.spot - (CARRY * years).exp()).abs() < 1e-12);
    let spot = Market::made_up().close("BTC/USDT", hour_of(snapshot) - 1);
    let forward = spot * (CARRY * years).exp();
    let mut seen = 0;
    for (&ix, mark) in &state.marks {
        let Contract::Option { expiry: of, strike, .. } = history.universe.instrument(ix).contract
        else {
            continue;
        };
        if of == expiry {
            assert!((mark.forward / forward - 1.0).abs() < 1e-12);
            // A deep option's price has few digits left of its volatility.
            let known = vol(hour_of(snapshot), forward, strike);
            assert!((mark.vol - known).abs() < 1e-6, "{strike}: {} for {known}", mark.vol);
            let k = (strike / forward).ln();
            let fitted = underlying.surface.as_ref().unwrap().vol(k, years);
            if k.abs() < 0.15 {
                assert!((fitted - known).abs() < 0.02, "{strike}: {fitted} for {known}");
            }
            seen += 1;
        }
    }
    assert_eq!(seen, 50);
}

#[test]
fn rules_hold_what_the_chain_lists_and_marks_give_the_loss() {
    let lab = lab();
    let loaded = load(&lab, STUDY).unwrap();
    let history = loaded.history();
    let straddle = loaded.books.accounts.iter().position(|name| name == "straddle").unwrap();
    let step = loaded.steps.start;
    for held in loaded.books.portfolios[step].iter().flat_map(|portfolio| portfolio.positions()) {
        let contract = history.universe.instrument(held.instrument).contract;
        assert!(EXPIRIES.iter().any(|text| contract.expiry() == Some(text.parse().unwrap())));
        if let Contract::Option { strike, .. } = contract {
            assert_eq!(strike % 1000.0, 0.0);
            assert!(history.marks[step].contains_key(&held.instrument));
        }
    }
    // Two short straddles over two days, by hand: coins at spot of either date.
    replay(&lab, STUDY, "run");
    let losses = Results::read(&lab.path("run"), "losses");
    let time = history.panel.times()[step];
    let row = (0..losses.rows())
        .find(|&row| losses.times()[row] == time && losses.texts("account")[row] == "straddle")
        .unwrap();
    let market = Market::made_up();
    let worth = |time: Timestamp| -> f64 {
        let snapshot = time - Span::hours(3);
        let spot = market.close("BTC/USDT", hour_of(snapshot) - 1);
        let coin = market.close("BTC/USDT", hour_of(time));
        let legs = loaded.books.portfolios[step][straddle].positions().iter();
        legs.map(|held| {
            let Contract::Option { expiry, strike, right, .. } =
                history.universe.instrument(held.instrument).contract
            else {
                panic!("an option");
            };
            let forward = spot * (CARRY * snapshot.years_to(expiry)).exp();
            let vol = vol(hour_of(snapshot), forward, strike);
            let years = time.years_to(expiry);
            let black = Black76::new(forward, strike, years, vol, 0.0, right).unwrap();
            held.quantity * black.price() / forward * coin
        })
        .sum()
    };
    let by_hand = worth(time) - worth(time + Span::days(2));
    let found = losses.numbers("loss_horizon")[row].unwrap();
    assert!((found - by_hand).abs() < 1e-3 * by_hand.abs().max(1.0), "{found} for {by_hand}");
    assert_eq!(losses.numbers("marks")[row], Some(2.0));
}

#[test]
fn later_chains_change_nothing_before_them() {
    let lab = lab();
    replay(&lab, STUDY, "as-it-was");
    let cut = at(24 * 30);
    let mut other = Market::made_up();
    other = other.altered(24 * 30);
    lab.write(&quotes(&other, days()), "data/quotes.parquet");
    lab.market(&other);
    replay(&lab, STUDY, "otherwise");
    let amounts = |folder: &str| {
        Results::read(&lab.path(folder), "requirements")
            .keyed(&["account", "model", "level"], "amount")
    };
    let (before, after) = (amounts("as-it-was"), amounts("otherwise"));
    let early = |key: &(Timestamp, String)| key.0 < cut;
    assert!(before.keys().filter(|key| early(key)).count() > 50);
    for (key, amount) in before.iter().filter(|(key, _)| early(key)) {
        assert_eq!(after.get(key), Some(amount), "{key:?}");
    }
    assert_ne!(before, after);
}

#[test]
fn surfaces_read_back_give_what_fitting_them_gave() {
    let lab = lab();
    replay(&lab, STUDY, "fitted");
    std::fs::copy(lab.path("fitted/surfaces.parquet"), lab.path("data/surfaces.parquet")).unwrap();
    let again =
        STUDY.replace("limit = \"6h\"", "limit = \"6h\"\nsurfaces = \"data/surfaces.parquet\"");
    replay(&lab, &again, "read");
    for table in ["requirements.parquet", "losses.parquet"] {
        let bytes = |folder: &str| std::fs::read(lab.path(folder).join(table)).unwrap();
        assert_eq!(bytes("fitted"), bytes("read"), "{table}");
    }
    assert!(!Path::new(&lab.path("read/surfaces.parquet")).exists());
    let other = again.replace("data/surfaces.parquet", "data/prices.parquet");
    let problem = load(&lab, &other).err().unwrap().to_string();
    assert!(problem.contains("no column `years`"), "{problem}");
}

#[test]
fn a_margin_date_without_a_chain_is_refused_by_its_time() {
    let lab = lab();
    let gap = quotes(&Market::made_up(), days().filter(|hour| hour / 24 != 20));
    write_parquet(&gap, &lab.path("data/quotes.parquet"), Default::default()).unwrap();
    let problem = load(&lab, STUDY).err().unwrap().to_string();
    assert!(problem.contains("no option chain within 6h before 2021-01-21T08:00:00Z"), "{problem}");
    assert!(problem.contains("the last before it is of 2021-01-20T05:00:00Z"), "{problem}");
    let both = STUDY.replace(
        "[underlying.chains]",
        "[underlying.volatility]\nchain = \"data/chains.parquet\"\nlevel = { realised = { ewma = 0.94 } }\n\n[underlying.chains]",
    );
    let problem = StudyFile::read(&lab.text("both.toml", &both)).unwrap_err().to_string();
    assert!(problem.contains("keep one of them"), "{problem}");
    let weekly = STUDY.replace("[underlying.chains]", "[underlying.volatility]").replace(
        "quotes = \"data/quotes.parquet\"\nlimit = \"6h\"\nprice = \"mark\"\ntenors = [7, 30]\nsettlement = \"coin\"",
        "chain = \"data/chains.parquet\"\nlevel = { realised = { ewma = 0.94 } }\ntenors = [7, 30]",
    );
    let problem = load(&lab, &weekly).err().unwrap().to_string();
    assert!(problem.contains("holds options that the chain marks"), "{problem}");
}
