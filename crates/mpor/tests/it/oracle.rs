//! Index prices, faults of their sources and liquidations, through the whole pipeline and by hand; and 10 October 2025 in
//! form: collateral valued on one venue's own book is sold where a median of three sources would have left it alone.

use std::path::{Path, PathBuf};

use mpor::run::run;
use mpor::verify::verify;
use mpor::{Loaded, Silent, Span, StudyFile, Timestamp};
use mpor_core::{Column, Table};
use mpor_data::tables::{Metadata, read_parquet, write_parquet};
use tempfile::TempDir;

use crate::results::Results;

/// Bars of five minutes on 10 October 2025: known from 00:05 to midnight.
const BARS: usize = 288;

fn at(bar: usize) -> Timestamp {
    let first: Timestamp = "2025-10-10T00:05".parse().unwrap();
    first + Span(bar as i64 * 300_000_000)
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Symbol, source, time and close.
type Bar = (&'static str, &'static str, Timestamp, f64);

fn prices(rows: &[Bar]) -> Table {
    let none = || Column::Number(vec![None; rows.len()]);
    let columns = [
        ("time", Column::times(rows.iter().map(|row| row.2))),
        ("symbol", Column::texts(rows.iter().map(|row| row.0))),
        ("source", Column::texts(rows.iter().map(|row| row.1))),
        ("open", none()),
        ("high", none()),
        ("low", none()),
        ("close", Column::numbers(rows.iter().map(|row| row.3))),
        ("volume", none()),
    ];
    Table::new("prices", columns).unwrap()
}

/// Three venues with one price each of a coin and of a stablecoin: 100,000 and 1 all day, moved by `by`.
fn quiet(by: impl Fn(&str, &str, usize) -> f64) -> Vec<Bar> {
    let mut rows = Vec::new();
    for (symbol, price) in [("BTC/USDT", 100_000.0), ("USDE/USDT", 1.0)] {
        for source in ["own", "east", "west"] {
            rows.extend(
                (0..BARS).map(|bar| (symbol, source, at(bar), price * by(symbol, source, bar))),
            );
        }
    }
    rows
}

const HEAD: &str = r#"schema = 1
name = "october"
currency = "USD"

[data]
prices = "prices.parquet"

[fx]
USDT = 1.0

[calendar]
kind = "24x7"
step = "5m"
cut = "00:00"
from = "2025-10-10T00:05"

[mpor]
horizon = "5m"

[[index]]
name = "BTC index"
rule = "okx/index"
sources = [
    { prices = "BTC/USDT", source = "own", quote = "USDT" },
    { prices = "BTC/USDT", source = "east", quote = "USDT" },
    { prices = "BTC/USDT", source = "west", quote = "USDT" },
]

[[index]]
name = "BTC of one"
rule = "okx/index"
sources = [{ prices = "BTC/USDT", source = "own", quote = "USDT" }]

[[index]]
name = "USDE median"
rule = "dydx/index"
sources = [
    { prices = "USDE/USDT", source = "own", quote = "USDT" },
    { prices = "USDE/USDT", source = "east", quote = "USDT" },
    { prices = "USDE/USDT", source = "west", quote = "USDT" },
]

[[underlying]]
name = "BTC"
prices = "BTC index"

[[underlying]]
name = "XBT"
prices = "BTC of one"

[[portfolio]]
name = "three"
rule = { outright = { underlying = "BTC", contract = "perpetual", roll = "7d", quantity = 3 } }

[[portfolio]]
name = "one"
rule = { outright = { underlying = "XBT", contract = "perpetual", roll = "7d", quantity = 3 } }

[[model]]
name = "isolated"
rules = "generic/isolated"

[report]
formats = []
"#;

/// Thirty thousand stablecoins behind each account: on the venue's own book, and at the median of three.
const COLLATERAL: &str = r#"
[[collateral]]
account = "one"
asset = "USDE"
amount = 30_000
valued_on = { prices = "USDE/USDT", source = "own", quote = "USDT" }

[[collateral]]
account = "three"
asset = "USDE"
amount = 30_000
valued_on = "USDE median"
"#;

struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new(rows: &[Bar]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        write_parquet(&prices(rows), &folder.path().join("prices.parquet"), Metadata::new())
            .unwrap();
        Desk { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn study(&self, text: &str) -> StudyFile {
        std::fs::write(self.path("study.toml"), text).unwrap();
        StudyFile::read(&self.path("study.toml")).unwrap_or_else(|error| unreachable!("{error}"))
    }

    fn run(self, text: &str) -> Ran {
        let folder = self.path("run");
        let notes = run(&self.study(text), &folder, &Silent).unwrap().notes;
        Ran { folder, notes, _desk: self }
    }

    /// Why the study cannot be used, with the line it points at.
    fn refused(&self, text: &str) -> (String, String) {
        std::fs::write(self.path("study.toml"), text).unwrap();
        let told = match StudyFile::read(&self.path("study.toml")) {
            Err(error) => error,
            Ok(file) => match Loaded::new(&file) {
                Err(mpor::MporError::Study(error)) => *error,
                Err(other) => unreachable!("{other}"),
                Ok(_) => unreachable!("accepted"),
            },
        };
        let before = &text[..told.span.clone().unwrap().start];
        let line = text.lines().nth(before.matches('\n').count()).unwrap();
        (told.problem, line.to_owned())
    }
}

struct Ran {
    folder: PathBuf,
    notes: Vec<String>,
    _desk: Desk,
}

impl Ran {
    /// A number of the one row of a table that has these texts.
    fn number(&self, table: &str, keys: &[(&str, &str)], column: &str) -> Option<f64> {
        let results = Results::read(&self.folder, table);
        let texts: Vec<Vec<String>> = keys.iter().map(|(key, _)| results.texts(key)).collect();
        let is = |&row: &usize| keys.iter().zip(&texts).all(|((_, want), of)| of[row] == *want);
        let rows: Vec<usize> = (0..results.rows()).filter(is).collect();
        assert_eq!(rows.len(), 1, "{table} {keys:?}");
        results.numbers(column)[rows[0]]
    }

    fn compared(&self, account: &str, column: &str) -> f64 {
        self.number("oracle", &[("account", account)], column).unwrap()
    }

    /// When an account was liquidated in a scenario, and its equity then.
    fn liquidated(&self, scenario: &str, account: &str) -> Option<(Timestamp, f64)> {
        let keys = [("scenario", scenario), ("account", account)];
        let equity = self.number("liquidations", &keys, "equity")?;
        let table = read_parquet(&self.folder.join("liquidations.parquet")).unwrap();
        let Some(Column::Time(times)) = table.column("time") else { unreachable!() };
        let results = Results::read(&self.folder, "liquidations");
        let (scenarios, accounts) = (results.texts("scenario"), results.texts("account"));
        let row =
            (0..results.rows()).find(|&row| scenarios[row] == scenario && accounts[row] == account);
        Some((times[row.unwrap()].unwrap(), equity))
    }
}

#[track_caller]
fn near(found: f64, by_hand: f64) {
    assert!((found - by_hand).abs() <= 1e-9 * by_hand.abs().max(1.0), "{found} and not {by_hand}");
}

/// One venue halves its price for half an hour: 100,000, 100,000 and 50,000, of which the last counts as 97,000.
#[test]
fn a_spike_of_one_source_by_hand() {
    let spike = r#"
[[fault]]
name = "spike"
source = "own"
prices = "BTC/USDT"
kind = "spiked"
from = "2025-10-10T12:00"
to = "2025-10-10T12:30"
move = -0.5
"#;
    let ran = Desk::new(&quiet(|_, _, _| 1.0)).run(&format!("{HEAD}{spike}"));
    // Three coins ask for 10 %: 30,000. Of 288 margin dates the fault is seen at the six from 12:00 to 12:25.
    for (account, fall) in [("three", 300.0), ("one", 15_000.0)] {
        near(ran.compared(account, "requirement_without"), 30_000.0);
        near(ran.compared(account, "requirement_with"), 30_000.0 - fall * 6.0 / 288.0);
        near(ran.compared(account, "largest_fall"), fall);
        near(ran.compared(account, "largest_rise"), 0.0);
        assert_eq!(ran.compared(account, "breaches_without"), 0.0);
    }
    // At 11:55 three coins at one source lose 150,000 by 12:00; at the index of three they lose 3,000.
    assert_eq!(ran.compared("one", "breaches_with"), 1.0);
    near(ran.compared("one", "shortfall_with"), 120_000.0);
    near(ran.compared("one", "worst_shortfall_with"), 120_000.0);
    assert_eq!(ran.compared("three", "breaches_with"), 0.0);
    let told = ran.notes.iter().find(|note| note.starts_with("Fault spike")).unwrap();
    let spike = "Fault spike (own BTC/USDT spiked by -50.0 % from 2025-10-10T12:00:00Z to 2025-10-10T12:30:00Z): ";
    assert!(told.starts_with(spike), "{told}");
    assert!(told.contains("at most 15000 (one under isolated, too low)"), "{told}");
    assert!(told.contains("breaches 0 without and 1 with it"), "{told}");
    let told: Vec<&String> =
        ran.notes.iter().filter(|note| note.starts_with("Fault spike: of the 288")).collect();
    assert_eq!(told.len(), 1, "the index of one source clamps nothing: {told:?}");
    assert!(
        told[0].contains("BTC index under it") && told[0].contains(" 6 clamp or leave out a price"),
        "{told:?}"
    );
    let index = Results::read(&ran.folder, "index");
    let (scenarios, prices) = (index.texts("scenario"), index.numbers("price"));
    let of = |name: &str, price: f64| {
        (0..index.rows())
            .filter(|&row| scenarios[row] == name && prices[row] == Some(price))
            .count()
    };
    assert_eq!([of("", 99_000.0), of("spike", 99_000.0), of("spike", 50_000.0)], [0, 6, 6]);
    // Without collateral nobody is liquidated, and no table says so.
    assert!(!ran.folder.join("liquidations.parquet").exists());
    let results = Results::read(&ran.folder, "oracle");
    assert!(results.numbers("liquidated_with").iter().all(Option::is_none));
}

/// The venue's own book falls by a third within 20 minutes while the others hold.
const DEPEG: &str = r#"
[[fault]]
name = "own book"
source = "own"
prices = "USDE/USDT"
kind = "depegged"
from = "2025-10-10T21:36"
to = "2025-10-10T22:16"
move = -0.35
ramp = "20m"
"#;

#[test]
fn october_in_form_as_a_fault_of_the_own_book() {
    let desk = Desk::new(&quiet(|_, _, _| 1.0));
    let ran = desk.run(&format!("{HEAD}{COLLATERAL}{DEPEG}"));
    // Maintenance is 8 % of 300,000. At 21:50 the fault is 14 minutes old: 1 - 0.35 * 14 / 20 = 0.755, so 30,000 coins
    // are worth 22,650; at 21:45 they were worth 30,000 * (1 - 0.35 * 9 / 20) = 25,275, which is enough.
    let (when, equity) = ran.liquidated("own book", "one").unwrap();
    assert_eq!(when, time("2025-10-10T21:50"));
    near(equity, 22_650.0);
    assert_eq!(ran.liquidated("own book", "three"), None, "the median of three does not move");
    assert_eq!(ran.liquidated("", "one"), None);
    assert_eq!(ran.liquidated("", "three"), None);
    let pair =
        |account| ["liquidated_without", "liquidated_with"].map(|c| ran.compared(account, c));
    assert_eq!((pair("one"), pair("three")), ([0.0, 1.0], [0.0, 0.0]));
    // What positions are worth is not touched by it.
    near(ran.compared("one", "largest_fall"), 0.0);
    let verified = verify(&ran.folder, &Silent).unwrap();
    assert_eq!(verified.differences, Vec::<String>::new());
    assert!(verified.reproduced >= 3);
}

/// Margin dates each four hours never see a fall of forty minutes; prices each five minutes do.
#[test]
fn october_is_seen_between_margin_dates() {
    let head = HEAD.replacen("step = \"5m\"", "step = \"4h\"", 1).replacen(
        "horizon = \"5m\"",
        "horizon = \"4h\"",
        1,
    );
    let ran = Desk::new(&quiet(|_, _, _| 1.0)).run(&format!("{head}{COLLATERAL}{DEPEG}"));
    // As with steps of five minutes: at 21:50 the own book says 0.755, and 24,000 are asked for since 20:00.
    let (when, equity) = ran.liquidated("own book", "one").unwrap();
    assert_eq!(when, time("2025-10-10T21:50"));
    near(equity, 22_650.0);
    let table = read_parquet(&ran.folder.join("liquidations.parquet")).unwrap();
    let Some(Column::Time(dates)) = table.column("margin_date") else { unreachable!() };
    let dates: Vec<Timestamp> = dates.iter().flatten().copied().collect();
    assert_eq!(dates, [time("2025-10-10T20:00")]);
    for (scenario, account) in [("own book", "three"), ("", "one"), ("", "three")] {
        assert_eq!(ran.liquidated(scenario, account), None);
    }
}

/// A spike of the market itself between two margin dates: the loss is of its instant.
#[test]
fn a_loss_between_margin_dates_liquidates() {
    // Every venue's coin falls by 3 % from 12:35 to 13:00: 9,000 of three coins, and 30,000 - 9,000 are below 24,000.
    let rows = quiet(|symbol, _, bar| match symbol {
        "BTC/USDT" if (150..155).contains(&bar) => 0.97,
        _ => 1.0,
    });
    let head = HEAD.replacen("step = \"5m\"", "step = \"4h\"", 1).replacen(
        "horizon = \"5m\"",
        "horizon = \"4h\"",
        1,
    );
    let ran = Desk::new(&rows).run(&format!("{head}{COLLATERAL}"));
    for account in ["one", "three"] {
        let (when, equity) = ran.liquidated("", account).unwrap();
        assert_eq!(when, at(150));
        near(equity, 21_000.0);
    }
}

/// The same fall as recorded prices, without any fault: and a loss on positions counts as well.
#[test]
fn liquidations_on_recorded_prices_by_hand() {
    let rows = quiet(|symbol, source, bar| match (symbol, source) {
        ("USDE/USDT", "own") if (200..210).contains(&bar) => 0.7,
        // Every venue's coin loses 2 % from bar 100 on.
        ("BTC/USDT", _) if bar >= 100 => 0.98,
        _ => 1.0,
    });
    let ran = Desk::new(&rows).run(&format!("{HEAD}{COLLATERAL}"));
    // From bar 100 on: P&L of -6,000 and maintenance of 8 % of 294,000 = 23,520. 30,000 - 6,000 is enough, and
    // 21,000 - 6,000 is not.
    let (when, equity) = ran.liquidated("", "one").unwrap();
    assert_eq!(when, at(200));
    near(equity, 15_000.0);
    assert_eq!(ran.liquidated("", "three"), None);
    let keys = [("scenario", ""), ("account", "one")];
    near(ran.number("liquidations", &keys, "pnl").unwrap(), -6_000.0);
    near(ran.number("liquidations", &keys, "maintenance").unwrap(), 23_520.0);
    assert!(!ran.folder.join("oracle.parquet").exists(), "no fault, no comparison");
}

/// Every kind in a study of its own scenario, on a price that rises by ten a bar.
#[test]
fn each_kind_of_fault_by_hand() {
    let rows =
        quiet(|symbol, _, bar| if symbol == "BTC/USDT" { 1.0 + 1e-4 * bar as f64 } else { 1.0 });
    let fault = |kind: &str, more: &str| {
        // Bars 100 to 111.
        let (from, to) = (at(100), at(112));
        format!(
            "\n[[fault]]\nname = \"{kind}\"\nsource = \"own\"\nprices = \"BTC/USDT\"\nkind = \"{kind}\"\nfrom = \"{from}\"\nto = \"{to}\"\n{more}"
        )
    };
    let kinds = [
        ("stale", ""),
        ("frozen", ""),
        ("spiked", "move = 0.5\n"),
        ("lagged", "lag = \"30m\"\n"),
        ("depegged", "move = 0.5\nramp = \"1h\"\n"),
        ("missing", ""),
    ];
    let faults: String = kinds.iter().map(|(kind, more)| fault(kind, more)).collect();
    let ran = Desk::new(&rows).run(&format!("{HEAD}{faults}"));
    let index = Results::read(&ran.folder, "index");
    let (scenarios, names, times) = (index.texts("scenario"), index.texts("index"), index.times());
    let rows_of = |scenario: &str, name: &str| -> Vec<usize> {
        (0..index.rows()).filter(|&row| scenarios[row] == scenario && names[row] == name).collect()
    };
    let (prices, stale, absent) =
        (index.numbers("price"), index.numbers("stale"), index.numbers("absent"));
    let price = |scenario: &str, bar: usize| {
        let row = rows_of(scenario, "BTC of one").into_iter().find(|&row| times[row] == at(bar));
        row.and_then(|row| prices[row])
    };
    for (scenario, by_hand) in [
        ("", 101_060.0),
        ("frozen", 100_990.0),
        ("lagged", 101_000.0),
        ("spiked", 1.5 * 101_060.0),
        // Half an hour into a ramp of one.
        ("depegged", 1.25 * 101_060.0),
    ] {
        near(price(scenario, 106).unwrap(), by_hand);
        near(price(scenario, 99).unwrap(), 100_990.0);
        near(price(scenario, 112).unwrap(), 101_120.0);
    }
    for scenario in ["stale", "missing"] {
        assert_eq!(rows_of(scenario, "BTC of one").len(), BARS - 12, "nobody else observes");
    }
    // Among three a silent source counts for thirty minutes, and a missing one not at all.
    let bars = |scenario: &str, counts: &[Option<f64>]| -> Vec<Timestamp> {
        let rows = rows_of(scenario, "BTC index").into_iter();
        rows.filter(|&row| counts[row] == Some(1.0)).map(|row| times[row]).collect()
    };
    assert_eq!(bars("stale", &stale), (106..112).map(at).collect::<Vec<_>>());
    assert_eq!(bars("stale", &absent), []);
    assert_eq!(bars("missing", &absent), (100..112).map(at).collect::<Vec<_>>());
    assert_eq!(bars("missing", &stale), []);
}

/// A missing source is one that was never named.
#[test]
fn a_missing_source_is_a_study_without_it() {
    let noise = |_: &str, source: &str, bar: usize| {
        1.0 + 0.001 * ((bar * 7 + source.len() * 13) % 11) as f64 - 0.001 * ((bar * bar) % 5) as f64
    };
    let rows: Vec<Bar> = quiet(|_, source, bar| match source {
        "own" => noise("", "own", bar),
        "east" => noise("", "eastern", bar),
        _ => noise("", "in the west", bar),
    });
    let missing = "\n[[fault]]\nname = \"gone\"\nsource = \"own\"\nprices = \"BTC/USDT\"\nkind = \"missing\"\nfrom = \"2025-10-10\"\nto = \"2025-10-12\"\n";
    let alone = |text: &str| {
        // Without the account whose index has no other source.
        let (a, rest) = text.split_once("[[index]]\nname = \"BTC of one\"").unwrap();
        let (_, rest) = rest.split_once("[[index]]").unwrap();
        let text = format!("{a}[[index]]{rest}");
        let (a, rest) = text.split_once("[[underlying]]\nname = \"XBT\"").unwrap();
        let (_, rest) = rest.split_once("[[portfolio]]").unwrap();
        let text = format!("{a}[[portfolio]]{rest}");
        let (a, rest) = text.split_once("[[portfolio]]\nname = \"one\"").unwrap();
        let (_, rest) = rest.split_once("[[model]]").unwrap();
        format!("{a}[[model]]{rest}")
    };
    let faulty = Desk::new(&rows).run(&alone(&format!("{HEAD}{missing}")));
    let own = "    { prices = \"BTC/USDT\", source = \"own\", quote = \"USDT\" },\n";
    assert!(HEAD.contains(own));
    let without = Desk::new(&rows).run(&alone(&HEAD.replace(own, "")));
    let required = Results::read(&without.folder, "requirements");
    let (levels, amounts) = (required.texts("level"), required.numbers("amount"));
    let initial: Vec<f64> = (0..required.rows())
        .filter(|&row| levels[row] == "initial")
        .map(|row| amounts[row].unwrap())
        .collect();
    let mean = initial.iter().sum::<f64>() / initial.len() as f64;
    assert!(initial.iter().any(|amount| *amount != initial[0]), "prices move");
    near(faulty.compared("three", "requirement_with"), mean);
    assert!((faulty.compared("three", "requirement_without") - mean).abs() > 1e-6);
}

/// What the index was made of, at every instant and in a sentence.
#[test]
fn every_instant_says_what_it_was_made_of() {
    let mut rows = quiet(|symbol, source, bar| match (symbol, source, bar) {
        ("BTC/USDT", "west", 50) => 1.05,
        _ => 1.0,
    });
    // East stops for an hour at 10:00: it is stale from 10:30 on, which the rule counts from the value of 09:55.
    let (from, to) = (time("2025-10-10T10:00"), time("2025-10-10T11:00"));
    rows.retain(|row| !(row.0 == "BTC/USDT" && row.1 == "east" && from <= row.2 && row.2 < to));
    let ran = Desk::new(&rows).run(HEAD);
    let results = Results::read(&ran.folder, "index");
    let names = results.texts("index");
    let rows: Vec<usize> = (0..results.rows()).filter(|&row| names[row] == "BTC index").collect();
    assert_eq!(rows.len(), BARS);
    let times = results.times();
    let [used, stale, clamped] = ["used", "stale", "clamped"].map(|column| results.numbers(column));
    let stale_at: Vec<Timestamp> =
        rows.iter().filter(|&&row| stale[row] == Some(1.0)).map(|&row| times[row]).collect();
    // 09:55 plus 30 minutes still counts at 10:25; 10:30 to 10:55 are six bars.
    assert_eq!((stale_at.len(), stale_at[0]), (6, time("2025-10-10T10:30")));
    assert!(rows.iter().all(|&row| used[row].unwrap() + stale[row].unwrap() == 3.0));
    let clamped: Vec<usize> =
        rows.iter().copied().filter(|&row| clamped[row] == Some(1.0)).collect();
    assert_eq!(clamped.len(), 1);
    // 105,000 counts as 103,000.
    near(results.numbers("price")[clamped[0]].unwrap(), 101_000.0);
    let told = ran.notes.iter().find(|note| note.starts_with("Index BTC index")).unwrap();
    let expected = "Index BTC index: rule okx/index undated (start not known, primary), from own, east, west. Of 288 instants 6 lack a source (at the fewest 2 of 3 are left), 6 leave out a stale one, 1 clamp or leave out a price, and 0 carry the last index.";
    assert_eq!(told, expected);
}

#[test]
fn what_does_not_fit_is_told_at_its_place() {
    let desk = Desk::new(&quiet(|_, _, _| 1.0));
    let fault = "\n[[fault]]\nname = \"f\"\nsource = \"own\"\nkind = \"spiked\"\nfrom = \"2025-10-10T12:00\"\nto = \"2025-10-10T12:30\"\nmove = -0.5\n";
    let whole = format!("{HEAD}{COLLATERAL}{fault}");
    let told = |from: &str, to: &str| {
        assert!(whole.contains(from), "{from}");
        desk.refused(&whole.replacen(from, to, 1))
    };
    let check = |(problem, line): (String, String), what: &str, place: &str| {
        assert!(problem.contains(what), "{problem}");
        assert!(line.contains(place), "{line}: {problem}");
    };
    let found = told("rule = \"okx/index\"", "rule = \"okx/indx\"");
    check(found, "unknown index rule `okx/indx`; did you mean `okx/index`?", "okx/indx");
    let found = told("source = \"east\"", "source = \"eats\"");
    check(
        found,
        "no source `eats` has `BTC/USDT`; did you mean `east`? known: east, own, west",
        "eats",
    );
    let found =
        told("prices = \"BTC/USDT\", source = \"west\"", "prices = \"BTC/USD\", source = \"west\"");
    check(found, "the price files have no `BTC/USD`; did you mean `BTC/USDT`?", "BTC/USD\"");
    let found = told("source = \"own\"\nkind", "source = \"owm\"\nkind");
    check(found, "is made of source `owm`; did you mean `own`? known: east, own, west", "owm");
    let found = told("move = -0.5", "mvoe = -0.5");
    check(found, "unknown key `mvoe`", "mvoe");
    check(told("move = -0.5", "lag = \"5m\""), "`move` is missing, such as -0.35", "name = \"f\"");
    check(told("kind = \"spiked\"", "kind = \"spike\""), "did you mean `spiked`?", "spike");
    let found = told(
        "from = \"2025-10-10T12:00\"\nto = \"2025-10-10T12:30\"",
        "from = \"2024-10-10\"\nto = \"2024-10-11\"",
    );
    check(found, "the fault changes nothing: `own` has no price from 2024-10-10", "own");
    let found = told("valued_on = \"USDE median\"", "valued_on = \"USDE mean\"");
    check(found, "`valued_on` names no index `USDE mean`", "valued_on");
    let found = told("account = \"three\"", "account = \"thre\"");
    check(found, "no account `thre`; did you mean `three`?", "thre");
    let found = told(
        "asset = \"USDE\"\namount = 30_000\nvalued_on = \"USDE median\"",
        "asset = \"USDE\"\namount = 30_000",
    );
    check(found, "`USDE` has no price here", "USDE");
    check(told("amount = 30_000", "amount = 0"), "`amount` is 0; it is above 0", "amount = 0");
    let found = told("prices = \"BTC index\"", "prices = \"BTC index\"\nquote = \"USDT\"");
    check(found, "state the `quote` of its sources", "quote");
}

/// A user's own index rules lie beside margin rules; the version in force at each time is followed, or one is pinned.
#[test]
fn rules_of_ones_own_change_when_they_say() {
    let rule = |version: &str, from: &str, until: &str, how: &str| {
        format!(
            "[meta]\nvenue = \"desk\"\nmodel = \"index\"\nversion = \"{version}\"\nengine = \"index\"\nvalid_from = \"{from}\"\n{until}source = \"ours\"\nstatus = \"convention\"\n\n[parameters]\nminimum = 1\nbelow_minimum = \"carry\"\ncombine = [{{ from = 1, how = \"{how}\" }}]\n"
        )
    };
    // 100,000 twice and 130,000: the median is 100,000, the mean 110,000.
    let rows = quiet(|symbol, source, _| match (symbol, source) {
        ("BTC/USDT", "west") => 1.3,
        _ => 1.0,
    });
    let study = HEAD
        .replace("prices = \"prices.parquet\"", "prices = \"prices.parquet\"\nrules = [\"rules\"]")
        .replacen("okx/index", "desk/index", 1);
    let desk = || {
        let desk = Desk::new(&rows);
        let folder = desk.path("rules/index/desk");
        std::fs::create_dir_all(&folder).unwrap();
        let old = rule("old", "2020-01-01", "", "median");
        let new = rule("new", "2025-10-10T12:00", "", "mean");
        std::fs::write(folder.join("old.toml"), old).unwrap();
        std::fs::write(folder.join("new.toml"), new).unwrap();
        desk
    };
    let counts = |ran: &Ran| {
        let index = Results::read(&ran.folder, "index");
        let (names, prices) = (index.texts("index"), index.numbers("price"));
        [100_000.0, 110_000.0].map(|price: f64| {
            let is = |row: &usize| {
                names[*row] == "BTC index" && (prices[*row].unwrap() - price).abs() < 1e-6
            };
            (0..index.rows()).filter(is).count()
        })
    };
    // 00:05 to 11:55 are 143 bars.
    assert_eq!(counts(&desk().run(&study)), [143, 145]);
    let pin = |time: &str| {
        study.replacen("\"desk/index\"", &format!("\"desk/index\"\nas_of = \"{time}\""), 1)
    };
    let pinned = desk().run(&pin("2025-10-09"));
    assert_eq!(counts(&pinned), [288, 0]);
    assert!(pinned.notes.iter().any(|note| note.contains("rule desk/index old (from 2020-01-01")));
    let (problem, line) = desk().refused(&pin("2019-01-01"));
    assert!(problem.contains("no version is in force then"), "{problem}");
    assert!(line.starts_with("as_of"), "{line}");
    let (problem, _) = Desk::new(&rows).refused(&study);
    assert!(problem.contains("rules"), "{problem}");
}

/// A source that the rule does not weigh is told, and the study can weigh it.
#[test]
fn weights_come_from_the_rule_or_the_study() {
    let rows = quiet(|symbol, source, _| match (symbol, source) {
        ("BTC/USDT", "own") => 1.3,
        _ => 1.0,
    });
    let study = HEAD.replacen("okx/index", "hyperliquid/index", 1);
    let (problem, line) = Desk::new(&rows).refused(&study);
    assert!(problem.contains("no weight for the source `own`"), "{problem}");
    assert!(line.contains("own"), "{line}");
    let mut weighted = study;
    for (source, weight) in [("own", 5), ("east", 2), ("west", 2)] {
        let from = format!("source = \"{source}\", quote");
        let to = format!("source = \"{source}\", weight = {weight}, quote");
        weighted = weighted.replacen(&from, &to, 1);
    }
    // Five of nine lie at 130,000; with equal weights they would not.
    let ran = Desk::new(&rows).run(&weighted);
    let index = Results::read(&ran.folder, "index");
    let (names, prices) = (index.texts("index"), index.numbers("price"));
    let rows: Vec<usize> = (0..index.rows()).filter(|&row| names[row] == "BTC index").collect();
    assert!(rows.iter().all(|&row| (prices[row].unwrap() - 130_000.0).abs() < 1e-6));
}

#[test]
fn index_rules_are_listed_with_what_is_not_known_of_them() {
    let sets = mpor::catalog::rules(Some("okx/index")).unwrap();
    assert_eq!((sets.len(), sets[0].engine.as_str()), (1, "index"));
    assert!(sets[0].notes["valid_from"].contains("older"));
    let all = mpor::catalog::rules(None).unwrap();
    let index = all.iter().filter(|set| set.engine == "index").count();
    assert!(index >= 6 && index < all.len());
    let told = mpor::catalog::rules(Some("okx/indx")).unwrap_err().to_string();
    assert!(
        told.starts_with("unknown rules `okx/indx`; did you mean `okx/index`? known: "),
        "{told}"
    );
}

/// Real prices of the crash, where a checkout has them beside it: Binance's bitcoin and solana by five minutes. The two other
/// sources of solana and its fall on the own book alone are made up; the fall of the market is not.
#[test]
fn october_on_real_prices() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/crypto_spot_5m_crashes.parquet");
    if !file.is_file() {
        println!("skipped: {} is not there", file.display());
        return;
    }
    let real = |symbol: &str| real(&file, symbol, "2025-10-10T12:00", "2025-10-11T04:00");
    let (btc, sol) = (real("BTC/USDT"), real("SOL/USDT"));
    let mut rows: Vec<Bar> = btc.iter().map(|bar| ("BTC/USDT", "binance", bar.0, bar.1)).collect();
    for (source, off) in [("binance", 1.0), ("east", 1.0002), ("west", 0.9998)] {
        rows.extend(sol.iter().map(|bar| ("SOL/USDT", source, bar.0, bar.1 * off)));
    }
    // Long one bitcoin, collateral in solana: enough at every real price, with a tenth to spare.
    let need = |at: usize| 0.08 * btc[at].1 - (btc[at].1 - btc[0].1);
    let amount = (0..sol.len()).map(|at| 1.1 * need(at) / sol[at].1).fold(0.0, f64::max).ceil();
    let ran = Desk::new(&rows).run(&real_study(amount));
    let (from, to) = (time("2025-10-10T21:36"), time("2025-10-10T22:16"));
    let own = |at: usize| sol[at].1 * if from <= sol[at].0 && sol[at].0 < to { 0.65 } else { 1.0 };
    let first = (0..sol.len()).find(|&at| amount * own(at) < need(at)).unwrap();
    let (when, _) = ran.liquidated("own book", "own book").unwrap();
    assert_eq!(when, sol[first].0);
    assert!(from <= when && when < to, "{when}");
    assert_eq!(ran.liquidated("own book", "median"), None);
    assert_eq!(ran.liquidated("", "own book"), None);
    assert_eq!(ran.liquidated("", "median"), None);
}

/// Closes by the end of their bars, after a first instant up to a last.
fn real(file: &Path, symbol: &str, from: &str, to: &str) -> Vec<(Timestamp, f64)> {
    let table = read_parquet(file).unwrap();
    let (Some(Column::Time(opens)), Some(Column::Text(symbols)), Some(Column::Number(closes))) =
        (table.column("ts"), table.column("symbol"), table.column("close"))
    else {
        unreachable!("{:?}", table.columns().iter().map(|column| &column.0).collect::<Vec<_>>())
    };
    let row = |row: usize| (opens[row].unwrap() + Span(300_000_000), closes[row].unwrap());
    let rows = (0..table.rows()).filter(|&row| symbols[row].as_deref() == Some(symbol)).map(row);
    let inside = |bar: &(Timestamp, f64)| time(from) <= bar.0 && bar.0 <= time(to);
    let bars: Vec<_> = rows.filter(inside).collect();
    assert!(bars.len() > 150, "{} bars of {symbol}", bars.len());
    bars
}

fn real_study(amount: f64) -> String {
    let account = |name: &str, valued_on: &str| {
        format!(
            "\n[[portfolio]]\nname = \"{name}\"\nrule = {{ outright = {{ underlying = \"BTC\", contract = \"perpetual\", roll = \"7d\", quantity = 1 }} }}\n\n[[collateral]]\naccount = \"{name}\"\nasset = \"SOL\"\namount = {amount}\nvalued_on = {valued_on}\n"
        )
    };
    let accounts = [
        account("own book", "{ prices = \"SOL/USDT\", source = \"binance\" }"),
        account("median", "\"SOL median\""),
    ];
    format!(
        r#"schema = 1
name = "october-real"
currency = "USDT"

[data]
prices = "prices.parquet"

[calendar]
kind = "24x7"
step = "5m"
cut = "00:00"
from = "2025-10-10T12:00"

[mpor]
horizon = "15m"

[[index]]
name = "SOL median"
rule = "dydx/index"
sources = [
    {{ prices = "SOL/USDT", source = "binance" }},
    {{ prices = "SOL/USDT", source = "east" }},
    {{ prices = "SOL/USDT", source = "west" }},
]

[[underlying]]
name = "BTC"
prices = "BTC/USDT"
{}

[[fault]]
name = "own book"
source = "binance"
kind = "depegged"
from = "2025-10-10T21:36"
to = "2025-10-10T22:16"
move = -0.35

[[model]]
name = "isolated"
rules = "generic/isolated"

[report]
formats = []
"#,
        accounts.concat()
    )
}
