//! The Python package `mpor`: each function is one call into the facade, without behaviour of its own.
//!
//! Tables cross as Arrow by address; other structured answers leave as JSON text, which the Python side turns into objects. The
//! interpreter lock is released while anything is computed.

mod code;
mod errors;
mod frame;
mod run;
mod study;
mod wait;

use pyo3::prelude::*;

#[pymodule]
fn _mpor(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add("Error", py.get_type::<errors::Error>())?;
    module.add("StudyError", py.get_type::<errors::StudyError>())?;
    module.add("DataError", py.get_type::<errors::DataError>())?;
    module.add_class::<frame::PyFrame>()?;
    module.add_class::<study::PyStudy>()?;
    module.add_function(wrap_pyfunction!(study::to_toml, module)?)?;
    module.add_function(wrap_pyfunction!(run::explain, module)?)?;
    module.add_function(wrap_pyfunction!(run::verify, module)?)
}
