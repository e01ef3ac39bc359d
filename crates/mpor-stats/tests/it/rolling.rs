//! Rolling tails against the same figures of each window taken afresh, bit for bit.

use mpor_stats::quantile::expected_shortfall;
use mpor_stats::{Level, QuantileRule, RollingTail, Side};
use proptest::prelude::*;

fn check(losses: &[f64], window: usize, level: Level, rule: QuantileRule, side: Side) {
    let mut scratch = Vec::new();
    let mut tail = RollingTail::new(&losses[..window], level, rule, side).unwrap();
    for end in window..=losses.len() {
        let recent = &losses[end - window..end];
        let var = rule.var(recent, level, side, &mut scratch).unwrap();
        assert_eq!(tail.var(), var, "{rule:?} {side:?} {level} at {end}");
        let es = expected_shortfall(recent, level, &mut scratch).unwrap();
        assert_eq!(tail.expected_shortfall(), es, "{level} at {end}");
        if let Some(loss) = losses.get(end) {
            tail.push(*loss).unwrap();
        }
    }
}

proptest! {
    #[test]
    fn a_step_is_a_new_window(
        // Few distinct values, so that ties come often.
        losses in prop::collection::vec((-40_i32..40).prop_map(f64::from), 1..300),
        window in 1_usize..120,
        permille in 501_u32..1000,
        rule in 0_usize..10,
        side in prop::bool::ANY,
    ) {
        let window = window.min(losses.len());
        let level: Level = format!("0.{permille}").parse().unwrap();
        let side = if side { Side::Loss } else { Side::Pnl };
        check(&losses, window, level, QuantileRule::ALL[rule], side);
    }
}

#[test]
fn losses_that_only_fall_are_the_hardest() {
    let falling: Vec<f64> = (0..900).map(|i| f64::from(900 - i)).collect();
    check(&falling, 250, Level::P99, QuantileRule::HyndmanFan7, Side::Pnl);
    let rising: Vec<f64> = falling.iter().rev().copied().collect();
    check(&rising, 250, Level::P99, QuantileRule::HsCeil, Side::Loss);
}

#[test]
fn what_is_no_window_is_refused() {
    let new =
        |window: &[f64]| RollingTail::new(window, Level::P99, QuantileRule::HsCeil, Side::Loss);
    assert!(new(&[]).is_err());
    assert!(new(&[1.0, f64::NAN]).is_err());
    let mut tail = new(&[1.0]).unwrap();
    assert!(tail.push(f64::INFINITY).is_err());
    assert_eq!((tail.var(), tail.expected_shortfall(), tail.window()), (1.0, 1.0, 1));
}
