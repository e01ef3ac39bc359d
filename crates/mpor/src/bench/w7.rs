//! W7: Monte Carlo VaR and ES at 99 % of a linear book of 50 assets, one chi-square variable a path for all of them.
//!
//! `mvt` Student t marginals; `tcopula` a Student copula with the assets' own empirical laws. Streams differ from those of other tools, so
//! figures agree within Monte Carlo error.

use std::path::Path;
use std::sync::Arc;

use mpor_risk::simulation::{Copula, Joint, Marginal, Points};
use mpor_stats::covariance::cholesky;
use mpor_stats::quantile::worst_mean;
use mpor_stats::random::Streams;
use mpor_stats::{Level, QuantileRule, Side};
use ndarray::Array2;

use super::inputs::Numbers;
use super::{Answer, Check, Job, check, failed};
use crate::error::MporError;

pub(super) fn jobs(data: &Path) -> Result<Vec<Job>, MporError> {
    let folder = data.join("w7");
    let (paths, freedom) = spec(&folder.join("spec.json"))?;
    let knots = Numbers::read(&folder.join("sorted_history.parquet"), &[])?.all();
    let columns = Numbers::read(&folder.join("corr.parquet"), &[])?.all();
    let weights = Numbers::read(&folder.join("weights.parquet"), &["weight"])?.all();
    let weights = Arc::new(weights.into_iter().flatten().collect::<Vec<f64>>());
    let assets = columns.len();
    let square = Array2::from_shape_vec((assets, assets), columns.concat()).map_err(failed)?;
    cholesky(square.view()).map_err(failed)?;
    let student: Vec<Marginal> = knots
        .iter()
        .map(|knots| Marginal::Student { deviation: deviation(knots), freedom })
        .collect();
    let empirical: Vec<Marginal> =
        knots.into_iter().map(|knots| Marginal::Empirical { knots }).collect();
    let job = |what: &str, marginals: &[Marginal]| -> Result<Job, MporError> {
        let copula = Copula::Student(freedom);
        let joint = Joint::new(copula, square.view(), marginals, Points::Independent);
        let (joint, weights) = (joint.map_err(failed)?, weights.clone());
        let streams = Streams::new(1, "bench", 0);
        let run = move || -> Result<Answer, MporError> {
            let mut losses = joint.linear_pnl(0..paths, streams, &weights).map_err(failed)?;
            losses.iter_mut().for_each(|pnl| *pnl = -*pnl);
            let figures = risk(&losses)?;
            Ok(Box::new(move || figures))
        };
        let what = format!("{what}, {paths} paths x {assets}");
        let note = "random streams differ from other tools'".to_owned();
        Ok(Job { what, units: paths, unit: "path", note, run: Box::new(run) })
    };
    Ok(vec![job("mvt", &student)?, job("tcopula", &empirical)?])
}

/// Paths and degrees of freedom.
fn spec(path: &Path) -> Result<(usize, f64), MporError> {
    let text = std::fs::read_to_string(path).map_err(|error| MporError::folder(path, error))?;
    let spec: serde_json::Value =
        serde_json::from_str(&text).map_err(|error| MporError::folder(path, error))?;
    let found = spec["paths"].as_u64().zip(spec["nu"].as_f64());
    let (paths, nu) = found.ok_or_else(|| {
        MporError::folder(path, "expected { \"paths\": a whole number, \"nu\": a number }")
    })?;
    Ok((paths as usize, nu))
}

/// Sample standard deviation.
fn deviation(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let square = values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>();
    (square / (values.len() as f64 - 1.0)).sqrt()
}

fn risk(losses: &[f64]) -> Result<Check, MporError> {
    let mut scratch = Vec::new();
    let rule = QuantileRule::HyndmanFan7;
    let var = rule.var(losses, Level::P99, Side::Pnl, &mut scratch).map_err(failed)?;
    let es = worst_mean(losses, losses.len() / 100, &mut scratch).map_err(failed)?;
    Ok(check(6, [("var", var), ("es", es)]))
}
