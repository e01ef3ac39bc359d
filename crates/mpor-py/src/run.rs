//! Finished runs: why a margin held or broke, and whether the run can be made again.

use std::path::PathBuf;

use pyo3::prelude::*;

use crate::errors::json;
use crate::study::time;
use crate::wait::wait;

/// Why the margin of an account on a date of a finished run held or broke, as JSON.
#[pyfunction]
pub fn explain(py: Python<'_>, run: PathBuf, account: &str, at: &str) -> PyResult<String> {
    let at = time(at)?;
    let (_, explanation) = wait(py, None, |_| mpor::explain::explain(&run, account, at))?;
    json(&explanation)
}

/// Hashes a run, makes it again, and returns what differs; nothing when it holds.
#[pyfunction]
#[pyo3(signature = (run, progress=None))]
pub fn verify(py: Python<'_>, run: PathBuf, progress: Option<Py<PyAny>>) -> PyResult<Vec<String>> {
    let verified = wait(py, progress, |progress| mpor::verify::verify(&run, progress))?;
    Ok(verified.differences)
}
