//! What the numbers cannot say: overlap, shared markets, modelled values, the loss convention, and the past itself.

use mpor_core::LossConvention;

use crate::evidence::Evidence;
use crate::format::{self, count, counted};

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
