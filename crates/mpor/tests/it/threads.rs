//! The number of threads changes no byte of any file, pictures and PDF included.

use mpor::run::{in_pool, run};
use mpor::{Silent, StudyFile};

use crate::folder::{Files, assert_same, files};
use crate::lab::{Lab, STUDY};

fn on(threads: usize, lab: &Lab) -> Files {
    let file = StudyFile::read(&lab.path("study.toml")).unwrap();
    let folder = lab.path(&format!("runs/{threads}"));
    in_pool(Some(threads), || run(&file, &folder, &Silent)).unwrap().unwrap();
    files(&folder)
}

#[test]
fn one_two_and_eight_threads_write_the_same_bytes() {
    let lab = Lab::new();
    lab.text("study.toml", &STUDY.replace("formats = []", "formats = [\"svg\"]"));
    let one = on(1, &lab);
    assert!(one.contains_key("requirements.parquet") && one.contains_key("manifest.json"));
    for threads in [2, 8] {
        assert_same(&on(threads, &lab), &one, &format!("{threads} threads"));
    }
}

#[test]
fn one_and_eight_threads_typeset_the_same_document() {
    let lab = Lab::new();
    // The first two models are enough for every page.
    let (study, _) = STUDY.split_once("[[model]]\nname = \"pmrm2\"").unwrap();
    lab.text("study.toml", &format!("{study}[report]\nformats = [\"pdf\"]\n"));
    let one = on(1, &lab);
    assert!(one.contains_key("report.pdf"));
    assert_same(&on(8, &lab), &one, "8 threads");
}
