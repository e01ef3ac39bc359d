//! Breach explanations add up, and each cause is what its name says.

use mpor_backtest::explain::UnitCauses;
use mpor_backtest::realised::UnitPnl;
use mpor_backtest::{Cause, result};
use mpor_core::{Factor, History, InstrumentIx, Portfolio};

use crate::world::{
    ALL, BTC, CALL, EXPIRY_STEP, FAR_PUT, FUTURE, PERPETUAL, SPOT, history, history_with_marks,
    portfolio,
};

fn causes(history: &History, step: usize, m: usize, held: &Portfolio) -> (Vec<(Cause, f64)>, f64) {
    let states: Vec<_> = (step..=step + m).map(|step| history.state(step).unwrap()).collect();
    let all = (0..ALL).map(InstrumentIx).collect();
    let unit = UnitPnl::realise(history, step, &states, all).unwrap();
    let realised = unit.portfolio(held, m - 1).0;
    let causes = UnitCauses::explain(history, &states, m, &unit).unwrap();
    (causes.portfolio(&unit, held, realised), realised)
}

fn of(causes: &[(Cause, f64)], cause: Cause) -> f64 {
    causes.iter().find(|(known, _)| *known == cause).unwrap().1
}

#[test]
fn causes_add_up_to_the_realised_profit() {
    let held = portfolio(&(0..ALL).map(|ix| (InstrumentIx(ix), 1.0)).collect::<Vec<_>>());
    for history in [history(), history_with_marks()] {
        for step in [30, EXPIRY_STEP - 1, EXPIRY_STEP - 2] {
            let (causes, realised) = causes(&history, step, 2, &held);
            let sum: f64 = causes.iter().map(|cause| cause.1).sum();
            assert!((sum - realised).abs() <= 1e-9 * realised.abs().max(1.0), "step {step}");
        }
    }
}

#[test]
fn without_expiry_or_coins_nothing_is_left_over() {
    let held = portfolio(&[(SPOT, 1.0), (PERPETUAL, -2.0), (CALL, -5.0), (FAR_PUT, 3.0)]);
    for history in [history(), history_with_marks()] {
        let (causes, _) = causes(&history, 30, 2, &held);
        let size: f64 = causes.iter().map(|cause| cause.1.abs()).sum();
        assert!(of(&causes, Cause::Residual).abs() < 1e-12 * size, "{causes:?}");
    }
}

#[test]
fn spot_moves_are_spot_and_funding_is_funding() {
    let history = history();
    let (of_spot, realised) = causes(&history, 30, 2, &portfolio(&[(SPOT, 1.0)]));
    assert_eq!(of(&of_spot, Cause::Spot), realised);
    let (of_perpetual, _) = causes(&history, 30, 2, &portfolio(&[(PERPETUAL, 1.0)]));
    let value = |factor, step| history.panel.value(factor, step).unwrap();
    let funding: f64 = [31, 32]
        .iter()
        .map(|&step| -value(Factor::Funding(BTC), step) * value(Factor::Perpetual(BTC), step))
        .sum();
    assert!((of(&of_perpetual, Cause::Funding) - funding).abs() < 1e-9);
    assert_eq!(of(&of_perpetual, Cause::Volatility), 0.0);
    assert_eq!(of(&of_perpetual, Cause::Time), 0.0);
}

#[test]
fn a_rise_of_volatility_alone_is_volatility() {
    let mut history = history_with_marks();
    // Freeze the market at step 30 but for the call's listed volatility.
    let state = history.state(30).unwrap();
    history.marks[31] = state.marks.clone();
    history.marks[31].get_mut(&CALL).unwrap().vol += 0.1;
    let states = {
        let mut later = state.clone();
        later.marks = history.marks[31].clone();
        [state, later]
    };
    let unit = UnitPnl::realise(&history, 30, &states, vec![CALL]).unwrap();
    let causes = UnitCauses::explain(&history, &states, 1, &unit).unwrap();
    let held = portfolio(&[(CALL, 1.0)]);
    let realised = unit.portfolio(&held, 0).0;
    let causes = causes.portfolio(&unit, &held, realised);
    assert!(realised > 0.0);
    assert!((of(&causes, Cause::Volatility) - realised).abs() < 1e-9 * realised);
}

#[test]
fn an_average_settlement_shows_as_residual() {
    let mut history = history();
    history.underlyings[0].settlement_window = mpor_core::Span::days(2);
    let held = portfolio(&[(FUTURE, 1.0)]);
    let (causes, _) = causes(&history, EXPIRY_STEP - 1, 1, &held);
    let spot = |step| history.panel.value(Factor::Spot(BTC), step).unwrap();
    let expected = 0.5 * (spot(EXPIRY_STEP - 1) - spot(EXPIRY_STEP));
    assert!((of(&causes, Cause::Residual) - expected).abs() < 1e-8);
    assert_eq!(result::Cause::Residual.name(), "residual");
}
