//! What to look at first: accounts by their largest shortfall, breaches by size, the month with the most of them.

use std::collections::BTreeMap;

use chrono::Datelike;
use mpor_backtest::{BacktestResult, Breach};

use crate::error::ReportError;

/// The account that figures of one account show, and why it was chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct Focus {
    /// Index into the result's accounts.
    pub account: usize,
    /// Why, as the end of a sentence that starts with "shown is the account".
    pub reason: &'static str,
}

/// A month and its breaches.
#[derive(Clone, Debug, PartialEq)]
pub struct PeakMonth {
    /// First margin date of the month that breached.
    pub time: mpor_core::Timestamp,
    /// Breaches of all models in the month.
    pub breaches: usize,
    /// Breaches by model.
    pub by_model: Vec<usize>,
}

pub(super) fn focus(
    result: &BacktestResult,
    ranked: &[usize],
    asked: Option<&str>,
) -> Result<Focus, ReportError> {
    if let Some(name) = asked {
        let account = result.accounts.iter().position(|account| account == name);
        let account =
            account.ok_or_else(|| ReportError::NoSuchAccount { name: name.to_owned() })?;
        return Ok(Focus { account, reason: "that the study names" });
    }
    let reason = match (result.accounts.len(), result.breaches.is_empty()) {
        (1, _) => "of the study",
        (_, false) => "with the largest single shortfall under any model",
        (_, true) => "with the largest realised loss, as no account breached",
    };
    Ok(Focus { account: ranked.first().copied().unwrap_or(0), reason })
}

/// Indices of the breaches, largest shortfall first; equal ones in the result's order.
pub(super) fn breaches(result: &BacktestResult) -> Vec<usize> {
    let mut order: Vec<usize> = (0..result.breaches.len()).collect();
    let size = |index: usize| result.breaches[index].shortfall();
    order.sort_by(|&a, &b| size(b).total_cmp(&size(a)));
    order
}

pub(super) fn peak_month(result: &BacktestResult) -> Option<PeakMonth> {
    let mut months: BTreeMap<(i32, u32), PeakMonth> = BTreeMap::new();
    for breach in &result.breaches {
        let date = breach.time.date();
        let month = months.entry((date.year(), date.month())).or_insert_with(|| PeakMonth {
            time: breach.time,
            breaches: 0,
            by_model: vec![0; result.models.len()],
        });
        month.time = month.time.min(breach.time);
        month.breaches += 1;
        month.by_model[breach.model] += 1;
    }
    months
        .into_values()
        .reduce(|best, next| if next.breaches > best.breaches { next } else { best })
}

/// The largest breach of each loss event (one account, one margin date), largest first, at most `most`.
#[must_use]
pub fn events<'a>(result: &'a BacktestResult, ranked: &[usize], most: usize) -> Vec<&'a Breach> {
    let mut seen = std::collections::BTreeSet::new();
    ranked
        .iter()
        .filter_map(|&index| result.breaches.get(index))
        .filter(|breach| seen.insert((breach.account, breach.step)))
        .take(most)
        .collect()
}
