//! Dated futures with prices of their own through a study: they give the loss, they are rolled and delivered, and nothing known
//! later changes what was asked before.

use std::collections::BTreeMap;

use mpor::run::run;
use mpor::verify::verify;
use mpor::{Loaded, Silent, Span, StudyFile, Timestamp};

use crate::lab::{Lab, Market, at, hour_of};
use crate::results::Results;

const STUDY: &str = r#"schema = 1
name = "futures"
currency = "USD"

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
to = "2021-04-05"

[mpor]
horizon = "2d"

[[underlying]]
name = "BTC"
prices = "BTC/USDT"
quote = "USDT"
funding = "BTC-PERP"

[underlying.futures]
perpetual = "BTC-PERP"
limit = "36h"

[[portfolio]]
name = "rolling"
rule = { futures = { underlying = "BTC", roll_before = "3d", quantity = 2, listing = "listed" } }

[[portfolio]]
name = "perpetual"
rule = { outright = { underlying = "BTC", contract = "perpetual", roll = "7d", quantity = 1 } }

[[model]]
name = "scan"
kind = "scan"
price_range = 0.12
vol_range = 0.3

[[model]]
name = "hs"
kind = "var"
level = 0.975
scenarios = { historical = { window = 25 } }

[report]
formats = []
"#;

/// Futures by symbol, and by how much each stands above spot at an hour: more than any carry says, so that only its own price
/// can be right.
const FUTURES: [(&str, &str); 3] = [
    ("BTC-26FEB21", "2021-02-26T08:00"),
    ("BTC-26MAR21", "2021-03-26T08:00"),
    ("BTC-25JUN21", "2021-06-25T08:00"),
];

fn basis(hour: usize, future: usize) -> f64 {
    1.0 + 0.001 * ((hour * 5 + future * 11) % 13) as f64 + 0.004 * future as f64
}

fn with_futures(market: Market) -> Market {
    let spot = market.series.iter().find(|(name, _)| *name == "BTC/USDT").unwrap().1.clone();
    let mut market = market;
    for (at, (symbol, _)) in FUTURES.into_iter().enumerate() {
        let closes = spot.iter().enumerate().map(|(hour, spot)| spot * basis(hour, at)).collect();
        market.series.push((symbol, closes));
    }
    market
}

fn lab(market: &Market) -> Lab {
    let lab = Lab::new();
    lab.market(market);
    lab
}

fn replay(lab: &Lab, study: &str, folder: &str) {
    let file = StudyFile::read(&lab.text("study.toml", study)).unwrap();
    run(&file, &lab.path(folder), &Silent).unwrap();
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn the_loss_is_that_of_the_futures_own_prices_until_delivery() {
    let market = with_futures(Market::made_up());
    let lab = lab(&market);
    replay(&lab, STUDY, "run");
    let losses = Results::read(&lab.path("run"), "losses");
    let close = |symbol: &str, when: Timestamp| market.close(symbol, hour_of(when));
    let mut seen = BTreeMap::new();
    for row in 0..losses.rows() {
        if losses.texts("account")[row] != "rolling" {
            continue;
        }
        let from = losses.times()[row];
        let to = from + Span::days(2);
        let Some(found) = losses.numbers("loss_horizon")[row] else { continue };
        // Rolled three days before expiry, by the calendar: on 23 February and 23 March.
        let held = match from {
            day if day < time("2021-02-23T08:00") => 0,
            day if day < time("2021-03-23T08:00") => 1,
            _ => 2,
        };
        let (symbol, _) = FUTURES[held];
        let by_hand = -2.0 * (close(symbol, to) - close(symbol, from));
        assert!((found - by_hand).abs() < 1e-7 * close(symbol, from), "{from}: {found} {by_hand}");
        assert_eq!(losses.numbers("marks")[row], Some(1.0), "{from}");
        *seen.entry(held).or_insert(0) += 1;
    }
    assert_eq!(seen.len(), 3);
    assert!(seen.values().all(|&dates| dates > 5), "{seen:?}");
}

#[test]
fn a_book_that_holds_to_expiry_is_delivered_at_the_index() {
    let market = with_futures(Market::made_up());
    let lab = lab(&market);
    replay(&lab, &STUDY.replace("\"3d\"", "\"0d\""), "run");
    let losses = Results::read(&lab.path("run"), "losses");
    let from = time("2021-02-25T08:00");
    let row = (0..losses.rows())
        .find(|&row| losses.times()[row] == from && losses.texts("account")[row] == "rolling")
        .unwrap();
    let close = |symbol: &str, when: &str| market.close(symbol, hour_of(time(when)));
    // The index at expiry, a day into a margin period of two: what it does after that is nobody's loss.
    let delivered = close("BTC/USDT", "2021-02-26T08:00");
    let by_hand = -2.0 * (delivered - close("BTC-26FEB21", "2021-02-25T08:00"));
    let found = losses.numbers("loss_horizon")[row].unwrap();
    assert!((found - by_hand).abs() < 1e-7 * delivered, "{found} {by_hand}");
    assert_eq!(losses.numbers("settlements")[row], Some(1.0));
}

#[test]
fn rolls_are_trades_at_the_prices_of_their_date() {
    let market = with_futures(Market::made_up());
    let lab = lab(&market);
    replay(&lab, STUDY, "run");
    let trades = Results::read(&lab.path("run"), "trades");
    let rows: Vec<(Timestamp, String, f64, f64, String)> = (0..trades.rows())
        .map(|row| {
            (
                trades.times()[row],
                trades.texts("instrument")[row].clone(),
                trades.numbers("quantity")[row].unwrap(),
                trades.numbers("price")[row].unwrap(),
                trades.texts("what")[row].clone(),
            )
        })
        .collect();
    let what: Vec<(&str, f64, &str)> =
        rows.iter().map(|row| (row.1.as_str(), row.2, row.4.as_str())).collect();
    let expected = [
        ("BTC-26FEB21", 2.0, "open"),
        ("BTC-26FEB21", -2.0, "roll"),
        ("BTC-26MAR21", 2.0, "roll"),
        ("BTC-26MAR21", -2.0, "roll"),
        ("BTC-25JUN21", 2.0, "roll"),
    ];
    assert_eq!(what, expected);
    for (when, symbol, _, price, _) in &rows {
        let own = market.close(symbol, hour_of(*when));
        assert!((price / own - 1.0).abs() < 1e-12, "{symbol} at {when}");
    }
    // The basis of each future at each step, by its own price.
    let futures = Results::read(&lab.path("run"), "futures");
    assert!(futures.texts("source").iter().all(|source| source == "own price"));
    let known = futures.numbers("basis").iter().flatten().any(|found| {
        let hour = hour_of(time("2021-02-10T08:00"));
        (found - (basis(hour, 0) - 1.0)).abs() < 1e-12
    });
    assert!(known);
}

#[test]
fn later_prices_of_futures_change_nothing_before_them() {
    let market = with_futures(Market::made_up());
    let lab = lab(&market);
    replay(&lab, STUDY, "as-it-was");
    let fork = hour_of(time("2021-03-10T12:00"));
    let mut other = market.clone();
    for (name, closes) in &mut other.series {
        if FUTURES.iter().any(|(symbol, _)| symbol == name) || *name == "BTC-PERP" {
            let swing = |hour: usize| if (hour / 30).is_multiple_of(2) { 1.2 } else { 0.9 };
            closes
                .iter_mut()
                .enumerate()
                .skip(fork)
                .for_each(|(hour, close)| *close *= swing(hour));
        }
    }
    lab.market(&other);
    replay(&lab, STUDY, "otherwise");
    let of = |folder: &str, table: &str, keys: &[&str], column: &str| {
        Results::read(&lab.path(folder), table).keyed(keys, column)
    };
    let required =
        |folder: &str| of(folder, "requirements", &["account", "model", "level"], "amount");
    let (before, after) = (required("as-it-was"), required("otherwise"));
    let early = |key: &(Timestamp, String)| key.0 < at(fork);
    assert!(before.keys().filter(|key| early(key)).count() > 100);
    for (key, amount) in before.iter().filter(|(key, _)| early(key)) {
        assert_eq!(after.get(key), Some(amount), "{key:?}");
    }
    assert_ne!(before, after);
}

#[test]
fn prices_that_end_give_way_to_a_carry_and_are_counted() {
    let market = with_futures(Market::made_up());
    let lab = lab(&market);
    let mut ending = market.clone();
    let end = hour_of(time("2021-03-15T08:00"));
    ending.series.retain(|(name, _)| !FUTURES.iter().any(|(symbol, _)| symbol == name));
    lab.market(&ending);
    let mut futures = market;
    futures.series.retain(|(name, _)| FUTURES.iter().any(|(symbol, _)| symbol == name));
    lab.write(&futures.until(end).table(), "data/futures.parquet");
    let study = STUDY
        .replace("perpetual = \"BTC-PERP\"\nlimit", "prices = \"data/futures.parquet\"\nlimit")
        .replace("listing = \"listed\"", "listing = \"monthly\"");
    let loaded = Loaded::new(&StudyFile::read(&lab.text("study.toml", &study)).unwrap()).unwrap();
    let said = loaded.market.notes.join("\n");
    assert!(said.contains("3 dated futures have prices of their own"), "{said}");
    assert!(said.contains("at 20 steps there is none and a carry of 0 a year stands"), "{said}");
    assert!(said.contains("Perpetuals are marked on the index BTC/USDT"), "{said}");
    replay(&lab, &study, "run");
    let losses = Results::read(&lab.path("run"), "losses");
    let counted = |when: &str, column: &str| {
        let row = (0..losses.rows()).find(|&row| {
            losses.times()[row] == time(when) && losses.texts("account")[row] == "rolling"
        });
        losses.numbers(column)[row.unwrap()]
    };
    assert_eq!(counted("2021-03-10T08:00", "marks"), Some(1.0));
    assert_eq!(counted("2021-03-20T08:00", "surface"), Some(1.0));
}

#[test]
fn a_file_that_an_import_makes_is_told_with_its_command() {
    let lab = lab(&with_futures(Market::made_up()));
    lab.text(
        "imports/futures.toml",
        "files = [\"../absent/raw.parquet\"]\ntable = \"prices\"\nto = \"../data/futures.parquet\"\n",
    );
    let study = STUDY.replace("limit = ", "prices = \"data/futures.parquet\"\nlimit = ");
    let file = StudyFile::read(&lab.text("study.toml", &study)).unwrap();
    let told = Loaded::new(&file).err().unwrap().to_string();
    let command = format!(
        "`mpor data import --spec {}` makes it",
        lab.path("imports/futures.toml").display()
    );
    assert!(told.contains(&command), "{told}");
    assert!(told.contains("absent/raw.parquet, which is not here"), "{told}");
}

#[test]
fn what_a_study_cannot_mean_is_refused() {
    let lab = lab(&with_futures(Market::made_up()));
    let told = |study: &str| {
        let file = StudyFile::read(&lab.text("study.toml", study));
        file.map_err(mpor::MporError::from)
            .and_then(|file| Loaded::new(&file))
            .err()
            .unwrap()
            .to_string()
    };
    let twice = STUDY.replace(
        "funding = \"BTC-PERP\"\n\n",
        "funding = \"BTC-PERP\"\nperpetual = \"BTC-PERP\"\n\n",
    );
    assert!(told(&twice).contains("`perpetual` is named twice"));
    let none = STUDY.replace("perpetual = \"BTC-PERP\"\nlimit", "name = \"XBT\"\nlimit");
    let problem = told(&none);
    assert!(problem.contains("is a future named like `XBT-27MAR26`"), "{problem}");
    let stated = STUDY
        .replace("limit = ", "expiries = { \"BTC-PERP\" = \"2021-03-26T08:00:00Z\" }\nlimit = ");
    assert!(told(&stated).contains("both expire at 2021-03-26T08:00:00Z"));
    let clock = STUDY.replace("limit = ", "expires_at = \"25:00\"\nlimit = ");
    assert!(told(&clock).contains("is not a time of day"));
}

#[test]
fn a_rule_file_of_the_study_is_an_input_of_its_run() {
    let lab = Lab::new();
    let generic =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../mpor-margin/rules/generic/isolated/1.toml");
    let house = std::fs::read_to_string(generic)
        .unwrap()
        .replace("venue = \"generic\"", "venue = \"house\"");
    let rules = lab.text("rules/house/isolated/1.toml", &house);
    lab.market(&with_futures(Market::made_up()));
    let study = STUDY.replace("funding = \"data/", "rules = [\"rules\"]\nfunding = \"data/").replace(
        "[[model]]\nname = \"scan\"",
        "[[model]]\nname = \"house\"\nrules = \"house/isolated\"\nas_of = \"2021-01-01\"\n\n[[model]]\nname = \"scan\"",
    );
    replay(&lab, &study, "run");
    assert_eq!(verify(&lab.path("run"), &Silent).unwrap().differences, Vec::<String>::new());
    let manifest = std::fs::read_to_string(lab.path("run/manifest.json")).unwrap();
    assert!(manifest.contains("rules/house/isolated/1.toml"), "{manifest}");
    std::fs::write(&rules, house.replace("initial = 0.50", "initial = 0.60")).unwrap();
    assert_eq!(
        verify(&lab.path("run"), &Silent).unwrap().differences,
        ["input ../rules/house/isolated/1.toml: its bytes are not those the manifest recorded"]
    );
    replay(&lab, &study, "again");
    let inputs = |run: &str| {
        let text = std::fs::read_to_string(lab.path(run).join("manifest.json")).unwrap();
        text.split("\"outputs\"").next().unwrap().to_owned()
    };
    assert_ne!(inputs("run"), inputs("again"));
}
