use super::*;

#[test]
fn a_strangle_brackets_the_forward_at_its_delta() {
    let (history, books) = built(
        r#"strangle = { underlying = "BTC", delta = 0.25, tenor = "30d", roll = "7d", quantity = -10 }"#,
    );
    for step in (0..STEPS).step_by(7) {
        let state = history.state(step).unwrap();
        let spot = state.underlying(BTC).spot;
        let positions = held(&history, &books.portfolios[step][0]);
        assert_eq!(positions.len(), 2);
        for (instrument, quantity) in positions {
            assert_eq!(quantity, -10.0);
            let (right, strike, delta) = strike_and_delta(&state, instrument);
            assert!(right.sign() * (strike - spot) > 0.0, "step {step}: {}", instrument.name);
            // Half an increment is at most 1 % of spot, a tenth of a standard deviation here.
            assert!((delta.abs() - 0.25).abs() < 0.03, "step {step}: {} {delta}", instrument.name);
        }
    }
}

#[test]
fn positions_are_renewed_when_the_roll_has_passed() {
    let (history, books) = built(
        r#"strangle = { underlying = "BTC", delta = 0.25, tenor = "30d", roll = "7d", quantity = -10 }"#,
    );
    assert!(changes(&books).iter().all(|step| step % 7 == 0), "{:?}", changes(&books));
    assert_eq!(changes(&books).len(), (STEPS - 1) / 7);
    // 31 January is 30 days after 1 January, and a Friday.
    assert!(names(&history, &books.portfolios[0][0])[0].starts_with("BTC-31JAN20-"));
}

#[test]
fn positions_are_renewed_at_the_latest_at_expiry() {
    let (history, books) =
        built(r#"straddle = { underlying = "BTC", tenor = "7d", roll = "60d", quantity = -1 }"#);
    for (step, portfolios) in books.portfolios.iter().enumerate() {
        let now = history.panel.times()[step];
        for (instrument, _) in held(&history, &portfolios[0]) {
            assert!(instrument.contract.expiry().unwrap() > now);
        }
    }
    // Wednesday 1 January: 10 January (9 days) is as near to 7 days as 3 January is not (2 days). Fridays follow.
    assert_eq!(changes(&books)[..3], [9, 16, 23]);
}

#[test]
fn a_straddle_is_struck_at_the_listed_forward() {
    let (history, books) =
        built(r#"straddle = { underlying = "BTC", tenor = "30d", roll = "7d", quantity = 2 }"#);
    let state = history.state(0).unwrap();
    let positions = held(&history, &books.portfolios[0][0]);
    let strikes: Vec<f64> =
        positions.iter().map(|(instrument, _)| strike_and_delta(&state, instrument).1).collect();
    assert_eq!(strikes[0], strikes[1]);
    let forward = state.underlying(BTC).forward(30.0 / 365.0);
    assert!((strikes[0] - forward).abs() <= 50.0 + 1e-9, "{strikes:?} {forward}");
}

#[test]
fn a_notional_is_kept_through_time() {
    let (history, books) = built(
        r#"outright = { underlying = "BTC", contract = "perpetual", roll = "1d", notional = -1_000_000 }"#,
    );
    for (step, portfolios) in books.portfolios.iter().enumerate() {
        let spot = history.state(step).unwrap().underlying(BTC).spot;
        let [(instrument, quantity)] = held(&history, &portfolios[0])[..] else { panic!() };
        assert_eq!(instrument.name, "BTC-PERPETUAL");
        assert!((quantity * spot + 1e6).abs() < 1e-6);
    }
}

#[test]
fn coin_settled_perpetuals_are_sized_in_money() {
    let (history, books) = built(
        r#"outright = { underlying = "BTC", contract = "perpetual", roll = "7d", notional = 50_000, settlement = "coin", contract_size = 10 }"#,
    );
    let [(instrument, quantity)] = held(&history, &books.portfolios[0][0])[..] else { panic!() };
    assert_eq!((instrument.name.as_str(), quantity), ("BTC-PERPETUAL.COIN.x10", 5000.0));
}

#[test]
fn a_spread_holds_equal_money_on_both_sides() {
    let (history, books) = built(
        r#"spread = { long = "ETH", short = "BTC", contract = "future", tenor = "90d", roll = "30d", notional = 1_000_000, ratio = 0.5 }"#,
    );
    let state = history.state(0).unwrap();
    let money: Vec<f64> = held(&history, &books.portfolios[0][0])
        .iter()
        .map(|(instrument, quantity)| quantity * state.underlying(instrument.underlying).spot)
        .collect();
    assert!((money[0] - 1e6).abs() < 1e-6 && (money[1] + 5e5).abs() < 1e-6, "{money:?}");
    assert_eq!(names(&history, &books.portfolios[0][0]), ["ETH-3APR20", "BTC-3APR20"]);
}

#[test]
fn a_calendar_buys_the_far_expiry_at_one_strike() {
    let (history, books) = built(
        r#"calendar = { underlying = "BTC", of = "options", near = "30d", far = "90d", roll = "7d", quantity = 3, listing = "monthly" }"#,
    );
    let positions = held(&history, &books.portfolios[0][0]);
    let expiry = |i: usize| positions[i].0.contract.expiry().unwrap();
    assert!(expiry(0) < expiry(1));
    assert_eq!((positions[0].1, positions[1].1), (-3.0, 3.0));
    let state = history.state(0).unwrap();
    assert_eq!(
        strike_and_delta(&state, positions[0].0).1,
        strike_and_delta(&state, positions[1].0).1
    );
    let (history, books) = built(
        r#"calendar = { underlying = "BTC", of = "futures", near = "30d", far = "90d", roll = "7d", quantity = 3 }"#,
    );
    assert_eq!(names(&history, &books.portfolios[0][0]), ["BTC-31JAN20", "BTC-3APR20"]);
}

#[test]
fn a_butterfly_is_even_and_nets_to_nothing() {
    let (history, books) = built(
        r#"butterfly = { underlying = "ETH", width = 0.1, tenor = "30d", roll = "7d", quantity = 5 }"#,
    );
    let state = history.state(0).unwrap();
    let positions = held(&history, &books.portfolios[0][0]);
    let strikes: Vec<f64> =
        positions.iter().map(|(instrument, _)| strike_and_delta(&state, instrument).1).collect();
    let quantities: Vec<f64> = positions.iter().map(|(_, quantity)| *quantity).collect();
    assert_eq!(quantities, [5.0, -10.0, 5.0]);
    assert_eq!(strikes[2] - strikes[1], strikes[1] - strikes[0]);
    assert!(strikes[0] < strikes[1]);
}

#[test]
fn a_covered_call_is_covered_unit_for_unit() {
    let (history, books) = built(
        r#"covered_call = { underlying = "BTC", delta = 0.2, tenor = "30d", roll = "7d", notional = 80_000 }"#,
    );
    let positions = held(&history, &books.portfolios[0][0]);
    assert_eq!(positions[0].0.name, "BTC-SPOT");
    assert!((positions[0].1 + positions[1].1).abs() < 1e-12 && positions[0].1 > 0.0);
    let (history, books) = built(
        r#"covered_call = { underlying = "BTC", cover = "perpetual", settlement = "coin", delta = 0.2, tenor = "30d", roll = "7d", quantity = 3 }"#,
    );
    let positions = held(&history, &books.portfolios[0][0]);
    let spot = history.state(0).unwrap().underlying(BTC).spot;
    assert!((positions[0].1 - 3.0 * spot).abs() < 1e-9, "{positions:?}");
    assert_eq!(positions[1].1, -3.0);
}

#[test]
fn a_risk_reversal_is_long_the_call() {
    let (history, books) = built(
        r#"risk_reversal = { underlying = "BTC", delta = 0.25, tenor = "30d", roll = "7d", quantity = 4 }"#,
    );
    let state = history.state(0).unwrap();
    for (instrument, quantity) in held(&history, &books.portfolios[0][0]) {
        assert_eq!(quantity, 4.0 * strike_and_delta(&state, instrument).0.sign());
    }
}

#[test]
fn portfolios_begin_at_the_first_step_asked_for() {
    let mut history = history();
    let rule = r#"straddle = { underlying = "BTC", tenor = "30d", roll = "7d", quantity = 1 }"#;
    let books = build(&rules(&[("book", rule)]), &mut history, 50..60, 1).unwrap();
    assert_eq!(books.portfolios.len(), 10);
    assert_eq!(changes(&books), [7]);
}
