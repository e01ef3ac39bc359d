//! The wealth of a bettor against each model: on which day was it too large for chance?

use mpor_backtest::evidence::watch::{ALARMS, ES, WatchPath};
use mpor_core::{Column, Table};

use super::Figure;
use crate::drawing::{
    Axis, AxisKind, Drawing, Ink, Label, Layer, Panel, Place, Scale, Shared, Size, at,
};
use crate::error::ReportError;
use crate::evidence::Evidence;
use crate::format;

/// See the module.
pub struct EProcessFigure;

/// Wealths outside are drawn on the edge.
const SHOWN: (f64, f64) = (1e-3, 1e6);

impl Figure for EProcessFigure {
    fn id(&self) -> &'static str {
        "e-process"
    }

    fn question(&self) -> &'static str {
        "On which day would one who looks every day have known that risk is understated?"
    }

    fn build(&self, evidence: &Evidence<'_>) -> Result<Vec<Drawing>, ReportError> {
        let paths = &evidence.result().evidence.watched.paths;
        if paths.is_empty() {
            return Ok(Vec::new());
        }
        let columns = if paths.len() > 4 { 2 } else { 1 };
        let y = axis(paths);
        let height = (300.0 / paths.len().div_ceil(columns) as f64 - 17.0).clamp(48.0, 90.0);
        Ok(vec![Drawing {
            id: self.id().to_owned(),
            title: "Evidence against each model, day by day".to_owned(),
            caption: caption(evidence),
            reading: "The line is the wealth of someone who began with 1 and bets each day that losses are larger than \
                      the model says, on fair terms if the model is right. Under a right model it ever reaches 20 with \
                      probability 5 % at most, and 100 with 1 %, however often one looks; below 1 nothing speaks against \
                      the model."
                .to_owned(),
            alt: alt(evidence, paths),
            size: Size::page(height),
            columns,
            panels: paths.iter().map(|path| panel(evidence, path, &y)).collect(),
            shared: Shared::X,
            row_titles: Vec::new(),
            key: Vec::new(),
            source: source(evidence, paths)?,
        }])
    }
}

fn wealth(log: f64) -> f64 {
    log.exp().clamp(SHOWN.0, SHOWN.1)
}

fn axis(paths: &[WatchPath]) -> Axis {
    let values = || paths.iter().flat_map(|path| path.log_wealth.iter().copied().map(wealth));
    let (low, high) = (values().fold(1.0, f64::min), values().fold(ALARMS[1], f64::max));
    Axis {
        title: String::new(),
        kind: AxisKind::Ratio,
        scale: Scale::Log,
        range: (low / 1.5, high * 2.0),
    }
}

fn caption(evidence: &Evidence<'_>) -> String {
    let accounts = evidence.result().accounts.len();
    let mut caption = match accounts {
        1 => "One account.".to_owned(),
        _ => format!("Mean wealth over {accounts} accounts."),
    };
    let horizon = evidence.result().horizon.steps();
    if horizon > 1 {
        caption.push_str(&format!(
            " Losses overlap: shown is the largest of {horizon} processes over their number, which starts at 1/{horizon}."
        ));
    }
    caption.push_str(" Logarithmic scale, the same in all panels; lines end at its edges.");
    caption
}

/// Largest wealth, and where.
fn largest(path: &WatchPath) -> (usize, f64) {
    let start = (0, f64::NEG_INFINITY);
    let of =
        |best: (usize, f64), (at, &log): (usize, &f64)| if log > best.1 { (at, log) } else { best };
    path.log_wealth.iter().enumerate().fold(start, of)
}

fn heading(evidence: &Evidence<'_>, path: &WatchPath) -> String {
    let what = if path.monitor == ES { "expected shortfall" } else { "requirement" };
    let (_, log) = largest(path);
    let most = if wealth(log) < SHOWN.1 {
        format::ratio(wealth(log))
    } else {
        "over a million×".to_owned()
    };
    format!("{} · {what} · largest {most}", evidence.model_name(path.model))
}

fn alt(evidence: &Evidence<'_>, paths: &[WatchPath]) -> String {
    let parts: Vec<String> = paths.iter().map(|path| heading(evidence, path)).collect();
    format!("Wealth against each model through time: {}.", parts.join("; "))
}

fn panel(evidence: &Evidence<'_>, path: &WatchPath, y: &Axis) -> Panel {
    let times = &evidence.result().times;
    let points: Vec<(f64, f64)> =
        times.iter().zip(&path.log_wealth).map(|(&time, &log)| (at(time), wealth(log))).collect();
    let (most, log) = largest(path);
    let alarm = log >= ALARMS[0].ln();
    let mut layers = vec![
        Layer::Rule { vertical: false, at: ALARMS[0], label: "5 %".to_owned() },
        Layer::Rule { vertical: false, at: ALARMS[1], label: "1 %".to_owned() },
        Layer::Line { points: points.clone(), ink: Ink::Requirement, width: 0.9 },
    ];
    if let (true, Some(&point)) = (alarm, points.get(most)) {
        layers.push(Layer::Dots { points: vec![point], ink: Ink::Breach, radius: 1.8 });
        let text = format!("largest {}", evidence.dates.show(times[most]));
        layers.push(Layer::Labels(vec![Label {
            at: point,
            text,
            ink: Ink::Text,
            place: Place::Near,
        }]));
    }
    Panel { title: heading(evidence, path), x: Axis::time(times), y: y.clone(), layers }
}

fn source(evidence: &Evidence<'_>, paths: &[WatchPath]) -> Result<Table, ReportError> {
    let times = &evidence.result().times;
    let every =
        || paths.iter().flat_map(|path| path.log_wealth.iter().map(move |&log| (path, log)));
    Ok(Table::new(
        "e-process",
        [
            ("time", Column::times(paths.iter().flat_map(|_| times.iter().copied()))),
            ("monitor", Column::texts(every().map(|(path, _)| path.monitor))),
            ("model", Column::texts(every().map(|(path, _)| evidence.model_name(path.model)))),
            ("log_wealth", Column::numbers(every().map(|(_, log)| log))),
        ],
    )?)
}
