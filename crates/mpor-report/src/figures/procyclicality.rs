//! The requirement relative to its own mean: how hard did each model tighten when markets fell?

use mpor_backtest::blocks::FEATURED;
use mpor_backtest::procyclicality::{MarginPath, PeakToTrough};
use mpor_core::{Column, Table};

use super::Figure;
use crate::drawing::{
    Axis, AxisKind, Drawing, Ink, Label, Layer, Panel, Place, Scale, Shared, Size, at,
};
use crate::error::ReportError;
use crate::evidence::Evidence;
use crate::format;

/// See the module.
pub struct ProcyclicalityFigure;

/// One model's path over its mean.
struct Path {
    model: usize,
    index: Vec<f64>,
    swing: PeakToTrough,
}

impl Figure for ProcyclicalityFigure {
    fn id(&self) -> &'static str {
        "procyclicality"
    }

    fn question(&self) -> &'static str {
        "How hard did each model tighten when markets fell?"
    }

    fn build(&self, evidence: &Evidence<'_>) -> Result<Vec<Drawing>, ReportError> {
        let Some((account, paths)) = account(evidence) else { return Ok(Vec::new()) };
        let columns = if paths.len() > 4 { 2 } else { 1 };
        let y = axis(&paths);
        let height = (300.0 / paths.len().div_ceil(columns) as f64 - 17.0).clamp(48.0, 90.0);
        let name = evidence.account_name(account);
        Ok(vec![Drawing {
            id: self.id().to_owned(),
            title: format!("Initial margin relative to its own mean, {name}"),
            caption: caption(evidence, name, paths.len()),
            reading: "1× is the model's own average. A line near 1× asks for much the same in calm and stress; one \
                      that climbs from a low to a high calls for money when it is scarce. The marked trough and peak are \
                      those with the largest ratio."
                .to_owned(),
            alt: alt(evidence, name, &paths),
            size: Size::page(height),
            columns,
            panels: paths.iter().map(|path| panel(evidence, path, &y)).collect(),
            shared: Shared::X,
            row_titles: Vec::new(),
            key: Vec::new(),
            source: source(evidence, name, &paths)?,
        }])
    }
}

/// The first account in order of concern for which most models ask for something on every date.
fn account(evidence: &Evidence<'_>) -> Option<(usize, Vec<Path>)> {
    let candidates = evidence
        .ranked_accounts
        .iter()
        .take(FEATURED)
        .map(|&account| (account, paths(evidence, account)));
    candidates
        .reduce(|best, next| if next.1.len() > best.1.len() { next } else { best })
        .filter(|(_, paths)| !paths.is_empty())
}

fn paths(evidence: &Evidence<'_>, account: usize) -> Vec<Path> {
    let of_model = |model: usize| {
        let initial = &evidence.result().requirements[model][account].initial;
        // A path that touches zero has no ratios.
        let path = MarginPath::new(initial).ok()?;
        let (mean, swing) = (path.levels().mean, path.peak_to_trough());
        Some(Path { model, index: initial.iter().map(|amount| amount / mean).collect(), swing })
    };
    (0..evidence.models.len()).filter_map(of_model).collect()
}

fn axis(paths: &[Path]) -> Axis {
    let values = || paths.iter().flat_map(|path| path.index.iter().copied());
    let (low, high) = (values().fold(1.0, f64::min), values().fold(1.0, f64::max));
    let wide = high / low > 4.0;
    Axis {
        title: String::new(),
        kind: AxisKind::Ratio,
        scale: if wide { Scale::Log } else { Scale::Linear },
        range: if wide { (low / 1.1, high * 1.25) } else { (low * 0.9, high * 1.1) },
    }
}

fn caption(evidence: &Evidence<'_>, name: &str, shown: usize) -> String {
    let mut caption = format!("Account {name}. All panels share one scale.");
    if shown < evidence.models.len() {
        caption.push_str(
            " Left out: models that ask for nothing on some date, for which a ratio has no meaning.",
        );
    }
    caption.push_str(" Positions change through time too: part of a swing may be the portfolio's.");
    caption
}

fn alt(evidence: &Evidence<'_>, name: &str, paths: &[Path]) -> String {
    let of_path = |path: &Path| {
        format!("{} {}", evidence.model_name(path.model), format::ratio(path.swing.ratio))
    };
    let parts: Vec<String> = paths.iter().map(of_path).collect();
    format!("Requirement of {name} relative to its mean. Peak-to-trough: {}.", parts.join("; "))
}

fn panel(evidence: &Evidence<'_>, path: &Path, y: &Axis) -> Panel {
    let times = &evidence.result().times;
    let points = times.iter().zip(&path.index).map(|(&time, &index)| (at(time), index)).collect();
    let point = |step: usize| (at(times[step]), path.index[step]);
    let (trough, peak) = (point(path.swing.trough), point(path.swing.peak));
    let label = |at, name: &str, step: usize| Label {
        at,
        text: format!("{name} {}", evidence.dates.show(times[step])),
        ink: Ink::Text,
        place: Place::Near,
    };
    let labels =
        vec![label(peak, "peak", path.swing.peak), label(trough, "trough", path.swing.trough)];
    Panel {
        title: format!(
            "{} · peak-to-trough {}",
            evidence.model_name(path.model),
            format::ratio(path.swing.ratio)
        ),
        x: Axis::time(times),
        y: y.clone(),
        layers: vec![
            Layer::Rule { vertical: false, at: 1.0, label: String::new() },
            Layer::Line { points, ink: Ink::Requirement, width: 0.9 },
            Layer::Dots { points: vec![trough, peak], ink: Ink::Breach, radius: 1.8 },
            Layer::Labels(labels),
        ],
    }
}

fn source(evidence: &Evidence<'_>, name: &str, paths: &[Path]) -> Result<Table, ReportError> {
    let times = &evidence.result().times;
    let every = || paths.iter().flat_map(|path| path.index.iter().map(move |&v| (path, v)));
    Ok(Table::new(
        "procyclicality",
        [
            ("time", Column::times(paths.iter().flat_map(|_| times.iter().copied()))),
            ("account", Column::texts(every().map(|_| name))),
            ("model", Column::texts(every().map(|(path, _)| evidence.model_name(path.model)))),
            ("relative_to_mean", Column::numbers(every().map(|(_, value)| value))),
        ],
    )?)
}
