//! Cost against coverage: which model covers most for the least margin, and how calmly?

use mpor_core::{Column, Table};

use super::{Figure, axes};
use crate::drawing::{
    Axis, AxisKind, Drawing, Ink, Label, Layer, Panel, Place, Scale, Shared, Size,
};
use crate::error::ReportError;
use crate::evidence::{Evidence, Verdict};
use crate::format;

/// See the module.
pub struct FrontierFigure;

/// Costs that differ by more than this go on a logarithmic axis.
const WIDE: f64 = 15.0;

impl Figure for FrontierFigure {
    fn id(&self) -> &'static str {
        "frontier"
    }

    fn question(&self) -> &'static str {
        "Which model covers most for the least margin?"
    }

    fn build(&self, evidence: &Evidence<'_>) -> Result<Vec<Drawing>, ReportError> {
        let shown: Vec<usize> = (0..evidence.models.len())
            .filter(|&model| evidence.models[model].coverage.is_some())
            .collect();
        if shown.len() < 2 {
            return Ok(Vec::new());
        }
        Ok(vec![Drawing {
            id: self.id().to_owned(),
            title: "Cost against coverage".to_owned(),
            caption: caption(evidence) + axes::note(&coverage_axis(evidence, &shown)),
            reading: "Up is safer, left is cheaper: a model below and right of another costs more and covers less. Models \
                      whose bars overlap widely cannot be ranked by coverage."
                .to_owned(),
            alt: alt(evidence, &shown),
            size: Size::page((34.0 + 9.0 * shown.len() as f64).clamp(95.0, 220.0)),
            columns: 1,
            panels: vec![panel(evidence, &shown)],
            shared: Shared::Nothing,
            row_titles: Vec::new(),
            key: Vec::new(),
            source: source(evidence, &shown)?,
        }])
    }
}

fn relative(evidence: &Evidence<'_>) -> bool {
    evidence.models.iter().all(|model| model.cost.is_some())
}

fn caption(evidence: &Evidence<'_>) -> String {
    let baseline = evidence.result().models.iter().find(|model| model.baseline);
    let cost = match baseline.filter(|_| relative(evidence)) {
        Some(model) => format!("relative to the baseline {}", model.id),
        None => "in reporting currency, as the study names no baseline".to_owned(),
    };
    let bars = match evidence.result().accounts.len() {
        1 => "95 % bounds of the coverage",
        _ => "from the account with the lowest coverage to the highest",
    };
    format!(
        "Cost: mean initial margin of all accounts, {cost}. Bars: {bars}. Beside each name: the largest peak-to-trough ratio of \
         any account. Vermilion: significantly below the target for at least one account."
    )
}

fn alt(evidence: &Evidence<'_>, shown: &[usize]) -> String {
    let parts: Vec<String> = shown
        .iter()
        .map(|&model| {
            let coverage = evidence.models[model].coverage.map_or(String::new(), format::percent);
            format!(
                "{}: coverage {coverage}, cost {}",
                evidence.model_name(model),
                cost_text(evidence, model)
            )
        })
        .collect();
    format!("Cost against coverage by model. {}.", parts.join("; "))
}

fn cost(evidence: &Evidence<'_>, model: usize) -> f64 {
    let summary = &evidence.models[model];
    summary.cost.filter(|_| relative(evidence)).unwrap_or(summary.mean_requirement)
}

fn cost_text(evidence: &Evidence<'_>, model: usize) -> String {
    if relative(evidence) {
        format::ratio(cost(evidence, model))
    } else {
        format::money(cost(evidence, model), &evidence.result().currency)
    }
}

fn panel(evidence: &Evidence<'_>, shown: &[usize]) -> Panel {
    let level = evidence.result().level.value();
    let label = format!("target {}", format::short_percent(level));
    let mut layers = vec![Layer::Rule { vertical: false, at: level, label }];
    for &model in shown {
        layers.extend(point(evidence, model));
    }
    let labels = shown.iter().filter_map(|&model| label_of(evidence, model)).collect();
    layers.push(Layer::Labels(labels));
    Panel {
        title: String::new(),
        x: cost_axis(evidence, shown),
        y: coverage_axis(evidence, shown),
        layers,
    }
}

fn point(evidence: &Evidence<'_>, model: usize) -> Vec<Layer> {
    let summary = &evidence.models[model];
    let (Some(coverage), x) = (summary.coverage, cost(evidence, model)) else { return Vec::new() };
    let below = summary.verdict() == Verdict::Below;
    let ink = if below { Ink::Breach } else { Ink::Requirement };
    let (low, high) = summary.span.unwrap_or((coverage, coverage));
    vec![
        Layer::Stems { stems: vec![(x, low, high)], ink, width: 1.0 },
        Layer::Dots { points: vec![(x, coverage)], ink, radius: 3.0 },
    ]
}

fn label_of(evidence: &Evidence<'_>, model: usize) -> Option<Label> {
    let summary = &evidence.models[model];
    let calm = summary
        .peak_to_trough
        .map_or(String::new(), |(worst, _)| format!(" · peak-to-trough {}", format::ratio(worst)));
    Some(Label {
        at: (cost(evidence, model), summary.coverage?),
        text: format!("{}{calm}", evidence.model_name(model)),
        ink: Ink::Text,
        place: Place::Near,
    })
}

fn cost_axis(evidence: &Evidence<'_>, shown: &[usize]) -> Axis {
    let costs = || shown.iter().map(|&model| cost(evidence, model));
    if !relative(evidence) {
        let axis = axes::money(&evidence.result().currency, costs());
        return axis.titled("mean initial margin");
    }
    let (low, high) =
        costs().fold((1.0, 1.0), |(low, high): (f64, f64), x| (low.min(x), high.max(x)));
    let wide = low > 0.0 && high / low > WIDE;
    let (scale, range) = if wide {
        (Scale::Log, (low / 1.5, high * 1.5))
    } else {
        (Scale::Linear, (0.0, high * 1.15))
    };
    Axis {
        title: "mean initial margin relative to the baseline".to_owned(),
        kind: AxisKind::Ratio,
        scale,
        range,
    }
}

fn coverage_axis(evidence: &Evidence<'_>, shown: &[usize]) -> Axis {
    let models = shown.iter().map(|&model| &evidence.models[model]);
    let lows = models.clone().filter_map(|model| model.span.map(|span| span.0));
    let marks = lows.chain(models.filter_map(|model| model.coverage));
    axes::coverage(evidence.result().level.value(), marks).titled("coverage")
}

fn source(evidence: &Evidence<'_>, shown: &[usize]) -> Result<Table, ReportError> {
    let models = || shown.iter().map(|&model| &evidence.models[model]);
    let swings = models().map(|model| model.peak_to_trough.map(|swing| swing.0)).collect();
    Ok(Table::new(
        "frontier",
        [
            ("model", Column::texts(shown.iter().map(|&m| evidence.model_name(m)))),
            ("mean_initial_margin", Column::numbers(models().map(|m| m.mean_requirement))),
            ("cost_relative_to_baseline", Column::Number(models().map(|m| m.cost).collect())),
            ("coverage", Column::Number(models().map(|m| m.coverage).collect())),
            ("peak_to_trough", Column::Number(swings)),
        ],
    )?)
}
