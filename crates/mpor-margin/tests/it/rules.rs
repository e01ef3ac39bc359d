//! The rule library: what it holds, and which version applies when.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use mpor_core::Timestamp;
use mpor_margin::{RuleLibrary, Status, read_rules};

#[test]
fn every_rule_file_is_embedded_under_its_own_name() {
    let library = RuleLibrary::embedded().unwrap();
    let embedded: BTreeSet<String> = library
        .names()
        .flat_map(|name| library.versions(name).unwrap())
        .map(|set| format!("{}/{}.toml", set.name, set.version))
        .collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let mut files = BTreeSet::new();
    collect(&root, &root, &mut files);
    assert_eq!(embedded, files);
}

#[test]
fn every_rule_set_says_where_it_is_from_and_what_is_uncertain() {
    let library = RuleLibrary::embedded().unwrap();
    for set in library.names().flat_map(|name| library.versions(name).unwrap()) {
        assert!(!set.source.is_empty() && !set.notes.is_empty(), "{set}");
    }
}

#[test]
fn the_derive_markets_are_those_of_the_vectors() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/golden/vectors/derive/parameters.json");
    let text = std::fs::read_to_string(file).unwrap();
    let expected: serde_json::Value = serde_json::from_str(&text).unwrap();
    let library = RuleLibrary::embedded().unwrap();
    let set = library.in_force("derive/pmrm2", time("2025-12-08")).unwrap();
    let embedded: serde_json::Value = set.parameters["coins"].clone().try_into().unwrap();
    assert_eq!(embedded, expected["derive_pmrm2"]);
}

#[test]
fn the_version_in_force_is_the_last_to_have_started() {
    let library = library(&[
        ("unknown", None, "1"),
        ("2021-01-01", None, "2"),
        ("2022-01-01", Some("2022-07-01"), "3"),
    ]);
    let version = |date: &str| library.in_force("x/y", time(date)).unwrap().version.clone();
    assert_eq!(version("2015-01-01"), "1");
    assert_eq!(version("2020-12-31"), "1");
    assert_eq!(version("2021-01-01"), "2");
    assert_eq!(version("2022-06-30"), "3");
    let error = library.in_force("x/y", time("2022-07-01")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "rules `x/y` have no version in force at 2022-07-01T00:00:00Z: version 1 holds, version 2 holds from 2021-01-01T00:00:00Z, version 3 holds from 2022-01-01T00:00:00Z until 2022-07-01T00:00:00Z. Pin one with `as_of`, such as as_of = \"2022-01-01\""
    );
}

#[test]
fn a_users_directory_adds_to_the_embedded_rules() {
    let directory = scratch("users-rules");
    let text = file("2021-01-01", None, "2");
    std::fs::create_dir_all(directory.join("x")).unwrap();
    std::fs::write(directory.join("x/y.toml"), text).unwrap();
    let library = RuleLibrary::embedded().unwrap().with_directory(&directory).unwrap();
    assert_eq!(library.versions("x/y").unwrap()[0].status, Status::Convention);
    assert!(library.versions("derive/pmrm2").is_ok());
    std::fs::remove_dir_all(directory).unwrap();
}

/// A library of versions of `x/y`.
fn library(versions: &[(&str, Option<&str>, &str)]) -> RuleLibrary {
    versions.iter().fold(RuleLibrary::default(), |library, (from, until, version)| {
        library.with(read_rules("file", &file(from, *until, version)).unwrap()).unwrap()
    })
}

/// The text of a rule file of `x/y`.
pub fn file(from: &str, until: Option<&str>, version: &str) -> String {
    let until = until.map(|until| format!("valid_until = \"{until}\"\n")).unwrap_or_default();
    format!(
        r#"[meta]
venue = "x"
model = "y"
version = "{version}"
engine = "scan"
valid_from = "{from}"
{until}source = "test"
status = "convention"

[parameters]
price_range = 0.{version}
"#
    )
}

pub fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn scratch(name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&directory).unwrap();
    directory
}

fn collect(root: &Path, directory: &Path, files: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            files.insert(path.strip_prefix(root).unwrap().display().to_string());
        }
    }
}
