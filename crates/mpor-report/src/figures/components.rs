//! The requirement by component through time: what drove the margin?

use mpor_core::{Column, Table};

use super::{Figure, axes};
use crate::drawing::{Axis, Drawing, Ink, Label, Layer, Panel, Place, Shared, Size, at};
use crate::error::ReportError;
use crate::evidence::{Components, Evidence, components};

/// See the module.
pub struct ComponentsFigure;

/// Most components in a panel, and most panels.
const MOST_PARTS: usize = 6;
const MOST_PANELS: usize = 6;

impl Figure for ComponentsFigure {
    fn id(&self) -> &'static str {
        "components"
    }

    fn question(&self) -> &'static str {
        "What drove the requirement?"
    }

    fn build(&self, evidence: &Evidence<'_>) -> Result<Vec<Drawing>, ReportError> {
        let account = evidence.focus.account;
        let parts = parts(evidence, account);
        if parts.is_empty() {
            return Ok(Vec::new());
        }
        let columns = if parts.len() > 3 { 2 } else { 1 };
        let amounts = parts.iter().flat_map(|(model, parts)| highest(evidence, *model, parts));
        let y = axes::money(&evidence.result().currency, amounts);
        let height = (300.0 / parts.len().div_ceil(columns) as f64 - 17.0).clamp(55.0, 120.0);
        Ok(vec![Drawing {
            id: self.id().to_owned(),
            title: format!("Initial margin by component, {}", evidence.account_name(account)),
            caption: caption(evidence, account, &parts, &y),
            reading: "Stacked components add up to the initial margin. Where they do not, because the margin is the \
                      largest of them or nets them, each is drawn as a line of its own."
                .to_owned(),
            alt: alt(evidence, account, &parts),
            size: Size::page(height),
            columns,
            panels: parts.iter().map(|(m, parts)| panel(evidence, account, *m, parts, &y)).collect(),
            shared: Shared::X,
            row_titles: Vec::new(),
            key: Vec::new(),
            source: source(evidence, account, &parts)?,
        }])
    }
}

/// Models whose requirement has at least two parts, the first six of them.
fn parts(evidence: &Evidence<'_>, account: usize) -> Vec<(usize, Components)> {
    let of_model = |model: usize| {
        let path = &evidence.result().requirements[model][account];
        components(path, MOST_PARTS)
            .filter(|found| found.parts.len() > 1)
            .map(|found| (model, found))
    };
    (0..evidence.models.len()).filter_map(of_model).take(MOST_PANELS).collect()
}

fn highest(evidence: &Evidence<'_>, model: usize, found: &Components) -> Vec<f64> {
    if found.stack {
        return evidence.result().requirements[model][evidence.focus.account].initial.clone();
    }
    found.parts.iter().flat_map(|part| part.amounts.iter().copied()).collect()
}

fn caption(
    evidence: &Evidence<'_>,
    account: usize,
    parts: &[(usize, Components)],
    y: &Axis,
) -> String {
    let left_out = evidence.models.len() - parts.len();
    let mut caption = format!(
        "Account {}: shown is the account {}. All panels share one scale.",
        evidence.account_name(account),
        evidence.focus.reason
    );
    if left_out > 0 {
        caption.push_str(" Models with a single component are left out");
        let capped = parts.len() == MOST_PANELS;
        caption.push_str(if capped { ", as are those after the sixth." } else { "." });
    }
    caption + axes::note(y)
}

fn alt(evidence: &Evidence<'_>, account: usize, parts: &[(usize, Components)]) -> String {
    let of_model = |(model, found): &(usize, Components)| {
        let names: Vec<&str> = found.parts.iter().map(|part| part.name.as_str()).collect();
        format!("{}, largest first: {}", evidence.model_name(*model), names.join(", "))
    };
    let parts: Vec<String> = parts.iter().map(of_model).collect();
    format!(
        "Components of the initial margin of {} through time. {}.",
        evidence.account_name(account),
        parts.join("; ")
    )
}

fn panel(
    evidence: &Evidence<'_>,
    account: usize,
    model: usize,
    found: &Components,
    y: &Axis,
) -> Panel {
    let times: Vec<f64> = evidence.result().times.iter().map(|&time| at(time)).collect();
    let mut layers = if found.stack { stacked(found, &times) } else { lines(found, &times) };
    if !found.stack {
        let initial = &evidence.result().requirements[model][account].initial;
        let points = times.iter().copied().zip(initial.iter().copied()).collect();
        layers.insert(0, Layer::Line { points, ink: Ink::Muted, width: 2.2 });
    }
    Panel {
        title: evidence.model_name(model).to_owned(),
        x: Axis::time(&evidence.result().times),
        y: y.clone(),
        layers,
    }
}

/// Painted from the largest sum to the smallest, each over the one before, so that thinning leaves no seams.
fn stacked(found: &Components, times: &[f64]) -> Vec<Layer> {
    let mut sums = vec![0.0; times.len()];
    let (mut areas, mut labels) = (Vec::new(), Vec::new());
    for (index, part) in found.parts.iter().enumerate() {
        let below = sums.last().copied().unwrap_or(0.0);
        for (sum, amount) in sums.iter_mut().zip(&part.amounts) {
            *sum += amount;
        }
        let above = sums.last().copied().unwrap_or(0.0);
        let points = times.iter().zip(&sums).map(|(&x, &sum)| (x, 0.0, sum)).collect();
        areas.push(Layer::Area { points, ink: Ink::Series(index) });
        labels.push(label(&part.name, (below + above) / 2.0, index));
    }
    areas.reverse();
    areas.push(Layer::Labels(labels));
    areas
}

fn lines(found: &Components, times: &[f64]) -> Vec<Layer> {
    let mut layers = Vec::new();
    let mut labels = Vec::new();
    for (index, part) in found.parts.iter().enumerate() {
        let points = times.iter().copied().zip(part.amounts.iter().copied()).collect();
        layers.push(Layer::Line { points, ink: Ink::Series(index), width: 0.9 });
        labels.push(label(&part.name, part.amounts.last().copied().unwrap_or(0.0), index));
    }
    layers.push(Layer::Labels(labels));
    layers
}

fn label(name: &str, height: f64, index: usize) -> Label {
    Label {
        at: (0.0, height),
        text: name.to_owned(),
        ink: Ink::Series(index),
        place: Place::Margin,
    }
}

fn source(
    evidence: &Evidence<'_>,
    account: usize,
    parts: &[(usize, Components)],
) -> Result<Table, ReportError> {
    let (mut times, mut models, mut names, mut amounts) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (model, found) in parts {
        for part in &found.parts {
            for (&time, &amount) in evidence.result().times.iter().zip(&part.amounts) {
                times.push(time);
                models.push(evidence.model_name(*model));
                names.push(part.name.as_str());
                amounts.push(amount);
            }
        }
    }
    let accounts = vec![evidence.account_name(account); times.len()];
    Ok(Table::new(
        "components",
        [
            ("time", Column::times(times)),
            ("account", Column::texts(accounts)),
            ("model", Column::texts(models)),
            ("component", Column::texts(names)),
            ("amount", Column::numbers(amounts)),
        ],
    )?)
}
