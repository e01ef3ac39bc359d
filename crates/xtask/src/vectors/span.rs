//! SPAN: whole accounts, with risk arrays, charges, credits and every intermediate figure, through the functions that a replay uses.

use std::path::Path;

use mpor_core::Right;
use mpor_margin::models::span::{
    CommodityAssessment, InterSpread, IntraSpread, Order, PriceRisk, ScanRange, ShortOptionMethod,
    Side, SpanAssessment, SpanOption, SpanTerms, SpanUnit, SpotMonth, SpreadLeg, VolRange,
    array::paired,
};
use serde::Deserialize;

use super::black76::read;
use super::{Case, FileReport};

/// Of the vectors' `scale`; deltas and counts of their own size.
const TOLERANCE: f64 = 1e-9;

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
    price_risk_mode: PriceRisk,
    commodities: Vec<Commodity>,
    inter_spreads: Vec<Inter>,
}

#[derive(Deserialize)]
struct Commodity {
    contract_value_factor: f64,
    price_scan_range: f64,
    vol_scan_range: f64,
    extreme_multiple: f64,
    extreme_cover: f64,
    look_ahead_years: f64,
    rate: f64,
    short_option_rate: f64,
    short_option_method: ShortOptionMethod,
    expiries: Vec<Expiry>,
    intra_spreads: Vec<Intra>,
    spot_month: Option<Spot>,
    positions: Vec<Held>,
}

#[derive(Deserialize)]
struct Expiry {
    time_years: f64,
    futures_price: f64,
}

#[derive(Deserialize)]
struct Intra {
    legs: Vec<IntraLeg>,
    rate: f64,
}

#[derive(Deserialize)]
struct IntraLeg {
    expiry: usize,
    ratio: f64,
    /// The first leg is on side A and the others on B where the vectors say nothing.
    side: Option<Side>,
}

#[derive(Deserialize)]
struct Spot {
    expiry: usize,
    rate_spread: f64,
    rate_outright: f64,
}

#[derive(Deserialize)]
struct Inter {
    legs: Vec<InterLeg>,
    credit_rate: f64,
}

#[derive(Deserialize)]
struct InterLeg {
    commodity: usize,
    side: Side,
    ratio: f64,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Held {
    Future { expiry: usize, quantity: f64 },
    Option { expiry: usize, strike: f64, is_call: bool, vol: f64, quantity: f64 },
}

#[derive(Deserialize)]
struct Expected {
    commodities: Vec<ExpectedCommodity>,
    inter_spreads_formed: Vec<f64>,
    risk: f64,
    net_option_value: f64,
    requirement: f64,
}

#[derive(Deserialize)]
struct ExpectedCommodity {
    risk_arrays: Vec<Vec<f64>>,
    scenario_losses: Vec<f64>,
    scan_risk: f64,
    active_scenario: usize,
    paired_scenario: usize,
    vol_adjusted: f64,
    time_risk: f64,
    price_risk: f64,
    composite_deltas: Vec<f64>,
    tier_deltas: Vec<f64>,
    net_delta: f64,
    intra_spreads_formed: Vec<f64>,
    intra_charge: f64,
    spot_charge: f64,
    short_option_minimum: f64,
    net_option_value: f64,
    weighted_price_risk: Option<f64>,
    inter_credit: f64,
    risk: f64,
    active_is_tie: bool,
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
    let mut report = FileReport::new(file);
    for vector in read::<Vector>(&folder.join(file))? {
        let mut case = report.case(format!("{} {}", vector.id, vector.name));
        run_case(&mut case, &vector);
    }
    Ok(vec![report])
}

fn run_case(case: &mut Case<'_>, vector: &Vector) {
    let (account, expected) = (&vector.account, &vector.expected);
    let units: Result<Vec<Vec<SpanUnit>>, String> = account.commodities.iter().map(units).collect();
    let units = match units {
        Ok(units) => units,
        Err(problem) => return case.fail("risk arrays", problem),
    };
    let assess = |(own, units): (&Commodity, &Vec<SpanUnit>)| {
        let book: Vec<(usize, f64)> =
            own.positions.iter().map(Held::quantity).enumerate().collect();
        CommodityAssessment::new(&terms(own), account.price_risk_mode, units, &book)
    };
    let commodities = account.commodities.iter().zip(&units).map(assess).collect();
    let spreads: Vec<InterSpread> = account.inter_spreads.iter().map(inter_spread).collect();
    let actual = SpanAssessment::new(commodities, &spreads, Order::Commodity);
    let money = TOLERANCE * vector.scale.max(1.0);
    case.same("commodities", &actual.commodities.len(), &expected.commodities.len());
    let commodities = actual.commodities.iter().zip(&expected.commodities).zip(&units);
    for ((actual, expected), units) in commodities {
        compare(case, actual, expected, units, money);
    }
    numbers(case, "inter_spreads_formed", &actual.inter_formed, &expected.inter_spreads_formed);
    case.close("risk", actual.risk, expected.risk, money);
    case.close("net_option_value", actual.net_option_value, expected.net_option_value, money);
    case.close("requirement", actual.requirement, expected.requirement, money);
}

fn units(own: &Commodity) -> Result<Vec<SpanUnit>, String> {
    let scan = ScanRange {
        price: own.price_scan_range,
        vol: VolRange::Points(own.vol_scan_range),
        extreme_multiple: own.extreme_multiple,
        extreme_cover: own.extreme_cover,
        look_ahead_years: own.look_ahead_years,
    };
    own.positions.iter().map(|held| unit(own, &scan, held)).collect()
}

fn unit(own: &Commodity, scan: &ScanRange, held: &Held) -> Result<SpanUnit, String> {
    let factor = own.contract_value_factor;
    match *held {
        Held::Future { expiry, .. } => Ok(SpanUnit {
            expiry,
            array: scan.future(factor),
            delta: 1.0,
            option_value: 0.0,
            right: None,
            scale: 1.0,
        }),
        Held::Option { expiry, strike, is_call, vol, .. } => {
            let Expiry { time_years, futures_price } = own.expiries[expiry];
            let right = if is_call { Right::Call } else { Right::Put };
            let (forward, years) = (futures_price, time_years);
            let option = SpanOption { forward, strike, years, vol, rate: own.rate, right };
            let problem = |error: mpor_pricing::PricingError| error.to_string();
            Ok(SpanUnit {
                expiry,
                array: scan.option(&option, factor).map_err(problem)?,
                delta: scan.composite_delta(&option).map_err(problem)?,
                option_value: option.value().map_err(problem)? * factor,
                right: Some(right),
                scale: 1.0,
            })
        }
    }
}

impl Held {
    fn quantity(&self) -> f64 {
        match *self {
            Held::Future { quantity, .. } | Held::Option { quantity, .. } => quantity,
        }
    }
}

fn terms(own: &Commodity) -> SpanTerms {
    let leg = |(index, leg): (usize, &IntraLeg)| {
        let side = leg.side.unwrap_or(if index == 0 { Side::A } else { Side::B });
        SpreadLeg { of: leg.expiry, side, ratio: leg.ratio }
    };
    let intra = |spread: &Intra| IntraSpread {
        legs: spread.legs.iter().enumerate().map(leg).collect(),
        rate: spread.rate,
    };
    SpanTerms {
        tiers: own.expiries.len(),
        tier_of: (0..own.expiries.len()).collect(),
        range_value: own.price_scan_range * own.contract_value_factor,
        intra_spreads: own.intra_spreads.iter().map(intra).collect(),
        spot_months: own.spot_month.iter().map(spot_month).collect(),
        short_option_rate: own.short_option_rate,
        short_option_method: own.short_option_method,
    }
}

fn spot_month(spot: &Spot) -> SpotMonth {
    let Spot { expiry, rate_spread, rate_outright } = *spot;
    SpotMonth { tier: expiry, rate_spread, rate_outright }
}

fn inter_spread(spread: &Inter) -> InterSpread {
    let leg = |leg: &InterLeg| SpreadLeg { of: leg.commodity, side: leg.side, ratio: leg.ratio };
    InterSpread { legs: spread.legs.iter().map(leg).collect(), credit_rate: spread.credit_rate }
}

fn compare(
    case: &mut Case<'_>,
    actual: &CommodityAssessment,
    expected: &ExpectedCommodity,
    units: &[SpanUnit],
    money: f64,
) {
    case.same("risk_arrays", &units.len(), &expected.risk_arrays.len());
    for (unit, expected) in units.iter().zip(&expected.risk_arrays) {
        amounts(case, "risk_arrays", &unit.array, expected, money);
    }
    let deltas: Vec<f64> = units.iter().map(|unit| unit.delta).collect();
    numbers(case, "composite_deltas", &deltas, &expected.composite_deltas);
    amounts(case, "scenario_losses", &actual.scenario_losses, &expected.scenario_losses, money);
    numbers(case, "tier_deltas", &actual.tier_deltas, &expected.tier_deltas);
    numbers(case, "net_delta", &[actual.net_delta], &[expected.net_delta]);
    numbers(case, "intra_spreads_formed", &actual.intra_formed, &expected.intra_spreads_formed);
    let figures = [
        ("scan_risk", actual.scan_risk, expected.scan_risk),
        ("vol_adjusted", actual.vol_adjusted, expected.vol_adjusted),
        ("time_risk", actual.time_risk, expected.time_risk),
        ("price_risk", actual.price_risk, expected.price_risk),
        ("intra_charge", actual.intra_charge, expected.intra_charge),
        ("spot_charge", actual.spot_charge, expected.spot_charge),
        ("short_option_minimum", actual.short_option_minimum, expected.short_option_minimum),
        ("net_option_value", actual.net_option_value, expected.net_option_value),
        ("inter_credit", actual.inter_credit, expected.inter_credit),
        ("commodity_risk", actual.risk(), expected.risk),
    ];
    for (field, actual, expected) in figures {
        case.close(field, actual, expected, money);
    }
    let (weight, of) = (actual.weighted_price_risk, expected.weighted_price_risk);
    // Per unit of delta: the error of the price risk is divided by a delta that may be close to zero.
    let tolerance = money / expected.net_delta.abs().clamp(f64::MIN_POSITIVE, 1.0);
    case.optional("weighted_price_risk", weight, of, tolerance);
    if !expected.active_is_tie {
        case.same("active_scenario", &(actual.active_scenario + 1), &expected.active_scenario);
        let pair = paired(actual.active_scenario) + 1;
        case.same("paired_scenario", &pair, &expected.paired_scenario);
    }
}

fn amounts(case: &mut Case<'_>, field: &str, actual: &[f64], expected: &[f64], money: f64) {
    case.same(field, &actual.len(), &expected.len());
    for (actual, expected) in actual.iter().zip(expected) {
        case.close(field, *actual, *expected, money);
    }
}

fn numbers(case: &mut Case<'_>, field: &str, actual: &[f64], expected: &[f64]) {
    case.same(field, &actual.len(), &expected.len());
    for (actual, expected) in actual.iter().zip(expected) {
        case.relative(field, *actual, *expected, TOLERANCE, TOLERANCE);
    }
}
