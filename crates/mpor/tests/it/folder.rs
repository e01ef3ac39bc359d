//! A run's folder as a value: every file and its bytes.

use std::collections::BTreeMap;
use std::path::Path;

/// Bytes by path, relative to the folder.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Every file below a folder, hidden ones included.
pub fn files(folder: &Path) -> Files {
    let mut files = Files::new();
    gather(folder, folder, &mut files);
    files
}

fn gather(root: &Path, folder: &Path, files: &mut Files) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(root, &path, files);
        } else {
            let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            files.insert(name, std::fs::read(&path).unwrap());
        }
    }
}

/// Fails with the names of the files that differ, not with their bytes.
pub fn assert_same(found: &Files, expected: &Files, what: &str) {
    let names = |files: &Files| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(found), names(expected), "{what}: other files");
    let differ: Vec<&String> =
        expected.iter().filter(|(name, bytes)| found[*name] != **bytes).map(|(n, _)| n).collect();
    assert!(differ.is_empty(), "{what}: other bytes in {differ:?}");
}
