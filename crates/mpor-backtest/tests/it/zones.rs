//! Zones of overlapping losses, against the Monte Carlo of others and of ourselves.

use mpor_backtest::coverage::overlap_zones::{HitLaw, lengths, zone_bounds};
use mpor_core::Level;

use crate::reference::rows;

/// Independent Monte Carlo, 4,000,000 Gaussian paths: green exact unless undecided, yellow within one count.
#[test]
fn bounds_meet_the_reference_table() {
    for row in rows("overlap_zone_bounds.csv") {
        let whole = |at: usize| row[at].parse::<usize>().unwrap();
        let number = |at: usize| row[at].parse::<f64>().unwrap();
        let (horizon, n, level) = (whole(0), whole(1), Level::new(number(2)).unwrap());
        let bounds = zone_bounds(horizon, n, level);
        let (green, yellow) = (bounds.green_max.unwrap(), bounds.yellow_max.unwrap());
        let undecided = horizon > 1 && (number(5) - 0.95).abs() < 0.001;
        assert!(green.abs_diff(whole(3)) <= usize::from(undecided), "green {row:?}: {green}");
        assert!(yellow.abs_diff(whole(4)) <= usize::from(horizon > 1), "yellow {row:?}: {yellow}");
    }
}

/// The ten-step bounds of ORE's `stoplightbounds` test, which has them from the ISDA SIMM backtest.
#[test]
fn bounds_meet_the_published_ten_step_table() {
    for (n, green, yellow) in [(200, 7, 22), (250, 8, 24), (300, 9, 26), (500, 13, 32)] {
        let bounds = zone_bounds(10, n, Level::P99);
        assert_eq!(bounds.green_max, Some(green), "n {n}");
        assert!(bounds.yellow_max.unwrap().abs_diff(yellow) <= 1, "n {n}: {bounds:?}");
    }
}

#[test]
fn the_embedded_counts_are_what_the_simulation_gives() {
    for (horizon, level) in [(2, 0.99), (5, 0.975), (10, 0.975)] {
        let level = Level::new(level).unwrap();
        let embedded = HitLaw::embedded(horizon, level).unwrap();
        let paths = 1 << 15;
        let drawn = HitLaw::simulate(horizon, level, &lengths(horizon, level), paths);
        for sample in 0..3 {
            let (mut one, mut other) = (0.0, 0.0);
            for (a, b) in embedded.shares(sample).iter().zip(drawn.shares(sample)) {
                one += a;
                other += b;
                // Four standard errors of the smaller sample, and four paths where only few are left.
                let error = (one * (1.0 - one)).max(0.0) / paths as f64;
                let tolerance = 4.0 * error.sqrt() + 4.0 / paths as f64;
                assert!((one - other).abs() <= tolerance, "m {horizon} {sample}");
            }
        }
    }
}

#[test]
fn lengths_between_the_simulated_ones_agree_with_a_simulation() {
    let level = Level::P99;
    for n in [100, 180, 400, 700] {
        let direct = HitLaw::simulate(3, level, &[n], 1 << 15).shares(0);
        let derived = HitLaw::embedded(3, level).unwrap().at(n);
        let (mut one, mut other) = (0.0, 0.0);
        for (a, b) in direct.iter().zip(&derived) {
            one += a;
            other += b;
            assert!((one - other).abs() < 0.012, "n {n}: {one} {other}");
        }
    }
}

#[test]
fn a_short_series_has_bounds_of_its_own() {
    let bounds = zone_bounds(10, 30, Level::P99);
    assert!(bounds.green_max.unwrap() < bounds.yellow_max.unwrap());
    assert!(bounds.yellow_max.unwrap() <= 30);
}

#[test]
fn simulated_counts_do_not_depend_on_threads() {
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| HitLaw::simulate(4, Level::P99, &[60, 120], 10_000))
    };
    assert_eq!(on(1), on(8));
}

/// An account without observations is drawn at its own length, none, and leaves the law of the others alone.
#[test]
fn nothing_observed_changes_no_other_bounds() {
    let level = Level::new(0.985).unwrap();
    assert_eq!(zone_bounds(3, 0, level).green_max, None);
    let bounds = zone_bounds(3, 250, level);
    assert!(bounds.green_max.is_some() && bounds.yellow_max > bounds.green_max, "{bounds:?}");
}
