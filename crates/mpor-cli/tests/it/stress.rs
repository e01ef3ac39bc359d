//! `mpor stress` and `mpor compare`: what they say, in words and as JSON, and how they exit.

use serde_json::Value;

use crate::lab::{Lab, STUDY};
use crate::terminal::mpor;

/// The first two models are enough.
fn study() -> String {
    let (study, _) = STUDY.split_once("[[model]]\nname = \"pmrm2\"").unwrap();
    format!("{study}[report]\nformats = []\n")
}

#[test]
fn a_margin_date_is_stressed_and_verified() {
    let lab = Lab::new();
    lab.text("study.toml", &study());
    let asked = "stress study.toml --at 2021-06-01 --account strangle";
    let said = mpor(&lab.path(""), asked);
    assert_eq!(said.code, 0, "{}", said.shown());
    assert!(
        said.out.starts_with("At 2021-06-01T08:00:00Z, 1 scenario exhausts"),
        "{}",
        said.shown()
    );
    assert!(said.out.contains("crypto-2021-05"), "{}", said.shown());
    assert!(said.out.contains("Written to runs/lab-stress"), "{}", said.shown());
    let again = mpor(&lab.path(""), asked);
    let told = "runs/lab-stress already holds this stress test; nothing to do\n";
    assert_eq!((again.code, again.out.as_str()), (0, told));
    let verified = mpor(&lab.path(""), "verify runs/lab-stress");
    assert_eq!(verified.code, 0, "{}", verified.shown());

    let json = mpor(&lab.path(""), &format!("{asked} --out other --json"));
    let value: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(json.err, "");
    assert_eq!(value["found"]["pairs"].as_array().unwrap().len(), 2);
    assert_eq!(value["found"]["pairs"][0]["account"], "strangle");
    let never = mpor(&lab.path(""), "stress study.toml --at 2020-06-01");
    assert_eq!(never.code, 1);
    assert!(never.err.contains("no margin date"), "{}", never.shown());
}

#[test]
fn two_runs_are_compared() {
    let lab = Lab::new();
    lab.text("a.toml", &study());
    lab.text("b.toml", &study().replace("price_range = 0.12", "price_range = 0.24"));
    for name in ["a", "b"] {
        let said = mpor(&lab.path(""), &format!("run {name}.toml --out runs/{name}"));
        assert_eq!(said.code, 0, "{}", said.shown());
    }
    let said = mpor(&lab.path(""), "compare runs/a runs/b");
    assert_eq!(said.code, 0, "{}", said.shown());
    assert!(said.out.contains("scan differs most"), "{}", said.shown());
    assert!(said.out.contains("model.scan.price_range"), "{}", said.shown());
    let json = mpor(&lab.path(""), "compare runs/a runs/b --json");
    let value: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(value["differences"][0]["after"], "0.24");
    let same = mpor(&lab.path(""), "compare runs/a runs/a");
    assert!(same.out.contains("The same version, study and inputs."), "{}", same.shown());
    let none = mpor(&lab.path(""), "compare runs/a runs/c");
    assert_eq!(none.code, 1);
    assert!(none.err.contains("is this the folder of a finished run?"), "{}", none.shown());
}
