//! W2: one day ahead 99 % VaR and ES of every portfolio over a moving window of 500 days.
//!
//! `hs` plain, the VaR the type 7 quantile of the P&L; `brw` weights falling by 0.98 a day of age; `hw` the plain figures of P&L over the
//! EWMA volatility known before it (0.94, started from the mean square of the first 60), times today's.

use std::path::Path;
use std::sync::Arc;

use mpor_stats::ewma::{Decay, ewma_volatility};
use mpor_stats::{Level, QuantileRule, RollingTail, RollingWeightedTail, Side, StatsError};

use super::inputs::Numbers;
use super::{Answer, Job, check, failed};
use crate::error::MporError;

pub(super) const WINDOW: usize = 500;
const AGE_DECAY: f64 = 0.98;
const VOL_DECAY: f64 = 0.94;
const BURN_IN: usize = 60;

/// Figures of all forecasts, portfolio by portfolio.
#[derive(Default)]
struct Forecasts {
    var: Vec<f64>,
    es: Vec<f64>,
}

type Method = fn(&[f64], &mut Forecasts) -> Result<(), StatsError>;

pub(super) fn jobs(data: &Path) -> Result<Vec<Job>, MporError> {
    let mut losses = Numbers::read(&data.join("w2/pnl.parquet"), &[])?.all();
    losses.iter_mut().flatten().for_each(|pnl| *pnl = -*pnl);
    let losses = Arc::new(losses);
    let methods: [(&str, Method); 3] = [("hs", plain), ("brw", aged), ("hw", rescaled)];
    Ok(methods.map(|(what, method)| job(what, method, losses.clone())).into())
}

fn job(what: &str, method: Method, losses: Arc<Vec<Vec<f64>>>) -> Job {
    let units = losses.iter().map(|series| series.len().saturating_sub(WINDOW)).sum();
    let run = move || -> Result<Answer, MporError> {
        let mut found = Forecasts::default();
        found.var.reserve(units);
        found.es.reserve(units);
        for series in losses.iter().filter(|series| series.len() > WINDOW) {
            method(series, &mut found).map_err(failed)?;
        }
        Ok(Box::new(move || {
            check(10, [("var", found.var.iter().sum()), ("es", found.es.iter().sum())])
        }))
    };
    let note = String::new();
    Job { what: what.to_owned(), units, unit: "forecast", note, run: Box::new(run) }
}

fn tail(window: &[f64]) -> Result<RollingTail, StatsError> {
    RollingTail::new(window, Level::P99, QuantileRule::HyndmanFan7, Side::Pnl)
}

fn plain(losses: &[f64], found: &mut Forecasts) -> Result<(), StatsError> {
    let mut tail = tail(&losses[..WINDOW])?;
    for loss in &losses[WINDOW..] {
        found.var.push(tail.var());
        found.es.push(tail.expected_shortfall());
        tail.push(*loss)?;
    }
    Ok(())
}

fn aged(losses: &[f64], found: &mut Forecasts) -> Result<(), StatsError> {
    let mut tail = RollingWeightedTail::new(&losses[..WINDOW], AGE_DECAY, Level::P99)?;
    for loss in &losses[WINDOW..] {
        let figures = tail.figures();
        found.var.push(figures.var);
        found.es.push(figures.expected_shortfall);
        tail.push(*loss)?;
    }
    Ok(())
}

fn rescaled(losses: &[f64], found: &mut Forecasts) -> Result<(), StatsError> {
    let sigma = ewma_volatility(losses, Decay::new(VOL_DECAY)?, BURN_IN)?;
    let standard: Vec<f64> = losses.iter().zip(&sigma).map(|(loss, sigma)| loss / sigma).collect();
    let mut tail = tail(&standard[..WINDOW])?;
    for (loss, today) in standard[WINDOW..].iter().zip(&sigma[WINDOW..]) {
        found.var.push(today * tail.var());
        found.es.push(today * tail.expected_shortfall());
        tail.push(*loss)?;
    }
    Ok(())
}
