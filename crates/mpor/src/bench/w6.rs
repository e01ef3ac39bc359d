//! W6: Kupiec, Christoffersen, the dynamic quantile test and `Z2` of every series, in one pass each.

use std::path::Path;
use std::sync::Arc;

use mpor_backtest::coverage::one_pass::{self, OnePass};
use mpor_core::Level;

use super::inputs::Numbers;
use super::{Answer, Check, Job, check, failed};
use crate::error::MporError;

/// Series after series, each of `periods` numbers.
struct World {
    periods: usize,
    loss: Vec<f64>,
    var: Vec<f64>,
    es: Vec<f64>,
}

pub(super) fn jobs(data: &Path) -> Result<Vec<Job>, MporError> {
    let table = Numbers::read(&data.join("w6/backtest.parquet"), &[])?;
    let series = table.column("series")?.last().map_or(0, |last| *last as usize + 1);
    let world = Arc::new(World {
        periods: table.column("series")?.len() / series.max(1),
        loss: table.column("pnl")?.iter().map(|pnl| -pnl).collect(),
        var: table.column("var")?.to_vec(),
        es: table.column("es")?.to_vec(),
    });
    let what = format!("{series} series x {}", world.periods);
    let run = move || -> Result<Answer, MporError> {
        let results = world.test()?;
        Ok(Box::new(move || figures(&results)))
    };
    let (units, note) = (series, "check over all series".to_owned());
    Ok(vec![Job { what, units, unit: "series", note, run: Box::new(run) }])
}

impl World {
    fn test(&self) -> Result<Vec<OnePass>, MporError> {
        let numbers = self.loss.chunks(self.periods).zip(self.var.chunks(self.periods));
        let numbers = numbers.zip(self.es.chunks(self.periods));
        numbers.map(|((loss, var), es)| one(loss, var, es)).collect()
    }
}

pub(super) fn one(loss: &[f64], var: &[f64], es: &[f64]) -> Result<OnePass, MporError> {
    one_pass::test(loss, var, Some(es), Level::P99).map_err(failed)
}

/// A series without hits has dependent columns: its statistic is left out here, as by the scripts it is compared with.
pub(super) fn figures(results: &[OnePass]) -> Check {
    let sum = |figure: fn(&OnePass) -> f64| results.iter().map(figure).sum::<f64>();
    let hit = |found: &OnePass| found.hits > 0;
    let dq = results.iter().filter(|found| hit(found)).map(|found| found.dynamic_quantile);
    let none = results.iter().filter(|found| !hit(found)).count() as f64;
    check(
        9,
        [
            ("pof", sum(|found| found.kupiec.statistic)),
            ("ind", sum(|found| found.independence.statistic)),
            ("dq", dq.clone().map(|test| test.statistic).sum()),
            ("z2", sum(|found| found.z2.unwrap_or(f64::NAN))),
            ("p_cc", sum(|found| found.conditional.p_value)),
            ("p_dq", none + dq.map(|test| test.p_value).sum::<f64>()),
        ],
    )
}
