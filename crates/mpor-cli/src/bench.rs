//! `mpor bench`: times the workloads on one core and prints a JSON line a measurement.
//!
//! CPU seconds (user and system) are those of this process, the least and the median of several calls after one that is not timed. The
//! user part of the least one is its share of the clock ticks of all timed calls.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;
use cpu_time::ProcessTime;
use mpor::MporError;
use mpor::bench::{Job, jobs};
use serde_json::{Value, json};

#[derive(Args)]
pub(crate) struct Options {
    /// W1 to W7, or e2e: see the documentation of `mpor::bench`.
    workload: String,
    /// Folder of the inputs.
    #[arg(long)]
    data: PathBuf,
    /// A label; the inputs decide.
    #[arg(long, default_value = "medium")]
    size: String,
    /// Timed calls.
    #[arg(long, default_value_t = 5)]
    reps: usize,
    /// One call, none before it: for timing the whole process from outside.
    #[arg(long)]
    once: bool,
    /// Only variants whose name starts so, such as `hs` of W2.
    #[arg(long)]
    only: Option<String>,
    /// CPU seconds after which repetition stops.
    #[arg(long, default_value_t = 60.0)]
    budget: f64,
}

/// Times the jobs of a workload.
pub(crate) fn run(options: &Options) -> Result<ExitCode, MporError> {
    mpor::run::in_pool(Some(1), || {
        let all = jobs(&options.workload, &options.data)?;
        let wanted =
            |job: &&Job| options.only.as_ref().is_none_or(|only| job.what.starts_with(only));
        let chosen: Vec<&Job> = all.iter().filter(wanted).collect();
        if chosen.is_empty() {
            let known: Vec<&str> = all.iter().map(|job| job.what.as_str()).collect();
            let problem = format!("--only: no such variant; there is {}", known.join("; "));
            return Err(MporError::Question(problem));
        }
        for job in chosen {
            println!("{}", measure(job, options)?);
        }
        Ok(ExitCode::SUCCESS)
    })?
}

fn measure(job: &Job, options: &Options) -> Result<Value, MporError> {
    let start = ProcessTime::now();
    if !options.once {
        drop((job.run)()?);
    }
    let reps = if options.once { 1 } else { options.reps.max(1) };
    let (mut cpu, mut wall, mut answer) = (Vec::new(), f64::INFINITY, None);
    let before = ticks();
    while cpu.len() < reps && (cpu.is_empty() || start.elapsed().as_secs_f64() < options.budget) {
        // What the last call left is given back outside the time.
        drop(answer.take());
        let (process, clock) = (ProcessTime::now(), Instant::now());
        answer = Some((job.run)()?);
        cpu.push(process.elapsed().as_secs_f64());
        wall = wall.min(clock.elapsed().as_secs_f64());
    }
    let share = user_share(before, ticks());
    cpu.sort_by(f64::total_cmp);
    let (least, median) = (cpu[0], cpu[cpu.len() / 2]);
    let micro = |seconds: f64| (seconds * 1e6).round() / 1e6;
    Ok(json!({
        "workload": options.workload,
        "peer": "mpor",
        "size": format!("{}/{}", options.size, job.what),
        "units": job.units,
        "unit": job.unit,
        "reps": cpu.len(),
        "cpu_min": micro(least),
        "cpu_med": micro(median),
        "user_min": micro(least * share),
        "wall_min": micro(wall),
        "per_unit_ns": (least / job.units.max(1) as f64 * 1e12).round() / 1e3,
        "extrapolated": 1.0,
        "check": answer.map(|answer| Value::Object(answer())),
        "note": job.note,
    }))
}

/// User and system clock ticks of this process, where the system tells.
fn ticks() -> Option<(f64, f64)> {
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    // Fields 14 and 15; the name before them is in brackets and may hold anything.
    let (_, rest) = text.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11).map(|field| field.parse().ok());
    Some((fields.next()??, fields.next()??))
}

fn user_share(before: Option<(f64, f64)>, after: Option<(f64, f64)>) -> f64 {
    let Some((before, after)) = before.zip(after) else { return 1.0 };
    let (user, system) = (after.0 - before.0, after.1 - before.1);
    if user + system > 0.0 { user / (user + system) } else { 1.0 }
}
