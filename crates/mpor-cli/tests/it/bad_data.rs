//! Data that is refused, with file, row and column. Exit code 3.

use mpor_core::{Column, Table};
use mpor_data::tables::csv_text;

use crate::lab::{Lab, Market, STUDY};
use crate::terminal::mpor;

/// The answer to a study with one text replaced.
fn answer(lab: &Lab, what: &str, good: &str, bad: &str) -> String {
    assert!(STUDY.contains(good), "{what}: the study has no {good}");
    lab.text("study.toml", &STUDY.replacen(good, bad, 1));
    let said = mpor(&lab.path(""), "check study.toml");
    assert_eq!(said.code, 3, "{what}: {}", said.shown());
    format!("## {what}\n{}", said.shown())
}

#[test]
fn names_that_the_files_do_not_have() {
    let lab = Lab::new();
    let cases = [
        ("missing file", "data/prices.parquet", "data/price.parquet"),
        ("pattern without a file", "data/prices.parquet", "data/price/*.parquet"),
        ("missing chain", "data/chains.parquet", "data/chain.parquet"),
        ("unknown symbol", "prices = \"ETH/USDT\"", "prices = \"ETHUSDT\""),
        ("unknown perpetual", "perpetual = \"BTC-PERP\"", "perpetual = \"BTC-PERPETUAL\""),
        ("unknown funding", "funding = \"BTC-PERP\"", "funding = \"BTC\""),
        (
            "chain without the underlying",
            "long_run_window",
            "chain_underlying = \"DOGE\"\nlong_run_window",
        ),
        ("another table", "data/prices.parquet", "data/chains.parquet"),
    ];
    let answers: Vec<String> =
        cases.iter().map(|(what, good, bad)| answer(&lab, what, good, bad)).collect();
    insta::assert_snapshot!(answers.join("\n"));
}

#[test]
fn broken_parquet() {
    let lab = Lab::new();
    let whole = std::fs::read(lab.path("data/prices.parquet")).unwrap();
    let table = Market::made_up().table();
    let mut answers = Vec::new();
    let mut with = |what: &str| answers.push(answer(&lab, what, "data/prices", "data/broken"));

    let renamed = table.columns().iter().map(|(name, column)| match name.as_str() {
        "close" => ("price".to_owned(), column.clone()),
        _ => (name.clone(), column.clone()),
    });
    lab.write(&Table::new("prices", renamed).unwrap(), "data/broken.parquet");
    with("missing column");
    let texts = table.columns().iter().map(|(name, column)| match name.as_str() {
        "close" => (name.clone(), Column::texts((0..column.len()).map(|_| "12.5"))),
        _ => (name.clone(), column.clone()),
    });
    lab.write(&Table::new("prices", texts).unwrap(), "data/broken.parquet");
    with("text for a number");
    std::fs::write(lab.path("data/broken.parquet"), &whole[..whole.len() / 2]).unwrap();
    with("cut short");
    std::fs::write(lab.path("data/broken.parquet"), b"").unwrap();
    with("empty file");
    insta::assert_snapshot!(answers.join("\n"));
}

/// The prices as CSV, line by line, the header first.
fn lines() -> Vec<String> {
    csv_text(&Market::made_up().table()).unwrap().lines().map(str::to_owned).collect()
}

/// The line of a symbol at an instant.
fn line_of(lines: &[String], time: &str, symbol: &str) -> usize {
    lines.iter().position(|line| line.starts_with(&format!("{time},{symbol},"))).unwrap()
}

/// A line with another close.
fn with_close(line: &str, close: &str) -> String {
    let mut cells: Vec<&str> = line.split(',').collect();
    cells[6] = close;
    cells.join(",")
}

fn csv_answer(lab: &Lab, what: &str, policy: &str, lines: &[String]) -> String {
    lab.text("data/prices.csv", &(lines.join("\n") + "\n"));
    let bad =
        format!("data/prices.csv\"\nfunding = \"data/funding.parquet\"\npolicy = {{ {policy} }}");
    let good = "data/prices.parquet\"\nfunding = \"data/funding.parquet\"";
    answer(lab, what, good, &bad)
}

#[test]
fn faulty_rows() {
    let lab = Lab::new();
    let good = lines();
    let row = line_of(&good, "2021-03-01T00:00:00Z", "BTC/USDT");
    let changed = |close: &str| {
        let mut lines = good.clone();
        lines[row] = with_close(&good[row], close);
        lines
    };
    let mut twice = good.clone();
    twice.push(good[row].clone());
    let mut gap = good.clone();
    gap.drain(row..row + 30);
    let without_row: Vec<String> = good[..1].to_vec();
    let answers = [
        csv_answer(&lab, "not a number", "", &changed("12.5x")),
        csv_answer(&lab, "NaN", "", &changed("NaN")),
        csv_answer(&lab, "no value", "D008 = \"fail\"", &changed("")),
        csv_answer(&lab, "negative price", "", &changed("-12.5")),
        csv_answer(&lab, "a row twice", "D002 = \"fail\"", &twice),
        csv_answer(&lab, "a gap", "D001 = \"fail\"", &gap),
        csv_answer(&lab, "a gap too long to carry", "D001 = { carry = { limit = \"6h\" } }", &gap),
        csv_answer(&lab, "only a header", "", &without_row),
        csv_answer(&lab, "an empty file", "", &[]),
    ];
    insta::assert_snapshot!(answers.join("\n"));
}

/// One price a factor of a billion too high or too low: strikes and volatilities go out of all bounds, and must not panic.
#[test]
fn a_bad_tick_is_told_and_not_a_crash() {
    let lab = Lab::new();
    let good = lines();
    let row = line_of(&good, "2021-03-05T08:00:00Z", "BTC/USDT");
    let mut answers = Vec::new();
    for close in ["0.000033", "33000000000000"] {
        let mut lines = good.clone();
        lines[row] = with_close(&good[row], close);
        lab.text("data/prices.csv", &(lines.join("\n") + "\n"));
        lab.text("study.toml", &STUDY.replace("prices.parquet", "prices.csv"));
        let said = mpor(&lab.path(""), "run study.toml --quiet");
        assert!([0, 1, 3].contains(&said.code), "{}", said.shown());
        answers.push(format!("## {close}\n{}", said.shown()));
    }
    insta::assert_snapshot!(answers.join("\n"));
}

const INSTRUMENTS: &str = "\
instrument,kind,underlying,quote,settlement,contract_size,inverse,expiry,strike,right
perp,perpetual,BTC,USD,USD,1,false,,,
call,option,BTC,USD,USD,1,false,2021-06-25T08:00:00Z,40000,call
";
const POSITIONS: &str = "\
time,account,instrument,quantity
2021-02-01T08:00:00Z,desk,perp,2
2021-02-01T08:00:00Z,desk,call,-3
";

#[test]
fn positions_from_files() {
    let lab = Lab::new();
    let (head, rest) = STUDY.split_once("[[portfolio]]").unwrap();
    let (_, models) = rest.split_once("[[model]]").unwrap();
    let study = format!("{head}[[model]]{models}");
    let keys = "instruments = \"data/instruments.csv\"\npositions = \"data/positions.csv\"\n\n[fx]";
    let study = study.replace("[fx]", keys);
    let ask = |study: &str, instruments: &str, positions: &str| {
        lab.text("study.toml", study);
        lab.text("data/instruments.csv", instruments);
        lab.text("data/positions.csv", positions);
        mpor(&lab.path(""), "check study.toml")
    };
    assert_eq!(ask(&study, INSTRUMENTS, POSITIONS).code, 0, "the good files are good");
    let refused = |what: &str, instruments: &str, positions: &str| {
        let said = ask(&study, instruments, positions);
        assert_eq!(said.code, 3, "{what}: {}", said.shown());
        format!("## {what}\n{}", said.shown())
    };
    let position = |from: &str, to: &str| POSITIONS.replacen(from, to, 1);
    let instrument = |from: &str, to: &str| INSTRUMENTS.replacen(from, to, 1);
    let again = format!("{POSITIONS}2021-02-01T08:00:00Z,desk,perp,1\n");
    let mut answers = vec![
        refused("unknown instrument", INSTRUMENTS, &position("perp", "perpetual")),
        refused("held twice", INSTRUMENTS, &again),
        refused("quantity that is none", INSTRUMENTS, &position(",2\n", ",two\n")),
        refused("time that is none", INSTRUMENTS, &position("2021-02-01T08:00:00Z", "Monday")),
        refused("missing column", INSTRUMENTS, &position("quantity", "qty")),
        refused("unknown kind", &instrument("perpetual", "swap"), POSITIONS),
        refused(
            "unknown underlying",
            &instrument("perp,perpetual,BTC", "perp,perpetual,DOGE"),
            POSITIONS,
        ),
        refused("option without a strike", &instrument("40000", ""), POSITIONS),
        refused("option without an expiry", &instrument("2021-06-25T08:00:00Z", ""), POSITIONS),
        refused(
            "option that is neither call nor put",
            &instrument(",call\n", ",both\n"),
            POSITIONS,
        ),
        refused("contract of no size", &instrument("USD,1,false", "USD,0,false"), POSITIONS),
        refused("negative strike", &instrument("40000", "-40000"), POSITIONS),
        refused("contract listed twice", &instrument("call,option", "perp,option"), POSITIONS),
    ];
    let no_terms = study.replace("instruments = \"data/instruments.csv\"\n", "");
    let said = ask(&no_terms, INSTRUMENTS, POSITIONS);
    assert_eq!(said.code, 2);
    answers.push(format!("## no table of instruments\n{}", said.shown()));
    insta::assert_snapshot!(answers.join("\n"));
}

#[test]
fn a_faulty_csv_is_checked() {
    let lab = Lab::new();
    let mut rows = lines();
    let row = line_of(&rows, "2021-03-01T00:00:00Z", "BTC/USDT");
    rows[row + 5] = with_close(&rows[row + 5], "-3.5");
    rows[row + 9] = with_close(&rows[row + 9], "");
    let copy = rows[row].clone();
    rows.insert(row + 20, copy);
    rows.drain(row + 40..row + 44);
    lab.text("data/prices.csv", &(rows.join("\n") + "\n"));
    let said = mpor(&lab.path(""), "data check data/prices.csv");
    assert_eq!(said.code, 0);
    let missing = mpor(&lab.path(""), "data check data/nothing.csv");
    assert_eq!(missing.code, 3);
    insta::assert_snapshot!(format!("{}\n{}", said.shown(), missing.shown()));
}
