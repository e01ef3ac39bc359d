//! What can a backtest fill of the public quantitative disclosures of clearing houses?
//!
//! | table | row | items |
//! | --- | --- | --- |
//! | `pqd_disclosures` | model, item | 6.1.1, 6.4.1 to 6.4.15, 6.5.1.2, 6.5.1.3: text or number, or why there is none |
//! | `pqd_6_5` | model, account (empty = all), window | 6.5.1.1, 6.5.2 to 6.5.5 |
//! | `pqd_6_8` | model, account (empty = all), window | 6.8.1 |
//!
//! Source: CPMI-IOSCO, "Public quantitative disclosure standards for central counterparties" (February 2015), principle 6.
//! Items about collateral held, default funds, variation margin, liquidity and the split of house and clients need books of
//! a clearing house that a backtest does not have; they are not in the tables, and 6.1.1 says what of it is.

mod calls;
mod coverage;
mod disclosures;

use mpor_core::{Column, Table, Timestamp};

use crate::error::BacktestError;
use crate::result::BacktestResult;

pub use calls::{CallsRow, DayCalls};
pub use coverage::{Achieved, AchievedRow};
pub use disclosures::{Disclosure, Status};

/// A stretch of margin dates.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// `12 months to 2021-03-31`, `2021 Q1`, `all`.
    pub name: String,
    /// First margin date in it.
    pub from: Timestamp,
    /// Last margin date in it.
    pub to: Timestamp,
    /// Whether the run covers all of it.
    pub complete: bool,
    /// Its steps, the last one not included.
    pub steps: std::ops::Range<usize>,
}

/// All three tables.
///
/// # Errors
/// None for a result of [`assemble`](crate::assemble::assemble).
pub fn tables(result: &BacktestResult) -> Result<Vec<Table>, BacktestError> {
    Ok(vec![disclosures::table(result)?, coverage::table(result)?, calls::table(result)?])
}

/// Items of principle 6 that hold for the run as a whole, by model.
#[must_use]
pub fn disclosures(result: &BacktestResult) -> Vec<Disclosure> {
    disclosures::rows(result)
}

/// Item 6.5: achieved coverage by model, account and window.
///
/// # Errors
/// [`BacktestError::Figure`] for a loss or requirement that is not finite.
pub fn achieved(result: &BacktestResult) -> Result<Vec<AchievedRow>, BacktestError> {
    coverage::rows(result)
}

/// Item 6.8: calls of initial margin by model, account and window.
#[must_use]
pub fn margin_calls(result: &BacktestResult) -> Vec<CallsRow> {
    calls::rows(result)
}

impl Window {
    fn new(
        name: String,
        times: &[Timestamp],
        steps: std::ops::Range<usize>,
        complete: bool,
    ) -> Self {
        let (from, to) = (times[steps.start], times[steps.end - 1]);
        Window { name, from, to, complete, steps }
    }

    /// The whole run; `None` without margin dates.
    fn all(times: &[Timestamp]) -> Option<Self> {
        let whole = || Window::new("all".to_owned(), times, 0..times.len(), true);
        (!times.is_empty()).then(whole)
    }
}

/// What every row of a table of windows is about: model, account, and window.
type About<'r> = (usize, Option<usize>, &'r Window);

/// The columns that say so.
fn about<'r>(
    result: &'r BacktestResult,
    rows: impl Iterator<Item = About<'r>> + Clone,
) -> Vec<(&'static str, Column)> {
    let account = |row: About<'r>| Some(result.accounts[row.1?].as_str());
    let windows = rows.clone().map(|row| row.2);
    vec![
        ("model", Column::labels(rows.clone().map(|row| result.models[row.0].id.as_str()))),
        ("account", Column::Label(rows.map(account).collect())),
        ("window", Column::labels(windows.clone().map(|window| window.name.as_str()))),
        ("from", Column::times(windows.clone().map(|window| window.from))),
        ("to", Column::times(windows.clone().map(|window| window.to))),
        ("complete", Column::Flag(windows.map(|window| Some(window.complete)).collect())),
    ]
}

/// The steps of each calendar quarter in UTC, with its year and number from 1, oldest first.
fn quarters(times: &[Timestamp]) -> Vec<((i32, u32), std::ops::Range<usize>)> {
    use chrono::Datelike;
    let quarter = |time: &Timestamp| (time.date().year(), time.date().month0() / 3 + 1);
    let mut quarters: Vec<((i32, u32), std::ops::Range<usize>)> = Vec::new();
    for (step, time) in times.iter().enumerate() {
        match quarters.last_mut() {
            Some((last, steps)) if *last == quarter(time) => steps.end = step + 1,
            _ => quarters.push((quarter(time), step..step + 1)),
        }
    }
    quarters
}
