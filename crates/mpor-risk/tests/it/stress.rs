//! Worst windows, episodes, written-down moves and reverse stress.

use mpor_core::{Portfolio, Position, Span, Timestamp};
use mpor_risk::stress::episodes::{episode, episodes, read_episodes};
use mpor_risk::stress::hypothetical::hypothetical_set;
use mpor_risk::stress::window::worst_window_of;
use mpor_risk::stress::{
    Hypothetical, Outcome, ReverseStress, Shock, Sweep, rolling, worst_window,
};
use mpor_risk::{Measure, RiskError, RiskMeasure, ScenarioSpec, Scratch, SmileDynamics, revalue};
use mpor_stats::Level;
use ndarray::{ArrayView2, array};
use proptest::prelude::*;

use crate::market::{Market, NOW};

fn figure(pnl: &[f64], measure: Measure, level: Level) -> f64 {
    RiskMeasure::new(measure, level).of(pnl, None, &mut Scratch::default()).unwrap().amount
}

proptest! {
    #[test]
    fn every_window_has_the_figure_of_its_losses(
        pnl in prop::collection::vec(-50_i32..50, 5..120),
        window in 1_usize..60,
        permille in 510_u32..999,
    ) {
        let pnl: Vec<f64> = pnl.into_iter().map(|x| 0.37 * f64::from(x)).collect();
        let level: Level = format!("0.{permille}").parse().unwrap();
        let window = window.min(pnl.len());
        for measure in [Measure::Var, Measure::Es] {
            let found = worst_window(&pnl, window, measure, level).unwrap();
            let plain: Vec<f64> = pnl.windows(window).map(|w| figure(w, measure, level)).collect();
            prop_assert_eq!(found.figures.len(), plain.len());
            for (a, b) in found.figures.iter().zip(&plain) {
                prop_assert!((a - b).abs() < 1e-10, "{a} {b}");
            }
            let worst = plain.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            prop_assert!((found.figure - worst).abs() < 1e-10);
            prop_assert_eq!(found.figure, plain[found.start]);
            prop_assert!((found.start..found.start + window).contains(&found.binding));
        }
    }
}

#[test]
fn a_window_that_is_none_is_refused() {
    assert!(rolling(&[1.0, 2.0], 0, Measure::Var, Level::P99).is_err());
    assert!(rolling(&[1.0, 2.0], 3, Measure::Var, Level::P99).is_err());
    assert!(rolling(&[1.0, f64::NAN], 1, Measure::Var, Level::P99).is_err());
}

fn held(market: &Market, name: &str, quantity: f64) -> Portfolio {
    Portfolio::new(vec![Position { instrument: market.find(name), quantity }])
}

#[test]
fn the_wild_weeks_of_the_test_market_are_found() {
    let market = Market::new();
    let at = market.at(NOW);
    let day = at.day(1);
    let spec: ScenarioSpec =
        serde_json::from_str(r#"{ "historical": { "window": 290 } }"#).unwrap();
    let revaluation = revalue(&day, &spec.scenarios(&day).unwrap()).unwrap();
    let book = held(&market, "BTC-SPOT", 1.0);
    let worst =
        worst_window_of(&revaluation, &book, 20, Measure::Es, "0.9".parse().unwrap()).unwrap();
    // Steps 150 to 169 have three times the volatility; the first move of the window of 290 ends at step 11.
    let steps = worst.start + 11..worst.start + 31;
    assert!(steps.start < 170 && steps.end > 150, "{steps:?}");
}

#[test]
fn shipped_episodes_are_dated_and_sourced() {
    let all = episodes().unwrap();
    for id in ["october-2008", "crypto-2020-03", "luna-2022", "ftx-2022", "crypto-2025-10"] {
        assert!(all.iter().any(|episode| episode.id == id), "{id}");
    }
    let starts: Vec<Timestamp> = all.iter().map(|episode| episode.span().unwrap().0).collect();
    assert!(starts.is_sorted());
    assert!(episode("no-such").unwrap_err().to_string().contains("luna-2022"));
    let entry = |from: &str, to: &str, source: &str| {
        format!(
            "version = \"1\"\n[[episode]]\nid = \"a\"\nname = \"A\"\nfrom = \"{from}\"\nto = \"{to}\"\nsource = \"{source}\"\n"
        )
    };
    assert!(read_episodes(&entry("2020-01-01", "2020-01-02", "x")).is_ok());
    for bad in [
        entry("2020-01-03", "2020-01-02", "x"),
        entry("2020-13-03", "2020-01-02", "x"),
        entry("2020-01-01", "2020-01-02", ""),
        "version = \"1\"".to_owned(),
        entry("2020-01-01", "2020-01-02", "x") + &entry("2020-01-01", "2020-01-02", "x")[14..],
    ] {
        assert!(read_episodes(&bad).is_err(), "{bad}");
    }
}

#[test]
fn an_episode_is_the_moves_that_ended_in_it() {
    // The test market starts on 1970-01-01, a step a day at midnight.
    let text = "version = \"1\"\n[[episode]]\nid = \"spring\"\nname = \"Spring\"\nfrom = \"1970-03-21\"\nto = \"1970-03-23\"\nsource = \"made up\"\n";
    let spring = &read_episodes(text).unwrap()[0];
    let market = Market::new();
    let at = market.at(NOW);
    let set = spring.scenarios(&at.day(2)).unwrap();
    // Bars known at midnight after the 21st, 22nd and 23rd: days 80, 81 and 82 of the epoch.
    assert_eq!(set.len(), 3);
    let spot =
        market.history.panel.series(mpor_core::Factor::Spot(mpor_core::UnderlyingIx(0))).unwrap();
    for (s, step) in [80, 81, 82].into_iter().enumerate() {
        assert!((set.spot[[0, s]] - (spot[step] / spot[step - 2] - 1.0)).abs() < 1e-12);
    }
    assert_eq!(spring.steps(market.history.panel.times()).unwrap(), 80..83);
    // A history that ends before it does not have it.
    let early = market.at(60);
    let error = spring.scenarios(&early.day(2)).unwrap_err().to_string();
    assert!(error.contains("1970-03-21"), "{error}");
    let _ = Span::days(1);
}

#[test]
fn written_down_moves_are_what_they_say() {
    let market = Market::new();
    let at = market.at(NOW);
    let day = at.day(1);
    let one = |name: &str, shocks: Vec<Shock>| Hypothetical { name: name.to_owned(), shocks };
    let crash = Shock { spot: -0.5, vol: 1.0, ..Shock::default() };
    let only = Shock { underlying: Some("ETH".to_owned()), spot: 0.2, ..Shock::default() };
    let set = hypothetical_set(
        &day,
        &[one("crash", vec![crash.clone(), only]), one("rest", vec![])],
        SmileDynamics::StickyStrike,
    )
    .unwrap();
    assert_eq!(set.spot, array![[-0.5, 0.0], [0.2, 0.0]]);
    let pnl = revalue(&day, &set).unwrap();
    let row = |name: &str| day.row(market.find(name)).unwrap();
    let spot = at.state.underlyings[0].spot;
    assert!((pnl.pnl[[row("BTC-SPOT"), 0]] + 0.5 * spot).abs() < 1e-9 * spot);
    assert!(pnl.pnl.column(1).iter().all(|gain| gain.abs() < 1e-9));
    let ladder = Sweep::Vol(vec![-0.2, 0.0, 0.5]).scenarios();
    let set = hypothetical_set(&day, &ladder, SmileDynamics::StickyStrike).unwrap();
    let pnl = revalue(&day, &set).unwrap();
    let straddle = pnl.pnl.row(row("BTC-90D-100-C")).to_vec();
    assert!(straddle[0] < 0.0 && straddle[1].abs() < 1e-9 && straddle[2] > 0.0, "{straddle:?}");
    for bad in [
        Shock { spot: -1.0, ..Shock::default() },
        Shock { vol: f64::NAN, ..Shock::default() },
        Shock { underlying: Some("DOGE".to_owned()), ..Shock::default() },
    ] {
        assert!(
            hypothetical_set(&day, &[one("bad", vec![bad])], SmileDynamics::StickyStrike).is_err()
        );
    }
    assert_eq!(
        hypothetical_set(&day, &[], SmileDynamics::StickyStrike).unwrap_err(),
        RiskError::NoScenarios
    );
}

fn linear(moves: ArrayView2<'_, f64>) -> Result<Vec<f64>, RiskError> {
    Ok(moves.columns().into_iter().map(|x| 3.0 * x[0] - 2.0 * x[1]).collect())
}

#[test]
fn a_linear_book_has_a_closed_form() {
    // Nearest point of the half-space d'x >= M: distance M / sqrt(d' Sigma d), at x = M Sigma d / (d' Sigma d).
    let covariance = array![[0.04, 0.01], [0.01, 0.09]];
    let variance: f64 = 9.0 * 0.04 - 12.0 * 0.01 + 4.0 * 0.09;
    let outcome = ReverseStress::default().search(covariance.view(), 2.0, &mut linear).unwrap();
    let Outcome::Exhausted(found) = outcome else { panic!("{outcome:?}") };
    assert!((found.distance - 2.0 / variance.sqrt()).abs() < 1e-9, "{found:?}");
    let expected =
        [2.0 * (3.0 * 0.04 - 2.0 * 0.01) / variance, 2.0 * (3.0 * 0.01 - 2.0 * 0.09) / variance];
    assert!(found.moves.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5), "{found:?}");
    assert!(found.loss >= 2.0 && found.held_at < found.distance);
    // Two factors: P(distance >= d) = exp(-d^2 / 2).
    assert!((found.probability - (-0.5 * found.distance * found.distance).exp()).abs() < 1e-12);
    let far = ReverseStress::default().search(covariance.view(), 100.0, &mut linear).unwrap();
    assert!(matches!(far, Outcome::Withstood { largest_loss, .. } if largest_loss < 100.0));
}

/// A book with two pockets of loss and kinks, against a dense grid of angles and distances.
#[test]
fn two_factors_against_a_dense_grid() {
    let loss = |x: f64, y: f64| {
        let straddle = (x.abs() - 1.0).max(0.0) * 2.0 + (0.5 - y).max(0.0) - 0.5;
        straddle + 0.8 * (y - 2.0).max(0.0) * (1.5 - x).max(0.0) - 0.3 * x
    };
    let mut losses = |moves: ArrayView2<'_, f64>| {
        Ok(moves.columns().into_iter().map(|m| loss(m[0], m[1])).collect())
    };
    let covariance = array![[1.0, 0.0], [0.0, 1.0]];
    for margin in [0.5, 1.0, 2.0, 3.5] {
        let outcome =
            ReverseStress::default().search(covariance.view(), margin, &mut losses).unwrap();
        let Outcome::Exhausted(found) = outcome else { panic!("{margin} {outcome:?}") };
        // Every point of a grid that is nearer by more than its spacing holds the margin.
        let mut nearest = f64::INFINITY;
        for angle in 0..2000 {
            let angle = std::f64::consts::TAU * f64::from(angle) / 2000.0;
            let first = (0..4000)
                .map(|k| f64::from(k) * 0.0025)
                .find(|r| loss(r * angle.cos(), r * angle.sin()) >= margin);
            nearest = nearest.min(first.unwrap_or(f64::INFINITY));
        }
        assert!(
            found.distance <= nearest + 1e-9,
            "{margin}: {} but the grid has {nearest}",
            found.distance
        );
        assert!(
            found.distance >= nearest - 0.0025 - 2e-3,
            "{margin}: {} and the grid {nearest}",
            found.distance
        );
        assert!(loss(found.moves[0], found.moves[1]) >= margin);
    }
}

#[test]
fn reverse_stress_of_a_day_is_a_full_revaluation() {
    let market = Market::new();
    let at = market.at(NOW);
    let day = at.day(2);
    let book = held(&market, "BTC-SPOT", 1.0);
    let spot = at.state.underlyings[0].spot;
    let options = ReverseStress { directions: 16, ..ReverseStress::default() };
    let (factors, outcome) = options.on_day(&day, &book, 0.1 * spot, 200).unwrap();
    let Outcome::Exhausted(found) = outcome else { panic!("{outcome:?}") };
    // Closed form: one long coin needs ln 0.9 of its own factor, in units of its deviation over two steps.
    let series = market.history.panel.series(factors[0]).unwrap();
    let logs: Vec<f64> = (NOW - 199..=NOW).map(|t| (series[t] / series[t - 1]).ln()).collect();
    let deviation = (2.0 * mpor_stats::descriptive::sample_variance(&logs).unwrap()).sqrt();
    let expected = -(0.9_f64.ln()) / deviation;
    assert!((found.distance / expected - 1.0).abs() < 1e-3, "{} {expected}", found.distance);
    assert!((found.moves[0] - 0.9_f64.ln()).abs() < 1e-6);
}

#[test]
fn a_question_without_sense_is_refused() {
    let search = |covariance: ndarray::Array2<f64>, margin: f64, options: ReverseStress| {
        options.search(covariance.view(), margin, &mut linear)
    };
    let unit = array![[1.0, 0.0], [0.0, 1.0]];
    assert!(search(unit.clone(), -1.0, ReverseStress::default()).is_err());
    assert!(search(array![[1.0, 2.0], [2.0, 1.0]], 1.0, ReverseStress::default()).is_err());
    assert!(search(array![[0.0, 0.0], [0.0, 0.0]], 1.0, ReverseStress::default()).is_err());
    assert!(search(unit, 1.0, ReverseStress { rings: 0, ..ReverseStress::default() }).is_err());
    // A singular covariance is searched where it has variance: both factors are one.
    let twice = array![[0.04, 0.04], [0.04, 0.04]];
    let Outcome::Exhausted(found) = search(twice, 0.1, ReverseStress::default()).unwrap() else {
        panic!()
    };
    assert!((found.distance - 0.1 / 0.2).abs() < 1e-9);
}
