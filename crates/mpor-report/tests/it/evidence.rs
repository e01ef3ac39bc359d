//! Figures and tables of forecasts: wealth through time, places in the forecast law, and what the page says of them.

use mpor_backtest::coverage::Wanted;
use mpor_backtest::evidence::gather;
use mpor_backtest::{BacktestResult, DayForecast, ForecastPath};
use mpor_core::Column;
use mpor_report::{Format, render};

use crate::market::{self, Shape};

/// The usual result with two models that forecast: one whose law is right, one whose losses are always in the worst half.
fn with_forecasts() -> BacktestResult {
    let shape = Shape { days: 600, accounts: 3, models: 3, ..Shape::usual() };
    let mut result = market::result(shape);
    let path = |account: usize, worst: f64| {
        let losses = &result.losses[account].horizon;
        let point = |(step, loss): (usize, &Option<f64>)| {
            let place = ((step * 7 + account) % 40) as f64 + 0.5;
            Some(DayForecast {
                account,
                level: result.level,
                var: result.requirements[1][account].initial[step],
                es: 1.2 * result.requirements[1][account].initial[step],
                depth: loss.map(|_| worst * place / 40.0),
                outcome: None,
                log_likelihood: None,
                gradient_norm: None,
            })
        };
        let points = losses.iter().enumerate().map(point).collect();
        ForecastPath { points, ..ForecastPath::default() }
    };
    let of = |worst: f64| (0..3).map(|account| path(account, worst)).collect::<Vec<_>>();
    let forecasts = vec![vec![ForecastPath::default(); 3], of(1.0), of(0.5)];
    result.forecasts = forecasts;
    result.evidence = gather(&result, Wanted::All).unwrap();
    result
}

#[test]
fn wealth_and_places_are_drawn_and_told() {
    let (result, findings) = (with_forecasts(), market::findings());
    let all = [Format::Svg, Format::Png, Format::Pdf];
    let rendered = render(&market::input(&result, &findings), &all).unwrap();
    for file in &rendered.artifacts {
        market::keep(&file.path, &file.bytes);
    }
    let source = |id: &str| {
        let path = format!("figures/{id}.csv");
        &rendered.sources.iter().find(|(known, _)| *known == path).unwrap().1
    };
    let Some(Column::Number(heights)) = source("pit").column("against_promise") else {
        unreachable!("numbers")
    };
    // Forty even places in twenty parts; half of them in the worst ten, twice as often.
    assert!(heights[..20].iter().flatten().all(|height| (height - 1.0).abs() < 0.02));
    assert!(heights[20..30].iter().flatten().all(|height| (height - 2.0).abs() < 0.04));
    assert!(heights[30..].iter().flatten().all(|height| *height == 0.0));
    let paths = result.evidence.watched.paths.len();
    assert_eq!(source("e-process").rows(), paths * result.times.len());
    assert_eq!(paths, 3 + 2);
}

/// A result without forecasts and monitors has neither figure.
#[test]
fn nothing_forecast_is_nothing_drawn() {
    let shape = Shape { days: 30, accounts: 1, models: 2, ..Shape::usual() };
    let (result, findings) = (market::result(shape), market::findings());
    let rendered = render(&market::input(&result, &findings), &[Format::Svg]).unwrap();
    assert!(rendered.artifacts.iter().all(|file| !file.path.contains("e-process")));
    assert!(rendered.artifacts.iter().all(|file| !file.path.contains("pit")));
}
