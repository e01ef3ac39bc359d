//! Strategy-based margin: one strategy a vector, through the table that the search for the cheapest grouping uses.

use std::path::Path;

use mpor_core::Right;
use mpor_margin::RuleLibrary;
use mpor_margin::models::reg_t::{RegTLeg, RegTRates, RegTUnderlying, Strategy};
use serde::Deserialize;
use toml::Table;

use super::black76::read;
use super::{Case, FileReport};

/// Relative, and of the money at spot where the amount itself is zero.
const TOLERANCE: f64 = 1e-12;

#[derive(Deserialize)]
struct Vector {
    id: String,
    name: String,
    position: Held,
    expected: Expected,
}

#[derive(Deserialize)]
struct Held {
    strategy: Strategy,
    underlying_type: String,
    leverage_factor: f64,
    spot: f64,
    contracts: f64,
    multiplier: f64,
    months_to_expiry: f64,
    legs: Vec<Leg>,
}

#[derive(Deserialize)]
struct Leg {
    side: f64,
    is_call: bool,
    strike: f64,
    premium: f64,
}

#[derive(Deserialize)]
struct Expected {
    maintenance_requirement: f64,
    initial_requirement: f64,
    short_premium: f64,
    net_premium_paid: f64,
    worst_expiry_payoff: Option<f64>,
}

/// The table's shares, as the embedded rules have them.
struct Rules {
    rates: RegTRates,
    types: Table,
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
    let rules = rules()?;
    let mut report = FileReport::new(file);
    for vector in read::<Vector>(&folder.join(file))? {
        let mut case = report.case(format!("{} {}", vector.id, vector.name));
        run_case(&mut case, &rules, &vector);
    }
    Ok(vec![report])
}

fn rules() -> Result<Rules, String> {
    let library = RuleLibrary::embedded().map_err(|error| error.to_string())?;
    let versions = library.versions("finra/reg-t").map_err(|error| error.to_string())?;
    let mut parameters = versions.last().ok_or("no version of finra/reg-t")?.parameters.clone();
    let types = parameters.remove("types").ok_or("finra/reg-t has no types")?;
    for key in ["underlyings", "futures"] {
        parameters.remove(key);
    }
    Ok(Rules {
        rates: parameters.try_into().map_err(|error| error.to_string())?,
        types: types.try_into().map_err(|error| error.to_string())?,
    })
}

fn run_case(case: &mut Case<'_>, rules: &Rules, vector: &Vector) {
    let (held, expected) = (&vector.position, &vector.expected);
    let share = |key: &str| {
        rules
            .types
            .get(&held.underlying_type)?
            .get(key)?
            .as_float()
            .map(|s| s * held.leverage_factor)
    };
    let shares = share("short_option").zip(share("short_option_floor"));
    let Some((short_option, short_option_floor)) = shares else {
        return case.fail("underlying_type", format!("no such type: {}", held.underlying_type));
    };
    let underlying = RegTUnderlying { spot: held.spot, short_option, short_option_floor };
    let leg = |leg: &Leg| RegTLeg {
        side: leg.side,
        right: if leg.is_call { Right::Call } else { Right::Put },
        strike: leg.strike,
        premium: leg.premium,
        months: held.months_to_expiry,
    };
    let legs: Vec<RegTLeg> = held.legs.iter().map(leg).collect();
    let Some(actual) = held.strategy.amounts(&rules.rates, &underlying, &legs) else {
        return case.fail("legs", format!("are not those of a {}", held.strategy.name()));
    };
    let units = held.contracts * held.multiplier;
    let figures = [
        ("maintenance_requirement", actual.maintenance, expected.maintenance_requirement),
        ("initial_requirement", actual.initial, expected.initial_requirement),
        ("short_premium", actual.short_premium, expected.short_premium),
        ("net_premium_paid", actual.net_premium_paid, expected.net_premium_paid),
    ];
    let floor = TOLERANCE * units * held.spot;
    for (field, actual, expected) in figures {
        case.relative(field, actual * units, expected, TOLERANCE, floor);
    }
    let worst = actual.worst_payoff.map(|payoff| payoff * units);
    case.optional("worst_expiry_payoff", worst, expected.worst_expiry_payoff, floor.max(TOLERANCE));
}
