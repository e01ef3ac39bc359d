//! What happened: which model was breached most and when, the largest shortfall, the calmest and the cheapest model.

use mpor_backtest::{Breach, Cause};
use mpor_core::Pnl;

use super::{MOST_NAMED, join};
use crate::evidence::{Evidence, ModelSummary, Verdict};
use crate::format::{count, counted, money, ratio, short_percent};

/// Fewer expected breaches than this cannot tell a good level from a bad one.
const FEW_EXPECTED: f64 = 5.0;

/// What happened, in a few sentences.
#[must_use]
pub fn story(evidence: &Evidence<'_>) -> Vec<String> {
    let parts = [
        most_breaches(evidence),
        peak_month(evidence),
        largest_shortfall(evidence),
        calmest(evidence),
        cheapest(evidence),
        small_sample(evidence),
    ];
    parts.into_iter().flatten().collect()
}

fn most_breaches(evidence: &Evidence<'_>) -> Option<String> {
    let model = largest_by(evidence, |summary| Some(summary.breaches as f64))?;
    let summary = &evidence.models[model];
    if summary.breaches == 0 {
        return Some("No model was breached.".to_owned());
    }
    let expected = evidence.result().level.tail_mass(summary.observations);
    Some(format!(
        "{} was breached most often: {} in {}, where the {} target allows about {}.",
        evidence.model_name(model),
        counted(summary.breaches, "time", "times"),
        counted(summary.observations, "observation", "observations"),
        short_percent(evidence.result().level.value()),
        count(expected.round() as usize),
    ))
}

fn peak_month(evidence: &Evidence<'_>) -> Option<String> {
    let all = evidence.result().breaches.len();
    let month = evidence.peak_month.as_ref().filter(|_| all > 1)?;
    let name = month.time.utc().format("%B\u{A0}%Y");
    let worst = (0..month.by_model.len()).max_by_key(|&m| (month.by_model[m], usize::MAX - m))?;
    let untouched: Vec<String> = (0..month.by_model.len())
        .filter(|&model| month.by_model[model] == 0)
        .map(|model| evidence.model_name(model).to_owned())
        .collect();
    let spared = match untouched.as_slice() {
        [] => "No model was spared.".to_owned(),
        some if some.len() <= MOST_NAMED => format!("{} had none in that month.", join(some)),
        some => format!("{} models had none in that month.", some.len()),
    };
    Some(format!(
        "The month with most breaches was {name}: {} of {} over all models, {} of them under {}. {spared}",
        count(month.breaches),
        count(all),
        count(month.by_model[worst]),
        evidence.model_name(worst),
    ))
}

fn largest_shortfall(evidence: &Evidence<'_>) -> Option<String> {
    let result = evidence.result();
    let breach = result.breaches.get(*evidence.ranked_breaches.first()?)?;
    let cause = main_cause(breach).map_or(String::new(), |(cause, share)| {
        format!(
            ", {} of it from {}",
            short_percent((share * 100.0).round() / 100.0),
            describe(cause)
        )
    });
    Some(format!(
        "The largest single shortfall was {}: {} under {} on {} lost {}{cause}, against a margin of {}.",
        money(breach.shortfall(), &result.currency),
        evidence.account_name(breach.account),
        evidence.model_name(breach.model),
        evidence.dates.show(breach.time),
        money(breach.loss, &result.currency),
        money(breach.requirement, &result.currency),
    ))
}

/// The cause that lost most and its share of the loss; `None` when no cause lost or the shares mislead (above one).
fn main_cause(breach: &Breach) -> Option<(Cause, f64)> {
    let lost = |&(cause, pnl): &(Cause, f64)| (cause, Pnl(pnl).loss().0 / breach.loss);
    let largest = breach.causes.iter().map(lost).reduce(|a, b| if b.1 > a.1 { b } else { a })?;
    (breach.loss > 0.0 && largest.1 > 0.0 && largest.1 <= 1.0).then_some(largest)
}

fn describe(cause: Cause) -> &'static str {
    match cause {
        Cause::Spot => "the spot move",
        Cause::Basis => "the basis",
        Cause::Rate => "the discount rate",
        Cause::VolatilityLevel => "the level of implied volatility",
        Cause::VolatilityShape => "the shape of implied volatility",
        Cause::Time => "the passage of time",
        Cause::Fx => "the worth of the settlement coin",
        Cause::Funding => "funding",
        Cause::Residual => "what the causes leave unexplained",
    }
}

fn calmest(evidence: &Evidence<'_>) -> Option<String> {
    let swing = |summary: &ModelSummary| summary.peak_to_trough.map(|(ratio, _)| ratio);
    let calm = largest_by(evidence, |summary| swing(summary).map(|ratio| -ratio))?;
    let wild = largest_by(evidence, swing)?;
    let (low, _) = evidence.models[calm].peak_to_trough?;
    let (high, account) = evidence.models[wild].peak_to_trough?;
    if calm == wild {
        return None;
    }
    Some(format!(
        "{} was calmest: from a trough to a later peak no account's requirement grew to more than {} its size. {} swung \
         most: to {} for {}.",
        evidence.model_name(calm),
        ratio(low),
        evidence.model_name(wild),
        ratio(high),
        evidence.account_name(account),
    ))
}

/// Of the models not below the target, the one that asks for least.
fn cheapest(evidence: &Evidence<'_>) -> Option<String> {
    let enough = |s: &&ModelSummary| matches!(s.verdict(), Verdict::Consistent | Verdict::Above);
    if evidence.models.len() < 2 || evidence.models.iter().filter(enough).count() == 0 {
        return None;
    }
    let model = largest_by(evidence, |summary| {
        Some(summary).filter(enough).map(|summary| -summary.mean_requirement)
    })?;
    let summary = &evidence.models[model];
    let cost = match summary.cost {
        Some(cost) if !evidence.result().models[model].baseline => {
            format!(", {} the baseline's", ratio(cost))
        }
        _ => String::new(),
    };
    Some(format!(
        "Of the models not below the target for any account, {} asked for the least: {} on average over all accounts{cost}.",
        evidence.model_name(model),
        money(summary.mean_requirement, &evidence.result().currency),
    ))
}

fn small_sample(evidence: &Evidence<'_>) -> Option<String> {
    let observations = evidence.models.iter().map(|summary| summary.observations).max()?;
    let expected = evidence.result().level.tail_mass(observations);
    (observations > 0 && expected < FEW_EXPECTED).then(|| {
        format!(
            "The sample is small: with {} about {expected:.1} breaches are expected at the target, too few to tell a good \
             model from a bad one.",
            counted(observations, "observation", "observations")
        )
    })
}

/// The model with the largest value, the first of equals; `None` when none has one.
fn largest_by(
    evidence: &Evidence<'_>,
    value: impl Fn(&ModelSummary) -> Option<f64>,
) -> Option<usize> {
    let values = evidence.models.iter().enumerate().filter_map(|(m, s)| Some((m, value(s)?)));
    values.reduce(|best, next| if next.1 > best.1 { next } else { best }).map(|(model, _)| model)
}
