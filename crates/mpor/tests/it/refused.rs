//! Folders that a run cannot have.

use std::sync::Mutex;

use mpor::run::run;
use mpor::{Progress, Silent, StudyFile};

use crate::folder::{assert_same, files};
use crate::lab::{Lab, STUDY};

/// Starts a second run into the same folder while the first is at work.
struct Second<'a> {
    file: &'a StudyFile,
    folder: std::path::PathBuf,
    told: Mutex<Vec<String>>,
}

impl Progress for Second<'_> {
    fn begin(&self, stage: &str, _total: usize) {
        let told = match run(self.file, &self.folder, &Silent) {
            Ok(_) => format!("ran during {stage}"),
            Err(error) => error.to_string(),
        };
        self.told.lock().unwrap().push(told);
    }
    fn advance(&self, _units: usize) {}
    fn end(&self) {}
}

#[test]
fn two_runs_do_not_write_into_one_folder() {
    let lab = Lab::new();
    let file = StudyFile::read(&lab.text("study.toml", STUDY)).unwrap();
    let folder = lab.path("runs/contended");
    let second = Second { file: &file, folder: folder.clone(), told: Mutex::default() };
    run(&file, &folder, &second).unwrap();
    let expected = format!(
        "{}: another run, or a share of one, is writing here; wait for it, or choose another folder with `--out`",
        folder.display()
    );
    let told = second.told.into_inner().unwrap();
    assert_eq!(told.len(), 5, "one at each stage");
    assert!(told.iter().all(|told| *told == expected), "{told:?}");
    run(&file, &lab.path("runs/alone"), &Silent).unwrap();
    assert_same(&files(&folder), &files(&lab.path("runs/alone")), "contended");
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let lab = Lab::new();
    let file = StudyFile::read(&lab.text("study.toml", STUDY)).unwrap();
    let told = |folder: &str| run(&file, &lab.path(folder), &Silent).unwrap_err().to_string();
    let study = lab.path("study.toml");
    assert_eq!(
        told("study.toml"),
        format!("{}: is a file, and a run is a folder; name another with `--out`", study.display())
    );
    assert!(told("study.toml/run").starts_with(&format!("{}/run: ", study.display())));
    // A folder where a file must be.
    std::fs::create_dir_all(lab.path("run/losses.parquet/in-the-way")).unwrap();
    let blocked = told("run");
    assert!(blocked.contains("losses.parquet: cannot be written: "), "{blocked}");
    assert!(!lab.path("run/manifest.json").exists(), "the run is not taken for finished");
}
