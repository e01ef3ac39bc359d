//! The table of workloads in BENCHMARKS.md: `mpor bench` on prepared inputs, in turn with other tools' scripts where they are given.
//!
//! Every row is the least CPU time of the rounds; the two sides are run in turn, so that a busy hour is busy for both. The table stands
//! between two comment lines of the file, which are kept.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::chores::root;

const START: &str = "<!-- workloads: written by `cargo xtask bench` -->";
const END: &str = "<!-- end of workloads -->";
const ROUNDS: usize = 3;

/// A variant of a workload: the start of its name, what it is, nanoseconds aimed at, and the fastest other tool's script and peer.
struct Row {
    workload: &'static str,
    variant: &'static str,
    what: &'static str,
    goal: f64,
    script: &'static str,
    peer: &'static str,
    arguments: &'static [&'static str],
}

const fn row(
    workload: &'static str,
    variant: &'static str,
    what: &'static str,
    goal: f64,
    script: &'static str,
    peer: &'static str,
) -> Row {
    Row { workload, variant, what, goal, script, peer, arguments: &[] }
}

const ROWS: [Row; 12] = [
    Row {
        arguments: &["--set", "daily.parquet"],
        ..row(
            "W1",
            "daily.parquet",
            "long Parquet to log returns, a row",
            14.0,
            "w1_load",
            "pyarrow+numpy",
        )
    },
    Row {
        arguments: &["--set", "hourly.parquet"],
        ..row("W1", "hourly.parquet", "the same, hourly", 14.0, "w1_load", "pyarrow+numpy")
    },
    row("W2", "hs", "rolling VaR and ES, a forecast", 16.0, "w2_hs", "numba_sorted_window"),
    row("W2", "brw", "the same, age-weighted", 90.0, "w2_hs", "numpy_argsort"),
    row("W2", "hw", "the same, volatility-weighted", 20.0, "w2_hs", "numba_sorted_window_hw"),
    row("W3", "fits alone", "GARCH(1,1), a refit alone", 20_000.0, "", ""),
    row(
        "W3",
        "every20",
        "a refit and its 20 filtered VaR",
        50_000.0,
        "w3_garch",
        "numba+scipy_warm",
    ),
    row("W4", "", "full revaluation, an option and scenario", 2.5, "w4_reval", "numba_erfc"),
    row("W5", "", "portfolio margin, an account-day", 250.0, "w5_pm", "numpy_universe_gemm"),
    row("W6", "", "coverage tests, a series", 2_500.0, "w6_tests", "numba_one_pass"),
    row("W7", "mvt", "multivariate t, 50 assets, a path", 120.0, "w7_mc", "numpy_mvt"),
    row("W7", "tcopula", "t copula, empirical marginals, a path", 300.0, "w7_mc", "numba_tcopula"),
];

/// What to run on what.
pub struct Inputs {
    /// Folder of the inputs.
    pub data: PathBuf,
    /// Their label.
    pub size: String,
    /// A Python, and the folder of the other tools' scripts.
    pub others: Option<(PathBuf, PathBuf)>,
    /// Write the table into BENCHMARKS.md instead of only printing it.
    pub write: bool,
}

/// Measures all rows.
///
/// # Errors
/// What could not be run, and why.
pub fn run(inputs: &Inputs) -> Result<(), String> {
    let heads =
        ["workload", "mpor, ns", "aim, ns", "mpor / aim", "fastest script, ns", "script / mpor"];
    let mut table = format!("| {} |\n|{}\n", heads.join(" | "), " --- |".repeat(heads.len()));
    for row in &ROWS {
        let line = line(row, inputs)?;
        println!("{line}");
        table.push_str(&line);
        table.push('\n');
    }
    if inputs.write { put(&table) } else { Ok(()) }
}

fn line(row: &Row, inputs: &Inputs) -> Result<String, String> {
    let others = inputs.others.as_ref().filter(|_| !row.script.is_empty());
    let (mut own, mut theirs) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..ROUNDS {
        own = own.min(ours(row, inputs)?);
        if let Some((python, scripts)) = others {
            theirs = theirs.min(other(row, inputs, python, scripts)?);
        }
    }
    let (script, ratio) = if theirs.is_finite() {
        (format!("{} ({})", figure(theirs), row.peer), format!("{:.1}", theirs / own))
    } else {
        ("-".to_owned(), "-".to_owned())
    };
    let (workload, what, goal) = (row.workload, row.what, figure(row.goal));
    let aim = own / row.goal;
    Ok(format!("| {workload} {what} | {} | {goal} | {aim:.2} | {script} | {ratio} |", figure(own)))
}

fn figure(nanoseconds: f64) -> String {
    if nanoseconds < 100.0 { format!("{nanoseconds:.1}") } else { format!("{nanoseconds:.0}") }
}

fn ours(row: &Row, inputs: &Inputs) -> Result<f64, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let program = program.with_file_name("mpor");
    let mut command = Command::new(&program);
    command.args(["bench", row.workload, "--only", row.variant, "--size", &inputs.size]);
    command.arg("--data").arg(&inputs.data);
    lines(command)?.first().copied().ok_or_else(|| format!("{}: no figure", program.display()))
}

fn other(row: &Row, inputs: &Inputs, python: &Path, scripts: &Path) -> Result<f64, String> {
    let script = scripts.join(format!("{}.py", row.script));
    let mut command = Command::new(python);
    command.arg(&script).args(["--peer", row.peer, "--size", &inputs.size]).args(row.arguments);
    command.arg("--data").arg(&inputs.data);
    lines(command)?.first().copied().ok_or_else(|| format!("{}: no figure", script.display()))
}

/// Nanoseconds a unit of each line that a command prints.
fn lines(mut command: Command) -> Result<Vec<f64>, String> {
    let shown = format!("{command:?}");
    let output = command.output().map_err(|error| format!("{shown}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{shown}: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let figures = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    Ok(figures.filter_map(|figure| figure["per_unit_ns"].as_f64()).collect())
}

fn put(table: &str) -> Result<(), String> {
    let path = root().join("BENCHMARKS.md");
    let fail = |error: std::io::Error| format!("{}: {error}", path.display());
    let text = fs::read_to_string(&path).map_err(fail)?;
    let parts = text.split_once(START).zip(text.split_once(END));
    let ((before, _), (_, after)) = parts.ok_or_else(|| {
        format!("{}: the lines `{START}` and `{END}` must stand around the table", path.display())
    })?;
    fs::write(&path, format!("{before}{START}\n\n{table}\n{END}{after}")).map_err(fail)
}
