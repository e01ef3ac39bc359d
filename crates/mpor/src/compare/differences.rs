//! What went into two runs that differs: version, seed, inputs, and the study key by key.
//!
//! A run records the hash of its study with every default written out. The study file may have changed since; its keys are
//! compared only where it still has that hash.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use toml::Value;

use super::read::Run;
use crate::error::MporError;
use crate::manifest::{FileRecord, hash_text};
use crate::study::StudyFile;

/// One thing that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// A dotted key of the study, an input, or `version`.
    pub what: String,
    /// Its value in the first run; `–` where it has none.
    pub before: String,
    /// Its value in the second.
    pub after: String,
}

const NONE: &str = "–";

/// All differences, the version first; and what cannot be compared.
pub(super) fn all(runs: &[Run; 2]) -> Result<(Vec<Difference>, Vec<String>), MporError> {
    let [a, b] = runs;
    let mut found = Vec::new();
    let mut notes = Vec::new();
    let mut differ = |what: &str, before: &str, after: &str| {
        if before != after {
            found.push(Difference {
                what: what.to_owned(),
                before: before.to_owned(),
                after: after.to_owned(),
            });
        }
    };
    differ("version", &a.manifest.version, &b.manifest.version);
    if a.manifest.study_hash != b.manifest.study_hash {
        let studies = [study(a), study(b)];
        for (run, known) in runs.iter().zip(&studies) {
            if let Err(reason) = known {
                notes.push(format!(
                    "{}: its study cannot be compared by key: {reason}.",
                    run.shown()
                ));
            }
        }
        if let [Ok(before), Ok(after)] = &studies {
            if before.get("currency") != after.get("currency") {
                let unlike = |keys: &Keys| keys.get("currency").cloned().unwrap_or_default();
                return Err(MporError::Question(format!(
                    "the runs report in different currencies, {} and {}: their amounts do not compare",
                    unlike(before),
                    unlike(after)
                )));
            }
            let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
            for name in names {
                let value = |keys: &Keys| keys.get(name).map_or(NONE.to_owned(), Clone::clone);
                differ(name, &value(before), &value(after));
            }
        } else {
            differ("study", &a.manifest.study_hash, &b.manifest.study_hash);
        }
    }
    for (what, before, after) in inputs(a, b) {
        differ(&what, &before, &after);
    }
    Ok((found, notes))
}

/// Values by dotted key.
type Keys = BTreeMap<String, String>;

/// The study of a run, if it is still the one that was run.
fn study(run: &Run) -> Result<Keys, String> {
    let path = run.folder.join(&run.manifest.study_file);
    let file = StudyFile::read(&path).map_err(|error| error.to_string())?;
    let resolved = file.resolved().map_err(|error| error.to_string())?;
    if hash_text(&resolved) != run.manifest.study_hash {
        return Err(format!("{} has changed since the run", path.display()));
    }
    let table: toml::Table = resolved.parse().map_err(|error| format!("{error}"))?;
    let mut keys = Keys::new();
    flatten(String::new(), &Value::Table(table), &mut keys);
    Ok(keys)
}

/// Entries of a list of tables go by their name where they have one, so that an entry more does not move the others.
fn flatten(path: String, value: &Value, keys: &mut Keys) {
    match value {
        Value::Table(table) => {
            for (key, value) in table {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                flatten(path, value, keys);
            }
        }
        Value::Array(list) if list.iter().any(Value::is_table) => {
            for (at, value) in list.iter().enumerate() {
                let name = value.get("name").and_then(Value::as_str);
                let name = name.map_or_else(|| at.to_string(), str::to_owned);
                flatten(format!("{path}.{name}"), value, keys);
            }
        }
        other => {
            keys.insert(path, other.to_string());
        }
    }
}

/// Data files that differ, by what stands before and after; the study itself is compared by key.
fn inputs(a: &Run, b: &Run) -> Vec<(String, String, String)> {
    let data = |run: &Run| -> Vec<FileRecord> {
        let study = &run.manifest.study_file;
        run.manifest.inputs.iter().filter(|input| input.path != *study).cloned().collect()
    };
    let (before, after) = (data(a), data(b));
    let alone = |own: &[FileRecord], other: &[FileRecord]| -> BTreeMap<String, String> {
        let unknown = own.iter().filter(|one| other.iter().all(|it| it.blake3 != one.blake3));
        let short = |one: &FileRecord| one.blake3.chars().take(12).collect::<String>();
        unknown
            .map(|one| {
                let name = one.path.rsplit('/').next().unwrap_or(&one.path);
                (name.to_owned(), format!("{} bytes, {}", one.bytes, short(one)))
            })
            .collect()
    };
    let (ours, theirs) = (alone(&before, &after), alone(&after, &before));
    let names: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    let value = |of: &BTreeMap<String, String>, name: &String| {
        of.get(name).map_or(NONE.to_owned(), Clone::clone)
    };
    names
        .into_iter()
        .map(|name| (format!("input {name}"), value(&ours, name), value(&theirs, name)))
        .collect()
}
