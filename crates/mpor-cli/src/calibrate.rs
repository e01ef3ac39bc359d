//! `mpor calibrate`: its help, and what it prints.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use mpor::calibrate::{Calibration, Found, Score, calibrate, default_folder};
use mpor::{MporError, Progress, StudyFile};
use serde_json::{Value, json};

use crate::text::{line, path, table};

const TEACH: &str = "\
The study says what is chosen:

  [calibrate]
  model = \"scan\"                                   # a [[model]] of the study
  search = \"grid\"                                  # or { random = { points = 200 } }, { halving = { points = 256, keep = 2 } }
  folds = 4                                        # test blocks of the walk-forward record
  coverage = 0.99                                  # to reach, pooled; backtest.level where absent
  zone = \"yellow\"                                  # worst overlap-aware zone that any account may be in
  objective = { cost = 1.0, calm = 0.25 }          # minimised: mean requirement and largest 5-step rise, of gross notional
  bootstrap = { draws = 1000, block = 10 }         # regions of the frontier; block at least the MPOR

  [calibrate.parameters]                           # keys of the model, dotted into its tables
  price_range = { from = 0.05, to = 0.30, steps = 11 }
  \"overlays.0.buffer.share\" = { values = [0.0, 0.1, 0.25] }
  \"scenarios.historical.window\" = { from = 125, to = 1000, steps = 4, log = true }

Written: candidates, frontier, folds, out_of_sample and sensitivity as Parquet, figures, a report and chosen.toml, a rule file that a study
uses with data.rules = [\"runs/NAME-calibration\"] and rules = \"calibrated/NAME\". Where no point covers there is no rule file,
and the exit status is 1. A calibration that was stopped goes on where it was.";

/// Options of the command.
#[derive(Args)]
#[command(after_help = TEACH)]
pub struct Options {
    /// The study file, with a table [calibrate].
    study: PathBuf,
    /// The folder; runs/<name of the study>-calibration where absent.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Threads; all cores where absent. The result is the same bits for any number.
    #[arg(long)]
    threads: Option<usize>,
}

/// Calibrates and prints what was found; fails where no point covers.
pub fn run(
    options: &Options,
    as_json: bool,
    progress: &dyn Progress,
) -> Result<ExitCode, MporError> {
    let file = StudyFile::read(&options.study)?;
    let folder = options.out.clone().unwrap_or_else(|| default_folder(&file));
    let work = || calibrate(&file, &folder, progress);
    let done = mpor::run::in_pool(options.threads, work)??;
    if as_json {
        println!("{}", as_value(&done));
    } else {
        match &done.found {
            None => {
                println!("{} already holds this calibration; nothing to do", path(&done.folder));
            }
            Some(found) => print(found, &done.folder),
        }
    }
    Ok(if done.feasible { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print(found: &Found, folder: &Path) {
    let values: Vec<String> =
        found.parameters.iter().map(|(key, value)| format!("{key} = {value}")).collect();
    let (values, covering) = (values.join(", "), found.covering);
    let model = line(&found.model);
    if found.chosen.feasible {
        println!(
            "{model}: {values} is the cheapest and calmest of {covering} points that cover, of {} tried",
            found.candidates
        );
    } else {
        println!("{model}: none of {} points covers; the nearest is {values}", found.candidates);
    }
    let header =
        ["", "coverage", "breaches", "cost", "largest 5-step rise", "worst zone", "covers"];
    let rows = [
        row("as the study writes it", &found.written),
        row(if found.chosen.feasible { "chosen" } else { "nearest" }, &found.chosen),
        row("out of sample, walk-forward", &found.out_of_sample),
    ];
    println!("\n{}", table(&header, &rows));
    println!("Cost and rise are shares of gross notional.");
    if let Some(relative) = found.relative {
        println!("The chosen point costs {relative:.2} times the baseline.");
    }
    for note in &found.notes {
        println!("- {}", line(note));
    }
    println!("Written to {}", path(folder));
    if let Some(rules) = &found.rules {
        println!("Use it: data.rules = [\"{}\"] and [[model]] rules = \"{rules}\"", path(folder));
    }
}

fn row(name: &str, score: &Score) -> Vec<String> {
    let percent = |share: Option<f64>| {
        share.map_or("–".to_owned(), |share| format!("{:.2} %", 100.0 * share))
    };
    vec![
        name.to_owned(),
        percent(score.coverage),
        format!("{} of {}", score.breaches, score.observations),
        percent(score.cost),
        percent(Some(score.calm)),
        score.zone().unwrap_or("–").to_owned(),
        if score.feasible { "yes" } else { "no" }.to_owned(),
    ]
}

fn as_value(done: &Calibration) -> Value {
    let score = |score: &Score| {
        json!({
            "observations": score.observations, "breaches": score.breaches,
            "coverage": score.coverage, "cost": score.cost, "calm": score.calm,
            "worst_zone": score.zone(), "accounts_beyond_zone": score.beyond,
            "feasible": score.feasible,
        })
    };
    let found = done.found.as_ref().map(|found| {
        let parameters: serde_json::Map<String, Value> =
            found.parameters.iter().map(|(key, value)| (key.clone(), json!(value.get()))).collect();
        json!({
            "model": found.model, "parameters": parameters, "chosen": score(&found.chosen),
            "written": score(&found.written), "out_of_sample": score(&found.out_of_sample),
            "cost_relative_to_baseline": found.relative, "candidates": found.candidates,
            "covering": found.covering, "frontier": found.frontier, "rules": found.rules,
            "notes": found.notes,
        })
    });
    json!({ "folder": done.folder, "feasible": done.feasible, "found": found, "manifest": done.manifest })
}
