//! `cargo xtask`: chores of the project.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "xtask", about = "Chores of the project")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run folders of test vectors through the real code paths.
    Vectors {
        /// Folders named after their model, such as tests/golden/vectors/black76.
        #[arg(required = true)]
        folders: Vec<PathBuf>,
    },
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Vectors { folders } => ExitCode::from(xtask::vectors::run(&folders)),
    }
}
