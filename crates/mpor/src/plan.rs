//! What shards belong to: version, resolved study and the bytes of every input, wherever the files lie.
//!
//! Two machines with the same version, study and data have the same plan, also where their folders differ.

use serde::{Deserialize, Serialize};

use crate::error::MporError;
use crate::manifest::{FileRecord, Manifest, hash_text};

/// The plan of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plan {
    version: String,
    study: String,
    study_hash: String,
    seed: u64,
    /// Files read, by name without folder.
    inputs: Vec<FileRecord>,
}

impl Plan {
    /// The plan of a run that has read nothing yet.
    pub fn of(start: &Manifest) -> Self {
        let name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
        let inputs = start.inputs.iter();
        Plan {
            version: start.version.clone(),
            study: start.study.clone(),
            study_hash: start.study_hash.clone(),
            seed: start.seed,
            inputs: inputs
                .map(|file| FileRecord { path: name(&file.path), ..file.clone() })
                .collect(),
        }
    }

    /// The plan as it is written.
    pub fn to_json(&self) -> Result<String, MporError> {
        serde_json::to_string_pretty(self).map_err(|error| MporError::folder("plan.json", error))
    }

    /// Its short name: the folder of its shards.
    pub fn name(&self) -> Result<String, MporError> {
        Ok(hash_text(&self.to_json()?)[..16].to_owned())
    }

    /// The first thing in which `other` differs from this plan, for people; `None` where nothing does.
    pub fn difference(&self, other: &Plan) -> Option<String> {
        if self.version != other.version {
            return Some(format!("made by mpor {}, and this is {}", other.version, self.version));
        }
        if self.study != other.study {
            return Some(format!("of the study `{}`, and this is `{}`", other.study, self.study));
        }
        let pairs = self.inputs.iter().zip(&other.inputs);
        let of_inputs = pairs.filter(|(ours, theirs)| ours != theirs).map(|(ours, theirs)| {
            match ours.path == theirs.path {
                true => format!("of another `{}`: its bytes differ", ours.path),
                false => {
                    format!("of the input `{}` where this study has `{}`", theirs.path, ours.path)
                }
            }
        });
        let counts = || {
            let (ours, theirs) = (self.inputs.len(), other.inputs.len());
            (ours != theirs).then(|| format!("of {theirs} input files, and this study has {ours}"))
        };
        let rest = || (self != other).then(|| "of the study with other values".to_owned());
        of_inputs.into_iter().next().or_else(counts).or_else(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        let input = |path: &str| FileRecord {
            path: path.to_owned(),
            blake3: hash_text(path),
            bytes: 7,
            rows: None,
        };
        Plan {
            version: "1.0.0".to_owned(),
            study: "quick".to_owned(),
            study_hash: hash_text("study"),
            seed: 7,
            inputs: vec![input("study.toml"), input("prices.parquet")],
        }
    }

    #[test]
    fn what_differs_is_named() {
        let ours = plan();
        assert_eq!(ours.difference(&ours), None);
        let said = |change: &dyn Fn(&mut Plan)| {
            let mut other = plan();
            change(&mut other);
            assert_ne!(other.name().unwrap(), ours.name().unwrap());
            ours.difference(&other).unwrap()
        };
        let version = said(&|plan| plan.version = "0.9.0".to_owned());
        assert_eq!(version, "made by mpor 0.9.0, and this is 1.0.0");
        let input = said(&|plan| plan.inputs[1].blake3 = hash_text("other"));
        assert_eq!(input, "of another `prices.parquet`: its bytes differ");
        assert_eq!(said(&|plan| plan.inputs.truncate(1)), "of 1 input files, and this study has 2");
        assert_eq!(said(&|plan| plan.seed = 8), "of the study with other values");
    }

    #[test]
    fn where_files_lie_changes_nothing() {
        let manifest = |folder: &str| {
            let path = format!("{folder}/prices.parquet");
            let input = FileRecord { path, blake3: String::new(), bytes: 1, rows: None };
            Manifest {
                version: "1".to_owned(),
                study: "s".to_owned(),
                study_file: format!("{folder}/s.toml"),
                study_hash: String::new(),
                seed: 1,
                inputs: vec![input],
                outputs: Vec::new(),
            }
        };
        assert_eq!(Plan::of(&manifest("../here")), Plan::of(&manifest("/there/too")));
    }
}
