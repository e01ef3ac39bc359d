//! `mpor report`: a finished run rendered again.

use std::path::PathBuf;

use clap::Args;
use mpor::report_again::{REPORT_MANIFEST, report_again};
use mpor::study::{ReportFormat, ReportKind, by_name};
use mpor::{MporError, Progress, ReportAsked};
use serde_json::json;

/// What is asked.
#[derive(Args)]
pub struct Options {
    /// The folder of a finished run.
    run: PathBuf,
    /// For whom: report (everything), summary (two pages), validation; repeat for several. The study's own where absent.
    #[arg(long = "kind", value_name = "KIND", value_parser = by_name::<ReportKind>)]
    kinds: Vec<ReportKind>,
    /// As what: pdf, html, png, svg; repeat for several. The study's own where absent.
    #[arg(long = "format", value_name = "FORMAT", value_parser = by_name::<ReportFormat>)]
    formats: Vec<ReportFormat>,
    /// The folder to write into; `<run>-report` where absent.
    #[arg(long)]
    out: Option<PathBuf>,
}

/// Renders, and says what was written.
///
/// # Errors
/// As [`report_again`].
pub fn run(options: &Options, as_json: bool, progress: &dyn Progress) -> Result<(), MporError> {
    let asked = ReportAsked { formats: options.formats.clone(), kinds: options.kinds.clone() };
    let again = report_again(&options.run, &asked, options.out.as_deref(), progress)?;
    let folder = again.folder.display();
    let files: Vec<&str> = again.manifest.outputs.iter().map(|file| file.path.as_str()).collect();
    if as_json {
        let folder = folder.to_string();
        println!("{}", json!({ "folder": folder, "files": files, "same_as_run": again.same }));
        return Ok(());
    }
    for file in files.iter().filter(|file| !file.starts_with("figures/")) {
        println!("{folder}/{file}");
    }
    let figures = files.iter().filter(|file| file.starts_with("figures/")).count();
    println!(
        "{folder}: {figures} files of figures, {REPORT_MANIFEST}; {} files as in the run, to the byte",
        again.same
    );
    Ok(())
}
