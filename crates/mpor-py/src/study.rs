//! A study as Python holds it: the checked text, and the functions behind its models of `kind = "code"`.

use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use mpor::calibrate::{calibrate, default_folder};
use mpor::run::{Share, in_pool};
use mpor::{Loaded, MporError, StudyFile, Timestamp};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::code::{Fault, function};
use crate::errors::{Error, StudyError, json};
use crate::wait::wait;

/// A study that has been read and checked; data files are not open.
#[pyclass(frozen, name = "StudyFile", module = "mpor._mpor")]
pub struct PyStudy {
    pub file: StudyFile,
    fault: Fault,
}

#[pymethods]
impl PyStudy {
    /// Reads a study file.
    #[staticmethod]
    fn read(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let file = py.detach(|| StudyFile::read(&path));
        file.map(Self::new).map_err(|error| StudyError::new_err(error.to_string()))
    }

    /// The same study, a model of which is this function. `kind` is `rule` or `scenarios`.
    fn with_code(
        &self,
        name: String,
        kind: &str,
        called: Py<PyAny>,
        describe: Py<PyAny>,
    ) -> PyResult<Self> {
        let called = function(called, describe, Fault::clone(&self.fault));
        let code = match kind {
            "rule" => mpor::code::rule(called),
            "scenarios" => mpor::code::scenarios(called),
            other => return Err(PyValueError::new_err(format!("`{other}` is no kind of code"))),
        };
        let file = self.file.clone().with_code([(name, code)].into());
        Ok(PyStudy { file, fault: Fault::clone(&self.fault) })
    }

    /// Its name.
    #[getter]
    fn name(&self) -> &str {
        &self.file.study.name
    }

    /// Its text.
    #[getter]
    fn text(&self) -> &str {
        &self.file.text
    }

    /// The names of its models.
    #[getter]
    fn models(&self) -> Vec<String> {
        self.file.models.iter().map(|model| model.name.clone()).collect()
    }

    /// Runs it into a folder and returns the folder.
    fn run(
        &self,
        py: Python<'_>,
        out: Option<PathBuf>,
        threads: Option<usize>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<PathBuf> {
        let folder = out.unwrap_or_else(|| Path::new("runs").join(self.name()));
        self.wait(py, progress, |progress| {
            in_pool(threads, || mpor::run::run(&self.file, &folder, progress))??;
            Ok(())
        })?;
        Ok(folder)
    }

    /// Accounts, models and margin dates, with what must be said about the data, as JSON.
    fn check(&self, py: Python<'_>, progress: Option<Py<PyAny>>) -> PyResult<String> {
        let loaded = self.wait(py, progress, |_| {
            let loaded = Loaded::new(&self.file)?;
            mpor::calibrate::check(&self.file)?;
            Ok((loaded.dates().to_vec(), loaded.books.accounts, loaded.market.notes))
        });
        let (dates, accounts, notes) = loaded?;
        json(&serde_json::json!({
            "accounts": accounts, "models": self.models(), "margin_dates": dates.len(),
            "from": dates.first(), "to": dates.last(), "notes": notes,
        }))
    }

    /// What every model asks on one margin date, with its arithmetic, as JSON.
    fn margin(&self, py: Python<'_>, at: &str, account: Option<String>) -> PyResult<String> {
        let at = time(at)?;
        let asked = self.wait(py, None, |_| {
            let loaded = Loaded::new(&self.file)?;
            let at = loaded.margin_date(at)?;
            mpor::margin_at::margin_at(&self.file, &loaded, at, account.as_deref())
        })?;
        json(&asked)
    }

    /// Chooses the parameters that `[calibrate]` names; returns the folder and whether any point covers.
    fn calibrate(
        &self,
        py: Python<'_>,
        out: Option<PathBuf>,
        threads: Option<usize>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<(PathBuf, bool)> {
        let folder = out.unwrap_or_else(|| default_folder(&self.file));
        let done = self.wait(py, progress, |progress| {
            in_pool(threads, || calibrate(&self.file, &folder, progress))?
        })?;
        Ok((folder, done.feasible))
    }

    /// Makes share `number`, from 1, of `count` of a run.
    fn share(
        &self,
        py: Python<'_>,
        number: usize,
        count: usize,
        out: PathBuf,
        threads: Option<usize>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<()> {
        self.wait(py, progress, |progress| {
            let share = Share::new(number, count)?;
            in_pool(threads, || mpor::run::share(&self.file, &out, share, progress))??;
            Ok(())
        })
    }

    /// Makes the run of shares that lie in `folders` or in its own folder, which it returns.
    fn merge(
        &self,
        py: Python<'_>,
        folders: Vec<PathBuf>,
        out: PathBuf,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<PathBuf> {
        self.wait(py, progress, |progress| {
            mpor::run::merge(&self.file, &folders, &out, progress).map(drop)
        })?;
        Ok(out)
    }
}

impl PyStudy {
    fn new(file: StudyFile) -> Self {
        PyStudy { file, fault: Fault::default() }
    }

    /// Waits for work on the study. The exception of a function of the user's is the cause of the error that it led to.
    pub fn wait<T: Send>(
        &self,
        py: Python<'_>,
        progress: Option<Py<PyAny>>,
        work: impl FnOnce(&dyn mpor::Progress) -> Result<T, MporError> + Send,
    ) -> PyResult<T> {
        let take = || self.fault.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(take());
        wait(py, progress, work).inspect_err(|error| {
            if let Some(cause) = take().filter(|_| error.is_instance_of::<Error>(py)) {
                error.set_cause(py, Some(cause));
            }
        })
    }
}

/// A day or an instant.
pub fn time(text: &str) -> PyResult<Timestamp> {
    text.parse().map_err(|error: mpor::TimeError| Error::new_err(error.to_string()))
}

/// The text of a study that is a Python dictionary, given as JSON.
#[pyfunction]
pub fn to_toml(text: &str) -> PyResult<String> {
    let refuse = |problem: String| StudyError::new_err(format!("the study: {problem}"));
    let value: serde_json::Value =
        serde_json::from_str(text).map_err(|error| refuse(error.to_string()))?;
    let table = toml::Table::try_from(value).map_err(|error| refuse(error.to_string()))?;
    toml::to_string_pretty(&table).map_err(|error| refuse(error.to_string()))
}
