//! What a comparison reads of one finished run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mpor_core::{Column, Table, Timestamp};
use mpor_data::tables::read_parquet;

use crate::error::MporError;
use crate::manifest::Manifest;

/// By model and account; the account is empty for all together.
pub(super) type Key = (String, String);

/// A finished backtest.
pub(super) struct Run {
    pub folder: PathBuf,
    pub manifest: Manifest,
    pub models: Vec<String>,
    pub accounts: Vec<String>,
    /// Margin dates, rising.
    pub times: Vec<Timestamp>,
    /// Initial margin by date.
    pub requirements: BTreeMap<Key, Vec<(Timestamp, f64)>>,
    /// Shortfall by date of a breach.
    pub breaches: BTreeMap<Key, Vec<(Timestamp, f64)>>,
    pub coverage: BTreeMap<Key, f64>,
    pub peak_to_trough: BTreeMap<Key, f64>,
}

impl Run {
    pub fn read(folder: &Path) -> Result<Self, MporError> {
        let manifest = Manifest::read(folder)?;
        if !manifest.outputs.iter().any(|output| output.path == "requirements.parquet") {
            let problem = "holds no backtest: compare the folders of two `mpor run`s";
            return Err(MporError::folder(folder, problem));
        }
        let mut run = Run {
            folder: folder.to_owned(),
            manifest,
            models: Vec::new(),
            accounts: Vec::new(),
            times: Vec::new(),
            requirements: BTreeMap::new(),
            breaches: BTreeMap::new(),
            coverage: BTreeMap::new(),
            peak_to_trough: BTreeMap::new(),
        };
        run.read_requirements()?;
        let breaches = run.table("breaches")?;
        for (key, time, shortfall) in breaches.dated("shortfall")? {
            run.breaches.entry(key).or_default().push((time, shortfall));
        }
        run.coverage = run.table("coverage")?.stated("coverage")?;
        run.peak_to_trough = run.table("procyclicality")?.stated("peak_to_trough")?;
        Ok(run)
    }

    /// The folder as it was named.
    pub fn shown(&self) -> String {
        self.folder.display().to_string()
    }

    /// First and last margin date, and how many there are.
    pub fn period(&self) -> String {
        match (self.times.first(), self.times.last()) {
            (Some(first), Some(last)) => {
                format!("{} from {} to {}", self.times.len(), first.date(), last.date())
            }
            _ => "none".to_owned(),
        }
    }

    fn read_requirements(&mut self) -> Result<(), MporError> {
        let table = self.table("requirements")?;
        let levels = table.texts("level")?;
        for ((key, time, amount), level) in table.dated("amount")?.into_iter().zip(levels) {
            if level != Some("initial") {
                continue;
            }
            if !self.models.contains(&key.0) {
                self.models.push(key.0.clone());
            }
            if !self.accounts.contains(&key.1) {
                self.accounts.push(key.1.clone());
            }
            self.times.push(time);
            self.requirements.entry(key).or_default().push((time, amount));
        }
        self.times.sort_unstable();
        self.times.dedup();
        Ok(())
    }

    fn table(&self, name: &str) -> Result<Results, MporError> {
        let path = self.folder.join(format!("{name}.parquet"));
        let table = read_parquet(&path)?;
        Ok(Results { path, table })
    }
}

/// One table of results.
struct Results {
    path: PathBuf,
    table: Table,
}

impl Results {
    fn column(&self, name: &str) -> Result<&Column, MporError> {
        self.table.column(name).ok_or_else(|| self.unlike(name))
    }

    fn unlike(&self, name: &str) -> MporError {
        let problem = format!(
            "its column `{name}` is not there or not what a run writes; run the study again"
        );
        MporError::folder(&self.path, problem)
    }

    fn texts(&self, name: &str) -> Result<Vec<Option<&str>>, MporError> {
        match self.column(name)? {
            Column::Text(texts) => Ok(texts.iter().map(Option::as_deref).collect()),
            _ => Err(self.unlike(name)),
        }
    }

    fn numbers(&self, name: &str) -> Result<&[Option<f64>], MporError> {
        match self.column(name)? {
            Column::Number(values) => Ok(values),
            // A column without a single value has no type.
            _ if self.table.rows() == 0 => Ok(&[]),
            _ => Err(self.unlike(name)),
        }
    }

    fn keys(&self) -> Result<Vec<Key>, MporError> {
        if self.table.rows() == 0 {
            return Ok(Vec::new());
        }
        let (models, accounts) = (self.texts("model")?, self.texts("account")?);
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        Ok(models.into_iter().zip(accounts).map(|(m, a)| (text(m), text(a))).collect())
    }

    /// Rows with a date and an amount.
    fn dated(&self, name: &str) -> Result<Vec<(Key, Timestamp, f64)>, MporError> {
        let keys = self.keys()?;
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let Column::Time(times) = self.column("time")? else { return Err(self.unlike("time")) };
        let values = self.numbers(name)?;
        let rows = keys.into_iter().zip(times).zip(values);
        rows.map(|((key, time), value)| match (time, value) {
            (Some(time), Some(value)) => Ok((key, *time, *value)),
            _ => Err(self.unlike(name)),
        })
        .collect()
    }

    /// A figure by model and account, where it is defined.
    fn stated(&self, name: &str) -> Result<BTreeMap<Key, f64>, MporError> {
        let keys = self.keys()?;
        let values = if keys.is_empty() { &[] } else { self.numbers(name)? };
        Ok(keys.into_iter().zip(values).filter_map(|(key, value)| Some((key, (*value)?))).collect())
    }
}
