//! The largest breaches by cause: what lost the money?

use mpor_backtest::explain::CAUSES;
use mpor_backtest::{Breach, Cause};
use mpor_core::{Column, Pnl, Table};

use super::{Figure, axes};
use crate::drawing::{
    Axis, Drawing, Ink, KeyEntry, KeyMark, Label, Layer, Panel, Place, Scale, Shared, Size,
};
use crate::error::ReportError;
use crate::evidence::{Evidence, events};
use crate::format;

/// See the module.
pub struct ExplanationFigure;

/// Most breaches shown.
const MOST: usize = 10;

impl Figure for ExplanationFigure {
    fn id(&self) -> &'static str {
        "explanation"
    }

    fn question(&self) -> &'static str {
        "What lost the money?"
    }

    fn build(&self, evidence: &Evidence<'_>) -> Result<Vec<Drawing>, ReportError> {
        let breaches: Vec<&Breach> = events(evidence.result(), &evidence.ranked_breaches, MOST)
            .into_iter()
            .filter(|breach| !breach.causes.is_empty())
            .collect();
        if breaches.is_empty() {
            return Ok(Vec::new());
        }
        Ok(vec![Drawing {
            id: self.id().to_owned(),
            title: "The largest breaches by cause".to_owned(),
            caption: caption(evidence, breaches.len()),
            reading: "Bars right of zero are what lost money, bars left of it what earned some back; the black dot is \
                      the loss they add up to. Causes come from full revaluation, one cause after the other, in the \
                      order of the key."
                .to_owned(),
            alt: alt(evidence, &breaches),
            size: Size::page((18.0 * breaches.len() as f64).max(36.0)),
            columns: 1,
            panels: vec![panel(evidence, &breaches)],
            shared: Shared::Nothing,
            row_titles: Vec::new(),
            key: key(&breaches),
            source: source(evidence, &breaches)?,
        }])
    }
}

/// The part of the loss that a cause explains; positive = it lost money.
fn lost(breach: &Breach, cause: Cause) -> f64 {
    let of_cause = breach.causes.iter().filter(|(known, _)| *known == cause);
    of_cause.map(|&(_, pnl)| Pnl(pnl).loss().0).sum()
}

fn caption(evidence: &Evidence<'_>, shown: usize) -> String {
    let all = events(evidence.result(), &evidence.ranked_breaches, usize::MAX).len();
    if shown < all {
        format!(
            "The {shown} largest of {} loss events, one row each, by their largest shortfall under any model.",
            format::count(all)
        )
    } else {
        "All loss events, one row each, by their largest shortfall under any model.".to_owned()
    }
}

fn name(evidence: &Evidence<'_>, breach: &Breach) -> String {
    format!("{}, {}", evidence.dates.show(breach.time), evidence.account_name(breach.account))
}

fn alt(evidence: &Evidence<'_>, breaches: &[&Breach]) -> String {
    let of_breach = |breach: &&Breach| {
        let largest =
            CAUSES.into_iter().max_by(|a, b| lost(breach, *a).total_cmp(&lost(breach, *b)));
        format!("{}: mostly {}", name(evidence, breach), largest.map_or("", Cause::name))
    };
    let parts: Vec<String> = breaches.iter().map(of_breach).collect();
    format!("Losses of the largest breaches by cause. {}.", parts.join("; "))
}

fn key(breaches: &[&Breach]) -> Vec<KeyEntry> {
    let used = |cause: Cause| breaches.iter().any(|breach| lost(breach, cause) != 0.0);
    let entry = |(index, cause): (usize, Cause)| KeyEntry {
        ink: Ink::Series(index),
        mark: KeyMark::Block,
        text: cause.name().to_owned(),
    };
    let mut key: Vec<KeyEntry> =
        CAUSES.into_iter().enumerate().filter(|(_, cause)| used(*cause)).map(entry).collect();
    key.push(KeyEntry { ink: Ink::Text, mark: KeyMark::Dot, text: "loss".to_owned() });
    key
}

fn panel(evidence: &Evidence<'_>, breaches: &[&Breach]) -> Panel {
    let currency = &evidence.result().currency;
    let mut layers: Vec<Layer> = CAUSES
        .iter()
        .enumerate()
        .map(|(index, _)| Layer::Bars {
            bars: breaches.iter().enumerate().filter_map(|(row, b)| bar(row, b, index)).collect(),
            ink: Ink::Series(index),
            thickness: 9.0,
        })
        .collect();
    layers.push(Layer::Rule { vertical: true, at: 0.0, label: String::new() });
    let dots = breaches.iter().enumerate().map(|(row, breach)| (breach.loss, row as f64)).collect();
    layers.push(Layer::Dots { points: dots, ink: Ink::Text, radius: 2.2 });
    layers.push(Layer::Labels(labels(breaches, currency)));
    let ends = breaches.iter().flat_map(|breach| {
        let sum = |sign: f64| -> f64 {
            CAUSES.iter().map(|&c| lost(breach, c)).filter(|v| v * sign > 0.0).sum()
        };
        [sum(1.0), sum(-1.0), breach.loss]
    });
    // Stacked bars add up only on an even scale.
    let x = Axis { scale: Scale::Linear, ..axes::money(currency, ends) };
    Panel {
        title: String::new(),
        x: x.titled("part of the loss"),
        y: Axis::names(breaches.iter().map(|breach| name(evidence, breach)).collect()),
        layers,
    }
}

/// The stretch of one cause: after the earlier causes of the same sign.
fn bar(row: usize, breach: &Breach, index: usize) -> Option<(f64, f64, f64)> {
    let amount = lost(breach, CAUSES[index]);
    let same_sign =
        CAUSES[..index].iter().map(|&cause| lost(breach, cause)).filter(|v| v * amount > 0.0);
    let start: f64 = same_sign.sum();
    let (from, to) = (start.min(start + amount), start.max(start + amount));
    (amount != 0.0).then_some((row as f64, from, to))
}

fn labels(breaches: &[&Breach], currency: &str) -> Vec<Label> {
    let label = |(row, breach): (usize, &&Breach)| Label {
        at: (0.0, row as f64),
        text: format!("loss {}", format::money(breach.loss, currency)),
        ink: Ink::Text,
        place: Place::Margin,
    };
    breaches.iter().enumerate().map(label).collect()
}

fn source(evidence: &Evidence<'_>, breaches: &[&Breach]) -> Result<Table, ReportError> {
    let every =
        || breaches.iter().flat_map(|breach| CAUSES.iter().map(move |&cause| (breach, cause)));
    Ok(Table::new(
        "explanation",
        [
            ("time", Column::times(every().map(|(breach, _)| breach.time))),
            ("account", Column::texts(every().map(|(b, _)| evidence.account_name(b.account)))),
            ("cause", Column::texts(every().map(|(_, cause)| cause.name()))),
            ("loss_explained", Column::numbers(every().map(|(b, cause)| lost(b, cause)))),
            ("loss", Column::numbers(every().map(|(breach, _)| breach.loss))),
        ],
    )?)
}
