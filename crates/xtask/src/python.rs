//! The Python package under test. Its compiled part is the one that the workspace's own build makes, so that nothing is built
//! twice; the interpreter and what the tests need beside the package live in `target/python`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::chores::{cargo, finished, root};

/// Lints, types, tests and notebooks of the Python package.
///
/// # Errors
/// The command that failed.
pub fn test() -> Result<(), String> {
    let python = Python::ready()?;
    let package = "crates/mpor-py";
    let all = [package, "notebooks"];
    python.run("ruff", &[&["check"], &all[..]].concat())?;
    python.run("ruff", &[&["format", "--check"], &all[..]].concat())?;
    python.run("mypy", &["crates/mpor-py/python/mpor", "crates/mpor-py/tests/sample_types.py"])?;
    python.run("mypy.stubtest", &["--ignore-missing-stub", "mpor._mpor"])?;
    python.run("pytest", &["-q", "-p", "no:cacheprovider", "crates/mpor-py/tests"])?;
    python.run_file("notebooks/execute.py", &["--check"])
}

/// Runs every notebook from clean and keeps what it shows.
///
/// # Errors
/// The command that failed.
pub fn notebooks() -> Result<(), String> {
    Python::ready()?.run_file("notebooks/execute.py", &[])
}

/// An interpreter with the package and what its tests need.
struct Python {
    program: PathBuf,
    package: PathBuf,
}

impl Python {
    fn ready() -> Result<Self, String> {
        cargo(&["build", "--workspace"])?;
        let home = root().join("target/python");
        let package = home.join("site");
        stage(&package.join("mpor"))?;
        let program = environment(&home)?;
        Ok(Python { program, package })
    }

    /// `python -m MODULE ARGUMENTS` from the top of the repository.
    fn run(&self, module: &str, arguments: &[&str]) -> Result<(), String> {
        self.call(&[&["-m", module], arguments].concat())
    }

    fn run_file(&self, file: &str, arguments: &[&str]) -> Result<(), String> {
        self.call(&[&[file], arguments].concat())
    }

    fn call(&self, arguments: &[&str]) -> Result<(), String> {
        let mut command = Command::new(&self.program);
        command.args(arguments).current_dir(root());
        let status = command
            .env("PYTHONPATH", &self.package)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("MYPYPATH", &self.package)
            .status();
        finished(&format!("python {}", arguments.join(" ")), status)
    }
}

/// Puts the package together as a wheel lays it out: the Python sources, and the library under the name that they import.
fn stage(package: &Path) -> Result<(), String> {
    let fail = |error: std::io::Error| format!("{}: {error}", package.display());
    if package.exists() {
        fs::remove_dir_all(package).map_err(fail)?;
    }
    fs::create_dir_all(package).map_err(fail)?;
    let sources = root().join("crates/mpor-py/python/mpor");
    for entry in fs::read_dir(&sources).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        if let Some(name) = path.file_name().filter(|_| path.is_file()) {
            fs::copy(&path, package.join(name)).map_err(fail)?;
        }
    }
    let built = format!("{}_mpor{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let name = if cfg!(windows) { "_mpor.pyd" } else { "_mpor.abi3.so" };
    // With its line tables the library is large: a second name for it will do where the file system has such.
    let (from, to) = (root().join("target/debug").join(built), package.join(name));
    fs::hard_link(&from, &to).or_else(|_| fs::copy(&from, &to).map(drop)).map_err(fail)
}

/// The interpreter of a virtual environment that holds the packages of the requirements files, made where they have changed.
fn environment(home: &Path) -> Result<PathBuf, String> {
    let folder = home.join("venv");
    let program = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let stamp = home.join("requirements");
    let needed = root().join("crates/mpor-py/requirements.txt");
    let optional = root().join("crates/mpor-py/requirements-ray.txt");
    let read = |path: &Path| {
        fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
    };
    let wanted = read(&needed)? + &read(&optional)?;
    if program.exists() && fs::read_to_string(&stamp).is_ok_and(|known| known == wanted) {
        return Ok(program);
    }
    let status = Command::new("python3").args(["-m", "venv"]).arg(&folder).status();
    finished("python3 -m venv", status)?;
    let install = |file: &Path| {
        let mut pip = Command::new(&program);
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]);
        finished(&format!("pip install -r {}", file.display()), pip.arg(file).status())
    };
    install(&needed)?;
    if let Err(problem) = install(&optional) {
        println!("{problem}: without Ray the tests of runs on a cluster are skipped");
        return Ok(program);
    }
    fs::write(&stamp, wanted).map_err(|error| format!("{}: {error}", stamp.display()))?;
    Ok(program)
}
