//! The P&L attribution test: values of scipy 1.17.1 (`spearmanr`, `ks_2samp`), the limits, and a replay with marks.

use mpor_backtest::BacktestError;
use mpor_backtest::attribution::{Zone, kolmogorov_smirnov, pnl_pairs, rows, spearman, table};
use mpor_backtest::standards::FRTB;
use proptest::prelude::*;

use crate::world::{EXPIRY_STEP, books, history, history_with_marks};

const HYPOTHETICAL: [f64; 12] = [3.1, -2.0, 0.4, 0.4, -5.5, 7.2, 1.1, -0.3, 2.2, -1.7, 0.0, 4.4];
const THEORETICAL: [f64; 12] = [2.9, -2.4, 0.4, 0.1, -4.0, 6.0, 1.9, -0.3, 1.9, -0.9, 0.2, 5.1];

#[test]
fn both_statistics_are_scipys() {
    let correlation = spearman(&HYPOTHETICAL, &THEORETICAL).unwrap().unwrap();
    assert!((correlation - 0.985_964_912_280_701_8).abs() < 1e-14);
    let distance = kolmogorov_smirnov(&HYPOTHETICAL, &THEORETICAL).unwrap().unwrap();
    assert!((distance - 1.0 / 12.0).abs() < 1e-15);
    let shifted = HYPOTHETICAL.map(|pnl| 0.5 * pnl + 3.0);
    let distance = kolmogorov_smirnov(&HYPOTHETICAL, &shifted).unwrap().unwrap();
    assert!((distance - 7.0 / 12.0).abs() < 1e-15);
    let (a, b) = ([1.0, 2.0, 2.0, 3.0], [1.0, 1.0, 2.0, 2.0]);
    assert!((spearman(&a, &b).unwrap().unwrap() - 0.5_f64.sqrt()).abs() < 1e-15);
    assert_eq!(kolmogorov_smirnov(&a, &b).unwrap(), Some(0.25));
    // The two zeros are one value.
    assert_eq!(spearman(&[0.0, -0.0], &[1.0, 2.0]).unwrap(), None);
    assert_eq!(kolmogorov_smirnov(&[0.0], &[-0.0]).unwrap(), Some(0.0));
}

#[test]
fn limits_belong_to_amber() {
    let zone = |correlation, distance| Zone::of(correlation, distance, &FRTB);
    assert_eq!(zone(0.81, 0.089), Zone::Green);
    assert_eq!(zone(0.80, 0.05), Zone::Amber);
    assert_eq!(zone(0.95, 0.09), Zone::Amber);
    assert_eq!(zone(0.70, 0.12), Zone::Amber);
    assert_eq!(zone(0.69, 0.05), Zone::Red);
    assert_eq!(zone(0.99, 0.121), Zone::Red);
}

#[test]
fn bad_series_are_refused_and_short_ones_have_no_statistic() {
    let error = spearman(&[1.0, f64::NAN], &[1.0, 2.0]).unwrap_err();
    assert!(error.to_string().starts_with("hypothetical P&L number 2 is NaN"), "{error}");
    assert!(matches!(spearman(&[1.0], &[1.0, 2.0]), Err(BacktestError::Counts { .. })));
    assert_eq!(spearman(&[1.0], &[2.0]).unwrap(), None);
    assert_eq!(spearman(&[1.0, 1.0], &[2.0, 3.0]).unwrap(), None);
    assert_eq!(kolmogorov_smirnov(&[], &[]).unwrap(), None);
}

/// The hypothetical P&L is the loss of the replay with its sign turned; the theoretical one is that of the same market without
/// marks, found here by replaying it.
#[test]
fn a_replay_gives_both_profits() {
    let (marked, unmarked) = (history_with_marks(), history());
    let (steps, books) = (30..EXPIRY_STEP - 1, books(EXPIRY_STEP));
    let pairs = pnl_pairs(&marked, &books, steps.clone(), 1).unwrap();
    let plain = pnl_pairs(&unmarked, &books, steps.clone(), 1).unwrap();
    for (pair, plain) in pairs.iter().zip(&plain) {
        assert_eq!(pair.theoretical, plain.theoretical);
        assert_eq!(plain.theoretical, plain.hypothetical);
    }
    let losses = |account: usize, step: usize| {
        let states = [marked.state(step).unwrap(), marked.state(step + 1).unwrap()];
        let portfolio = &books.portfolios[step][account];
        let held = portfolio.positions().iter().map(|position| position.instrument).collect();
        let unit = mpor_backtest::UnitPnl::realise(&marked, step, &states, held).unwrap();
        unit.loss(portfolio).horizon.unwrap()
    };
    for (at, step) in steps.enumerate() {
        assert_eq!(pairs[1].hypothetical[at], -losses(1, step));
    }
    assert!(pairs[1].hypothetical != pairs[1].theoretical);

    let rows = rows(&pairs, &FRTB).unwrap();
    let strangle = &rows[1];
    assert_eq!((strangle.observations, strangle.marked), (29, 29));
    assert!(strangle.correlation.unwrap() > 0.8 && strangle.zone.is_some());
    assert_eq!(strangle.note, "29 observations, and the limits are made for 250");
    // No listed contract: one P&L and no zone.
    assert_eq!((rows[2].marked, rows[2].zone, rows[2].correlation), (0, None, Some(1.0)));
    assert_eq!((rows[4].observations, rows[4].note.as_str()), (0, "nothing was held"));
    assert_eq!(table(&rows, &books.accounts).unwrap().rows(), 5);
}

/// Steps without enough history after them are left out, not read past the end.
#[test]
fn the_end_of_the_history_is_respected() {
    let history = history_with_marks();
    let books = books(crate::world::STEPS);
    let pairs = pnl_pairs(&history, &books, 70..200, 3).unwrap();
    assert_eq!(pairs[1].hypothetical.len(), crate::world::STEPS - 3 - 70);
}

proptest! {
    /// Both statistics look at order only: no increasing map of both changes them, and the correlation bears one of either.
    #[test]
    fn only_the_order_counts(
        a in prop::collection::vec(-50_i32..50, 3..40),
        noise in prop::collection::vec(-20_i32..20, 40),
        scale in 0.1_f64..10.0,
    ) {
        let a: Vec<f64> = a.into_iter().map(f64::from).collect();
        let b: Vec<f64> = a.iter().zip(&noise).map(|(a, n)| a + f64::from(*n)).collect();
        let map = |values: &[f64]| values.iter().map(|x| scale * x.powi(3)).collect::<Vec<_>>();
        let found = spearman(&a, &b).unwrap();
        prop_assert_eq!(found, spearman(&map(&a), &b).unwrap());
        prop_assert_eq!(found, spearman(&b, &a).unwrap());
        let distance = kolmogorov_smirnov(&a, &b).unwrap();
        prop_assert_eq!(distance, kolmogorov_smirnov(&map(&a), &map(&b)).unwrap());
        prop_assert!(found.is_none_or(|rho| rho.abs() <= 1.0 + 1e-12));
        prop_assert!((0.0..=1.0).contains(&distance.unwrap()));
        let down: Vec<f64> = b.iter().map(|x| -x).collect();
        let turned = spearman(&a, &down).unwrap();
        prop_assert!(found.zip(turned).is_none_or(|(up, down)| (up + down).abs() < 1e-12));
    }
}
