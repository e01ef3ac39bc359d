//! Contributions, ladders and hedges against hand arithmetic, a linear programme of scipy and laws.

use mpor_core::{InstrumentIx, Portfolio, Position};
use mpor_pricing::sensitivities;
use mpor_risk::contribution::euler::of_portfolio;
use mpor_risk::contribution::{
    contributions, ladder, least_requirement, least_shortfall, least_var,
};
use mpor_risk::{Measure, RiskMeasure, ScenarioSpec, Scratch, revalue};
use mpor_stats::Level;
use mpor_stats::random::Streams;
use ndarray::{Array2, array};
use proptest::prelude::*;

use crate::market::{Market, NOW};

fn level(text: &str) -> Level {
    text.parse().unwrap()
}

fn figure(pnl: &[f64], measure: Measure, level: Level) -> f64 {
    RiskMeasure::new(measure, level).of(pnl, None, &mut Scratch::default()).unwrap().amount
}

fn pnl(base: &[f64], units: &Array2<f64>, quantities: &[f64]) -> Vec<f64> {
    let mut out = base.to_vec();
    for (unit, quantity) in units.rows().into_iter().zip(quantities) {
        out.iter_mut().zip(unit).for_each(|(sum, one)| *sum += quantity * one);
    }
    out
}

#[test]
fn a_shortfall_by_hand() {
    // Level 0.75 of five scenarios: the worst 1.25. Losses of the book 2 A - B: 10, 4, 1, -2, -5.
    let units = array![[-4.0, -1.0, 0.0, 2.0, 3.0], [2.0, 2.0, 1.0, 2.0, 1.0]];
    let parts =
        contributions(units.view(), &[2.0, -1.0], None, Measure::Es, level("0.75")).unwrap();
    // A loses 4 and 1 of a contract there: (4 + 1 / 4) / 1.25 = 3.4; B gains 2 in both: -2.
    assert!((parts.total - (10.0 + 4.0 / 4.0) / 1.25).abs() < 1e-14);
    let [a, b] = [parts.shares[0], parts.shares[1]];
    assert!((a.marginal - 3.4).abs() < 1e-14 && (b.marginal + 2.0).abs() < 1e-14, "{parts:?}");
    assert!((a.component + b.component - parts.total).abs() < 1e-14);
    // Without A the book is short B, whose worst losses are 2 and a quarter of 2.
    assert!((a.incremental - (parts.total - 2.0)).abs() < 1e-14);
}

fn random(seed: u64, rows: usize, columns: usize) -> Array2<f64> {
    let streams = Streams::new(seed, "contribution tests", 0);
    Array2::from_shape_fn((rows, columns), |(i, s)| {
        let mut common = streams.path(1_000_000 + s as u64);
        let mut own = streams.path((i * columns + s) as u64);
        (1.0 + i as f64) * (0.7 * common.normal() + own.normal())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn components_add_up(
        quantities in prop::collection::vec(-3.0..3.0_f64, 4),
        permille in 800_u32..995,
        seed in 0_u64..1000,
        weighted in any::<bool>(),
    ) {
        let units = random(seed, 4, 150);
        let weights: Vec<f64> = (0..150).map(|s| 1.0 + (s % 7) as f64).collect();
        let weights = weighted.then_some(weights.as_slice());
        for measure in [Measure::Es, Measure::Var] {
            let parts = contributions(units.view(), &quantities, weights, measure, level(&format!("0.{permille}"))).unwrap();
            let sum: f64 = parts.shares.iter().map(|share| share.component).sum();
            prop_assert!((sum - parts.total).abs() < 1e-9 * (1.0 + parts.total.abs()), "{measure:?} {sum} {}", parts.total);
            if measure == Measure::Es {
                prop_assert_eq!(parts.total, parts.figure);
            }
            // Twice the book has twice the components and the same marginals.
            let twice: Vec<f64> = quantities.iter().map(|q| 2.0 * q).collect();
            let doubled = contributions(units.view(), &twice, weights, measure, level(&format!("0.{permille}"))).unwrap();
            for (one, two) in parts.shares.iter().zip(&doubled.shares) {
                prop_assert!((one.marginal - two.marginal).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn the_least_shortfall_is_not_beaten(
        bound in 0.1..3.0_f64,
        permille in 800_u32..995,
        seed in 0_u64..1000,
    ) {
        let all = random(seed, 4, 120);
        let base = all.row(0).to_vec();
        let units = all.slice(ndarray::s![1.., ..]).to_owned();
        let bounds = [(-bound, bound), (-bound, 0.0), (0.2, 0.2)];
        let at = level(&format!("0.{permille}"));
        let least = least_shortfall(&base, units.view(), &bounds, at).unwrap();
        let es = |h: &[f64]| figure(&pnl(&base, &units, h), Measure::Es, at);
        prop_assert!((es(&least.quantities) - least.es).abs() < 1e-9);
        prop_assert!((least.es - least.lower_bound).abs() < 1e-8);
        let mut stream = Streams::new(seed, "tries", 0).path(0);
        for _ in 0..200 {
            let tried: Vec<f64> = bounds.iter().map(|(low, high)| low + stream.uniform() * (high - low)).collect();
            prop_assert!(es(&tried) >= least.es - 1e-9);
        }
    }
}

/// A marginal ES is the derivative: central differences of a large smooth sample.
#[test]
fn marginals_are_derivatives() {
    let units = random(5, 3, 20_000);
    let quantities = [1.0, -0.7, 0.4];
    let at = level("0.95");
    let parts = contributions(units.view(), &quantities, None, Measure::Es, at).unwrap();
    let zero = vec![0.0; 20_000];
    for i in 0..3 {
        let moved = |h: f64| {
            let mut q = quantities;
            q[i] += h;
            figure(&pnl(&zero, &units, &q), Measure::Es, at)
        };
        let slope = (moved(1e-4) - moved(-1e-4)) / 2e-4;
        assert!((slope - parts.shares[i].marginal).abs() < 1e-2 * slope.abs().max(1.0));
    }
}

/// The standard error of a component: its spread over independent samples.
#[test]
fn standard_errors_are_the_spread_of_repetitions() {
    let (mut components, mut errors) = (Vec::new(), Vec::new());
    for seed in 0..200 {
        let parts = contributions(
            random(seed, 2, 400).view(),
            &[1.0, 0.5],
            None,
            Measure::Es,
            level("0.95"),
        )
        .unwrap();
        components.push(parts.shares[1].component);
        errors.push(parts.shares[1].standard_error.unwrap());
    }
    let spread = mpor_stats::descriptive::sample_std(&components).unwrap();
    let stated = mpor_stats::descriptive::mean(&errors).unwrap();
    assert!((stated / spread - 1.0).abs() < 0.2, "{stated} {spread}");
}

/// Elliptical P&L: the Euler share of a position is its covariance with the book over the variance of the book, for VaR and ES alike.
#[test]
fn normal_books_share_by_covariance() {
    let units = random(9, 3, 60_000);
    let quantities = [1.0, 1.0, -0.5];
    let book = pnl(&vec![0.0; 60_000], &units, &quantities);
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    for measure in [Measure::Es, Measure::Var] {
        let parts = contributions(units.view(), &quantities, None, measure, level("0.95")).unwrap();
        for (i, share) in parts.shares.iter().enumerate() {
            let beta = product(&units.row(i).to_vec(), &book) / product(&book, &book);
            let expected = quantities[i] * beta;
            assert!((share.component / parts.total - expected).abs() < 0.03, "{measure:?} {i}");
        }
    }
}

fn wave(s: usize) -> f64 {
    let s = s as f64;
    3.0 * (1.7 * s).sin() - (0.02 * s * s).rem_euclid(2.0)
}

/// `scipy.optimize.linprog` (HiGHS) on the programme of Rockafellar and Uryasev.
#[test]
fn the_least_shortfall_is_that_of_a_linear_programme() {
    let base: Vec<f64> = (0..40).map(wave).collect();
    let units = Array2::from_shape_fn((3, 40), |(j, s)| {
        let (j, s) = (j as f64, s as f64);
        (0.9 * s + j).cos() + 0.3 * (2.3 * s * (j + 1.0)).sin()
    });
    for (at, bounds, expected) in [
        ("0.9", (-2.0, 2.0), 3.99036862140265),
        ("0.9", (-0.5, 0.7), 4.024838541108673),
        ("0.77", (-2.0, 2.0), 3.4332381595389543),
        ("0.77", (-0.5, 0.7), 3.527453838328765),
    ] {
        let least = least_shortfall(&base, units.view(), &[bounds; 3], level(at)).unwrap();
        assert!((least.es - expected).abs() < 1e-9, "{least:?} {expected}");
        assert!(least.cuts < 200);
        let var = least_var(&base, units.view(), &[bounds; 3], level(at)).unwrap();
        assert!(
            var.after <= var.before
                && var.after
                    <= figure(&pnl(&base, &units, &least.quantities), Measure::Var, level(at))
        );
    }
    // A hedge that is the book itself takes all risk away.
    let own = Array2::from_shape_fn((1, 40), |(_, s)| wave(s));
    let gone = least_shortfall(&base, own.view(), &[(-2.0, 2.0)], Level::P99).unwrap();
    assert!((gone.quantities[0] + 1.0).abs() < 1e-9 && gone.es.abs() < 1e-9, "{gone:?}");
}

#[test]
fn any_requirement_can_be_hedged_within_bounds() {
    let mut requirement = |h: &[f64]| Ok((h[0] - 0.3).abs() + 2.0 * (h[1] + 5.0).abs() + 1.0);
    let hedge = least_requirement(&[(-1.0, 1.0), (-2.0, 2.0)], &[], &mut requirement).unwrap();
    assert!((hedge.quantities[0] - 0.3).abs() < 1e-5 && hedge.quantities[1] == -2.0, "{hedge:?}");
    assert!((hedge.after - 7.0).abs() < 1e-5 && (hedge.before - 11.3).abs() < 1e-12);
    assert!(least_requirement(&[(1.0, -1.0)], &[], &mut requirement).is_err());
}

#[test]
fn what_does_not_fit_is_refused() {
    let units = array![[1.0, 2.0]];
    assert!(contributions(units.view(), &[1.0, 1.0], None, Measure::Es, Level::P99).is_err());
    assert!(
        contributions(array![[1.0, f64::NAN]].view(), &[1.0], None, Measure::Es, Level::P99)
            .is_err()
    );
    assert!(least_shortfall(&[], Array2::zeros((1, 0)).view(), &[(0.0, 1.0)], Level::P99).is_err());
    assert!(
        least_shortfall(&[1.0, 2.0], units.view(), &[(0.0, f64::INFINITY)], Level::P99).is_err()
    );
    assert!(least_shortfall(&[1.0], units.view(), &[(0.0, 1.0)], Level::P99).is_err());
}

fn portfolio(market: &Market) -> Portfolio {
    let held =
        [("BTC-30D-100-C", -5.0), ("BTC-PERP", 20.0), ("BTC-90D-80-P", 3.0), ("ETH-SPOT", 4.0)];
    let position =
        |(name, quantity): (&str, f64)| Position { instrument: market.find(name), quantity };
    Portfolio::new(held.map(position).to_vec())
}

#[test]
fn a_portfolios_shares_add_up_on_a_day() {
    let market = Market::new();
    let at = market.at(NOW);
    let day = at.day(2);
    let spec: ScenarioSpec =
        serde_json::from_str(r#"{ "historical": { "window": 200 } }"#).unwrap();
    let revaluation = revalue(&day, &spec.scenarios(&day).unwrap()).unwrap();
    let book = portfolio(&market);
    for measure in [Measure::Es, Measure::Var] {
        let parts = of_portfolio(&revaluation, &book, measure, level("0.975")).unwrap();
        let sum: f64 = parts.shares.iter().map(|share| share.component).sum();
        assert!((sum - parts.total).abs() < 1e-8 * parts.total.abs());
    }
    let foreign =
        Portfolio::new(vec![Position { instrument: InstrumentIx(100_000), quantity: 1.0 }]);
    assert!(of_portfolio(&revaluation, &foreign, Measure::Es, Level::P99).is_err());
}

#[test]
fn ladders_sum_the_sensitivities_of_what_is_held() {
    let market = Market::new();
    let at = market.at(NOW);
    let book = portfolio(&market);
    let ladders = ladder(&at.state, &market.history.universe, &book).unwrap();
    assert_eq!(ladders.len(), 2);
    let btc = &ladders[0];
    // Perpetual first, then thirty and ninety days.
    assert_eq!(btc.rungs.len(), 3);
    assert!(btc.rungs[0].expiry.is_none() && btc.rungs[1].expiry < btc.rungs[2].expiry);
    let unit =
        |name: &str| sensitivities(&at.state, &market.history.universe, market.find(name)).unwrap();
    let (call, put, perpetual) = (unit("BTC-30D-100-C"), unit("BTC-90D-80-P"), unit("BTC-PERP"));
    assert_eq!(btc.rungs[1].gamma, -5.0 * call.gamma);
    assert_eq!(btc.rungs[0].delta_cash, 20.0 * perpetual.delta_cash);
    let vega = -5.0 * call.vega + 3.0 * put.vega;
    assert!((btc.net.vega - vega).abs() < 1e-9 * vega.abs());
    assert!(btc.net.theta > 0.0 || btc.net.gamma > 0.0);
}
