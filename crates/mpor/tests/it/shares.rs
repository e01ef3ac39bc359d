//! A run made in shares and merged ends with the bytes of one run; what does not belong together is refused by name.

use std::path::PathBuf;

use mpor::run::{Share, merge, run, share};
use mpor::{Silent, StudyFile};

use crate::folder::{assert_same, files};
use crate::lab::{Lab, Market, STUDY};

fn lab() -> (Lab, StudyFile) {
    let lab = Lab::new();
    let file = StudyFile::read(&lab.text("study.toml", STUDY)).unwrap();
    (lab, file)
}

/// The first two models and no overlay: enough where only folders and messages are looked at.
fn small(lab: &Lab) -> StudyFile {
    let (study, _) = STUDY.split_once("[[model]]\nname = \"pmrm2\"").unwrap();
    let text = format!("{study}[report]\nformats = []\n");
    StudyFile::read(&lab.text("study.toml", &text)).unwrap()
}

fn made(file: &StudyFile, folder: PathBuf, index: usize, of: usize) -> usize {
    share(file, &folder, Share::new(index, of).unwrap(), &Silent).unwrap().made
}

#[test]
fn any_number_of_shares_merges_to_the_bytes_of_one_run() {
    let (lab, file) = lab();
    run(&file, &lab.path("runs/whole"), &Silent).unwrap();
    let whole = files(&lab.path("runs/whole"));
    // Every share in a folder of its own, and the run in another.
    for of in [1, 7] {
        let folder = |index: usize| lab.path(&format!("shares/{of}/{index}"));
        let shards: usize = (1..=of).map(|index| made(&file, folder(index), index, of)).sum();
        // Shards of 32 margin dates each.
        assert_eq!(shards, 5);
        let from: Vec<PathBuf> = (1..=of).map(folder).collect();
        let merged = lab.path(&format!("runs/{of}"));
        assert!(merge(&file, &from, &merged, &Silent).unwrap().result.is_some());
        assert_same(&files(&merged), &whole, &format!("{of} shares"));
        assert!(from[0].join("shards").is_dir(), "merging leaves the shares as they are");
        assert!(merge(&file, &[], &merged, &Silent).unwrap().result.is_none(), "nothing to do");
    }
}

#[test]
fn shares_write_into_one_folder_at_the_same_time() {
    let (lab, file) = lab();
    run(&file, &lab.path("runs/whole"), &Silent).unwrap();
    let one = lab.path("runs/one");
    // The first share twice: whoever is slower finds its shards there.
    std::thread::scope(|scope| {
        for index in [1, 2, 3, 1] {
            let (file, one) = (&file, one.clone());
            scope.spawn(move || made(file, one, index, 3));
        }
    });
    assert_eq!(made(&file, one.clone(), 1, 3), 0, "all of it is there");
    merge(&file, &[], &one, &Silent).unwrap();
    assert_same(&files(&one), &files(&lab.path("runs/whole")), "three shares in one folder");
}

#[test]
fn a_run_takes_up_what_shares_have_left() {
    let lab = Lab::new();
    let file = small(&lab);
    run(&file, &lab.path("runs/whole"), &Silent).unwrap();
    made(&file, lab.path("runs/part"), 2, 3);
    run(&file, &lab.path("runs/part"), &Silent).unwrap();
    assert_same(&files(&lab.path("runs/part")), &files(&lab.path("runs/whole")), "taken up");
}

#[test]
fn missing_and_damaged_shards_are_named() {
    let lab = Lab::new();
    let file = small(&lab);
    let refused = |from: &[PathBuf]| {
        merge(&file, from, &lab.path("runs/merged"), &Silent).unwrap_err().to_string()
    };
    let two = lab.path("two");
    made(&file, two.clone(), 2, 3);
    let problem = refused(std::slice::from_ref(&two));
    assert!(problem.contains("4 of 6 shards are missing"), "{problem}");
    assert!(problem.contains("(2021-02-01 to 2021-03-04): it is not there"), "{problem}");
    assert!(!lab.path("runs/merged/manifest.json").exists());

    made(&file, two.clone(), 1, 1);
    let shard = files(&two).into_keys().find(|name| name.ends_with("losses.parquet")).unwrap();
    let path = two.join(&shard);
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let problem = refused(std::slice::from_ref(&two));
    assert!(problem.contains("1 of 6 shards are missing"), "{problem}");
    assert!(problem.contains("losses.parquet has other bytes than were written"), "{problem}");
    // The share makes it again.
    assert_eq!(made(&file, two.clone(), 1, 1), 1);
    merge(&file, &[two], &lab.path("runs/merged"), &Silent).unwrap();
}

#[test]
fn shares_of_another_study_or_other_data_are_refused() {
    let lab = Lab::new();
    let file = small(&lab);
    let folder = lab.path("share");
    let refused = |from: PathBuf| {
        let file = StudyFile::read(&lab.path("study.toml")).unwrap();
        merge(&file, &[from], &lab.path("runs/merged"), &Silent).unwrap_err().to_string()
    };
    std::fs::create_dir_all(lab.path("nothing")).unwrap();
    assert!(refused(lab.path("nothing")).contains("holds no shards"));
    made(&file, folder.clone(), 1, 1);
    let text = std::fs::read_to_string(lab.path("study.toml")).unwrap();
    lab.text("study.toml", &text.replace("quantity = 3 }", "quantity = 4 }"));
    let problem = refused(folder.clone());
    assert!(
        problem.ends_with("share: its shards are of another `study.toml`: its bytes differ"),
        "{problem}"
    );
    lab.text("study.toml", &text);
    lab.market(&Market::made_up().altered(4000));
    let problem = refused(folder);
    assert!(problem.contains("of another `prices.parquet`: its bytes differ"), "{problem}");
}
