//! Python functions as margin rules and scenario sets.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use mpor::code::{Function, Seen};
use mpor::{Frame, Table};
use pyo3::prelude::*;

use crate::errors::bad_data;
use crate::frame::{PyFrame, receive};

/// The exception of the last function that failed, to stand behind the error that it led to.
pub type Fault = Arc<Mutex<Option<PyErr>>>;

/// `function(day)` of the Python side, which is given `(time, horizon_years, frames)` and returns something that speaks Arrow.
pub fn function(function: Py<PyAny>, describe: Py<PyAny>, fault: Fault) -> Arc<Function> {
    Arc::new(move |seen: &Seen| {
        Python::attach(|py| {
            call(py, &function, seen).map_err(|exception| {
                let said = describe.call1(py, (exception.value(py), exception.traceback(py)));
                let text = said.and_then(|text| text.extract::<String>(py));
                let text = text.unwrap_or_else(|_| exception.to_string());
                *fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(exception);
                text
            })
        })
    })
}

fn call(py: Python<'_>, function: &Py<PyAny>, seen: &Seen) -> PyResult<Table> {
    let mut frames = BTreeMap::new();
    for table in [&seen.past, &seen.instruments, &seen.positions, &seen.pnl] {
        let frame = Frame::of(table).map_err(bad_data)?;
        frames.insert(table.name().to_owned(), Py::new(py, PyFrame { frame })?);
    }
    let answer = function.call1(py, (seen.time.0, seen.horizon_years, frames))?;
    let frame = receive("the answer", answer.bind(py))?;
    frame.table("answer").map_err(bad_data)
}
