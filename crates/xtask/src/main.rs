//! `cargo xtask`: chores of the project.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use xtask::{bench, chores, data, methods, python, vectors};

#[derive(Parser)]
#[command(name = "xtask", about = "Chores of the project")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Everything that must hold before a change lands: lint, then test.
    Ci,
    /// Formatting, lints, licences.
    Lint,
    /// All tests of the workspace, and those of the Python package.
    Test,
    /// Damaged files for every reader of data: so many of each kind.
    Fuzz {
        /// Mutants of each of the 27 kinds of files.
        #[arg(long, default_value_t = 1000)]
        cases: usize,
        /// Seed of the mutations.
        #[arg(long, default_value_t = 1)]
        seed: usize,
    },
    /// Golden vectors of the repository; with --update also accepts changed snapshots.
    Golden {
        /// Accept what the snapshot tests now print.
        #[arg(long)]
        update: bool,
    },
    /// API documentation, warnings being errors.
    Docs,
    /// Pages of the methods, docs/methods/, of what the code says.
    Methods {
        /// Draw the power of the tests anew.
        #[arg(long)]
        power: bool,
    },
    /// Run every study that ships and put its report under reports/.
    Gallery,
    /// Time the workloads of `mpor bench`, in turn with other tools' scripts where they are given.
    Bench {
        /// Folder of the inputs.
        #[arg(long)]
        inputs: PathBuf,
        /// Their label.
        #[arg(long, default_value = "medium")]
        size: String,
        /// A Python that can run the scripts.
        #[arg(long, requires = "scripts")]
        python: Option<PathBuf>,
        /// Folder of the scripts.
        #[arg(long, requires = "python")]
        scripts: Option<PathBuf>,
        /// Put the table into BENCHMARKS.md.
        #[arg(long)]
        write: bool,
    },
    /// How each file of data/ was made from the package it came from.
    Data {
        /// Check the files against their recorded sha256.
        #[arg(long)]
        check: bool,
        /// Rebuild data/ from a folder of the collected package files.
        #[arg(long)]
        from: Option<PathBuf>,
    },
    /// Lints, types, tests and notebooks of the Python package.
    Python,
    /// Run every notebook from clean and keep what it shows.
    Notebooks,
    /// Run folders of test vectors through the real code paths.
    Vectors {
        /// Folders named after their model, such as tests/golden/vectors/black76.
        #[arg(required = true)]
        folders: Vec<PathBuf>,
    },
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Ci => chores::lint().and_then(|()| chores::test()),
        Command::Lint => chores::lint(),
        Command::Test => chores::test(),
        Command::Fuzz { cases, seed } => chores::fuzz(cases, seed),
        Command::Golden { update } => chores::golden(update),
        Command::Docs => chores::docs(),
        Command::Methods { power } => methods::write(power),
        Command::Python => python::test(),
        Command::Notebooks => python::notebooks(),
        Command::Gallery => chores::gallery(),
        Command::Bench { inputs, size, python, scripts, write } => {
            bench::run(&bench::Inputs { data: inputs, size, others: python.zip(scripts), write })
        }
        Command::Data { check, from } => {
            let task = match (&from, check) {
                (Some(folder), _) => data::Task::Rebuild(folder),
                (None, true) => data::Task::Check,
                (None, false) => data::Task::State,
            };
            return ExitCode::from(data::run(task, &chores::root().join("data")));
        }
        Command::Vectors { folders } => return ExitCode::from(vectors::run(&folders)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("xtask: {problem}");
            ExitCode::FAILURE
        }
    }
}
