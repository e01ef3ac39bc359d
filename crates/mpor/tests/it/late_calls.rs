//! Calls met late, from the file to the requirement: each raises it from the margin date after the one on which it is known to be late,
//! and none before.

use mpor::run::backtest;
use mpor::{Loaded, StudyFile};

use crate::lab::{Lab, STUDY};

const MODEL: &str = r#"[[model]]
name = "scan"
kind = "scan"
price_range = 0.12
vol_range = 0.3
overlays = [{ reputation = { newcomer = 0, credit = 0, breach = 0, late = 0.2, decay = 0.5 } }]

[report]
formats = []
"#;

const HEAD: &str = "time,account,due_at,met_at\n";

/// The lab's books under one model, with a file of calls.
fn study(lab: &Lab, calls: &str) -> StudyFile {
    lab.text("data/calls.csv", &format!("{HEAD}{calls}"));
    let (head, _) = STUDY.split_once("[[model]]").unwrap();
    let head = head.replace("\n[fx]", "calls = \"data/calls.csv\"\n\n[fx]");
    StudyFile::read(&lab.text("study.toml", &format!("{head}{MODEL}"))).unwrap()
}

/// The multiplier of an account on each margin date, by its date.
fn multipliers(file: &StudyFile, account: &str) -> Vec<(String, f64)> {
    let loaded = Loaded::new(file).unwrap();
    let result = backtest(file, &loaded).unwrap();
    let account = result.accounts.iter().position(|known| known == account).unwrap();
    let path = &result.requirements[0][account];
    let own = &path.own.as_ref().unwrap().initial;
    let on = |(at, time): (usize, &mpor::Timestamp)| {
        (time.date().to_string(), path.initial[at] / own[at])
    };
    result.times.iter().enumerate().map(on).collect()
}

fn on(multipliers: &[(String, f64)], date: &str) -> f64 {
    multipliers.iter().find(|(known, _)| known == date).unwrap().1
}

#[test]
fn a_late_call_counts_from_the_date_after_it_is_known_to_be_late() {
    let lab = Lab::new();
    let calls = "\
2021-03-01T08:00:00Z,perpetual,2021-03-05T08:00:00Z,2021-03-20T08:00:00Z
2021-03-02T08:00:00Z,perpetual,2021-03-10T12:00:00Z,2021-03-10T12:00:00Z
2021-04-01T08:00:00Z,perpetual,2021-04-01T12:00:00Z,
2021-03-01T08:00:00Z,stranger,2021-03-01T09:00:00Z,
";
    let file = study(&lab, calls);
    let found = multipliers(&file, "perpetual");
    let near = |date: &str, expected: f64| {
        let multiplier = on(&found, date);
        assert!((multiplier - expected).abs() < 1e-12, "{date}: {multiplier}, not {expected}");
    };
    // hand: due on the margin date of the 5th itself, known to be late on the 6th, part of the record from the 7th; then halved a date
    near("2021-03-05", 1.0);
    near("2021-03-06", 1.0);
    near("2021-03-07", 1.2);
    near("2021-03-08", 1.1);
    near("2021-03-09", 1.05);
    // hand: 0.2 / 2^5 of the first is left; the second was met at its last instant and adds nothing
    near("2021-03-12", 1.0 + 0.2 / 32.0);
    // hand: never met, known the morning after, in the record the day after that; 27 dates after the first
    near("2021-04-02", 1.0 + 0.2 / f64::powi(2.0, 26));
    near("2021-04-03", 1.2 + 0.2 / f64::powi(2.0, 27));
    assert!(multipliers(&file, "pair").iter().all(|(_, m)| (m - 1.0).abs() < 1e-12), "another's");

    let notes = Loaded::new(&file).unwrap().market.notes;
    let told = |text: &str| assert!(notes.iter().any(|note| note == text), "{notes:?}");
    told("Margin calls: 3, of which 2 were met late or never.");
    told(
        "Margin calls of accounts that the study does not have are left out: 1, the first of `stranger`.",
    );
    let inputs = mpor::inputs::files(&file).unwrap();
    assert!(inputs.iter().any(|path| path.ends_with("data/calls.csv")), "hashed as an input");
}

#[test]
fn when_an_open_call_will_be_met_changes_nothing_before_it_is_due() {
    let lab = Lab::new();
    let met = |met: &str| {
        let call = format!("2021-03-01T08:00:00Z,perpetual,2021-03-20T08:00:00Z,{met}\n");
        multipliers(&study(&lab, &call), "perpetual")
    };
    let (in_time, late) = (met("2021-03-19T08:00:00Z"), met("2021-03-21T08:00:00Z"));
    let due = in_time.iter().position(|(date, _)| date == "2021-03-20").unwrap();
    assert_eq!(in_time[..=due + 1], late[..=due + 1]);
    assert!(late[due + 2].1 > in_time[due + 2].1, "late from here");
}

#[test]
fn calls_that_cannot_be_are_refused() {
    let lab = Lab::new();
    let told = |calls: &str| Loaded::new(&study(&lab, calls)).err().unwrap().to_string();
    let contains = |told: String, text: &str| assert!(told.contains(text), "{told}");
    let file = "data/calls.csv: row 1, column";
    let row = "2021-03-02T08:00:00Z,perpetual,2021-03-01T08:00:00Z,\n";
    contains(told(row), &format!("{file} `due_at`: found 2021-03-01"));
    let row = "2021-03-02T08:00:00Z,perpetual,2021-03-03T08:00:00Z,2021-03-01T08:00:00Z\n";
    contains(told(row), &format!("{file} `met_at`: found 2021-03-01"));
    contains(told(row), "expected a time not before the call, 2021-03-02");
    let row = "2021-03-02T08:00:00Z,perpetual,,\n";
    contains(told(row), "due_at");
    let row = "2021-03-02T08:00:00Z,perpetual,2021-03-03T08:00:00Z,\n";
    contains(told(&row.repeat(2)), "row 2, column `time`: found the call of row 1 again");
    contains(
        told("2021-03-02T08:00:00Z,perpetul,2021-03-03T08:00:00Z,\n"),
        "no call is of an account of the study; the first is of `perpetul`",
    );
    contains(told(""), "no rows");
}
