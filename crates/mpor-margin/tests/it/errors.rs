//! The text of every error that a study or a rule file can cause.

use mpor_margin::{RuleLibrary, read_rules};

use crate::market::{Market, built};
use crate::rules::{file, time};

#[test]
fn a_study_that_names_something_unknown() {
    refused(
        "kind = \"scann\"",
        &format!("unknown kind of model `scann`; did you mean `scan`? known: {}", known_kinds()),
    );
    refused(
        "rules = \"generic/isolatd\"",
        &format!(
            "unknown rules `generic/isolatd`; did you mean `generic/isolated`? known: {}",
            known_rules()
        ),
    );
    refused(
        "kind = \"scan\"\nprice_range = 0.1\nvol_rnge = 0.2",
        "model `model`: unknown key `vol_rnge`; did you mean `vol_range`? known: price_range, vol_range, vol_rule, smile, extreme, short_option_minimum, offset, maintenance",
    );
    refused(
        "kind = \"scan\"\nprice_range = 0.1\nextreme = { multiple = 3, covr = 0.3 }",
        "model `model`: unknown key `extreme.covr`; did you mean `cover`? known: multiple, cover",
    );
    refused(
        "kind = \"scan\"\nprice_range = 0.1\noverlays = [{ bufer = { share = 0.25 } }]",
        "model `model`: unknown overlay `bufer`; did you mean `buffer`? known: adaptive, buffer, cap, collateral, concentration, floor, offset_cap, reputation, speed_limit, stress_weight, wrong_way",
    );
    refused(
        "kind = \"scan\"\nprice_range = 0.1\noverlays = [{ buffer = { shar = 0.25 } }]",
        "model `model`: unknown key `buffer.shar`; did you mean `share`? known: share, release, released",
    );
}

#[test]
fn a_study_with_an_impossible_parameter() {
    refused("kind = \"scan\"", "model `model`: `price_range` is missing");
    refused(
        "kind = \"scan\"\nprice_range = \"15 %\"",
        "model `model`: `price_range` cannot be read: invalid type: string \"15 %\", expected f64",
    );
    refused(
        "kind = \"scan\"\nprice_range = -0.1",
        "model `model`: `price_range` is -0.1: a share of spot above 0",
    );
    refused(
        "kind = \"scan\"\nprice_range = 0.5\nextreme = { multiple = 3, cover = 0.3 }",
        "model `model`: `price_range` makes an impossible grid: price = -1.5 is outside its range: relative moves above -1, such as -0.15",
    );
    refused(
        "kind = \"var\"\nlevel = 99\nscenarios = { historical = { window = 500 } }",
        "model `model`: `level` cannot be read: `99` is not a confidence level: write a fraction strictly between 0.5 and 1, such as 0.99",
    );
    refused(
        "kind = \"var\"\nlevel = 0.99\nscenarios = { grid = { price = [0.1] } }",
        "model `model`: `scenarios` is a grid, whose points have no probability; use kind = \"scan\" for a grid",
    );
    refused(
        "kind = \"scan\"\nprice_range = 0.1\nas_of = \"2025-12-08\"",
        "model `model`: `as_of` pins the date of a rule set; this model is written out and has no `rules`",
    );
    refused(
        "kind = \"scan\"\nprice_range = 0.1\noverlays = [{ buffer = { share = -0.25 } }]",
        "model `model`: `buffer.share` is -0.25: a share of 0 or more, such as 0.25",
    );
    refused(
        "kind = \"scan\"\nprice_range = 0.1\noverlays = [{ floor = {} }]",
        "model `model`: `floor` states no bound: write `amount`, `of_notional`, `lookback` or `model`",
    );
    refused(
        "kind = \"scan\"\nprice_range = 0.1\noverlays = [{ cap = { amount = 1 }, buffer = {} }]",
        "model `model`: `overlays` has an entry of 2 keys; write one overlay an entry, such as { buffer = { share = 0.25 } }",
    );
    refused(
        "rules = \"derive/pmrm2\"\nmarkets = { SPX = \"BTCC\" }",
        "model `model`: `markets.SPX` is `BTCC`, which is not a market of these rules; known: BTC, ETH, SOL",
    );
    refused(
        "kind = \"isolated\"\n[futures]\nBTC = [{ up_to = 10, initial = 0.1, maintenance = 0.2 }]",
        "model `model`: `futures.BTC[0]` has initial 0.1 and maintenance 0.2: initial at least maintenance, both 0 or more",
    );
}

#[test]
fn an_overlay_with_an_impossible_parameter() {
    let cases = [
        ("adaptive = {}", "`adaptive.coverage` is missing"),
        (
            "adaptive = { coverage = 99 }",
            "`adaptive.coverage` cannot be read: `99` is not a confidence level: write a fraction strictly between 0.5 and 1, such as 0.99",
        ),
        (
            "adaptive = { coverage = 0.99, most = 0.5 }",
            "`adaptive.start` is 1: between `least` and `most`",
        ),
        (
            "buffer = { release = 5, released = { rise = 1.2 } }",
            "`buffer.released` and `buffer.release` are two rules for one buffer: write one of them",
        ),
        (
            "collateral = { rules = \"eu/2016-2251\", mix = { gold = 0.5 } }",
            "`collateral.mix` sums to 0.5: the shares of all assets together are 1",
        ),
        (
            "collateral = { rules = \"eu/2016-2251\", mix = { golf = 1 } }",
            "`collateral.mix` has `golf`, which eu/2016-2251 2017-01-04 (from 2017-01-04T00:00:00Z, secondary) has no haircut for; did you mean `gold`?",
        ),
        (
            "collateral = { rules = \"derive/pmrm2\", mix = { BTC = 1 } }",
            "`collateral.rules` is `derive/pmrm2`, which is a margin rule set and no table of haircuts",
        ),
        (
            "concentration = { depth = { BTC = 1 }, tiers = [{ above = 1, rate = 0.1 }, { above = 1, rate = 0.2 }] }",
            "`concentration.tiers` must rise from one tier to the next: `above` strictly, `rate` not falling",
        ),
        (
            "floor = { lookback = { steps = 5, years = 1 } }",
            "`floor.lookback` has a length: write either `steps` or `years` in it",
        ),
        (
            "floor = { model = { level = 0.99 } }",
            "`floor.model` is a model: write either `kind` or `rules` in it, and its parameters",
        ),
        (
            "offset_cap = { groups = { a = [\"BTC\"], b = [\"BTC\"] } }",
            "`offset_cap.groups.b` has `BTC`, which is in `a` already",
        ),
        (
            "reputation = { decay = 1 }",
            "`reputation.decay` is 1: zero or more and below 1, such as 0.99",
        ),
        (
            "stress_weight = { weight = 1.5, stress = {} }",
            "`stress_weight.weight` is 1.5: a weight between 0 and 1, such as 0.25",
        ),
        ("stress_weight = {}", "`stress_weight.stress` is missing"),
        ("wrong_way = { underlyings = [] }", "`wrong_way.underlyings` is empty: name at least one"),
    ];
    for (overlay, expected) in cases {
        let model = format!("kind = \"scan\"\nprice_range = 0.1\noverlays = [{{ {overlay} }}]");
        let text = built(&model).err().unwrap().to_string();
        let expected = format!("model `model`: {expected}");
        assert!(text.starts_with(&expected), "{text}\n{expected}");
    }
    refused(
        "rules = \"eu/2016-2251\"",
        "model `model`: `rules` is `eu/2016-2251`, a table of haircuts and no model; use it as overlays = [{ collateral = { rules = \"eu/2016-2251\", mix = { .. } } }]",
    );
    bad_file(
        &file("2021-01-01", None, "2")
            .replace("\"scan\"", "\"collateral\"")
            .replace("price_range = 0.2", "assets = { gold = { haircut = 15 } }"),
        "`parameters.assets.gold.haircut` is 15: a share between 0 and 1, such as 0.15",
    );
}

#[test]
fn rules_before_their_first_version() {
    let market = Market::new();
    let error = market.ask("rules = \"derive/pmrm2\"", &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "rules `derive/pmrm2` have no version in force at 2024-07-04T08:00:00Z: version 2025-12-08 holds from 2025-12-08T00:00:00Z. Pin one with `as_of`, such as as_of = \"2025-12-08\""
    );
    refused(
        "rules = \"derive/pmrm2\"\nas_of = \"2024-01-01\"",
        "rules `derive/pmrm2` have no version in force at 2024-01-01T00:00:00Z: version 2025-12-08 holds from 2025-12-08T00:00:00Z. Pin one with `as_of`, such as as_of = \"2025-12-08\"",
    );
}

#[test]
fn positions_without_a_rule() {
    let derive = "rules = \"derive/pmrm2\"\nas_of = \"2025-12-08\"";
    not_covered(
        derive,
        ("SPX-P-3800", 1.0),
        "`model` has no rule for `SPX-P-3800`: the venue has no market for `SPX`; map it with markets = { SPX = \"..\" }, known: BTC, ETH, SOL",
    );
    not_covered(
        derive,
        ("BTC-FUT", 1.0),
        "`model` has no rule for `BTC-FUT`: the venue lists no dated futures; count them as perpetuals with futures = \"as_perpetual\"",
    );
    not_covered(
        derive,
        ("BTC-SPOT", -1.0),
        "`model` has no rule for `BTC-SPOT`: collateral cannot be short; hold the perpetual short instead",
    );
    not_covered(
        "rules = \"binance/isolated\"",
        ("ETH-PERP", 1.0),
        "`model` has no rule for `ETH-PERP`: these rules have no brackets for `ETH`; map it with markets = { ETH = \"..\" }, known: BTC",
    );
}

#[test]
fn rule_files_that_cannot_be_used() {
    let good = file("2021-01-01", None, "2");
    bad_file(
        &good.replace("venue", "vanue"),
        "unknown key `meta.vanue`; did you mean `venue`? known: venue, model, version, engine, valid_from, valid_until, source, status, notes",
    );
    bad_file(
        &good.replace("\"scan\"", "\"scann\""),
        &format!(
            "`meta.engine`: unknown kind of model `scann`; did you mean `scan`? known: {}",
            known_kinds()
        ),
    );
    bad_file(
        &good.replace("price_range", "range"),
        "unknown key `parameters.range`; known: price_range, vol_range, vol_rule, smile, extreme, short_option_minimum, offset, maintenance",
    );
    bad_file(
        &good.replace("0.2", "-0.2"),
        "`parameters.price_range` is -0.2: a share of spot above 0",
    );
    bad_file(
        &good.replace("2021-01-01", "last year"),
        "`meta.valid_from`: `last year` is not a time: write 2020-03-12 or 2020-03-12T08:00:00Z, or unknown",
    );
    bad_file(
        &good.replace("convention", "rumour"),
        "unknown key `meta.status.rumour`; known: primary, secondary, memory, convention",
    );
    bad_file(
        &file("2021-01-01", Some("2020-01-01"), "2"),
        "`meta.valid_until` 2020-01-01T00:00:00Z is not after valid_from 2021-01-01T00:00:00Z",
    );
    let set = read_rules("y.toml", &good).unwrap();
    let error = RuleLibrary::default().with(set.clone()).unwrap().with(set).unwrap_err();
    assert_eq!(
        error.to_string(),
        "rule file y.toml: x/y 2 (from 2021-01-01T00:00:00Z, convention) and x/y 2 (from 2021-01-01T00:00:00Z, convention) of y.toml have the same version or the same start; each version needs its own"
    );
    assert!(time("2021-01-01") < time("2021-01-02"));
}

/// What the catalog holds: `every_kind_is_tested_here` looks at its content and order.
fn known_kinds() -> String {
    mpor_margin::kinds().iter().map(|kind| kind.id).collect::<Vec<_>>().join(", ")
}

fn known_rules() -> String {
    RuleLibrary::embedded().unwrap().names().collect::<Vec<_>>().join(", ")
}

fn refused(model: &str, expected: &str) {
    assert_eq!(built(model).err().unwrap().to_string(), expected);
}

fn not_covered(model: &str, position: (&str, f64), expected: &str) {
    let error = Market::new().ask(model, &[position]).unwrap_err();
    assert_eq!(error.to_string(), expected);
}

fn bad_file(text: &str, expected: &str) {
    let error = read_rules("y.toml", text).unwrap_err();
    assert_eq!(error.to_string(), format!("rule file y.toml: {expected}"));
}
