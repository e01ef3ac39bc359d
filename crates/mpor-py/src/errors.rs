//! The facade's errors as Python exceptions with the same text.

use mpor::MporError;
use pyo3::create_exception;
use pyo3::exceptions::PyException;
use pyo3::prelude::*;

create_exception!(
    mpor,
    Error,
    PyException,
    "What did not finish; its text says why and what to do."
);
create_exception!(mpor, StudyError, Error, "The study must change.");
create_exception!(mpor, DataError, Error, "The data must change.");

/// By whose turn it is to act.
pub fn raised(error: &MporError) -> PyErr {
    let text = error.to_string();
    match error.exit_code() {
        2 => StudyError::new_err(text),
        3 => DataError::new_err(text),
        _ => Error::new_err(text),
    }
}

/// What is wrong with data that Python handed over.
pub fn bad_data(error: impl ToString) -> PyErr {
    DataError::new_err(error.to_string())
}

/// An answer as JSON text.
pub fn json<T: serde::Serialize>(value: &T) -> PyResult<String> {
    serde_json::to_string(value).map_err(|error| Error::new_err(error.to_string()))
}
