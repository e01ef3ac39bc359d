//! The golden vectors of the repository, all within tolerance.

#[test]
fn golden_vectors_are_reproduced() {
    let folders = xtask::chores::golden_folders().unwrap();
    assert!(folders.len() >= 5, "vectors are missing: {folders:?}");
    let mut checked = 0;
    for folder in &folders {
        let run = xtask::vectors::runner(folder)
            .unwrap_or_else(|| panic!("no runner for {}", folder.display()));
        for report in run(folder).unwrap() {
            let file = format!("{}/{}", folder.display(), report.file);
            assert!(report.failures.is_empty(), "{file}: {:#?}", report.failures);
            assert!(report.cases > 0, "{file} ran no case");
            checked += report.cases;
        }
    }
    assert!(checked > 500, "only {checked} cases ran");
}
