//! The venue's own published test accounts of the Standard Manager, where they are at hand: they are not ours to ship.

use std::path::Path;

use mpor_core::Right;
use mpor_margin::models::derive_srm::{
    DeriveBook, DeriveExpiry, DeriveMarket, DeriveOption, SrmAssessment, SrmDepeg, SrmParameters,
    SrmUnits,
};
use serde_json::Value;

#[test]
fn the_venues_own_accounts() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/published_vectors/derive_pmrm/srm_vectors.json");
    let Ok(text) = std::fs::read_to_string(&file) else {
        println!("skipped: no {}", file.display());
        return;
    };
    let published: Value = serde_json::from_str(&text).unwrap();
    let vectors = published["vectors"].as_array().unwrap();
    for vector in vectors {
        let mut set =
            published["parameter_sets"][vector["parameter_set"].as_str().unwrap()].clone();
        let depeg = set.as_object_mut().unwrap().remove("depeg").unwrap();
        check(
            &serde_json::from_value(set).unwrap(),
            &serde_json::from_value(depeg).unwrap(),
            vector,
        );
    }
    assert_eq!(vectors.len(), 70);
}

fn check(parameters: &SrmParameters, depeg: &SrmDepeg, vector: &Value) {
    let stable_price = number(vector, "stable_price");
    let markets = vector["markets"].as_array().unwrap();
    let assessed: Vec<SrmAssessment> =
        markets.iter().map(|market| assess(parameters, depeg, market, stable_price)).collect();
    let total = |part: fn(&SrmAssessment) -> f64| assessed.iter().map(part).sum::<f64>();
    let cash = number(vector, "cash");
    // Some were published in whole dollars, cut off.
    let whole = vector["tolerance"]["kind"] == "truncate_toward_zero_to_integer_usd";
    for (field, actual) in [
        ("initial_margin", cash + total(SrmAssessment::initial_margin)),
        ("maintenance_margin", cash + total(SrmAssessment::maintenance_margin)),
        ("portfolio_mtm", cash + total(SrmAssessment::mtm)),
    ] {
        let Some(expected) = vector["expected"][field].as_f64() else { continue };
        let what = format!("{} {field}: {actual}, expected {expected}", vector["id"]);
        if whole {
            // A value that is whole but for its last digits may have been cut off on either side.
            let cut = [actual - 1e-6, actual + 1e-6].map(f64::trunc);
            assert!(cut.contains(&expected), "{what}");
        } else {
            assert!((actual - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{what}");
        }
    }
}

fn assess(
    parameters: &SrmParameters,
    depeg: &SrmDepeg,
    given: &Value,
    stable_price: f64,
) -> SrmAssessment {
    let expiries = given["expiries"].as_array().unwrap();
    let expiry = |given: &Value| DeriveExpiry {
        confidence: number(given, "forward_confidence").min(number(given, "vol_confidence")),
        ..DeriveExpiry::quoted(number(given, "seconds_to_expiry"), number(given, "forward"), 0.0)
    };
    let market = DeriveMarket {
        spot: number(given, "spot"),
        spot_confidence: number(given, "spot_confidence"),
        perp_price: number(given, "perp_price"),
        perp_confidence: number(given, "perp_confidence"),
        stable_price,
        expiries: expiries.iter().map(expiry).collect(),
    };
    let held = || {
        let options = |(index, expiry): (usize, &'_ Value)| {
            let options = expiry["options"].as_array().unwrap().clone();
            options.into_iter().map(move |option| (index, option)).collect::<Vec<_>>()
        };
        expiries.iter().enumerate().flat_map(options)
    };
    let options = held().map(|(expiry, option)| DeriveOption {
        expiry,
        strike: number(&option, "strike"),
        right: if option["is_call"] == true { Right::Call } else { Right::Put },
        vol: number(&option, "vol"),
    });
    let units = SrmUnits::new(parameters, &market, options.collect()).unwrap();
    let book = DeriveBook {
        perp: number(given, "perp_position"),
        perp_unrealised: number(given, "perp_unrealised_total"),
        base: number(given, "base_position"),
        options: held().map(|(_, option)| number(&option, "amount")).enumerate().collect(),
    };
    SrmAssessment::new(parameters, depeg, &market, &units, &book).unwrap()
}

fn number(value: &Value, key: &str) -> f64 {
    value[key].as_f64().unwrap()
}
