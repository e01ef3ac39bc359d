//! A drawing as data for the page: the same panels, axes, layers and tick labels as on paper.

use serde::Serialize;

use super::escape::Escape;
use super::pool::Pool;
use crate::draw::ticks;
use crate::drawing::{
    Axis, AxisKind, Drawing, Ink, KeyEntry, KeyMark, Label, Layer, Panel, Place, Scale, Shared,
};
use crate::palette;

/// One figure.
#[derive(Debug, Serialize)]
pub(super) struct Figure {
    id: String,
    title: String,
    alt: String,
    columns: usize,
    height: f64,
    shared: &'static str,
    rows: Vec<String>,
    key: Vec<Key>,
    panels: Vec<PanelData>,
}

#[derive(Debug, Serialize)]
struct Key {
    ink: String,
    mark: &'static str,
    text: String,
}

#[derive(Debug, Serialize)]
struct PanelData {
    title: String,
    x: AxisData,
    y: AxisData,
    layers: Vec<LayerData>,
}

#[derive(Debug, Serialize)]
struct AxisData {
    title: String,
    /// Unit of the tick labels, and of the values themselves.
    unit: String,
    currency: String,
    kind: &'static str,
    scale: &'static str,
    /// What the scale is even up to, or the least share it tells from nothing.
    by: f64,
    range: (f64, f64),
    ticks: Vec<(f64, String)>,
    names: Vec<String>,
}

/// Arrays are numbers of the pool.
#[derive(Debug, Serialize)]
#[serde(tag = "mark", rename_all = "lowercase")]
enum LayerData {
    Line { x: usize, y: usize, ink: String, width: f64 },
    Area { x: usize, low: usize, high: usize, ink: String },
    Stems { x: usize, low: usize, high: usize, ink: String, width: f64 },
    Bars { y: usize, low: usize, high: usize, ink: String, width: f64 },
    Dots { x: usize, y: usize, ink: String, width: f64 },
    Cells { rows: Vec<Vec<CellData>>, marked: Option<(usize, usize)> },
    Rule { vertical: bool, at: f64, text: String },
    Labels { labels: Vec<LabelData> },
}

#[derive(Debug, Serialize)]
struct CellData {
    text: String,
    fill: String,
    ink: String,
}

#[derive(Debug, Serialize)]
struct LabelData {
    x: f64,
    y: f64,
    text: String,
    ink: String,
    near: bool,
}

/// Ticks of an axis on a screen, where a plot is wider than on paper.
const TICKS_X: usize = 7;

pub(super) fn figure(drawing: &Drawing, pool: &mut Pool, escape: &Escape<'_>) -> Figure {
    let plain = |text: &String| escape.plain(text);
    let most = ((drawing.size.plot_height / 20.0) as usize).clamp(2, 7);
    Figure {
        id: drawing.id.clone(),
        title: plain(&drawing.title),
        alt: plain(&drawing.alt),
        columns: drawing.columns.max(1),
        height: drawing.size.plot_height,
        shared: match drawing.shared {
            Shared::Nothing => "nothing",
            Shared::X => "x",
            Shared::XAndY => "xy",
        },
        rows: drawing.row_titles.iter().map(plain).collect(),
        key: drawing.key.iter().map(|entry| key(entry, escape)).collect(),
        panels: drawing.panels.iter().map(|one| panel(one, most, pool, escape)).collect(),
    }
}

fn key(entry: &KeyEntry, escape: &Escape<'_>) -> Key {
    let mark = match entry.mark {
        KeyMark::Line => "line",
        KeyMark::Block => "block",
        KeyMark::Dot => "dot",
    };
    Key { ink: ink(entry.ink), mark, text: escape.plain(&entry.text) }
}

fn panel(panel: &Panel, most: usize, pool: &mut Pool, escape: &Escape<'_>) -> PanelData {
    PanelData {
        title: escape.plain(&panel.title),
        x: axis(&panel.x, TICKS_X, escape),
        y: axis(&panel.y, most, escape),
        layers: panel.layers.iter().map(|one| layer(one, pool, escape)).collect(),
    }
}

fn axis(axis: &Axis, most: usize, escape: &Escape<'_>) -> AxisData {
    let shown = ticks(axis, most);
    let (scale, by) = match axis.scale {
        Scale::Linear => ("linear", 0.0),
        Scale::Log => ("log", 0.0),
        Scale::Symlog(even) => ("symlog", even),
        Scale::Nines(least) => ("nines", least),
    };
    let (kind, names): (_, &[String]) = match &axis.kind {
        AxisKind::Time => ("time", &[]),
        AxisKind::Names(names) => ("names", names),
        AxisKind::Share => ("share", &[]),
        AxisKind::Ratio => ("ratio", &[]),
        AxisKind::Money(_) => ("money", &[]),
    };
    AxisData {
        title: escape.plain(&axis.title),
        unit: escape.plain(&shown.unit),
        currency: match &axis.kind {
            AxisKind::Money(currency) => escape.plain(currency),
            _ => String::new(),
        },
        kind,
        scale,
        by,
        range: axis.range,
        ticks: shown.at.iter().map(|(at, text)| (*at, escape.plain(text))).collect(),
        names: names.iter().map(|name| escape.plain(name)).collect(),
    }
}

fn layer(layer: &Layer, pool: &mut Pool, escape: &Escape<'_>) -> LayerData {
    match layer {
        Layer::Line { points, ink: of, width } => LayerData::Line {
            x: pool.add(points.iter().map(|p| p.0)),
            y: pool.add(points.iter().map(|p| p.1)),
            ink: ink(*of),
            width: *width,
        },
        Layer::Area { points, ink: of } => LayerData::Area {
            x: pool.add(points.iter().map(|p| p.0)),
            low: pool.add(points.iter().map(|p| p.1)),
            high: pool.add(points.iter().map(|p| p.2)),
            ink: ink(*of),
        },
        Layer::Stems { stems, ink: of, width } => LayerData::Stems {
            x: pool.add(stems.iter().map(|s| s.0)),
            low: pool.add(stems.iter().map(|s| s.1)),
            high: pool.add(stems.iter().map(|s| s.2)),
            ink: ink(*of),
            width: *width,
        },
        Layer::Bars { bars, ink: of, thickness } => LayerData::Bars {
            y: pool.add(bars.iter().map(|b| b.0)),
            low: pool.add(bars.iter().map(|b| b.1)),
            high: pool.add(bars.iter().map(|b| b.2)),
            ink: ink(*of),
            width: *thickness,
        },
        Layer::Dots { points, ink: of, radius } => LayerData::Dots {
            x: pool.add(points.iter().map(|p| p.0)),
            y: pool.add(points.iter().map(|p| p.1)),
            ink: ink(*of),
            width: *radius,
        },
        Layer::Cells { values, texts, marked } => {
            LayerData::Cells { rows: cells(values, texts, escape), marked: *marked }
        }
        Layer::Rule { vertical, at, label } => {
            LayerData::Rule { vertical: *vertical, at: *at, text: escape.plain(label) }
        }
        Layer::Labels(labels) => {
            LayerData::Labels { labels: labels.iter().map(|one| label(one, escape)).collect() }
        }
    }
}

fn label(label: &Label, escape: &Escape<'_>) -> LabelData {
    LabelData {
        x: label.at.0,
        y: label.at.1,
        text: escape.plain(&label.text),
        ink: ink(label.ink),
        near: label.place == Place::Near,
    }
}

fn cells(values: &[Vec<f64>], texts: &[Vec<String>], escape: &Escape<'_>) -> Vec<Vec<CellData>> {
    let largest = values.iter().flatten().map(|value| value.abs()).fold(0.0, f64::max);
    let share = |value: f64| if largest > 0.0 { value / largest } else { 0.0 };
    let text = |row: usize, column: usize| {
        texts.get(row).and_then(|line| line.get(column)).map_or("", |text| text)
    };
    let cell = |row: usize, column: usize, value: f64| {
        let fill = palette::diverging(share(value));
        CellData {
            text: escape.plain(text(row, column)),
            fill: palette::hex(fill),
            ink: palette::hex(palette::text_on(fill)),
        }
    };
    let line = |(row, line): (usize, &Vec<f64>)| {
        line.iter().enumerate().map(|(column, &value)| cell(row, column, value)).collect()
    };
    values.iter().enumerate().map(line).collect()
}

fn ink(ink: Ink) -> String {
    match ink {
        Ink::Text => "text".to_owned(),
        Ink::Loss => "loss".to_owned(),
        Ink::Muted => "muted".to_owned(),
        other => palette::hex(palette::colour(other)),
    }
}
