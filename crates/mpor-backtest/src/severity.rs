//! How bad was it when a requirement did not cover the loss?
//!
//! Over the observations of an account (margin dates with a finished MPOR and something held), with loss `L`, requirement
//! `M` and shortfall `u = max(0, L - M)`:
//!
//! | column | definition |
//! | --- | --- |
//! | loss to margin: largest, q99 | largest `L / M` and its 99 % quantile (type 7), over observations with `M > 0` |
//! | loss to margin in breaches | mean `L / M` over breaches with `M > 0` |
//! | without margin | observations with `M <= 0`, which have no ratio and are left out of the three above |
//! | peak, mean, total shortfall | largest `u`, mean `u` over breaches, sum of `u` |
//! | expected shortfall | Acerbi-Tasche mean of the worst `n (1 - level)` of all `u`, the last one in part |
//!
//! `level` is the one that the study tests against. Peak and mean are items 6.5.4 and 6.5.5 of the public quantitative
//! disclosures over the whole history. Losses over overlapping periods share their worst days: the counts are not
//! independent. The row without an account pools the observations of all accounts.

use mpor_core::{Column, Level, Loss, Money, Table};
use mpor_stats::descriptive::percentile_sorted;
use mpor_stats::quantile::expected_shortfall;

use crate::error::BacktestError;
use crate::observations::{finite, observed, pooled_and_accounts};
use crate::result::BacktestResult;

/// The quantile of loss to margin that is shown.
const QUANTILE: f64 = 0.99;

/// Severity over some observations.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Severity {
    /// Observations.
    pub observations: usize,
    /// Losses strictly above their requirement.
    pub breaches: usize,
    /// Observations whose requirement was not above zero.
    pub without_margin: usize,
    /// Largest loss over margin; `None` where no observation had a margin.
    pub largest_ratio: Option<f64>,
    /// 99 % quantile of loss over margin.
    pub ratio_q99: Option<f64>,
    /// Mean loss over margin of breaches; `None` without a breach of a margin above zero.
    pub mean_ratio_in_breaches: Option<f64>,
    /// Largest shortfall, reporting currency; zero without breaches.
    pub peak_shortfall: f64,
    /// Mean shortfall over breaches; `None` without any.
    pub mean_shortfall: Option<f64>,
    /// Sum of shortfalls.
    pub total_shortfall: f64,
    /// Expected shortfall of the shortfalls of all observations at the level; `None` without observations.
    pub expected_shortfall: Option<f64>,
}

/// Severity of one model for one account, or pooled.
#[derive(Clone, Debug, PartialEq)]
pub struct SeverityRow {
    /// Index into the result's models.
    pub model: usize,
    /// Index into the result's accounts; `None` = all accounts pooled.
    pub account: Option<usize>,
    /// The figures.
    pub severity: Severity,
}

impl Severity {
    /// Of pairs of loss and requirement, in any order.
    ///
    /// # Errors
    /// [`BacktestError::Figure`] for a loss or requirement that is not finite.
    pub fn new(
        observations: impl IntoIterator<Item = (f64, f64)>,
        level: Level,
    ) -> Result<Self, BacktestError> {
        let mut severity = Severity::default();
        let (mut ratios, mut shortfalls, mut in_breaches) = (Vec::new(), Vec::new(), Vec::new());
        for (at, pair) in observations.into_iter().enumerate() {
            let (loss, requirement) = finite(at, pair)?;
            let breach = Loss(loss).breaches(Money(requirement));
            shortfalls.push(Loss(loss).shortfall(Money(requirement)).0);
            severity.breaches += usize::from(breach);
            if requirement > 0.0 {
                ratios.push(loss / requirement);
                if breach {
                    in_breaches.push(loss / requirement);
                }
            } else {
                severity.without_margin += 1;
            }
        }
        severity.observations = shortfalls.len();
        if !shortfalls.is_empty() {
            let mean = expected_shortfall(&shortfalls, level, &mut Vec::new())?;
            severity.expected_shortfall = Some(mean);
        }
        severity.peak_shortfall = shortfalls.iter().copied().fold(0.0, f64::max);
        severity.total_shortfall = shortfalls.iter().sum();
        let breaches = severity.breaches as f64;
        severity.mean_shortfall =
            (severity.breaches > 0).then(|| severity.total_shortfall / breaches);
        severity.mean_ratio_in_breaches = (!in_breaches.is_empty())
            .then(|| in_breaches.iter().sum::<f64>() / in_breaches.len() as f64);
        ratios.sort_unstable_by(f64::total_cmp);
        severity.largest_ratio = ratios.last().copied();
        if !ratios.is_empty() {
            severity.ratio_q99 = Some(percentile_sorted(&ratios, QUANTILE)?);
        }
        Ok(severity)
    }
}

/// Severity by model: each account, then all of them pooled.
///
/// # Errors
/// None for a result of [`assemble`](crate::assemble::assemble).
pub fn rows(result: &BacktestResult) -> Result<Vec<SeverityRow>, BacktestError> {
    let mut rows = Vec::new();
    for model in 0..result.models.len() {
        for account in pooled_and_accounts(result) {
            let pairs = observed(result, model, account).map(|one| (one.loss, one.requirement));
            let severity = Severity::new(pairs, result.level)?;
            rows.push(SeverityRow { model, account, severity });
        }
    }
    Ok(rows)
}

/// Table `severity`: a row a model and account (empty = pooled).
///
/// # Errors
/// As [`rows`].
pub fn table(result: &BacktestResult) -> Result<Table, BacktestError> {
    let rows = rows(result)?;
    let number = |of: fn(&Severity) -> Option<f64>| {
        Column::Number(rows.iter().map(|row| of(&row.severity)).collect())
    };
    let count =
        |of: fn(&Severity) -> usize| Column::counts(rows.iter().map(|row| of(&row.severity)));
    let account = |row: &SeverityRow| Some(result.accounts[row.account?].as_str());
    let model = |row: &SeverityRow| result.models[row.model].id.as_str();
    Ok(Table::new(
        "severity",
        [
            ("model", Column::labels(rows.iter().map(model))),
            ("account", Column::Label(rows.iter().map(account).collect())),
            ("observations", count(|of| of.observations)),
            ("breaches", count(|of| of.breaches)),
            ("without_margin", count(|of| of.without_margin)),
            ("largest_loss_to_margin", number(|of| of.largest_ratio)),
            ("loss_to_margin_q99", number(|of| of.ratio_q99)),
            ("mean_loss_to_margin_in_breaches", number(|of| of.mean_ratio_in_breaches)),
            ("peak_shortfall", number(|of| Some(of.peak_shortfall))),
            ("mean_shortfall", number(|of| of.mean_shortfall)),
            ("total_shortfall", number(|of| Some(of.total_shortfall))),
            ("expected_shortfall", number(|of| of.expected_shortfall)),
        ],
    )?)
}
