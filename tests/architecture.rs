//! Holds the map of ARCHITECTURE.md: which crate may depend on which, and what may live where.

#![expect(clippy::unwrap_used, reason = "a test that cannot read the sources has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Each crate and the workspace crates it may use, in the order of the map.
const EDGES: &[(&str, &[&str])] = &[
    ("mpor-stats", &[]),
    ("mpor-core", &["mpor-stats"]),
    ("mpor-data", &["mpor-stats", "mpor-core"]),
    ("mpor-pricing", &["mpor-stats", "mpor-core"]),
    ("mpor-risk", &["mpor-stats", "mpor-core", "mpor-pricing"]),
    ("mpor-margin", &["mpor-stats", "mpor-core", "mpor-pricing", "mpor-risk"]),
    ("mpor-backtest", &["mpor-stats", "mpor-core", "mpor-pricing", "mpor-risk", "mpor-margin"]),
    ("mpor-report", &["mpor-core", "mpor-margin", "mpor-backtest"]),
    (
        "mpor",
        &[
            "mpor-stats",
            "mpor-core",
            "mpor-data",
            "mpor-pricing",
            "mpor-risk",
            "mpor-margin",
            "mpor-backtest",
            "mpor-report",
        ],
    ),
    ("mpor-cli", &["mpor"]),
    ("mpor-py", &["mpor"]),
    (
        "xtask",
        &[
            "mpor-stats",
            "mpor-core",
            "mpor-data",
            "mpor-pricing",
            "mpor-risk",
            "mpor-margin",
            "mpor-backtest",
            "mpor-report",
        ],
    ),
];

/// Libraries that stay inside one crate.
const CONFINED: &[(&str, &str)] = &[
    ("polars", "mpor-data"),
    ("arrow", "mpor-data"),
    ("parquet", "mpor-data"),
    ("plotters", "mpor-report"),
    ("typst", "mpor-report"),
    ("pyo3", "mpor-py"),
    ("quick-xml", "mpor-margin"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Normal dependencies of each crate under `crates/`.
fn dependencies() -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        let folder = entry.unwrap().path();
        let text = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        let manifest: toml::Table = text.parse().unwrap();
        let name = manifest["package"]["name"].as_str().unwrap().to_owned();
        let folder_name = folder.file_name().unwrap().to_string_lossy().into_owned();
        assert_eq!(name, folder_name, "folder and package names agree");
        let used = manifest
            .get("dependencies")
            .and_then(toml::Value::as_table)
            .map(|table| table.keys().cloned().collect())
            .unwrap_or_default();
        all.insert(name, used);
    }
    all
}

#[test]
fn every_crate_is_on_the_map() {
    let found: Vec<String> = dependencies().into_keys().collect();
    let mut known: Vec<String> = EDGES.iter().map(|(name, _)| (*name).to_owned()).collect();
    known.sort();
    assert_eq!(found, known);
}

#[test]
fn crates_depend_only_on_what_stands_above_them() {
    let dependencies = dependencies();
    for (name, allowed) in EDGES {
        for used in dependencies[*name].iter().filter(|used| used.starts_with("mpor")) {
            assert!(allowed.contains(&used.as_str()), "{name} may not depend on {used}");
        }
    }
}

#[test]
fn confined_libraries_stay_in_their_crate() {
    for (name, used) in dependencies() {
        for (library, home) in CONFINED {
            let uses = used.iter().any(|dependency| dependency == library);
            assert!(!uses || name == *home, "{library} belongs to {home}, but {name} uses it");
        }
    }
}

#[test]
fn only_the_data_crate_and_the_facade_touch_files() {
    let pure =
        ["mpor-stats", "mpor-core", "mpor-pricing", "mpor-risk", "mpor-backtest", "mpor-report"];
    for name in pure {
        for file in sources(&root().join("crates").join(name).join("src")) {
            let text = fs::read_to_string(&file).unwrap();
            let library = text.split("#[cfg(test)]").next().unwrap_or_default();
            assert!(!library.contains("std::fs"), "{} reads or writes files", file.display());
            assert!(!library.contains("std::env"), "{} reads the environment", file.display());
            assert!(!library.contains("SystemTime"), "{} reads the clock", file.display());
        }
    }
}

#[test]
fn nothing_is_left_to_do_and_no_order_is_left_to_chance() {
    for (name, _) in EDGES {
        for file in sources(&root().join("crates").join(name).join("src")) {
            let text = fs::read_to_string(&file).unwrap();
            for word in ["TODO", "FIXME", "todo!(", "unimplemented!(", "HashMap", "HashSet"] {
                assert!(!text.contains(word), "{} contains {word}", file.display());
            }
        }
    }
}

/// `exp` and its kin come from `libm` or our own kernels: the platform's may differ in the last bit.
#[test]
fn results_do_not_depend_on_the_platforms_mathematics() {
    let computing = [
        "mpor-stats",
        "mpor-core",
        "mpor-pricing",
        "mpor-risk",
        "mpor-margin",
        "mpor-backtest",
        "mpor",
    ];
    for name in computing {
        for file in sources(&root().join("crates").join(name).join("src")) {
            let text = fs::read_to_string(&file).unwrap();
            if file.components().any(|part| part.as_os_str() == "tests") {
                continue;
            }
            let library = text.split("#[cfg(test)]").next().unwrap_or_default();
            let code = library.lines().filter(|line| !line.trim_start().starts_with("//"));
            for line in code {
                for call in [".exp()", ".ln()", ".powf(", ".exp_m1()", ".ln_1p()", ".tanh()"] {
                    assert!(!line.contains(call), "{}: {line}", file.display());
                }
            }
        }
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}
