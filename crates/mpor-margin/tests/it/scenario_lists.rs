//! One scenario more in a rule file's text never lowers a worst case.

use mpor_margin::{BuiltModel, ModelKind, ModelSpec, RuleLibrary, build, kinds};
use toml::{Table, Value};

use crate::fuzz::rule_files;
use crate::market::{BOOKS, Market};

/// Lists of scenarios by their key in rule files: of numbers, the one that is added.
const NUMBERS: &[(&str, f64)] = &[
    ("spot_moves", 0.31),
    ("extended_price_moves", 0.47),
    ("spot_steps", 1.3),
    ("vol_points", 0.85),
];

/// And of tables: the key of the move in the list `scenarios`, and the move that is added.
const TABLES: &[(&str, f64)] = &[("move", 0.27), ("spot_shock", 1.31), ("price", 0.29)];

#[test]
fn one_scenario_more_never_lowers_a_requirement() {
    let market = Market::new();
    let (mut files, mut raised) = (0, 0);
    for file in rule_files() {
        let text = std::fs::read_to_string(&file).unwrap();
        let mut table: Table = toml::from_str(&text).unwrap();
        let added = table.get_mut("parameters").map_or(0, add);
        if added == 0 {
            continue;
        }
        files += 1;
        let (fewer, more) = (model(&text), model(&toml::to_string(&table).unwrap()));
        let mut compared = 0;
        for book in BOOKS {
            let (Ok(fewer), Ok(more)) =
                (market.ask_built(&fewer, book), market.ask_built(&more, book))
            else {
                continue;
            };
            compared += 1;
            for (fewer, more) in
                [(&fewer.initial, &more.initial), (&fewer.maintenance, &more.maintenance)]
            {
                assert!(more.amount() >= fewer.amount(), "{} on {book:?}", file.display());
                raised += usize::from(more.amount() > fewer.amount());
            }
        }
        assert!(compared >= 3, "{}: {compared} books", file.display());
    }
    // The law is not met by leaving the new scenario out.
    assert!(files >= 15 && raised >= 15, "{files} rule files with scenarios, {raised} raised");
}

/// Adds a scenario to every list of them; returns to how many.
fn add(value: &mut Value) -> usize {
    let Value::Table(table) = value else { return 0 };
    let mut added = 0;
    for (key, value) in table.iter_mut() {
        added += match value {
            Value::Array(list) => usize::from(add_to(key, list)),
            other => add(other),
        };
    }
    added
}

fn add_to(key: &str, list: &mut Vec<Value>) -> bool {
    let numbers = list.iter().all(|entry| entry.as_float().is_some());
    if let Some((_, extra)) = NUMBERS.iter().find(|(known, _)| *known == key && numbers) {
        list.push(Value::Float(*extra));
        return true;
    }
    let Some(Value::Table(last)) = list.last().filter(|_| key == "scenarios") else { return false };
    let Some((price, extra)) = TABLES.iter().find(|(known, _)| last.contains_key(*known)) else {
        return false;
    };
    // The first one's volatility, weight and dampening: not those of a skew or of a tail.
    let Some(Value::Table(first)) = list.first() else { return false };
    let mut scenario = first.clone();
    scenario.insert((*price).to_owned(), Value::Float(*extra));
    list.push(Value::Table(scenario));
    true
}

fn model(text: &str) -> BuiltModel {
    let set = mpor_margin::read_rules("rules.toml", text).unwrap();
    let kind = kinds().iter().find(|kind| kind.id == set.engine).unwrap();
    let mut params = Table::new();
    if kind.parameters.iter().any(|parameter| parameter.key == "futures") {
        params.insert("futures".to_owned(), "as_perpetual".into());
    }
    if kind.parameters.iter().any(|parameter| parameter.key == "unlisted") {
        params.insert("unlisted".to_owned(), "as_perpetual".into());
    }
    let spec = ModelSpec {
        name: set.name.clone(),
        kind: ModelKind::Rules(set.name.clone()),
        as_of: Some(set.valid_from.unwrap_or_default()),
        params,
        overlays: Vec::new(),
        baseline: false,
    };
    build(&spec, &RuleLibrary::default().with(set).unwrap()).unwrap()
}
