//! What the commands print when all is well.

use crate::lab::{Lab, STUDY};
use crate::terminal::mpor;

fn shown(lab: &Lab, words: &str) -> String {
    let said = mpor(&lab.path(""), words);
    assert_eq!(said.code, 0, "{}", said.shown());
    said.shown()
}

#[test]
fn help() {
    let lab = Lab::new();
    let commands = [
        "--help",
        "run --help",
        "calibrate --help",
        "check --help",
        "data --help",
        "data describe --help",
        "data check --help",
        "data import --help",
        "margin --help",
        "explain --help",
        "verify --help",
        "models --help",
        "spn --help",
        "tests --help",
        "rules --help",
        "init --help",
        "schema --help",
        "completions --help",
    ];
    let all: Vec<String> = commands.iter().map(|words| shown(&lab, words)).collect();
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn catalogs() {
    let lab = Lab::new();
    let all = ["models", "tests", "rules"].map(|words| shown(&lab, words));
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn one_rule_set_whole() {
    let lab = Lab::new();
    let whole = shown(&lab, "rules generic/isolated");
    insta::assert_snapshot!(whole);
}

/// From a study to its explanation, as a reader of the README goes.
#[test]
fn a_study_from_check_to_verify() {
    let lab = Lab::new();
    lab.text("study.toml", STUDY);
    let all = [
        "check study.toml",
        "margin study.toml --at 2021-04-10 --account strangle",
        "run study.toml",
        "run study.toml --quiet",
        "explain runs/lab --account hedged --at 2021-04-10",
        "explain runs/lab --account pair --at 2021-07-19",
        "verify runs/lab",
    ]
    .map(|words| shown(&lab, words));
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn version() {
    let said = mpor(&std::env::temp_dir(), "--version");
    assert_eq!(said.out, format!("mpor {}\n", env!("CARGO_PKG_VERSION")));
}
