//! `tests/golden/vectors/fhs`: plain and age-weighted historical simulation, from an independent implementation.

use std::path::Path;

use mpor_stats::quantile::{expected_shortfall, mean_above, mean_from, worst_mean};
use mpor_stats::weighted::{age_weights, weighted_tail};
use mpor_stats::{Level, QuantileRule, Side};
use serde_json::Value;

fn read(file: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/vectors/fhs");
    serde_json::from_str(&std::fs::read_to_string(folder.join(file)).unwrap()).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

/// Losses of one unit, long or short, over the `window` returns that end at `t`.
fn unit_losses(returns: &[f64], t: usize, window: usize, side: &str) -> Vec<f64> {
    let window = &returns[t + 1 - window..=t];
    let sign = if side == "long" { 1.0 } else { -1.0 };
    window.iter().map(|r| -sign * r.exp_m1()).collect()
}

fn assert_close(found: f64, expected: &Value, what: &str) {
    let expected = expected.as_f64().unwrap();
    let error = (found - expected).abs();
    assert!(error <= 1e-10 * expected.abs(), "{what}: {found}, expected {expected}");
}

#[test]
fn plain_historical_simulation() {
    let returns = numbers(&read("history.json")["returns"]);
    let plain = read("plain.json");
    let window = plain["window"].as_u64().unwrap() as usize;
    let mut scratch = Vec::new();
    for vector in plain["vectors"].as_array().unwrap() {
        let t = vector["t"].as_u64().unwrap() as usize;
        for side in ["long", "short"] {
            let losses = unit_losses(&returns, t, window, side);
            let expected = &vector["expected"][side];
            for level in plain["levels"].as_array().unwrap() {
                let level = level.as_str().unwrap();
                check_plain(&losses, level, &expected[level], &format!("t {t} {side} {level}"));
            }
            let worst = worst_mean(&losses, 6, &mut scratch).unwrap();
            assert_close(worst, &expected["worst_6_mean"], "worst 6");
        }
    }
}

fn check_plain(losses: &[f64], level: &str, expected: &Value, place: &str) {
    let level: Level = level.parse().unwrap();
    let mut scratch = Vec::new();
    let mut var = |rule: QuantileRule, side| rule.var(losses, level, side, &mut scratch).unwrap();
    let ceil = var(QuantileRule::HsCeil, Side::Loss);
    assert_close(ceil, &expected["hs_ceil"], place);
    assert_eq!(ceil, var(QuantileRule::HsCeil, Side::Pnl));
    for (i, &rule) in QuantileRule::ALL[1..].iter().enumerate() {
        let place = format!("{place} {rule:?}");
        assert_close(var(rule, Side::Loss), &expected["var_loss_side"][i], &place);
        assert_close(var(rule, Side::Pnl), &expected["var_pnl_side"][i], &place);
    }
    let es = expected_shortfall(losses, level, &mut scratch).unwrap();
    assert_close(es, &expected["es_exact"], place);
    assert_close(mean_from(losses, ceil).unwrap(), &expected["es_tail_mean"], place);
    assert_close(mean_above(losses, ceil).unwrap(), &expected["es_tail_mean_strict"], place);
}

#[test]
fn age_weighted_historical_simulation() {
    let returns = numbers(&read("history.json")["returns"]);
    let brw = read("brw.json");
    let window = brw["window"].as_u64().unwrap() as usize;
    for vector in brw["vectors"].as_array().unwrap() {
        let t = vector["t"].as_u64().unwrap() as usize;
        let weights = age_weights(window, vector["lam"].as_f64().unwrap()).unwrap();
        for (key, expected) in vector["expected"].as_object().unwrap() {
            let (side, level) = key.split_once('_').unwrap();
            let losses = unit_losses(&returns, t, window, side);
            let level: Level = level.parse().unwrap();
            let tail = weighted_tail(&losses, &weights, level, &mut Vec::new()).unwrap();
            assert_close(tail.var, &expected["var"], key);
            assert_close(tail.expected_shortfall, &expected["es"], key);
        }
    }
}
