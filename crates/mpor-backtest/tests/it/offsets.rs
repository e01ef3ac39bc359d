//! Offsets between products by hand, and as a law.

use mpor_backtest::BacktestError;
use mpor_backtest::offset::{Grouping, Standalone, from_accounts, table};
use mpor_backtest::standards::OFFSET_SHARE;
use proptest::prelude::*;

use crate::supervisory::{Account, made_of};

fn figures(groups: &[f64], combined: f64, required: f64) -> Standalone {
    let groups = groups.iter().map(|amount| ("group".to_owned(), *amount)).collect();
    Standalone { groups, combined, required }
}

/// 100 + 60 alone, 90 together: 70 saved, of which 56 may be granted, so at least 104 must be asked.
#[test]
fn four_fifths_of_the_saving() {
    let at = |required| figures(&[100.0, 60.0], 90.0, required).offset(OFFSET_SHARE).unwrap();
    let asked = at(104.0);
    assert_eq!((asked.standalone, asked.combined), (160.0, 90.0));
    assert!((asked.floor - 104.0).abs() < 1e-12 && asked.passes);
    assert!((asked.reduction.unwrap() - 0.35).abs() < 1e-15);
    assert!((asked.granted_share.unwrap() - 0.8).abs() < 1e-15);
    assert!(!at(103.9).passes);
    let all = at(90.0);
    assert_eq!((all.granted_share, all.passes), (Some(1.0), false));
    // A clearing house that bears no risk from the reduction may grant all.
    assert!(figures(&[100.0, 60.0], 90.0, 90.0).offset(1.0).unwrap().passes);
}

#[test]
fn without_a_saving_the_sum_is_asked() {
    let asked = |required| figures(&[10.0, 20.0], 35.0, required).offset(OFFSET_SHARE).unwrap();
    assert_eq!((asked(30.0).floor, asked(30.0).granted_share), (30.0, None));
    assert!(asked(30.0).passes && !asked(29.0).passes);
    let nothing = figures(&[], 0.0, 0.0).offset(OFFSET_SHARE).unwrap();
    assert_eq!((nothing.reduction, nothing.passes), (None, true));
}

#[test]
fn bad_figures_are_refused() {
    let error = figures(&[1.0, f64::NAN], 1.0, 1.0).offset(0.8).unwrap_err();
    assert!(matches!(error, BacktestError::Figure { at: 2, .. }), "{error}");
    let error = figures(&[1.0], 1.0, 1.0).offset(80.0).unwrap_err();
    assert!(error.to_string().contains("0.8"), "{error}");
}

#[test]
fn a_replay_with_an_account_a_group() {
    let account = |name: &'static str, initial: &[f64], own: Option<&[f64]>| Account {
        name,
        initial: initial.to_vec(),
        own: own.map(<[f64]>::to_vec),
        losses: vec![None; initial.len()],
    };
    let result = made_of(&[
        account("whole", &[104.0, 90.0], Some(&[90.0, 90.0])),
        account("rates", &[100.0, 100.0], None),
        // What stands on top of a group's own figure is not part of the sum.
        account("credit", &[75.0, 75.0], Some(&[60.0, 60.0])),
    ]);
    let named = |name: &str| name.to_owned();
    let grouping =
        Grouping { whole: named("whole"), groups: vec![named("rates"), named("credit")] };
    let rows = from_accounts(&result, &[grouping], OFFSET_SHARE).unwrap();
    let [row] = &rows[..] else { panic!("one model, one grouping") };
    assert_eq!((row.model, row.account), (0, 0));
    assert_eq!(row.offsets[0].standalone, 160.0);
    assert_eq!([row.offsets[0].passes, row.offsets[1].passes], [true, false]);
    assert_eq!(table(&result, &rows).unwrap().rows(), 2);
    let unknown = Grouping { whole: named("hole"), groups: Vec::new() };
    let error = from_accounts(&result, &[unknown], OFFSET_SHARE).unwrap_err();
    assert!(error.to_string().contains("`hole`"));
}

proptest! {
    /// The figures scale with money, and what the bound asks always passes.
    #[test]
    fn offsets_scale_and_the_floor_passes(
        groups in prop::collection::vec(0.0_f64..1e6, 1..6),
        share_kept in 0.0_f64..1.2,
        share in 0.0_f64..=1.0,
        scale in 1e-3_f64..1e3,
    ) {
        let sum: f64 = groups.iter().sum();
        let combined = share_kept * sum;
        let one = figures(&groups, combined, combined).offset(share).unwrap();
        prop_assert!(figures(&groups, combined, one.floor).offset(share).unwrap().passes);
        prop_assert!(one.floor <= sum * (1.0 + 1e-12));
        let larger: Vec<f64> = groups.iter().map(|group| scale * group).collect();
        let other = figures(&larger, scale * combined, scale * combined).offset(share).unwrap();
        prop_assert!((other.floor - scale * one.floor).abs() <= 1e-9 * (scale * sum).max(1e-9));
        let ratios = one.reduction.zip(other.reduction);
        prop_assert!(ratios.is_none_or(|(a, b)| (a - b).abs() < 1e-9));
    }
}
