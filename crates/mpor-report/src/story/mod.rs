//! The result in sentences: the answer, what happened, and what the numbers cannot say.
//!
//! Every sentence is computed from the result and says no more than it shows. Models are called below or above the
//! target only where the whole 95 % interval of their coverage is; where a sample is too small to tell, it says so.

mod happened;
mod limits;

use crate::evidence::{Evidence, Verdict};
use crate::format::{self, money, short_percent};

pub use happened::story;
pub use limits::limitations;

/// Most models named in one sentence.
const MOST_NAMED: usize = 4;

/// The answer to the study's question in one sentence.
#[must_use]
pub fn answer(evidence: &Evidence<'_>) -> String {
    let target = short_percent(evidence.result().level.value());
    let period = format::period(evidence.result().horizon);
    let judged: Vec<usize> = (0..evidence.models.len())
        .filter(|&model| evidence.models[model].verdict() != Verdict::Unknown)
        .collect();
    let below: Vec<usize> = judged
        .iter()
        .copied()
        .filter(|&model| evidence.models[model].verdict() == Verdict::Below)
        .collect();
    match (judged.len(), below.len()) {
        (0, _) => format!(
            "No {period} margin period ended within the data, so the models cannot be judged."
        ),
        (_, 0) if too_few(evidence) => format!(
            "Too few {period} margin periods ended within the data to tell whether the {target} target is met{}.",
            worst_case(evidence)
        ),
        (1, 0) => format!(
            "At the {target} target, yes as far as these data can tell: {} does not cover the {period} losses of any \
             account significantly less often{}.",
            evidence.model_name(judged[0]),
            worst_case(evidence)
        ),
        (_, 0) => format!(
            "At the {target} target, yes as far as these data can tell: no model covers the {period} losses of any account \
             significantly less often{}.",
            worst_case(evidence)
        ),
        (all, some) if all == some => format!(
            "At the {target} target, no: {}{}.",
            none_holds(evidence, &below),
            worst_case(evidence)
        ),
        (all, some) => format!(
            "At the {target} target, {} of {all} models are not significantly below it for any account; {}.",
            all - some,
            below_list(evidence, &below)
        ),
    }
}

/// Whether not even one breach is expected at the target for any account.
fn too_few(evidence: &Evidence<'_>) -> bool {
    let result = evidence.result();
    let single = result.coverage.iter().filter(|row| row.account.is_some());
    let most = single.map(|row| row.observations).max().unwrap_or(0);
    let independent = most / result.horizon.steps();
    result.level.tail_mass(independent) < 1.0
}

fn worst_case(evidence: &Evidence<'_>) -> String {
    let result = evidence.result();
    let worst = evidence.ranked_breaches.first().and_then(|&index| result.breaches.get(index));
    worst.map_or(String::new(), |breach| {
        format!("; the largest shortfall was {}", money(breach.shortfall(), &result.currency))
    })
}

fn none_holds(evidence: &Evidence<'_>, below: &[usize]) -> String {
    let closeness = |model: usize| {
        let summary = &evidence.models[model];
        (summary.standing.below as f64, -summary.coverage.unwrap_or(0.0))
    };
    let closest =
        below.iter().copied().reduce(|a, b| if closeness(b) < closeness(a) { b } else { a });
    let closest = closest.map_or(String::new(), |model| below_phrase(evidence, model));
    match below.len() {
        1 => format!("{closest}, significantly"),
        all => format!(
            "each of the {all} models is significantly below it for at least one account; the closest, {closest}"
        ),
    }
}

/// `hs-99 is below it in 2 of 8 accounts`.
fn below_phrase(evidence: &Evidence<'_>, model: usize) -> String {
    let standing = evidence.models[model].standing;
    let name = evidence.model_name(model);
    match standing.total() {
        1 => format!("{name} is below it"),
        all => format!("{name} is below it in {} of {all} accounts", standing.below),
    }
}

/// `a is below it in 2 of 8 accounts, b in 1 and c in 3`.
fn below_list(evidence: &Evidence<'_>, below: &[usize]) -> String {
    let shown = if below.len() > MOST_NAMED { MOST_NAMED - 1 } else { below.len() };
    let mut parts: Vec<String> = Vec::new();
    for &model in &below[..shown] {
        let (name, standing) = (evidence.model_name(model), evidence.models[model].standing);
        parts.push(match (parts.is_empty(), standing.total()) {
            (true, _) => below_phrase(evidence, model),
            (false, 1) => name.to_owned(),
            (false, _) => format!("{name} in {}", standing.below),
        });
    }
    if shown < below.len() {
        parts.push(format!("{} others", below.len() - shown));
    }
    join(&parts)
}

fn join(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// The dates of a result, for a reader.
#[must_use]
pub fn period(evidence: &Evidence<'_>) -> String {
    let times = &evidence.result().times;
    match (times.first(), times.last()) {
        (Some(&first), Some(&last)) if first != last => {
            format!("{} to {}", format::day(first), format::day(last))
        }
        (Some(&only), _) => format::day(only),
        _ => String::new(),
    }
}
