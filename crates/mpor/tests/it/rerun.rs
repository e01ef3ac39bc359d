//! A finished run is left alone as long as it is what the study asks for.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::SystemTime;

use mpor::run::run;
use mpor::{Silent, StudyFile, catalog};

use crate::folder::{assert_same, files};
use crate::lab::{Lab, Market, STUDY};
use crate::results::Results;

fn written(folder: &Path) -> Vec<(String, SystemTime)> {
    let time = |name: &str| std::fs::metadata(folder.join(name)).unwrap().modified().unwrap();
    let names = files(folder).into_keys().filter(|name| name != ".lock");
    names.map(|name| (name.clone(), time(&name))).collect()
}

#[test]
fn a_second_run_changes_nothing_and_says_so() {
    let lab = Lab::new();
    let file = StudyFile::read(&lab.text("study.toml", STUDY)).unwrap();
    let folder = lab.path("run");
    let first = run(&file, &folder, &Silent).unwrap();
    assert!(first.result.is_some());
    let (before, bytes) = (written(&folder), files(&folder));
    let second = run(&file, &folder, &Silent).unwrap();
    assert!(second.result.is_none(), "nothing was computed");
    assert_eq!(second.manifest, first.manifest);
    assert_eq!(written(&folder), before, "nothing was written");
    assert_same(&files(&folder), &bytes, "second run");
}

#[test]
fn what_is_missing_or_damaged_is_made_again() {
    let lab = Lab::new();
    let file = StudyFile::read(&lab.text("study.toml", STUDY)).unwrap();
    let folder = lab.path("run");
    run(&file, &folder, &Silent).unwrap();
    let bytes = files(&folder);
    std::fs::remove_file(folder.join("losses.parquet")).unwrap();
    assert!(run(&file, &folder, &Silent).unwrap().result.is_some());
    assert_same(&files(&folder), &bytes, "a file was deleted");
    std::fs::write(folder.join("coverage.parquet"), b"not the table").unwrap();
    assert!(run(&file, &folder, &Silent).unwrap().result.is_some());
    assert_same(&files(&folder), &bytes, "a file was damaged");
}

/// Changes one thing, runs into the old folder, and compares with a run into a new one.
fn runs_anew(lab: &Lab, what: &str) {
    let file = StudyFile::read(&lab.path("study.toml")).unwrap();
    let old = files(&lab.path("run"));
    let again = run(&file, &lab.path("run"), &Silent).unwrap();
    assert!(again.result.is_some(), "{what}: the old run was kept");
    run(&file, &lab.path("fresh"), &Silent).unwrap();
    assert_same(&files(&lab.path("run")), &files(&lab.path("fresh")), what);
    assert_ne!(files(&lab.path("run")), old, "{what} changed nothing");
    std::fs::remove_dir_all(lab.path("fresh")).unwrap();
}

#[test]
fn a_changed_study_or_changed_data_runs_anew_and_leaves_nothing_behind() {
    let lab = Lab::new();
    let with_figures = STUDY.replace("formats = []", "formats = [\"svg\"]");
    let file = StudyFile::read(&lab.text("study.toml", &with_figures)).unwrap();
    run(&file, &lab.path("run"), &Silent).unwrap();
    assert!(files(&lab.path("run")).keys().any(|name| name.ends_with(".svg")));

    lab.text("study.toml", STUDY);
    runs_anew(&lab, "a study without figures");
    lab.market(&Market::made_up().altered(4000));
    runs_anew(&lab, "other prices");
}

#[test]
fn a_study_may_name_its_tests_and_the_catalog_names_them_all() {
    let lab = Lab::new();
    let tests_of = |name: &str, study: &str| -> BTreeSet<String> {
        let file = StudyFile::read(&lab.text("study.toml", study)).unwrap();
        run(&file, &lab.path(name), &Silent).unwrap();
        Results::read(&lab.path(name), "coverage_tests").texts("test").into_iter().collect()
    };
    let all = STUDY.replace("[report]", "[backtest]\ntests = \"all\"\n\n[report]");
    let all = tests_of("all", &all);
    let mut rows = all.clone();
    for (table, column) in [
        ("es_tests", "test"),
        ("pit_tests", "test"),
        ("comparison", "test"),
        ("monitoring", "monitor"),
    ] {
        rows.extend(Results::read(&lab.path("all"), table).texts(column));
    }
    // It has no row of its own: it adjusts those of the others.
    assert!(Results::read(&lab.path("all"), "discoveries").rows() > 0);
    rows.insert("false-discovery".to_owned());
    assert_eq!(rows, catalog::tests().into_iter().map(str::to_owned).collect());
    let standard = tests_of("standard", STUDY);
    assert!(standard.is_subset(&all) && standard.len() < all.len(), "{standard:?}");
    let named = STUDY.replace("[report]", "[backtest]\ntests = [\"hac\", \"kupiec\"]\n\n[report]");
    assert_eq!(tests_of("two", &named), ["hac", "kupiec"].map(str::to_owned).into());
}
