//! Chores that call cargo and the `mpor` binary. Every cargo call takes the whole workspace in one profile, so that
//! features are unified once and nothing is compiled twice.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Top level of the repository.
#[must_use]
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// Formatting, lints and, where cargo-deny is installed, licences.
///
/// # Errors
/// The command that failed.
pub fn lint() -> Result<(), String> {
    cargo(&["fmt", "--all", "--check"])?;
    cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])?;
    if Command::new("cargo-deny").arg("--version").output().is_ok() {
        cargo(&["deny", "check", "licenses", "bans", "sources"])?;
    }
    Ok(())
}

/// All tests.
///
/// # Errors
/// The command that failed.
pub fn test() -> Result<(), String> {
    install_browser();
    cargo(&["test", "--workspace"])?;
    crate::python::test()
}

/// Tries to bring the browser that reports are tested in, on a Debian machine as root; elsewhere those tests say that they skip.
fn install_browser() {
    let answers = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output();
        output.ok().filter(|output| output.status.success()).map(|output| output.stdout)
    };
    let root = || answers("id", &["-u"]).is_some_and(|user| user.trim_ascii() == b"0");
    let debian = Path::new("/etc/debian_version").exists();
    if answers("chromium", &["--version"]).is_some() || !debian || !root() {
        return;
    }
    println!("installing chromium, in which reports are tested");
    let install = ["install", "-y", "--no-install-recommends", "chromium"];
    if answers("apt-get", &install).is_none() && answers("apt-get", &["update"]).is_some() {
        answers("apt-get", &install);
    }
}

/// More damaged files for every reader than the tests try, from another seed on request.
///
/// # Errors
/// The command that failed.
pub fn fuzz(cases: usize, seed: usize) -> Result<(), String> {
    let status = afresh()
        .args(["test", "--workspace", "--test", "fuzz", "--", "--nocapture"])
        .env("MPOR_FUZZ_CASES", cases.to_string())
        .env("MPOR_FUZZ_SEED", seed.to_string())
        .current_dir(root())
        .status();
    finished("cargo test --test fuzz", status)
}

/// The golden vectors, and on request the snapshots.
///
/// # Errors
/// The command that failed.
pub fn golden(update: bool) -> Result<(), String> {
    if update {
        let status = afresh()
            .args(["test", "--workspace"])
            .env("INSTA_UPDATE", "always")
            .current_dir(root())
            .status();
        finished("cargo test", status)?;
    }
    let folders = golden_folders()?;
    match crate::vectors::run(&folders) {
        0 => Ok(()),
        _ => Err("golden vectors failed".to_owned()),
    }
}

/// The folders of golden vectors in the repository, sorted.
///
/// # Errors
/// When they cannot be listed.
pub fn golden_folders() -> Result<Vec<PathBuf>, String> {
    let folder = root().join("tests/golden/vectors");
    let entries =
        fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut folders: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    Ok(folders)
}

/// API documentation.
///
/// # Errors
/// The command that failed.
pub fn docs() -> Result<(), String> {
    let status = afresh()
        .args(["doc", "--workspace", "--no-deps"])
        .env("RUSTDOCFLAGS", "-D warnings")
        .current_dir(root())
        .status();
    finished("cargo doc", status)
}

/// Whether a study reads what `mpor data import` brought in from outside the repository.
fn reads_imports(study: &Path) -> Result<bool, String> {
    let text =
        fs::read_to_string(study).map_err(|error| format!("{}: {error}", study.display()))?;
    Ok(text.contains("runs/imported/"))
}

/// The command that a study is for: a table of its own says so.
fn verb(study: &str) -> Result<&'static str, String> {
    let text = fs::read_to_string(study).map_err(|error| format!("{study}: {error}"))?;
    let has = |table: &str| text.lines().any(|line| line.trim() == table);
    let verbs = [("[stress]", "stress"), ("[calibrate]", "calibrate")];
    Ok(verbs.iter().find(|(table, _)| has(table)).map_or("run", |(_, verb)| verb))
}

/// Runs every study in `studies/` and keeps its report and figures in `reports/<study>/`.
///
/// # Errors
/// The study that failed.
pub fn gallery() -> Result<(), String> {
    let studies = root().join("studies");
    let entries =
        fs::read_dir(&studies).map_err(|error| format!("{}: {error}", studies.display()))?;
    let mut files: Vec<PathBuf> =
        entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    for study in files {
        if reads_imports(&study)? {
            println!(
                "{}: on imported data, which is not the repository's: no report kept",
                study.display()
            );
            continue;
        }
        let name = study.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let name = name.unwrap_or_default();
        let run = root().join("runs").join(&name);
        let (study, run_text) = (study.to_string_lossy(), run.to_string_lossy());
        let verb = verb(&study)?;
        cargo(&["run", "--bin", "mpor", "--", verb, &study, "--out", &run_text])?;
        keep(&run, &root().join("reports").join(&name))?;
    }
    Ok(())
}

/// Copies the reports, the manifest and the PNG figures of a run.
fn keep(run: &Path, gallery: &Path) -> Result<(), String> {
    let fail = |error: std::io::Error| format!("{}: {error}", gallery.display());
    fs::create_dir_all(gallery.join("figures")).map_err(fail)?;
    fs::copy(run.join("manifest.json"), gallery.join("manifest.json")).map_err(fail)?;
    for entry in fs::read_dir(run).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        if let (Some(name), Some("pdf" | "html")) = (path.file_name(), extension(&path)) {
            fs::copy(&path, gallery.join(name)).map_err(fail)?;
        }
    }
    for entry in fs::read_dir(run.join("figures")).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        if let (Some(name), Some("png")) = (path.file_name(), extension(&path)) {
            fs::copy(&path, gallery.join("figures").join(name)).map_err(fail)?;
        }
    }
    Ok(())
}

fn extension(path: &Path) -> Option<&str> {
    path.extension().and_then(|extension| extension.to_str())
}

/// A call of cargo as from a shell. The one that runs this program names its package to it, and build scripts that look at those
/// names would build what they belong to, and half of what is above, a second time.
fn afresh() -> Command {
    let mut command = Command::new("cargo");
    let of_package =
        |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(of_package) {
            command.env_remove(name);
        }
    }
    command
}

pub(crate) fn cargo(arguments: &[&str]) -> Result<(), String> {
    let status = afresh().args(arguments).current_dir(root()).status();
    finished(&format!("cargo {}", arguments.join(" ")), status)
}

pub(crate) fn finished(
    what: &str,
    status: std::io::Result<std::process::ExitStatus>,
) -> Result<(), String> {
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{what}` ended with {status}")),
        Err(error) => Err(format!("`{what}` did not start: {error}")),
    }
}
