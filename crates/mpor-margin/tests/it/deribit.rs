//! Deribit's portfolio margin on a margin date, and the accounts that the venue published.

use std::path::Path;

use mpor_core::{Right, Settlement, Timestamp};
use mpor_margin::models::deribit_pm::{
    DeribitAssessment, DeribitCell, DeribitParameters, DeribitUnits, aggregated,
};
use mpor_margin::models::venue::{VenueContract, VenueOption};
use mpor_margin::{Component, RuleLibrary};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::market::{Market, SPOT, built};

const MODEL: &str = "rules = \"deribit/pm-style\"\nas_of = \"2024-06-17\"";
const OCTOBER: &str = "rules = \"deribit/pm-style\"\nas_of = \"2023-10-27T09:00:00Z\"";

#[test]
fn a_perpetual_needs_the_lower_end_of_the_range_and_its_roll() {
    let market = Market::new();
    let report = market.ask(MODEL, &[("BTC-PERP", 1.0)]).unwrap();
    // hand: in coin .16 / .84, and 1 % of roll; the extended table is absorbed by the dampener
    let expected = (0.16 / 0.84 + 0.01) * SPOT[0];
    assert!((report.initial.amount() - expected).abs() < 1e-9 * expected, "{}", report.initial);
    assert!((report.maintenance.amount() - 0.8 * expected).abs() < 1e-9 * expected);
    assert_eq!(report.binding.as_deref(), Some("BTC: spot -16 %, vol up"));
}

#[test]
fn the_breakdown_goes_down_to_the_cells_and_names_what_is_not_known() {
    let market = Market::new();
    let report = market.ask(MODEL, &[("BTC-C-55000", -10.0), ("BTC-PERP", 2.0)]).unwrap();
    let currency = &report.initial.parts()[0];
    let names: Vec<&str> = currency.parts().iter().map(Component::name).collect();
    let expected = [
        "worst scenario",
        "roll shock",
        "delta shock",
        "correlation contingency: formula not known, counted as zero",
    ];
    assert_eq!(names, expected);
    let cells = currency.parts()[0].parts();
    assert_eq!(cells.len(), 9 * 3 + 8, "both tables");
    let bound = report.binding.as_deref().unwrap().strip_prefix("BTC: ").unwrap();
    let cell = cells.iter().find(|cell| cell.name() == bound).unwrap();
    assert_eq!(cell.amount(), currency.parts()[0].amount());
    assert_eq!(currency.parts()[1].parts().len(), 2, "perpetual and one expiry");
}

#[test]
fn coin_settled_size_counts_as_coins() {
    let market = Market::new();
    let amount = |book: &[(&str, f64)]| market.ask(MODEL, book).unwrap().initial.amount();
    let inverse = amount(&[("BTC-INVERSE", 3.0 * 1.001 * SPOT[0])]);
    let linear = amount(&[("BTC-PERP", 3.0)]);
    assert!((inverse - linear).abs() < 1e-9 * linear);
}

#[test]
fn october_2023_has_contingencies_in_the_place_of_shocks() {
    let market = Market::new();
    let report = market.ask(OCTOBER, &[("BTC-C-55000", -10.0), ("BTC-C-50000-Q", 4.0)]).unwrap();
    let currency = &report.initial.parts()[0];
    let part = |name: &str| currency.parts().iter().find(|part| part.name() == name).unwrap();
    // hand: .01 coin for each of ten net short options
    assert!((part("net short options").amount() - 0.1 * SPOT[0]).abs() < 1e-9);
    assert_eq!(part("roll shock").amount(), 0.0);
    assert_eq!(part("worst scenario").parts().len(), 27, "no extended table yet");
    let perpetual = market.ask(OCTOBER, &[("BTC-PERP", -2.0)]).unwrap();
    // hand: the short loses .175 / 1.175 a coin at the upper end; .006 a coin of contingency
    let expected = 2.0 * (0.175 / 1.175 + 0.006) * SPOT[0];
    assert!((perpetual.initial.amount() - expected).abs() < 1e-9 * expected);
}

#[test]
fn a_call_and_a_put_at_one_strike_net_before_the_contingency() {
    let parameters = october();
    let option = |strike, right| option(30.0, strike, right, 0.6);
    let contracts =
        vec![option(100.0, Right::Call), option(100.0, Right::Put), option(110.0, Right::Call)];
    let units = DeribitUnits::new(&parameters, 100.0, contracts).unwrap();
    let book = [(0, -3.0), (1, 1.0), (2, -2.0)];
    let assessment = DeribitAssessment::new(&parameters, &units, &book);
    // hand: 2 net short at 100 and 2 at 110
    assert!((assessment.option_contingency - 0.04).abs() < 1e-15);
}

#[test]
fn each_day_of_october_2023_has_its_own_version() {
    let library = RuleLibrary::embedded().unwrap();
    let at = |time: &str| {
        let set = library.in_force("deribit/pm-style", time.parse::<Timestamp>().unwrap()).unwrap();
        let btc: DeribitParameters = set.parameters["coins"]["BTC"].clone().try_into().unwrap();
        (btc.price_range, btc.volatility_range_up)
    };
    assert_eq!(at("2023-10-27T08:59:59Z"), (0.15, 0.45));
    assert_eq!(at("2023-10-27T09:00:00Z"), (0.175, 0.50));
    assert_eq!(at("2023-10-28T09:00:00Z"), (0.175, 0.55));
    assert_eq!(at("2023-10-29T09:00:00Z"), (0.175, 0.60));
    assert_eq!(at("2023-10-30T09:00:00Z"), (0.20, 0.60));
    assert_eq!(at("2024-06-17"), (0.16, 0.50));
    assert_eq!(at("2026-09-01"), (0.14, 0.40));
}

#[test]
fn years_without_known_rules_are_an_error() {
    let built = built("rules = \"deribit/pm-style\"\nas_of = \"2020-03-12\"").err().unwrap();
    let text = built.to_string();
    assert!(text.contains("have no version in force at 2020-03-12T00:00:00Z"), "{text}");
    assert!(text.contains("as_of = \"2023-10-01\""), "{text}");
}

#[test]
fn an_unknown_currency_and_an_impossible_number_are_named() {
    let market = Market::new();
    let error = market.ask(MODEL, &[("SPX-P-3800", 1.0)]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`model` has no rule for `SPX-P-3800`: these rules have no currency for `SPX`; map it with markets = { SPX = \"..\" }, known: BTC"
    );
    let error = market.ask(&format!("{MODEL}\nmarkets = {{ SPX = \"BTCC\" }}"), &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "model `model`: `markets.SPX` is `BTCC`, which is not a currency of these rules; known: BTC"
    );
    let error = market.ask(&format!("{MODEL}\n[coins.BTC]\nprice_range = 1.5"), &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "model `model`: `coins.BTC.price_range` is 1.5: above 0 and at most 0.99"
    );
    let error = market.ask(MODEL, &[("BTC-SPOT", -1.0)]).unwrap_err();
    assert!(error.to_string().contains("spot cannot be short"), "{error}");
}

proptest! {
    /// The delta shock's base lies between zero and the delta of what is not a long option, and long options never raise it.
    #[test]
    fn long_options_only_reduce_the_delta_that_is_shocked(
        perpetual in -50.0..50.0_f64, call in 0.0..80.0_f64, put in 0.0..80.0_f64,
    ) {
        let parameters = june();
        let contracts = vec![
            VenueContract::Perpetual { mark: 100.0 },
            option(30.0, 100.0, Right::Call, 0.6),
            option(30.0, 100.0, Right::Put, 0.6),
        ];
        let units = DeribitUnits::new(&parameters, 100.0, contracts).unwrap();
        let shock = |book: &[(usize, f64)]| {
            DeribitAssessment::new(&parameters, &units, book).delta_for_shock
        };
        let (alone, with) = (shock(&[(0, perpetual)]), shock(&[(0, perpetual), (1, call), (2, put)]));
        prop_assert_eq!(alone, perpetual);
        prop_assert!(with.abs() <= alone.abs() && with * alone >= 0.0);
    }

    /// The dampener brings the extended table toward zero and not beyond.
    #[test]
    fn the_dampener_never_turns_a_loss_into_a_gain(perpetual in -5e5..5e5_f64, short in -5e5..0.0_f64) {
        let parameters = june();
        let contracts =
            vec![VenueContract::Perpetual { mark: 100.0 }, option(30.0, 100.0, Right::Call, 0.6)];
        let units = DeribitUnits::new(&parameters, 100.0, contracts).unwrap();
        let assessment = DeribitAssessment::new(&parameters, &units, &[(0, perpetual), (1, short)]);
        for (raw, dampened) in assessment.extended.iter().zip(&assessment.dampened) {
            prop_assert!(dampened.abs() <= raw.abs() && dampened * raw >= 0.0);
        }
        prop_assert!(assessment.worst_case >= 0.0);
    }
}

#[test]
fn the_accounts_that_the_venue_published() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/published_vectors/deribit_pm/vectors.json");
    let Ok(text) = std::fs::read_to_string(&file) else {
        println!("skipped: no {}", file.display());
        return;
    };
    let vectors: Value = serde_json::from_str(&text).unwrap();
    let vectors = vectors["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), 2);
    vectors.iter().for_each(check);
}

fn check(vector: &Value) {
    let (parameters, expected) = (published(&vector["parameters"]), &vector["expected"]);
    let positions = vector["positions"].as_array().unwrap();
    let contracts = positions.iter().map(|position| {
        let mark = position["mark_price"].as_f64().unwrap();
        match position["days_to_expiry"].as_f64() {
            Some(days) => VenueContract::Future { days, mark },
            None => VenueContract::Perpetual { mark },
        }
    });
    let index = vector["index_price"].as_f64().unwrap();
    let units = DeribitUnits::new(&parameters, index, contracts.collect()).unwrap();
    let sizes = positions.iter().map(|position| position["size_coin"].as_f64().unwrap());
    let book: Vec<(usize, f64)> = sizes.enumerate().collect();
    let assessment = DeribitAssessment::new(&parameters, &units, &book);
    let name = &vector["id"];
    let close = |field: &str, actual: f64, expected: &Value| {
        // The venue prints nine decimals.
        let expected = expected.as_f64().unwrap();
        assert!((actual - expected).abs() <= 2e-9, "{name} {field}: {actual}, expected {expected}");
    };
    let list = |field: &str, actual: &[f64]| {
        let expected = expected[field].as_array().unwrap();
        assert_eq!(actual.len(), expected.len(), "{name} {field}");
        actual.iter().zip(expected).for_each(|(&actual, expected)| close(field, actual, expected));
    };
    let counted = |pnl: &[f64]| -> Vec<f64> {
        pnl.iter().map(|&pnl| aggregated(parameters.pnl_offset, pnl)).collect()
    };
    // Without options the three volatilities are one.
    let standard: Vec<f64> = assessment.standard.iter().step_by(3).copied().collect();
    list("aggregated_standard_coin", &counted(&standard));
    list("aggregated_extended_coin", &counted(&assessment.dampened));
    close("worst_case_coin", assessment.worst_case, &expected["worst_case_coin"]);
    close("roll_shock_coin", assessment.roll_shock(), &expected["roll_shock_coin"]);
    close("delta_shock_coin", assessment.delta_shock, &expected["delta_shock_coin"]);
    let risk = assessment.risk_matrix_margin();
    close("risk_matrix_margin_coin", risk, &expected["risk_matrix_margin_coin"]);
    let maintenance = assessment.maintenance_margin();
    close("maintenance_margin_coin", maintenance, &expected["maintenance_margin_coin"]);
    let other = |field: &str| expected[field].as_f64().unwrap_or(0.0);
    let beside = other("mmp_margin_coin") + other("open_orders_margin_coin");
    close("initial_margin_coin", risk + beside, &expected["initial_margin_coin"]);
    assert!(matches!(assessment.worst_cell, DeribitCell::Standard(0 | 8, 0)));
}

/// The parameters of a published account, under the names of ours.
fn published(given: &Value) -> DeribitParameters {
    let mut given = given.as_object().unwrap().clone();
    for key in [
        "currency",
        "max_offsetable_pnl",
        "correlation_contingency",
        "haircut",
        "volatility_scenarios_count",
    ] {
        given.remove(key);
    }
    let threshold = given.remove("delta_total_liq_shock_threshold_usd").unwrap();
    given.insert("delta_total_liq_shock_threshold".to_owned(), threshold);
    let moves = json!([-0.66, -0.33, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0]);
    given.insert("extended_price_moves".to_owned(), moves);
    given.insert("min_tenor_days".to_owned(), json!(1.0));
    serde_json::from_value(Value::Object(given)).unwrap()
}

fn option(days: f64, strike: f64, right: Right, vol: f64) -> VenueContract {
    let settlement = Settlement::Coin;
    VenueContract::Option(VenueOption { days, forward: 100.0, strike, right, vol, settlement })
}

fn october() -> DeribitParameters {
    of_version("2023-10-27")
}

fn june() -> DeribitParameters {
    of_version("2024-06-17")
}

fn of_version(version: &str) -> DeribitParameters {
    let library = RuleLibrary::embedded().unwrap();
    let versions = library.versions("deribit/pm-style").unwrap();
    let set = versions.iter().find(|set| set.version == version).unwrap();
    set.parameters["coins"]["BTC"].clone().try_into().unwrap()
}
