//! Item 6.8: the largest sum of initial margin called on one day, and the average.
//!
//! ```text
//! call of an account at t   = max(0, M[t] - M[t-1])
//! call of a day             = sum over the accounts and the margin dates of that day in UTC
//! largest (6.8.1)           = largest call of a day,      average = mean call of the days with one
//! ```
//!
//! A fall of one account's requirement does not pay another's call. The first margin date of the run has none before it and
//! calls nothing. Windows are calendar quarters in UTC, for all accounts together, and the whole run, for each account too.
//! Calls mix what the model did with what the account did: see [`calls`](crate::calls) for portfolios that do not change.

use chrono::NaiveDate;
use mpor_core::{Column, Table, Timestamp};

use super::{Window, about, quarters};
use crate::error::BacktestError;
use crate::observations::pooled_and_accounts;
use crate::result::BacktestResult;

/// The calls of the days of one window.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DayCalls {
    /// Days with a margin date that has one before it.
    pub days: usize,
    /// Of them, those with a call.
    pub days_with_call: usize,
    /// Largest call of a day, reporting currency; zero without calls.
    pub largest: f64,
    /// The first day with the largest call; `None` without calls.
    pub largest_on: Option<NaiveDate>,
    /// Mean call of the days with one; `None` without calls.
    pub average: Option<f64>,
}

/// The calls of one model on one account, or all, over one window.
#[derive(Clone, Debug, PartialEq)]
pub struct CallsRow {
    /// Index into the result's models.
    pub model: usize,
    /// Index into the result's accounts; `None` = the sum over accounts.
    pub account: Option<usize>,
    /// The window.
    pub window: Window,
    /// The figures.
    pub calls: DayCalls,
}

impl DayCalls {
    /// From the call of each margin date, dates in order.
    #[must_use]
    pub fn new(calls: impl IntoIterator<Item = (NaiveDate, f64)>) -> Self {
        let mut days: Vec<(NaiveDate, f64)> = Vec::new();
        for (day, call) in calls {
            match days.last_mut() {
                Some((last, sum)) if *last == day => *sum += call,
                _ => days.push((day, call)),
            }
        }
        let called = || days.iter().filter(|(_, call)| *call > 0.0);
        let count = called().count();
        let mut found = DayCalls { days: days.len(), days_with_call: count, ..DayCalls::default() };
        for &(day, call) in called() {
            if call > found.largest {
                (found.largest, found.largest_on) = (call, Some(day));
            }
        }
        let sum: f64 = called().map(|(_, call)| call).sum();
        found.average = (count > 0).then(|| sum / count as f64);
        found
    }
}

/// What each margin date called, by step; the first calls nothing.
fn calls(result: &BacktestResult, model: usize, account: Option<usize>) -> Vec<f64> {
    let paths = &result.requirements[model];
    let accounts = account.map_or(0..paths.len(), |account| account..account + 1);
    let mut calls = vec![0.0; result.times.len()];
    for path in &paths[accounts] {
        for (call, pair) in calls.iter_mut().skip(1).zip(path.initial.windows(2)) {
            *call += (pair[1] - pair[0]).max(0.0);
        }
    }
    calls
}

fn windows(times: &[Timestamp]) -> Vec<Window> {
    let all = quarters(times);
    let last = all.len().saturating_sub(1);
    let quarter = |(at, ((year, number), steps)): (usize, ((i32, u32), std::ops::Range<usize>))| {
        // Whole unless the run begins or ends inside.
        Window::new(format!("{year} Q{number}"), times, steps, 0 < at && at < last)
    };
    all.into_iter().enumerate().map(quarter).chain(Window::all(times)).collect()
}

pub(super) fn rows(result: &BacktestResult) -> Vec<CallsRow> {
    let windows = windows(&result.times);
    let mut rows = Vec::new();
    for model in 0..result.models.len() {
        for account in pooled_and_accounts(result) {
            let calls = calls(result, model, account);
            let shown = if account.is_some() { windows.len().saturating_sub(1) } else { 0 };
            for window in &windows[shown..] {
                let steps = window.steps.start.max(1)..window.steps.end.max(1);
                let days = steps.map(|step| (result.times[step].date(), calls[step]));
                let calls = DayCalls::new(days);
                rows.push(CallsRow { model, account, window: window.clone(), calls });
            }
        }
    }
    rows
}

pub(super) fn table(result: &BacktestResult) -> Result<Table, BacktestError> {
    let rows = rows(result);
    let count = |of: fn(&DayCalls) -> usize| Column::counts(rows.iter().map(|row| of(&row.calls)));
    let day = |row: &CallsRow| row.calls.largest_on.map(Timestamp::from_date);
    let mut columns = about(result, rows.iter().map(|row| (row.model, row.account, &row.window)));
    columns.extend([
        ("days", count(|of| of.days)),
        ("days_with_call", count(|of| of.days_with_call)),
        ("largest_call", Column::numbers(rows.iter().map(|row| row.calls.largest))),
        ("largest_call_on", Column::Time(rows.iter().map(day).collect())),
        ("average_call", Column::Number(rows.iter().map(|row| row.calls.average).collect())),
    ]);
    Ok(Table::new("pqd_6_8", columns)?)
}
