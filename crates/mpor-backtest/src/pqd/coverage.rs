//! Item 6.5: how often in the last twelve months was the margin of an account below its exposure, and by how much?
//!
//! | column | item | definition |
//! | --- | --- | --- |
//! | breaches | 6.5.1.1 | observations whose loss was strictly above the requirement |
//! | observations | 6.5.2 | margin dates with a finished MPOR and something held, times accounts |
//! | coverage | 6.5.3 | `1 - breaches / observations` |
//! | peak uncovered | 6.5.4 | largest loss less requirement; zero without breaches |
//! | average uncovered | 6.5.5 | mean of loss less requirement over breaches; missing without any |
//!
//! Windows end with the last margin date of each calendar quarter and reach back twelve months; the last one ends with the
//! run. They are marked incomplete where the run begins later. All accounts pooled have a row in every window; single
//! accounts in the last one and over the whole run, because the pooled figure hides breaches that cluster in one account.
//! The exposure is the loss by the study's convention.

use chrono::Months;
use mpor_core::{Column, Loss, Money, Table};

use super::{Window, about, quarters};
use crate::error::BacktestError;
use crate::observations::{Observation, finite, observed, pooled_and_accounts};
use crate::result::BacktestResult;
use crate::standards::DISCLOSURE_MONTHS;

/// The figures of one window.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Achieved {
    /// 6.5.1.1.
    pub breaches: usize,
    /// 6.5.2.
    pub observations: usize,
    /// 6.5.3; `None` without observations.
    pub coverage: Option<f64>,
    /// 6.5.4, reporting currency.
    pub peak_uncovered: f64,
    /// 6.5.5, reporting currency; `None` without breaches.
    pub average_uncovered: Option<f64>,
}

/// Achieved coverage of one model for one account, or all, over one window.
#[derive(Clone, Debug, PartialEq)]
pub struct AchievedRow {
    /// Index into the result's models.
    pub model: usize,
    /// Index into the result's accounts; `None` = all accounts.
    pub account: Option<usize>,
    /// The window.
    pub window: Window,
    /// The figures.
    pub achieved: Achieved,
}

impl Achieved {
    /// Of pairs of loss and requirement.
    ///
    /// # Errors
    /// [`BacktestError::Figure`] for a loss or requirement that is not finite.
    pub fn new(observations: impl IntoIterator<Item = (f64, f64)>) -> Result<Self, BacktestError> {
        let (mut achieved, mut sum) = (Achieved::default(), 0.0);
        for (at, pair) in observations.into_iter().enumerate() {
            let (loss, requirement) = finite(at, pair)?;
            let (loss, requirement) = (Loss(loss), Money(requirement));
            let uncovered = loss.shortfall(requirement).0;
            achieved.observations += 1;
            achieved.breaches += usize::from(loss.breaches(requirement));
            achieved.peak_uncovered = achieved.peak_uncovered.max(uncovered);
            sum += uncovered;
        }
        let (breaches, count) = (achieved.breaches as f64, achieved.observations as f64);
        achieved.coverage = (count > 0.0).then(|| 1.0 - breaches / count);
        achieved.average_uncovered = (breaches > 0.0).then(|| sum / breaches);
        Ok(achieved)
    }
}

/// The rolling windows, oldest first, then the whole run.
fn windows(result: &BacktestResult) -> Vec<Window> {
    let times = &result.times;
    let rolling = quarters(times).into_iter().filter_map(|(_, quarter)| {
        let end = times[quarter.end - 1].date();
        let before = end.checked_sub_months(Months::new(DISCLOSURE_MONTHS))?;
        let start = times.partition_point(|time| time.date() <= before);
        // The day after `before` or an earlier one is in the run.
        let complete = times[0].date() <= before.succ_opt()?;
        let name = format!("{DISCLOSURE_MONTHS} months to {end}");
        Some(Window::new(name, times, start..quarter.end, complete))
    });
    rolling.chain(Window::all(times)).collect()
}

pub(super) fn rows(result: &BacktestResult) -> Result<Vec<AchievedRow>, BacktestError> {
    let windows = windows(result);
    let single = windows.len().saturating_sub(2);
    let mut rows = Vec::new();
    for model in 0..result.models.len() {
        for account in pooled_and_accounts(result) {
            let seen: Vec<Observation> = observed(result, model, account).collect();
            let shown = if account.is_some() { single } else { 0 };
            for window in &windows[shown..] {
                let inside = seen.iter().filter(|one| window.steps.contains(&one.step));
                let achieved = Achieved::new(inside.map(|one| (one.loss, one.requirement)))?;
                rows.push(AchievedRow { model, account, window: window.clone(), achieved });
            }
        }
    }
    Ok(rows)
}

pub(super) fn table(result: &BacktestResult) -> Result<Table, BacktestError> {
    let rows = rows(result)?;
    let count =
        |of: fn(&Achieved) -> usize| Column::counts(rows.iter().map(|row| of(&row.achieved)));
    let number = |of: fn(&Achieved) -> Option<f64>| {
        Column::Number(rows.iter().map(|row| of(&row.achieved)).collect())
    };
    let mut columns = about(result, rows.iter().map(|row| (row.model, row.account, &row.window)));
    columns.extend([
        ("breaches", count(|of| of.breaches)),
        ("observations", count(|of| of.observations)),
        ("coverage", number(|of| of.coverage)),
        ("peak_uncovered", number(|of| Some(of.peak_uncovered))),
        ("average_uncovered", number(|of| of.average_uncovered)),
    ]);
    Ok(Table::new("pqd_6_5", columns)?)
}
