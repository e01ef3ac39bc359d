//! A run that is stopped anywhere and started again ends with the bytes of one that was not.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

use mpor::run::run;
use mpor::{Progress, Silent, StudyFile};

use crate::folder::{assert_same, files};
use crate::lab::{Lab, STUDY};

/// Stops the run at its `left`-th sign of life. Unwinding is not a kill: the command line's tests kill the process.
struct StopAt {
    left: AtomicUsize,
}

impl StopAt {
    fn sign(&self) {
        if self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            resume_unwind(Box::new("stopped"));
        }
    }
}

impl Progress for StopAt {
    fn begin(&self, _stage: &str, _total: usize) {
        self.sign();
    }
    fn advance(&self, _units: usize) {
        self.sign();
    }
    fn end(&self) {}
}

fn stopped_at(file: &StudyFile, folder: &std::path::Path, sign: usize) -> bool {
    let stop = StopAt { left: AtomicUsize::new(sign) };
    catch_unwind(AssertUnwindSafe(|| run(file, folder, &stop))).is_err()
}

#[test]
fn a_run_stopped_anywhere_ends_with_the_same_bytes() {
    let lab = Lab::new();
    let file = StudyFile::read(&lab.text("study.toml", STUDY)).unwrap();
    run(&file, &lab.path("runs/whole"), &Silent).unwrap();
    let whole = files(&lab.path("runs/whole"));
    assert!(whole.contains_key("manifest.json") && whole.contains_key("requirements.parquet"));

    let mut stops = 0;
    while stopped_at(&file, &lab.path(&format!("runs/{stops}")), stops + 1) {
        stops += 1;
        let folder = lab.path(&format!("runs/{}", stops - 1));
        let left = files(&folder);
        assert!(!left.contains_key("manifest.json"), "stop {stops} left a manifest");
        run(&file, &folder, &Silent).unwrap();
        assert_same(&files(&folder), &whole, &format!("after stop {stops}"));
    }
    // Five stages begin, the replay has five shards of 32 margin dates and the assembly one block of accounts.
    assert_eq!(stops, 5 + 5 + 1);
}

#[test]
fn a_run_stopped_again_and_again_gets_there() {
    let lab = Lab::new();
    let file = StudyFile::read(&lab.text("study.toml", STUDY)).unwrap();
    run(&file, &lab.path("runs/whole"), &Silent).unwrap();
    let folder = lab.path("runs/halting");
    // Signs 4 to 8 are the shards: each attempt finds more of them done.
    for sign in [4, 5, 8, 11] {
        assert!(stopped_at(&file, &folder, sign), "sign {sign}");
        assert!(folder.join("shards").is_dir());
    }
    run(&file, &folder, &Silent).unwrap();
    assert_same(&files(&folder), &files(&lab.path("runs/whole")), "after four stops");
}

#[test]
fn half_written_files_and_broken_shards_are_made_again() {
    let lab = Lab::new();
    let file = StudyFile::read(&lab.text("study.toml", STUDY)).unwrap();
    run(&file, &lab.path("runs/whole"), &Silent).unwrap();
    let folder = lab.path("runs/broken");
    assert!(stopped_at(&file, &folder, 6));
    // What a power cut leaves: a shard cut short, and the part of a file that was being written.
    let shards: Vec<String> =
        files(&folder).into_keys().filter(|name| name.ends_with("parquet")).collect();
    let shard = folder.join(&shards[0]);
    let bytes = std::fs::read(&shard).unwrap();
    std::fs::write(&shard, &bytes[..bytes.len() / 2]).unwrap();
    std::fs::create_dir_all(folder.join(".staged")).unwrap();
    std::fs::write(folder.join(".staged/.losses.parquet.part"), b"half").unwrap();
    run(&file, &folder, &Silent).unwrap();
    assert_same(&files(&folder), &files(&lab.path("runs/whole")), "after a power cut");
}

#[test]
fn shards_of_another_study_are_not_taken_up() {
    let lab = Lab::new();
    let first = StudyFile::read(&lab.text("study.toml", STUDY)).unwrap();
    let folder = lab.path("runs/changed");
    assert!(stopped_at(&first, &folder, 6));
    let other = STUDY.replace("quantity = 3 }", "quantity = 4 }");
    let second = StudyFile::read(&lab.text("study.toml", &other)).unwrap();
    run(&second, &folder, &Silent).unwrap();
    run(&second, &lab.path("runs/fresh"), &Silent).unwrap();
    assert_same(&files(&folder), &files(&lab.path("runs/fresh")), "after another study's stop");
}
