use mpor_core::{PositionRow, Settlement, TradeRow};

use super::super::{from_rows, from_trades};
use super::*;

/// A perpetual `P` and a future `F` that expires at step 10.
fn listed() -> History {
    let mut history = history();
    let expiry = history.panel.times()[10];
    let settlement = Settlement::Cash;
    let contracts =
        [("P", Contract::Perpetual { settlement }), ("F", Contract::Future { expiry, settlement })];
    for (name, contract) in contracts {
        let instrument =
            Instrument { name: name.into(), underlying: BTC, contract_size: 1.0, contract };
        history.universe.add(instrument).unwrap();
    }
    history
}

fn row(
    history: &History,
    step: usize,
    account: &str,
    instrument: &str,
    quantity: f64,
) -> PositionRow {
    let time = history.panel.times()[step];
    PositionRow { time, account: account.into(), instrument: instrument.into(), quantity }
}

fn trade(history: &History, step: usize, instrument: &str, quantity: f64) -> TradeRow {
    let PositionRow { time, account, instrument, quantity } =
        row(history, step, "a", instrument, quantity);
    TradeRow { time, account, instrument, quantity, price: 8000.0, fee: 1.0 }
}

fn holdings(history: &History, portfolio: &Portfolio) -> Vec<(String, f64)> {
    held(history, portfolio).into_iter().map(|(i, quantity)| (i.name.clone(), quantity)).collect()
}

#[test]
fn a_snapshot_holds_until_the_next() {
    let history = listed();
    let rows = [
        row(&history, 5, "b", "P", 0.0),
        row(&history, 2, "b", "P", 1.0),
        row(&history, 2, "b", "F", -2.0),
        row(&history, 0, "a", "P", 3.0),
    ];
    let found = from_rows(&rows, &history, 0..8).unwrap();
    assert_eq!(found.books.accounts, ["a", "b"]);
    let of =
        |step: usize, account: usize| holdings(&history, &found.books.portfolios[step][account]);
    assert_eq!(of(7, 0), [("P".to_owned(), 3.0)]);
    assert!(of(1, 1).is_empty());
    assert_eq!(of(4, 1), [("P".to_owned(), 1.0), ("F".to_owned(), -2.0)]);
    assert!(of(5, 1).is_empty());
    assert_eq!(found.expired, 0);
}

#[test]
fn an_expired_position_is_dropped_and_counted_once() {
    let history = listed();
    let rows = [row(&history, 2, "a", "F", 1.0), row(&history, 2, "a", "P", 1.0)];
    let found = from_rows(&rows, &history, 0..20).unwrap();
    assert_eq!(holdings(&history, &found.books.portfolios[9][0]).len(), 2);
    assert_eq!(holdings(&history, &found.books.portfolios[10][0]), [("P".to_owned(), 1.0)]);
    assert_eq!(found.expired, 1);
}

#[test]
fn a_snapshot_before_the_first_step_counts() {
    let history = listed();
    let rows = [row(&history, 2, "a", "P", 1.0)];
    let found = from_rows(&rows, &history, 5..8).unwrap();
    assert_eq!(holdings(&history, &found.books.portfolios[0][0]), [("P".to_owned(), 1.0)]);
}

#[test]
fn trades_add_up_and_dust_is_flat() {
    let history = listed();
    let rows = [
        trade(&history, 0, "P", 0.1),
        trade(&history, 1, "P", 0.2),
        trade(&history, 3, "P", -0.3),
        trade(&history, 4, "F", 2.0),
    ];
    let found = from_trades(&rows, &history, 0..20).unwrap();
    let of = |step: usize| holdings(&history, &found.books.portfolios[step][0]);
    assert!((of(2)[0].1 - 0.3).abs() < 1e-15);
    assert!(of(3).is_empty());
    assert_eq!(of(9), [("F".to_owned(), 2.0)]);
    assert!(of(10).is_empty());
    assert_eq!(found.expired, 1);
}

#[test]
fn bad_rows_are_named() {
    let history = listed();
    let mut rows = vec![row(&history, 2, "a", "P", 1.0), row(&history, 2, "a", "Q", 1.0)];
    let error = from_rows(&rows, &history, 0..5).unwrap_err().to_string();
    assert_eq!(
        error,
        "row 2 holds `Q`, which is not in the `instruments` table; add it there or correct the name"
    );
    rows[1].instrument = "P".into();
    let error = from_rows(&rows, &history, 0..5).unwrap_err().to_string();
    assert_eq!(
        error,
        "row 2: account `a` holds `P` twice at 2020-01-03T08:00:00Z; a snapshot has one row an instrument"
    );
    rows[1].quantity = f64::NAN;
    let error = from_rows(&rows, &history, 0..5).unwrap_err().to_string();
    assert_eq!(error, "row 2: quantity is NaN, which is not a finite number");
    let mut trades = vec![trade(&history, 0, "P", 1.0)];
    trades[0].price = f64::INFINITY;
    let error = from_trades(&trades, &history, 0..5).unwrap_err().to_string();
    assert_eq!(error, "row 1: price is inf, which is not a finite number");
}
