//! The answer of a stress test: one row an account and model, worst first, and one sentence.

use std::collections::BTreeSet;

use mpor_core::{Level, Timestamp};
use serde::Serialize;

use super::Evidence;
use super::reverse::Exhausts;

/// What was found, in short.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Found {
    /// Margin date.
    pub time: Timestamp,
    /// Level of VaR and ES.
    pub level: Option<Level>,
    /// By account and model, the largest loss as a multiple of its requirement first.
    pub pairs: Vec<Pair>,
    /// How many of them a scenario exhausts.
    pub exhausted: usize,
    /// Scenarios and episodes.
    pub scenarios: usize,
    /// The answer in a sentence.
    pub verdict: String,
    /// Remarks.
    pub notes: Vec<String>,
}

/// One account under one model.
#[derive(Clone, Debug, Serialize)]
pub struct Pair {
    /// Account.
    pub account: String,
    /// Model.
    pub model: String,
    /// Initial margin, reporting currency.
    pub requirement: f64,
    /// The scenario of the largest loss; `None` where there was none.
    pub scenario: Option<String>,
    /// The loss there, positive = loss.
    pub loss: Option<f64>,
    /// Loss over requirement; `None` where nothing is asked for.
    pub ratio: Option<f64>,
    /// What of the loss the requirement does not cover.
    pub shortfall: f64,
    /// Joint standard deviations of the smallest move found that exhausts the requirement.
    pub distance: Option<f64>,
    /// Probability of a move at least as far out, in whatever direction.
    pub probability: Option<f64>,
    /// Why there is no such move.
    pub reason: Option<String>,
}

/// Loss over requirement, where something is asked for.
pub(super) fn ratio(loss: f64, requirement: f64) -> Option<f64> {
    (requirement > 0.0).then(|| loss / requirement)
}

/// What a requirement leaves uncovered.
pub(super) fn shortfall(loss: f64, requirement: f64) -> f64 {
    (loss - requirement).max(0.0)
}

pub(super) fn found(evidence: &Evidence, level: Level, notes: Vec<String>) -> Found {
    let mut pairs: Vec<Pair> = evidence.reverse.iter().map(|one| pair(evidence, one)).collect();
    let rank = |pair: &Pair| pair.ratio.unwrap_or(f64::NEG_INFINITY);
    pairs.sort_by(|a, b| {
        rank(b)
            .total_cmp(&rank(a))
            .then_with(|| (&a.account, &a.model).cmp(&(&b.account, &b.model)))
    });
    let exhausted = pairs.iter().filter(|pair| pair.shortfall > 0.0).count();
    let names: BTreeSet<&str> = evidence.hits.iter().map(|hit| hit.scenario.as_str()).collect();
    let scenarios = names.len();
    let verdict = verdict(evidence, &pairs, exhausted, scenarios);
    Found { time: evidence.time, level: Some(level), pairs, exhausted, scenarios, verdict, notes }
}

fn pair(evidence: &Evidence, one: &super::reverse::Nearest) -> Pair {
    let of_account = evidence.hits.iter().filter(|hit| hit.account == one.account);
    let worst = of_account.min_by(|a, b| a.pnl.total_cmp(&b.pnl));
    let loss = worst.map(|hit| -hit.pnl);
    let (distance, probability, reason) = match &one.outcome {
        Exhausts::By(found, _) => (Some(found.distance), Some(found.probability), None),
        Exhausts::Never(reason) => (None, None, Some(reason.clone())),
    };
    Pair {
        account: evidence.accounts[one.account].clone(),
        model: evidence.models[one.model].clone(),
        requirement: one.requirement,
        scenario: worst.map(|hit| hit.scenario.clone()),
        loss,
        ratio: loss.and_then(|loss| ratio(loss, one.requirement)),
        shortfall: loss.map_or(0.0, |loss| shortfall(loss, one.requirement)),
        distance,
        probability,
        reason,
    }
}

fn verdict(evidence: &Evidence, pairs: &[Pair], exhausted: usize, scenarios: usize) -> String {
    let nearest = pairs
        .iter()
        .filter_map(|pair| Some((pair.distance?, pair)))
        .min_by(|a, b| a.0.total_cmp(&b.0));
    let reverse = match nearest {
        Some((distance, pair)) => format!(
            "; the smallest move that exhausts one is {distance:.1} joint standard deviations out ({} under {})",
            pair.account, pair.model
        ),
        None => "; no move that was searched exhausts any".to_owned(),
    };
    let date = evidence.time;
    let worst = pairs.iter().find_map(|pair| Some((pair.ratio?, pair.scenario.as_ref()?, pair)));
    let Some((ratio, scenario, pair)) = worst else {
        return format!("At {date} no scenario was tried against a requirement{reverse}.");
    };
    format!(
        "At {date}, {} {exhausted} of {} requirements; the worst is {} under {} in {scenario}, with {ratio:.2} times what is asked for lost{reverse}.",
        if scenarios == 1 {
            "1 scenario exhausts".to_owned()
        } else {
            format!("{scenarios} scenarios exhaust")
        },
        pairs.len(),
        pair.account,
        pair.model
    )
}
