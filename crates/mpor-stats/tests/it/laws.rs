//! Laws that hold for every sample.

use mpor_stats::quantile::expected_shortfall;
use mpor_stats::weighted::weighted_tail;
use mpor_stats::{Level, QuantileRule, Side};
use proptest::prelude::*;

fn losses() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(-1e3_f64..1e3, 1..120)
}

fn level() -> impl Strategy<Value = Level> {
    (501_u32..1000).prop_map(|permille| format!("0.{permille}").parse().unwrap())
}

fn var(losses: &[f64], level: Level) -> f64 {
    QuantileRule::HsCeil.var(losses, level, Side::Loss, &mut Vec::new()).unwrap()
}

fn es(losses: &[f64], level: Level) -> f64 {
    expected_shortfall(losses, level, &mut Vec::new()).unwrap()
}

fn all_measures(losses: &[f64], level: Level) -> Vec<f64> {
    let mut measures = vec![es(losses, level)];
    for rule in QuantileRule::ALL {
        for side in [Side::Loss, Side::Pnl] {
            measures.push(rule.var(losses, level, side, &mut Vec::new()).unwrap());
        }
    }
    measures
}

fn close(left: f64, right: f64) -> bool {
    (left - right).abs() <= 1e-9 * (1.0 + left.abs().max(right.abs()))
}

proptest! {
    #[test]
    fn es_is_at_least_var(losses in losses(), level in level()) {
        prop_assert!(es(&losses, level) >= var(&losses, level));
        let weights: Vec<f64> = (0..losses.len()).map(|i| 1.0 + (i % 5) as f64).collect();
        let tail = weighted_tail(&losses, &weights, level, &mut Vec::new()).unwrap();
        prop_assert!(tail.expected_shortfall >= tail.var);
    }

    #[test]
    fn adding_cash_moves_every_measure_by_it(losses in losses(), level in level(), cash in -50.0..50.0) {
        let moved: Vec<f64> = losses.iter().map(|loss| loss + cash).collect();
        for (after, before) in all_measures(&moved, level).iter().zip(all_measures(&losses, level)) {
            prop_assert!(close(*after, before + cash));
        }
    }

    #[test]
    fn twice_the_position_is_twice_the_risk(losses in losses(), level in level(), scale in 0.1..10.0) {
        let scaled: Vec<f64> = losses.iter().map(|loss| loss * scale).collect();
        for (after, before) in all_measures(&scaled, level).iter().zip(all_measures(&losses, level)) {
            prop_assert!(close(*after, before * scale));
        }
    }

    #[test]
    fn a_larger_loss_everywhere_is_no_smaller_risk(losses in losses(), level in level(), at in 0_usize..120) {
        let mut worse = losses.clone();
        let at = at % worse.len();
        worse[at] += 7.0;
        for (after, before) in all_measures(&worse, level).iter().zip(all_measures(&losses, level)) {
            prop_assert!(*after >= before - 1e-9);
        }
    }

    #[test]
    fn the_order_of_scenarios_changes_no_bit(losses in losses(), level in level()) {
        let mut sorted = losses.clone();
        sorted.sort_by(|a, b| b.total_cmp(a));
        let ascending: Vec<f64> = sorted.iter().rev().copied().collect();
        let before = all_measures(&losses, level);
        prop_assert_eq!(&before, &all_measures(&sorted, level));
        prop_assert_eq!(&before, &all_measures(&ascending, level));
        prop_assert_eq!(
            es(&losses, level),
            mpor_stats::quantile::expected_shortfall_sorted(&sorted, level).unwrap()
        );
        for rule in QuantileRule::ALL {
            for side in [Side::Loss, Side::Pnl] {
                let unsorted = rule.var(&losses, level, side, &mut Vec::new()).unwrap();
                prop_assert_eq!(unsorted, rule.var_sorted(&sorted, level, side).unwrap());
            }
        }
    }

    #[test]
    fn types_four_to_nine_see_the_same_from_both_sides(losses in losses(), level in level()) {
        for rule in &QuantileRule::ALL[4..] {
            let of = |side| rule.var(&losses, level, side, &mut Vec::new()).unwrap();
            if *rule != QuantileRule::HyndmanFan4 {
                prop_assert!(close(of(Side::Loss), of(Side::Pnl)), "{rule:?}");
            }
        }
    }
}
