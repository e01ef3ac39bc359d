//! Expected against actual, by field, for one file of test vectors.

use std::collections::BTreeMap;

/// What came of one file.
#[derive(Debug, Default)]
pub struct FileReport {
    /// File name.
    pub file: String,
    /// Cases run.
    pub cases: usize,
    /// Worst error of each field as a share of its tolerance: at most 1 passes.
    pub worst: BTreeMap<String, f64>,
    /// Cases with a field out of tolerance, as `name: field expected .. actual ..`.
    pub failures: Vec<String>,
}

/// The comparisons of one case.
#[derive(Debug)]
pub struct Case<'r> {
    report: &'r mut FileReport,
    name: String,
}

impl FileReport {
    /// A report on `file` without cases yet.
    #[must_use]
    pub fn new(file: impl Into<String>) -> Self {
        FileReport { file: file.into(), ..FileReport::default() }
    }

    /// Starts a case.
    pub fn case(&mut self, name: impl Into<String>) -> Case<'_> {
        self.cases += 1;
        Case { report: self, name: name.into() }
    }
}

impl Case<'_> {
    /// Compares a number within `tolerance` (absolute, above zero). NaN never passes.
    pub fn close(&mut self, field: &str, actual: f64, expected: f64, tolerance: f64) {
        let same = actual == expected;
        let share = if same { 0.0 } else { (actual - expected).abs() / tolerance };
        self.record(field, share, || format!("expected {expected}, got {actual}"));
    }

    /// Compares within a tolerance relative to the expected value, or `floor` where that is larger.
    pub fn relative(&mut self, field: &str, actual: f64, expected: f64, relative: f64, floor: f64) {
        self.close(field, actual, expected, (relative * expected.abs()).max(floor));
    }

    /// Compares a number that may be undefined.
    pub fn optional(
        &mut self,
        field: &str,
        actual: Option<f64>,
        expected: Option<f64>,
        tolerance: f64,
    ) {
        match (actual, expected) {
            (Some(actual), Some(expected)) => self.close(field, actual, expected, tolerance),
            (actual, expected) => self.same(field, &actual.is_some(), &expected.is_some()),
        }
    }

    /// Compares exactly.
    pub fn same<T: PartialEq + std::fmt::Debug>(&mut self, field: &str, actual: &T, expected: &T) {
        let share = if actual == expected { 0.0 } else { f64::INFINITY };
        self.record(field, share, || format!("expected {expected:?}, got {actual:?}"));
    }

    /// Fails the case for a reason that is not a comparison, such as an error of the code under test.
    pub fn fail(&mut self, field: &str, reason: impl std::fmt::Display) {
        self.record(field, f64::INFINITY, || reason.to_string());
    }

    fn record(&mut self, field: &str, share: f64, message: impl FnOnce() -> String) {
        let passes = share <= 1.0;
        let worst = self.report.worst.entry(field.to_owned()).or_insert(0.0);
        if share > *worst || share.is_nan() {
            *worst = share;
        }
        if !passes {
            self.report.failures.push(format!("{}: {field}: {}", self.name, message()));
        }
    }
}
