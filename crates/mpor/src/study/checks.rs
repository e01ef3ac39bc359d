//! What a study must satisfy beyond the types of its keys. Data files are not opened.

use super::schema::Tests;
use super::{StudyError, StudyFile, words};
use crate::catalog;

/// Longest name of a study: its folder and the files in it have to fit into a path.
const LONGEST_FOLDER: usize = 100;
/// Longest name that is shown in tables and figures.
const LONGEST_NAME: usize = 200;
/// Names that are devices on Windows, whatever follows a dot.
const DEVICES: [&str; 22] = [
    "CON", "PRN", "AUX", "NUL", "COM1", "COM2", "COM3", "COM4", "COM5", "COM6", "COM7", "COM8",
    "COM9", "LPT1", "LPT2", "LPT3", "LPT4", "LPT5", "LPT6", "LPT7", "LPT8", "LPT9",
];

impl StudyFile {
    /// Checks everything but the models' own parameters.
    pub(super) fn check(&self) -> Result<(), StudyError> {
        if self.study.schema != 1 {
            let found = self.study.schema;
            return Err(self.error_at(
                &["schema"],
                format!("schema {found} is not known; this version of mpor reads schema = 1"),
            ));
        }
        self.check_study_name()?;
        self.check_names()?;
        self.check_positions()?;
        self.check_oracle()?;
        self.check_supervision()?;
        self.check_default_fund()?;
        self.check_calibrate()?;
        self.check_stress()?;
        self.check_tests()
    }

    fn check_study_name(&self) -> Result<(), StudyError> {
        let name = &self.study.name;
        let plain = !name.is_empty()
            && !name.starts_with('.')
            && !name.ends_with('.')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
        if name.len() > LONGEST_FOLDER {
            let problem = format!(
                "the name of {} characters is also the run's folder: use {LONGEST_FOLDER} at most",
                name.chars().count()
            );
            return Err(self.error_at(&["name"], problem));
        }
        if !plain {
            let problem = format!(
                "name `{name}` is also the run's folder: use letters, digits, `-`, `_` and `.` only, and no `.` at either end"
            );
            return Err(self.error_at(&["name"], problem));
        }
        let stem = name.split('.').next().unwrap_or_default().to_ascii_uppercase();
        if DEVICES.contains(&stem.as_str()) {
            let problem = format!(
                "name `{name}` is also the run's folder, and Windows takes `{stem}` for a device: write another"
            );
            return Err(self.error_at(&["name"], problem));
        }
        Ok(())
    }

    fn check_names(&self) -> Result<(), StudyError> {
        let study = &self.study;
        if study.underlying.is_empty() {
            return Err(self.error_at(&["name"], "a study needs at least one `[[underlying]]`"));
        }
        for (index, spec) in study.underlying.iter().enumerate() {
            self.check_shown("underlying", index, &spec.name)?;
            if study.underlying[..index].iter().any(|known| known.name == spec.name) {
                let problem =
                    format!("two underlyings are named `{}`; give each its own name", spec.name);
                return Err(self.list_error("underlying", index, &problem));
            }
            if spec.volatility.is_some() && spec.chains.is_some() {
                let problem = "`volatility` models what `chains` quotes; keep one of them";
                return Err(self.list_error("underlying", index, problem));
            }
            if spec.perpetual.is_some()
                && spec.futures.as_ref().is_some_and(|futures| futures.perpetual.is_some())
            {
                let problem = "`perpetual` is named twice, of the underlying and under `futures`; keep one of them";
                return Err(self.list_error("underlying", index, problem));
            }
            self.check_rates(index, [("carry", spec.carry), ("rate", spec.rate)])?;
        }
        for (index, named) in study.portfolio.iter().enumerate() {
            self.check_shown("portfolio", index, &named.name)?;
        }
        Ok(())
    }

    fn check_rates(&self, index: usize, rates: [(&str, f64); 2]) -> Result<(), StudyError> {
        match rates.iter().find(|(_, rate)| !rate.is_finite() || rate.abs() > 1.0) {
            None => Ok(()),
            Some((key, rate)) => {
                let problem =
                    format!("`{key}` = {rate} is a yearly rate between -1 and 1, such as 0.05");
                Err(self.list_error("underlying", index, &problem))
            }
        }
    }

    /// A name stands in tables, on terminals and in files that others open.
    pub(super) fn check_shown(
        &self,
        list: &str,
        index: usize,
        name: &str,
    ) -> Result<(), StudyError> {
        if name.chars().count() > LONGEST_NAME {
            let (start, count) = (name.chars().take(40).collect::<String>(), name.chars().count());
            let problem =
                format!("a name of {count} characters, {start:?}...: write {LONGEST_NAME} at most");
            return Err(self.list_error(list, index, &problem));
        }
        if !name.trim().is_empty() && !name.chars().any(char::is_control) {
            return Ok(());
        }
        let problem = format!("{name:?} is no name: write some text, without control characters");
        Err(self.list_error(list, index, &problem))
    }

    fn check_positions(&self) -> Result<(), StudyError> {
        let data = &self.study.data;
        let sources = [
            !self.study.portfolio.is_empty(),
            !data.positions.list().is_empty(),
            !data.trades.list().is_empty(),
        ];
        match sources.iter().filter(|&&given| given).count() {
            1 => Ok(()),
            0 => Err(self.error_at(
                &["data"],
                "no portfolios: add `[[portfolio]]` rules, or name files in `data.positions` or `data.trades`",
            )),
            _ => Err(self.error_at(
                &["data"],
                "portfolios come from one place: `[[portfolio]]` rules, `data.positions` or `data.trades`",
            )),
        }
    }

    fn check_tests(&self) -> Result<(), StudyError> {
        let Tests::Some(names) = &self.study.backtest.tests else { return Ok(()) };
        let known = catalog::tests();
        match names.iter().find(|name| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => {
                let known: Vec<String> = known.iter().map(|test| format!("`{test}`")).collect();
                let problem =
                    format!("unknown test `{name}`, expected one of {}", known.join(", "));
                Err(self.error_at(&["backtest", "tests"], words::plain(&problem)))
            }
        }
    }
}
