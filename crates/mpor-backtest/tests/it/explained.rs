//! Breach explanations add up, and each cause is what its name says.

use mpor_backtest::explain::UnitCauses;
use mpor_backtest::realised::UnitPnl;
use mpor_backtest::{Cause, result};
use mpor_core::{
    Factor, History, InstrumentIx, MarketState, OptionMark, Origin, Pillar, Portfolio, SmileShape,
    VolSurface,
};
use mpor_pricing::{pnl, value};

use crate::world::{
    ALL, BTC, CALL, COIN_CALL, COIN_FUTURE, EXPIRY_STEP, FAR_PUT, FUTURE, PERPETUAL, PUT, SPOT,
    history, history_with_marks, portfolio,
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
    assert_eq!(of(&of_perpetual, Cause::VolatilityLevel), 0.0);
    assert_eq!(of(&of_perpetual, Cause::VolatilityShape), 0.0);
    assert_eq!((of(&of_perpetual, Cause::Rate), of(&of_perpetual, Cause::Fx)), (0.0, 0.0));
    assert_eq!(of(&of_perpetual, Cause::Time), 0.0);
}

/// Causes of one contract between two states of the market at the same instant, and its P&L.
fn between(
    history: &History,
    states: &[MarketState; 2],
    ix: InstrumentIx,
) -> (Vec<(Cause, f64)>, f64) {
    let unit = UnitPnl::realise(history, 30, states, vec![ix]).unwrap();
    let causes = UnitCauses::explain(history, states, 1, &unit).unwrap();
    let held = portfolio(&[(ix, 1.0)]);
    let realised = unit.portfolio(&held, 0).0;
    (causes.portfolio(&unit, &held, realised), realised)
}

/// That one cause explains all of a P&L and no other has a share.
fn assert_only(causes: &[(Cause, f64)], realised: f64, cause: Cause) {
    assert!(realised.abs() > 1e-3, "nothing happened");
    for (known, amount) in causes {
        let expected = if *known == cause { realised } else { 0.0 };
        assert!((amount - expected).abs() < 1e-9 * realised.abs(), "{known:?}: {causes:?}");
    }
}

#[test]
fn a_rise_of_the_volatility_at_the_money_is_the_level() {
    let history = history_with_marks();
    let state = history.state(30).unwrap();
    let mut later = state.clone();
    later.marks.get_mut(&CALL).unwrap().vol += 0.1;
    let (causes, realised) = between(&history, &[state, later], CALL);
    assert!(realised > 0.0);
    assert_only(&causes, realised, Cause::VolatilityLevel);
}

#[test]
fn a_listed_volatility_away_from_the_money_that_moves_alone_is_the_shape() {
    let history = history_with_marks();
    let mut state = history.state(30).unwrap();
    let forward = state.marks[&CALL].forward;
    // The put of the same strike and expiry is listed too: further from its own forward than the call.
    state.marks.insert(PUT, OptionMark { vol: 0.7, forward: 8_000.0_f64.powi(2) / forward * 1.05 });
    let call_is_nearer =
        (8_000.0 / forward).ln().abs() < (8_000.0 / state.marks[&PUT].forward).ln().abs();
    let [near, far] = if call_is_nearer { [CALL, PUT] } else { [PUT, CALL] };
    let mut later = state.clone();
    later.marks.get_mut(&far).unwrap().vol *= 1.2;
    let (causes, realised) = between(&history, &[state.clone(), later], far);
    assert_only(&causes, realised, Cause::VolatilityShape);
    // Both by the same ratio: the level alone.
    let mut later = state.clone();
    later.marks.get_mut(&far).unwrap().vol *= 1.2;
    later.marks.get_mut(&near).unwrap().vol *= 1.2;
    for ix in [near, far] {
        let (causes, realised) = between(&history, &[state.clone(), later.clone()], ix);
        assert_only(&causes, realised, Cause::VolatilityLevel);
    }
}

/// On a surface whose smile alone changes, level is nothing; one whose volatilities at the money change moves the level by
/// exactly their ratio, checked by Black-76 at the scaled volatility.
#[test]
fn a_surface_moves_in_level_and_in_shape() {
    let history = history();
    let state = history.state(30).unwrap();
    let surface = state.underlying(BTC).surface.clone().unwrap();
    let with = |pillars: Vec<Pillar>, shape: SmileShape| {
        let mut later = state.clone();
        later.underlyings[0].surface =
            Some(VolSurface::new(pillars, shape, Origin::Modelled).unwrap());
        later
    };
    let bent = SmileShape::new(0.2, 0.8, 0.4).unwrap();
    let later = with(surface.pillars().to_vec(), bent);
    let (causes, realised) = between(&history, &[state.clone(), later], FAR_PUT);
    assert_only(&causes, realised, Cause::VolatilityShape);

    let raised: Vec<Pillar> = surface
        .pillars()
        .iter()
        .map(|pillar| Pillar { total_variance: 1.44 * pillar.total_variance, ..*pillar })
        .collect();
    let later = with(raised, surface.shape().unwrap());
    let (causes, realised) = between(&history, &[state.clone(), later], FAR_PUT);
    let instrument = history.universe.instrument(FAR_PUT);
    let expiry = instrument.contract.expiry().unwrap();
    let inputs = state.option_inputs(FAR_PUT, BTC, expiry, 7_000.0).unwrap();
    let mut scaled = state.clone();
    let mark = OptionMark { vol: 1.2 * inputs.vol, forward: inputs.forward };
    scaled.marks.insert(FAR_PUT, mark);
    let expected = pnl(&state, &scaled, &history.universe, FAR_PUT).unwrap();
    assert!((of(&causes, Cause::VolatilityLevel) - expected).abs() < 1e-9 * expected);
    let shape = of(&causes, Cause::VolatilityShape);
    assert!((shape - (realised - expected)).abs() < 1e-9 * expected && shape != 0.0);
}

#[test]
fn a_change_of_the_discount_rate_alone_is_rate() {
    let history = history();
    let state = history.state(30).unwrap();
    let mut later = state.clone();
    later.underlyings[0].rate += 0.05;
    let (causes, realised) = between(&history, &[state, later], FAR_PUT);
    assert!(realised < 0.0);
    assert_only(&causes, realised, Cause::Rate);
}

/// A coin contract's fx, by hand: the coins it gained (a future) or is worth (an option) times the change of the coin.
#[test]
fn coins_change_in_worth() {
    let history = history();
    let (from, to) = (history.state(30).unwrap(), history.state(31).unwrap());
    let spot = |state: &MarketState| state.underlying(BTC).spot;
    let forward = |state: &MarketState| {
        state.underlying(BTC).forward(state.time.years_to(crate::world::time(EXPIRY_STEP)))
    };
    let moved = spot(&to) - spot(&from);
    let (of_future, _) = causes(&history, 30, 1, &portfolio(&[(COIN_FUTURE, 1.0)]));
    let coins = 100.0 * (1.0 / forward(&from) - 1.0 / forward(&to));
    assert!((of(&of_future, Cause::Fx) - coins * moved).abs() < 1e-9);
    let (of_call, _) = causes(&history, 30, 1, &portfolio(&[(COIN_CALL, 1.0)]));
    let coins = value(&to, &history.universe, COIN_CALL).unwrap().amount / spot(&to);
    assert!((of(&of_call, Cause::Fx) - coins * moved).abs() < 1e-9);
    let (of_cash, _) = causes(&history, 30, 1, &portfolio(&[(CALL, 1.0), (FUTURE, 1.0)]));
    assert_eq!(of(&of_cash, Cause::Fx), 0.0);
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
