//! The Python package `mpor`: each function is one call into the facade, without behaviour of its own.
//!
//! Structured answers leave as JSON text, which `python/mpor/__init__.py` turns into Python objects. The interpreter lock is
//! released while a study runs.

use std::path::{Path, PathBuf};

use mpor::{Loaded, MporError, Silent, StudyFile, Timestamp};
use pyo3::create_exception;
use pyo3::exceptions::PyException;
use pyo3::prelude::*;

create_exception!(_mpor, Error, PyException, "A study that did not finish; its text says why.");
create_exception!(_mpor, StudyError, Error, "The study file must change.");
create_exception!(_mpor, DataError, Error, "The data must change.");

fn raised(error: MporError) -> PyErr {
    let text = error.to_string();
    match error.exit_code() {
        2 => StudyError::new_err(text),
        3 => DataError::new_err(text),
        _ => Error::new_err(text),
    }
}

fn json<T: serde::Serialize>(value: &T) -> PyResult<String> {
    serde_json::to_string(value).map_err(|error| Error::new_err(error.to_string()))
}

fn time(text: &str) -> PyResult<Timestamp> {
    text.parse().map_err(|error: mpor::TimeError| Error::new_err(error.to_string()))
}

/// Runs a study into a folder and returns the folder.
#[pyfunction]
#[pyo3(signature = (study, out=None, threads=None))]
fn run(
    py: Python<'_>,
    study: PathBuf,
    out: Option<PathBuf>,
    threads: Option<usize>,
) -> PyResult<PathBuf> {
    py.detach(|| {
        let file = StudyFile::read(&study)?;
        let folder = out.unwrap_or_else(|| Path::new("runs").join(&file.study.name));
        mpor::run::in_pool(threads, || mpor::run::run(&file, &folder, &Silent))??;
        Ok(folder)
    })
    .map_err(raised)
}

/// Account, model and margin-date counts of a sound study, with what must be said about its data.
#[pyfunction]
fn check(py: Python<'_>, study: PathBuf) -> PyResult<String> {
    let (accounts, models, dates, notes) = py
        .detach(|| {
            let file = StudyFile::read(&study)?;
            let loaded = Loaded::new(&file)?;
            let models: Vec<String> = file.models.iter().map(|model| model.name.clone()).collect();
            let dates = loaded.dates().to_vec();
            Ok((loaded.books.accounts, models, dates, loaded.market.notes))
        })
        .map_err(raised)?;
    json(&serde_json::json!({
        "accounts": accounts, "models": models, "margin_dates": dates.len(),
        "from": dates.first(), "to": dates.last(), "notes": notes,
    }))
}

/// What every model asks on one margin date, with its arithmetic.
#[pyfunction]
#[pyo3(signature = (study, at, account=None))]
fn margin(py: Python<'_>, study: PathBuf, at: &str, account: Option<String>) -> PyResult<String> {
    let at = time(at)?;
    let asked = py
        .detach(|| {
            let file = StudyFile::read(&study)?;
            let loaded = Loaded::new(&file)?;
            let at = loaded.margin_date(at)?;
            mpor::margin_at::margin_at(&file, &loaded, at, account.as_deref())
        })
        .map_err(raised)?;
    json(&asked)
}

/// Why the margin of an account on a date of a finished run held or broke.
#[pyfunction]
fn explain(py: Python<'_>, run: PathBuf, account: &str, at: &str) -> PyResult<String> {
    let at = time(at)?;
    let (_, explanation) =
        py.detach(|| mpor::explain::explain(&run, account, at)).map_err(raised)?;
    json(&explanation)
}

/// Hashes a run, makes it again, and returns what differs; nothing when it holds.
#[pyfunction]
fn verify(py: Python<'_>, run: PathBuf) -> PyResult<Vec<String>> {
    let verified = py.detach(|| mpor::verify::verify(&run, &Silent)).map_err(raised)?;
    Ok(verified.differences)
}

#[pymodule]
fn _mpor(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add("Error", module.py().get_type::<Error>())?;
    module.add("StudyError", module.py().get_type::<StudyError>())?;
    module.add("DataError", module.py().get_type::<DataError>())?;
    module.add_function(wrap_pyfunction!(run, module)?)?;
    module.add_function(wrap_pyfunction!(check, module)?)?;
    module.add_function(wrap_pyfunction!(margin, module)?)?;
    module.add_function(wrap_pyfunction!(explain, module)?)?;
    module.add_function(wrap_pyfunction!(verify, module)?)
}
