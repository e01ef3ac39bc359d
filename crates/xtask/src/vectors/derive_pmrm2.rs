//! Derive PMRM 2: whole portfolios, with every intermediate figure, through the functions that a replay uses.
//!
//! Parameters come from the file that the vectors name (`../derive/parameters.json`); where it is not there, from the rule
//! set that mpor embeds.

use std::collections::BTreeMap;
use std::path::Path;

use mpor_core::Right;
use mpor_margin::RuleLibrary;
use mpor_margin::models::derive_pmrm2::{
    Contingency, DeriveExpiry, DeriveMarket, DeriveOption, ExpiryAssessment, PmrmAssessment,
    PmrmBinding, PmrmBook, PmrmHolding, PmrmParameters, PmrmUnits,
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
    options: Vec<HeldOption>,
    collaterals: Vec<Collateral>,
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
struct Collateral {
    name: String,
    amount: f64,
    price: f64,
    confidence: f64,
}

#[derive(Deserialize)]
struct Expected {
    initial_margin: f64,
    maintenance_margin: f64,
    mtm: f64,
    option_mtm: f64,
    collateral_mtm: f64,
    perp_mtm: f64,
    worst_loss: f64,
    binding: Value,
    binding_is_tie: bool,
    basis_contingency: f64,
    scenario_pnl: Vec<f64>,
    mm_contingency: BTreeMap<String, f64>,
    im_contingency: BTreeMap<String, f64>,
    im_factor: f64,
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
        match sets.get(&vector.parameter_set).ok_or("no such parameter set".to_owned()) {
            Ok(parameters) => run_case(&mut case, parameters, vector),
            Err(problem) => case.fail("parameter_set", problem),
        }
    }
    Ok(vec![report])
}

fn parameter_sets(folder: &Path, named: &str) -> Result<BTreeMap<String, PmrmParameters>, String> {
    let file = folder.join(named);
    if file.is_file() {
        let sets = read_json(&file)?;
        return serde_json::from_value(sets["derive_pmrm2"].clone())
            .map_err(|error| format!("{}: {error}", file.display()));
    }
    let library = RuleLibrary::embedded().map_err(|error| error.to_string())?;
    let versions = library.versions("derive/pmrm2").map_err(|error| error.to_string())?;
    let coins = versions.last().and_then(|set| set.parameters.get("coins")).cloned();
    coins.ok_or("the embedded rules have no coins")?.try_into().map_err(|error| error.to_string())
}

fn run_case(case: &mut Case<'_>, parameters: &PmrmParameters, vector: &Vector) {
    match assess(parameters, vector) {
        Ok((units, assessment)) => compare(case, vector, &units, &assessment),
        Err(problem) => case.fail("assessment", problem),
    }
}

fn assess(
    parameters: &PmrmParameters,
    vector: &Vector,
) -> Result<(PmrmUnits, PmrmAssessment), String> {
    let market = market(&vector.market);
    let options = vector
        .portfolio
        .options
        .iter()
        .map(|option| held_option(&vector.market, option))
        .collect::<Result<Vec<_>, _>>()?;
    let units = PmrmUnits::new(parameters, &market, options).map_err(|error| error.to_string())?;
    let assessment = PmrmAssessment::new(parameters, &market, &units, &book(&vector.portfolio))
        .map_err(|unknown| format!("unknown collateral {}", unknown.0))?;
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

fn book(holdings: &Holdings) -> PmrmBook {
    let posted = |held: &Collateral| PmrmHolding {
        name: held.name.clone(),
        amount: held.amount,
        price: held.price,
        confidence: held.confidence,
    };
    PmrmBook {
        perp: holdings.perp_position,
        perp_unrealised: holdings.perp_unrealised_pnl,
        options: holdings.options.iter().map(|option| option.amount).enumerate().collect(),
        collaterals: holdings.collaterals.iter().map(posted).collect(),
    }
}

fn compare(case: &mut Case<'_>, vector: &Vector, units: &PmrmUnits, actual: &PmrmAssessment) {
    let (expected, cash) = (&vector.expected, vector.portfolio.cash);
    let money = TOLERANCE * vector.scale;
    let figures = [
        ("initial_margin", actual.initial_margin(cash), expected.initial_margin),
        ("maintenance_margin", actual.maintenance_margin(cash), expected.maintenance_margin),
        ("mtm", actual.mtm(), expected.mtm),
        ("option_mtm", actual.option_mtm, expected.option_mtm),
        ("collateral_mtm", actual.collateral_mtm, expected.collateral_mtm),
        ("perp_mtm", actual.perp_mtm, expected.perp_mtm),
        ("worst_loss", actual.worst_loss, expected.worst_loss),
        ("basis_contingency", actual.basis_contingency, expected.basis_contingency),
    ];
    for (field, actual, expected) in figures {
        case.close(field, actual, expected, money);
    }
    case.close("im_factor", actual.im_factor, expected.im_factor, TOLERANCE);
    if !expected.binding_is_tie {
        let binding = match actual.binding {
            PmrmBinding::Basis => Value::from("basis"),
            PmrmBinding::Scenario(index) => Value::from(index),
        };
        case.same("binding", &binding, &expected.binding);
    }
    case.same("scenario count", &actual.scenario_pnl.len(), &expected.scenario_pnl.len());
    for (actual, expected) in actual.scenario_pnl.iter().zip(&expected.scenario_pnl) {
        case.close("scenario_pnl", *actual, *expected, money);
    }
    compare_contingencies(case, actual, expected, money);
    for (index, expected) in expected.expiries.iter().enumerate() {
        compare_expiry(case, index, units, actual, expected, vector);
    }
}

fn compare_contingencies(
    case: &mut Case<'_>,
    actual: &PmrmAssessment,
    expected: &Expected,
    money: f64,
) {
    let (mm, im) = (&expected.mm_contingency, &expected.im_contingency);
    let own = ["perp", "option", "collateral"];
    let confidence = ["confidence_perp", "confidence_option", "confidence_collateral"];
    contingency(case, "mm_contingency", &actual.maintenance_contingency, mm, own, money);
    contingency(case, "im_contingency", &actual.initial_contingency, im, own, money);
    contingency(case, "im_contingency", &actual.confidence, im, confidence, money);
}

fn contingency(
    case: &mut Case<'_>,
    group: &str,
    actual: &Contingency,
    expected: &BTreeMap<String, f64>,
    names: [&str; 3],
    tolerance: f64,
) {
    let parts = [actual.perp, actual.option, actual.collateral];
    for (name, actual) in names.into_iter().zip(parts) {
        match expected.get(name) {
            Some(expected) => case.close(&format!("{group}.{name}"), actual, *expected, tolerance),
            None => case.fail(&format!("{group}.{name}"), "not in the vector"),
        }
    }
}

fn compare_expiry(
    case: &mut Case<'_>,
    index: usize,
    units: &PmrmUnits,
    actual: &PmrmAssessment,
    expected: &BTreeMap<String, f64>,
    vector: &Vector,
) {
    let terms = &units.terms[index];
    let held = actual.expiries.iter().find(|expiry| expiry.expiry == index);
    let of_book = |figure: fn(&ExpiryAssessment) -> f64| held.map_or(0.0, figure);
    let money = TOLERANCE * vector.scale;
    let amount = TOLERANCE * (vector.scale / vector.market.spot).max(1.0);
    let figures = [
        ("discount", terms.discount, TOLERANCE),
        ("vol_up_factor", terms.vol_up_factor, TOLERANCE),
        ("vol_down_factor", terms.vol_down_factor, TOLERANCE),
        ("static_discount_long", terms.static_discount_long, TOLERANCE),
        ("static_discount_short", terms.static_discount_short, TOLERANCE),
        ("mtm", of_book(|expiry| expiry.mtm), money),
        ("basis_up_pnl", of_book(|expiry| expiry.basis_up_pnl), money),
        ("basis_down_pnl", of_book(|expiry| expiry.basis_down_pnl), money),
        ("basis_contingency", of_book(|expiry| expiry.basis_contingency), money),
        ("naked_shorts", of_book(|expiry| expiry.naked_shorts), amount),
        ("confidence_penalty", of_book(|expiry| expiry.confidence_penalty), money),
    ];
    for (field, actual, tolerance) in figures {
        match expected.get(field) {
            Some(expected) => {
                case.close(&format!("expiries.{field}"), actual, *expected, tolerance)
            }
            None => case.fail(&format!("expiries.{field}"), "not in the vector"),
        }
    }
}
