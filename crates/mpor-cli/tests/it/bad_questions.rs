//! Questions that have no answer. Exit code 1, or 2 where the words themselves cannot be read.

use crate::lab::{Lab, STUDY};
use crate::terminal::mpor;

#[test]
fn dates_accounts_and_folders_that_are_not_there() {
    let lab = Lab::new();
    lab.text("study.toml", STUDY);
    lab.text("broken/manifest.json", "{");
    assert_eq!(mpor(&lab.path(""), "run study.toml --out run --quiet").code, 0);
    let cases = [
        ("margin study.toml --at 2021-04-10T09:00:00Z", 1),
        ("margin study.toml --at 2020-04-10", 1),
        ("margin study.toml --at 2031-04-10T08:00:00Z", 1),
        ("margin study.toml --at 10.4.2021", 2),
        ("margin study.toml --at 2021-04-10 --account nobody", 1),
        ("explain run --account nobody --at 2021-04-10", 1),
        ("explain run --account pair --at 2021-12-24", 1),
        ("explain nowhere --account pair --at 2021-04-10", 1),
        ("explain data --account pair --at 2021-04-10", 1),
        ("verify nowhere", 1),
        ("verify data", 1),
        ("verify broken", 1),
        ("rules derive/pmrm3", 1),
        ("run study.toml --out study.toml", 1),
        ("run study.toml --out study.toml/run", 1),
        ("run study.toml --threads 0 --out zero", 1),
        ("run study.toml --threads 100000 --out many", 1),
        ("run study.toml --threads some", 2),
        ("frobnicate", 2),
        ("data check", 2),
        ("data describe nowhere", 3),
        ("data describe data", 0),
    ];
    let answer = |(words, code): &(&str, i32)| {
        let said = mpor(&lab.path(""), words);
        assert_eq!(said.code, *code, "{}", said.shown());
        said.shown()
    };
    insta::assert_snapshot!(cases.iter().map(answer).collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_run_that_its_study_has_left_behind() {
    let lab = Lab::new();
    lab.text("study.toml", STUDY);
    assert_eq!(mpor(&lab.path(""), "run study.toml --out run --quiet").code, 0);
    lab.text("study.toml", &STUDY.replace("quantity = 3", "quantity = 4"));
    let mut answers = vec![];
    for words in ["explain run --account pair --at 2021-04-10", "verify run"] {
        let said = mpor(&lab.path(""), words);
        assert_eq!(said.code, 1);
        answers.push(said.shown());
    }
    insta::assert_snapshot!(answers.join("\n"));
}
