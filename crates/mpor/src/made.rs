//! Which command made a folder: told by an output that only it has.

use crate::calibrate::CANDIDATES;
use crate::manifest::Manifest;
use crate::stress::ASKED;

/// What a manifest is the record of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Made {
    Run,
    Calibration,
    StressTest,
}

impl Made {
    pub fn of(manifest: &Manifest) -> Self {
        let has = |path: &str| manifest.outputs.iter().any(|output| output.path == path);
        if has(CANDIDATES) {
            Made::Calibration
        } else if has(ASKED) {
            Made::StressTest
        } else {
            Made::Run
        }
    }
}
