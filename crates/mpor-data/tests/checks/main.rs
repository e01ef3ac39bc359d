//! The data checks against real history: 17 files that are faulty, each found by the check of its fault, and the clean
//! ones, which must raise nothing but what is known of them. Both lie beside the checkout and are not part of it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod clean;
mod faulty;
mod reader;

use std::path::{Path, PathBuf};

/// The folder of collected history, where the checkout has one beside it; says so where not.
fn shared() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    if !folder.is_dir() {
        println!("skipped: {} is not there", folder.display());
        return None;
    }
    Some(folder)
}
