//! Deribit portfolio margin: whole accounts in one currency, cell by cell, through the functions that a replay uses.
//!
//! Parameter sets come from the folder's `parameters.json`. It does not say the moves of the extended table and the least
//! tenor, which the folder's README states for every set.

use std::collections::BTreeMap;
use std::path::Path;

use mpor_core::{Right, Settlement};
use mpor_margin::models::deribit_pm::{
    DeribitAssessment, DeribitCell, DeribitParameters, DeribitUnits, aggregated,
};
use mpor_margin::models::venue::{VenueContract, VenueOption};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Case, FileReport, read_json};

/// Of the larger of one and the vector's `scale`.
const TOLERANCE: f64 = 1e-11;

/// Cells of one price move: volatility up, same, down.
type Row = [f64; 3];

#[derive(Deserialize)]
struct Vectors {
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    id: String,
    name: String,
    parameter_set: String,
    account: Account,
    scale: f64,
    expected: Expected,
}

#[derive(Deserialize)]
struct Account {
    index_price: f64,
    positions: Vec<Position>,
}

#[derive(Deserialize)]
struct Position {
    kind: String,
    expiry: String,
    days_to_expiry: Option<f64>,
    mark_price: f64,
    size_coin: Option<f64>,
    amount: Option<f64>,
    strike: Option<f64>,
    is_call: Option<bool>,
    vol: Option<f64>,
}

#[derive(Deserialize)]
struct Expected {
    standard_price_moves: Vec<f64>,
    extended_price_moves: Vec<f64>,
    standard_coin: Vec<Vec<Row>>,
    extended_coin_before_dampener: Vec<Vec<f64>>,
    total_standard_coin: Vec<Row>,
    total_extended_coin: Vec<f64>,
    dampener_coin: Vec<f64>,
    extended_after_dampener_coin: Vec<f64>,
    aggregated_standard_coin: Vec<Row>,
    aggregated_extended_coin: Vec<f64>,
    worst_case_coin: f64,
    worst_cell: Value,
    worst_is_tie: bool,
    roll_by_expiry: Vec<Roll>,
    roll_shock_coin: f64,
    delta_for_shock_coin: f64,
    delta_shock_coin: f64,
    risk_matrix_margin_coin: f64,
    initial_margin_coin: f64,
    maintenance_margin_coin: f64,
}

#[derive(Deserialize)]
struct Roll {
    expiry: String,
    delta: f64,
    rate: f64,
    roll: f64,
}

/// Runs `vectors.json` of a folder.
///
/// # Errors
/// A file that cannot be read, as a sentence.
pub fn run(folder: &Path) -> Result<Vec<FileReport>, String> {
    let file = "vectors.json";
    let sets = parameter_sets(&folder.join("parameters.json"))?;
    let path = folder.join(file);
    let vectors: Vectors = serde_json::from_value(read_json(&path)?)
        .map_err(|error| format!("{}: {error}", path.display()))?;
    let mut report = FileReport::new(file);
    for vector in &vectors.vectors {
        let mut case = report.case(format!("{} {}", vector.id, vector.name));
        let set = sets.get(&vector.parameter_set).ok_or("no such parameter set".to_owned());
        match set.and_then(|parameters| assess(parameters, &vector.account)) {
            Ok(assessed) => compare(&mut case, vector, &assessed),
            Err(problem) => case.fail("assessment", problem),
        }
    }
    Ok(vec![report])
}

fn parameter_sets(path: &Path) -> Result<BTreeMap<String, DeribitParameters>, String> {
    let named = |error: String| format!("{}: {error}", path.display());
    let mut sets: BTreeMap<String, Value> =
        serde_json::from_value(read_json(path)?).map_err(|error| named(error.to_string()))?;
    for set in sets.values_mut().filter_map(Value::as_object_mut) {
        let moves = json!([-0.66, -0.33, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0]);
        set.entry("extended_price_moves").or_insert(moves);
        set.entry("min_tenor_days").or_insert(json!(1.0));
    }
    let typed = |(name, set)| {
        let set: DeribitParameters =
            serde_json::from_value(set).map_err(|error| named(format!("{name}: {error}")))?;
        set.check().map_err(|(key, problem)| named(format!("{name}: `{key}` {problem}")))?;
        Ok((name, set))
    };
    sets.into_iter().map(typed).collect()
}

struct Assessed<'p> {
    parameters: &'p DeribitParameters,
    units: DeribitUnits,
    book: Vec<(usize, f64)>,
    assessment: DeribitAssessment,
}

fn assess<'p>(
    parameters: &'p DeribitParameters,
    account: &Account,
) -> Result<Assessed<'p>, String> {
    let positions = &account.positions;
    let contracts = positions.iter().map(contract).collect::<Result<Vec<_>, _>>()?;
    let sizes = positions.iter().map(|position| position.size_coin.or(position.amount));
    let book = sizes
        .enumerate()
        .map(|(at, size)| Ok((at, size.ok_or("neither size_coin nor amount")?)))
        .collect::<Result<Vec<_>, String>>()?;
    let units = DeribitUnits::new(parameters, account.index_price, contracts)
        .map_err(|error| error.to_string())?;
    let assessment = DeribitAssessment::new(parameters, &units, &book);
    Ok(Assessed { parameters, units, book, assessment })
}

fn contract(position: &Position) -> Result<VenueContract, String> {
    let missing = |field: &str| format!("a {} without {field}", position.kind);
    let mark = position.mark_price;
    let days = position.days_to_expiry.ok_or_else(|| missing("days_to_expiry"));
    Ok(match position.kind.as_str() {
        "perpetual" => VenueContract::Perpetual { mark },
        "future" => VenueContract::Future { days: days?, mark },
        "option" => VenueContract::Option(VenueOption {
            days: days?,
            forward: mark,
            strike: position.strike.ok_or_else(|| missing("strike"))?,
            right: match position.is_call.ok_or_else(|| missing("is_call"))? {
                true => Right::Call,
                false => Right::Put,
            },
            vol: position.vol.ok_or_else(|| missing("vol"))?,
            settlement: Settlement::Coin,
        }),
        other => return Err(format!("unknown kind of position `{other}`")),
    })
}

fn compare(case: &mut Case<'_>, vector: &Vector, actual: &Assessed<'_>) {
    let expected = &vector.expected;
    let Assessed { parameters, units, book, assessment } = actual;
    let coin = TOLERANCE * vector.scale.max(1.0);
    let standard_moves = parameters.standard_moves();
    let moves = &parameters.extended_price_moves;
    all(case, "standard_price_moves", &standard_moves, &expected.standard_price_moves, TOLERANCE);
    all(case, "extended_price_moves", moves, &expected.extended_price_moves, TOLERANCE);
    case.same("positions", &book.len(), &expected.standard_coin.len());
    case.same("positions", &book.len(), &expected.extended_coin_before_dampener.len());
    let tables = expected.standard_coin.iter().zip(&expected.extended_coin_before_dampener);
    for (&(contract, size), (standard, extended)) in book.iter().zip(tables) {
        let row: Vec<f64> = units.row(contract).iter().map(|unit| size * unit).collect();
        let (own, beyond) = row.split_at(units.standard());
        all(case, "standard_coin", own, standard.as_flattened(), coin);
        all(case, "extended_coin_before_dampener", beyond, extended, coin);
    }
    let counted = |pnl: &[f64]| -> Vec<f64> {
        pnl.iter().map(|&pnl| aggregated(parameters.pnl_offset, pnl)).collect()
    };
    let (standard, dampened) = (&assessment.standard, &assessment.dampened);
    let flat = |rows: &[Row]| rows.as_flattened().to_vec();
    for (field, actual, expected) in [
        ("total_standard_coin", standard.clone(), flat(&expected.total_standard_coin)),
        ("total_extended_coin", assessment.extended.clone(), expected.total_extended_coin.clone()),
        ("dampener_coin", units.dampener.clone(), expected.dampener_coin.clone()),
        (
            "extended_after_dampener_coin",
            dampened.clone(),
            expected.extended_after_dampener_coin.clone(),
        ),
        ("aggregated_standard_coin", counted(standard), flat(&expected.aggregated_standard_coin)),
        ("aggregated_extended_coin", counted(dampened), expected.aggregated_extended_coin.clone()),
    ] {
        all(case, field, &actual, &expected, coin);
    }
    compare_levels(case, expected, assessment, coin);
    compare_rolls(case, vector, units, assessment, coin);
}

fn compare_levels(
    case: &mut Case<'_>,
    expected: &Expected,
    assessment: &DeribitAssessment,
    coin: f64,
) {
    for (field, actual, expected) in [
        ("worst_case_coin", assessment.worst_case, expected.worst_case_coin),
        ("roll_shock_coin", assessment.roll_shock(), expected.roll_shock_coin),
        ("delta_for_shock_coin", assessment.delta_for_shock, expected.delta_for_shock_coin),
        ("delta_shock_coin", assessment.delta_shock, expected.delta_shock_coin),
        (
            "risk_matrix_margin_coin",
            assessment.risk_matrix_margin(),
            expected.risk_matrix_margin_coin,
        ),
        ("initial_margin_coin", assessment.initial_margin(), expected.initial_margin_coin),
        (
            "maintenance_margin_coin",
            assessment.maintenance_margin(),
            expected.maintenance_margin_coin,
        ),
    ] {
        case.close(field, actual, expected, coin);
    }
    if !expected.worst_is_tie {
        let cell = match assessment.worst_cell {
            DeribitCell::Standard(price, vol) => json!(["standard", price, vol]),
            DeribitCell::Extended(price) => json!(["extended", price, 0]),
        };
        case.same("worst_cell", &cell, &expected.worst_cell);
    }
}

fn compare_rolls(
    case: &mut Case<'_>,
    vector: &Vector,
    units: &DeribitUnits,
    assessment: &DeribitAssessment,
    coin: f64,
) {
    let expected = &vector.expected.roll_by_expiry;
    case.same("expiries", &assessment.rolls.len(), &expected.len());
    for expected in expected {
        let named = vector.account.positions.iter().find(|held| held.expiry == expected.expiry);
        let days = named.map(|held| held.days_to_expiry);
        let roll = assessment.rolls.iter().find(|roll| days == Some(units.expiries[roll.expiry]));
        let Some(roll) = roll else {
            case.fail("roll_by_expiry", format!("no roll of {}", expected.expiry));
            continue;
        };
        case.close("roll_by_expiry.delta", roll.delta, expected.delta, coin);
        case.close("roll_by_expiry.rate", roll.rate, expected.rate, TOLERANCE);
        case.close("roll_by_expiry.roll", roll.roll, expected.roll, coin);
    }
}

/// Compares two lists entry by entry.
fn all(case: &mut Case<'_>, field: &str, actual: &[f64], expected: &[f64], tolerance: f64) {
    case.same(&format!("{field} count"), &actual.len(), &expected.len());
    for (&actual, &expected) in actual.iter().zip(expected) {
        case.close(field, actual, expected, tolerance);
    }
}
