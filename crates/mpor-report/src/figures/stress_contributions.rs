//! A figure of risk as the sum of its positions: which of them carries it, and which takes from it?

use mpor_core::{Column, Table};

use super::axes;
use crate::drawing::{
    Axis, Drawing, Ink, KeyEntry, KeyMark, Label, Layer, Panel, Place, Shared, Size,
};
use crate::error::ReportError;
use crate::format::{self, MoneyUnit};

/// Most parts that have a bar of their own.
const MOST_PARTS: usize = 12;

/// Parts that add up.
#[derive(Clone, Debug)]
pub struct Waterfall {
    /// The account.
    pub account: String,
    /// What is split.
    pub figure: String,
    /// Parts by name, positive = adds to the loss.
    pub parts: Vec<(String, f64)>,
}

/// The waterfall.
pub(super) fn drawing(one: &Waterfall, currency: &str) -> Result<Drawing, ReportError> {
    let steps = steps(one);
    let total = steps.last().map_or(0.0, |step| step.2);
    let block = |ink, text: &str| KeyEntry { ink, mark: KeyMark::Block, text: text.to_owned() };
    Ok(Drawing {
        id: "stress-contributions".to_owned(),
        title: format!("{} of {} by position", one.figure, one.account),
        caption: format!(
            "Components after Euler: each is the quantity times what the figure would grow by per further contract. They add up to {}.",
            format::money(total, currency)
        ),
        reading: "Each bar begins where the one above ends. A bar to the left is a position that hedges the others: without it the \
                  figure would be larger."
            .to_owned(),
        alt: format!(
            "Waterfall of {} positions adding up to {}.",
            one.parts.len(),
            format::money(total, currency)
        ),
        size: Size::page((13.0 * steps.len() as f64).clamp(40.0, 220.0)),
        columns: 1,
        panels: vec![panel(&steps, currency)],
        shared: Shared::Nothing,
        row_titles: Vec::new(),
        key: vec![
            block(Ink::Breach, "adds"),
            block(Ink::Requirement, "takes from it"),
            block(Ink::Loss, "all"),
        ],
        source: source(one)?,
    })
}

/// Name, start and end of each bar, the largest parts first and the total last.
fn steps(one: &Waterfall) -> Vec<(String, f64, f64)> {
    let mut parts: Vec<&(String, f64)> = one.parts.iter().collect();
    parts.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    let (mut steps, mut reached) = (Vec::new(), 0.0);
    let mut add = |name: String, part: f64| {
        steps.push((name, reached, reached + part));
        reached += part;
    };
    let (own, rest) = parts.split_at(parts.len().min(MOST_PARTS));
    own.iter().for_each(|part| add(part.0.clone(), part.1));
    if !rest.is_empty() {
        add(format!("{} others", rest.len()), rest.iter().map(|part| part.1).sum());
    }
    steps.push(("all".to_owned(), 0.0, reached));
    steps
}

fn panel(steps: &[(String, f64, f64)], currency: &str) -> Panel {
    let unit = MoneyUnit::of(steps.iter().map(|step| step.2 - step.1), currency);
    let last = steps.len().saturating_sub(1);
    let mut layers = Vec::new();
    for (row, (_, from, to)) in steps.iter().enumerate() {
        let ink = match (row == last, to >= from) {
            (true, _) => Ink::Loss,
            (false, true) => Ink::Breach,
            (false, false) => Ink::Requirement,
        };
        let y = row as f64;
        layers.push(Layer::Bars { bars: vec![(y, *from, *to)], ink, thickness: 7.0 });
        layers.push(Layer::Labels(vec![Label {
            at: (from.max(*to), y),
            text: unit.show(to - from),
            ink: Ink::Text,
            place: Place::Near,
        }]));
    }
    let ends = steps.iter().flat_map(|step| [step.1, step.2 * 1.08]);
    Panel {
        title: String::new(),
        x: axes::money(currency, ends).titled("loss"),
        y: Axis::names(steps.iter().map(|step| step.0.clone()).collect()),
        layers,
    }
}

fn source(one: &Waterfall) -> Result<Table, ReportError> {
    let parts = || one.parts.iter();
    Ok(Table::new(
        "stress-contributions",
        [
            ("account", Column::texts(parts().map(|_| one.account.as_str()))),
            ("position", Column::texts(parts().map(|part| part.0.as_str()))),
            ("component", Column::numbers(parts().map(|part| part.1))),
        ],
    )?)
}
