//! What does each model cost, beside the baseline and beside margin without offsets?
//!
//! ```text
//! ratio to baseline = mean requirement / mean requirement of the baseline,    offset benefit = 1 - ratio
//! ```
//!
//! over the same margin dates. The baseline is the study's isolated model, where it has one: margin position by position, so
//! the benefit is the share of it that recognising offsets saves. Cost says nothing without coverage beside it.

use crate::result::BacktestResult;

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
    let accounts = || (0..result.accounts.len()).map(Some).chain([None]);
    let gross: Vec<f64> = accounts().map(|account| mean(&gross(result, account))).collect();
    let baseline = result.models.iter().position(|model| model.baseline);
    let base: Option<Vec<f64>> = baseline
        .map(|model| accounts().map(|account| mean(&required(result, model, account))).collect());
    let mut rows = Vec::with_capacity(result.models.len() * (result.accounts.len() + 1));
    for model in 0..result.models.len() {
        for (at, account) in accounts().enumerate() {
            let path = required(result, model, account);
            let mean = mean(&path);
            let over = |below: f64| (below > 0.0).then(|| mean / below);
            let ratio = base.as_ref().and_then(|base| over(base[at]));
            rows.push(CostRow {
                model,
                account,
                mean,
                peak: path.iter().copied().fold(0.0, f64::max),
                share_of_notional: over(gross[at]),
                ratio_to_baseline: ratio,
                offset_benefit: ratio.map(|ratio| 1.0 - ratio),
            });
        }
    }
    rows
}

fn required(result: &BacktestResult, model: usize, account: Option<usize>) -> Vec<f64> {
    let paths = &result.requirements[model];
    path(account, result.times.len(), |account| &paths[account].initial, paths.len())
}

fn gross(result: &BacktestResult, account: Option<usize>) -> Vec<f64> {
    let paths = &result.losses;
    path(account, result.times.len(), |account| &paths[account].gross_notional, paths.len())
}

fn path<'a>(
    account: Option<usize>,
    steps: usize,
    of: impl Fn(usize) -> &'a Vec<f64>,
    accounts: usize,
) -> Vec<f64> {
    if let Some(account) = account {
        return of(account).clone();
    }
    let mut sum = vec![0.0; steps];
    for account in 0..accounts {
        sum.iter_mut().zip(of(account)).for_each(|(sum, one)| *sum += one);
    }
    sum
}

fn mean(path: &[f64]) -> f64 {
    if path.is_empty() { 0.0 } else { path.iter().sum::<f64>() / path.len() as f64 }
}
