//! Calibration on markets where the right answer is known by hand, and the laws that any calibration keeps.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use mpor::calibrate::{CHOSEN, Calibration, calibrate, check};
use mpor::run::{in_pool, run};
use mpor::verify::verify;
use mpor::{MporError, Progress, Silent, StudyFile};

use crate::folder::{assert_same, files};
use crate::lab::{HOURS, Lab, Market, hour_of};
use crate::results::Results;

/// One long perpetual, one short one, and the model under calibration. Losses are those of one day.
const STUDY: &str = r#"schema = 1
name = "scanned"
currency = "USD"
seed = 7

[data]
prices = "data/prices.parquet"

[fx]
USDT = 1.0

[calendar]
kind = "24x7"
step = "1d"
cut = "08:00"
from = "2021-01-02"

[mpor]
horizon = "1d"

[[underlying]]
name = "BTC"
prices = "BTC/USDT"
quote = "USDT"

[[portfolio]]
name = "long"
rule = { outright = { underlying = "BTC", contract = "perpetual", roll = "7d", quantity = 3 } }

[[portfolio]]
name = "short"
rule = { outright = { underlying = "BTC", contract = "perpetual", roll = "7d", quantity = -1 } }

[[model]]
name = "isolated"
rules = "generic/isolated"
as_of = "2021-01-01"
baseline = true

[[model]]
name = "scan"
kind = "scan"
price_range = 0.2

[report]
formats = []

[calibrate]
model = "scan"
"#;

fn study(lab: &Lab, calibrate: &str) -> StudyFile {
    StudyFile::read(&lab.text("study.toml", &format!("{STUDY}{calibrate}\n"))).unwrap()
}

fn calibrated(lab: &Lab, keys: &str, folder: &str) -> Calibration {
    calibrate(&study(lab, keys), &lab.path(folder), &Silent).unwrap()
}

fn chosen(done: &Calibration) -> Vec<f64> {
    let found = done.found.as_ref().unwrap();
    found.parameters.iter().map(|(_, value)| value.get()).collect()
}

/// Every fifth day the price falls by 9.95 %, and in four small rises it is back: the long never loses 10 %, the short never
/// 4 %. Five days, so that every second or fourth date sees all of it.
fn sawtooth() -> Market {
    let mut market = Market::made_up();
    market.series = vec![("BTC/USDT", Vec::new())];
    for hour in 0..HOURS {
        // Days change at nine, after the cut.
        let day = (hour + 15) / 24;
        let level = [1.0, 0.9005, 0.93, 0.96, 0.98][day % 5];
        market.series[0].1.push(30_000.0 * level);
    }
    market
}

fn sawtooth_lab() -> Lab {
    let lab = Lab::new();
    lab.market(&sawtooth());
    lab
}

const RANGES: &str = "parameters = { price_range = { from = 0.06, to = 0.14, steps = 9 } }";

#[test]
fn the_smallest_range_that_covers_is_chosen() {
    let lab = sawtooth_lab();
    let done = calibrated(&lab, RANGES, "run");
    // Every fifth day the long loses 9.95 %; the short never loses more than 3.3 %. Nine per cent fail, ten never do.
    assert_eq!(chosen(&done), [0.1]);
    let found = done.found.as_ref().unwrap();
    assert!(done.feasible && found.chosen.feasible);
    assert_eq!((found.candidates, found.covering), (9, 5));
    assert_eq!(found.chosen.breaches, 0);
    assert!((found.chosen.cost.unwrap() - 0.1).abs() < 1e-12, "{:?}", found.chosen);
    assert!(found.chosen.calm < 1e-12);
    // 199 margin dates, the last without an outcome; each fold chooses the same, so nothing is breached out of sample.
    assert_eq!(found.chosen.observations, 2 * 198);
    assert_eq!((found.out_of_sample.breaches, found.out_of_sample.feasible), (0, true));
    let folds = Results::read(&lab.path("run"), "folds");
    assert_eq!(folds.numbers("price_range"), [Some(0.1); 4]);
    // Of what fails, the coverage is that of the long: a fifth of its days, half of the observations.
    let candidates = Results::read(&lab.path("run"), "candidates");
    let coverage = candidates.numbers("coverage");
    assert!((coverage[0].unwrap() - (1.0 - 40.0 / 396.0)).abs() < 0.003, "{coverage:?}");
    // Below the choice nothing is on the frontier but cheaper ranges; above it nothing is, as it covers no more.
    let frontier = Results::read(&lab.path("run"), "frontier").numbers("price_range");
    assert_eq!(frontier, [Some(0.06), Some(0.1)]);
    let around = Results::read(&lab.path("run"), "sensitivity");
    assert_eq!(around.numbers("distance"), [-2.0, -1.0, 0.0, 1.0, 2.0].map(Some));
    assert_eq!(around.numbers("value"), [0.08, 0.09, 0.1, 0.11, 0.12].map(Some));
}

#[test]
fn overlays_are_calibrated_through_the_same_walk() {
    let lab = sawtooth_lab();
    let text = STUDY.replace(
        "price_range = 0.2",
        "price_range = 0.08\noverlays = [{ buffer = { share = 0.1 } }]",
    );
    let keys = "parameters = { \"overlays.0.buffer.share\" = { values = [0, 0.125, 0.25, 0.5] } }";
    let file = StudyFile::read(&lab.text("study.toml", &format!("{text}{keys}\n"))).unwrap();
    let done = calibrate(&file, &lab.path("run"), &Silent).unwrap();
    assert_eq!(chosen(&done), [0.25]);
    let rules = std::fs::read_to_string(lab.path("run").join(CHOSEN)).unwrap();
    assert!(rules.contains("overlays = [{ buffer = { share = 0.25 } }]"), "{rules}");
}

#[test]
fn where_nothing_covers_there_is_no_rule_file() {
    let lab = sawtooth_lab();
    let keys = "parameters = { price_range = { values = [0.05, 0.09] } }";
    let done = calibrated(&lab, keys, "run");
    assert!(!done.feasible);
    assert!(!lab.path("run").join(CHOSEN).exists());
    let notes = &done.found.as_ref().unwrap().notes;
    let told = "No point covers on all margin dates; the nearest is price_range = 0.05.";
    assert!(notes.iter().any(|note| note.starts_with(told)), "{notes:?}");
    // A second call finds the same, from the finished folder.
    let again = calibrated(&lab, keys, "run");
    assert!(!again.feasible && again.found.is_none());
}

#[test]
fn a_study_uses_what_was_chosen() {
    let lab = sawtooth_lab();
    let done = calibrated(&lab, RANGES, "calibrated");
    assert!(done.feasible);
    let by_hand = STUDY.replace("price_range = 0.2", "price_range = 0.1");
    let by_rules = STUDY
        .replace(
            "kind = \"scan\"\nprice_range = 0.2",
            "rules = \"calibrated/scanned\"\nas_of = \"2021-07-20\"",
        )
        .replace("[fx]", "rules = [\"calibrated\"]\n\n[fx]");
    let requirements = |name: &str, text: &str| {
        let (text, _) = text.split_once("[calibrate]").unwrap();
        let file = StudyFile::read(&lab.text(&format!("{name}.toml"), text)).unwrap();
        run(&file, &lab.path(name), &Silent).unwrap();
        Results::read(&lab.path(name), "requirements")
            .keyed(&["model", "account", "level"], "amount")
    };
    let found = requirements("by-rules", &by_rules);
    assert!(found.len() > 700);
    assert_eq!(found, requirements("by-hand", &by_hand));
}

#[test]
fn a_later_price_changes_no_earlier_choice() {
    let keys = "coverage = 0.95\nparameters = { price_range = { from = 0.02, to = 0.2, steps = 37 } }\nsearch = SEARCH";
    for search in ["\"grid\"", "{ halving = { points = 30, keep = 2 } }"] {
        let lab = Lab::new();
        let keys = keys.replace("SEARCH", search);
        calibrated(&lab, &keys, "before");
        let before = Results::read(&lab.path("before"), "folds");
        let Some(mpor_core::Column::Time(starts)) = before.column("test_from").cloned() else {
            unreachable!()
        };
        // From the first instant of the third test block everything is different.
        lab.market(&Market::made_up().altered(hour_of(starts[2].unwrap())));
        calibrated(&lab, &keys, "after");
        let after = Results::read(&lab.path("after"), "folds");
        for column in ["price_range", "training_coverage", "training_cost", "training_calm"] {
            let (before, after) = (before.numbers(column), after.numbers(column));
            assert_eq!(before[..3], after[..3], "{search}: {column}");
            // A scan asks for the same share of notional every day, so nothing rises.
            let moves = column != "training_calm";
            assert_eq!(before[3] != after[3], moves, "{search}: {column} and another market");
        }
    }
}

#[test]
fn halving_finds_the_optimum_of_the_grid() {
    let lab = sawtooth_lab();
    let keys = "folds = 1\nparameters = { price_range = { from = 0.02, to = 0.17, steps = 16 } }\n";
    let grid = calibrated(&lab, keys, "grid");
    let halving = format!("{keys}search = {{ halving = {{ points = 16, keep = 2 }} }}");
    let halved = calibrated(&lab, &halving, "halved");
    assert_eq!(chosen(&grid), [0.1]);
    assert_eq!(chosen(&halved), [0.1]);
    let tried = Results::read(&lab.path("halved"), "candidates");
    assert_eq!(tried.rows(), 16);
    let on_all = tried.numbers("stride").into_iter().filter(|stride| *stride == Some(1.0)).count();
    assert_eq!(on_all, 4);
    let notes = &halved.found.unwrap().notes;
    assert!(notes.iter().any(|note| note.starts_with("Rungs")), "{notes:?}");
}

/// Seventy candidates, three batches.
const MANY: &str = "bootstrap = { draws = 200 }\nparameters = { price_range = { from = 0.06, to = 0.13, steps = 8 }, maintenance = { from = 0.5, to = 0.9, steps = 9 } }";

fn with_pictures() -> String {
    STUDY.replace("formats = []", "formats = [\"svg\", \"png\", \"pdf\", \"html\"]")
}

struct StopAt(AtomicUsize);

impl Progress for StopAt {
    fn begin(&self, _stage: &str, _total: usize) {}
    fn advance(&self, _units: usize) {
        if self.0.fetch_sub(1, Ordering::Relaxed) == 1 {
            resume_unwind(Box::new("stopped"));
        }
    }
    fn end(&self) {}
}

fn batches(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder.join("batches")).unwrap();
    let mut found: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.is_dir());
    found.sort();
    found
}

#[test]
fn a_stopped_calibration_ends_with_the_same_bytes() {
    let lab = sawtooth_lab();
    let text = format!("{}{MANY}\n", with_pictures());
    let file = StudyFile::read(&lab.text("study.toml", &text)).unwrap();
    calibrate(&file, &lab.path("runs/whole"), &Silent).unwrap();
    let whole = files(&lab.path("runs/whole"));
    for name in [
        "chosen.toml",
        "manifest.json",
        "figures/calibration-frontier.svg",
        "figures/calibration-map.png",
        "report.pdf",
        "report.html",
    ] {
        assert!(whole.contains_key(name), "{name}");
    }
    let folder = lab.path("runs/stopped");
    let stop = StopAt(AtomicUsize::new(3));
    assert!(catch_unwind(AssertUnwindSafe(|| calibrate(&file, &folder, &stop))).is_err());
    // The references, the market and three batches of candidates; half of them are lost.
    let left = batches(&folder);
    assert_eq!(left.len(), 5, "{left:?}");
    for lost in left.iter().step_by(2) {
        std::fs::remove_dir_all(lost).unwrap();
    }
    calibrate(&file, &folder, &Silent).unwrap();
    assert_same(&files(&folder), &whole, "taken up");
    assert!(verify(&folder, &Silent).unwrap().differences.is_empty());
}

/// The text of a page for browsers, as it stands between its marks.
fn page(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("report.html"))
        .unwrap()
        .replace(['\u{200B}', '\u{2060}'], "")
        .replace('\u{A0}', " ")
}

#[test]
fn the_report_says_what_was_chosen_and_what_must_be_known() {
    let lab = sawtooth_lab();
    let text = with_pictures();
    let write = |name: &str, keys: &str| {
        let file = StudyFile::read(&lab.text("study.toml", &format!("{text}{keys}\n"))).unwrap();
        calibrate(&file, &lab.path(name), &Silent).unwrap();
        page(&lab.path(name))
    };
    let chosen = write("chosen", RANGES);
    // Ten per cent of notional every day, no breach: see `the_smallest_range_that_covers_is_chosen`.
    for told in [
        "Margin calibration",
        "scan: price_range = 0.1 is the cheapest and calmest of 5 points that cover, of 9 tried.",
        "Its coverage is 100 % against 99 % asked for; it costs 10.00 % of gross notional on average",
        "calibrated/scanned in chosen.toml, valid from 20 Jul 2021",
        // One per cent of 396 observations.
        "Few breaches: at the coverage asked for, 4.0 are expected among 396 observations and 0 were seen.",
    ] {
        assert!(chosen.contains(told), "{told}");
    }
    assert!(!chosen.contains("lies at the edge"));
    // Each link at the head of the page leads to a chapter of its own.
    let ids: Vec<&str> =
        chosen.split("<section id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let distinct: std::collections::BTreeSet<&&str> = ids.iter().collect();
    assert_eq!((ids.len(), distinct.len()), (6, 6), "{ids:?}");
    assert!(std::fs::read(lab.path("chosen/report.pdf")).unwrap().starts_with(b"%PDF-1.7"));
    // One parameter has no map, and no heading of one.
    assert!(!chosen.contains("The objective over two parameters"));
    let none = write("none", "parameters = { price_range = { values = [0.05, 0.09] } }");
    for told in [
        "scan: none of 2 points covers; the nearest is price_range = 0.05.",
        "none: no point covers",
        "No point covers on all margin dates",
    ] {
        assert!(none.contains(told), "{told}");
    }
}

#[test]
fn one_and_two_threads_write_the_same_bytes() {
    let lab = sawtooth_lab();
    let text = format!("{}{MANY}\n", with_pictures());
    let file = StudyFile::read(&lab.text("study.toml", &text)).unwrap();
    let on = |threads: usize| {
        let folder = lab.path(&format!("runs/{threads}"));
        in_pool(Some(threads), || calibrate(&file, &folder, &Silent)).unwrap().unwrap();
        files(&folder)
    };
    assert_same(&on(2), &on(1), "two threads");
}

struct Second<'a> {
    file: &'a StudyFile,
    folder: &'a Path,
    told: Mutex<Vec<String>>,
}

impl Progress for Second<'_> {
    fn begin(&self, _stage: &str, _total: usize) {
        let told = calibrate(self.file, self.folder, &Silent).unwrap_err().to_string();
        self.told.lock().unwrap().push(told);
    }
    fn advance(&self, _units: usize) {}
    fn end(&self) {}
}

#[test]
fn two_calibrations_do_not_write_into_one_folder() {
    let lab = sawtooth_lab();
    let file = study(&lab, RANGES);
    let folder = lab.path("contended");
    let second = Second { file: &file, folder: &folder, told: Mutex::default() };
    calibrate(&file, &folder, &second).unwrap();
    let told = second.told.into_inner().unwrap();
    assert!(
        told.len() > 3
            && told
                .iter()
                .all(|told| told.contains("another run, or a share of one, is writing here"))
    );
}

#[test]
fn what_is_wrong_is_pointed_at() {
    let lab = sawtooth_lab();
    let told = |keys: &str| {
        let path = lab.text("study.toml", &format!("{STUDY}{keys}\n"));
        let error = match StudyFile::read(&path) {
            Err(error) => error,
            Ok(file) => match check(&file) {
                Err(MporError::Study(error)) => *error,
                other => unreachable!("{keys}: {other:?}"),
            },
        };
        let at = error.span.clone().map(|span| error.text[span].to_owned()).unwrap_or_default();
        (error.problem, at)
    };
    let (problem, at) = told("parameters = { price_rnage = { values = [0.1] } }");
    assert!(problem.contains("did you mean `price_range`?"), "{problem}");
    assert_eq!(at, "{ values = [0.1] }");
    let (problem, at) = told("parameters = { price_range = { from = 0.2, to = 0.1, steps = 5 } }");
    assert!(problem.contains("the range is empty"), "{problem}");
    assert_eq!(at, "0.1");
    let (problem, at) = told("parameters = { price_range = { from = 0.1, steps = 5 } }");
    assert!(problem.contains("is { from, to, steps }"), "{problem}");
    assert_eq!(at, "{ from = 0.1, steps = 5 }");
    let (problem, _) = told("parameters = { \"extreme.cover\" = { values = [0.1] } }");
    assert!(problem.contains("the model writes no `extreme`"), "{problem}");
    let (problem, at) = told("parameters = { offset = { values = [0.5, 1.5] } }");
    assert!(problem.contains("offset = 1.5") && problem.contains("0 and 1"), "{problem}");
    assert_eq!(at, "{ values = [0.5, 1.5] }");
    let (problem, _) = told("folds = 0\nparameters = { price_range = { values = [0.1] } }");
    assert!(problem.contains("1 to 100"), "{problem}");

    let text = STUDY.replace("model = \"scan\"\n", "model = \"skan\"\n");
    let keys = "parameters = { price_range = { values = [0.1] } }\n";
    let error = StudyFile::read(&lab.text("study.toml", &format!("{text}{keys}"))).unwrap_err();
    assert!(error.problem.contains("no model `skan`; did you mean `scan`?"), "{}", error.problem);

    let short = study(&lab, &format!("folds = 99\n{keys}"));
    let error = calibrate(&short, &lab.path("short"), &Silent).unwrap_err();
    assert!(error.to_string().contains("write fewer folds"), "{error}");
}
