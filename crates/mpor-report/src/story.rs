//! The result in sentences: the answer, what happened, and what the numbers cannot say.
//!
//! Every sentence is computed from the result and says no more than it shows. Models are called below or above the
//! target only where the whole 95 % interval of their coverage is; where a sample is too small to tell, it says so.

use mpor_backtest::{Breach, Cause};
use mpor_core::{LossConvention, Pnl};

use crate::evidence::{Evidence, ModelSummary, Verdict};
use crate::format::{self, count, counted, money, ratio, short_percent};

/// Fewer expected breaches than this cannot tell a good level from a bad one.
const FEW_EXPECTED: f64 = 5.0;
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

fn overlap(evidence: &Evidence<'_>) -> Option<String> {
    let horizon = evidence.result().horizon;
    (horizon.steps() > 1).then(|| {
        format!(
            "Margin periods of {} start at every step and overlap, so one shock shows as up to {} breaches in a row. Bounds and \
             tests allow for this by using only as many observations as do not overlap.",
            format::duration(horizon),
            horizon.steps()
        )
    })
}

fn pooling(evidence: &Evidence<'_>) -> Option<String> {
    let accounts = evidence.result().accounts.len();
    (accounts > 1).then(|| {
        format!(
            "The {} live through the same markets and lose together: their breaches are not independent, and no interval or \
             test is given for all of them at once.",
            counted(accounts, "account", "accounts")
        )
    })
}

fn valuation(evidence: &Evidence<'_>) -> Option<String> {
    let counts = evidence.input.valuations;
    let all = counts.mark + counts.surface + counts.settlement;
    let some = |number: usize| if number == 0 { "none".to_owned() } else { count(number) };
    (all > 0).then(|| {
        format!(
            "Of {} at the end of margin periods, {} are from listed marks, {} from a volatility surface and {} from \
             settlement.",
            counted(all, "valuation", "valuations"),
            some(counts.mark),
            some(counts.surface),
            some(counts.settlement)
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
