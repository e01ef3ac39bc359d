//! `mpor data import`: what it asks, what it refuses, what it reports, and that a study can read the result.

use crate::lab::{Lab, STUDY};
use crate::terminal::{Said, mpor, with_args};

const FUNDING: &str = "Symbol,Date,Funding Rate\nBTC,2024-01-01 03:00:00.000,0.0001\n\
                       BTC,2024-01-01 11:00:00.002,-0.0002\nBTC,2024-01-01 19:00:00.000,oops\n\
                       BTC,2024-01-02 03:00:00.000,0.0001\n";

fn import(lab: &Lab, words: &str) -> Said {
    mpor(&lab.path(""), &format!("data import {words}"))
}

#[test]
fn what_is_not_said_is_asked_then_confirmed() {
    let lab = Lab::new();
    lab.text("raw/funding.csv", FUNDING);
    let asked = import(&lab, "raw/funding.csv --table funding --to funding.parquet --source x");
    assert_eq!(asked.code, 2);
    assert!(!lab.path("funding.parquet").exists());
    let done =
        import(&lab, "raw/funding.csv --table funding --to funding.parquet --source x --confirm");
    assert_eq!(done.code, 0, "{}", done.shown());
    let report = std::fs::read_to_string(lab.path("funding.parquet.import.toml")).unwrap();
    insta::assert_snapshot!(format!("{}\n{}\n--- report\n{report}", asked.shown(), done.shown()));
}

#[test]
fn options_that_cannot_be_used() {
    let lab = Lab::new();
    lab.text("raw/prices.csv", "time,close\n2024-01-01T00:00:00Z,1\n");
    lab.text("bad.toml", "files = [\"raw/*.csv\"]\ntabel = \"prices\"\n");
    let good = "raw/prices.csv --table prices --to out.parquet --symbol X --source x --stamp close";
    let cases = [
        ("raw/prices.csv".to_owned(), 2),
        ("raw/prices.csv --table trades --to out.parquet".to_owned(), 2),
        ("raw/prices.csv --table prices --to out.csv".to_owned(), 2),
        (format!("{good} --map close=Last"), 2),
        (format!("{good} --map close"), 2),
        (format!("{good} --stamp mid"), 2),
        (format!("{good} --time-zone Paris"), 2),
        (format!("{good} --format ftx"), 2),
        (format!("{good} --format tardis"), 2),
        ("--table prices --to out.parquet".to_owned(), 2),
        ("nothing.csv --table prices --to out.parquet".to_owned(), 3),
        ("--spec bad.toml".to_owned(), 2),
    ];
    let mut answers = Vec::new();
    for (words, code) in cases {
        let said = import(&lab, &words);
        assert_eq!(said.code, code, "{}", said.shown());
        answers.push(said.shown());
    }
    insta::assert_snapshot!(answers.join("\n"));
}

#[test]
fn questions_are_json_for_scripts() {
    let lab = Lab::new();
    lab.text("raw/funding.csv", FUNDING);
    let asked = import(&lab, "raw/funding.csv --table funding --to f.parquet --source x --json");
    let value: serde_json::Value = serde_json::from_str(&asked.out).unwrap();
    assert_eq!(value["undecided"][0]["about"], "time zone");
    assert_eq!(value["undecided"][0]["guess"], "+03:00");
    let done =
        import(&lab, "raw/funding.csv --table funding --to f.parquet --source x --confirm --json");
    let value: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!((value["rows_in"].as_u64(), value["rows_out"].as_u64()), (Some(4), Some(3)));
}

/// The market of the lab, written as another tool would, imported, gives the same study.
#[test]
fn a_study_reads_what_was_imported() {
    let lab = Lab::new();
    lab.text("study.toml", STUDY);
    let before = mpor(&lab.path(""), "check study.toml");
    assert_eq!(before.code, 0, "{}", before.shown());
    let table = mpor_data::tables::read_parquet(&lab.path("data/prices.parquet")).unwrap();
    let text = mpor_data::tables::csv_text(&table).unwrap();
    let (_, rows) = text.split_once("\r\n").unwrap();
    let mut rows: Vec<&str> = rows.trim_end().split("\r\n").collect();
    rows.reverse();
    lab.text(
        "raw/foreign.csv",
        &format!(
            "Made elsewhere\nWhen;Pair;Venue;O;H;L;C;V\n{}\n",
            rows.join("\n").replace(',', ";")
        ),
    );
    std::fs::remove_file(lab.path("data/prices.parquet")).unwrap();
    let said = with_args(
        &lab.path(""),
        &[
            "data",
            "import",
            "raw/foreign.csv",
            "--table",
            "prices",
            "--to",
            "data/prices.parquet",
            "--stamp",
            "close",
            "--map",
            "time=When,symbol=Pair,open=O,high=H,low=L,close=C,volume=V",
        ],
    );
    assert_eq!(said.code, 0, "{}", said.shown());
    let after = mpor(&lab.path(""), "check study.toml");
    assert_eq!(after.shown(), before.shown());
}
