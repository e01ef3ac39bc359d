//! Historical and filtered scenarios against moves worked out by hand.

use mpor_core::{
    Factor, ForwardCurve, Horizon, InstrumentIx, MarketState, Panel, Span, Timestamp, Underlying,
    UnderlyingIx, UnderlyingState, Universe,
};
use mpor_risk::volatility::{Dynamics, FitOptions, Innovations, Mean, Model};
use mpor_risk::{Day, RiskError, ScenarioSet};
use ndarray::Array2;

use crate::spec::parse;

/// The unit of the log returns below.
const UNIT: f64 = 0.01;

/// Scenarios of one spot price whose log returns are these, in units of 0.01.
pub fn scenarios(returns: &[f64], steps: usize, text: &str) -> Result<ScenarioSet, RiskError> {
    let spot = Factor::Spot(UnderlyingIx(0));
    let mut prices = vec![100.0_f64];
    for r in returns {
        prices.push(prices[prices.len() - 1] * (UNIT * r).exp());
    }
    let times = (0..prices.len()).map(|t| Timestamp::default() + Span::days(t as i64)).collect();
    let values = Array2::from_shape_vec((1, prices.len()), prices.clone()).unwrap();
    let panel = Panel::new(times, vec![spot], values).unwrap();
    let (last, universe) = (prices.len() - 1, coins());
    let state = UnderlyingState {
        spot: prices[last],
        perpetual: prices[last],
        carry: 0.0,
        forwards: ForwardCurve::default(),
        rate: 0.0,
        surface: None,
    };
    let time = panel.times()[last];
    let state = MarketState { time, underlyings: vec![state], marks: Default::default() };
    let horizon = Horizon::new(Span::days(steps as i64), steps).unwrap();
    let held: [InstrumentIx; 0] = [];
    let day = Day::new(panel.until(last), &state, &universe, &held, horizon, 1);
    parse(text).scenarios(&day)
}

fn coins() -> Universe {
    Universe::new(vec![Underlying { name: "BTC".to_owned(), quote: "USD".to_owned() }])
}

/// Spot moves as log returns in units.
pub fn moves(set: &ScenarioSet) -> Vec<f64> {
    set.spot.row(0).iter().map(|x| x.ln_1p() / UNIT).collect()
}

pub fn assert_near(actual: &[f64], expected: &[f64]) {
    assert_eq!(actual.len(), expected.len(), "{actual:?}");
    let near = |(a, e): (&f64, &f64)| (a - e).abs() < 1e-9;
    assert!(actual.iter().zip(expected).all(near), "{actual:?} {expected:?}");
}

#[test]
fn moves_as_they_happened() {
    let returns = [9.0, 1.0, -2.0, 4.0];
    let set = scenarios(&returns, 1, "{ historical = { window = 3 } }").unwrap();
    assert_near(&moves(&set), &[1.0, -2.0, 4.0]);
    let set = scenarios(&returns, 2, "{ historical = { window = 3 } }").unwrap();
    assert_near(&moves(&set), &[-1.0, 2.0]);
    assert_eq!(set.names[1], "1970-01-03T00:00:00Z to 1970-01-05T00:00:00Z");
    assert_eq!(set.years_forward, 2.0 / 365.0);
    let text = "{ historical = { window = 3, scaling = \"sqrt_time\" } }";
    let root = 2.0_f64.sqrt();
    assert_near(&moves(&scenarios(&returns, 2, text).unwrap()), &[root, -2.0 * root, 4.0 * root]);
}

#[test]
fn moves_rescaled_to_a_risen_volatility() {
    // decay 1/2, burn-in 1: v0 = 1, v1 = 1, v2 = (1 + 1)/2 = 1, v3 = (1 + 9)/2 = 5 = forecast.
    let returns = [1.0, 1.0, 3.0];
    let text = "{ filtered = { window = 2, volatility = { ewma = 0.5 }, burn_in = 1 } }";
    let s = 5.0_f64.sqrt();
    assert_near(&moves(&scenarios(&returns, 1, text).unwrap()), &[s, 3.0 * s]);
    let text = "{ filtered = { window = 2, volatility = { ewma = 0.5 }, burn_in = 1, rescale = \"mid\" } }";
    let mid = 0.5 * (s + 1.0);
    assert_near(&moves(&scenarios(&returns, 1, text).unwrap()), &[mid, 3.0 * mid]);
}

#[test]
fn a_floor_holds_a_fallen_volatility() {
    // v1 = 9, v2 = 9, v3 = (9 + 1)/2 = 5: sqrt 5 is below the median 3, to which the floor lifts it.
    let returns = [3.0, 3.0, 1.0];
    let bare = "{ filtered = { window = 2, volatility = { ewma = 0.5 }, burn_in = 1 } }";
    let ratio = 5.0_f64.sqrt() / 3.0;
    assert_near(&moves(&scenarios(&returns, 1, bare).unwrap()), &[3.0 * ratio, ratio]);
    let floored = "{ filtered = { window = 2, volatility = { ewma = 0.5 }, burn_in = 1, floor = \"median\" } }";
    assert_near(&moves(&scenarios(&returns, 1, floored).unwrap()), &[3.0, 1.0]);
}

#[test]
fn longer_horizons_sum_scaled_steps() {
    // As above with one more step: v1 = 1, v2 = 1, v3 = 5, forecast v4 = (5 + 4)/2 = 4.5; scaled r s/s_i.
    let returns = [1.0, 1.0, 3.0, -2.0];
    let text = "{ filtered = { window = 3, volatility = { ewma = 0.5 }, burn_in = 1 } }";
    let s = 4.5_f64.sqrt();
    let (a, b, c) = (s, 3.0 * s, -2.0 * s / 5.0_f64.sqrt());
    assert_near(&moves(&scenarios(&returns, 2, text).unwrap()), &[a + b, b + c]);
    let root = 2.0_f64.sqrt();
    let text = "{ filtered = { window = 3, volatility = { ewma = 0.5 }, burn_in = 1, scaling = \"sqrt_time\" } }";
    let scaled = [a * root, b * root, c * root];
    assert_near(&moves(&scenarios(&returns, 2, text).unwrap()), &scaled);
}

#[test]
fn a_price_that_never_moved_does_not_move() {
    let text = "{ filtered = { window = 2, volatility = { ewma = 0.5 }, burn_in = 1 } }";
    assert_near(&moves(&scenarios(&[0.0, 0.0, 0.0], 1, text).unwrap()), &[0.0, 0.0]);
    // Its first move has no volatility before it and stays as it was.
    assert_near(&moves(&scenarios(&[0.0, 0.0, 2.0], 1, text).unwrap()), &[0.0, 2.0]);
}

#[test]
fn a_window_shorter_than_the_margin_period_is_refused() {
    let error = scenarios(&[1.0; 9], 5, "{ historical = { window = 5 } }").unwrap_err();
    assert!(matches!(error, RiskError::Parameter { name: "window", .. }), "{error}");
}

/// Returns with clusters, in units.
fn clustered(n: usize) -> Vec<f64> {
    let mut returns = vec![0.0; n];
    let mut stream = mpor_stats::random::Streams::new(5, "clusters", 0).path(0);
    stream.fill_normal(&mut returns);
    let mut h = 1.0_f64;
    for r in &mut returns {
        *r *= h.sqrt();
        h = 0.05 + 0.15 * *r * *r + 0.8 * h;
    }
    returns
}

#[test]
fn a_fitted_filter_rescales_by_its_own_volatilities() {
    let returns = clustered(400);
    for (name, dynamics) in
        [("garch", Dynamics::Garch), ("gjr", Dynamics::Gjr), ("egarch", Dynamics::Egarch)]
    {
        let text = format!(
            "{{ filtered = {{ window = 200, volatility = {{ {name} = {{ innovations = \"student_t\", fit = 300 }} }} }} }}"
        );
        let found = moves(&scenarios(&returns, 1, &text).unwrap());
        let model = Model {
            dynamics,
            innovations: Innovations::StudentT,
            mean: Mean::Zero,
            ..Model::default()
        };
        let recent: Vec<f64> = returns[100..].iter().map(|r| UNIT * r).collect();
        let fit = model.fit(&recent, &FitOptions::default()).unwrap();
        let path = model.path(&recent, &fit.parameters).unwrap();
        for (i, found) in found.iter().enumerate() {
            let expected = returns[200 + i] * path.forecast() / path.sigma[100 + i];
            // The scenario's fit stops at a coarser tolerance.
            assert!(
                (found - expected).abs() < 2e-3 * expected.abs(),
                "{name} {i}: {found} {expected}"
            );
        }
    }
    let text = "{ filtered = { window = 200, volatility = \"riskmetrics2006\" } }";
    assert_eq!(scenarios(&returns, 1, text).unwrap().len(), 200);
}

#[test]
fn bootstrapped_paths_are_drawn_over_the_margin_period() {
    let returns = clustered(300);
    let text = "{ filtered = { window = 200, volatility = { ewma = 0.94 }, paths = 500 } }";
    let (one, three) =
        (scenarios(&returns, 1, text).unwrap(), scenarios(&returns, 3, text).unwrap());
    assert_eq!((one.len(), one.names[499].as_str()), (500, "path 500"));
    let rescaled = "{ filtered = { window = 200, volatility = { ewma = 0.94 } } }";
    let dates = moves(&scenarios(&returns, 1, rescaled).unwrap());
    // A path of one step is one of the rescaled dates.
    for path in moves(&one) {
        assert!(dates.iter().any(|date| (date - path).abs() < 1e-9), "{path}");
    }
    let square = |set: &ScenarioSet| moves(set).iter().map(|x| x * x).sum::<f64>() / 500.0;
    let ratio = square(&three) / square(&one);
    assert!((2.0..4.5).contains(&ratio), "{ratio}");
    for bad in [
        "{ filtered = { window = 200, volatility = { ewma = 0.94 }, paths = 0 } }",
        "{ filtered = { window = 200, volatility = \"riskmetrics2006\", paths = 9 } }",
        "{ filtered = { window = 200, volatility = { ewma = 0.94 }, paths = 9, rescale = \"mid\" } }",
        "{ filtered = { window = 200, volatility = { garch = { fit = 100 } } } }",
    ] {
        let error = scenarios(&returns, 1, bad).unwrap_err();
        assert!(matches!(error, RiskError::Parameter { .. }), "{error}");
    }
}

#[test]
fn a_price_that_never_moved_has_no_model_and_does_not_move() {
    for extra in ["", ", paths = 40"] {
        let text =
            format!("{{ filtered = {{ window = 40, volatility = {{ garch = {{}} }}{extra} }} }}");
        assert_near(&moves(&scenarios(&[0.0; 60], 2, &text).unwrap())[..39], &[0.0; 39]);
    }
}
