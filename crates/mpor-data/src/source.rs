//! Which files a pattern means: local paths, globs and folders, `file://`, `http(s)://` and object-store URLs.
//!
//! A folder stands for all Parquet files below it. Files come in path order, which is the order that findings count
//! rows in. Cloud credentials are taken where the store's own client looks for them, never from a study.

use std::path::Path;

use polars::prelude::PlRefPath;

use crate::error::DataError;

/// Settings of an object store, such as `("aws_endpoint_url", "https://...")`. Not for secrets.
pub type Storage = [(String, String)];

/// A path of a study file as one that can be opened: relative local paths start at `base`, URLs stay as they are.
#[must_use]
pub fn resolve(base: &Path, path: &str) -> String {
    if scheme(path).is_some() {
        return path.to_owned();
    }
    base.join(path).to_string_lossy().into_owned()
}

/// The scheme of a URL in lower case; `None` for a local path.
#[must_use]
pub fn scheme(path: &str) -> Option<String> {
    let (scheme, _) = path.split_once("://")?;
    scheme.chars().all(|c| c.is_ascii_alphanumeric()).then(|| scheme.to_lowercase())
}

/// The files that the patterns mean, in the order of the patterns and then of the paths.
///
/// # Errors
/// [`DataError::NoFiles`] for a pattern that matches nothing, [`DataError::BadPattern`] for one that cannot be used.
pub fn expand(patterns: &[String], storage: &Storage) -> Result<Vec<String>, DataError> {
    let mut files: Vec<String> = Vec::new();
    for pattern in patterns {
        let matched = match scheme(pattern).as_deref() {
            None => local(pattern)?,
            Some("file") => local(&file_path(pattern))?,
            Some("http" | "https") => vec![pattern.clone()],
            Some("s3" | "s3a") => cloud(pattern, storage)?,
            Some(other) => {
                let problem = format!(
                    "`{other}://` is not supported; use a path, file://, http://, https:// or s3://"
                );
                return Err(DataError::BadPattern { pattern: pattern.clone(), problem });
            }
        };
        if matched.is_empty() {
            return Err(DataError::NoFiles { pattern: pattern.clone() });
        }
        files.extend(matched.into_iter().filter(|file| !files.contains(file)).collect::<Vec<_>>());
    }
    Ok(files)
}

/// `file:///a/b` or `file://localhost/a/b` as a local path.
fn file_path(url: &str) -> String {
    let rest = url.get("file://".len()..).unwrap_or_default();
    rest.strip_prefix("localhost").unwrap_or(rest).to_owned()
}

fn local(pattern: &str) -> Result<Vec<String>, DataError> {
    let bad = |problem: String| DataError::BadPattern { pattern: pattern.to_owned(), problem };
    let path = Path::new(pattern);
    if path.is_file() {
        return Ok(vec![pattern.to_owned()]);
    }
    let pattern = if path.is_dir() {
        format!("{}/**/*.parquet", glob::Pattern::escape(pattern.trim_end_matches('/')))
    } else {
        pattern.to_owned()
    };
    let mut files = Vec::new();
    for entry in glob::glob(&pattern).map_err(|error| bad(error.to_string()))? {
        let path = entry.map_err(|error| bad(error.to_string()))?;
        if path.is_file() && !hidden(&path) {
            files.push(path.to_string_lossy().into_owned());
        }
    }
    files.sort_unstable();
    Ok(files)
}

/// Half-written files of ours and of other tools begin with a dot.
fn hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

fn cloud(pattern: &str, storage: &Storage) -> Result<Vec<String>, DataError> {
    let bad = |error: polars::error::PolarsError| DataError::BadPattern {
        pattern: pattern.to_owned(),
        problem: error.to_string().lines().next().unwrap_or_default().to_owned(),
    };
    let path = [PlRefPath::new(pattern)];
    let mut options = crate::scan::cloud_options(pattern, storage).map_err(bad)?;
    let found = crate::guard::guarded(pattern, || {
        let expansion = polars::io::path_utils::expand_paths(&path, true, &[], &mut options);
        polars_async::ASYNC.block_in_place_on(expansion)
    })?;
    Ok(found.iter().map(|path| path.as_str().to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_to_their_study_and_urls_are_not() {
        let base = Path::new("studies");
        assert_eq!(resolve(base, "../data/a.parquet"), "studies/../data/a.parquet");
        assert_eq!(resolve(base, "s3://bucket/a.parquet"), "s3://bucket/a.parquet");
        assert_eq!(scheme("HTTP://host/x").as_deref(), Some("http"));
        assert_eq!(scheme("data/a.parquet"), None);
        assert_eq!(file_path("file:///tmp/a"), "/tmp/a");
        assert_eq!(file_path("file://localhost/tmp/a"), "/tmp/a");
    }

    #[test]
    fn a_scheme_that_is_not_supported_is_named() {
        let error = expand(&["ftp://host/prices.parquet".to_owned()], &[]).unwrap_err().to_string();
        assert!(error.contains("`ftp://` is not supported; use a path, file://"), "{error}");
    }

    #[test]
    fn a_pattern_without_a_file_is_an_error() {
        let error = expand(&["nowhere/*.parquet".to_owned()], &[]).unwrap_err();
        assert_eq!(error, DataError::NoFiles { pattern: "nowhere/*.parquet".to_owned() });
    }
}
