//! OKX portfolio margin: whole accounts, module by module, through the functions that a replay uses.

use std::collections::BTreeMap;
use std::path::Path;

use mpor_core::{Right, Settlement};
use mpor_margin::models::okx_pm::{
    OkxAccount, OkxAssessment, OkxParameters, OkxStablecoin, OkxUnits,
};
use mpor_margin::models::venue::{VenueContract, VenueOption};
use serde::Deserialize;

use super::{Case, FileReport, read_json};

/// Of the vector's `scale`.
const TOLERANCE: f64 = 1e-10;

#[derive(Deserialize)]
struct Vectors {
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
    units: Vec<Unit>,
    #[serde(default)]
    mr8_borrow_mmr: f64,
    #[serde(default)]
    borrow_imr: f64,
    #[serde(default)]
    stablecoins: Vec<Stablecoin>,
}

#[derive(Deserialize)]
struct Unit {
    parameter_set: String,
    index: f64,
    stable_price: f64,
    positions: Vec<Position>,
}

#[derive(Deserialize)]
struct Position {
    kind: String,
    expiry: Option<String>,
    days_to_expiry: Option<f64>,
    quantity: f64,
    mark: f64,
    strike: Option<f64>,
    is_call: Option<bool>,
    vol: Option<f64>,
}

#[derive(Deserialize)]
struct Stablecoin {
    net_delta: f64,
    #[serde(default)]
    short_only: bool,
    tiers: Vec<[f64; 2]>,
}

#[derive(Deserialize)]
struct Expected {
    units: Vec<ExpectedUnit>,
    mr9: f64,
    account_mmr: f64,
    account_imr: f64,
}

#[derive(Deserialize)]
struct ExpectedUnit {
    mr1_grid: Vec<[f64; 3]>,
    mr1: f64,
    mr2: f64,
    mr4: f64,
    mr4_by_expiry: Vec<Basis>,
    mr6_pnl: [f64; 2],
    mr6: f64,
    mr7_raw: f64,
    mr7: f64,
    mmr: f64,
    imr: f64,
}

#[derive(Deserialize)]
struct Basis {
    expiry: String,
    delta_usd: f64,
    rate: f64,
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
        match assess(&sets, &vector.account) {
            Ok((units, account)) => compare(&mut case, vector, &units, &account),
            Err(problem) => case.fail("assessment", problem),
        }
    }
    Ok(vec![report])
}

fn parameter_sets(path: &Path) -> Result<BTreeMap<String, OkxParameters>, String> {
    let named = |error: String| format!("{}: {error}", path.display());
    let sets: BTreeMap<String, OkxParameters> =
        serde_json::from_value(read_json(path)?).map_err(|error| named(error.to_string()))?;
    for (name, set) in &sets {
        set.check().map_err(|(key, problem)| named(format!("{name}: `{key}` {problem}")))?;
    }
    Ok(sets)
}

fn assess(
    sets: &BTreeMap<String, OkxParameters>,
    account: &Account,
) -> Result<(Vec<OkxUnits>, OkxAccount), String> {
    let (mut all, mut assessed) = (Vec::new(), Vec::new());
    for unit in &account.units {
        let parameters = sets.get(&unit.parameter_set).ok_or("no such parameter set")?;
        let contracts = unit.positions.iter().map(contract).collect::<Result<Vec<_>, _>>()?;
        let units = OkxUnits::new(parameters, unit.index, unit.stable_price, &contracts)
            .map_err(|error| error.to_string())?;
        let book: Vec<(usize, f64)> =
            unit.positions.iter().map(|position| position.quantity).enumerate().collect();
        assessed.push(OkxAssessment::new(parameters, &units, &book));
        all.push(units);
    }
    let stablecoins = account.stablecoins.iter().map(|stablecoin| OkxStablecoin {
        net_delta: stablecoin.net_delta,
        short_only: stablecoin.short_only,
        tiers: stablecoin.tiers.clone(),
    });
    let account = OkxAccount {
        units: assessed,
        borrow_maintenance: account.mr8_borrow_mmr,
        borrow_initial: account.borrow_imr,
        stablecoins: stablecoins.collect(),
    };
    Ok((all, account))
}

fn contract(position: &Position) -> Result<VenueContract, String> {
    let missing = |field: &str| format!("a {} without {field}", position.kind);
    let mark = position.mark;
    let days = position.days_to_expiry.ok_or_else(|| missing("days_to_expiry"));
    Ok(match position.kind.as_str() {
        "spot" => VenueContract::Spot { price: mark },
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
            settlement: Settlement::Cash,
        }),
        other => return Err(format!("unknown kind of position `{other}`")),
    })
}

fn compare(case: &mut Case<'_>, vector: &Vector, units: &[OkxUnits], account: &OkxAccount) {
    let (expected, money) = (&vector.expected, TOLERANCE * vector.scale);
    case.same("units", &units.len(), &expected.units.len());
    let assessed = units.iter().zip(&account.units).zip(&vector.account.units);
    for (((units, actual), given), expected) in assessed.zip(&expected.units) {
        compare_unit(case, actual, expected, money);
        compare_basis(case, given, units, actual, &expected.mr4_by_expiry, money);
    }
    for (field, actual, expected) in [
        ("mr9", account.mr9(), expected.mr9),
        ("account_mmr", account.maintenance_margin(), expected.account_mmr),
        ("account_imr", account.initial_margin(), expected.account_imr),
    ] {
        case.close(field, actual, expected, money);
    }
}

fn compare_unit(case: &mut Case<'_>, actual: &OkxAssessment, expected: &ExpectedUnit, money: f64) {
    let grid = expected.mr1_grid.as_flattened();
    case.same("mr1_grid count", &actual.grid.len(), &grid.len());
    for (&actual, &expected) in actual.grid.iter().zip(grid) {
        case.close("mr1_grid", actual, expected, money);
    }
    for (actual, expected) in actual.extremes.into_iter().zip(expected.mr6_pnl) {
        case.close("mr6_pnl", actual, expected, money);
    }
    for (field, actual, expected) in [
        ("mr1", actual.mr1, expected.mr1),
        ("mr2", actual.mr2, expected.mr2),
        ("mr4", actual.mr4(), expected.mr4),
        ("mr6", actual.mr6, expected.mr6),
        ("mr7_raw", actual.mr7_raw, expected.mr7_raw),
        ("mr7", actual.mr7, expected.mr7),
        ("mmr", actual.maintenance_margin(), expected.mmr),
        ("imr", actual.initial_margin(), expected.imr),
    ] {
        case.close(field, actual, expected, money);
    }
}

fn compare_basis(
    case: &mut Case<'_>,
    given: &Unit,
    units: &OkxUnits,
    actual: &OkxAssessment,
    expected: &[Basis],
    money: f64,
) {
    case.same("expiries", &actual.basis.len(), &expected.len());
    for expected in expected {
        let named = |held: &&Position| held.expiry.as_deref() == Some(expected.expiry.as_str());
        // Perpetuals carry no expiry and are listed as `perp`.
        let days = given.positions.iter().find(named).and_then(|held| held.days_to_expiry);
        let basis = actual.basis.iter().find(|basis| units.expiries[basis.expiry] == days);
        let Some(basis) = basis else {
            case.fail("mr4_by_expiry", format!("no basis of {}", expected.expiry));
            continue;
        };
        case.close("mr4_by_expiry.delta_usd", basis.delta, expected.delta_usd, money);
        case.close("mr4_by_expiry.rate", basis.rate, expected.rate, TOLERANCE);
    }
}
