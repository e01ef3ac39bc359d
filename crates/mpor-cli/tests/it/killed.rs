//! A run that is killed without warning, or finds no room on the disk, and is started again ends with the bytes of one that was
//! not; what was finished before stays whole.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::lab::{Lab, STUDY};
use crate::terminal::{Said, mpor};

type Files = BTreeMap<String, Vec<u8>>;

/// The first two models and figures: every stage of a run, and quick.
fn small() -> String {
    let (study, _) = STUDY.split_once("[[model]]\nname = \"pmrm2\"").unwrap();
    format!("{study}[report]\nformats = [\"svg\"]\n")
}

/// Bytes by path, hidden files included.
fn files(folder: &Path) -> Files {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
                files.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    files
}

fn assert_same(found: &Files, expected: &Files, what: &str) {
    let names = |files: &Files| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(found), names(expected), "{what}");
    for (name, bytes) in expected {
        assert!(found[name] == *bytes, "{name} differs, {what}");
    }
}

/// A run that goes on by itself.
fn started(lab: &Lab, study: &str, out: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_mpor"))
        .args(["run", study, "--out", out])
        .current_dir(lab.path(""))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits until a run says that a stage begins.
fn wait_for(child: &mut Child, stage: &str) {
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let began = lines.map_while(Result::ok).any(|line| line.starts_with(stage));
    assert!(began, "the run has a stage `{stage}`");
}

/// Starts a run and kills it (SIGKILL on Unix) so long after its start; whether it was still alive.
fn killed(lab: &Lab, study: &str, out: &str, after: Duration) -> bool {
    let mut child = started(lab, study, out);
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap().code().is_none()
}

/// The whole run of a study in a folder, and how long it took.
fn whole(lab: &Lab, study: &str, out: &str) -> (Files, Duration) {
    let start = Instant::now();
    let said = mpor(&lab.path(""), &format!("run {study} --out {out} --quiet"));
    assert_eq!(said.code, 0, "{}", said.shown());
    (files(&lab.path(out)), start.elapsed())
}

/// Twenty moments of a duration, one in each twentieth of it: SplitMix64.
fn moments(seed: u64, of: Duration) -> Vec<Duration> {
    let mut state = seed;
    let mut uniform = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ (bits >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    };
    (0..20).map(|k| of.mul_f64((f64::from(k) + uniform()) / 20.0)).collect()
}

#[test]
fn a_run_killed_at_twenty_moments_is_taken_up_and_ends_with_the_same_bytes() {
    let lab = Lab::new();
    lab.text("study.toml", &small());
    let (expected, took) = whole(&lab, "study.toml", "whole");
    let mut alive = 0;
    for (number, after) in moments(20_260_101, took).into_iter().enumerate() {
        let out = format!("killed-{number}");
        alive += usize::from(killed(&lab, "study.toml", &out, after));
        let (found, _) = whole(&lab, "study.toml", &out);
        assert_same(&found, &expected, &format!("killed after {after:?}"));
    }
    assert!(alive >= 10, "only {alive} runs were killed while they worked");
}

#[test]
fn a_run_killed_again_and_again_gets_there() {
    let lab = Lab::new();
    lab.text("study.toml", &small());
    let (expected, took) = whole(&lab, "study.toml", "whole");
    for after in moments(7, took).into_iter().skip(5).step_by(3) {
        killed(&lab, "study.toml", "again", after);
    }
    assert_same(&whole(&lab, "study.toml", "again").0, &expected, "killed five times");
}

#[test]
fn a_finished_run_stays_whole_until_another_is_finished() {
    let lab = Lab::new();
    lab.text("study.toml", &small());
    lab.text("other.toml", &small().replace("quantity = 3 }", "quantity = 4 }"));
    let (finished, _) = whole(&lab, "study.toml", "run");
    let (other, took) = whole(&lab, "other.toml", "other");
    let results = |files: &Files| -> Files {
        let kept = files
            .iter()
            .filter(|(name, _)| !name.starts_with(['.']) && !name.starts_with("shards"));
        kept.map(|(name, bytes)| (name.clone(), bytes.clone())).collect()
    };
    let mut alive = 0;
    for after in moments(3, took).into_iter().step_by(4) {
        if !killed(&lab, "other.toml", "run", after) {
            break;
        }
        alive += 1;
        let found = results(&files(&lab.path("run")));
        if found.get("manifest.json") == other.get("manifest.json") {
            assert_same(&found, &results(&other), "killed when all was done");
            break;
        }
        // Killed while files were moved there is no manifest, and so no run that one could take for whole.
        if found.contains_key("manifest.json") {
            assert_same(&found, &results(&finished), &format!("killed after {after:?}"));
        }
    }
    assert!(alive >= 2, "only {alive} runs were killed while they worked");
    // One that fails leaves it whole too. (The last one may have been killed too late.)
    assert_same(&whole(&lab, "study.toml", "run").0, &finished, "the first study again");
    lab.text("bad.toml", &small().replace("price_range = 0.12", "price_range = -1.0"));
    assert_ne!(mpor(&lab.path(""), "run bad.toml --out run --quiet").code, 0);
    assert_eq!(results(&files(&lab.path("run"))), results(&finished), "after a failure");
    let (found, _) = whole(&lab, "other.toml", "run");
    assert_same(&found, &other, "the other study in its place");
}

#[cfg(unix)]
#[test]
fn two_runs_into_one_folder_are_refused_and_a_dead_one_locks_nothing() {
    let lab = Lab::new();
    lab.text("study.toml", &small());
    let mut child = started(&lab, "study.toml", "run");
    wait_for(&mut child, "replaying margin dates");
    let signal = |signal: &str, child: &Child| {
        let done = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        assert!(done.success(), "kill {signal}");
    };
    // Stopped, it holds the folder however quick the machine is.
    signal("-STOP", &child);
    for words in [
        "run study.toml --out run",
        "run study.toml --out run --shard 1/2",
        "merge study.toml --out run",
    ] {
        let said = mpor(&lab.path(""), &format!("{words} --quiet"));
        assert_eq!(said.code, 1, "{}", said.shown());
        assert!(said.err.contains("is writing here"), "{}", said.shown());
    }
    signal("-KILL", &child);
    child.wait().unwrap();
    let (found, _) = whole(&lab, "study.toml", "run");
    assert_same(&found, &whole(&lab, "study.toml", "fresh").0, "after a dead run's lock");
}

fn refused_for_room(said: &Said, folder: &Path) {
    assert_eq!(said.code, 1, "{}", said.shown());
    assert!(said.err.contains("there is no more room"), "{}", said.shown());
    assert!(said.err.contains("run again"), "{}", said.shown());
    let left = files(folder);
    assert!(!left.contains_key("manifest.json"), "no run that one could take for finished");
    let half: Vec<&String> = left.keys().filter(|name| name.ends_with(".part")).collect();
    assert!(half.is_empty(), "half-written: {half:?}");
}

/// A limit on the size of a file is met as a full disk is, at whatever file comes first.
#[cfg(unix)]
#[test]
fn no_room_for_a_file_ends_with_a_clear_error_and_can_be_resumed() {
    let lab = Lab::new();
    lab.text("study.toml", &small());
    let (expected, _) = whole(&lab, "study.toml", "whole");
    let mut refused = 0;
    // In blocks of 512 bytes: nothing, a plan, a shard, a table, a figure.
    for blocks in [0, 2, 8, 16, 32, 64] {
        let out = format!("full-{blocks}");
        let binary = env!("CARGO_BIN_EXE_mpor");
        let limited = format!(
            "trap '' XFSZ; ulimit -f {blocks}; exec {binary} run study.toml --out {out} --quiet"
        );
        let output =
            Command::new("sh").args(["-c", &limited]).current_dir(lab.path("")).output().unwrap();
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(!said.contains("panicked"), "{said}");
            assert_eq!(output.status.code(), Some(1), "{said}");
            assert!(said.contains("no more room") && said.contains("run again"), "{said}");
            assert!(!lab.path(&out).join("manifest.json").exists());
            refused += 1;
        }
        assert_same(&whole(&lab, "study.toml", &out).0, &expected, &out);
    }
    assert!(refused >= 3, "only {refused} limits were met");
}

/// A small file system of its own, gone when dropped.
#[cfg(target_os = "linux")]
struct Disk {
    folder: PathBuf,
}

#[cfg(target_os = "linux")]
impl Disk {
    /// `None` where mounting is not permitted.
    fn mount(folder: PathBuf, kib: usize) -> Option<Self> {
        std::fs::create_dir_all(&folder).unwrap();
        let size = format!("size={kib}k");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(&folder)
            .stderr(Stdio::null())
            .status();
        mounted.is_ok_and(|status| status.success()).then_some(Disk { folder })
    }

    fn grow(&self, kib: usize) {
        let size = format!("remount,size={kib}k");
        let grown = Command::new("mount").args(["-o", &size]).arg(&self.folder).status().unwrap();
        assert!(grown.success());
    }
}

#[cfg(target_os = "linux")]
impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.folder).status();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_ends_with_a_clear_error_and_can_be_resumed() {
    let lab = Lab::new();
    lab.text("study.toml", &small());
    let (expected, _) = whole(&lab, "study.toml", "whole");
    let mut refused = 0;
    for kib in [16, 128, 512] {
        let out = format!("disk-{kib}");
        let Some(disk) = Disk::mount(lab.path(&out), kib) else {
            println!("skipped: mounting a small file system is not permitted here");
            return;
        };
        let said = mpor(&lab.path(""), &format!("run study.toml --out {out} --quiet"));
        if said.code != 0 {
            refused_for_room(&said, &disk.folder);
            refused += 1;
        }
        disk.grow(65_536);
        assert_same(&whole(&lab, "study.toml", &out).0, &expected, &format!("a disk of {kib} KiB"));
    }
    assert!(refused >= 2, "only {refused} disks were full");
}
