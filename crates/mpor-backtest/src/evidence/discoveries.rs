//! Of many accounts that fail a test, how many may be false alarms, and does a good pooled rate hide one bad account or one bad day?
//!
//! For each model and test the p-values of all accounts are adjusted together ([`crate::comparison::false_discovery`]): by Benjamini and
//! Hochberg, who bound the share of false alarms where accounts depend on each other positively, and by Benjamini and Yekutieli, who do so whatever
//! the dependence. The pooled view sets all accounts of a model beside each other ([`pooled`]); where losses overlap it takes every
//! `m`-th margin date.

use std::collections::BTreeMap;

use crate::comparison::false_discovery::{Dependence, adjusted};
use crate::comparison::pooled::{self, PooledView};
use crate::coverage::{CoverageError, HitSequence, TestRow};
use crate::evidence::EvidenceRow;
use crate::observations::observed;
use crate::result::BacktestResult;

/// As the study names it.
pub const ID: &str = "false-discovery";

/// One p-value among those of all accounts.
#[derive(Clone, Debug, PartialEq)]
pub struct Discovery {
    /// Index into the result's models.
    pub model: usize,
    /// Name of the test.
    pub test: &'static str,
    /// Index into the result's accounts.
    pub account: usize,
    /// The test's own p-value.
    pub p_value: f64,
    /// Adjusted under positive dependence.
    pub positive: f64,
    /// Adjusted under any dependence.
    pub any: f64,
}

/// All accounts of one model beside each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Pooled {
    /// Index into the result's models.
    pub model: usize,
    /// Accounts with an observation, by index into the result's: what the view's own indices mean.
    pub accounts: Vec<usize>,
    /// The view.
    pub view: PooledView,
    /// The margin date with the most breaches over all accounts, and how many; `None` without breaches. All dates count here.
    pub worst_date: Option<(usize, usize)>,
}

/// Every p-value, adjusted among those of the same model and test; nothing for a single account.
pub(super) fn all(
    result: &BacktestResult,
    further: [&[EvidenceRow]; 2],
) -> Result<Vec<Discovery>, CoverageError> {
    if result.accounts.len() < 2 {
        return Ok(Vec::new());
    }
    let mut families: BTreeMap<(usize, &'static str), Vec<(usize, f64)>> = BTreeMap::new();
    let mut add = |model: usize, account: usize, test: &TestRow| {
        if let Some(p) = test.p_value {
            families.entry((model, test.test)).or_default().push((account, p));
        }
    };
    for row in &result.coverage {
        let Some(account) = row.account else { continue };
        row.tests.iter().for_each(|test| add(row.model, account, test));
    }
    further.into_iter().flatten().for_each(|row| add(row.model, row.account, &row.test));
    let mut rows = Vec::new();
    for ((model, test), members) in families {
        let p_values: Vec<f64> = members.iter().map(|member| member.1).collect();
        let positive = adjusted(&p_values, Dependence::Positive)?;
        let any = adjusted(&p_values, Dependence::Any)?;
        rows.extend(members.iter().zip(positive).zip(any).map(|((member, positive), any)| {
            let (account, p_value) = *member;
            Discovery { model, test, account, p_value, positive, any }
        }));
    }
    Ok(rows)
}

/// The view of each model; nothing for a single account.
pub(super) fn pooled(result: &BacktestResult) -> Result<Vec<Pooled>, CoverageError> {
    if result.accounts.len() < 2 {
        return Ok(Vec::new());
    }
    let horizon = result.horizon.steps();
    let mut views = Vec::new();
    for model in 0..result.models.len() {
        let (mut accounts, mut sequences) = (Vec::new(), Vec::new());
        let mut on_date = vec![0_usize; result.times.len()];
        for account in 0..result.accounts.len() {
            let mut hits = Vec::new();
            for seen in observed(result, model, Some(account)) {
                let hit = seen.loss > seen.requirement;
                on_date[seen.step] += usize::from(hit);
                if seen.step.is_multiple_of(horizon) {
                    hits.push(hit);
                }
            }
            if !hits.is_empty() {
                accounts.push(account);
                sequences.push(HitSequence::independent(hits, result.level, horizon, horizon)?);
            }
        }
        if sequences.is_empty() {
            continue;
        }
        let view = pooled::view(&sequences)?;
        let most = (0..on_date.len()).rev().max_by_key(|&step| on_date[step]);
        let worst_date = most.map(|step| (step, on_date[step])).filter(|(_, count)| *count > 0);
        views.push(Pooled { model, accounts, view, worst_date });
    }
    Ok(views)
}
