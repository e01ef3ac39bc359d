//! The single-series family against samples worked out by hand. The published figures are checked by
//! `cargo xtask vectors`.

use mpor_risk::scenario::{Rescale, VolatilityFloor};
use mpor_risk::series::{
    Bucketed, Filter, Holding, SigmaFloor, Steps, age_weighted, blend_amounts, filtered_returns,
    hull_white, overlapping_sums, plain, pooled,
};
use mpor_risk::{Measure, RiskError, RiskMeasure};
use mpor_stats::Level;
use mpor_stats::ewma::Decay;

const FILTER: fn(f64) -> Filter = |decay| Filter {
    decay: Decay::new(decay).unwrap(),
    burn_in: 1,
    floor: None,
    rescale: Rescale::Full,
};

#[test]
fn long_and_short_lose_on_opposite_sides() {
    let returns = [0.5_f64.ln(), 2.0_f64.ln()];
    let level: Level = "0.75".parse().unwrap();
    let var = RiskMeasure::new(Measure::Var, level);
    let long = plain(&returns, 2, Holding::Long).unwrap().figure(var).unwrap();
    let short = plain(&returns, 2, Holding::Short).unwrap().figure(var).unwrap();
    assert!((long - 0.5).abs() < 1e-15);
    assert!((short - 1.0).abs() < 1e-15);
}

#[test]
fn an_old_loss_fades_with_age() {
    // By hand: decay 1/2 over three returns gives weights 1/7, 2/7, 4/7, oldest first.
    let returns = [-0.1, 0.01, 0.02];
    let weighted = age_weighted(&returns, 3, Decay::new(0.5).unwrap(), Holding::Long).unwrap();
    for (weight, expected) in weighted.weights.iter().zip([1.0 / 7.0, 2.0 / 7.0, 4.0 / 7.0]) {
        assert!((weight - expected).abs() < 1e-15);
    }
    let var = |level: &str| {
        let level: Level = level.parse().unwrap();
        weighted.figure(RiskMeasure::new(Measure::Var, level)).unwrap()
    };
    assert!(var("0.9") > 0.09);
    assert!(var("0.8") < 0.0);
}

#[test]
fn interleaved_sub_samples_do_not_overlap() {
    let sums = overlapping_sums(&[1.0, 2.0, 3.0, 4.0], 2).unwrap();
    assert_eq!(sums, [3.0, 5.0, 7.0]);
    let returns = [0.01, 0.01, 0.02, 0.03, 0.04];
    let sampled =
        hull_white(&returns, 4, FILTER(0.999_999), Steps::Interleaved(2), Holding::Long).unwrap();
    assert_eq!(sampled.samples.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
    assert!(matches!(overlapping_sums(&[1.0], 2), Err(RiskError::ShortSeries { .. })));
    assert!(matches!(overlapping_sums(&[1.0], 0), Err(RiskError::Parameter { .. })));
}

#[test]
fn a_floor_shows_in_the_volatility_of_today() {
    let returns = [3.0, 3.0, 1.0];
    let (scaled, today) = filtered_returns(&returns, 2, FILTER(0.5)).unwrap();
    assert!((today - 5.0_f64.sqrt()).abs() < 1e-15);
    assert!((scaled[0] - 5.0_f64.sqrt()).abs() < 1e-15);
    let floored = Filter { floor: Some(VolatilityFloor::Median), ..FILTER(0.5) };
    assert_eq!(filtered_returns(&returns, 2, floored).unwrap(), (vec![3.0, 1.0], 3.0));
}

#[test]
fn stress_counts_for_its_weight_whatever_its_length() {
    assert_eq!(blend_amounts(100.0, 200.0, 0.25), 125.0);
    let calm = plain(&[0.01; 8], 8, Holding::Short).unwrap();
    let stress = plain(&[0.2; 2], 2, Holding::Short).unwrap();
    let pool = pooled(&calm, &stress, 0.25).unwrap();
    assert!((pool.weights[..8].iter().sum::<f64>() - 0.75).abs() < 1e-15);
    assert!((pool.weights[8..].iter().sum::<f64>() - 0.25).abs() < 1e-15);
    let var = RiskMeasure::new(Measure::Var, "0.8".parse().unwrap());
    assert!((pool.figure(var).unwrap() - 0.2_f64.exp_m1()).abs() < 1e-15);
    assert!(pooled(&calm, &stress, 1.0).is_err());
}

#[test]
fn a_bucketed_window_says_what_it_needs() {
    let model = Bucketed {
        steps: 2,
        look_back: 20,
        window: 10,
        anchor: "0.9".parse().unwrap(),
        scale: 1.2,
        stress: "0.9".parse().unwrap(),
        decay: Decay::new(0.9).unwrap(),
    };
    let returns: Vec<f64> = (0..60).map(|t| 0.01 * f64::from((t * 37) % 11 - 5)).collect();
    // By hand: 20 dates, 2 more for the volatility before them, 2 x 4 x 2 for its means, 1 for the first sum.
    assert!(model.buckets(&returns[..39]).is_ok());
    let error = model.buckets(&returns[..38]).unwrap_err();
    assert!(matches!(error, RiskError::ShortSeries { needed: 39, .. }), "{error}");
    let buckets = model.buckets(&returns).unwrap();
    let plain = model.filtered(&buckets, SigmaFloor::None, Holding::Long).unwrap();
    assert!(model.filtered(&buckets, SigmaFloor::Median, Holding::Long).unwrap() >= plain);
    assert_eq!(model.stressed(&returns, &[3], Holding::Long), Err(RiskError::NoScenarios));
}
