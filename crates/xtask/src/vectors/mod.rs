//! `cargo xtask vectors DIR...`: runs folders of test vectors through the real code paths.
//!
//! A folder's name tells its model (`derive_pmrm2`, `fhs`, ...); a longer name that starts with a known one is that model.
//! Exit status: 0 all within tolerance, 1 some case failed, 2 a folder whose model is not known or cannot be read.

pub mod black76;
pub mod coverage;
pub mod deribit_pm;
pub mod derive;
pub mod derive_auction;
pub mod derive_pmrm1;
pub mod derive_pmrm2;
pub mod derive_srm;
pub mod fhs;
pub mod isolated;
pub mod okx_pm;
pub mod paradex_pm;
pub mod procyclicality;
pub mod reg_t;
pub mod report;
pub mod span;
pub mod tims;

mod derive_reader;

use std::path::Path;

pub use report::{Case, FileReport};

/// Runs every file of a folder.
pub type Runner = fn(&Path) -> Result<Vec<FileReport>, String>;

/// Known models, sorted by folder name.
const RUNNERS: &[(&str, Runner)] = &[
    ("black76", black76::run),
    ("coverage", coverage::run),
    ("deribit_pm", deribit_pm::run),
    ("derive", derive::run),
    ("derive_auction", derive_auction::run),
    ("derive_pmrm1", derive_pmrm1::run),
    ("derive_pmrm2", derive_pmrm2::run),
    ("derive_srm", derive_srm::run),
    ("fhs", fhs::run),
    ("isolated", isolated::run),
    ("okx_pm", okx_pm::run),
    ("paradex_pm", paradex_pm::run),
    ("procyclicality", procyclicality::run),
    ("reg_t", reg_t::run),
    ("span", span::run),
    ("tims", tims::run),
];

/// The runner for a folder, by the longest known name that its own starts with.
#[must_use]
pub fn runner(folder: &Path) -> Option<Runner> {
    let name = folder.canonicalize().ok()?.file_name()?.to_string_lossy().into_owned();
    RUNNERS
        .iter()
        .filter(|(model, _)| name.starts_with(model))
        .max_by_key(|(model, _)| model.len())
        .map(|(_, runner)| *runner)
}

/// Reads a JSON file, with its path in the error.
///
/// # Errors
/// What is wrong, as a sentence.
pub fn read_json(path: &Path) -> Result<serde_json::Value, String> {
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}

/// Runs the folders, prints what came of them, and returns the exit status.
#[must_use]
pub fn run(folders: &[std::path::PathBuf]) -> u8 {
    let (mut cases, mut failed, mut unknown) = (0, 0, 0);
    for folder in folders {
        let Some(runner) = runner(folder) else {
            let known: Vec<&str> = RUNNERS.iter().map(|(model, _)| *model).collect();
            eprintln!("{}: no model of this name; known: {}", folder.display(), known.join(", "));
            unknown += 1;
            continue;
        };
        match runner(folder) {
            Err(problem) => {
                eprintln!("{problem}");
                unknown += 1;
            }
            Ok(reports) => {
                for report in &reports {
                    print_report(folder, report);
                    cases += report.cases;
                    failed += failing_cases(report);
                }
            }
        }
    }
    println!("{} passed, {failed} failed", cases - failed);
    match (unknown, failed) {
        (0, 0) => 0,
        (0, _) => 1,
        _ => 2,
    }
}

fn failing_cases(report: &FileReport) -> usize {
    let mut names: Vec<&str> =
        report.failures.iter().filter_map(|failure| failure.split(": ").next()).collect();
    names.dedup();
    names.len()
}

fn print_report(folder: &Path, report: &FileReport) {
    println!("{}/{}: {} cases", folder.display(), report.file, report.cases);
    for (field, share) in &report.worst {
        println!("  {field:<40} worst error {share:.3e} of tolerance");
    }
    for failure in &report.failures {
        println!("  FAILED {failure}");
    }
}
