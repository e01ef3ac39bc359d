//! Shortfalls through time by model: how large were the losses that the margin did not cover, and when?

use mpor_backtest::Breach;
use mpor_core::{Column, Table};

use super::{Figure, axes};
use crate::drawing::{Axis, Drawing, Ink, Label, Layer, Panel, Place, Shared, Size, at};
use crate::error::ReportError;
use crate::evidence::Evidence;
use crate::format;

/// See the module.
pub struct ShortfallsFigure;

impl Figure for ShortfallsFigure {
    fn id(&self) -> &'static str {
        "shortfalls"
    }

    fn question(&self) -> &'static str {
        "How large were the losses that the margin did not cover, and when?"
    }

    fn build(&self, evidence: &Evidence<'_>) -> Result<Vec<Drawing>, ReportError> {
        let result = evidence.result();
        if result.breaches.is_empty() {
            return Ok(Vec::new());
        }
        let y = axes::money(&result.currency, result.breaches.iter().map(Breach::shortfall));
        let models = evidence.models.len();
        let columns = if models > 7 { 2 } else { 1 };
        let height = (330.0 / models.div_ceil(columns) as f64 - 17.0).clamp(26.0, 60.0);
        Ok(vec![Drawing {
            id: self.id().to_owned(),
            title: "Shortfalls through time by model".to_owned(),
            caption: format!(
                "All accounts; one stroke a breach. The largest of each model is labelled. All panels share one scale.{}",
                axes::note(&y)
            ),
            reading: "A shortfall is the part of a loss above the initial margin. Many short strokes mean a level set \
                      too low; a few tall ones at the same time mean that the model was surprised."
                .to_owned(),
            alt: alt(evidence),
            size: Size::page(height),
            columns,
            panels: (0..models).map(|model| panel(evidence, model, &y)).collect(),
            shared: Shared::X,
            row_titles: Vec::new(),
            key: Vec::new(),
            source: source(evidence)?,
        }])
    }
}

fn panel(evidence: &Evidence<'_>, model: usize, y: &Axis) -> Panel {
    let result = evidence.result();
    let mut breaches: Vec<&Breach> = result.breaches.iter().filter(|b| b.model == model).collect();
    breaches.sort_by_key(|breach| breach.time);
    let stems = breaches.iter().map(|b| (at(b.time), 0.0, b.shortfall())).collect();
    let tops = breaches.iter().map(|b| (at(b.time), b.shortfall())).collect();
    Panel {
        title: format!(
            "{} · {}",
            evidence.model_name(model),
            match breaches.len() {
                0 => "no breach".to_owned(),
                count => format::counted(count, "breach", "breaches"),
            }
        ),
        x: Axis::time(&result.times),
        y: y.clone(),
        layers: vec![
            Layer::Stems { stems, ink: Ink::Breach, width: 0.8 },
            Layer::Dots { points: tops, ink: Ink::Breach, radius: 1.5 },
            Layer::Labels(largest(evidence, model).into_iter().collect()),
        ],
    }
}

fn largest(evidence: &Evidence<'_>, model: usize) -> Option<Label> {
    let result = evidence.result();
    let breach = result.breaches.get(evidence.models[model].worst?)?;
    let amount = format::money(breach.shortfall(), &result.currency);
    let date = evidence.dates.show(breach.time);
    Some(Label {
        at: (at(breach.time), breach.shortfall()),
        text: format!("{amount} on {date}, {}", evidence.account_name(breach.account)),
        ink: Ink::Text,
        place: Place::Near,
    })
}

fn alt(evidence: &Evidence<'_>) -> String {
    let of_model = |model: usize| {
        let largest = largest(evidence, model).map_or("no breach".to_owned(), |label| label.text);
        format!("{}: {largest}", evidence.model_name(model))
    };
    let parts: Vec<String> = (0..evidence.models.len()).map(of_model).collect();
    format!("Shortfalls through time, one panel a model. Largest: {}.", parts.join("; "))
}

fn source(evidence: &Evidence<'_>) -> Result<Table, ReportError> {
    let breaches = &evidence.result().breaches;
    let numbers = |value: fn(&Breach) -> f64| Column::numbers(breaches.iter().map(value));
    Ok(Table::new(
        "shortfalls",
        [
            ("time", Column::times(breaches.iter().map(|b| b.time))),
            ("model", Column::texts(breaches.iter().map(|b| evidence.model_name(b.model)))),
            ("account", Column::texts(breaches.iter().map(|b| evidence.account_name(b.account)))),
            ("initial_margin", numbers(|breach| breach.requirement)),
            ("loss", numbers(|breach| breach.loss)),
            ("shortfall", numbers(Breach::shortfall)),
        ],
    )?)
}
