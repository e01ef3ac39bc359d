//! Coverage by model with confidence bounds: did the requirement hold as often as it should?

use mpor_backtest::coverage::CoverageRow;
use mpor_core::{Column, Table};

use super::Figure;
use crate::drawing::{
    Axis, AxisKind, Drawing, Ink, KeyEntry, KeyMark, Label, Layer, Panel, Place, Scale, Shared,
    Size,
};
use crate::error::ReportError;
use crate::evidence::Evidence;
use crate::format;

/// See the module.
pub struct CoverageFigure;

impl Figure for CoverageFigure {
    fn id(&self) -> &'static str {
        "coverage"
    }

    fn question(&self) -> &'static str {
        "Did the requirement hold as often as it should?"
    }

    fn build(&self, evidence: &Evidence<'_>) -> Result<Vec<Drawing>, ReportError> {
        if evidence.models.iter().all(|model| model.coverage.is_none()) {
            return Ok(Vec::new());
        }
        Ok(vec![Drawing {
            id: self.id().to_owned(),
            title: "Coverage by model against the target".to_owned(),
            caption: caption(evidence),
            reading: "Coverage is the share of margin dates on which the requirement was at least the loss. A bar left \
                      of the target line means too many breaches for chance; a bar across it means that the data \
                      cannot tell the model's coverage from the target."
                .to_owned(),
            alt: alt(evidence),
            size: Size::page((16.0 * evidence.models.len() as f64).max(40.0)),
            columns: 1,
            panels: vec![panel(evidence)],
            shared: Shared::Nothing,
            row_titles: Vec::new(),
            key: key(evidence),
            source: source(evidence)?,
        }])
    }
}

fn caption(evidence: &Evidence<'_>) -> String {
    let mut caption = "Dots: coverage; bars: two-sided 95 % Clopper-Pearson bounds.".to_owned();
    if evidence.result().accounts.len() > 1 {
        caption.push_str(
            " All accounts pooled: accounts move together, so the true uncertainty is wider than the bars.",
        );
    }
    if evidence.result().horizon.steps() > 1 {
        caption.push_str(" Margin periods overlap, which widens it further.");
    }
    caption
}

fn alt(evidence: &Evidence<'_>) -> String {
    let of_model = |(model, summary): (usize, &crate::evidence::ModelSummary)| {
        let coverage = summary.coverage.map_or("not observed".to_owned(), format::percent);
        format!("{} {coverage} ({})", evidence.model_name(model), summary.verdict.name())
    };
    let parts: Vec<String> = evidence.models.iter().enumerate().map(of_model).collect();
    let target = format::short_percent(evidence.result().level.value());
    format!("Coverage by model against a target of {target}: {}.", parts.join("; "))
}

fn key(evidence: &Evidence<'_>) -> Vec<KeyEntry> {
    let entry = |ink, mark, text: &str| KeyEntry { ink, mark, text: text.to_owned() };
    let mut key = vec![
        entry(Ink::Requirement, KeyMark::Dot, "coverage with 95 % bounds"),
        entry(Ink::Breach, KeyMark::Dot, "bounds wholly below the target"),
    ];
    if evidence.result().accounts.len() > 1 {
        key.push(entry(Ink::Muted, KeyMark::Dot, "single accounts"));
    }
    key
}

fn panel(evidence: &Evidence<'_>) -> Panel {
    let names = (0..evidence.models.len()).map(|m| evidence.model_name(m).to_owned()).collect();
    let mut layers = vec![target(evidence), accounts(evidence)];
    layers.extend(pooled(evidence));
    layers.push(Layer::Labels(labels(evidence)));
    Panel { title: String::new(), x: axis(evidence), y: Axis::names(names), layers }
}

fn target(evidence: &Evidence<'_>) -> Layer {
    let level = evidence.result().level.value();
    let label = format!("target {}", format::short_percent(level));
    Layer::Rule { vertical: true, at: level, label }
}

fn accounts(evidence: &Evidence<'_>) -> Layer {
    let single = evidence.result().coverage.iter().filter(|row| row.account.is_some());
    let many = evidence.result().accounts.len() > 1;
    let place = |row: &CoverageRow| Some((row.coverage?, row.model as f64));
    let mut points: Vec<(f64, f64)> = single.filter(|_| many).filter_map(place).collect();
    points.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.total_cmp(&b.0)));
    points.dedup();
    Layer::Dots { points, ink: Ink::Muted, radius: 1.3 }
}

fn pooled(evidence: &Evidence<'_>) -> Vec<Layer> {
    let mut layers = Vec::new();
    for (row, summary) in evidence.models.iter().enumerate() {
        let (Some(coverage), Some((low, high))) = (summary.coverage, summary.bounds) else {
            continue;
        };
        let below = summary.verdict == crate::evidence::Verdict::Below;
        let ink = if below { Ink::Breach } else { Ink::Requirement };
        layers.push(Layer::Bars { bars: vec![(row as f64, low, high)], ink, thickness: 1.4 });
        layers.push(Layer::Dots { points: vec![(coverage, row as f64)], ink, radius: 2.6 });
    }
    layers
}

fn labels(evidence: &Evidence<'_>) -> Vec<Label> {
    let text = |summary: &crate::evidence::ModelSummary| match summary.coverage {
        None => "not observed".to_owned(),
        Some(coverage) => format!(
            "{} · {} of {}",
            format::percent(coverage),
            format::counted(summary.breaches, "breach", "breaches"),
            format::count(summary.observations)
        ),
    };
    let label = |(row, summary)| Label {
        at: (1.0, row as f64),
        text: text(summary),
        ink: Ink::Text,
        place: Place::Margin,
    };
    evidence.models.iter().enumerate().map(label).collect()
}

/// From below the lowest mark to 100 %.
fn axis(evidence: &Evidence<'_>) -> Axis {
    let single = evidence.result().coverage.iter().filter_map(|row| row.coverage);
    let bounds = evidence.models.iter().filter_map(|model| model.bounds.map(|bounds| bounds.0));
    let low = single.chain(bounds).fold(evidence.result().level.value(), f64::min);
    let pad = (1.0 - low) * 0.06;
    Axis {
        title: "coverage".to_owned(),
        kind: AxisKind::Share,
        scale: Scale::Linear,
        range: ((low - pad).max(0.0), 1.0 + pad / 3.0),
    }
}

fn source(evidence: &Evidence<'_>) -> Result<Table, ReportError> {
    let models = &evidence.models;
    let bound = |side: fn(&(f64, f64)) -> f64| {
        Column::Number(models.iter().map(|model| model.bounds.as_ref().map(side)).collect())
    };
    Ok(Table::new(
        "coverage",
        [
            ("model", Column::texts((0..models.len()).map(|m| evidence.model_name(m)))),
            ("observations", Column::counts(models.iter().map(|model| model.observations))),
            ("breaches", Column::counts(models.iter().map(|model| model.breaches))),
            ("coverage", Column::Number(models.iter().map(|model| model.coverage).collect())),
            ("lower_95", bound(|bounds| bounds.0)),
            ("upper_95", bound(|bounds| bounds.1)),
            ("verdict", Column::texts(models.iter().map(|model| model.verdict.name()))),
        ],
    )?)
}
