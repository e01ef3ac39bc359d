//! The result in sentences: the answer, what happened, and what the numbers cannot say.
//!
//! Every sentence is computed from the result and says no more than it shows. Models are called below or above the
//! target only where the whole 95 % interval of their coverage is; where a sample is too small to tell, it says so.

use mpor_backtest::{Breach, Cause};
use mpor_core::{LossConvention, Pnl};

use crate::evidence::{Evidence, ModelSummary, Verdict};
use crate::format::{self, count, counted, money, percent, ratio, short_percent};

/// Fewer expected breaches than this cannot tell a good level from a bad one.
const FEW_EXPECTED: f64 = 5.0;
/// Most models named in one sentence.
const MOST_NAMED: usize = 4;

/// The answer to the study's question in one sentence.
#[must_use]
pub fn answer(evidence: &Evidence<'_>) -> String {
    let target = short_percent(evidence.result().level.value());
    let horizon = evidence.result().horizon;
    let below = by_verdict(evidence, Verdict::Below);
    let observed = evidence.models.iter().filter(|m| m.verdict != Verdict::Unknown).count();
    match (observed, below.as_slice()) {
        (0, _) => format!(
            "No {horizon} margin period ended within the data, so the models cannot be judged."
        ),
        (1, []) => format!(
            "Yes, as far as these data can tell: the coverage of {} is not below the {target} target.",
            evidence.model_name(0)
        ),
        (all, []) => format!(
            "Yes, as far as these data can tell: none of the {all} models covers the {horizon} losses significantly \
             less often than the {target} target."
        ),
        (1, [only]) => {
            format!("No: {} falls below the {target} target.", with_coverage(evidence, *only))
        }
        (all, some) if some.len() == all => format!(
            "No: all {all} models cover the {horizon} losses significantly less often than the {target} target; the \
             closest is {}.",
            with_coverage(evidence, best_covered(evidence, some))
        ),
        (all, some) => format!(
            "For {} of {all} models, yes: their coverage is not significantly below the {target} target. {} {} below it.",
            all - some.len(),
            listed(evidence, some),
            if some.len() == 1 { "falls" } else { "fall" },
        ),
    }
}

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

/// What the numbers cannot say.
#[must_use]
pub fn limitations(evidence: &Evidence<'_>) -> Vec<String> {
    let parts = [overlap(evidence), pooling(evidence), valuation(evidence), modelled(evidence)];
    let mut all: Vec<String> = parts.into_iter().flatten().collect();
    all.push(convention(evidence));
    all.push(
        "Positions are held fixed over each margin period; trading, hedging, liquidation costs and the price impact of \
         a close-out are not part of the loss."
            .to_owned(),
    );
    all.push(
        "The past holds few crises. A model that held in these data can fail in a move they do not contain."
            .to_owned(),
    );
    all.extend(evidence.input.notes.iter().cloned());
    all
}

fn by_verdict(evidence: &Evidence<'_>, verdict: Verdict) -> Vec<usize> {
    (0..evidence.models.len()).filter(|&m| evidence.models[m].verdict == verdict).collect()
}

fn best_covered(evidence: &Evidence<'_>, models: &[usize]) -> usize {
    let coverage = |model: usize| evidence.models[model].coverage.unwrap_or(0.0);
    models.iter().copied().reduce(|a, b| if coverage(b) > coverage(a) { b } else { a }).unwrap_or(0)
}

fn with_coverage(evidence: &Evidence<'_>, model: usize) -> String {
    let coverage = evidence.models[model].coverage.map_or("not observed".to_owned(), percent);
    format!("{} ({coverage})", evidence.model_name(model))
}

/// `a (98.1 %), b (97.2 %) and 3 others`.
fn listed(evidence: &Evidence<'_>, models: &[usize]) -> String {
    let shown = if models.len() > MOST_NAMED { MOST_NAMED - 1 } else { models.len() };
    let mut parts: Vec<String> =
        models.iter().take(shown).map(|&model| with_coverage(evidence, model)).collect();
    if shown < models.len() {
        parts.push(format!("{} others", models.len() - shown));
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

fn most_breaches(evidence: &Evidence<'_>) -> Option<String> {
    let model = largest_by(evidence, |summary| Some(summary.breaches as f64))?;
    let summary = &evidence.models[model];
    if summary.breaches == 0 {
        return Some("No model was breached.".to_owned());
    }
    let expected = evidence.result().level.tail_mass(summary.observations);
    Some(format!(
        "{} was breached most often: {} in {}, where its {} target allows about {}.",
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
        Cause::Volatility => "implied volatility",
        Cause::Time => "the passage of time",
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
        "{} was calmest: no account's requirement rose by more than {} from a trough to a later peak. {} swung most, by \
         up to {} for {}.",
        evidence.model_name(calm),
        ratio(low),
        evidence.model_name(wild),
        ratio(high),
        evidence.account_name(account),
    ))
}

/// Of the models not below the target, the one that asks for least.
fn cheapest(evidence: &Evidence<'_>) -> Option<String> {
    let enough = |s: &&ModelSummary| matches!(s.verdict, Verdict::Consistent | Verdict::Above);
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
        "Of the models not below the target, {} asked for the least: {} on average over all accounts{cost}.",
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

fn overlap(evidence: &Evidence<'_>) -> Option<String> {
    let horizon = evidence.result().horizon;
    (horizon.steps() > 1).then(|| {
        format!(
            "Margin periods of {horizon} start at every step and overlap: one shock shows as up to {} breaches in a row, \
             and confidence bounds that treat dates as independent are too narrow.",
            horizon.steps()
        )
    })
}

fn pooling(evidence: &Evidence<'_>) -> Option<String> {
    let accounts = evidence.result().accounts.len();
    (accounts > 1).then(|| {
        format!(
            "Pooled figures count {} that hold the same markets and lose together: their bounds, too, are narrower \
             than the truth.",
            counted(accounts, "account", "accounts")
        )
    })
}

fn valuation(evidence: &Evidence<'_>) -> Option<String> {
    let counts = evidence.input.valuations;
    let all = counts.mark + counts.surface + counts.settlement;
    (all > 0).then(|| {
        format!(
            "Of {} at the end of margin periods, {} are from listed marks, {} from a volatility surface and {} from \
             settlement.",
            counted(all, "valuation", "valuations"),
            count(counts.mark),
            count(counts.surface),
            count(counts.settlement)
        )
    })
}

fn modelled(evidence: &Evidence<'_>) -> Option<String> {
    let names: Vec<String> = evidence
        .input
        .data
        .iter()
        .filter(|row| row.origin == crate::input::DataOrigin::Modelled)
        .map(|row| row.symbol.clone())
        .collect();
    let shown = names.len().min(6);
    let more = if shown < names.len() { " and others" } else { "" };
    (!names.is_empty()).then(|| {
        format!(
            "Modelled, not observed: {}{more}. Option losses that rest on them depend on that model.",
            names[..shown].join(", ")
        )
    })
}

fn convention(evidence: &Evidence<'_>) -> String {
    match evidence.result().convention {
        LossConvention::Horizon => {
            "A loss is what was lost at the end of the margin period; a deeper loss on the way that recovered does not \
             count."
        }
        LossConvention::Worst => {
            "A loss is the worst mark at any step of the margin period; moves between steps are not seen."
        }
    }
    .to_owned()
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
