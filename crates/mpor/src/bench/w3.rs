//! W3: GARCH(1,1) with mean zero and normal innovations on windows of 1,000 returns, refitted every 20 returns, and every day the 1 %
//! quantile of the window's residuals times the volatility to come.
//!
//! Quality is that of the same window's likelihood (first variance = mean square of the window) against a tight fit from many starts,
//! made after the clock has stopped.

use std::path::Path;
use std::sync::Arc;

use mpor_risk::series::{Forecast, Forecasts, RollingFhs};
use mpor_risk::volatility::{FitOptions, Mean, Model, Presample, Refit, Stationarity, Windows};
use mpor_risk::{Measure, RiskMeasure};
use mpor_stats::{Level, QuantileRule, Side};
use serde_json::Value;

use super::inputs::Numbers;
use super::{Answer, Check, Job, check, failed};
use crate::error::MporError;

pub(super) const WINDOWS: Windows = Windows { length: 1_000, every: 20 };
const OPTIONS: FitOptions = FitOptions { starts: 2, tolerance: 1e-6, evaluations: 300, warm: None };

/// The forecasts of the workload.
pub(super) fn rolling() -> RollingFhs {
    let model = Model {
        mean: Mean::Zero,
        presample: Presample::SampleVariance,
        stationarity: Stationarity::Free,
        ..Model::default()
    };
    let measure = RiskMeasure {
        rule: QuantileRule::HyndmanFan7,
        side: Side::Pnl,
        ..RiskMeasure::new(Measure::Var, Level::P99)
    };
    RollingFhs { model, windows: WINDOWS, options: OPTIONS, measure }
}

pub(super) fn jobs(data: &Path) -> Result<Vec<Job>, MporError> {
    let series = Arc::new(Numbers::read(&data.join("w3/returns.parquet"), &[])?.all());
    let fits = |series: &[f64]| series.len().saturating_sub(WINDOWS.length).div_ceil(WINDOWS.every);
    let units: usize = series.iter().map(|series| fits(series)).sum();
    let fitted = series.clone();
    let fit = move || -> Result<Answer, MporError> {
        let slices: Vec<&[f64]> = fitted.iter().map(Vec::as_slice).collect();
        let rolling = rolling();
        let refits = rolling.model.refit_all(&slices, WINDOWS, &OPTIONS).map_err(failed)?;
        let series = fitted.clone();
        Ok(Box::new(move || quality(&series, &refits)))
    };
    let whole = move || -> Result<Answer, MporError> {
        let slices: Vec<&[f64]> = series.iter().map(Vec::as_slice).collect();
        let done = rolling().forecasts_all(&slices).map_err(failed)?;
        let series = series.clone();
        Ok(Box::new(move || figures(&series, done)))
    };
    let job = |what: &str, run| Job {
        what: what.to_owned(),
        units,
        unit: "fit",
        note: String::new(),
        run,
    };
    Ok(vec![job("fits alone, every20", Box::new(fit) as _), job("every20", Box::new(whole) as _)])
}

fn figures(series: &[Vec<f64>], done: Vec<Forecasts>) -> Check {
    let (forecasts, refits): (Vec<_>, Vec<_>) = done.into_iter().unzip();
    let forecasts: Vec<Forecast> = forecasts.into_iter().flatten().collect();
    let mut all = check(10, [("sum_var", forecasts.iter().map(|day| day.amount).sum())]);
    all.insert("forecasts".to_owned(), Value::from(forecasts.len()));
    all.extend(quality(series, &refits));
    all
}

/// What each fit's likelihood falls short of the best found for its window.
fn quality(series: &[Vec<f64>], refits: &[Vec<Refit>]) -> Check {
    let model = rolling().model;
    let tight = FitOptions { starts: 5, ..FitOptions::default() };
    let windows = series.iter().zip(refits).flat_map(|(series, refits)| {
        refits.iter().map(|refit| (&series[refit.at - WINDOWS.length..refit.at], refit))
    });
    let gap = |(window, refit): (&[f64], &Refit)| {
        model.fit(window, &tight).map(|best| best.log_likelihood - refit.fit.log_likelihood)
    };
    let gaps: Vec<f64> = windows.map(|pair| gap(pair).unwrap_or(f64::INFINITY)).collect();
    let failures = refits.iter().flatten().filter(|refit| !refit.fit.status.is_usable()).count();
    let mean = gaps.iter().sum::<f64>() / gaps.len().max(1) as f64;
    let largest = gaps.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut figures = check(4, [("mean_gap", mean), ("max_gap", largest)]);
    let over = |limit: f64| Value::from(gaps.iter().filter(|gap| **gap > limit).count());
    figures.insert("fits".to_owned(), Value::from(gaps.len()));
    figures.insert("gap_over_0_5".to_owned(), over(0.5));
    figures.insert("gap_over_5".to_owned(), over(5.0));
    figures.insert("not_converged".to_owned(), Value::from(failures));
    figures
}
