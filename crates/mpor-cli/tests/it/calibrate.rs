//! `mpor calibrate`: what it says, in words and as JSON, and how it exits.

use serde_json::Value;

use crate::lab::{Lab, STUDY};
use crate::terminal::mpor;

fn lab(values: &str) -> Lab {
    let lab = Lab::new();
    let calibrate = format!(
        "[calibrate]\nmodel = \"scan\"\nfolds = 2\ncoverage = 0.9\nparameters = {{ price_range = {{ values = {values} }} }}\n"
    );
    lab.text("study.toml", &format!("{STUDY}\n{calibrate}"));
    lab
}

#[test]
fn a_choice_is_told_and_its_rules_are_found() {
    let lab = lab("[0.001, 0.3, 0.45]");
    let said = mpor(&lab.path(""), "calibrate study.toml");
    assert_eq!(said.code, 0, "{}", said.shown());
    let first =
        "scan: price_range = 0.3 is the cheapest and calmest of 2 points that cover, of 3 tried\n";
    assert!(said.out.starts_with(first), "{}", said.shown());
    assert!(said.out.contains("out of sample, walk-forward"), "{}", said.shown());
    assert!(lab.path("runs/lab-calibration/chosen.toml").exists());
    let again = mpor(&lab.path(""), "calibrate study.toml");
    let told = "runs/lab-calibration already holds this calibration; nothing to do\n";
    assert_eq!((again.code, again.out.as_str()), (0, told));
    let verified = mpor(&lab.path(""), "verify runs/lab-calibration");
    assert_eq!(verified.code, 0, "{}", verified.shown());

    let json = mpor(&lab.path(""), "calibrate study.toml --out other --json");
    let value: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(json.err, "");
    assert_eq!(value["found"]["parameters"]["price_range"], 0.3);
    assert_eq!(value["found"]["rules"], "calibrated/lab");
    assert_eq!(value["feasible"], true);
}

#[test]
fn nothing_that_covers_is_no_success() {
    let lab = lab("[0.001, 0.002]");
    let said = mpor(&lab.path(""), "calibrate study.toml --out run");
    assert_eq!(said.code, 1, "{}", said.shown());
    assert!(said.out.contains("none of 2 points covers; the nearest is price_range = 0.00"));
    assert!(said.out.contains("No rule file is written."));
    assert!(!lab.path("run/chosen.toml").exists());
}

#[test]
fn a_study_without_the_table_is_told_how_to_write_one() {
    let lab = Lab::new();
    lab.text("study.toml", STUDY);
    let said = mpor(&lab.path(""), "calibrate study.toml");
    assert_eq!(said.code, 2);
    assert!(said.err.contains("the study has no `[calibrate]` table"), "{}", said.shown());
    assert!(!lab.path("runs").exists());
}
