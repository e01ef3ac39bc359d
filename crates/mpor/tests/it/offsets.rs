//! `[[offset]]` and add-ons of a study: the 80 % test on accounts that are parts of one, and what is refused.

use mpor::run::run;
use mpor::{Loaded, Silent, StudyFile};

use crate::by_hand::over_files;
use crate::lab::{Lab, STUDY};
use crate::results::Results;

const INSTRUMENTS: &str = "\
instrument,kind,underlying,quote,settlement,contract_size,inverse,expiry,strike,right
btc,perpetual,BTC,USD,USD,1,false,,,
eth,spot,ETH,USD,USD,1,false,,,
";

/// A long of one coin against a short of the other, together and apart.
const POSITIONS: &str = "\
time,account,instrument,quantity
2021-02-01T08:00:00Z,desk,btc,2
2021-02-01T08:00:00Z,desk,eth,-50
2021-02-01T08:00:00Z,long,btc,2
2021-02-01T08:00:00Z,short,eth,-50
";

const OFFSET: &str = "\n[[offset]]\nwhole = \"desk\"\ngroups = [\"long\", \"short\"]\n";

/// Two of the lab's models: one gives all of the saving, one none.
const MODELS: &str = r#"[[model]]
name = "all"
kind = "var"
level = 0.975
scenarios = { historical = { window = 30 } }

[[model]]
name = "none"
kind = "scan"
price_range = 0.1
vol_range = 0.1
offset = 0.0

[report]
formats = []
"#;

fn study(lab: &Lab, positions: &str, more: &str) -> Result<StudyFile, mpor::StudyError> {
    lab.text("data/instruments.csv", INSTRUMENTS);
    lab.text("data/positions.csv", positions);
    let keys = "instruments = \"data/instruments.csv\"\npositions = \"data/positions.csv\"";
    let study = over_files(STUDY, keys);
    let (head, _) = study.split_once("[[model]]").unwrap();
    StudyFile::read(&lab.text("study.toml", &format!("{head}{MODELS}{more}")))
}

#[test]
fn four_fifths_of_the_saving_may_be_granted() {
    let lab = Lab::new();
    let file = study(&lab, POSITIONS, OFFSET).unwrap();
    let summary = run(&file, &lab.path("run"), &Silent).unwrap();
    let result = summary.result.unwrap();
    let offsets = Results::read(&lab.path("run"), "offsets");
    assert_eq!(offsets.rows(), 2 * result.times.len());
    let (models, floor) = (offsets.texts("model"), offsets.numbers("floor"));
    let (alone, asked) = (offsets.numbers("standalone"), offsets.numbers("required"));
    let at = |name: &str| result.accounts.iter().position(|known| known == name).unwrap();
    let dates = result.times.len();
    for row in 0..offsets.rows() {
        let (model, date) = (usize::from(models[row] == "none"), row % dates);
        let initial = |name: &str| result.requirements[model][at(name)].initial[date];
        let sum = initial("long") + initial("short");
        assert_eq!(alone[row], Some(sum));
        assert_eq!(asked[row], Some(initial("desk")));
        // hand: the floor is the sum less four fifths of what the whole saves
        let hand = sum - 0.8 * (sum - initial("desk")).max(0.0);
        assert!((floor[row].unwrap() - hand).abs() <= 1e-9 * sum, "{row}");
    }
    let note = |model: &str| {
        let begin = format!("Offsets of desk under {model}:");
        summary.notes.iter().find(|note| note.starts_with(&begin)).unwrap().clone()
    };
    assert!(note("all").contains(&format!("more than 80 % of the saving on {dates} of {dates}")));
    assert!(note("none").contains("never more than 80 % of the saving"), "{}", note("none"));
}

#[test]
fn groups_that_are_not_the_whole_are_refused() {
    let lab = Lab::new();
    let told = |positions: &str, more: &str| match study(&lab, positions, more) {
        Ok(file) => Loaded::new(&file).err().unwrap().to_string(),
        Err(error) => error.to_string(),
    };
    let contains = |told: String, text: &str| assert!(told.contains(text), "{told}");
    contains(
        told(&POSITIONS.replace("short,eth,-50", "short,eth,-40"), OFFSET),
        "`desk` holds -50 of `eth` and its groups hold -40 together",
    );
    contains(told(POSITIONS, &OFFSET.replace("\"short\"", "\"shirt\"")), "no account `shirt`");
    contains(told(POSITIONS, &format!("{OFFSET}share = 80\n")), "`share` is 80: 0 to 1");
    contains(told(POSITIONS, &OFFSET.replace(", \"short\"", "")), "two accounts or more");
    contains(told(POSITIONS, &OFFSET.replace("\"short\"", "\"desk\"")), "`desk` is named twice");
}

#[test]
fn add_ons_are_taken_off_the_core_model() {
    let lab = Lab::new();
    let adequacy = |add_ons: &str, folder: &str| {
        let file = study(&lab, POSITIONS, add_ons).unwrap();
        let summary = run(&file, &lab.path(folder), &Silent).unwrap();
        (
            Results::read(&lab.path(folder), "adequacy").numbers("core_mean_requirement"),
            summary.notes,
        )
    };
    let (plain, _) = adequacy("", "plain");
    // The scan's requirement of the whole is a sum by underlying: without the part of BTC, less is core.
    let (less, notes) = adequacy("\n[backtest.add_ons]\nnone = [\"BTC\", \"ETC\"]\n", "less");
    assert_eq!(plain[..4], less[..4], "the other model");
    assert!(less[4..].iter().zip(&plain[4..]).any(|(less, plain)| less < plain));
    let note = notes.iter().find(|note| note.starts_with("Add-on `ETC` of model none")).unwrap();
    assert!(note.contains("takes nothing away"), "{note}");
    let refused = study(&lab, POSITIONS, "\n[backtest.add_ons]\nnun = [\"BTC\"]\n").unwrap_err();
    assert!(refused.to_string().contains("no model `nun`"), "{refused}");
}
