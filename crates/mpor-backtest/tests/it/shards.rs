//! Days to tables and back, to the bit.

use mpor_backtest::shard::{from_tables, to_tables};
use mpor_backtest::{BacktestError, replay};
use mpor_core::{Column, Table};
use mpor_margin::MarginModel;

use crate::world::{STEPS, Toy, WINDOW, books, config, history};

#[test]
fn days_survive_their_tables() {
    let toy = Toy { id: "toy", width: 2.0 };
    let models: [&dyn MarginModel; 2] = [&toy, &Toy { id: "other", width: 1.0 }];
    let days = replay(&history(), &books(STEPS), &models, &config(WINDOW..STEPS, 2)).unwrap();
    assert!(!days[0].models[0].parts.is_empty());
    assert_eq!(days.last().unwrap().losses[0].horizon, None);
    let all = 0..days[0].losses.len();
    let tables = to_tables(&days, &all).unwrap();
    let back = from_tables(&tables).unwrap();
    assert_eq!(back, days);
    let bits = |days: &[mpor_backtest::DayResult]| -> Vec<u64> {
        days.iter().flat_map(|day| day.models[0].initial.iter().map(|x| x.to_bits())).collect()
    };
    assert_eq!(bits(&back), bits(&days));
    assert_eq!(to_tables(&back, &all).unwrap(), tables);
}

#[test]
fn a_broken_shard_is_named() {
    let days = replay(
        &history(),
        &books(STEPS),
        &[&Toy { id: "toy", width: 2.0 }],
        &config(WINDOW..WINDOW + 3, 2),
    )
    .unwrap();
    let mut tables = to_tables(&days, &(0..days[0].losses.len())).unwrap();
    let (whole, row) = (tables[1].clone(), [("horizon", Column::numbers([1.0]))]);
    tables[1] = Table::new("losses", row).unwrap();
    let error = from_tables(&tables).unwrap_err();
    assert!(matches!(error, BacktestError::Shard { table: "losses", column: "worst" }), "{error}");
    tables[1] = whole;
    let seven = [("step", Column::counts(0..7)), ("time", Column::times([days[0].time; 7]))];
    tables[0] = Table::new("days", seven).unwrap();
    let error = from_tables(&tables).unwrap_err();
    assert!(
        matches!(error, BacktestError::Shard { table: "losses", column: "horizon" }),
        "{error}"
    );
    tables.remove(0);
    assert!(from_tables(&tables).is_err());
}
