//! Derive PMRM 1: whole portfolios, with every intermediate figure, through the functions that a replay uses.
//!
//! Parameters come from the file that the vectors name (`../derive/parameters.json`); where it is not there, from the rule
//! set that mpor embeds.

use std::collections::BTreeMap;
use std::path::Path;

use mpor_core::Right;
use mpor_margin::RuleLibrary;
use mpor_margin::models::derive_pmrm1::{
    DeriveBook, DeriveExpiry, DeriveMarket, DeriveOption, Pmrm1Assessment, Pmrm1ExpiryAssessment,
    Pmrm1Parameters, Pmrm1Units,
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
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    id: String,
    name: String,
    parameter_set: String,
    market: Market,
    portfolio: Holdings,
    scale: f64,
    expected: Expected,
}

#[derive(Deserialize)]
struct Market {
    spot: f64,
    spot_confidence: f64,
    perp_price: f64,
    perp_confidence: f64,
    stable_price: f64,
    expiries: Vec<Expiry>,
}

#[derive(Deserialize)]
struct Expiry {
    seconds_to_expiry: f64,
    forward_fixed: f64,
    forward_variable: f64,
    rate: f64,
    forward_confidence: f64,
    rate_confidence: f64,
    vol_confidence: f64,
}

#[derive(Deserialize)]
struct Holdings {
    cash: f64,
    perp_position: f64,
    perp_unrealised_pnl: f64,
    base_position: f64,
    options: Vec<HeldOption>,
}

#[derive(Deserialize)]
struct HeldOption {
    seconds_to_expiry: f64,
    strike: f64,
    is_call: bool,
    amount: f64,
    vol: f64,
}

#[derive(Deserialize)]
struct Expected {
    initial_margin: f64,
    maintenance_margin: f64,
    mtm: f64,
    option_mtm: f64,
    base_mtm: f64,
    perp_mtm: f64,
    worst_loss: f64,
    binding: Value,
    #[serde(default)]
    binding_is_tie: bool,
    basis_contingency: f64,
    scenario_pnl: Vec<f64>,
    static_contingency: BTreeMap<String, f64>,
    im_factor: f64,
    confidence_penalty: BTreeMap<String, f64>,
    expiries: Vec<BTreeMap<String, f64>>,
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
    let sets = parameter_sets(folder, &vectors.parameters)?;
    let mut report = FileReport::new(file);
    for vector in &vectors.vectors {
        let mut case = report.case(format!("{} {}", vector.id, vector.name));
        let assessed = sets
            .get(&vector.parameter_set)
            .ok_or_else(|| format!("no such parameter set: {}", vector.parameter_set))
            .and_then(|parameters| assess(parameters, vector));
        match assessed {
            Ok((units, assessment)) => compare(&mut case, vector, &units, &assessment),
            Err(problem) => case.fail("assessment", problem),
        }
    }
    Ok(vec![report])
}

fn parameter_sets(folder: &Path, named: &str) -> Result<BTreeMap<String, Pmrm1Parameters>, String> {
    let file = folder.join(named);
    if file.is_file() {
        let sets = read_json(&file)?;
        return serde_json::from_value(sets["derive_pmrm1"].clone())
            .map_err(|error| format!("{}: {error}", file.display()));
    }
    let library = RuleLibrary::embedded().map_err(|error| error.to_string())?;
    let versions = library.versions("derive/pmrm1").map_err(|error| error.to_string())?;
    let coins = versions.last().and_then(|set| set.parameters.get("coins")).cloned();
    coins.ok_or("the embedded rules have no coins")?.try_into().map_err(|error| error.to_string())
}

fn assess(
    parameters: &Pmrm1Parameters,
    vector: &Vector,
) -> Result<(Pmrm1Units, Pmrm1Assessment), String> {
    let market = market(&vector.market);
    let holdings = &vector.portfolio;
    let options = holdings
        .options
        .iter()
        .map(|option| held_option(&vector.market, option))
        .collect::<Result<Vec<_>, _>>()?;
    let units = Pmrm1Units::new(parameters, &market, options).map_err(|error| error.to_string())?;
    let book = DeriveBook {
        perp: holdings.perp_position,
        perp_unrealised: holdings.perp_unrealised_pnl,
        base: holdings.base_position,
        options: holdings.options.iter().map(|option| option.amount).enumerate().collect(),
    };
    let assessment = Pmrm1Assessment::new(parameters, &market, &units, &book);
    Ok((units, assessment))
}

fn market(market: &Market) -> DeriveMarket {
    let expiry = |expiry: &Expiry| DeriveExpiry {
        seconds: expiry.seconds_to_expiry,
        forward_fixed: expiry.forward_fixed,
        forward_variable: expiry.forward_variable,
        rate: expiry.rate,
        confidence: expiry
            .forward_confidence
            .min(expiry.rate_confidence)
            .min(expiry.vol_confidence),
    };
    DeriveMarket {
        spot: market.spot,
        spot_confidence: market.spot_confidence,
        perp_price: market.perp_price,
        perp_confidence: market.perp_confidence,
        stable_price: market.stable_price,
        expiries: market.expiries.iter().map(expiry).collect(),
    }
}

fn held_option(market: &Market, option: &HeldOption) -> Result<DeriveOption, String> {
    let seconds = option.seconds_to_expiry;
    let expiry = market.expiries.iter().position(|expiry| expiry.seconds_to_expiry == seconds);
    Ok(DeriveOption {
        expiry: expiry.ok_or_else(|| format!("no expiry in {seconds} seconds"))?,
        strike: option.strike,
        right: if option.is_call { Right::Call } else { Right::Put },
        vol: option.vol,
    })
}

fn compare(case: &mut Case<'_>, vector: &Vector, units: &Pmrm1Units, actual: &Pmrm1Assessment) {
    let (expected, cash) = (&vector.expected, vector.portfolio.cash);
    let money = TOLERANCE * vector.scale;
    for (field, actual, expected) in [
        ("initial_margin", actual.initial_margin(cash), expected.initial_margin),
        ("maintenance_margin", actual.maintenance_margin(cash), expected.maintenance_margin),
        ("mtm", actual.mtm(), expected.mtm),
        ("option_mtm", actual.option_mtm, expected.option_mtm),
        ("base_mtm", actual.base_mtm, expected.base_mtm),
        ("perp_mtm", actual.perp_mtm, expected.perp_mtm),
        ("worst_loss", actual.worst_loss, expected.worst_loss),
        ("basis_contingency", actual.basis_contingency, expected.basis_contingency),
    ] {
        case.close(field, actual, expected, money);
    }
    case.close("im_factor", actual.im_factor, expected.im_factor, TOLERANCE);
    if !expected.binding_is_tie {
        let binding = actual.binding.map_or(Value::from("basis"), Value::from);
        case.same("binding", &binding, &expected.binding);
    }
    case.same("scenario count", &actual.scenario_pnl.len(), &expected.scenario_pnl.len());
    for (actual, expected) in actual.scenario_pnl.iter().zip(&expected.scenario_pnl) {
        case.close("scenario_pnl", *actual, *expected, money);
    }
    let held = &actual.static_contingency;
    let parts = [("perp", held.perp), ("base", held.base), ("option", held.option)];
    named(case, "static_contingency", &parts, &expected.static_contingency, money);
    let parts = [("perp_and_base", actual.linear_penalty), ("option", actual.option_penalty)];
    named(case, "confidence_penalty", &parts, &expected.confidence_penalty, money);
    for (index, expected) in expected.expiries.iter().enumerate() {
        compare_expiry(case, index, units, actual, expected, vector);
    }
}

fn compare_expiry(
    case: &mut Case<'_>,
    index: usize,
    units: &Pmrm1Units,
    actual: &Pmrm1Assessment,
    expected: &BTreeMap<String, f64>,
    vector: &Vector,
) {
    let seconds = expected.get("seconds_to_expiry").copied();
    let market = &vector.market.expiries;
    let of_market = market.iter().position(|expiry| Some(expiry.seconds_to_expiry) == seconds);
    let index = of_market.unwrap_or(index);
    let Some(terms) = units.terms.get(index) else {
        return case.fail("expiries", format!("no expiry in {seconds:?} seconds"));
    };
    let held = actual.expiries.iter().find(|expiry| expiry.expiry == index);
    let of_book = |figure: fn(&Pmrm1ExpiryAssessment) -> f64| held.map_or(0.0, figure);
    let money = TOLERANCE * vector.scale;
    let amount = TOLERANCE * (vector.scale / vector.market.spot).max(1.0);
    let factors = [
        ("vol_up_factor", terms.vol_up_factor),
        ("vol_down_factor", terms.vol_down_factor),
        ("static_discount", terms.static_discount),
    ];
    named(case, "expiries", &factors, expected, TOLERANCE);
    let figures = [
        ("mtm", of_book(|expiry| expiry.mtm)),
        ("basis_up_pnl", of_book(|expiry| expiry.basis_up_pnl)),
        ("basis_down_pnl", of_book(|expiry| expiry.basis_down_pnl)),
        ("basis_contingency", of_book(|expiry| expiry.basis_contingency)),
        ("confidence_penalty", of_book(|expiry| expiry.confidence_penalty)),
    ];
    named(case, "expiries", &figures, expected, money);
    let naked = [("naked_shorts", of_book(|expiry| expiry.naked_shorts))];
    named(case, "expiries", &naked, expected, amount);
}

/// Figures by their name in the vector.
fn named(
    case: &mut Case<'_>,
    group: &str,
    actual: &[(&str, f64)],
    expected: &BTreeMap<String, f64>,
    tolerance: f64,
) {
    for (name, actual) in actual {
        match expected.get(*name) {
            Some(expected) => case.close(&format!("{group}.{name}"), *actual, *expected, tolerance),
            None => case.fail(&format!("{group}.{name}"), "not in the vector"),
        }
    }
}
