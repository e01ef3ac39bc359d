//! Files changed at random from a fixed seed, before every reader: never a panic, never an endless reading, never more memory
//! than the file's size excuses, and every refusal names the file.
//!
//! The readers run in a child of this process with little address space (on Unix): what asks for gigabytes because a header says
//! so is stopped by the system, and the child's end tells on which case. `MPOR_FUZZ_CASES` asks for more mutants of each kind of
//! file, `MPOR_FUZZ_SEED` for others.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod mutate;
#[path = "../../../mpor-margin/tests/it/random.rs"]
mod random;
mod readers;
mod seeds;

use std::io::{BufRead, BufReader, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use readers::{Target, targets};

/// Mutants of each kind of file.
const CASES: usize = 100;
/// Address space of the child, of which the libraries' threads take about a third before the first file.
const KILOBYTES: usize = 1_500_000;
/// Longest reading of one mutant; the good files take a few milliseconds.
const LONGEST: Duration = Duration::from_secs(10);
/// Longest silence of the child before it counts as hung.
const SILENCE: Duration = Duration::from_secs(60);
/// Failures after which one kind of file is given up.
const ENOUGH: usize = 5;

fn time(text: &str) -> mpor_core::Timestamp {
    text.parse().unwrap()
}

fn setting(name: &str, otherwise: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn mutants_of_parquet_tables() {
    check("parquet");
}

#[test]
fn mutants_of_csv_tables() {
    check("csv");
}

#[test]
fn mutants_of_foreign_files() {
    check("import");
}

/// The header of the first page, changed by hand to claim twenty times the bytes that are there: refused before it is unpacked.
#[test]
fn a_page_that_claims_more_than_it_can_hold_is_refused_by_its_header() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("claims.parquet");
    // The second layout is not packed; its first page is the dictionary of forty times, 320 bytes.
    let mut bytes = seeds::parquet(&seeds::table("trades"), folder.path()).swap_remove(1);
    // PAR1, then a structure: field 1, the type; field 2, bytes unpacked, as a varint of twice the number.
    assert_eq!(bytes[4..9], [0x15, 4, 0x15, 0x80, 5]);
    std::fs::write(&path, &bytes).unwrap();
    assert!(mpor_data::tables::read_parquet(&path).is_ok());
    bytes[7..9].copy_from_slice(&[0xfe, 0x7f]);
    std::fs::write(&path, &bytes).unwrap();
    let told = mpor_data::tables::read_parquet(&path).unwrap_err().to_string();
    assert!(
        told.contains("row group 1: column 1: page 1: declares 8191 bytes packed into 320"),
        "{told}"
    );
}

/// All targets of a group.
fn check(group: &str) {
    let failures: Vec<String> =
        targets().iter().filter(|target| target.group == group).flat_map(supervise).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// Runs the child over all cases of a target, again after each failure; what failed.
fn supervise(target: &Target) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let cases = setting("MPOR_FUZZ_CASES", CASES);
    let (mut from, mut failures) = (0, Vec::new());
    while from < cases && failures.len() < ENOUGH {
        let end = run(target, from, cases, folder.path());
        let Err((case, what)) = end else { break };
        failures.push(format!("{} {}, case {case}: {what}", target.group, target.name));
        from = case + 1;
    }
    failures
}

/// The cases from one on in a child; the first that went wrong.
fn run(target: &Target, from: usize, cases: usize, folder: &Path) -> Result<(), (usize, String)> {
    let limit = format!("ulimit -v {KILOBYTES}; exec \"$@\"");
    let this = std::env::current_exe().unwrap();
    let mut command = match cfg!(unix) {
        true => {
            let mut shell = Command::new("sh");
            shell.args(["-c", &limit, "sh"]).arg(this);
            shell
        }
        false => Command::new(this),
    };
    let mut child = command
        .args(["--exact", "child", "--ignored", "--nocapture"])
        .env("MPOR_FUZZ_TARGET", format!("{} {}", target.group, target.name))
        .env("MPOR_FUZZ_FROM", from.to_string())
        .env("MPOR_FUZZ_CASES", cases.to_string())
        .env("MPOR_FUZZ_FOLDER", folder)
        .env("RUST_BACKTRACE", "0")
        .envs([("POLARS_MAX_THREADS", "2"), ("RAYON_NUM_THREADS", "2"), ("MALLOC_ARENA_MAX", "2")])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (send, lines) = mpsc::channel();
    let (out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    std::thread::spawn(move || {
        BufReader::new(out).lines().map_while(Result::ok).all(|line| send.send(line).is_ok())
    });
    let said = std::thread::spawn(move || {
        let mut text = Vec::new();
        err.read_to_end(&mut text).unwrap();
        String::from_utf8_lossy(&text).into_owned()
    });
    let (mut case, mut done) = (from, false);
    let hung = loop {
        match lines.recv_timeout(SILENCE) {
            Ok(line) => match line.split_once("case ") {
                Some((_, number)) => case = number.parse().unwrap(),
                None if line.contains("all done") => {
                    println!("{} {}{line}", target.group, target.name);
                    done = true;
                }
                None => {}
            },
            Err(mpsc::RecvTimeoutError::Timeout) => break true,
            Err(mpsc::RecvTimeoutError::Disconnected) => break false,
        }
    };
    if hung {
        child.kill().unwrap();
    }
    let status = child.wait().unwrap();
    if done && status.success() {
        return Ok(());
    }
    let said = said.join().unwrap();
    let panicked = said.rfind(" panicked at ").unwrap_or(0);
    let what = if hung { "no answer" } else { "ended" };
    Err((case, format!("{what}, {status}: {}", &said[panicked..])))
}

#[test]
#[ignore = "started by the tests above in a process with little memory"]
fn child() {
    let Ok(wanted) = std::env::var("MPOR_FUZZ_TARGET") else { return };
    let folder = std::env::var("MPOR_FUZZ_FOLDER").unwrap();
    let targets = targets();
    let is = |target: &&Target| format!("{} {}", target.group, target.name) == wanted;
    let target = targets.iter().find(is).unwrap();
    let seeds = (target.seeds)(Path::new(&folder));
    for (number, seed) in seeds.iter().enumerate() {
        let read = (target.read)(&written(&folder, target, seed));
        assert_eq!(read, Ok(()), "good file {number} of {wanted}");
    }
    let (mut read, mut refused, mut longest) = (0, 0, Duration::ZERO);
    for case in setting("MPOR_FUZZ_FROM", 0)..setting("MPOR_FUZZ_CASES", CASES) {
        println!("\ncase {case}");
        std::io::stdout().flush().unwrap();
        let bytes = mutate::mutant(&seeds, setting("MPOR_FUZZ_SEED", 1), case, target.text);
        let path = written(&folder, target, &bytes);
        let since = Instant::now();
        match catch_unwind(AssertUnwindSafe(|| (target.read)(&path))) {
            Ok(Ok(())) => read += 1,
            Ok(Err(message)) => {
                refused += 1;
                // Of several sources of one series, which the columns name, the sources are told.
                let named = message.contains("mutant") || message.contains("several sources");
                assert!(named, "does not name the file: {message}");
                assert!(message.len() < 4_000, "{message}");
            }
            Err(_) => std::process::exit(101),
        }
        longest = longest.max(since.elapsed());
        assert!(longest < LONGEST, "{longest:?}");
    }
    println!("\n: all done: {read} read, {refused} refused, at most {longest:?}");
}

fn written(folder: &str, target: &Target, bytes: &[u8]) -> std::path::PathBuf {
    let path = Path::new(folder).join(format!("mutant.{}", target.extension));
    // A new file, not the old one cut: tasks of a reader that gave up may still look at that.
    drop(std::fs::remove_file(&path));
    std::fs::write(&path, bytes).unwrap();
    path
}
