//! Paradex-style portfolio margin: whole accounts, scenario by scenario, through the functions that a replay uses.

use std::path::Path;

use mpor_core::{Right, Settlement};
use mpor_margin::models::paradex_pm::{ParadexAssessment, ParadexParameters, ParadexUnits};
use mpor_margin::models::venue::{VenueContract, VenueOption};
use serde::Deserialize;

use super::{Case, FileReport, read_json};

/// Of the vector's `scale`.
const TOLERANCE: f64 = 1e-10;

#[derive(Deserialize)]
struct Vectors {
    parameters: ParadexParameters,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    id: String,
    name: String,
    account: Account,
    scale: f64,
    expected: Expected,
}

#[derive(Deserialize)]
struct Account {
    spot: f64,
    positions: Vec<Position>,
    funding_provision: f64,
    fee_provision: f64,
}

#[derive(Deserialize)]
struct Position {
    kind: String,
    quantity: f64,
    mark: Option<f64>,
    forward: Option<f64>,
    strike: Option<f64>,
    is_call: Option<bool>,
    vol: Option<f64>,
    days_to_expiry: Option<f64>,
}

#[derive(Deserialize)]
struct Expected {
    scenario_pnl_weighted: Vec<f64>,
    scan: f64,
    net_delta: f64,
    gross_delta: f64,
    hedged_delta: f64,
    minimum_delta_margin: f64,
    initial_margin: f64,
    maintenance_margin: f64,
}

/// Runs `vectors.json` of a folder.
///
/// # Errors
/// A file that cannot be read, as a sentence.
pub fn run(folder: &Path) -> Result<Vec<FileReport>, String> {
    let file = "vectors.json";
    let path = folder.join(file);
    let named = |error: String| format!("{}: {error}", path.display());
    let Vectors { parameters, vectors } =
        serde_json::from_value(read_json(&path)?).map_err(|error| named(error.to_string()))?;
    parameters.check().map_err(|(key, problem)| named(format!("`{key}` {problem}")))?;
    let mut report = FileReport::new(file);
    for vector in &vectors {
        let mut case = report.case(format!("{} {}", vector.id, vector.name));
        match assess(&parameters, &vector.account) {
            Ok(actual) => compare(&mut case, vector, &actual),
            Err(problem) => case.fail("assessment", problem),
        }
    }
    Ok(vec![report])
}

fn assess(parameters: &ParadexParameters, account: &Account) -> Result<ParadexAssessment, String> {
    let positions = &account.positions;
    let contracts = positions.iter().map(contract).collect::<Result<Vec<_>, _>>()?;
    let units = ParadexUnits::new(parameters, account.spot, &contracts)
        .map_err(|error| error.to_string())?;
    let book: Vec<(usize, f64)> =
        positions.iter().map(|position| position.quantity).enumerate().collect();
    let provisions = account.funding_provision + account.fee_provision;
    Ok(ParadexAssessment::new(parameters, &units, &book, provisions))
}

fn contract(position: &Position) -> Result<VenueContract, String> {
    let missing = |field: &str| format!("a {} without {field}", position.kind);
    Ok(match position.kind.as_str() {
        "perpetual" => {
            VenueContract::Perpetual { mark: position.mark.ok_or_else(|| missing("mark"))? }
        }
        "option" => VenueContract::Option(VenueOption {
            days: position.days_to_expiry.ok_or_else(|| missing("days_to_expiry"))?,
            forward: position.forward.ok_or_else(|| missing("forward"))?,
            strike: position.strike.ok_or_else(|| missing("strike"))?,
            right: match position.is_call.ok_or_else(|| missing("is_call"))? {
                true => Right::Call,
                false => Right::Put,
            },
            vol: position.vol.ok_or_else(|| missing("vol"))?,
            settlement: Settlement::Cash,
        }),
        other => return Err(format!("unknown kind of position `{other}`")),
    })
}

fn compare(case: &mut Case<'_>, vector: &Vector, actual: &ParadexAssessment) {
    let (expected, money) = (&vector.expected, TOLERANCE * vector.scale);
    let coins = TOLERANCE * (vector.scale / vector.account.spot).max(1.0);
    let pnl = &expected.scenario_pnl_weighted;
    case.same("scenario count", &actual.pnl.len(), &pnl.len());
    for (&actual, &expected) in actual.pnl.iter().zip(pnl) {
        case.close("scenario_pnl_weighted", actual, expected, money);
    }
    for (field, actual, expected, tolerance) in [
        ("scan", actual.scan, expected.scan, money),
        ("net_delta", actual.net_delta, expected.net_delta, coins),
        ("gross_delta", actual.gross_delta, expected.gross_delta, coins),
        ("hedged_delta", actual.hedged_delta(), expected.hedged_delta, coins),
        ("minimum_delta_margin", actual.minimum(), expected.minimum_delta_margin, money),
        ("initial_margin", actual.initial_margin(), expected.initial_margin, money),
        ("maintenance_margin", actual.maintenance_margin(), expected.maintenance_margin, money),
    ] {
        case.close(field, actual, expected, tolerance);
    }
}
