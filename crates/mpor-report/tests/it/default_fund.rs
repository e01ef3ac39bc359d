//! The figure of the default fund: the numbers drawn, and a fund that did not suffice.

use mpor_backtest::BacktestResult;
use mpor_backtest::default_fund::{Cover, FundPath, FundRules, StressDay, fund_path};
use mpor_core::{Column, Span};
use mpor_report::{Format, Rendered, render};

use crate::market::{self, Shape};

fn paths(result: &BacktestResult, cover: f64) -> Vec<FundPath> {
    let rules = FundRules {
        cover: Cover::Two,
        buffer: 0.0,
        minimum: 0.0,
        skin_in_the_game: 0.0,
        review: Span::days(30),
        look_back: Span(0),
        most_defaults: None,
    };
    let day = || StressDay { cover, scenario: Some("a scenario".to_owned()), scenarios: 1 };
    let stress = || result.times.iter().map(|_| day()).collect();
    (0..result.models.len())
        .map(|model| fund_path(result, model, stress(), &rules).unwrap())
        .collect()
}

fn rendered(cover: f64) -> (Vec<FundPath>, Rendered) {
    let shape = Shape { days: 400, accounts: 3, models: 3, ..Shape::usual() };
    let (result, findings) = (market::result(shape), market::findings());
    let paths = paths(&result, cover);
    let mut input = market::input(&result, &findings);
    input.default_fund = &paths;
    let made = render(&input, &[Format::Svg, Format::Png]).unwrap();
    (paths, made)
}

fn svg(made: &Rendered) -> String {
    let file = made.artifacts.iter().find(|file| file.path == "figures/default-fund.svg").unwrap();
    String::from_utf8(file.bytes.clone()).unwrap()
}

#[test]
fn the_figure_draws_what_the_paths_hold() {
    let (paths, made) = rendered(1e12);
    for file in made.artifacts.iter().filter(|file| file.path.contains("default-fund")) {
        market::keep(&file.path, &file.bytes);
    }
    let source = made.sources.iter().find(|(path, _)| path == "figures/default-fund.csv").unwrap();
    let Some(Column::Number(drawn)) = source.1.column("drawdown") else { unreachable!() };
    let expected: Vec<Option<f64>> =
        paths.iter().flat_map(|path| path.days.iter().map(|day| day.drawdown())).collect();
    assert_eq!(*drawn, expected);
    assert!(drawn.iter().flatten().any(|&share| share > 0.0), "the market must breach");
    assert!(svg(&made).contains("sufficed on all"), "a fund without end");
}

#[test]
fn a_fund_that_is_too_small_is_said_to_be() {
    let (paths, made) = rendered(1.0);
    for file in made.artifacts.iter().filter(|file| file.path.contains("default-fund")) {
        market::keep(&format!("small/{}", file.path), &file.bytes);
    }
    assert!(paths.iter().any(|path| path.summary().insufficient > 0));
    assert!(svg(&made).contains("too small on"));
}

#[test]
fn a_study_without_a_fund_has_no_such_figure() {
    let shape = Shape { days: 60, accounts: 1, models: 1, ..Shape::usual() };
    let (result, findings) = (market::result(shape), market::findings());
    let made = render(&market::input(&result, &findings), &[Format::Svg]).unwrap();
    assert!(made.artifacts.iter().all(|file| !file.path.contains("default-fund")));
}
