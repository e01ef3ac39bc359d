//! The local files that a study reads, for hashing.

use std::path::PathBuf;

use mpor_data::source;

use crate::error::MporError;
use crate::study::{Paths, StudyFile};

/// Every local file that the study names, in the order of the study; patterns are expanded, URLs are left out.
///
/// # Errors
/// [`MporError::Data`] for a pattern that matches nothing.
pub fn files(file: &StudyFile) -> Result<Vec<PathBuf>, MporError> {
    let data = &file.study.data;
    let tables: [&Paths; 7] = [
        &data.prices,
        &data.vol_index,
        &data.funding,
        &data.instruments,
        &data.option_marks,
        &data.positions,
        &data.trades,
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
    patterns.retain(|pattern| !pattern.contains("://"));
    let mut files = vec![file.path.clone()];
    for pattern in patterns {
        for path in source::expand(&[pattern], &[])? {
            let path = PathBuf::from(path);
            if !files.contains(&path) {
                files.push(path);
            }
        }
    }
    Ok(files)
}
