//! Derive PMRM 1: whole portfolios, with every intermediate figure, through the functions that a replay uses.

use std::collections::BTreeMap;
use std::path::Path;

use mpor_margin::models::derive_pmrm1::{
    DeriveBook, Pmrm1Assessment, Pmrm1ExpiryAssessment, Pmrm1Parameters, Pmrm1Units,
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
    base_position: f64,
    options: Vec<HeldOption>,
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
    derive_reader::run(folder, "derive_pmrm1", name, run_case)
}

fn name(vector: &Vector) -> (String, &str) {
    (format!("{} {}", vector.id, vector.name), &vector.parameter_set)
}

fn run_case(case: &mut Case<'_>, parameters: &Pmrm1Parameters, vector: &Vector) {
    match assess(parameters, vector) {
        Ok((units, assessment)) => compare(case, vector, &units, &assessment),
        Err(problem) => case.fail("assessment", problem),
    }
}

fn assess(
    parameters: &Pmrm1Parameters,
    vector: &Vector,
) -> Result<(Pmrm1Units, Pmrm1Assessment), String> {
    let (market, holdings) = (vector.market.derive(), &vector.portfolio);
    let options = vector.market.options(&holdings.options)?;
    let units = Pmrm1Units::new(parameters, &market, options).map_err(|error| error.to_string())?;
    let book = DeriveBook {
        perp: holdings.perp_position,
        perp_unrealised: holdings.perp_unrealised_pnl,
        base: holdings.base_position,
        options: derive_reader::amounts(&holdings.options),
    };
    let assessment = Pmrm1Assessment::new(parameters, &market, &units, &book);
    Ok((units, assessment))
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
    let index = seconds.and_then(|seconds| vector.market.expiry(seconds)).unwrap_or(index);
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
