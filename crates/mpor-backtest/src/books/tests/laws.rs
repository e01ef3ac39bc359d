use proptest::prelude::*;

use super::*;

const RULES: &[(&str, &str)] = &[
    (
        "a",
        r#"strangle = { underlying = "BTC", delta = 0.25, tenor = "30d", roll = "7d", quantity = -10 }"#,
    ),
    (
        "b",
        r#"butterfly = { underlying = "ETH", width = 0.1, tenor = "30d", roll = "5d", notional = 1000 }"#,
    ),
    (
        "c",
        r#"covered_call = { underlying = "BTC", delta = 0.2, tenor = "14d", roll = "7d", notional = 1000 }"#,
    ),
    (
        "d",
        r#"delta_hedged = { rule = { risk_reversal = { underlying = "ETH", delta = 0.1, tenor = "30d", roll = "7d", quantity = 1 } }, every = "1d" }"#,
    ),
    (
        "e",
        r#"calendar = { underlying = "BTC", of = "options", near = "30d", far = "90d", roll = "7d", quantity = 1 }"#,
    ),
    (
        "f",
        r#"spread = { long = "ETH", short = "BTC", contract = "perpetual", roll = "3d", notional = 1000 }"#,
    ),
    (
        "g",
        r#"random_book = { accounts = 5, underlyings = ["BTC", "ETH"], roll = "10d", notional = 50_000 }"#,
    ),
];

/// The history with every value after `step` scaled.
fn altered(step: usize, factor: f64) -> History {
    let mut history = history();
    let panel = &history.panel;
    let (times, factors) = (panel.times().to_vec(), panel.factors().to_vec());
    let values = Array2::from_shape_fn((factors.len(), times.len()), |(row, at)| {
        let value = panel.value(factors[row], at).unwrap();
        if at > step { value * factor } else { value }
    });
    history.panel = Panel::new(times, factors, values).unwrap();
    history
}

fn names_held(history: &History, books: &Books, step: usize) -> Vec<Vec<(String, u64)>> {
    let of = |portfolio| {
        let positions = held(history, portfolio);
        positions.iter().map(|(i, quantity)| (i.name.clone(), quantity.to_bits())).collect()
    };
    books.portfolios[step].iter().map(of).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_comes_later_changes_no_earlier_portfolio(cut in 0..STEPS - 1, factor in 0.5_f64..2.0) {
        let (mut before, mut after) = (history(), altered(cut, factor));
        let expected = build(&rules(RULES), &mut before, 0..STEPS, 1).unwrap();
        let found = build(&rules(RULES), &mut after, 0..STEPS, 1).unwrap();
        for step in 0..=cut {
            prop_assert_eq!(
                names_held(&before, &expected, step),
                names_held(&after, &found, step)
            );
        }
    }

    #[test]
    fn every_position_is_alive_and_finite(seed in any::<u64>()) {
        let mut history = history();
        let books = build(&rules(RULES), &mut history, 0..STEPS, seed).unwrap();
        for (step, portfolios) in books.portfolios.iter().enumerate() {
            let now = history.panel.times()[step];
            for (instrument, quantity) in portfolios.iter().flat_map(|p| held(&history, p)) {
                prop_assert!(quantity.is_finite() && quantity != 0.0);
                prop_assert!(instrument.contract.expiry().is_none_or(|expiry| expiry > now));
            }
        }
    }
}

#[test]
fn a_rule_does_not_depend_on_its_neighbours() {
    let (mut alone, mut together) = (history(), history());
    let single = build(&rules(&RULES[..1]), &mut alone, 0..STEPS, 1).unwrap();
    let reversed: Vec<(&str, &str)> = RULES.iter().rev().copied().collect();
    let all = build(&rules(&reversed), &mut together, 0..STEPS, 1).unwrap();
    for step in 0..STEPS {
        let last = names_held(&together, &all, step).pop().unwrap();
        let mut single = names_held(&alone, &single, step).pop().unwrap();
        let mut last = last;
        single.sort();
        last.sort();
        assert_eq!(single, last);
    }
}
