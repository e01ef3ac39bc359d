//! Laws of value at risk and expected shortfall.

use mpor_core::{InstrumentIx, Portfolio, Position};
use mpor_risk::{Measure, Revaluation, RiskError, RiskMeasure, Scratch, worst_mean};
use mpor_stats::Level;
use ndarray::Array2;
use proptest::prelude::*;

fn figure(measure: Measure, level: Level, pnl: &[f64], weights: Option<&[f64]>) -> f64 {
    RiskMeasure::new(measure, level).of(pnl, weights, &mut Scratch::default()).unwrap().amount
}

fn levels() -> impl Strategy<Value = Level> {
    prop::sample::select(vec!["0.9", "0.95", "0.975", "0.99", "0.9975"])
        .prop_map(|text| text.parse().unwrap())
}

proptest! {
    #[test]
    fn shortfall_is_at_least_value_at_risk(
        pnl in prop::collection::vec(-1e3..1e3_f64, 1..400),
        level in levels(),
        seed in 0.1..3.0_f64,
    ) {
        let weights: Vec<f64> = (0..pnl.len()).map(|i| 1.0 + (seed * i as f64).sin().abs()).collect();
        for weights in [None, Some(weights.as_slice())] {
            let var = figure(Measure::Var, level, &pnl, weights);
            prop_assert!(figure(Measure::Es, level, &pnl, weights) >= var);
        }
    }

    #[test]
    fn doubling_doubles_and_adding_cash_subtracts(
        pnl in prop::collection::vec(-1e3..1e3_f64, 1..400),
        level in levels(),
        cash in -500.0..500.0_f64,
    ) {
        for measure in [Measure::Var, Measure::Es] {
            let base = figure(measure, level, &pnl, None);
            let double: Vec<f64> = pnl.iter().map(|x| 2.0 * x).collect();
            prop_assert_eq!(figure(measure, level, &double, None), 2.0 * base);
            let richer: Vec<f64> = pnl.iter().map(|x| x + cash).collect();
            prop_assert!((figure(measure, level, &richer, None) - (base - cash)).abs() < 1e-9);
        }
    }

    #[test]
    fn the_order_of_scenarios_does_not_matter(
        pnl in prop::collection::vec(-1e3..1e3_f64, 1..400),
        level in levels(),
    ) {
        let reversed: Vec<f64> = pnl.iter().rev().copied().collect();
        for measure in [Measure::Var, Measure::Es] {
            let (one, other) = (figure(measure, level, &pnl, None), figure(measure, level, &reversed, None));
            prop_assert_eq!(one, other);
        }
    }

    #[test]
    fn shortfall_is_subadditive(
        pair in prop::collection::vec((-1e3..1e3_f64, -1e3..1e3_f64), 1..300),
        level in levels(),
    ) {
        let (one, other): (Vec<f64>, Vec<f64>) = pair.iter().copied().unzip();
        let both: Vec<f64> = pair.iter().map(|(a, b)| a + b).collect();
        let es = |pnl: &[f64]| figure(Measure::Es, level, pnl, None);
        prop_assert!(es(&both) <= es(&one) + es(&other) + 1e-9);
    }
}

#[test]
fn by_hand() {
    // Losses 1..10 in scenarios 0..9, level 0.75: n tail = 2.5, so VaR is the third largest loss, 8, in scenario 7,
    // and ES = (10 + 9 + 8 / 2) / 2.5 = 9.2.
    let pnl: Vec<f64> = (1..=10).map(|loss| -f64::from(loss)).collect();
    let level: Level = "0.75".parse().unwrap();
    let mut scratch = Scratch::default();
    let var = RiskMeasure::new(Measure::Var, level).of(&pnl, None, &mut scratch).unwrap();
    assert_eq!((var.amount, var.binding), (8.0, 7));
    let es = RiskMeasure::new(Measure::Es, level).of(&pnl, None, &mut scratch).unwrap();
    assert!((es.amount - 9.2).abs() < 1e-14);
    assert_eq!(es.binding, 7);
    let worst = worst_mean(&pnl, 4, &mut scratch).unwrap();
    assert_eq!((worst.amount, worst.binding), (8.5, 6));
    // With weight 2 on the largest loss and 1 elsewhere (total 11), the tail is 2.75 wide: 10 and 10 and 3/4 of 9.
    let weights: Vec<f64> = (1..=10).map(|loss| if loss == 10 { 2.0 } else { 1.0 }).collect();
    let es = RiskMeasure::new(Measure::Es, level).of(&pnl, Some(&weights), &mut scratch).unwrap();
    assert!((es.amount - (20.0 + 0.75 * 9.0) / 2.75).abs() < 1e-14);
    assert_eq!(es.binding, 8);
}

#[test]
fn a_gain_in_the_tail_is_a_negative_figure() {
    assert_eq!(figure(Measure::Var, Level::P99, &[3.0, 2.0, 5.0], None), -2.0);
}

#[test]
fn what_has_no_figure_is_an_error() {
    let measure = RiskMeasure::new(Measure::Var, Level::P99);
    let mut scratch = Scratch::default();
    assert_eq!(measure.of(&[], None, &mut scratch), Err(RiskError::NoScenarios));
    assert!(measure.of(&[1.0, f64::NAN], None, &mut scratch).is_err());
    assert!(measure.of(&[1.0, 2.0], Some(&[1.0]), &mut scratch).is_err());
    assert!(measure.of(&[1.0, 2.0], Some(&[1.0, -1.0]), &mut scratch).is_err());
    assert!(worst_mean(&[1.0], 0, &mut scratch).is_err());
    assert!(worst_mean(&[1.0], 2, &mut scratch).is_err());
}

#[test]
fn the_pnl_of_a_portfolio_is_the_sum_of_its_positions() {
    let pnl = Array2::from_shape_fn((3, 5), |(i, s)| (i * 7 + s * 3) as f64 - 9.5);
    let held: Vec<InstrumentIx> = [2, 4, 9].map(InstrumentIx).into();
    let scenarios = (0..5).map(|s| s.to_string()).collect();
    let revaluation = Revaluation { scenarios, held, pnl, weights: None };
    let position = |ix, quantity| Position { instrument: InstrumentIx(ix), quantity };
    let of = |positions: Vec<Position>| {
        let mut out = vec![f64::NAN; 5];
        revaluation.portfolio_pnl(&Portfolio::new(positions), &mut out);
        out
    };
    let both = of(vec![position(2, 2.0), position(9, -3.0)]);
    let (one, other) = (of(vec![position(2, 2.0)]), of(vec![position(9, -3.0)]));
    assert!(both.iter().zip(one.iter().zip(&other)).all(|(sum, (a, b))| *sum == a + b));
    assert_eq!(of(vec![]), [0.0; 5]);
}
