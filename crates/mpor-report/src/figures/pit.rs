//! Where the realised P&L fell in the law that each model forecast: evenly, or too often at an end?

use mpor_core::{Column, Table};

use super::Figure;
use crate::drawing::{Axis, AxisKind, Drawing, Ink, Layer, Panel, Scale, Shared, Size};
use crate::error::ReportError;
use crate::evidence::Evidence;
use crate::format;

/// See the module.
pub struct PitFigure;

/// Parts of the law.
const BINS: usize = 20;

/// 97.5 % point of the normal law: the band is one of 95 %.
const WIDTH: f64 = 1.959_963_984_540_054;

/// One model's counts.
struct Histogram {
    model: usize,
    counts: [usize; BINS],
    /// Dates with a realised forecast.
    dates: usize,
}

impl Figure for PitFigure {
    fn id(&self) -> &'static str {
        "pit"
    }

    fn question(&self) -> &'static str {
        "Did profits and losses fall into the forecast law as they should?"
    }

    fn build(&self, evidence: &Evidence<'_>) -> Result<Vec<Drawing>, ReportError> {
        let histograms = histograms(evidence);
        if histograms.is_empty() {
            return Ok(Vec::new());
        }
        let columns = if histograms.len() > 1 { 2 } else { 1 };
        let rows = histograms.len().div_ceil(columns);
        let height = (300.0 / rows as f64 - 17.0).clamp(48.0, 110.0);
        let horizon = evidence.result().horizon.steps();
        let most = histograms.iter().flat_map(Histogram::heights).fold(2.0, f64::max);
        let y = Axis {
            title: String::new(),
            kind: AxisKind::Ratio,
            scale: Scale::Linear,
            range: (0.0, 1.1 * most),
        };
        Ok(vec![Drawing {
            id: self.id().to_owned(),
            title: "Where realised P&L fell in the forecast law".to_owned(),
            caption: format!(
                "All accounts together. The law is cut into {BINS} equally likely parts, the largest losses left. The band \
                 holds 95 % of the parts for as many independent observations as there are margin dates{}; accounts of one \
                 market do not add to them.",
                if horizon > 1 { format!(" over {horizon}, since losses overlap") } else { String::new() }
            ),
            reading: "1× is as often as forecast. High at the left: losses beyond the forecast tail come too often, and risk \
                      is understated. Low at both ends and high in the middle: the forecast law is too wide."
                .to_owned(),
            alt: alt(evidence, &histograms),
            size: Size::page(height),
            columns,
            panels: histograms.iter().map(|one| panel(evidence, one, horizon, &y)).collect(),
            shared: Shared::X,
            row_titles: Vec::new(),
            key: Vec::new(),
            source: source(evidence, &histograms)?,
        }])
    }
}

impl Histogram {
    fn total(&self) -> usize {
        self.counts.iter().sum()
    }

    /// How often each part was met, as a multiple of its promise.
    fn heights(&self) -> impl Iterator<Item = f64> + '_ {
        let promise = self.total() as f64 / BINS as f64;
        self.counts.iter().map(move |&count| count as f64 / promise)
    }
}

fn histograms(evidence: &Evidence<'_>) -> Vec<Histogram> {
    let of_model = |(model, paths): (usize, &Vec<mpor_backtest::ForecastPath>)| {
        let mut one = Histogram { model, counts: [0; BINS], dates: 0 };
        let mut seen = vec![false; evidence.result().times.len()];
        for path in paths {
            for (step, point) in path.points.iter().enumerate() {
                let Some(depth) = point.as_ref().and_then(|point| point.depth) else { continue };
                one.counts[((depth * BINS as f64) as usize).min(BINS - 1)] += 1;
                if let Some(seen) = seen.get_mut(step) {
                    *seen = true;
                }
            }
        }
        one.dates = seen.into_iter().filter(|seen| *seen).count();
        (one.dates > 0).then_some(one)
    };
    evidence.result().forecasts.iter().enumerate().filter_map(of_model).collect()
}

fn alt(evidence: &Evidence<'_>, histograms: &[Histogram]) -> String {
    let part = |one: &Histogram| {
        let first = one.heights().next().unwrap_or(0.0);
        let name = evidence.model_name(one.model);
        format!("{name}: the worst twentieth {} as often as forecast", format::ratio(first))
    };
    let parts: Vec<String> = histograms.iter().map(part).collect();
    format!("Realised P&L by part of the forecast law. {}.", parts.join("; "))
}

fn panel(evidence: &Evidence<'_>, one: &Histogram, horizon: usize, y: &Axis) -> Panel {
    let independent = (one.dates as f64 / horizon as f64).max(1.0);
    let half = WIDTH * ((BINS - 1) as f64 / independent).sqrt();
    let (low, high) = ((1.0 - half).max(0.0), 1.0 + half);
    let edge = |at: usize| at as f64 / BINS as f64;
    let sides = |(at, height): (usize, f64)| [(edge(at), height), (edge(at + 1), height)];
    let outline: Vec<(f64, f64)> = one.heights().enumerate().flat_map(sides).collect();
    let x = Axis {
        title: "Forecast probability of a P&L up to the realised one".to_owned(),
        kind: AxisKind::Share,
        scale: Scale::Linear,
        range: (0.0, 1.0),
    };
    Panel {
        title: format!(
            "{} · {} forecasts",
            evidence.model_name(one.model),
            format::count(one.total())
        ),
        x,
        y: y.clone(),
        layers: vec![
            Layer::Area { points: vec![(0.0, low, high), (1.0, low, high)], ink: Ink::Muted },
            Layer::Rule { vertical: false, at: 1.0, label: String::new() },
            Layer::Line { points: outline, ink: Ink::Requirement, width: 1.1 },
        ],
    }
}

fn source(evidence: &Evidence<'_>, histograms: &[Histogram]) -> Result<Table, ReportError> {
    let every = || {
        let each =
            |one| Histogram::heights(one).enumerate().map(move |(at, height)| (one, at, height));
        histograms.iter().flat_map(each)
    };
    let edge = |at: usize| at as f64 / BINS as f64;
    Ok(Table::new(
        "pit",
        [
            ("model", Column::texts(every().map(|(one, ..)| evidence.model_name(one.model)))),
            ("from", Column::numbers(every().map(|(_, at, _)| edge(at)))),
            ("to", Column::numbers(every().map(|(_, at, _)| edge(at + 1)))),
            ("count", Column::counts(every().map(|(one, at, _)| one.counts[at]))),
            ("against_promise", Column::numbers(every().map(|(.., height)| height))),
        ],
    )?)
}
