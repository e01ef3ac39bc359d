//! A run that is killed without warning, at several moments, and started again ends with the bytes of one that was not.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::lab::{Lab, STUDY};
use crate::terminal::mpor;

/// Bytes by path, hidden files included.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
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

/// Starts a run and kills it (SIGKILL on Unix) so long after a stage begins; whether it was still alive.
fn killed(lab: &Lab, out: &str, stage: &str, later: Duration) -> bool {
    let mut child = Command::new(env!("CARGO_BIN_EXE_mpor"))
        .args(["run", "study.toml", "--out", out])
        .current_dir(lab.path(""))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let began = lines.map_while(Result::ok).any(|line| line.starts_with(stage));
    assert!(began, "the run has a stage `{stage}`");
    std::thread::sleep(later);
    child.kill().unwrap();
    child.wait().unwrap().code().is_none()
}

#[test]
fn a_killed_run_is_taken_up_and_ends_with_the_same_bytes() {
    let lab = Lab::new();
    lab.text("study.toml", STUDY);
    assert_eq!(mpor(&lab.path(""), "run study.toml --out whole --quiet").code, 0);
    let whole = files(&lab.path("whole"));
    let moments = [
        ("reading market history", 20),
        ("replaying margin dates", 0),
        ("replaying margin dates", 60),
        ("replaying margin dates", 120),
        ("testing coverage", 5),
        ("drawing and typesetting", 40),
    ];
    let mut alive = 0;
    for (number, (stage, later)) in moments.into_iter().enumerate() {
        let out = format!("killed-{number}");
        alive += usize::from(killed(&lab, &out, stage, Duration::from_millis(later)));
        let again = mpor(&lab.path(""), &format!("run study.toml --out {out} --quiet"));
        assert_eq!(again.code, 0, "{}", again.shown());
        let found = files(&lab.path(&out));
        let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&found), names(&whole), "killed {later} ms after `{stage}`");
        for (name, bytes) in &whole {
            assert!(found[name] == *bytes, "{name} differs, killed {later} ms after `{stage}`");
        }
        assert!(!lab.path(&out).join("shards").exists());
    }
    assert!(alive >= 3, "only {alive} runs were killed while they worked");
}
