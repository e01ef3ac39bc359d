//! `mpor stress`: its help, and what it prints.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use mpor::stress::{Found, Pair, Stressed, asked, default_folder, stress};
use mpor::{MporError, Progress, StudyFile, Timestamp};
use serde_json::json;

use crate::text::{line, table};

/// Most rows on a terminal.
const MOST_ROWS: usize = 20;

const TEACH: &str = "\
Without a table [stress] the defaults hold. What it can say:

  [stress]
  at = \"2020-03-11\"                                # margin date; the last one where absent
  window = 365                                     # moves of the recent VaR window and of those compared with it
  episodes = [\"pandemic-2020\", \"ftx-2022\"]          # all that lie in the known history where absent
  smile = \"sticky_strike\"                          # in written-down moves and ladders
  contributions = { monte_carlo = { paths = 4096, degrees_of_freedom = 5, window = 365, decay = 0.97 } }
  ladders = { spot = [-0.3, 0, 0.3], vol = [-0.5, 0, 1], time = [\"1d\", \"7d\"] }
  reverse = { window = 365, farthest = 10, directions = 64, rings = 40 }
  hedge = { model = \"scan-15\", with = \"perpetual\" }  # or future, spot

  [[stress.scenario]]
  name = \"spot halves, volatility doubles\"
  shocks = [{ spot = -0.5, vol = 1.0 }]            # and underlying, perpetual, carry

  [[stress.episode]]                               # one of your own
  id = \"may-2021\"
  name = \"May 2021\"
  from = \"2021-05-12\"
  to = \"2021-05-23\"
  source = \"who says so\"

  [stress.correlation]
  estimator = \"sample\"                             # or shrunk, spearman, ewma, dcc
  stressed = { episode = \"pandemic-2020\" }         # the wildest window where absent; calm likewise
  breaks = [{ name = \"all fall together\", to = 1.0, strength = 0.5 }]

Written: stress, ladders, greeks, stressed_var, reverse_stress, correlations, correlation_var, contributions and hedges as Parquet,
figures, report.pdf, and stress.toml, what was asked with every default.";

/// Options of the command.
#[derive(Args)]
#[command(after_help = TEACH)]
pub struct Options {
    /// The study file.
    study: PathBuf,
    /// Margin date: 2020-03-11, or 2020-03-11T08:00:00Z; the last one where absent.
    #[arg(long)]
    at: Option<Timestamp>,
    /// One account only.
    #[arg(long)]
    account: Option<String>,
    /// The folder; runs/<name of the study>-stress where absent.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Threads; all cores where absent. The result is the same bits for any number.
    #[arg(long)]
    threads: Option<usize>,
}

/// Puts a margin date under stress and prints what was found.
pub fn run(
    options: &Options,
    as_json: bool,
    progress: &dyn Progress,
) -> Result<ExitCode, MporError> {
    let file = StudyFile::read(&options.study)?;
    let file = asked(&file, options.at, options.account.as_deref());
    let folder = options.out.clone().unwrap_or_else(|| default_folder(&file));
    let done = mpor::run::in_pool(options.threads, || stress(&file, &folder, progress))??;
    if as_json {
        let Stressed { folder, manifest, found } = &done;
        println!("{}", json!({ "folder": folder, "found": found, "manifest": manifest }));
    } else {
        match &done.found {
            Some(found) => print(found, &done.folder),
            None => {
                println!("{} already holds this stress test; nothing to do", done.folder.display());
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print(found: &Found, folder: &Path) {
    println!("{}\n", line(&found.verdict));
    let header = [
        "account",
        "model",
        "asked for",
        "worst scenario",
        "loss there",
        "of asked for",
        "nearest exhausting move",
    ];
    let rows: Vec<Vec<String>> = found.pairs.iter().take(MOST_ROWS).map(row).collect();
    println!("{}", table(&header, &rows));
    if found.pairs.len() > rows.len() {
        println!(
            "{} more in stress.parquet, with less of what is asked for lost.",
            found.pairs.len() - rows.len()
        );
    }
    for note in &found.notes {
        println!("- {}", line(note));
    }
    println!("Written to {}", folder.display());
}

fn row(pair: &Pair) -> Vec<String> {
    let dash = || "–".to_owned();
    vec![
        pair.account.clone(),
        pair.model.clone(),
        format!("{:.0}", pair.requirement),
        pair.scenario.clone().unwrap_or_else(dash),
        pair.loss.map_or_else(dash, |loss| format!("{loss:.0}")),
        pair.ratio.map_or_else(dash, |ratio| format!("{:.0} %", 100.0 * ratio)),
        pair.distance.map_or_else(dash, |distance| format!("{distance:.2} st. dev.")),
    ]
}
