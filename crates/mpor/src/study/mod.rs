//! A study: one TOML file that says what is replayed, under which models, and what is reported.

pub mod calibrate;
mod checks;
mod default_fund;
pub mod json_schema;
mod locate;
mod nesting;
mod oracle;
mod schema;
pub mod stress;
mod supervision;
mod words;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

pub use default_fund::DefaultFundSpec;
pub use schema::{
    BacktestSpec, BasisMoves, CalendarKind, CalendarSpec, ChainPrice, ChainsSpec, CollateralSpec,
    Data, FaultSpec, FuturesSpec, IndexSpec, MporSpec, Paths, Realised, ReportFormat, ReportKind,
    ReportSpec, SourceSpec, Study, Tests, UnderlyingSpec, ValuedOn, VolIndexLevel, VolLevel,
    VolatilitySpec, by_name,
};
pub use supervision::OffsetSpec;
pub(crate) use words::nearest;

use mpor_margin::{Code, ModelKind, ModelSpec};

/// A study file that cannot be used, with the place in its text.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}: {problem}", self.place())]
pub struct StudyError {
    /// The file.
    pub file: PathBuf,
    /// The file's text, for showing the line.
    pub text: String,
    /// Bytes of the text that the problem is about.
    pub span: Option<Range<usize>>,
    /// What is wrong, then what would be right.
    pub problem: String,
}

/// A study as read: the parsed keys, the text they came from and the folder that paths are relative to.
#[derive(Clone, Debug)]
pub struct StudyFile {
    /// The parsed study.
    pub study: Study,
    /// The models, in order.
    pub models: Vec<ModelSpec>,
    /// The file.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// What stands behind models of `kind = "code"`, by their names; nothing of it is in the file.
    pub code: BTreeMap<String, Code>,
}

impl StudyError {
    /// File, line and column, as editors read them.
    #[must_use]
    pub fn place(&self) -> String {
        let file = self.file.display();
        match &self.span {
            None => file.to_string(),
            Some(span) => {
                let before = self.text.get(..span.start).unwrap_or_default();
                let line = before.matches('\n').count() + 1;
                let column = before.rsplit('\n').next().map_or(0, |text| text.chars().count()) + 1;
                format!("{file}:{line}:{column}")
            }
        }
    }
}

impl StudyFile {
    /// Reads and checks a study file. Data files are not opened.
    ///
    /// # Errors
    /// [`StudyError`] naming line and column, what was found and what was expected.
    pub fn read(path: &Path) -> Result<Self, StudyError> {
        let text = std::fs::read_to_string(path).map_err(|error| StudyError {
            file: path.to_owned(),
            text: String::new(),
            span: None,
            problem: format!("cannot read the study: {error}"),
        })?;
        Self::parse(path, text)
    }

    /// Checks the text of the study file at `path`, which is not opened.
    ///
    /// # Errors
    /// As [`read`](StudyFile::read).
    pub fn parse(path: &Path, text: String) -> Result<Self, StudyError> {
        let refuse =
            |span, problem| StudyError { file: path.to_owned(), text: text.clone(), span, problem };
        let study: Study = toml::from_str(&text).map_err(|error| {
            if let Some((span, problem)) = nesting::wrong_brackets(&text) {
                return refuse(Some(span), problem);
            }
            let problem = match nesting::elsewhere(error.message()) {
                Some(place) => format!("{}; {place}", words::typed(error.message())),
                None => words::plain(error.message()),
            };
            refuse(error.span(), problem)
        })?;
        let (models, code) = (Vec::new(), BTreeMap::new());
        let file = StudyFile { study, models, path: path.to_owned(), text, code };
        file.checked()
    }

    /// The study with the code behind its models of `kind = "code"`, by their names.
    #[must_use]
    pub fn with_code(mut self, code: BTreeMap<String, Code>) -> Self {
        self.code.extend(code);
        self
    }

    fn checked(mut self) -> Result<Self, StudyError> {
        self.check()?;
        self.models = self.model_specs()?;
        Ok(self)
    }

    fn model_specs(&self) -> Result<Vec<ModelSpec>, StudyError> {
        if self.study.model.is_empty() {
            return Err(self.error_at(&["name"], "a study needs at least one `[[model]]`"));
        }
        let mut specs: Vec<ModelSpec> = Vec::new();
        for (index, table) in self.study.model.iter().enumerate() {
            let spec =
                model_spec(table.clone()).map_err(|problem| self.model_error(index, &problem))?;
            self.check_shown("model", index, &spec.name)?;
            if specs.iter().any(|known| known.name == spec.name) {
                let problem =
                    format!("two models are named `{}`; give each its own name", spec.name);
                return Err(self.model_error(index, &problem));
            }
            if let Some(known) = specs.iter().find(|known| known.baseline && spec.baseline) {
                let problem = format!(
                    "models `{}` and `{}` are both the `baseline`; cost is compared with one",
                    known.name, spec.name
                );
                return Err(self.model_error(index, &problem));
            }
            specs.push(spec);
        }
        Ok(specs)
    }

    /// An error at a dotted path of the study, such as `["data", "prices"]`.
    #[must_use]
    pub fn error_at(&self, path: &[&str], problem: impl Into<String>) -> StudyError {
        let span = locate::at(&self.text, path);
        StudyError {
            file: self.path.clone(),
            text: self.text.clone(),
            span,
            problem: problem.into(),
        }
    }

    /// An error in the `index`-th `[[model]]`, at the key or value that the problem quotes where there is one.
    #[must_use]
    pub fn model_error(&self, index: usize, problem: &str) -> StudyError {
        self.list_error("model", index, problem)
    }

    /// An error in the `index`-th entry of a list of tables.
    #[must_use]
    pub fn list_error(&self, list: &str, index: usize, problem: &str) -> StudyError {
        let span = locate::in_list(&self.text, list, index, &words::quoted(problem));
        StudyError {
            file: self.path.clone(),
            text: self.text.clone(),
            span,
            problem: words::plain(problem),
        }
    }

    /// A path of the study made relative to the current directory; URLs stay as they are.
    #[must_use]
    pub fn resolve(&self, path: &str) -> String {
        if path.contains("://") || Path::new(path).is_absolute() {
            return path.to_owned();
        }
        self.base().join(path).to_string_lossy().into_owned()
    }

    /// The folder that paths of the study are relative to.
    #[must_use]
    pub fn base(&self) -> PathBuf {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        let base = &self.study.data.base;
        if base.is_empty() { folder.to_owned() } else { folder.join(base) }
    }

    /// The paths of a list, resolved.
    #[must_use]
    pub fn resolve_all(&self, paths: &Paths) -> Vec<String> {
        paths.list().iter().map(|path| self.resolve(path)).collect()
    }

    /// The study with every default written out: what is hashed into the manifest.
    ///
    /// # Errors
    /// [`StudyError`] when it cannot be written as TOML.
    pub fn resolved(&self) -> Result<String, StudyError> {
        toml::to_string_pretty(&self.study)
            .map_err(|error| self.error_at(&["schema"], error.to_string()))
    }
}

/// Takes the keys that all models share; the rest is the model's own.
fn model_spec(mut table: toml::Table) -> Result<ModelSpec, String> {
    let name = take_text(&mut table, "name")?.ok_or("a model needs a `name`")?;
    let kind = match (take_text(&mut table, "kind")?, take_text(&mut table, "rules")?) {
        (Some(kind), None) => ModelKind::Kind(kind),
        (None, Some(rules)) => ModelKind::Rules(rules),
        (None, None) => {
            return Err(format!("model `{name}` needs a `kind` (see `mpor models`) or `rules`"));
        }
        (Some(_), Some(_)) => {
            return Err(format!("model `{name}` has both `kind` and `rules`; keep one"));
        }
    };
    let as_of = match take_text(&mut table, "as_of")? {
        None => None,
        Some(text) => Some(text.parse().map_err(|error| format!("`as_of`: {error}"))?),
    };
    let baseline = match table.remove("baseline") {
        None => false,
        Some(toml::Value::Boolean(flag)) => flag,
        Some(other) => return Err(format!("`baseline` is {other}; write true or false")),
    };
    let overlays = match table.remove("overlays") {
        None => Vec::new(),
        Some(value) => value.try_into::<Vec<toml::Table>>().map_err(|error| {
            format!(
                "`overlays` is a list of tables such as [{{ buffer = {{ share = 0.25 }} }}]: {}",
                error.message()
            )
        })?,
    };
    Ok(ModelSpec { name, kind, as_of, params: table, overlays, baseline })
}

fn take_text(table: &mut toml::Table, key: &str) -> Result<Option<String>, String> {
    match table.remove(key) {
        None => Ok(None),
        Some(toml::Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(format!("`{key}` is {other}; write a text in quotes")),
    }
}
