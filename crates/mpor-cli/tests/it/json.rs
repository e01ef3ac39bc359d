//! `--json` prints one JSON document and nothing else on standard output.

use serde_json::Value;

use crate::lab::{Lab, STUDY};
use crate::terminal::mpor;

fn read(lab: &Lab, words: &str) -> Value {
    let said = mpor(&lab.path(""), &format!("{words} --json"));
    assert_eq!(said.code, 0, "{}", said.shown());
    assert_eq!(said.err, "", "{words}: progress is not printed beside JSON");
    serde_json::from_str(&said.out).unwrap()
}

#[test]
fn every_command_prints_json_for_scripts() {
    let lab = Lab::new();
    lab.text("study.toml", STUDY);

    let check = read(&lab, "check study.toml");
    assert_eq!(check["study"], "lab");
    assert_eq!(check["accounts"].as_array().unwrap().len(), 5);
    assert_eq!(check["from"], "2021-02-10T08:00:00Z");

    let margin = read(&lab, "margin study.toml --at 2021-04-10 --account pair");
    let models: Vec<&str> =
        margin.as_array().unwrap().iter().map(|asked| asked["model"].as_str().unwrap()).collect();
    assert_eq!(models[..3], ["isolated", "scan", "pmrm2"]);
    assert_eq!(models[models.len() - 4..], ["mc", "prisma", "stans", "oms2"]);
    assert!(margin[0]["initial"]["amount"].as_f64().unwrap() > 0.0);

    let run = read(&lab, "run study.toml --out run");
    assert_eq!(run["manifest"]["study"], "lab");
    assert!(run["manifest"]["outputs"].as_array().unwrap().len() > 8);

    let explained = read(&lab, "explain run --account pair --at 2021-04-10");
    let loss = explained["horizon_loss"].as_f64().unwrap();
    let causes = explained["causes"].as_array().unwrap();
    let pnl: f64 = causes.iter().map(|cause| cause[1].as_f64().unwrap()).sum();
    assert!((pnl + loss).abs() < 1e-9 * (1.0 + loss.abs()), "{pnl} {loss}");

    let verified = read(&lab, "verify run");
    assert_eq!(verified["differences"].as_array().unwrap().len(), 0);

    assert!(read(&lab, "models")["models"].as_array().unwrap().len() >= 4);
    assert!(read(&lab, "tests").as_array().unwrap().contains(&Value::from("kupiec")));
    assert!(!read(&lab, "rules").as_array().unwrap().is_empty());
    assert_eq!(read(&lab, "rules derive/pmrm2")[0]["name"], "derive/pmrm2");
    assert!(read(&lab, "data check data/prices.parquet").is_array());
    assert!(read(&lab, "data describe data").is_array());
}
