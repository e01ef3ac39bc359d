//! `black76`: greeks, implied volatilities and coin-settled contracts against 50-digit arithmetic.

use std::path::Path;

use mpor_core::Right;
use mpor_pricing::{Black76, PricingError, implied_vol, inverse};
use serde::Deserialize;

use super::read_json;
use super::report::{Case, FileReport};

/// Runs the cases of one file into its report.
type Check = fn(&Path, &mut FileReport) -> Result<(), String>;

/// Runs the files of the folder that are there.
///
/// # Errors
/// When a file cannot be read or is not in the format.
pub fn run(dir: &Path) -> Result<Vec<FileReport>, String> {
    let files: [(&str, Check); 3] =
        [("greeks.json", greeks), ("implied_vol.json", implied_vols), ("inverse.json", inverses)];
    let mut reports = Vec::new();
    for (file, check) in files {
        let path = dir.join(file);
        if path.exists() {
            let mut report = FileReport::new(file);
            check(&path, &mut report)?;
            reports.push(report);
        }
    }
    Ok(reports)
}

#[derive(Deserialize)]
struct Vectors<T> {
    vectors: Vec<T>,
}

pub(super) fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<Vec<T>, String> {
    let json = read_json(path)?;
    let Vectors { vectors } =
        serde_json::from_value(json).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(vectors)
}

fn right(is_call: bool) -> Right {
    if is_call { Right::Call } else { Right::Put }
}

#[derive(Deserialize)]
struct GreeksVector {
    id: String,
    name: String,
    forward: f64,
    strike: f64,
    vol: f64,
    time_years: f64,
    rate: f64,
    is_call: bool,
    expected: ExpectedGreeks,
}

#[derive(Deserialize)]
struct ExpectedGreeks {
    price: f64,
    delta: f64,
    gamma: f64,
    vega: f64,
    theta: f64,
    rho: f64,
    time_value: f64,
}

fn greeks(path: &Path, report: &mut FileReport) -> Result<(), String> {
    for vector in read::<GreeksVector>(path)? {
        let mut case = report.case(format!("{} {}", vector.id, vector.name));
        let GreeksVector { forward, strike, vol, time_years, rate, is_call, .. } = vector;
        match Black76::new(forward, strike, time_years, vol, rate, right(is_call)) {
            Err(error) => case.fail("inputs", error),
            Ok(option) => check_greeks(&mut case, &vector, &option.greeks()),
        }
    }
    Ok(())
}

fn check_greeks(case: &mut Case<'_>, vector: &GreeksVector, actual: &mpor_pricing::Greeks) {
    let GreeksVector { forward, strike, vol, time_years, rate, is_call, expected, .. } = vector;
    let discount = (-rate * time_years).exp();
    let scale = 1e-14 * (forward + strike) * discount;
    case.close("price", actual.price, expected.price, scale);
    case.close("time_value", actual.time_value, expected.time_value, scale);
    let out_of_the_money = if *is_call { strike >= forward } else { strike <= forward };
    if out_of_the_money && expected.price > 1e-280 {
        case.relative("price (out of the money)", actual.price, expected.price, 1e-9, 0.0);
    }
    let root = time_years.sqrt();
    let fields = [
        ("delta", actual.delta, expected.delta, 1.0),
        ("gamma", actual.gamma, expected.gamma, 1.0 / (forward * vol * root)),
        ("vega", actual.vega, expected.vega, forward * root),
        ("theta", actual.theta, expected.theta, forward * vol / root + rate.abs() * expected.price),
        ("rho", actual.rho, expected.rho, time_years * (forward + strike)),
    ];
    for (field, actual, expected, unit) in fields {
        case.relative(field, actual, expected, 1e-9, 1e-12 * unit);
    }
}

#[derive(Deserialize)]
struct ImpliedVolVector {
    id: String,
    forward: f64,
    strike: f64,
    time_years: f64,
    rate: f64,
    is_call: bool,
    price: f64,
    expected: ExpectedVol,
    relative_conditioning: f64,
}

#[derive(Deserialize)]
struct ExpectedVol {
    vol: f64,
}

fn implied_vols(path: &Path, report: &mut FileReport) -> Result<(), String> {
    for vector in read::<ImpliedVolVector>(path)? {
        let mut case = report.case(&vector.id);
        let ImpliedVolVector { forward, strike, time_years, rate, price, .. } = vector;
        let tolerance = (8.0 * vector.relative_conditioning).max(1e-12);
        match implied_vol(price, forward, strike, time_years, rate, right(vector.is_call)) {
            Err(error) => case.fail("vol", error),
            Ok(vol) => case.relative("vol", vol, vector.expected.vol, tolerance, 0.0),
        }
    }
    Ok(())
}

#[derive(Deserialize)]
struct InverseVector {
    id: String,
    forward: f64,
    #[serde(rename = "move")]
    relative_move: f64,
    notional_usd: f64,
    option: InverseOption,
    expected: ExpectedInverse,
}

#[derive(Deserialize)]
struct InverseOption {
    strike: f64,
    vol: f64,
    shocked_vol: f64,
    time_years: f64,
    is_call: bool,
    amount: f64,
}

#[derive(Deserialize)]
struct ExpectedInverse {
    future_pnl_coin: f64,
    option_value_coin: f64,
    option_shocked_value_coin: f64,
    option_pnl_coin: f64,
}

fn inverses(path: &Path, report: &mut FileReport) -> Result<(), String> {
    for vector in read::<InverseVector>(path)? {
        let mut case = report.case(&vector.id);
        if let Err(error) = check_inverse(&mut case, &vector) {
            case.fail("inputs", error);
        }
    }
    Ok(())
}

fn check_inverse(case: &mut Case<'_>, vector: &InverseVector) -> Result<(), PricingError> {
    let InverseVector { forward, relative_move, notional_usd, option, expected, .. } = vector;
    let moved = forward * (1.0 + relative_move);
    let future = inverse::future_pnl(*notional_usd, *forward, moved)?;
    let floor = 1e-13 * (notional_usd / forward).abs();
    case.relative("future_pnl_coin", future, expected.future_pnl_coin, 1e-11, floor);

    let value = |forward, vol| {
        let InverseOption { strike, time_years, is_call, .. } = *option;
        inverse::option_value(forward, strike, time_years, vol, right(is_call))
    };
    let (current, shocked) = (value(*forward, option.vol)?, value(moved, option.shocked_vol)?);
    let floor = 1e-13 * option.amount.abs();
    case.relative("option_value_coin", current, expected.option_value_coin, 1e-11, floor);
    case.relative(
        "option_shocked_value_coin",
        shocked,
        expected.option_shocked_value_coin,
        1e-11,
        floor,
    );
    let pnl = option.amount * (shocked - current);
    case.relative("option_pnl_coin", pnl, expected.option_pnl_coin, 1e-11, floor);
    Ok(())
}
