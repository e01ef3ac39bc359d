//! The forecasts of one model for one account beside what then was lost, in parts whose losses do not overlap.

use mpor_core::Level;

use crate::coverage::assess::{bonferroni, test_row};
use crate::coverage::{CoverageError, Forecasts, Pits, TestOutcome, TestRow};
use crate::result::BacktestResult;

/// Periods whose losses do not overlap.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Part {
    pub loss: Vec<f64>,
    pub var: Vec<f64>,
    pub es: Vec<f64>,
    /// Where each loss fell; empty unless the model gives the whole law on every date.
    pub depth: Vec<f64>,
}

/// All judged forecasts of one model for one account.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Judged {
    pub level: Level,
    /// Every `m`-th margin date, from each of `m` starts; one part where losses do not overlap.
    pub parts: Vec<Part>,
}

impl Judged {
    /// `None` where nothing was forecast and then realised.
    pub fn of(result: &BacktestResult, model: usize, account: usize) -> Option<Self> {
        let (points, losses) = (&result.forecasts[model][account].points, &result.losses[account]);
        let horizon = result.horizon.steps();
        let level = points.iter().flatten().next()?.level;
        let mut parts = vec![Part::default(); horizon];
        let mut lawless = false;
        for (step, (point, loss)) in points.iter().zip(&losses.horizon).enumerate() {
            let (Some(point), Some(loss)) = (point, loss) else { continue };
            let part = &mut parts[step % horizon];
            part.loss.push(*loss);
            part.var.push(point.var);
            part.es.push(point.es);
            lawless |= point.depth.is_none();
            part.depth.extend(point.depth);
        }
        if lawless {
            parts.iter_mut().for_each(|part| part.depth.clear());
        }
        parts.iter().any(|part| !part.loss.is_empty()).then_some(Judged { level, parts })
    }

    /// Periods of all parts.
    pub fn len(&self) -> usize {
        self.parts.iter().map(|part| part.loss.len()).sum()
    }

    /// The row of a test that is put to every part.
    pub fn row(
        &self,
        id: &'static str,
        test: impl Fn(&Part) -> Result<TestOutcome, CoverageError>,
    ) -> TestRow {
        match self.parts.as_slice() {
            [only] => test_row(id, test(only)),
            parts => bonferroni(id, parts.iter().map(test).collect()),
        }
    }
}

impl Part {
    /// Losses, value at risk and expected shortfall.
    pub fn forecasts(&self, level: Level) -> Result<Forecasts<'_>, CoverageError> {
        Forecasts::new(&self.loss, &self.var, level)?.with_shortfall(&self.es)
    }

    /// Where the losses fell.
    pub fn pits(&self, test: &'static str) -> Result<Pits, CoverageError> {
        if self.depth.is_empty() {
            let reason = "the model forecasts figures, not a law";
            return Err(CoverageError::NotDefined { test, reason });
        }
        Pits::of_gains(&self.depth)
    }
}
