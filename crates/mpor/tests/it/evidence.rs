//! Forecasts and evidence of a whole study: the files of a run, and that asking for them changes no requirement.

use mpor::Silent;
use mpor::StudyFile;
use mpor::run::run;

use crate::lab::{Lab, STUDY};
use crate::results::Results;

fn ran(lab: &Lab, name: &str, backtest: &str) -> std::path::PathBuf {
    let text =
        STUDY.replace("[report]", &format!("[backtest]\nlevel = 0.975\n{backtest}\n\n[report]"));
    let file = StudyFile::read(&lab.text(&format!("{name}.toml"), &text)).unwrap();
    let folder = lab.path(&format!("runs/{name}"));
    run(&file, &folder, &Silent).unwrap();
    folder
}

#[test]
fn a_run_brings_its_evidence() {
    let lab = Lab::new();
    let quiet = ran(&lab, "quiet", "tests = [\"kupiec\"]");
    let all = ran(&lab, "all", "tests = \"all\"");
    // Only the model that fits something has forecasts where nobody asks.
    let models = |folder: &std::path::Path| {
        let mut models = Results::read(folder, "forecasts").texts("model");
        models.sort();
        models.dedup();
        models
    };
    assert_eq!(models(&quiet), ["own-series"]);
    let with_law = ["fhs", "fhs-calm", "fhs-clearing", "hs", "hs-record", "mc", "own-series"];
    assert_eq!(models(&all), with_law);
    let fits = Results::read(&quiet, "fits");
    assert!(fits.texts("model").iter().all(|model| model == "own-series"));
    let count: f64 = fits.numbers("count").iter().flatten().sum();
    assert_eq!(count as usize, Results::read(&quiet, "forecasts").rows());

    for table in ["es_tests", "pit_tests", "comparison", "monitoring", "discoveries", "pooled_view"]
    {
        assert!(Results::read(&all, table).rows() > 0, "{table}");
        assert!(!quiet.join(format!("{table}.parquet")).exists(), "{table}");
    }
    let bits = |folder: &std::path::Path| {
        Results::read(folder, "requirements").keyed(&["model", "account", "level"], "amount")
    };
    assert_eq!(bits(&quiet), bits(&all));

    // The value at risk that was forecast is the requirement of a model without overlays, where it is above zero.
    let forecast = Results::read(&all, "forecasts").keyed(&["model", "account"], "var");
    let mut compared = 0;
    for ((time, key), amount) in bits(&all) {
        let Some(key) = key.strip_prefix("hs / ").and_then(|rest| rest.strip_suffix(" / initial"))
        else {
            continue;
        };
        let Some(var) = forecast.get(&(time, format!("hs / {key}"))) else { continue };
        let var = f64::from_bits(var.unwrap()).max(0.0);
        assert_eq!(f64::from_bits(amount.unwrap()), var, "{key} at {time}");
        compared += 1;
    }
    assert!(compared > 500, "{compared}");
    // Places in a law are strictly inside, and missing only at the end.
    let depth = Results::read(&all, "forecasts").numbers("depth");
    assert!(depth.iter().flatten().all(|depth| *depth > 0.0 && *depth < 1.0));
    assert!(depth.iter().flatten().count() > 9 * depth.len() / 10);
}

#[test]
fn an_unknown_test_is_named_with_what_there_is() {
    let lab = Lab::new();
    let text = STUDY.replace("[report]", "[backtest]\ntests = [\"esr-strictt\"]\n\n[report]");
    let error = StudyFile::read(&lab.text("study.toml", &text)).unwrap_err().to_string();
    assert!(error.contains("esr-strictt") && error.contains("`esr-strict`"), "{error}");
}
