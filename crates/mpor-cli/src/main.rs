//! The `mpor` command line.

mod answer;
mod calibrate;
mod import;
mod problem;
mod progress;
mod spn;
mod text;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use mpor::run::Share;
use mpor::{Loaded, MporError, Progress, Silent, StudyFile, Timestamp};

/// Would the margin have covered the loss? Backtests of portfolio-margin models on market history.
#[derive(Parser)]
#[command(name = "mpor", version, about, after_help = EXAMPLES)]
struct Cli {
    /// Say nothing but the result.
    #[arg(long, global = true)]
    quiet: bool,
    /// Print the result as JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  mpor run studies/quickstart.toml                    run a study; tables, figures, report.pdf in runs/quickstart
  mpor calibrate studies/calibrate-scan.toml          choose a model's parameters; frontier, record, rule file
  mpor check studies/quickstart.toml                  check study and data, change nothing
  mpor margin studies/quickstart.toml --at 2020-03-11 one day's requirements with their arithmetic
  mpor explain runs/quickstart --account long-perpetual --at 2020-03-11
  mpor verify runs/quickstart                         hash, run again, compare byte by byte";

#[derive(Subcommand)]
enum Command {
    /// Run a study into a folder: tables, figures, report and manifest.
    Run {
        /// The study file.
        study: PathBuf,
        /// The folder; runs/<name of the study> where absent.
        #[arg(long)]
        out: Option<PathBuf>,
        /// Threads; all cores where absent. The result is the same bits for any number.
        #[arg(long)]
        threads: Option<usize>,
        /// Print the wall time of each stage.
        #[arg(long)]
        timings: bool,
        /// Only replay this share of the margin dates, such as 2/7; `merge` makes the run of all shares.
        #[arg(long)]
        shard: Option<Share>,
    },
    /// Make the run of shares: the same bytes as one run without shares.
    Merge {
        /// The study file.
        study: PathBuf,
        /// Folders that `run --shard` wrote into; what lies in the run's own folder is used too.
        #[arg(long, num_args = 1..)]
        from: Vec<PathBuf>,
        /// The run's folder; runs/<name of the study> where absent.
        #[arg(long)]
        out: Option<PathBuf>,
        /// Threads; all cores where absent. The result is the same bits for any number.
        #[arg(long)]
        threads: Option<usize>,
        /// Print the wall time of each stage.
        #[arg(long)]
        timings: bool,
    },
    /// Choose a model's parameters walk-forward: the cheapest and calmest that cover, with their record out of sample.
    Calibrate(calibrate::Options),
    /// Check a study and its data; write nothing.
    Check {
        /// The study file.
        study: PathBuf,
    },
    /// Look at data.
    #[command(subcommand)]
    Data(DataCommand),
    /// What every model asks on one margin date, with its arithmetic.
    Margin {
        /// The study file.
        study: PathBuf,
        /// Margin date: 2020-03-11, or 2020-03-11T08:00:00Z. A date alone is its margin date on that day.
        #[arg(long)]
        at: Timestamp,
        /// One account only.
        #[arg(long)]
        account: Option<String>,
        /// Also write the arithmetic as a table, a node a row, to this Parquet file.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Why the margin of an account on a date held or broke.
    Explain {
        /// The folder of a finished run.
        run: PathBuf,
        /// The account.
        #[arg(long)]
        account: String,
        /// Margin date, as for `margin`.
        #[arg(long)]
        at: Timestamp,
    },
    /// Hash a run's inputs and outputs, run it again, and compare byte by byte.
    Verify {
        /// The folder of a finished run.
        run: PathBuf,
    },
    /// Margin models and overlays that a study can use.
    Models,
    /// Coverage tests that a study can use.
    Tests,
    /// What an exchange's SPAN risk parameter file (.spn, XML) holds: arrays, spreads, charges.
    Spn {
        /// The file.
        file: PathBuf,
        /// Also write the tables as Parquet into this folder.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Rule sets of venues, with their versions.
    Rules {
        /// One rule set, whole, such as derive/pmrm2.
        name: Option<String>,
    },
}

#[derive(Subcommand)]
enum DataCommand {
    /// Rows, range, step, gaps, extremes and licence of every series.
    Describe {
        /// Folders of datasets with a metadata.toml; `data` where absent.
        folders: Vec<PathBuf>,
    },
    /// Run the data checks; series of one asset are compared with each other.
    Check {
        /// Parquet or CSV files of prices, funding, volatility indices or rates, or patterns.
        #[arg(required = true)]
        files: Vec<String>,
    },
    /// Make a canonical table of foreign files: any CSV, Binance, Deribit, freqtrade, Tardis, Parquet.
    Import(Box<import::Options>),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let shown;
    let progress: &dyn Progress = if cli.quiet || cli.json {
        &Silent
    } else {
        shown = progress::Shown::new();
        &shown
    };
    match act(&cli, progress) {
        Ok(code) => code,
        Err(error) => {
            let code = error.exit_code();
            problem::print(error);
            ExitCode::from(code)
        }
    }
}

/// Where a run is written.
fn run_folder(out: Option<&Path>, file: &StudyFile) -> PathBuf {
    out.map_or_else(|| Path::new("runs").join(&file.study.name), Path::to_owned)
}

fn act(cli: &Cli, progress: &dyn Progress) -> Result<ExitCode, MporError> {
    let done = Ok(ExitCode::SUCCESS);
    match &cli.command {
        Command::Run { study, out, threads, timings, shard } => {
            let file = StudyFile::read(study)?;
            let folder = run_folder(out.as_deref(), &file);
            if let Some(share) = *shard {
                let work = || mpor::run::share(&file, &folder, share, progress);
                answer::share(&mpor::run::in_pool(*threads, work)??, cli.json);
                return done;
            }
            let summary =
                mpor::run::in_pool(*threads, || mpor::run::run(&file, &folder, progress))??;
            answer::run(&summary, cli.json, *timings)?;
            done
        }
        Command::Merge { study, from, out, threads, timings } => {
            let file = StudyFile::read(study)?;
            let folder = run_folder(out.as_deref(), &file);
            let work = || mpor::run::merge(&file, from, &folder, progress);
            let summary = mpor::run::in_pool(*threads, work)??;
            answer::run(&summary, cli.json, *timings)?;
            done
        }
        Command::Calibrate(options) => calibrate::run(options, cli.json, progress),
        Command::Check { study } => {
            let file = StudyFile::read(study)?;
            mpor::calibrate::check(&file)?;
            let loaded = Loaded::new(&file)?;
            mpor::margin_at::try_models(&file, &loaded)?;
            answer::check(&file, &loaded, cli.json);
            done
        }
        Command::Data(DataCommand::Describe { folders }) => {
            let default = [PathBuf::from("data")];
            let folders = if folders.is_empty() { &default[..] } else { folders };
            answer::describe(&mpor::describe::describe(folders)?, cli.json);
            done
        }
        Command::Data(DataCommand::Check { files }) => {
            let findings = mpor::describe::check(files)?;
            answer::findings(&findings, cli.json);
            done
        }
        Command::Data(DataCommand::Import(options)) => Ok(import::run(options, cli.json, progress)),
        Command::Margin { study, at, account, out } => {
            let file = StudyFile::read(study)?;
            let loaded = Loaded::new(&file)?;
            let at = loaded.margin_date(*at)?;
            let asked = mpor::margin_at::margin_at(&file, &loaded, at, account.as_deref())?;
            answer::margin(&asked, &file.study.currency, cli.json);
            if let Some(path) = out {
                mpor::margin_at::write(&asked, path)?;
            }
            done
        }
        Command::Explain { run, account, at } => {
            let (file, explanation) = mpor::explain::explain(run, account, *at)?;
            answer::explain(&explanation, &file, cli.json);
            done
        }
        Command::Verify { run } => {
            let verified = mpor::verify::verify(run, progress)?;
            answer::verify(&verified, run, cli.json);
            let holds = verified.differences.is_empty();
            Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Command::Models => {
            answer::models(cli.json);
            done
        }
        Command::Tests => {
            answer::tests(cli.json);
            done
        }
        Command::Spn { file, out } => {
            spn::run(file, out.as_deref(), cli.json)?;
            done
        }
        Command::Rules { name } => {
            answer::rules(name.as_deref(), cli.json)?;
            done
        }
    }
}
