//! Files from anywhere: rule files and the exchange's risk files, changed at random from a fixed seed. Never a panic, never
//! an endless reading, and every refusal says where.

use std::path::{Path, PathBuf};

use mpor_margin::models::span::Order;
use mpor_margin::models::span::spn::SpnFile;
use mpor_margin::{ModelKind, ModelSpec, RuleLibrary, RuleSet, build};

use crate::market::{BOOKS, Market};
use crate::random::Random;
use crate::spn;

/// Changed texts of each rule file.
const OF_EACH_RULE_FILE: usize = 60;

#[test]
fn changed_rule_files_are_read_or_refused_with_their_place() {
    let (market, mut random) = (Market::new(), Random(11));
    let (mut read, mut refused, mut asked) = (0, 0, 0);
    for file in rule_files() {
        let good = std::fs::read_to_string(&file).unwrap();
        for case in 0..OF_EACH_RULE_FILE {
            let text = changed(&good, case, &mut random);
            match mpor_margin::read_rules("changed.toml", &text) {
                Ok(set) => {
                    read += 1;
                    asked += usize::from(ask(&market, set));
                }
                Err(error) => {
                    refused += 1;
                    let error = error.to_string();
                    let place = error.strip_prefix("rule file changed.toml: ");
                    let place = place.unwrap_or_else(|| panic!("{error}\n{text}"));
                    let named = place.contains('`') || place.contains(" at line ");
                    assert!(named && place.len() < 4_000, "{}\n{error}\n{text}", file.display());
                }
            }
        }
    }
    println!("{read} read, {refused} refused, {asked} gave a requirement");
    assert!(read > 100 && refused > 500 && asked > 50, "{read}, {refused}, {asked}");
}

/// Every truncation of a rule file is read or refused too.
#[test]
fn truncated_rule_files_do_not_panic() {
    for file in rule_files() {
        let good = std::fs::read_to_string(&file).unwrap();
        let cuts = (0..good.len()).step_by(97).filter(|&cut| good.is_char_boundary(cut));
        for cut in cuts {
            if let Err(error) = mpor_margin::read_rules("cut.toml", &good[..cut]) {
                assert!(error.to_string().starts_with("rule file cut.toml: "), "{error}");
            }
        }
    }
}

#[test]
fn changed_numbers_of_a_risk_file_give_an_amount_or_an_error() {
    let (good, mut random) = (spn::file(), Random(23));
    let (mut read, mut refused) = (0, 0);
    for _ in 0..3_000 {
        let mut text = good.clone();
        for _ in 0..=random.below(3) {
            text = random.extreme_number(&text);
        }
        match SpnFile::read(text.as_bytes()) {
            Ok(file) => {
                read += 1;
                let book = [(spn::future("WHT", "20260300"), 2.0), (spn::call(), -3.0)];
                match file.margins().assess(&book, Order::Commodity) {
                    Ok((_, account)) => assert!(!account.requirement.is_nan(), "{text}"),
                    Err(error) => assert!(!error.to_string().is_empty()),
                }
            }
            Err(error) => {
                refused += 1;
                let error = error.to_string();
                assert!(error.starts_with("byte ") && error.len() < 600, "{error}");
            }
        }
    }
    assert!(read > 100 && refused > 100, "{read} read, {refused} refused");
}

/// Many of what there may be one of: attributes in a tag, elements in a row, entities in a text.
#[test]
fn a_risk_file_of_too_much_of_one_thing_ends() {
    let read = |text: &str| SpnFile::read(text.as_bytes());
    let attributes: String = (0..20_000).map(|n| format!(" a{n}=\"1\"")).collect();
    let error = read(&format!("<spanFile{attributes}/>")).unwrap_err().to_string();
    assert!(error.contains("more than 65536 bytes"), "{error}");
    let many = "<x><y>1</y></x>".repeat(100_000);
    let file = spn::file().replacen("<definitions>", &format!("{many}<definitions>"), 1);
    assert_eq!(read(&file).unwrap().skipped.get("x"), Some(&100_000));
    let nested = "<spanFile>".to_owned() + &"<pointInTime>".repeat(1 << 16);
    assert!(read(&nested).unwrap_err().to_string().contains("at most 32 elements deep"));
    let bomb =
        "<!DOCTYPE x [<!ENTITY a \"&b;&b;\"><!ENTITY b \"&a;&a;\">]><spanFile>&a;</spanFile>";
    assert!(read(bomb).unwrap_err().to_string().contains("document type declaration"));
    let number = "<spanFile><date>&#x110000;</date></spanFile>";
    assert!(read(number).unwrap_err().to_string().contains("no entity but those of XML"));
}

fn changed(good: &str, case: usize, random: &mut Random) -> String {
    match case % 4 {
        0 => random.extreme_number(good),
        1 => random.move_line(good),
        2 => {
            let text = random.extreme_number(good);
            random.extreme_number(&text)
        }
        _ => {
            let mut bytes = good.as_bytes().to_vec();
            random.mutate(&mut bytes);
            String::from_utf8_lossy(&bytes).into_owned()
        }
    }
}

/// Asks the rules about the market's books: a requirement that is a number, or an error. Whether there was a requirement.
fn ask(market: &Market, set: RuleSet) -> bool {
    let spec = ModelSpec {
        name: "changed".to_owned(),
        kind: ModelKind::Rules(set.name.clone()),
        as_of: Some(set.valid_from.unwrap_or(market.state.time)),
        params: toml::Table::new(),
        overlays: Vec::new(),
        baseline: false,
    };
    let library = RuleLibrary::default().with(set).unwrap();
    let Ok(built) = build(&spec, &library) else { return false };
    let held = BOOKS.iter().filter_map(|book| market.ask_built(&built, book).ok());
    let amounts: Vec<f64> = held.map(|report| report.initial.amount()).collect();
    assert!(amounts.iter().all(|amount| !amount.is_nan()), "{amounts:?}");
    !amounts.is_empty()
}

pub fn rule_files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rules"), &mut files);
    files.sort();
    files
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { collect(&path, files) } else { files.push(path) }
    }
}
