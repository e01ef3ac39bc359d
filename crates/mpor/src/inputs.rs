//! The local files that a study reads, for hashing: data, and the rule files of the study's own folders.
//!
//! A file that is not there may be one that an import makes: the import specifications beside the study are asked, so that the
//! message says which command to run.

use std::path::{Component, Path, PathBuf};

use mpor_data::{DataError, source};

use crate::error::MporError;
use crate::study::{Paths, StudyFile};

/// Every local file that the study names, in the order of the study; patterns are expanded, URLs are left out.
///
/// # Errors
/// [`MporError::Data`] for a pattern that matches nothing.
pub fn files(file: &StudyFile) -> Result<Vec<PathBuf>, MporError> {
    let data = &file.study.data;
    let tables: [&Paths; 8] = [
        &data.prices,
        &data.vol_index,
        &data.funding,
        &data.instruments,
        &data.option_marks,
        &data.positions,
        &data.trades,
        &data.calls,
    ];
    let mut patterns: Vec<String> =
        tables.iter().flat_map(|paths| file.resolve_all(paths)).collect();
    let volatilities = file.study.underlying.iter().filter_map(|spec| spec.volatility.as_ref());
    patterns.extend(volatilities.map(|volatility| file.resolve(&volatility.chain)));
    let chains = file.study.underlying.iter().filter_map(|spec| spec.chains.as_ref());
    for chains in chains {
        patterns.extend(file.resolve_all(&chains.quotes));
        patterns.extend(chains.surfaces.iter().map(|path| file.resolve(path)));
    }
    let futures = file.study.underlying.iter().filter_map(|spec| spec.futures.as_ref());
    patterns.extend(futures.flat_map(|futures| file.resolve_all(&futures.prices)));
    patterns.retain(|pattern| !pattern.contains("://"));
    let mut files = vec![file.path.clone()];
    for pattern in patterns {
        let found = source::expand(&[pattern], &[]).map_err(|error| with_import(file, error))?;
        for path in found {
            let path = PathBuf::from(path);
            if !files.contains(&path) {
                files.push(path);
            }
        }
    }
    for folder in &data.rules {
        let folder = PathBuf::from(file.resolve(folder));
        // One that is not there is told with its line of the study, where rules are read.
        if folder.is_dir() {
            add_rules(&folder, &mut files)?;
        }
    }
    Ok(files)
}

/// The rule files of a folder and the folders below it, in order of their paths.
fn add_rules(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), MporError> {
    let fail = |error: std::io::Error| MporError::folder(folder, error);
    let entries: Result<Vec<PathBuf>, std::io::Error> =
        std::fs::read_dir(folder).map_err(fail)?.map(|entry| Ok(entry?.path())).collect();
    let mut entries = entries.map_err(fail)?;
    entries.sort();
    for path in entries {
        if path.is_dir() {
            add_rules(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "toml")
            && !files.contains(&path)
        {
            files.push(path);
        }
    }
    Ok(())
}

/// An error about a file that is not there, with the import that makes it, where a specification in the folder `imports`
/// beside the study says so.
fn with_import(file: &StudyFile, error: DataError) -> MporError {
    let DataError::NoFiles { pattern } = &error else { return error.into() };
    let folder = file.path.parent().unwrap_or(Path::new("")).join("imports");
    let wanted = folded(Path::new(pattern));
    let mut specs: Vec<PathBuf> = std::fs::read_dir(&folder)
        .map(|entries| entries.filter_map(|entry| Some(entry.ok()?.path())).collect())
        .unwrap_or_default();
    specs.sort();
    let made = specs.into_iter().find_map(|spec| {
        let text = std::fs::read_to_string(&spec).ok()?;
        let table: toml::Table = text.parse().ok()?;
        let to = table.get("to")?.as_str()?;
        (folded(&folder.join(to)) == wanted).then(|| absent_sources(&folder, &table, &spec))
    });
    match made {
        None => error.into(),
        Some(hint) => MporError::History(format!("{error}; {hint}")),
    }
}

/// The command of an import, and which of the files that it reads are not there either.
fn absent_sources(folder: &Path, table: &toml::Table, spec: &Path) -> String {
    let command = format!("`mpor data import --spec {}` makes it", spec.display());
    let files = table.get("files").and_then(toml::Value::as_array);
    let texts = files.into_iter().flatten().filter_map(toml::Value::as_str);
    let absent = texts
        .map(|path| folded(&folder.join(path)))
        .filter(|path| !path.to_string_lossy().contains(['*', '?', '[']) && !path.exists());
    let absent: Vec<String> = absent.map(|path| path.display().to_string()).collect();
    match absent.as_slice() {
        [] => command,
        some => format!("{command}, from {}, which is not here", some.join(", ")),
    }
}

/// A path without the detours by `..` through folders that need not exist.
fn folded(path: &Path) -> PathBuf {
    let mut folded = PathBuf::new();
    for component in path.components() {
        let inside = matches!(folded.components().next_back(), Some(Component::Normal(_)));
        match component {
            Component::CurDir => {}
            Component::ParentDir if inside => {
                folded.pop();
            }
            other => folded.push(other),
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_compared_without_detours() {
        let fold = |path: &str| folded(Path::new(path)).to_string_lossy().into_owned();
        assert_eq!(fold("studies/../runs/x.parquet"), "runs/x.parquet");
        assert_eq!(fold("studies/imports/../../runs/./x.parquet"), "runs/x.parquet");
        assert_eq!(fold("../../runs/x.parquet"), "../../runs/x.parquet");
        assert_eq!(fold("/a/../b"), "/b");
    }
}
