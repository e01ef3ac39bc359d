//! The venue's own published test portfolios of PMRM 2, where they are at hand: they are not ours to ship.

use std::path::Path;

use mpor_core::Right;
use mpor_margin::models::derive_pmrm2::{
    DeriveExpiry, DeriveMarket, DeriveOption, PmrmAssessment, PmrmBook, PmrmHolding,
    PmrmParameters, PmrmUnits,
};
use serde_json::{Value, json};

/// Relative to the larger of one and the expected value; the venue accepts 1e-8.
const TOLERANCE: f64 = 1e-9;

#[test]
fn the_venues_own_portfolios() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/published_vectors/derive_pmrm/pmrm2_vectors.json");
    let Ok(text) = std::fs::read_to_string(&file) else {
        println!("skipped: no {}", file.display());
        return;
    };
    let vectors: Value = serde_json::from_str(&text).unwrap();
    // One of the 139 has parameters that the contracts refuse, and so do we; a few others are extremes that
    // PmrmParameters::check refuses in a rule file, but whose arithmetic is defined.
    let enabled = |vector: &&Value| vector["upstream_enabled"] == true;
    let (enabled, refused): (Vec<&Value>, Vec<&Value>) =
        vectors["vectors"].as_array().unwrap().iter().partition(enabled);
    enabled.iter().for_each(|vector| check(vector));
    assert_eq!((enabled.len(), refused.len()), (138, 1));
    assert!(parameters(refused[0]).check().is_err());
}

fn check(vector: &Value) {
    let parameters = parameters(vector);
    let market = market(&vector["market"]);
    let held = vector["portfolio"]["options"].as_array().unwrap();
    let options = held.iter().map(|option| self::option(&vector["market"], option)).collect();
    let units = PmrmUnits::new(&parameters, &market, options).unwrap();
    let book = book(&vector["portfolio"]);
    let assessment = PmrmAssessment::new(&parameters, &market, &units, &book).unwrap();
    let (name, expected) = (&vector["name"], &vector["expected"]);
    let cash = vector["portfolio"]["cash"].as_f64().unwrap();
    for (field, actual) in [
        ("initial_margin", assessment.initial_margin(cash)),
        ("maintenance_margin", assessment.maintenance_margin(cash)),
        ("option_mtm", assessment.option_mtm),
        ("collateral_mtm", assessment.collateral_mtm),
        ("basis_contingency", assessment.basis_contingency),
        ("im_loss_factor", assessment.im_factor),
    ] {
        close(&format!("{name} {field}"), actual, &expected[field]);
    }
    let pnl = expected["scenario_pnl"].as_array().unwrap();
    for (scenario, (actual, expected)) in assessment.scenario_pnl.iter().zip(pnl).enumerate() {
        close(&format!("{name} scenario {scenario}"), *actual, expected);
    }
}

fn close(what: &str, actual: f64, expected: &Value) {
    let expected = expected.as_f64().unwrap();
    let tolerance = TOLERANCE * expected.abs().max(1.0);
    assert!((actual - expected).abs() <= tolerance, "{what}: {actual}, expected {expected}");
}

fn parameters(vector: &Value) -> PmrmParameters {
    let mut given = vector["parameters"].clone();
    let floor = given["vol_shock"]["dte_floor_days"].as_f64().unwrap() * 86_400.0;
    let vol = given["vol_shock"].as_object_mut().unwrap();
    vol.remove("dte_floor_days");
    vol.insert("dte_floor_seconds".to_owned(), json!(floor));
    for held in vector["portfolio"]["collaterals"].as_array().unwrap() {
        given["collaterals"][held["name"].as_str().unwrap()] = json!({
            "risk_cancelling": held["risk_cancelling"],
            "mm_haircut": held["mm_haircut"],
            "im_haircut_extra": held["im_haircut"],
        });
    }
    serde_json::from_value(given).unwrap()
}

fn number(value: &Value, key: &str) -> f64 {
    value[key].as_f64().unwrap()
}

fn market(given: &Value) -> DeriveMarket {
    let expiry = |given: &Value| DeriveExpiry {
        confidence: number(given, "forward_confidence")
            .min(number(given, "rate_confidence"))
            .min(number(given, "vol_confidence")),
        ..DeriveExpiry::quoted(
            number(given, "seconds_to_expiry"),
            number(given, "forward"),
            number(given, "rate"),
        )
    };
    DeriveMarket {
        spot: number(given, "spot"),
        spot_confidence: number(given, "spot_confidence"),
        perp_price: number(given, "perp_price"),
        perp_confidence: number(given, "perp_confidence"),
        stable_price: number(given, "stable_price"),
        expiries: given["expiries"].as_array().unwrap().iter().map(expiry).collect(),
    }
}

fn option(market: &Value, given: &Value) -> DeriveOption {
    let expiries = market["expiries"].as_array().unwrap();
    let same = |expiry: &Value| expiry["seconds_to_expiry"] == given["seconds_to_expiry"];
    DeriveOption {
        expiry: expiries.iter().position(same).unwrap(),
        strike: number(given, "strike"),
        right: if given["is_call"] == true { Right::Call } else { Right::Put },
        vol: number(given, "vol"),
    }
}

fn book(given: &Value) -> PmrmBook {
    let amounts = given["options"].as_array().unwrap().iter();
    let posted = given["collaterals"].as_array().unwrap().iter().map(|held| PmrmHolding {
        name: held["name"].as_str().unwrap().to_owned(),
        amount: number(held, "amount"),
        price: number(held, "price"),
        confidence: number(held, "confidence"),
    });
    PmrmBook {
        perp: number(given, "perp_position"),
        perp_unrealised: number(given, "perp_unrealised_pnl")
            + number(given, "perp_unrealised_funding"),
        options: amounts.map(|option| number(option, "amount")).enumerate().collect(),
        collaterals: posted.collect(),
    }
}
