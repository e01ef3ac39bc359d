//! Candidates of a calibration by cost and coverage: what does more coverage cost, and how sure is it?

use mpor_core::{Column, Table};

use super::axes;
use super::calibration_map::{self, CalibrationMap};
use crate::document::Kind;
use crate::drawing::{
    Axis, AxisKind, Drawing, Ink, KeyEntry, KeyMark, Label, Layer, Panel, Place, Scale, Shared,
    Size,
};
use crate::error::ReportError;
use crate::fonts::Typeface;
use crate::format;
use crate::render::{Format, Rendered, documents, render_drawings};
use crate::short_pages::{self, ShortPages};

/// What the report of a calibration shows.
#[derive(Clone, Debug)]
pub struct CalibrationView {
    /// Model whose parameters were chosen.
    pub model: String,
    /// Coverage that was asked for.
    pub level: f64,
    /// The candidates of the last rung, in the order of the grid.
    pub points: Vec<CalibrationPoint>,
    /// The model as the study writes it, by coverage and cost.
    pub written: Option<(f64, f64)>,
    /// The objective over two parameters, after a search of the whole grid.
    pub map: Option<CalibrationMap>,
    /// Words and tables of the document.
    pub pages: ShortPages,
}

/// One candidate. Costs and rises are shares of gross notional.
#[derive(Clone, Debug)]
pub struct CalibrationPoint {
    /// Its parameters, written out.
    pub label: String,
    /// Pooled coverage.
    pub coverage: f64,
    /// Mean requirement.
    pub cost: f64,
    /// Largest rise within five steps.
    pub calm: f64,
    /// Whether it meets the constraint.
    pub feasible: bool,
    /// Whether it is the one chosen, or the nearest where none covers.
    pub chosen: bool,
    /// For the points of the frontier: 90 % region.
    pub region: Option<CalibrationRegion>,
}

/// Where coverage and cost lie with 90 %; low then high.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CalibrationRegion {
    /// Coverage.
    pub coverage: (f64, f64),
    /// Mean requirement, share of gross notional.
    pub cost: (f64, f64),
}

/// The figures and the document of a calibration as files. Pure: the same view gives the same bytes.
///
/// # Errors
/// [`ReportError`] when a figure or the document cannot be made.
pub fn render_calibration(
    view: &CalibrationView,
    formats: &[Format],
) -> Result<Rendered, ReportError> {
    let map = view.map.as_ref().map(calibration_map::drawing).transpose()?;
    let drawings: Vec<Drawing> = [drawing(view)?].into_iter().chain(map).collect();
    let document = short_pages::document(Kind::Calibration, &view.pages, &drawings);
    let models = [view.model.as_str()];
    let filters = (models.as_slice(), None);
    let typeface = Typeface::load()?;
    let files = documents(&document, Kind::Calibration, (&drawings, filters), formats, &typeface)?;
    let mut rendered = render_drawings(drawings, formats)?;
    rendered.artifacts.extend(files);
    Ok(rendered)
}

fn drawing(view: &CalibrationView) -> Result<Drawing, ReportError> {
    let axis = coverage_axis(view);
    Ok(Drawing {
        id: "calibration-frontier".to_owned(),
        title: format!("Cost against coverage of {} by its parameters", view.model),
        caption: format!(
            "{} candidates on all margin dates; cost is the mean of total requirement over total gross notional, coverage is pooled over \
             accounts. Bars: sides of the 90 % bootstrap region of points that no other beats in coverage, cost and calm at once; \
             those of the chosen point are heavy.{}",
            format::count(view.points.len()),
            axes::note(&axis)
        ),
        reading: "Up is safer, left is cheaper. A point above the line may still fail, when one account is beyond the zone allowed. \
                  Points whose bars overlap cannot be told apart by this history."
            .to_owned(),
        alt: alt(view),
        size: Size::page(200.0),
        columns: 1,
        panels: vec![panel(view, axis)],
        shared: Shared::Nothing,
        row_titles: Vec::new(),
        key: key(view),
        source: source(view)?,
    })
}

fn key(view: &CalibrationView) -> Vec<KeyEntry> {
    let entry = |ink, text: &str| KeyEntry { ink, mark: KeyMark::Dot, text: text.to_owned() };
    let mut key = vec![entry(Ink::Muted, "does not cover"), entry(Ink::Requirement, "covers")];
    let chosen = view.points.iter().find(|point| point.chosen);
    let what = match chosen.is_some_and(|point| point.feasible) {
        true => "chosen",
        false => "nearest to covering",
    };
    key.push(entry(Ink::Breach, what));
    if view.written.is_some() {
        key.push(entry(Ink::Text, "as the study writes it"));
    }
    key
}

fn alt(view: &CalibrationView) -> String {
    let covering = view.points.iter().filter(|point| point.feasible).count();
    let chosen = view.points.iter().find(|point| point.chosen).map_or(String::new(), |point| {
        format!(
            " The {}: {}, coverage {}, cost {} of gross notional.",
            if point.feasible { "chosen point" } else { "nearest point, which does not cover" },
            point.label,
            format::percent(point.coverage),
            format::percent(point.cost)
        )
    });
    format!(
        "Cost against coverage of {} candidates, of which {covering} cover.{chosen}",
        view.points.len()
    )
}

fn panel(view: &CalibrationView, y: Axis) -> Panel {
    let label = format!("target {}", format::short_percent(view.level));
    let mut layers = vec![Layer::Rule { vertical: false, at: view.level, label }];
    layers.extend(view.points.iter().filter(|point| !point.chosen).flat_map(bars));
    for (feasible, ink) in [(false, Ink::Muted), (true, Ink::Requirement)] {
        let of = view.points.iter().filter(|point| point.feasible == feasible && !point.chosen);
        let points = of.map(|point| (point.cost, point.coverage)).collect();
        layers.push(Layer::Dots { points, ink, radius: 2.2 });
    }
    if let Some((coverage, cost)) = view.written {
        layers.push(Layer::Dots { points: vec![(cost, coverage)], ink: Ink::Text, radius: 3.0 });
    }
    for point in view.points.iter().filter(|point| point.chosen) {
        layers.extend(bars(point));
        let at = (point.cost, point.coverage);
        layers.push(Layer::Dots { points: vec![at], ink: Ink::Breach, radius: 3.6 });
        let label = Label { at, text: point.label.clone(), ink: Ink::Text, place: Place::Near };
        layers.push(Layer::Labels(vec![label]));
    }
    Panel { title: String::new(), x: cost_axis(view), y, layers }
}

/// The sides of a region through its point.
fn bars(point: &CalibrationPoint) -> Vec<Layer> {
    let Some(CalibrationRegion { coverage, cost }) = point.region else { return Vec::new() };
    let (ink, width) = if point.chosen { (Ink::Breach, 1.4) } else { (Ink::Muted, 0.4) };
    vec![
        Layer::Stems { stems: vec![(point.cost, coverage.0, coverage.1)], ink, width },
        Layer::Bars { bars: vec![(point.coverage, cost.0, cost.1)], ink, thickness: width },
    ]
}

fn cost_axis(view: &CalibrationView) -> Axis {
    let ends = view.points.iter().filter_map(|point| point.region.map(|region| region.cost));
    let costs = view.points.iter().map(|point| point.cost).chain(view.written.map(|at| at.1));
    let all = costs.chain(ends.flat_map(|(low, high)| [low, high]));
    let (low, high) =
        all.fold((f64::INFINITY, 0.0), |(low, high): (f64, f64), x| (low.min(x), high.max(x)));
    let pad = ((high - low) * 0.06).max(high * 0.01).max(1e-6);
    Axis {
        title: "mean requirement, share of gross notional".to_owned(),
        kind: AxisKind::Share,
        scale: Scale::Linear,
        range: ((low - pad).max(0.0), high + 2.0 * pad),
    }
}

fn coverage_axis(view: &CalibrationView) -> Axis {
    let points = view.points.iter().map(|point| point.coverage);
    let lows = view.points.iter().filter_map(|point| point.region.map(|region| region.coverage.0));
    let all = points.chain(lows).chain(view.written.map(|at| at.0));
    axes::coverage(view.level, all).titled("coverage")
}

fn source(view: &CalibrationView) -> Result<Table, ReportError> {
    let points = || view.points.iter();
    let side = |of: fn(CalibrationRegion) -> f64| {
        Column::Number(points().map(|point| point.region.map(of)).collect())
    };
    Ok(Table::new(
        "calibration-frontier",
        [
            ("parameters", Column::texts(points().map(|point| point.label.as_str()))),
            ("coverage", Column::numbers(points().map(|point| point.coverage))),
            ("coverage_low", side(|region| region.coverage.0)),
            ("coverage_high", side(|region| region.coverage.1)),
            ("cost", Column::numbers(points().map(|point| point.cost))),
            ("cost_low", side(|region| region.cost.0)),
            ("cost_high", side(|region| region.cost.1)),
            ("calm", Column::numbers(points().map(|point| point.calm))),
            ("feasible", Column::Flag(points().map(|point| Some(point.feasible)).collect())),
            ("chosen", Column::Flag(points().map(|point| Some(point.chosen)).collect())),
        ],
    )?)
}
