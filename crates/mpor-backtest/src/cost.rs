//! What does each model cost, beside the baseline and beside margin without offsets?
//!
//! ```text
//! ratio to baseline = mean requirement / mean requirement of the baseline,    offset benefit = 1 - ratio
//! ```
//!
//! over the same margin dates. The baseline is the study's isolated model, where it has one: margin position by position, so
//! the benefit is the share of it that recognising offsets saves. Cost says nothing without coverage beside it.

use crate::result::{BacktestResult, LossPath, ModelInfo, RequirementPath};

/// Cost of one model for one account, or summed over accounts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CostRow {
    /// Index into the result's models.
    pub model: usize,
    /// Index into the result's accounts; `None` = the sum over accounts.
    pub account: Option<usize>,
    /// Mean initial margin, reporting currency.
    pub mean: f64,
    /// Largest initial margin.
    pub peak: f64,
    /// Mean initial margin over mean gross notional; `None` where nothing was held.
    pub share_of_notional: Option<f64>,
    /// Mean over the baseline's mean; `None` without a baseline or where it asks nothing.
    pub ratio_to_baseline: Option<f64>,
    /// `1 -` the ratio.
    pub offset_benefit: Option<f64>,
}

/// Cost by model: each account, then the sum over accounts.
#[must_use]
pub fn costs(result: &BacktestResult) -> Vec<CostRow> {
    if let Some(folded) = &result.folded {
        return folded.costs.clone();
    }
    let mut tally = CostTally::new(result.models.len(), result.times.len());
    tally.take(&result.requirements, &result.losses);
    tally.rows(&result.models)
}

/// Means and peaks of the accounts taken so far, and the sums over them by margin date.
#[derive(Clone, Debug)]
pub(crate) struct CostTally {
    models: Vec<Tally>,
    gross: Tally,
}

/// One figure a date, of each account and of all.
#[derive(Clone, Debug)]
struct Tally {
    means: Vec<f64>,
    peaks: Vec<f64>,
    sum: Vec<f64>,
}

impl CostTally {
    pub fn new(models: usize, steps: usize) -> Self {
        CostTally { models: vec![Tally::new(steps); models], gross: Tally::new(steps) }
    }

    /// Takes the paths of the next accounts, `requirements` by model and account.
    pub fn take(&mut self, requirements: &[Vec<RequirementPath>], losses: &[LossPath]) {
        losses.iter().for_each(|path| self.gross.take(&path.gross_notional));
        for (tally, paths) in self.models.iter_mut().zip(requirements) {
            paths.iter().for_each(|path| tally.take(&path.initial));
        }
    }

    pub fn rows(self, models: &[ModelInfo]) -> Vec<CostRow> {
        let accounts = self.gross.means.len();
        let gross = self.gross.closed().0;
        let closed: Vec<_> = self.models.into_iter().map(Tally::closed).collect();
        let base = models.iter().position(|model| model.baseline).map(|at| closed[at].0.clone());
        let mut rows = Vec::with_capacity(closed.len() * (accounts + 1));
        for (model, (means, peaks)) in closed.into_iter().enumerate() {
            for (at, (mean, peak)) in means.into_iter().zip(peaks).enumerate() {
                let over = |below: f64| (below > 0.0).then(|| mean / below);
                let ratio = base.as_ref().and_then(|base| over(base[at]));
                rows.push(CostRow {
                    model,
                    account: (at < accounts).then_some(at),
                    mean,
                    peak,
                    share_of_notional: over(gross[at]),
                    ratio_to_baseline: ratio,
                    offset_benefit: ratio.map(|ratio| 1.0 - ratio),
                });
            }
        }
        rows
    }
}

impl Tally {
    fn new(steps: usize) -> Self {
        Tally { means: Vec::new(), peaks: Vec::new(), sum: vec![0.0; steps] }
    }

    fn take(&mut self, path: &[f64]) {
        self.means.push(mean(path));
        self.peaks.push(peak(path));
        self.sum.iter_mut().zip(path).for_each(|(sum, one)| *sum += one);
    }

    /// Means and peaks of the accounts, then of their sum.
    fn closed(mut self) -> (Vec<f64>, Vec<f64>) {
        self.means.push(mean(&self.sum));
        self.peaks.push(peak(&self.sum));
        (self.means, self.peaks)
    }
}

fn mean(path: &[f64]) -> f64 {
    if path.is_empty() { 0.0 } else { path.iter().sum::<f64>() / path.len() as f64 }
}

fn peak(path: &[f64]) -> f64 {
    path.iter().copied().fold(0.0, f64::max)
}
