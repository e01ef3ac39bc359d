//! Conditional autoregressive value at risk against an independent implementation and against its laws.
//!
//! Reference values: the recursion and criteria written again in Python from the paper, least of 400 random starts of which six were led
//! on by `scipy.optimize.minimize` (scipy 1.17.1, Nelder-Mead, four times over, `xatol` 1e-9), on the 1000 S&P 500 returns from the 2001st
//! on, in per cent, at level 0.95.

use mpor_risk::caviar::{Caviar, Criterion, Form};
use mpor_risk::status::{Edge, Status};
use mpor_risk::{RiskError, SearchOptions};
use mpor_stats::Level;
use mpor_stats::random::Streams;

use crate::volatility::sp500;

fn level(text: &str) -> Level {
    text.parse().unwrap()
}

fn returns() -> Vec<f64> {
    sp500()[2000..3000].to_vec()
}

const SYMMETRIC: Caviar = Caviar { form: Form::Symmetric, criterion: Criterion::Pinball };
const ASYMMETRIC: Caviar = Caviar { form: Form::Asymmetric, criterion: Criterion::Pinball };

#[test]
fn given_coefficients_give_the_paths_of_the_reference() {
    let path = ASYMMETRIC.path(&returns(), level("0.95"), &[0.05, 0.85, 0.05, 0.35]).unwrap();
    assert_eq!(path.len(), 1001);
    for (at, expected) in
        [(0, 2.057857592650958), (500, 4.191774059803424), (1000, 1.0748040264171714)]
    {
        assert!((path[at] / expected - 1.0).abs() < 1e-12, "{at}: {}", path[at]);
    }
}

#[test]
fn no_search_of_the_reference_ends_lower() {
    // Criterion, forecast and shortfall multiple at the reference's best point.
    for (form, criterion, least, forecast, multiple) in [
        (
            Form::Symmetric,
            Criterion::Pinball,
            0.17619615254862167,
            2.0594252417608425,
            1.3025789338309952,
        ),
        (
            Form::Symmetric,
            Criterion::Joint,
            1.176063363308585,
            2.0501002199266196,
            1.300117419583719,
        ),
        (
            Form::Asymmetric,
            Criterion::Pinball,
            0.1736614851083719,
            1.8671899247101127,
            1.28790324306772,
        ),
        (
            Form::Asymmetric,
            Criterion::Joint,
            1.1562908568539867,
            1.7781449587988953,
            1.287266849970617,
        ),
        (
            Form::IndirectGarch,
            Criterion::Pinball,
            0.17649271088637633,
            2.1393079660135963,
            1.257601977381862,
        ),
        (
            Form::IndirectGarch,
            Criterion::Joint,
            1.1794258812735152,
            2.1331096070629516,
            1.2540692039045875,
        ),
    ] {
        let model = Caviar { form, criterion };
        let fit = model.fit(&returns(), level("0.95"), &SearchOptions::default(), None).unwrap();
        let what = format!("{form:?} {criterion:?} {fit:?}");
        assert!(fit.criterion <= least + 1e-9, "{what}: {least}");
        assert_eq!(fit.status, Status::Converged, "{what}");
        assert!(fit.criterion > least - 1e-6, "{what}: {least}");
        let known = (&fit.coefficients, fit.multiple);
        let tail = model.forecast(&returns(), level("0.95"), known).unwrap();
        assert!((tail.var / forecast - 1.0).abs() < 1e-5, "{what}: {tail:?}");
        assert!((tail.es / tail.var / multiple - 1.0).abs() < 1e-5, "{what}: {tail:?}");
    }
}

/// The first-order condition of a quantile: between `n tail - p` and `n tail` losses lie beyond, but for those on it.
#[test]
fn as_many_losses_lie_beyond_as_the_level_says() {
    for (text, expected) in [("0.9", 100.0), ("0.95", 50.0), ("0.99", 10.0)] {
        for model in [SYMMETRIC, ASYMMETRIC] {
            let fit = model.fit(&returns(), level(text), &SearchOptions::default(), None).unwrap();
            let beyond = fit.breaches as f64;
            assert!((beyond - expected).abs() <= 5.0, "{text} {fit:?}");
        }
    }
}

/// Drawn from a known recursion: normal returns whose 95 % quantile is the symmetric form with these coefficients.
#[test]
fn the_coefficients_that_made_a_series_are_found_again() {
    let truth = [0.05, 0.9, 0.15];
    let quantile = 1.6448536269514722;
    let mut stream = Streams::new(11, "caviar test", 0).path(0);
    let mut v = 1.2;
    let returns: Vec<f64> = (0..8000)
        .map(|_| {
            let r = v / quantile * stream.normal();
            v = truth[0] + truth[1] * v + truth[2] * f64::abs(r);
            r
        })
        .collect();
    let fit = SYMMETRIC.fit(&returns, level("0.95"), &SearchOptions::default(), None).unwrap();
    for (found, expected) in fit.coefficients.iter().zip(truth) {
        assert!((found - expected).abs() < 0.06, "{fit:?}");
    }
    // Expected shortfall over value at risk of a normal law at 95 %: 2.0627 / 1.6449.
    assert!((fit.multiple - 1.2540).abs() < 0.03, "{fit:?}");
}

#[test]
fn a_known_start_never_ends_higher() {
    let few = SearchOptions { draws: 20, polished: 1, seed: 3 };
    let known = SYMMETRIC.fit(&returns(), level("0.95"), &SearchOptions::default(), None).unwrap();
    let cold = SYMMETRIC.fit(&returns(), level("0.95"), &few, None).unwrap();
    let warm = SYMMETRIC.fit(&returns(), level("0.95"), &few, Some(&known.coefficients)).unwrap();
    assert!(
        warm.criterion <= known.criterion + 1e-12 && warm.criterion <= cold.criterion,
        "{warm:?}"
    );
}

#[test]
fn what_has_no_quantile_is_refused() {
    let options = SearchOptions::default();
    let fit = |returns: &[f64], text: &str| SYMMETRIC.fit(returns, level(text), &options, None);
    let short = fit(&returns()[..99], "0.99").unwrap_err();
    assert!(matches!(short, RiskError::ShortSeries { needed: 100, found: 99, .. }), "{short}");
    assert!(matches!(fit(&[0.3; 200], "0.95"), Err(RiskError::Parameter { .. })));
    let gains: Vec<f64> = (0..200).map(|i| 1.0 + 0.01 * f64::from(i)).collect();
    assert!(matches!(fit(&gains, "0.95"), Err(RiskError::Parameter { .. })));
    let mut holed = returns();
    holed[7] = f64::NAN;
    assert!(matches!(fit(&holed, "0.95"), Err(RiskError::Stats(_))));
    assert!(SYMMETRIC.path(&[], level("0.95"), &[0.1, 0.9, 0.1, 0.0]).is_err());
    // Falls that never exceed the quantile they start from: no loss says what lies beyond.
    let ladder: Vec<f64> =
        (0..100).map(|i| if i == 0 { -9.0 } else { [0.5, -0.5][i % 2] }).collect();
    let found = fit(&ladder, "0.99").unwrap();
    assert_eq!((found.status, found.breaches), (Status::Boundary(Edge::NoBreach), 0), "{found:?}");
    assert_eq!(found.multiple, 1.0);
}
