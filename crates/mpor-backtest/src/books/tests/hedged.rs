use mpor_pricing::sensitivity::sensitivities;

use super::*;

fn net_delta(history: &History, step: usize, portfolio: &Portfolio) -> f64 {
    let state = history.state(step).unwrap();
    let delta = |position: &mpor_core::Position| {
        let unit = sensitivities(&state, &history.universe, position.instrument).unwrap();
        position.quantity * unit.delta_units
    };
    portfolio.positions().iter().map(delta).sum()
}

const STRADDLE: &str =
    r#"straddle = { underlying = "BTC", tenor = "30d", roll = "7d", quantity = -10 }"#;

#[test]
fn after_hedging_the_net_delta_is_zero() {
    for hedge in [
        r#"with = "perpetual""#,
        r#"with = "spot""#,
        r#"with = "future", tenor = "90d""#,
        r#"with = "perpetual", settlement = "coin""#,
    ] {
        let (history, books) = built(&format!(
            "delta_hedged = {{ rule = {{ {STRADDLE} }}, every = \"1d\", {hedge} }}"
        ));
        for (step, portfolios) in books.portfolios.iter().enumerate() {
            let delta = net_delta(&history, step, &portfolios[0]);
            assert!(delta.abs() < 1e-9, "{hedge}, step {step}: {delta}");
            assert_eq!(portfolios[0].positions().len(), 3);
        }
    }
}

#[test]
fn between_hedges_the_hedge_stays() {
    let (history, books) =
        built(&format!("delta_hedged = {{ rule = {{ {STRADDLE} }}, every = \"3d\" }}"));
    let perpetual = |step: usize| {
        let positions = held(&history, &books.portfolios[step][0]);
        positions.iter().find(|(i, _)| i.name == "BTC-PERPETUAL").unwrap().1
    };
    assert_eq!(perpetual(0), perpetual(2));
    assert_ne!(perpetual(2), perpetual(3));
    assert!(net_delta(&history, 2, &books.portfolios[2][0]).abs() > 1e-6);
    // The straddle's own roll on day 7 is hedged too, and the clock starts again: next hedge on day 10.
    assert!(net_delta(&history, 7, &books.portfolios[7][0]).abs() < 1e-9);
    assert_eq!(perpetual(7), perpetual(9));
}

#[test]
fn every_underlying_is_hedged_on_its_own() {
    let (history, books) = built(
        r#"delta_hedged = { rule = { spread = { long = "ETH", short = "BTC", contract = "future", tenor = "90d", roll = "30d", quantity = 10 } }, every = "1d" }"#,
    );
    let names = names(&history, &books.portfolios[0][0]);
    assert!(
        names.contains(&"ETH-PERPETUAL".to_owned()) && names.contains(&"BTC-PERPETUAL".to_owned())
    );
    let perpetual = history.universe.find("ETH-PERPETUAL").unwrap();
    let quantity = books.portfolios[0][0].positions().iter().find(|p| p.instrument == perpetual);
    // A future of F per unit against a perpetual at its mark: -10 F / mark.
    let state = history.state(0).unwrap();
    let eth = state.underlying(UnderlyingIx(1));
    let expiry: Timestamp = "2020-04-03T08:00".parse().unwrap();
    let expected = -10.0 * eth.forward(state.time.years_to(expiry)) / eth.perpetual;
    assert!((quantity.unwrap().quantity - expected).abs() < 1e-12);
}
