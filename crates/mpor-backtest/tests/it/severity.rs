//! Severity, calls and the multiple of volatility: by hand, on the ten-day toy, and as laws.

use mpor_backtest::calls::Calls;
use mpor_backtest::margin_to_volatility::{Multiple, realised_volatility};
use mpor_backtest::procyclicality::MarginPath;
use mpor_backtest::severity::Severity;
use mpor_core::Level;
use proptest::prelude::*;

use crate::supervisory::{LOSSES, MARGIN};

fn severity(scale: f64, level: f64) -> Severity {
    let pairs = LOSSES.iter().zip(&MARGIN).map(|(l, m)| (scale * l, scale * m));
    Severity::new(pairs, Level::new(level).unwrap()).unwrap()
}

/// Breaches of 5, 20, 20 and 10 in ten days; the largest loss to margin is 200 / 180.
#[test]
fn the_ten_day_toy() {
    let found = severity(1.0, 0.75);
    assert_eq!((found.observations, found.breaches, found.without_margin), (10, 4, 0));
    assert_eq!((found.peak_shortfall, found.mean_shortfall), (20.0, Some(13.75)));
    assert_eq!(found.total_shortfall, 55.0);
    assert_eq!(found.largest_ratio, Some(200.0 / 180.0));
    let ratios = [115.0 / 110.0, 200.0 / 180.0, 260.0 / 240.0, 130.0 / 120.0];
    let mean = ratios.iter().sum::<f64>() / 4.0;
    assert!((found.mean_ratio_in_breaches.unwrap() - mean).abs() < 1e-15);
    // Worst 2.5 of ten: 20, 20 and half of 10.
    assert_eq!(found.expected_shortfall, Some(45.0 / 2.5));
    // Type 7 at 0.99 of ten: 0.91 of the way from the ninth to the tenth.
    let (ninth, tenth) = (130.0 / 120.0, 200.0 / 180.0);
    assert!((found.ratio_q99.unwrap() - (ninth + 0.91 * (tenth - ninth))).abs() < 1e-14);
}

#[test]
fn nothing_observed_and_no_margin() {
    let none = Severity::new([], Level::P99).unwrap();
    assert_eq!((none.observations, none.expected_shortfall, none.mean_shortfall), (0, None, None));
    let bare = Severity::new([(5.0, 0.0), (-1.0, 0.0)], Level::P99).unwrap();
    assert_eq!((bare.breaches, bare.without_margin, bare.largest_ratio), (1, 2, None));
    assert_eq!((bare.mean_shortfall, bare.mean_ratio_in_breaches), (Some(5.0), None));
    let error = Severity::new([(1.0, 1.0), (f64::NAN, 1.0)], Level::P99).unwrap_err();
    assert_eq!(error.to_string(), "loss number 2 is NaN, which is not a finite number");
}

/// One-day changes of the toy: 0, 10, 20, 50, 60, -40, -50, -30, -20.
#[test]
fn quantiles_of_calls() {
    let path = MarginPath::new(&MARGIN).unwrap();
    let calls = Calls::new(path, 1, &[0.0, 0.5, 0.9, 1.0]).unwrap().unwrap();
    assert_eq!((calls.changes, calls.largest.amount), (9, 60.0));
    assert_eq!(calls.amounts[..2], [-50.0, 0.0]);
    // 0.9 of eight gaps: 0.2 of the way from 50 to 60.
    assert!((calls.amounts[2] - 52.0).abs() < 1e-12);
    assert_eq!(calls.amounts[3], 60.0);
    assert_eq!(calls.ratios[3], calls.largest.ratio);
    let five = Calls::new(path, 5, &[1.0]).unwrap().unwrap();
    assert_eq!((five.ratios[0], five.amounts[0]), (2.4, 140.0));
    assert_eq!(Calls::new(path, 10, &[1.0]).unwrap(), None);
    assert!(Calls::new(path, 1, &[1.5]).is_err());
}

/// With two steps of MPOR and two losses, the first volatility is known at step 3: losses 0 and 1 are over at steps 2 and 3.
#[test]
fn a_volatility_knows_only_finished_losses() {
    let losses = [Some(3.0), Some(-4.0), Some(12.0), Some(5.0), None, None];
    let known = realised_volatility(&losses, 2, 2);
    assert_eq!(known[..3], [None, None, None]);
    assert_eq!(known[3], Some((25.0_f64 / 2.0).sqrt()));
    assert_eq!(known[4], Some((160.0_f64 / 2.0).sqrt()));
    assert_eq!(known[5], Some((169.0_f64 / 2.0).sqrt()));
    assert_eq!(realised_volatility(&losses, 1, 3)[5], None, "a loss is missing");
    assert_eq!(realised_volatility(&losses, 1, 0), vec![None; 6]);
    let multiple = Multiple::new(&[1.0, 1.0, 1.0, 10.0, 0.0, 26.0], &known).unwrap();
    assert_eq!((multiple.dates, multiple.left_out), (2, 4));
    assert!((multiple.lowest - 26.0 / 84.5_f64.sqrt()).abs() < 1e-14);
    assert!((multiple.highest - 10.0 / 12.5_f64.sqrt()).abs() < 1e-14);
    assert_eq!(Multiple::new(&[1.0], &[None]), None);
}

proptest! {
    /// Money scales, ratios do not.
    #[test]
    fn severity_scales(scale in 1e-3_f64..1e3) {
        let (one, other) = (severity(1.0, 0.9), severity(scale, 0.9));
        prop_assert_eq!(one.breaches, other.breaches);
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-12 * b.abs();
        prop_assert!(close(other.total_shortfall, scale * one.total_shortfall));
        let tail = other.expected_shortfall.zip(one.expected_shortfall).unwrap();
        prop_assert!(close(tail.0, scale * tail.1));
        prop_assert!(close(other.ratio_q99.unwrap(), one.ratio_q99.unwrap()));
    }

    /// A requirement that is a multiple of volatility has that multiple and a spread of 1.
    #[test]
    fn a_proportional_requirement(
        losses in prop::collection::vec(0.5_f64..100.0, 30),
        multiple in 0.1_f64..10.0,
    ) {
        let losses: Vec<Option<f64>> = losses.into_iter().map(Some).collect();
        let known = realised_volatility(&losses, 2, 5);
        let path: Vec<f64> = known.iter().map(|v| multiple * v.unwrap_or(1.0)).collect();
        let found = Multiple::new(&path, &known).unwrap();
        prop_assert_eq!((found.dates, found.left_out), (24, 6));
        prop_assert!((found.mean - multiple).abs() < 1e-12 * multiple);
        prop_assert!((found.spread() - 1.0).abs() < 1e-12);
    }

    /// Quantiles rise with the probability and end at the largest; ratios do not scale, amounts do.
    #[test]
    fn quantiles_of_calls_are_ordered(
        path in prop::collection::vec(1.0_f64..1e4, 8..60),
        lag in 1_usize..6,
        scale in 1e-3_f64..1e3,
    ) {
        let p = [0.5, 0.9, 0.95, 0.99, 1.0];
        let found = Calls::new(MarginPath::new(&path).unwrap(), lag, &p).unwrap().unwrap();
        for values in [&found.ratios, &found.amounts] {
            prop_assert!(values.windows(2).all(|pair| pair[0] <= pair[1]));
        }
        prop_assert_eq!(found.ratios[4], found.largest.ratio);
        prop_assert_eq!(found.amounts[4], found.largest.amount);
        let larger: Vec<f64> = path.iter().map(|m| scale * m).collect();
        let other = Calls::new(MarginPath::new(&larger).unwrap(), lag, &p).unwrap().unwrap();
        for at in 0..p.len() {
            prop_assert!((found.ratios[at] - other.ratios[at]).abs() < 1e-12 * found.ratios[at]);
            let size = scale * 1e4;
            prop_assert!((scale * found.amounts[at] - other.amounts[at]).abs() < 1e-12 * size);
        }
    }
}
