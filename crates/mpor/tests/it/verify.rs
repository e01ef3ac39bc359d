//! Verification holds on an untouched run and names the file that was touched.

use std::path::Path;

use mpor::manifest::{FileRecord, Manifest};
use mpor::run::run;
use mpor::verify::{Sample, Verified, verify, verify_sample};
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
    let mut known = Manifest::read(&run).unwrap();
    let cost = known.outputs.iter().find(|output| output.path == "cost.parquet").unwrap().clone();
    let of = known.outputs.iter_mut().find(|output| output.path == "coverage.parquet").unwrap();
    *of = FileRecord { path: of.path.clone(), ..cost };
    std::fs::write(&manifest, known.to_json().unwrap()).unwrap();
    assert_eq!(check(&lab).differences, ["coverage.parquet: made again, it has other bytes"]);
}

#[test]
fn a_byte_turned_in_any_file_is_found_and_its_file_named() {
    let lab = Lab::new();
    // Two models and figures: a file of every kind.
    let (study, _) = STUDY.split_once("[[model]]\nname = \"pmrm2\"").unwrap();
    let study = format!("{study}[report]\nformats = [\"svg\", \"png\", \"pdf\"]\n");
    let file = lab.text("studies/study.toml", &study.replace("\"data/", "\"../data/"));
    run(&StudyFile::read(&file).unwrap(), &lab.path("runs/lab"), &Silent).unwrap();
    let run = lab.path("runs/lab");
    let manifest = Manifest::read(&run).unwrap();
    assert_eq!(manifest.inputs.len(), 4);
    for kind in ["requirements.parquet", ".svg", ".png", ".csv", "report.pdf"] {
        assert!(manifest.outputs.iter().any(|output| output.path.ends_with(kind)), "{kind}");
    }
    for (what, files) in [("input", &manifest.inputs), ("output", &manifest.outputs)] {
        for known in files {
            let path = run.join(&known.path);
            flip(&path);
            assert_eq!(check(&lab).differences, [changed(&format!("{what} {}", known.path))]);
            flip(&path);
        }
    }
    // The manifest itself: version, seed, rows, a hash, a file left out.
    let text = std::fs::read_to_string(run.join("manifest.json")).unwrap();
    let rows = manifest.outputs.iter().find_map(|output| output.rows).unwrap();
    let hash = &manifest.outputs[0].blake3;
    for (from, to) in [
        (format!("\"version\": \"{}\"", manifest.version), "\"version\": \"0.0.0\"".to_owned()),
        ("\"seed\": 7".to_owned(), "\"seed\": 8".to_owned()),
        (format!("\"rows\": {rows}"), format!("\"rows\": {}", rows + 1)),
        (hash.clone(), hash.replace(&hash[..1], if hash.starts_with('0') { "1" } else { "0" })),
    ] {
        lab.text("runs/lab/manifest.json", &text.replacen(&from, &to, 1));
        assert_ne!(check(&lab).differences, Vec::<String>::new(), "{from} -> {to}");
    }
    lab.text("runs/lab/manifest.json", &text);
    assert_eq!(check(&lab).differences, Vec::<String>::new());
}

fn sampled(lab: &Lab, share: f64, seed: u64) -> Verified {
    verify_sample(&lab.path("runs/lab"), Sample::new(share, seed).unwrap(), &Silent).unwrap()
}

#[test]
fn a_sample_holds_and_says_what_it_was() {
    let lab = finished();
    let before = files(&lab.path("runs/lab"));
    let verified = sampled(&lab, 0.3, 5);
    assert_eq!(verified.differences, Vec::<String>::new());
    let of = verified.sampled.unwrap();
    // Three tenths of five shards, rounded up; four of the models have overlays.
    assert_eq!((of.shards.len(), of.of, of.seed), (2, 5, 5));
    assert_eq!(of.left_out, ["fhs", "fhs-calm", "fhs-clearing", "hs-record"]);
    assert_eq!(sampled(&lab, 0.3, 5).sampled.unwrap(), of);
    assert_ne!(sampled(&lab, 0.3, 6).sampled.unwrap().shards, of.shards);
    let all = sampled(&lab, 1.0, 1);
    let rows = all.sampled.unwrap().rows;
    let stored = |name: &str| crate::results::Results::read(&lab.path("runs/lab"), name);
    let left_out = ["fhs", "fhs-calm", "fhs-clearing", "hs-record"];
    let models = stored("requirements").texts("model");
    let plain = models.iter().filter(|model| !left_out.contains(&model.as_str())).count();
    assert_eq!(rows, plain + stored("losses").texts("account").len());
    assert_same(&files(&lab.path("runs/lab")), &before, "sampled");
}

#[test]
fn a_sample_finds_what_a_forged_manifest_covers() {
    let lab = finished();
    let run_folder = lab.path("runs/lab");
    // Requirements and losses of another study, under their right hashes.
    let other = study().replace("quantity = 3 }", "quantity = 4 }");
    let file = StudyFile::read(&lab.text("studies/other.toml", &other)).unwrap();
    run(&file, &lab.path("runs/other"), &Silent).unwrap();
    let mut text = std::fs::read_to_string(run_folder.join("manifest.json")).unwrap();
    let (ours, theirs) =
        (Manifest::read(&run_folder).unwrap(), Manifest::read(&lab.path("runs/other")).unwrap());
    for (known, forged) in ours.outputs.iter().zip(&theirs.outputs) {
        if known.path == "losses.parquet" {
            text = text.replace(&known.blake3, &forged.blake3);
            let bytes = |bytes: u64| {
                format!("\"blake3\": \"{}\",\n      \"bytes\": {bytes},", forged.blake3)
            };
            text = text.replace(&bytes(known.bytes), &bytes(forged.bytes));
            std::fs::copy(lab.path("runs/other/losses.parquet"), run_folder.join(&known.path))
                .unwrap();
        }
    }
    lab.text("runs/lab/manifest.json", &text);
    let differences = sampled(&lab, 0.4, 1).differences;
    assert_eq!(differences.len(), 2, "{differences:?}");
    for difference in differences {
        assert!(difference.starts_with("losses.parquet: row "), "{difference}");
        assert!(difference.contains("replayed for perpetual at 2021-"), "{difference}");
    }
}
