//! The default fund of a study, from its keys to its tables: the same losses and margins as the run's own, what is known at a review, and
//! the words of the verdict.

use std::collections::BTreeMap;

use mpor::run::run;
use mpor::{Silent, StudyFile, Timestamp};

use crate::lab::{Lab, Market, STUDY, hour_of};
use crate::results::Results;

const FUND: &str = r#"
[default_fund]
models = ["scan"]
cover = "two"
scenarios = [{ grid = { price = [-0.2, 0.2], vol = [0.3] } }, { historical = { window = 20 } }]
skin_in_the_game = 1_000
review = "14d"
look_back = "30d"
buffer = 0.1
"#;

const MODEL: &str = r#"[[model]]
name = "scan"
kind = "scan"
price_range = 0.05
vol_range = 0.1

[report]
formats = []
"#;

fn study(fund: &str) -> String {
    let (head, _) = STUDY.split_once("[[model]]").unwrap();
    format!("{head}{MODEL}{fund}")
}

fn told(fund: &str) -> String {
    let lab = Lab::new();
    StudyFile::read(&lab.text("study.toml", &study(fund))).unwrap_err().to_string()
}

#[test]
fn what_accounts_lose_beyond_margin_is_what_the_run_says() {
    let lab = Lab::new();
    let file = StudyFile::read(&lab.text("study.toml", &study(FUND))).unwrap();
    let folder = lab.path("run");
    let summary = run(&file, &folder, &Silent).unwrap();
    let result = summary.result.unwrap();
    let mut beyond: BTreeMap<Timestamp, f64> = BTreeMap::new();
    for (at, &time) in result.times.iter().enumerate() {
        for (account, losses) in result.losses.iter().enumerate() {
            let Some(loss) = losses.horizon[at] else { continue };
            let margin = result.requirements[0][account].initial[at];
            *beyond.entry(time).or_default() += (loss - margin).max(0.0);
        }
    }
    assert!(beyond.values().any(|&sum| sum > 0.0), "the crash is beyond the margin");
    let fund = Results::read(&folder, "default_fund");
    assert_eq!(fund.rows(), result.times.len());
    let column = |name: &str| fund.numbers(name);
    let found = column("beyond_margin");
    for (row, time) in fund.times().into_iter().enumerate() {
        match (found[row], beyond.get(&time)) {
            (None, None) => {}
            (Some(found), Some(sum)) => assert!((found - sum).abs() <= 1e-9 * sum.max(1.0)),
            other => unreachable!("{time}: {other:?}"),
        }
    }
    // hand: reviews every 14 days, on the largest cover of the 30 days before and a tenth more
    let (size, cover) = (column("fund"), column("cover"));
    for (row, size) in size.iter().enumerate() {
        let review = row - row % 14;
        let from = review.saturating_sub(29);
        let largest = cover[from..=review].iter().flatten().copied().fold(0.0, f64::max);
        assert_eq!(*size, Some(1.1 * largest), "{row}");
    }
    let parts = ["from_defaulters", "from_skin", "from_others", "uncovered"].map(column);
    for (row, sum) in found.iter().enumerate().filter_map(|(row, sum)| Some((row, (*sum)?))) {
        let paid: f64 = parts.iter().map(|part| part[row].unwrap()).sum();
        assert!((paid - sum).abs() <= 1e-9 * sum.max(1.0), "{row}");
    }
    let losses = Results::read(&folder, "default_losses");
    let total: f64 = losses.numbers("beyond_margin").iter().flatten().sum();
    assert!((total - beyond.values().sum::<f64>()).abs() <= 1e-6 * total);
    let verdict = summary.notes.iter().find(|note| note.starts_with("Default fund under scan"));
    let verdict = verdict.unwrap();
    assert!(verdict.contains("sized to the two largest stress losses beyond margin"), "{verdict}");
    assert!(verdict.contains("The worst is 2021-04-"), "{verdict}");
}

#[test]
fn a_fund_knows_nothing_of_later_prices() {
    let until: Timestamp = "2021-04-08T08:00:00Z".parse().unwrap();
    let sizes = |market: &Market| {
        let lab = Lab::new();
        lab.market(market);
        let file = StudyFile::read(&lab.text("study.toml", &study(FUND))).unwrap();
        run(&file, &lab.path("run"), &Silent).unwrap();
        let fund = Results::read(&lab.path("run"), "default_fund");
        (fund.keyed(&["model"], "fund"), fund.keyed(&["model"], "cover"))
    };
    let known = sizes(&Market::made_up());
    let altered = sizes(&Market::made_up().altered(hour_of(until) + 1));
    let before = |all: &BTreeMap<(Timestamp, String), Option<u64>>| {
        let rows = all.iter().filter(|((time, _), _)| *time <= until);
        rows.map(|(key, bits)| (key.clone(), *bits)).collect::<Vec<_>>()
    };
    assert!(before(&known.0).len() > 60);
    assert_eq!(before(&known.0), before(&altered.0));
    assert_eq!(before(&known.1), before(&altered.1));
    assert_ne!(known.1, altered.1, "later covers are others");
}

#[test]
fn keys_that_cannot_be_are_refused() {
    let contains = |fund: &str, text: &str| {
        let told = told(fund);
        assert!(told.contains(text), "{told}");
    };
    contains(&FUND.replace("\"two\"", "\"three\""), "three");
    contains(&FUND.replace("14d", "0d"), "`review` is 0");
    contains(&FUND.replace("1_000", "-1"), "`skin_in_the_game` is -1: 0 or more");
    contains(&FUND.replace("\"scan\"", "\"scam\""), "no model `scam`");
    contains(&FUND.replace("price = [-0.2, 0.2], ", "price = [], "), "scenarios");
    contains(&format!("{FUND}most_defaults = 0\n"), "`most_defaults` is 0: 1 or more");
    contains(&format!("{FUND}size = 3\n"), "size");
}

#[test]
fn scenarios_that_need_more_history_than_there_is_are_told() {
    let lab = Lab::new();
    let fund = FUND.replace("window = 20", "window = 500");
    let file = StudyFile::read(&lab.text("study.toml", &study(&fund))).unwrap();
    let told = run(&file, &lab.path("run"), &Silent).unwrap_err().to_string();
    assert!(told.contains("the stress scenarios of the default fund at"), "{told}");
    assert!(!lab.path("run/manifest.json").exists());
}
