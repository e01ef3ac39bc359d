//! `mpor compare`: two finished runs side by side on a terminal.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use mpor::MporError;
use mpor::compare::{Comparison, Row, compare};
use serde_json::json;

use crate::text::{line, table};

/// Most rows of a list on a terminal.
const MOST_ROWS: usize = 20;

/// Options of the command.
#[derive(Args)]
pub struct Options {
    /// The folder of a finished run.
    before: PathBuf,
    /// The folder of the run that it is compared with.
    after: PathBuf,
}

/// Compares and prints.
pub fn run(options: &Options, as_json: bool) -> Result<ExitCode, MporError> {
    let found = compare(&options.before, &options.after)?;
    if as_json {
        println!("{}", json!(found));
    } else {
        print(&found);
    }
    Ok(ExitCode::SUCCESS)
}

fn print(found: &Comparison) {
    println!("{}\n", line(&found.verdict));
    if found.differences.is_empty() {
        println!("The same version, study and inputs.");
    } else {
        let rows: Vec<Vec<String>> = found
            .differences
            .iter()
            .take(MOST_ROWS)
            .map(|one| vec![one.what.clone(), one.before.clone(), one.after.clone()])
            .collect();
        println!("{}", table(&["differs", "before", "after"], &rows));
        more(found.differences.len(), rows.len(), "differences");
    }
    let header = [
        "model",
        "account",
        "mean margin",
        "change",
        "peak",
        "change",
        "breaches",
        "shortfall",
        "coverage",
        "peak to trough",
    ];
    let pooled = found.rows.iter().filter(|row| row.account.is_none());
    let changed = found.rows.iter().filter(|row| row.account.is_some() && row.changed());
    let rows: Vec<Vec<String>> = pooled.chain(changed).take(MOST_ROWS).map(row).collect();
    println!("{}", table(&header, &rows));
    let all = found.rows.iter().filter(|row| row.account.is_none() || row.changed()).count();
    more(all, rows.len(), "rows");
    if !found.moved.is_empty() {
        let rows: Vec<Vec<String>> = found
            .moved
            .iter()
            .map(|one| {
                vec![
                    one.time.to_string(),
                    one.model.clone(),
                    format!("{:.0}", one.before),
                    format!("{:.0}", one.after),
                    format!("{:+.0}", one.after - one.before),
                ]
            })
            .collect();
        println!("Dates on which the requirement of all shared accounts differs most:");
        let header = ["date", "model", "before", "after", "change"];
        println!("{}", table(&header, &rows));
    }
    for note in &found.notes {
        println!("- {}", line(note));
    }
}

fn more(all: usize, shown: usize, what: &str) {
    if all > shown {
        println!("{} more {what}; `--json` has all.\n", all - shown);
    }
}

fn row(row: &Row) -> Vec<String> {
    let dash = || "–".to_owned();
    let percent =
        |share: Option<f64>| share.map_or_else(dash, |share| format!("{:.2} %", 100.0 * share));
    let plain = |value: Option<f64>| value.map_or_else(dash, |value| format!("{value:.2}"));
    let arrow = |before: String, after: String| match before == after {
        true => before,
        false => format!("{before} → {after}"),
    };
    let change = |(before, after): (f64, f64)| match before == 0.0 {
        true => dash(),
        false => format!("{:+.1} %", 100.0 * (after / before - 1.0)),
    };
    let whole = |value: f64| format!("{value:.0}");
    vec![
        row.model.clone(),
        row.account.clone().unwrap_or_else(|| "all".to_owned()),
        arrow(whole(row.mean.0), whole(row.mean.1)),
        change(row.mean),
        arrow(whole(row.peak.0), whole(row.peak.1)),
        change(row.peak),
        arrow(row.breaches.0.to_string(), row.breaches.1.to_string()),
        arrow(whole(row.shortfall.0), whole(row.shortfall.1)),
        arrow(percent(row.coverage.0), percent(row.coverage.1)),
        arrow(plain(row.peak_to_trough.0), plain(row.peak_to_trough.1)),
    ]
}
