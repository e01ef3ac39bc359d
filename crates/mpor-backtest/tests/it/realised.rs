//! Realised P&L: sources, settlement, funding, and what must add.

use mpor_backtest::realised::{Source, UnitPnl};
use mpor_core::{Contract, Factor, History, InstrumentIx};

use crate::world::{
    ALL, BTC, CALL, COIN_CALL, COIN_FUTURE, COIN_PERPETUAL, EXPIRY_STEP, FAR_PUT, FUTURE,
    PERPETUAL, PUT, SPOT, STEPS, history, history_with_marks, portfolio,
};

fn realise(history: &History, step: usize, m: usize) -> UnitPnl {
    let states: Vec<_> = (step..=step + m).map(|step| history.state(step).unwrap()).collect();
    let held = (0..ALL).map(InstrumentIx).collect();
    UnitPnl::realise(history, step, &states, held).unwrap()
}

fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{found} {expected}");
}

#[test]
fn two_steps_are_the_sum_of_both_in_the_currency_of_settlement() {
    let history = history();
    // The second step ends with the near contracts' expiry.
    for step in [30, EXPIRY_STEP - 2] {
        let (both, first, second) = (
            realise(&history, step, 2),
            realise(&history, step, 1),
            realise(&history, step + 1, 1),
        );
        for row in 0..ALL {
            let sum = first.settlement[[row, 0]] + second.settlement[[row, 0]];
            let whole = both.settlement[[row, 1]];
            assert!((whole - sum).abs() <= 1e-10 * whole.abs().max(1e-3), "row {row} at {step}");
        }
    }
}

#[test]
fn in_reporting_currency_all_but_coins_add_and_coins_are_worth_the_last_spot() {
    let history = history();
    let (both, first, second) =
        (realise(&history, 30, 2), realise(&history, 30, 1), realise(&history, 31, 1));
    let spot = |step| history.panel.value(Factor::Spot(BTC), step).unwrap();
    for row in 0..ALL {
        let coin_margined = [COIN_PERPETUAL.0, COIN_FUTURE.0].contains(&row);
        let carried = if coin_margined { spot(32) / spot(31) } else { 1.0 };
        let sum = first.reporting[[row, 0]] * carried + second.reporting[[row, 0]];
        close(both.reporting[[row, 1]], sum);
    }
}

#[test]
fn a_portfolio_is_the_sum_of_its_instruments() {
    let history = history();
    let unit = realise(&history, 40, 2);
    let held: Vec<_> = (0..ALL).map(|ix| (InstrumentIx(ix), 3.0 - ix as f64)).collect();
    let sum: f64 = held.iter().map(|&one| unit.portfolio(&portfolio(&[one]), 1).0).sum();
    close(unit.portfolio(&portfolio(&held), 1).0, sum);
}

#[test]
fn spot_and_perpetual_by_hand() {
    let history = history();
    let unit = realise(&history, 40, 2);
    let value = |factor, step| history.panel.value(factor, step).unwrap();
    let (spot, mark) = (Factor::Spot(BTC), Factor::Perpetual(BTC));
    close(unit.reporting[[SPOT.0, 1]], value(spot, 42) - value(spot, 40));
    let funding: f64 =
        [41, 42].iter().map(|&step| -value(Factor::Funding(BTC), step) * value(mark, step)).sum();
    close(unit.funding[[PERPETUAL.0, 1]], funding);
    close(unit.reporting[[PERPETUAL.0, 1]], value(mark, 42) - value(mark, 40) + funding);
    // Coin-settled: 100 USD a contract, paid in coin.
    let coins = 100.0 * (1.0 / value(mark, 40) - 1.0 / value(mark, 42))
        - [41, 42]
            .iter()
            .map(|&step| value(Factor::Funding(BTC), step) * 100.0 / value(mark, step))
            .sum::<f64>();
    close(unit.settlement[[COIN_PERPETUAL.0, 1]], coins);
    close(unit.reporting[[COIN_PERPETUAL.0, 1]], coins * value(spot, 42));
}

#[test]
fn an_expiry_inside_settles_at_the_index_and_stays_settled() {
    let history = history();
    let step = EXPIRY_STEP - 1;
    let unit = realise(&history, step, 3);
    let spot = |step| history.panel.value(Factor::Spot(BTC), step).unwrap();
    let index = spot(EXPIRY_STEP);
    let before = history.state(step).unwrap();
    let forward =
        before.underlying(BTC).forward(before.time.years_to(crate::world::time(EXPIRY_STEP)));
    close(unit.reporting[[FUTURE.0, 0]], index - forward);
    for (ix, paid) in [(CALL, (index - 8_000.0).max(0.0)), (PUT, (8_000.0 - index).max(0.0))] {
        let value = mpor_pricing::value(&before, &history.universe, ix).unwrap().amount;
        for k in 0..3 {
            close(unit.reporting[[ix.0, k]], paid - value);
            assert_eq!(unit.sources[[ix.0, k]], Source::Settlement);
        }
    }
    // A coin payoff is a number of coins, worth the spot of the day it is looked at.
    let coins = (index - 8_500.0).max(0.0) / index;
    let value = mpor_pricing::value(&before, &history.universe, COIN_CALL).unwrap().amount;
    close(unit.reporting[[COIN_CALL.0, 2]], coins * spot(EXPIRY_STEP + 2) - value);
    close(unit.settlement[[COIN_CALL.0, 2]], coins - value / spot(step));
    let gained = 100.0 * (1.0 / forward - 1.0 / index);
    close(unit.settlement[[COIN_FUTURE.0, 2]], gained);
    close(unit.reporting[[COIN_FUTURE.0, 2]], gained * spot(EXPIRY_STEP + 2));
    assert!(history.universe.instrument(FAR_PUT).contract.expiry().is_some());
}

#[test]
fn the_settlement_window_is_averaged() {
    let mut history = history();
    history.underlyings[0].settlement_window = mpor_core::Span::days(2);
    let unit = realise(&history, EXPIRY_STEP - 1, 1);
    let spot = |step| history.panel.value(Factor::Spot(BTC), step).unwrap();
    let index = 0.5 * (spot(EXPIRY_STEP) + spot(EXPIRY_STEP - 1));
    let before = history.state(EXPIRY_STEP - 1).unwrap();
    let forward =
        before.underlying(BTC).forward(before.time.years_to(crate::world::time(EXPIRY_STEP)));
    close(unit.reporting[[FUTURE.0, 0]], index - forward);
}

#[test]
fn every_source_is_named() {
    let history = history_with_marks();
    let held = portfolio(&[(SPOT, 1.0), (PERPETUAL, 1.0), (FUTURE, 1.0), (CALL, 1.0), (PUT, 1.0)]);
    let open = realise(&history, 30, 2).loss(&held).sources;
    assert_eq!((open.marks, open.surface, open.settlements), (3, 2, 0));
    let settled = realise(&history, EXPIRY_STEP - 1, 2).loss(&held).sources;
    assert_eq!((settled.marks, settled.surface, settled.settlements), (2, 0, 3));
    // The mark is used, not only counted.
    let (marked, modelled) = (realise(&history, 30, 2), realise(&crate::world::history(), 30, 2));
    assert_ne!(marked.reporting[[CALL.0, 1]], modelled.reporting[[CALL.0, 1]]);
    assert_eq!(marked.reporting[[PUT.0, 1]], modelled.reporting[[PUT.0, 1]]);
}

#[test]
fn the_worst_loss_is_the_largest_along_the_path() {
    let history = history();
    let unit = realise(&history, 40, 3);
    let held = portfolio(&[(PERPETUAL, 2.0), (CALL, -5.0)]);
    let losses: Vec<f64> = (0..3).map(|k| -unit.portfolio(&held, k).0).collect();
    let found = unit.loss(&held);
    assert_eq!(found.horizon, Some(losses[2]));
    assert_eq!(found.worst, losses.iter().copied().reduce(f64::max));
    assert_eq!(losses[unit.worst_step(&held) - 1], found.worst.unwrap());
}

#[test]
fn an_expired_position_stops_the_replay_with_its_name() {
    let history = history();
    let states: Vec<_> =
        (EXPIRY_STEP + 1..EXPIRY_STEP + 3).map(|step| history.state(step).unwrap()).collect();
    let error =
        UnitPnl::realise(&history, EXPIRY_STEP + 1, &states, vec![FUTURE]).unwrap_err().to_string();
    assert!(error.contains("BTC-FUT") && error.contains("expired"), "{error}");
    assert!(matches!(history.universe.instrument(FUTURE).contract, Contract::Future { .. }));
    assert_eq!(history.panel.times().len(), STEPS);
}
