//! The rules that are part of mpor, worked out by hand on a few prices.

use mpor_core::RuleStatus;
use mpor_core::Span;
use mpor_data::index::{IndexLibrary, Settlement, twap};

use crate::{at, index, shipped, source};

/// The index of prices of one instant from sources named in order.
fn of(rule: &str, prices: &[(&str, f64)]) -> f64 {
    let sources: Vec<_> = prices.iter().map(|(name, price)| source(name, &[(0, *price)])).collect();
    index(&shipped(rule), &sources).series.values[0]
}

fn four(prices: [f64; 4]) -> [(&'static str, f64); 4] {
    let [a, b, c, d] = prices;
    [("bitstamp", a), ("coinbase", b), ("kraken", c), ("lmax", d)]
}

#[track_caller]
fn near(found: f64, by_hand: f64) {
    assert!((found - by_hand).abs() < 1e-9, "{found} and not {by_hand}");
}

#[test]
fn deribit_and_thalex_hold_each_source_within_half_a_per_cent_of_the_median() {
    // Median of 99.9, 100, 100.2, 103 is 100.1; 103 counts as 100.1 * 1.005 = 100.6005.
    let by_hand = (99.9 + 100.0 + 100.2 + 100.6005) / 4.0;
    for rule in ["deribit/index", "thalex/index"] {
        near(of(rule, &four([100.0, 103.0, 99.9, 100.2])), by_hand);
    }
    // The older rule leaves out 99.9 and 103.
    near(of("deribit/index-trimmed", &four([100.0, 103.0, 99.9, 100.2])), 100.1);
}

#[test]
fn okx_goes_by_the_number_of_sources() {
    // Median of 100, 100.2, 103, 110 is 101.6; 110 counts as 101.6 * 1.03 = 104.648.
    let four = four([100.0, 110.0, 103.0, 100.2]);
    near(of("okx/index", &four), (100.0 + 100.2 + 103.0 + 104.648) / 4.0);
    near(of("okx/index", &four[..3]), (100.0 + 103.0 + 103.0 * 1.03) / 3.0);
    near(of("okx/index", &four[..2]), 105.0);
    near(of("okx/index", &four[1..2]), 110.0);
}

#[test]
fn hyperliquid_weighs_binance_by_three() {
    // Sorted 100 (1), 101 (2), 102 (2), 103 (3): half of 8 is passed at 102.
    let named = [("binance", 103.0), ("okx", 101.0), ("bybit", 102.0), ("kraken", 100.0)];
    near(of("hyperliquid/index", &named), 102.0);
    // Without Bybit the weights are 1, 2, 3: exactly half lies at 101, so the mean with 103.
    let without = [("binance", 103.0), ("okx", 101.0), ("kraken", 100.0)];
    near(of("hyperliquid/index", &without), 102.0);
    // Binance and Kraken alone: 3 of 4.
    near(of("hyperliquid/index", &[("binance", 103.0), ("kraken", 100.0)]), 103.0);
}

#[test]
fn medians_of_dydx_derive_and_drift() {
    near(of("dydx/index", &four([100.0, 150.0, 99.0, 101.0])[..3]), 100.0);
    near(of("derive/index", &four([100.0, 104.0, 99.0, 101.0])), 100.5);
    near(of("drift/index", &[("pyth", 100.0)]), 100.0);
}

/// The limit is the last age that counts.
#[test]
fn a_source_counts_up_to_its_limit_and_no_longer() {
    let limits = [
        ("deribit/index", 180),
        ("okx/index", 1800),
        ("derive/index", 180),
        ("dydx/index", 10),
        ("drift/index", 60),
    ];
    for (rule, limit) in limits {
        let steady = |name| source(name, &[(0, 100.0), (limit, 100.0), (limit + 1, 100.0)]);
        let mut sources: Vec<_> = ["a", "b", "c"].map(steady).into();
        sources.push(source("late", &[(0, 100.5)]));
        let found = index(&shipped(rule), &sources);
        let counts: Vec<_> = found.steps.iter().map(|step| (step.used, step.stale)).collect();
        assert_eq!(counts, [(4, 0), (4, 0), (3, 1)], "{rule}");
    }
}

#[test]
fn drift_takes_no_price_that_its_sources_do_not_agree_on() {
    let sources = [source("a", &[(0, 100.0), (1, 105.0)]), source("b", &[(0, 101.0)])];
    let found = index(&shipped("drift/index"), &sources);
    // Half of 105 - 101 is 2, below 2 % of 103 = 2.06; half of 106 - 101 is above.
    near(found.series.values[1], 103.0);
    let sources = [source("a", &[(0, 100.0), (1, 106.0)]), source("b", &[(0, 101.0)])];
    let found = index(&shipped("drift/index"), &sources);
    near(found.series.values[1], 100.5);
    assert!(found.steps[1].carried && !found.steps[0].carried);
}

#[test]
fn deribit_settles_on_half_an_hour_of_samples_each_four_seconds() {
    let rule = shipped("deribit/index")[0].rule.settlement.unwrap();
    assert_eq!(rule, Settlement { window: Span(1_800_000_000), every: Span(4_000_000) });
    // 100 up to second 899, then 190: of the samples at 4, 8, ..., 1800 those from 900 on see 190: 226 of 450.
    let sources =
        [source("a", &[(0, 100.0), (900, 190.0)]), source("b", &[(0, 100.0), (900, 190.0)])];
    let found = index(&shipped("deribit/index"), &sources);
    let settled = twap(&found.series, at(1800), rule).unwrap();
    assert_eq!(settled.samples, 450);
    near(settled.price, (224.0 * 100.0 + 226.0 * 190.0) / 450.0);
}

#[test]
fn every_shipped_rule_says_what_is_not_known_of_it() {
    let library = IndexLibrary::embedded().unwrap();
    let names: Vec<&str> = library.names().collect();
    let expected = [
        "deribit/index",
        "deribit/index-trimmed",
        "derive/index",
        "drift/index",
        "dydx/index",
        "hyperliquid/index",
        "okx/index",
        "thalex/index",
    ];
    assert_eq!(names, expected);
    for name in names {
        for set in library.versions(name) {
            assert!(!set.source.is_empty(), "{name}");
            let dated = set.valid_from.is_some() || set.notes.contains_key("valid_from");
            assert!(dated, "{name}: a start that is not known has a note");
            assert!(set.notes.contains_key("below_minimum"), "{name}");
        }
    }
    assert_eq!(library.versions("deribit/index")[0].status, RuleStatus::Secondary);
    assert!(library.versions("okx/index")[0].notes["valid_from"].contains("older"));
}
