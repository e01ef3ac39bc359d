//! OKX's portfolio margin on a margin date, and the account that the venue published.

use std::path::Path;

use mpor_core::Timestamp;
use mpor_margin::models::okx_pm::{
    OkxAccount, OkxAssessment, OkxParameters, OkxStablecoin, OkxUnits,
};
use mpor_margin::models::venue::VenueContract;
use mpor_margin::{Component, RuleLibrary};
use serde_json::Value;

use crate::market::{Market, SPOT};

const MODEL: &str = "rules = \"okx/pm-style\"\nas_of = \"2025-01-15\"";

#[test]
fn a_perpetual_needs_the_largest_move_and_its_basis() {
    let market = Market::new();
    let report = market.ask(MODEL, &[("BTC-PERP", -2.0)]).unwrap();
    // hand: 12 % of the index, .2 % of the mark; MR7 at .45 % is less; MR6 equals MR1 for linear books
    let maintenance = 2.0 * (0.12 * SPOT[0] + 0.002 * 1.001 * SPOT[0]);
    assert!((report.maintenance.amount() - maintenance).abs() < 1e-9 * maintenance);
    assert!((report.initial.amount() - 1.3 * maintenance).abs() < 1e-9 * maintenance);
    assert_eq!(report.binding.as_deref(), Some("BTC: MR1 spot +12 %, vol down"));
}

#[test]
fn the_breakdown_says_what_is_out() {
    let market = Market::new();
    let book = [("BTC-C-55000", -10.0), ("BTC-FUT", 2.0), ("BTC-PERP", 1.0)];
    let report = market.ask(MODEL, &book).unwrap();
    let [unit, mr8, mr9] = report.maintenance.parts() else { panic!("{}", report.maintenance) };
    assert!(mr8.name().starts_with("MR8 ") && mr9.name().starts_with("MR9 "));
    assert_eq!((mr8.amount(), mr9.amount()), (0.0, 0.0));
    let modules = &unit.parts()[0];
    let names: Vec<&str> = modules.parts().iter().map(Component::name).collect();
    let expected = [
        "worst module",
        "MR3 vega across expiries: formula not known, not in the requirement",
        "MR4 basis",
        "MR5 rates: formula not known, not in the requirement",
    ];
    assert_eq!(names, expected);
    assert_eq!(modules.parts()[2].parts().len(), 3, "perpetual and two expiries");
    let worst = &modules.parts()[0];
    let names: Vec<&str> = worst.parts().iter().map(Component::name).collect();
    assert_eq!(names, ["MR1 spot shock", "MR2 decay", "MR6 extreme move"]);
    assert_eq!(worst.parts()[0].parts().len(), 1 + 7 * 3);
}

#[test]
fn a_hedged_book_pays_the_minimum_charge_by_its_tiers() {
    let parameters = class("2025-01-06", "major");
    let contracts =
        [VenueContract::Perpetual { mark: 100.0 }, VenueContract::Spot { price: 100.0 }];
    let units = OkxUnits::new(&parameters, 100.0, 1.0, &contracts).unwrap();
    let coins = 30_000.0 / 0.45;
    let hedged = OkxAssessment::new(&parameters, &units, &[(0, -coins), (1, coins)]);
    // hand, and the venue's own example: 30,000 raw are 10,000 + 20,000 x 2
    assert!((hedged.mr7_raw - 30_000.0).abs() < 1e-9);
    assert!((hedged.mr7 - 50_000.0).abs() < 1e-9);
    assert_eq!(hedged.maintenance_margin(), hedged.mr7);
}

#[test]
fn stablecoins_are_charged_by_tiers() {
    let tiers = vec![[1e6, 0.0075], [4e6, 0.0175], [5e6, 0.025]];
    let stablecoin =
        |net_delta, short_only| OkxStablecoin { net_delta, short_only, tiers: tiers.clone() };
    // the venue's own example
    assert!((stablecoin(-1e7, false).charge() - 202_500.0).abs() < 1e-9);
    assert_eq!(stablecoin(1e7, false).charge(), stablecoin(-1e7, true).charge());
    assert_eq!(stablecoin(1e7, true).charge(), 0.0);
    assert_eq!(stablecoin(2e7, false).charge(), stablecoin(1e7, false).charge(), "free beyond");
}

#[test]
fn the_cut_of_january_2025_is_two_versions() {
    let library = RuleLibrary::embedded().unwrap();
    let at = |date: &str| {
        let set = library.in_force("okx/pm-style", date.parse::<Timestamp>().unwrap()).unwrap();
        let major: OkxParameters = set.parameters["classes"]["major"].clone().try_into().unwrap();
        (major.spot_moves[0], major.extreme_move, major.minimum_tiers[0])
    };
    assert_eq!(at("2025-01-05"), (-0.15, 0.30, 10_000.0));
    assert_eq!(at("2025-01-06"), (-0.12, 0.24, 10_000.0));
    assert_eq!(at("2025-01-15"), (-0.12, 0.24, 250_000.0));
}

#[test]
fn unknown_classes_and_impossible_numbers_are_named() {
    let market = Market::new();
    let error = market.ask(MODEL, &[("SPX-FUT", 1.0)]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`model` has no rule for `SPX-FUT`: these rules have no class for `SPX`; give it one with coins = { SPX = \"..\" }, known: major, other, tier2"
    );
    let error = market.ask(&format!("{MODEL}\ncoins = {{ SPX = \"minor\" }}"), &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "model `model`: `coins.SPX` is `minor`, which is not a class of these rules; known: major, other, tier2"
    );
    let tiers = format!("{MODEL}\n[classes.major]\nminimum_tiers = [1.0]");
    let error = market.ask(&tiers, &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "model `model`: `classes.major.minimum_multipliers` holds 7: one more than the 1 ends of minimum_tiers"
    );
}

#[test]
fn the_account_that_the_venue_published() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/published_vectors/okx_pm/vectors.json");
    let Ok(text) = std::fs::read_to_string(&file) else {
        println!("skipped: no {}", file.display());
        return;
    };
    let vectors: Value = serde_json::from_str(&text).unwrap();
    let vectors = vectors["vectors"].as_array().unwrap();
    let units = [check(&vectors[0], "major"), check(&vectors[1], "tier2")];
    let (given, expected) = (&vectors[2]["account"], &vectors[2]["expected"]);
    let account = OkxAccount {
        units: units.to_vec(),
        borrow_maintenance: given["borrow_mmr_mr8"].as_f64().unwrap(),
        borrow_initial: given["usdt_borrow_imr"].as_f64().unwrap(),
        stablecoins: Vec::new(),
    };
    close("total_mmr", account.maintenance_margin(), &expected["total_mmr"]);
    close("total_imr", account.initial_margin(), &expected["total_imr"]);
}

/// One published risk unit under our rules of its date.
fn check(vector: &Value, of_class: &str) -> OkxAssessment {
    let parameters = class("2025-01-15", of_class);
    let (position, implied) = (&vector["positions"][0], &vector["implied"]);
    let number = |value: &Value, key: &str| value[key].as_f64().unwrap();
    let (index, stable) = (number(implied, "index_price"), number(implied, "usdt_usd"));
    let contracts = [VenueContract::Perpetual { mark: number(position, "mark_price") }];
    let units = OkxUnits::new(&parameters, index, stable, &contracts).unwrap();
    let coins = number(position, "contracts") * number(position, "contract_size_coin");
    let assessment = OkxAssessment::new(&parameters, &units, &[(0, coins)]);
    let expected = &vector["expected"];
    for (field, actual) in [
        ("mr1", assessment.mr1),
        ("mr2", assessment.mr2),
        ("mr4", assessment.mr4()),
        ("mr6", assessment.mr6),
        ("mr7", assessment.mr7),
        ("mmr", assessment.maintenance_margin()),
        ("imr", assessment.initial_margin()),
    ] {
        close(field, actual, &expected[field]);
    }
    assessment
}

fn close(field: &str, actual: f64, expected: &Value) {
    // The venue prints some figures with eight decimals.
    let expected = expected.as_f64().unwrap();
    assert!((actual - expected).abs() <= 1e-7, "{field}: {actual}, expected {expected}");
}

fn class(version: &str, class: &str) -> OkxParameters {
    let library = RuleLibrary::embedded().unwrap();
    let versions = library.versions("okx/pm-style").unwrap();
    let set = versions.iter().find(|set| set.version == version).unwrap();
    set.parameters["classes"][class].clone().try_into().unwrap()
}
