//! The venue's own published test portfolios of PMRM 1, where they are at hand: they are not ours to ship.

use std::collections::BTreeMap;
use std::path::Path;

use mpor_core::Right;
use mpor_margin::models::derive_pmrm1::{
    DeriveBook, DeriveExpiry, DeriveMarket, DeriveOption, Pmrm1Assessment, Pmrm1Parameters,
    Pmrm1Units,
};
use serde_json::Value;

#[test]
fn the_venues_own_portfolios() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/published_vectors/derive_pmrm/pmrm1_vectors.json");
    let Ok(text) = std::fs::read_to_string(&file) else {
        println!("skipped: no {}", file.display());
        return;
    };
    let published: Value = serde_json::from_str(&text).unwrap();
    let sets: BTreeMap<String, Pmrm1Parameters> =
        serde_json::from_value(published["parameter_sets"].clone()).unwrap();
    let vectors = published["vectors"].as_array().unwrap();
    vectors.iter().for_each(|vector| {
        check(&sets[vector["parameter_set"].as_str().unwrap()], vector);
    });
    assert_eq!(vectors.len(), 65);
}

fn check(parameters: &Pmrm1Parameters, vector: &Value) {
    let market = market(&vector["market"]);
    let held = vector["portfolio"]["options"].as_array().unwrap();
    let options = held.iter().map(|option| self::option(&market, option)).collect();
    let units = Pmrm1Units::new(parameters, &market, options).unwrap();
    let book = DeriveBook {
        perp: number(&vector["portfolio"], "perp_position"),
        perp_unrealised: number(&vector["portfolio"], "perp_unrealised_total"),
        base: number(&vector["portfolio"], "base_position"),
        options: held.iter().map(|option| number(option, "amount")).enumerate().collect(),
    };
    let assessment = Pmrm1Assessment::new(parameters, &market, &units, &book);
    let cash = number(&vector["portfolio"], "cash");
    // Some were published in whole dollars, cut off.
    let whole = vector["tolerance"]["kind"] == "truncate_toward_zero_to_integer_usd";
    for (field, actual) in [
        ("initial_margin", assessment.initial_margin(cash)),
        ("maintenance_margin", assessment.maintenance_margin(cash)),
        ("portfolio_mtm_excl_cash", assessment.mtm()),
        ("basis_contingency", assessment.basis_contingency),
        ("static_contingency", assessment.static_contingency.total()),
    ] {
        let Some(expected) = vector["expected"][field].as_f64() else { continue };
        let what = format!("{} {field}: {actual}, expected {expected}", vector["id"]);
        if whole {
            // A value that is whole but for its last digits may have been cut off on either side.
            let cut = [actual - 1e-6, actual + 1e-6].map(f64::trunc);
            assert!(cut.contains(&expected), "{what}");
        } else {
            assert!((actual - expected).abs() <= 1e-6, "{what}");
        }
    }
}

fn number(value: &Value, key: &str) -> f64 {
    value[key].as_f64().unwrap()
}

fn market(given: &Value) -> DeriveMarket {
    let expiry = |given: &Value| DeriveExpiry {
        seconds: number(given, "seconds_to_expiry"),
        forward_fixed: number(given, "forward_fixed"),
        forward_variable: number(given, "forward_variable"),
        rate: number(given, "rate"),
        confidence: number(given, "min_confidence"),
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

fn option(market: &DeriveMarket, given: &Value) -> DeriveOption {
    let seconds = number(given, "seconds_to_expiry");
    DeriveOption {
        expiry: market.expiries.iter().position(|expiry| expiry.seconds == seconds).unwrap(),
        strike: number(given, "strike"),
        right: if given["is_call"] == true { Right::Call } else { Right::Put },
        vol: number(given, "vol"),
    }
}
