//! The verbs around a study: its schema, a first one of one's own data, and what a shell completes.

use std::path::Path;
use std::process::Command;

use mpor_data::tables::csv_text;

use crate::lab::{Lab, Market, STUDY};
use crate::terminal::{mpor, with_args};

/// Checks TOML files against the schema with Python's `jsonschema`; prints one line for each that does not fit.
const VALIDATE: &str = "
import json, sys, tomllib, jsonschema
schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
for path in sys.argv[2:]:
    study = tomllib.load(open(path, 'rb'))
    for error in validator.iter_errors(study):
        print(path, list(error.absolute_path), error.message[:200])
";

/// What does not fit; `None` where this machine has no validator.
fn misfits(schema: &Path, studies: &[std::path::PathBuf]) -> Option<String> {
    let modules = Command::new("python3").args(["-c", "import jsonschema, tomllib"]).output();
    if !modules.is_ok_and(|output| output.status.success()) {
        println!("not validated: python3 with jsonschema and tomllib is not here");
        return None;
    }
    let output = Command::new("python3").args(["-c", VALIDATE]).arg(schema).args(studies).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn every_shipped_study_fits_the_schema_and_a_wrong_one_does_not() {
    let lab = Lab::new();
    let schema = lab.text("schema.json", &mpor(&lab.path(""), "schema").out);
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../studies");
    let mut studies: Vec<_> =
        std::fs::read_dir(shipped).unwrap().map(|entry| entry.unwrap().path()).collect();
    studies.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    assert!(studies.len() >= 9);
    studies.push(lab.text("study.toml", STUDY));
    let Some(told) = misfits(&schema, &studies) else { return };
    assert_eq!(told, "");
    for (good, bad) in [
        ("seed = 7", "seeed = 7"),
        ("seed = 7", "seed = -7"),
        ("horizon = \"2d\"", "horizon = 2"),
        ("kind = \"scan\"", "kind = \"scam\""),
        ("kind = \"24x7\"", "kind = \"24/7\""),
        ("{ buffer =", "{ bufer ="),
        ("rule = { outright", "rule = { outwrong"),
        ("currency = \"USD\"\n", ""),
        ("[mpor]", "[[mpor]]"),
    ] {
        let study = lab.text("bad.toml", &STUDY.replacen(good, bad, 1));
        assert_ne!(misfits(&schema, &[study]).unwrap(), "", "{bad} fits");
    }
}

/// As a new user: a CSV, a study of it, a report.
#[test]
fn from_a_csv_to_a_report() {
    let lab = Lab::new();
    let folder = lab.path("");
    lab.text("mine/prices.csv", &csv_text(&Market::made_up().table()).unwrap());
    let made = mpor(&folder, "init mine --prices mine/prices.csv");
    assert_eq!(made.code, 0, "{}", made.shown());
    assert!(made.out.contains("It is sound: 3 accounts, 3 models, "), "{}", made.shown());
    let text = std::fs::read_to_string(lab.path("mine/study.toml")).unwrap();
    for line in ["prices = \"prices.csv\"", "quote = \"USDT\"", "kind = \"24x7\"", "USDT = 1.0"] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
    assert_eq!(mpor(&folder, "check mine/study.toml").code, 0);
    let ran = mpor(&folder, "run mine/study.toml --out run");
    assert_eq!(ran.code, 0, "{}", ran.shown());
    assert!(lab.path("run/report.pdf").exists());
    let again = mpor(&folder, "init mine --prices mine/prices.csv");
    assert_eq!(again.code, 1);
    assert!(again.err.contains("is there already"), "{}", again.shown());
    lab.text("odd.csv", "Date,Close\n2021-01-01,5\n");
    let foreign = mpor(&folder, "init other --prices odd.csv");
    assert!(foreign.err.contains("mpor data import odd.csv --table prices"), "{}", foreign.shown());
    assert!(!lab.path("other").exists());
}

#[test]
fn shells_complete_every_verb() {
    for shell in ["bash", "zsh", "fish"] {
        let said = mpor(&std::env::temp_dir(), &format!("completions {shell}"));
        assert_eq!(said.code, 0);
        for verb in ["run", "calibrate", "verify", "schema", "completions"] {
            assert!(said.out.contains(verb), "{verb} for {shell}");
        }
    }
    assert_eq!(mpor(&std::env::temp_dir(), "completions dos").code, 2);
}

/// Colours are for terminals: into a pipe nothing is coloured, whether or not it is forbidden.
#[test]
fn a_pipe_gets_no_colours() {
    let lab = Lab::new();
    lab.text("study.toml", &STUDY.replace("seed = 7", "seeed = 7"));
    let output = Command::new(env!("CARGO_BIN_EXE_mpor"))
        .args(["check", "study.toml"])
        .current_dir(lab.path(""))
        .env_remove("NO_COLOR")
        .output()
        .unwrap();
    assert!(!output.stderr.contains(&0x1b) && !output.stderr.is_empty());
}

/// What is at the wrong place is told with the right one.
#[test]
fn wrong_nestings_are_told_in_the_words_of_the_file() {
    let lab = Lab::new();
    for (good, bad, expected) in [
        ("[mpor]", "[[mpor]]", "there is one `mpor` in a study: write `[mpor]`, not `[[mpor]]`"),
        ("[data]", "[[data]]", "write `[data]`, not `[[data]]`"),
        (
            "seed = 7\n",
            "portfolio = {}\n",
            "`portfolio` may come several times: write `[[portfolio]]`",
        ),
        (
            "[fx]",
            "seed = 7\n[fx]",
            "`seed` is a key of the study itself: write it above the first `[table]`",
        ),
        ("[mpor]", "horizon = \"2d\"\n[mpor]", "`horizon` is a key of `[mpor]`"),
        ("[fx]", "report = {}\n[fx]", "`report` is a table of its own: write `[report]`"),
    ] {
        let mut study = STUDY.replacen(
            "seed = 7\n",
            if good.starts_with("seed") { "seed = 7\n" } else { "" },
            1,
        );
        if bad.starts_with("portfolio") {
            study = study.split("[[portfolio]]").next().unwrap().to_owned();
        }
        lab.text("study.toml", &study.replacen(good, bad, 1));
        let said = with_args(&lab.path(""), &["check", "study.toml"]);
        assert_eq!(said.code, 2, "{}", said.shown());
        assert!(said.err.contains(expected), "{expected}: {}", said.shown());
    }
}
