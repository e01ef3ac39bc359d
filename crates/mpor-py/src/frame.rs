//! Tables for Python: Arrow record batches behind the PyCapsule interface, in both directions without a copy.
//!
//! Source: <https://arrow.apache.org/docs/format/CDataInterface/PyCapsuleInterface.html>.

use std::path::PathBuf;

use mpor::{Column, Frame, Table, Timestamp};
use pyo3::exceptions::{PyKeyError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyDict, PyList};

use crate::errors::bad_data;

/// A table of Arrow batches.
#[pyclass(frozen, name = "Frame", module = "mpor._mpor")]
pub struct PyFrame {
    pub frame: Frame,
}

#[pymethods]
impl PyFrame {
    /// A whole Parquet file.
    #[staticmethod]
    fn read(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let frame = py.detach(|| Frame::read(&path)).map_err(bad_data)?;
        Ok(PyFrame { frame })
    }

    /// Whatever has `__arrow_c_stream__`; `name` is for errors.
    #[staticmethod]
    fn of(name: &str, data: &Bound<'_, PyAny>) -> PyResult<Self> {
        receive(name, data).map(|frame| PyFrame { frame })
    }

    /// Columns of numbers, texts or flags by name.
    #[staticmethod]
    fn of_columns(name: &str, columns: &Bound<'_, PyDict>) -> PyResult<Self> {
        let columns = columns.iter().map(|(key, values)| {
            let key: String = key.extract()?;
            let column = column(&key, &values)?;
            Ok((key, column))
        });
        let columns = columns.collect::<PyResult<Vec<(String, Column)>>>()?;
        let frame = Table::new(name, columns).map_err(bad_data)?;
        Frame::of(&frame).map(|frame| PyFrame { frame }).map_err(bad_data)
    }

    /// Writes the table as mpor writes its own: one type a kind of column, instants in UTC microseconds.
    fn write(&self, py: Python<'_>, name: &str, path: PathBuf) -> PyResult<()> {
        py.detach(|| self.frame.write(name, &path)).map_err(bad_data)
    }

    /// Number of rows.
    #[getter]
    fn rows(&self) -> usize {
        self.frame.rows()
    }

    /// Names and Arrow types of the columns.
    #[getter]
    fn columns(&self) -> Vec<(String, String)> {
        self.frame.columns().map(|(name, kind)| (name.to_owned(), kind)).collect()
    }

    /// The first rows.
    fn head(&self, rows: usize) -> Self {
        PyFrame { frame: self.frame.head(rows) }
    }

    /// A column as Python objects; instants are microseconds since 1970 in UTC.
    fn column<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyList>> {
        let one = self.frame.select(name).ok_or_else(|| PyKeyError::new_err(name.to_owned()))?;
        let table = one.table(name).map_err(bad_data)?;
        let absent = || PyKeyError::new_err(name.to_owned());
        match table.column(name).ok_or_else(absent)? {
            Column::Number(values) => PyList::new(py, values),
            Column::Count(values) => PyList::new(py, values),
            Column::Text(values) => PyList::new(py, values),
            Column::Label(values) => PyList::new(py, values.iter().collect::<Vec<_>>()),
            Column::Flag(values) => PyList::new(py, values),
            Column::Time(values) => {
                PyList::new(py, values.iter().map(|time| time.map(|time: Timestamp| time.0)))
            }
        }
    }

    /// The batches as a stream that the caller takes over. A schema that the caller would rather have is not made: the interface
    /// leaves that to the producer.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        drop(requested_schema);
        PyCapsule::new_with_value(py, self.frame.stream(), c"arrow_array_stream")
    }

    /// The schema alone.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        let schema = self.frame.schema().map_err(bad_data)?;
        PyCapsule::new_with_value(py, schema, c"arrow_schema")
    }
}

/// Takes over the batches of anything that offers them.
pub fn receive(name: &str, data: &Bound<'_, PyAny>) -> PyResult<Frame> {
    if !data.hasattr("__arrow_c_stream__")? {
        let kind = data.get_type().qualname()?;
        return Err(PyTypeError::new_err(format!(
            "{name} is a {kind}; give a table that speaks Arrow, such as a polars or pandas frame or a pyarrow table"
        )));
    }
    let capsule = data.call_method0("__arrow_c_stream__")?;
    let capsule = capsule.cast::<PyCapsule>()?;
    let pointer = capsule.pointer_checked(Some(c"arrow_array_stream"))?;
    // SAFETY: a capsule of this name holds an `ArrowArrayStream` by the rules of the interface; the lock of the interpreter is held,
    // so nobody else takes it meanwhile.
    #[expect(unsafe_code, reason = "the interface is a pointer to a structure of C")]
    let frame = unsafe { Frame::receive(name, pointer) };
    frame.map_err(bad_data)
}

/// A list as the first kind of column that all its values are of.
fn column(name: &str, values: &Bound<'_, PyAny>) -> PyResult<Column> {
    if let Ok(flags) = values.extract::<Vec<Option<bool>>>() {
        return Ok(Column::Flag(flags));
    }
    if let Ok(counts) = values.extract::<Vec<Option<i64>>>() {
        return Ok(Column::Count(counts));
    }
    if let Ok(numbers) = values.extract::<Vec<Option<f64>>>() {
        return Ok(Column::Number(numbers));
    }
    if let Ok(texts) = values.extract::<Vec<Option<String>>>() {
        return Ok(Column::Text(texts));
    }
    let problem = format!("column `{name}` is no list of numbers, of texts or of flags alone");
    Err(PyTypeError::new_err(problem))
}
