//! Derive's Standard Manager: whole accounts, with every part of both levels, through the functions that a replay uses.
//!
//! Parameters come from the file that the vectors name (`../derive/parameters.json`); where it is not there, from the rule
//! set that mpor embeds.

use std::collections::BTreeMap;
use std::path::Path;

use mpor_core::Right;
use mpor_margin::RuleLibrary;
use mpor_margin::models::derive_srm::{
    DeriveBook, DeriveExpiry, DeriveMarket, DeriveOption, SrmAssessment, SrmDepeg, SrmLevel,
    SrmParameters, SrmUnits,
};
use serde::Deserialize;
use serde_json::Value;

use super::{Case, FileReport, read_json};

/// Of the vectors' `scale`.
const TOLERANCE: f64 = 1e-10;

#[derive(Deserialize)]
struct Vectors {
    #[serde(default)]
    parameters: String,
    #[serde(default = "mainnet")]
    parameter_set: String,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    id: String,
    #[serde(default)]
    name: String,
    parameter_set: Option<String>,
    account: Account,
    scale: f64,
    expected: Expected,
}

#[derive(Deserialize)]
struct Account {
    cash: f64,
    stable_price: f64,
    markets: Vec<Market>,
}

#[derive(Deserialize)]
struct Market {
    name: String,
    spot: f64,
    spot_confidence: f64,
    perp_position: f64,
    perp_price: f64,
    perp_confidence: f64,
    perp_unrealised_pnl: f64,
    base_position: f64,
    expiries: Vec<Expiry>,
}

#[derive(Deserialize)]
struct Expiry {
    seconds_to_expiry: f64,
    forward: f64,
    forward_confidence: f64,
    vol_confidence: f64,
    options: Vec<HeldOption>,
}

#[derive(Deserialize)]
struct HeldOption {
    strike: f64,
    is_call: bool,
    amount: f64,
    vol: f64,
}

#[derive(Deserialize)]
struct Expected {
    initial_margin: f64,
    maintenance_margin: f64,
    initial_parts: BTreeMap<String, Value>,
    maintenance_parts: BTreeMap<String, Value>,
    mtm: BTreeMap<String, f64>,
}

/// The rules of one set.
#[derive(Deserialize)]
struct Rules {
    depeg: SrmDepeg,
    #[serde(alias = "coins")]
    markets: BTreeMap<String, SrmParameters>,
}

/// One market of an account.
struct Assessed<'v> {
    given: &'v Market,
    market: DeriveMarket,
    assessment: SrmAssessment,
}

/// The set that rules without a name are.
fn mainnet() -> String {
    "mainnet".to_owned()
}

/// Runs `vectors.json` of a folder.
///
/// # Errors
/// A file that cannot be read, as a sentence.
pub fn run(folder: &Path) -> Result<Vec<FileReport>, String> {
    let file = "vectors.json";
    if !folder.join(file).exists() {
        return Ok(Vec::new());
    }
    let vectors: Vectors = serde_json::from_value(read_json(&folder.join(file))?)
        .map_err(|error| format!("{}: {error}", folder.join(file).display()))?;
    let sets = rule_sets(folder, &vectors.parameters)?;
    let mut report = FileReport::new(file);
    for vector in &vectors.vectors {
        let mut case = report.case(format!("{} {}", vector.id, vector.name));
        let set = vector.parameter_set.as_ref().unwrap_or(&vectors.parameter_set);
        let assessed = sets
            .get(set)
            .ok_or_else(|| format!("no such parameter set: {set}"))
            .and_then(|rules| {
                vector
                    .account
                    .markets
                    .iter()
                    .map(|market| assess(rules, &vector.account, market))
                    .collect::<Result<Vec<_>, _>>()
            });
        match assessed {
            Ok(markets) => compare(&mut case, vector, &markets),
            Err(problem) => case.fail("assessment", problem),
        }
    }
    Ok(vec![report])
}

fn rule_sets(folder: &Path, named: &str) -> Result<BTreeMap<String, Rules>, String> {
    let file = folder.join(named);
    if file.is_file() {
        let sets = read_json(&file)?;
        return serde_json::from_value(sets["derive_srm"].clone())
            .map_err(|error| format!("{}: {error}", file.display()));
    }
    let library = RuleLibrary::embedded().map_err(|error| error.to_string())?;
    let versions = library.versions("derive/srm").map_err(|error| error.to_string())?;
    let table = versions.last().map(|set| set.parameters.clone()).unwrap_or_default();
    let rules: Rules = table.try_into().map_err(|error| error.to_string())?;
    Ok(BTreeMap::from([(mainnet(), rules)]))
}

fn assess<'v>(rules: &Rules, account: &Account, given: &'v Market) -> Result<Assessed<'v>, String> {
    let parameters = rules
        .markets
        .get(&given.name)
        .ok_or_else(|| format!("no parameters of the market {}", given.name))?;
    let expiry = |expiry: &Expiry| DeriveExpiry {
        seconds: expiry.seconds_to_expiry,
        forward_fixed: 0.0,
        forward_variable: expiry.forward,
        rate: 0.0,
        confidence: expiry.forward_confidence.min(expiry.vol_confidence),
    };
    let market = DeriveMarket {
        spot: given.spot,
        spot_confidence: given.spot_confidence,
        perp_price: given.perp_price,
        perp_confidence: given.perp_confidence,
        stable_price: account.stable_price,
        expiries: given.expiries.iter().map(expiry).collect(),
    };
    let held = || {
        let expiries = given.expiries.iter().enumerate();
        expiries.flat_map(|(index, expiry)| expiry.options.iter().map(move |held| (index, held)))
    };
    let options = held().map(|(expiry, option)| DeriveOption {
        expiry,
        strike: option.strike,
        right: if option.is_call { Right::Call } else { Right::Put },
        vol: option.vol,
    });
    let units = SrmUnits::new(parameters, &market, options.collect())
        .map_err(|error| format!("{}: {error}", given.name))?;
    let book = DeriveBook {
        perp: given.perp_position,
        perp_unrealised: given.perp_unrealised_pnl,
        base: given.base_position,
        options: held().map(|(_, option)| option.amount).enumerate().collect(),
    };
    let assessment = SrmAssessment::new(parameters, &rules.depeg, &market, &units, &book)
        .map_err(|unlisted| format!("{} lists no {}", given.name, unlisted.0))?;
    Ok(Assessed { given, market, assessment })
}

fn compare(case: &mut Case<'_>, vector: &Vector, markets: &[Assessed<'_>]) {
    let (expected, money) = (&vector.expected, TOLERANCE * vector.scale);
    let total = |part: fn(&SrmAssessment) -> f64| {
        markets.iter().fold(0.0, |sum, market| sum + part(&market.assessment))
    };
    let cash = vector.account.cash;
    let initial = cash + total(SrmAssessment::initial_margin);
    let maintenance = cash + total(SrmAssessment::maintenance_margin);
    case.close("initial_margin", initial, expected.initial_margin, money);
    case.close("maintenance_margin", maintenance, expected.maintenance_margin, money);
    for (name, actual) in [
        ("option", total(|assessment| assessment.option_mtm)),
        ("base", total(|assessment| assessment.base_mtm)),
        ("perp", total(|assessment| assessment.perp_mtm)),
        ("total_excluding_cash", total(SrmAssessment::mtm)),
    ] {
        match expected.mtm.get(name) {
            Some(expected) => case.close(&format!("mtm.{name}"), actual, *expected, money),
            None => case.fail(&format!("mtm.{name}"), "not in the vector"),
        }
    }
    for market in markets {
        let assessment = &market.assessment;
        let levels = [
            ("initial", &assessment.initial, assessment.initial_margin(), &expected.initial_parts),
            (
                "maintenance",
                &assessment.maintenance,
                assessment.maintenance_margin(),
                &expected.maintenance_parts,
            ),
        ];
        for (name, level, margin, parts) in levels {
            match parts.get(&market.given.name) {
                Some(parts) => compare_level(case, name, market, level, margin, parts, money),
                None => case.fail(&format!("{name}.{}", market.given.name), "not in the vector"),
            }
        }
    }
    for name in expected.initial_parts.keys().chain(expected.maintenance_parts.keys()) {
        let known = markets.iter().any(|market| market.given.name == *name);
        case.same("markets", &known, &true);
    }
}

fn compare_level(
    case: &mut Case<'_>,
    name: &str,
    market: &Assessed<'_>,
    level: &SrmLevel,
    margin: f64,
    expected: &Value,
    money: f64,
) {
    for (part, actual) in [
        ("perp", level.perp),
        ("perp_confidence", level.perp_confidence),
        ("options", level.options()),
        ("option_confidence", level.option_confidence),
        ("base", level.base),
        ("base_confidence", level.base_confidence),
        ("depeg", level.depeg),
        ("margin", margin),
    ] {
        number(case, &format!("{name}.{part}"), actual, &expected[part], money);
    }
    for expected in expected["expiries"].as_array().into_iter().flatten() {
        let seconds = expected["seconds_to_expiry"].as_f64();
        let held = level
            .expiries
            .iter()
            .find(|held| Some(market.market.expiries[held.expiry].seconds) == seconds);
        let figure = |part: Option<f64>| part.unwrap_or(0.0);
        for (part, actual) in [
            ("isolated", figure(held.map(|held| held.isolated))),
            ("max_loss", figure(held.map(|held| held.max_loss))),
            ("margin", figure(held.map(mpor_margin::models::derive_srm::SrmExpiry::margin))),
        ] {
            number(case, &format!("{name}.expiries.{part}"), actual, &expected[part], money);
        }
    }
}

fn number(case: &mut Case<'_>, field: &str, actual: f64, expected: &Value, tolerance: f64) {
    match expected.as_f64() {
        Some(expected) => case.close(field, actual, expected, tolerance),
        None => case.fail(field, "not in the vector"),
    }
}
