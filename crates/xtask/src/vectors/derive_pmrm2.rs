//! Derive PMRM 2: whole portfolios, with every intermediate figure, through the functions that a replay uses.

use std::collections::BTreeMap;
use std::path::Path;

use mpor_margin::models::derive_pmrm2::{
    Contingency, ExpiryAssessment, PmrmAssessment, PmrmBinding, PmrmBook, PmrmHolding,
    PmrmParameters, PmrmUnits,
};
use serde::Deserialize;
use serde_json::Value;

use super::derive_reader::{self, HeldOption, Market, named};
use super::{Case, FileReport};

/// Of the vectors' `scale`.
const TOLERANCE: f64 = 1e-10;

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
struct Holdings {
    cash: f64,
    perp_position: f64,
    perp_unrealised_pnl: f64,
    options: Vec<HeldOption>,
    collaterals: Vec<Collateral>,
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
    derive_reader::run(folder, "derive_pmrm2", name, run_case)
}

fn name(vector: &Vector) -> (String, &str) {
    (format!("{} {}", vector.id, vector.name), &vector.parameter_set)
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
    let market = vector.market.derive();
    let options = vector.market.options(&vector.portfolio.options)?;
    let units = PmrmUnits::new(parameters, &market, options).map_err(|error| error.to_string())?;
    let assessment = PmrmAssessment::new(parameters, &market, &units, &book(&vector.portfolio))
        .map_err(|unknown| format!("unknown collateral {}", unknown.0))?;
    Ok((units, assessment))
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
        options: derive_reader::amounts(&holdings.options),
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
    let [perp, option, collateral] = names;
    let Contingency { perp: a, option: b, collateral: c } = *actual;
    named(case, group, &[(perp, a), (option, b), (collateral, c)], expected, tolerance);
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
    let factors = [
        ("discount", terms.discount),
        ("vol_up_factor", terms.vol_up_factor),
        ("vol_down_factor", terms.vol_down_factor),
        ("static_discount_long", terms.static_discount_long),
        ("static_discount_short", terms.static_discount_short),
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
