//! W1: a long table of prices to a matrix of log returns; gaps carry the last price over at most five times.

use std::path::Path;

use mpor_data::dense::log_returns;
use mpor_data::tables::read_numbers;
use serde_json::Value;

use super::{Answer, Check, Job, check};
use crate::error::MporError;

const CARRY: usize = 5;

pub(super) fn jobs(data: &Path) -> Result<Vec<Job>, MporError> {
    let sets = ["daily.parquet", "daily_hive", "hourly.parquet"];
    sets.into_iter().map(|set| job(data, set)).collect()
}

fn job(data: &Path, set: &str) -> Result<Job, MporError> {
    let folder = data.join("w1");
    // The hive folder holds the rows of the daily file.
    let counted = folder.join(set.replace("daily_hive", "daily.parquet"));
    let units = read_numbers(&counted, &["close"])?.first().map_or(0, |column| column.1.len());
    let path = folder.join(set).display().to_string();
    let run = move || -> Result<Answer, MporError> {
        let found = log_returns(&path, CARRY)?;
        Ok(Box::new(move || figures(found.times.len(), found.instruments.len(), &found.values)))
    };
    let note = String::new();
    Ok(Job { what: set.to_owned(), units, unit: "row", note, run: Box::new(run) })
}

fn figures(times: usize, columns: usize, values: &[f64]) -> Check {
    let finite = || values.iter().filter(|x| x.is_finite());
    let (sum, square) = (finite().sum::<f64>(), finite().map(|x| x * x).sum::<f64>());
    let mut figures = check(10, [("sum", sum), ("sumsq", square)]);
    figures.insert("shape".to_owned(), Value::from(vec![times.saturating_sub(1), columns]));
    figures.insert("finite".to_owned(), Value::from(finite().count()));
    figures
}
