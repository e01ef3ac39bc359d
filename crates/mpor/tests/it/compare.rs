//! Two runs side by side: differences that are known by hand.

use std::path::PathBuf;

use mpor::compare::{Comparison, Row, compare};
use mpor::run::run;
use mpor::stress::stress;
use mpor::{MporError, Silent, StudyFile};

use crate::lab::{HOURS, Lab, Market};

/// One long and one short coin under a scan: requirements are a share of the price.
const STUDY: &str = r#"schema = 1
name = "compared"
currency = "USD"

[data]
prices = "data/prices.parquet"

[calendar]
kind = "24x7"
step = "1d"
cut = "08:00"
from = "2021-01-02"

[mpor]
horizon = "1d"

[[underlying]]
name = "BTC"
prices = "BTC/USDT"

[[portfolio]]
name = "long"
rule = { outright = { underlying = "BTC", contract = "perpetual", roll = "7d", quantity = 3 } }

[[portfolio]]
name = "short"
rule = { outright = { underlying = "BTC", contract = "perpetual", roll = "7d", quantity = -1 } }

[[model]]
name = "scan"
kind = "scan"
price_range = 0.1

[[model]]
name = "other"
kind = "scan"
price_range = 0.3

[report]
formats = []
"#;

/// 100, and 91 on every tenth day: the long loses nine per cent, one day in ten.
fn prices(hours: usize) -> Market {
    let level = |hour: usize| if (hour + 15) / 24 % 10 == 5 { 91.0 } else { 100.0 };
    Market { series: vec![("BTC/USDT", (0..hours).map(level).collect())] }
}

fn ran(lab: &Lab, name: &str, text: &str) -> PathBuf {
    let file = StudyFile::read(&lab.text(&format!("{name}.toml"), text)).unwrap();
    run(&file, &lab.path(name), &Silent).unwrap();
    lab.path(name)
}

fn row<'c>(found: &'c Comparison, model: &str, account: Option<&str>) -> &'c Row {
    found.rows.iter().find(|r| r.model == model && r.account.as_deref() == account).unwrap()
}

fn close(found: (f64, f64), expected: (f64, f64)) {
    let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
    assert!(near(found.0, expected.0) && near(found.1, expected.1), "{found:?} {expected:?}");
}

#[test]
fn a_wider_range_costs_more_and_breaks_less() {
    let lab = Lab::new();
    lab.market(&prices(HOURS));
    let before = ran(&lab, "before", &STUDY.replace("price_range = 0.1", "price_range = 0.06"));
    let after = ran(&lab, "after", &STUDY.replace("price_range = 0.1", "price_range = 0.12"));
    let found = compare(&before, &after).unwrap();
    let keys: Vec<(&str, &str, &str)> = found
        .differences
        .iter()
        .map(|one| (one.what.as_str(), one.before.as_str(), one.after.as_str()))
        .collect();
    assert_eq!(keys, [("model.scan.price_range", "0.06", "0.12")]);
    assert_eq!(found.dates, 199);
    let long = row(&found, "scan", Some("long"));
    close(long.peak, (18.0, 36.0));
    assert!((long.mean.1 / long.mean.0 - 2.0).abs() < 1e-12);
    // Twenty falls of 27 against 18 and 36; the short loses 9 of 91 on the way back, against 5.46 and 10.92.
    assert_eq!(long.breaches, (20, 0));
    assert!((long.shortfall.0 - 20.0 * 9.0).abs() < 1e-9 && long.shortfall.1 == 0.0);
    let short = row(&found, "scan", Some("short"));
    assert_eq!((short.breaches.0, short.breaches.1), (20, 0));
    let all = row(&found, "scan", None);
    assert_eq!(all.breaches, (40, 0));
    close(all.peak, (24.0, 48.0));
    assert!((all.coverage.0.unwrap() - (1.0 - 40.0 / 396.0)).abs() < 1e-12);
    assert_eq!(all.coverage.1, Some(1.0));
    // 100 after 91.
    assert!((all.peak_to_trough.0.unwrap() - 100.0 / 91.0).abs() < 1e-12);
    assert!(!row(&found, "other", None).changed());
    // The largest change is that of the dearest days: 24 more, and the first of them.
    assert_eq!(found.moved.len(), 10);
    close((found.moved[0].before, found.moved[0].after), (24.0, 48.0));
    assert!(found.moved.iter().all(|one| one.model == "scan"));
    assert!(
        found.verdict.contains("scan differs most: its mean requirement by +100.0 %"),
        "{}",
        found.verdict
    );
    let same = compare(&before, &before).unwrap();
    assert!(same.differences.is_empty() && same.moved.is_empty());
    assert!(same.verdict.ends_with("nothing differs."), "{}", same.verdict);
}

#[test]
fn other_data_other_dates_and_a_study_that_has_changed_are_said() {
    let lab = Lab::new();
    lab.market(&prices(HOURS));
    let before = ran(&lab, "before", STUDY);
    lab.market(&prices(HOURS - 240));
    let after = ran(&lab, "after", STUDY);
    lab.text("after.toml", &STUDY.replace("0.3", "0.4"));
    let found = compare(&before, &after).unwrap();
    assert_eq!(found.dates, 189);
    let what: Vec<&str> = found.differences.iter().map(|one| one.what.as_str()).collect();
    assert_eq!(what, ["input prices.parquet"], "the studies were the same when they ran");
    assert!(
        found.notes.iter().any(|note| note.contains("199 from 2021-01-02")),
        "{:?}",
        found.notes
    );
    // What both have is the same.
    assert!(row(&found, "scan", Some("long")).mean.0 == row(&found, "scan", Some("long")).mean.1);
    let third = ran(&lab, "third", &STUDY.replace("name = \"other\"", "name = \"wide\""));
    lab.text("third.toml", STUDY);
    let found = compare(&after, &third).unwrap();
    assert!(found.notes.iter().any(|note| note.contains("third.toml has changed since the run")));
    assert!(
        found.notes.iter().any(|note| note.contains("has the models wide")),
        "{:?}",
        found.notes
    );
}

#[test]
fn folders_that_do_not_compare_are_refused() {
    let lab = Lab::new();
    lab.market(&prices(HOURS));
    let one = ran(&lab, "one", STUDY);
    let said = |other: &str| compare(&one, &lab.path(other)).unwrap_err();
    let unfinished = said("nowhere");
    assert!(matches!(unfinished, MporError::Folder { .. }));
    assert!(unfinished.to_string().contains("is this the folder of a finished run?"));
    let file = StudyFile::read(&lab.path("one.toml")).unwrap();
    stress(&file, &lab.path("stressed"), &Silent).unwrap();
    assert!(said("stressed").to_string().contains("holds no backtest"));
    let renamed = STUDY
        .replace("name = \"scan\"", "name = \"a\"")
        .replace("name = \"other\"", "name = \"b\"");
    ran(&lab, "renamed", &renamed);
    assert!(said("renamed").to_string().contains("share no model"));
    ran(&lab, "euro", &STUDY.replace("currency = \"USD\"", "currency = \"EUR\""));
    assert!(said("euro").to_string().contains("different currencies"));
}
