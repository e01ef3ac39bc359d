//! Verification holds on an untouched run and names the file that was touched.

use std::path::Path;

use mpor::run::run;
use mpor::verify::{Verified, verify};
use mpor::{Silent, StudyFile};

use crate::folder::{assert_same, files};
use crate::lab::{Lab, STUDY};

/// A lab with a finished run in `runs/lab`.
fn finished() -> Lab {
    let lab = Lab::new();
    let file = StudyFile::read(&lab.text("studies/study.toml", &study())).unwrap();
    run(&file, &lab.path("runs/lab"), &Silent).unwrap();
    lab
}

fn study() -> String {
    STUDY.replace("\"data/", "\"../data/")
}

fn check(lab: &Lab) -> Verified {
    verify(&lab.path("runs/lab"), &Silent).unwrap()
}

/// Turns one bit in the middle of a file.
fn flip(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

fn changed(what: &str) -> String {
    format!("{what}: its bytes are not those the manifest recorded")
}

#[test]
fn an_untouched_run_holds_also_where_it_was_moved_to() {
    let lab = finished();
    let before = files(&lab.path("runs/lab"));
    let verified = check(&lab);
    assert_eq!(verified.differences, Vec::<String>::new());
    // Study, prices, funding and chain; every file of the run but the manifest and the lock.
    assert_eq!(verified.reproduced, before.len() - 2);
    assert_eq!(verified.hashed, 4 + verified.reproduced);
    assert_same(&files(&lab.path("runs/lab")), &before, "verified");

    let moved = lab.path("elsewhere/deep");
    std::fs::create_dir_all(&moved).unwrap();
    for folder in ["data", "studies", "runs"] {
        std::fs::rename(lab.path(folder), moved.join(folder)).unwrap();
    }
    let verified = verify(&moved.join("runs/lab"), &Silent).unwrap();
    assert_eq!(verified.differences, Vec::<String>::new());
}

#[test]
fn a_touched_file_is_named() {
    let lab = finished();
    for input in ["data/prices.parquet", "data/funding.parquet", "data/chains.parquet"] {
        flip(&lab.path(input));
        assert_eq!(check(&lab).differences, [changed(&format!("input ../../{input}"))]);
        flip(&lab.path(input));
    }
    let output = lab.path("runs/lab/requirements.parquet");
    flip(&output);
    assert_eq!(check(&lab).differences, [changed("output requirements.parquet")]);
    flip(&output);

    lab.text("studies/study.toml", &study().replace("price_range = 0.12", "price_range = 0.13"));
    assert_eq!(check(&lab).differences, [changed("input ../../studies/study.toml")]);
    lab.text("studies/study.toml", &study());

    std::fs::remove_file(lab.path("runs/lab/losses.parquet")).unwrap();
    let differences = check(&lab).differences;
    assert_eq!(differences.len(), 1, "{differences:?}");
    assert!(differences[0].starts_with("output ") && differences[0].contains("losses.parquet"));
}

#[test]
fn a_manifest_that_covers_a_forgery_is_found_by_running_again() {
    let lab = finished();
    let run = lab.path("runs/lab");
    let (forged, manifest) = (run.join("coverage.parquet"), run.join("manifest.json"));
    std::fs::copy(run.join("cost.parquet"), &forged).unwrap();
    let text = std::fs::read_to_string(&manifest).unwrap();
    let recorded = |name: &str| {
        let at = text.find(&format!("\"path\": \"{name}.parquet\"")).unwrap();
        let hash = text[at..].find("\"blake3\": \"").unwrap() + at + "\"blake3\": \"".len();
        text[hash..hash + 64].to_owned()
    };
    std::fs::write(&manifest, text.replace(&recorded("coverage"), &recorded("cost"))).unwrap();
    assert_eq!(check(&lab).differences, ["coverage.parquet: made again, it has other bytes"]);
}
