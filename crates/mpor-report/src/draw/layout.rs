//! Where panels, titles, tick labels and the key go, so that nothing overlaps and plotting areas line up.

use super::canvas::Canvas;
use super::ticks::{Ticks, ticks};
use crate::drawing::{Axis, AxisKind, Drawing, KeyEntry, Label, Layer, Panel, Place, Shared};
use crate::fonts::Weight;

/// Sizes of text in points.
pub(super) const TITLE: f64 = 10.0;
pub(super) const PANEL_TITLE: f64 = 8.0;
pub(super) const TICK: f64 = 7.0;
/// Heights of lines of text.
const TITLE_LINE: f64 = 18.0;
const KEY_LINE: f64 = 12.0;
const TEXT_LINE: f64 = 13.0;
/// Space between the columns and between the rows of panels.
const GAP: f64 = 8.0;
/// Widest column of names, and of labels right of a plot, as a share of the figure.
const WIDEST_NAMES: f64 = 0.27;
const WIDEST_MARGIN: f64 = 0.27;
/// Length of a swatch with the space after it.
pub(super) const SWATCH: f64 = 12.0;

/// A rectangle of the page, in points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Frame {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

/// The place of one panel.
pub(super) struct Cell {
    /// Plotting area.
    pub plot: Frame,
    /// Plotting area with everything that belongs to it.
    pub bounds: Frame,
    /// Ticks.
    pub x: Ticks,
    pub y: Ticks,
    /// Whether tick labels are written.
    pub label_x: bool,
    pub label_y: bool,
}

/// The place of everything.
pub(super) struct Layout {
    pub height: f64,
    /// Baseline of the figure's title; `None` without one.
    pub title: Option<f64>,
    /// Left end and baseline of each key entry.
    pub key: Vec<(f64, f64)>,
    /// Baselines of the row headings.
    pub headings: Vec<f64>,
    pub cells: Vec<Cell>,
}

/// Widths of what stands beside the plotting areas of one column.
#[derive(Clone, Copy, Default)]
struct Sides {
    gutter: f64,
    margin: f64,
}

pub(super) fn layout(drawing: &Drawing, canvas: &Canvas<'_>, titled: bool) -> Layout {
    let columns = drawing.columns.max(1);
    let sides: Vec<Sides> = (0..columns).map(|column| sides(drawing, canvas, column)).collect();
    let taken: f64 = sides.iter().map(|side| side.gutter + side.margin).sum();
    let gaps = GAP * (columns - 1) as f64;
    let plot = ((drawing.size.width - taken - gaps) / columns as f64).max(20.0);
    let top = if titled { TITLE_LINE } else { 0.0 };
    let (key, mut y) = key_places(&drawing.key, canvas, drawing.size.width, top);
    let rows = drawing.panels.len().div_ceil(columns);
    let (mut cells, mut headings) = (Vec::new(), Vec::new());
    for row in 0..rows {
        if !drawing.row_titles.is_empty() {
            headings.push(y + TEXT_LINE - 4.0);
            y += TEXT_LINE;
        }
        let bottom = add_row(drawing, canvas, row, &sides, (plot, y), &mut cells);
        y = bottom + if row + 1 == rows { 0.0 } else { GAP };
    }
    Layout { height: y + 2.0, title: titled.then_some(TITLE), key, headings, cells }
}

/// Adds one row of panels from `top` on, and gives its bottom.
fn add_row(
    drawing: &Drawing,
    canvas: &Canvas<'_>,
    row: usize,
    sides: &[Sides],
    (plot_width, top): (f64, f64),
    cells: &mut Vec<Cell>,
) -> f64 {
    let columns = sides.len();
    let first = row * columns;
    let panels = || drawing.panels.iter().skip(first).take(columns);
    // A panel above nothing, as at the end of an incomplete row, carries the labels of its column.
    let label_x = |column: usize| {
        drawing.shared == Shared::Nothing || first + column + columns >= drawing.panels.len()
    };
    let above = if panels().any(needs_title_line) { TEXT_LINE } else { 5.0 };
    let labelled = || panels().enumerate().filter(|(column, _)| label_x(*column));
    let titled = labelled().any(|(_, panel)| !panel.x.title.is_empty());
    let below = if labelled().next().is_some() { TEXT_LINE } else { 2.0 };
    let below = below + if titled { TEXT_LINE - 2.0 } else { 0.0 };
    let bottom = top + above + drawing.size.plot_height;
    let mut left = 0.0;
    for ((column, side), panel) in sides.iter().enumerate().zip(panels()) {
        let plot_left = left + side.gutter;
        let right = plot_left + plot_width + side.margin;
        cells.push(Cell {
            plot: Frame {
                left: plot_left,
                top: top + above,
                right: plot_left + plot_width,
                bottom,
            },
            bounds: Frame { left, top, right, bottom: bottom + below },
            x: x_ticks(canvas, &panel.x, plot_width),
            y: y_ticks(drawing, panel),
            label_x: label_x(column),
            label_y: column == 0 || drawing.shared != Shared::XAndY,
        });
        left = right + GAP;
    }
    bottom + below
}

/// As many ticks as have room for their labels.
fn x_ticks(canvas: &Canvas<'_>, axis: &Axis, width: f64) -> Ticks {
    for room in [20.0, 26.0, 36.0, 46.0, 56.0, 70.0] {
        let found = ticks(axis, (width / room).floor().max(1.0) as usize);
        let label = |(_, text): &(f64, String)| canvas.width(text, TICK, Weight::Regular);
        let widest = found.at.iter().map(label).fold(0.0, f64::max);
        // Years may stand close; longer dates need air to be told apart.
        let air = if widest < 16.0 { 8.0 } else { 16.0 };
        if (widest + air) * found.at.len() as f64 <= width + widest {
            return found;
        }
    }
    ticks(axis, 1)
}

/// Whether something is written above the plotting area.
fn needs_title_line(panel: &Panel) -> bool {
    let rule = |layer: &Layer| matches!(layer, Layer::Rule { vertical: true, label, .. } if !label.is_empty());
    let amounts = matches!(panel.y.kind, AxisKind::Money(_));
    !panel.title.is_empty() || !panel.y.title.is_empty() || amounts || panel.layers.iter().any(rule)
}

fn y_ticks(drawing: &Drawing, panel: &Panel) -> Ticks {
    ticks(&panel.y, ((drawing.size.plot_height / 20.0) as usize).clamp(2, 7))
}

fn sides(drawing: &Drawing, canvas: &Canvas<'_>, column: usize) -> Sides {
    let columns = drawing.columns.max(1);
    let panels = || drawing.panels.iter().skip(column).step_by(columns);
    let labelled = column == 0 || drawing.shared != Shared::XAndY;
    let gutter = if labelled { widest_tick(drawing, canvas, panels()) + 5.0 } else { 0.0 };
    let labels = panels().flat_map(margin_labels);
    let width = |label: &Label| canvas.width(&label.text, TICK, Weight::Regular);
    let margin = labels.map(width).fold(0.0, f64::max);
    let widest = drawing.size.width * WIDEST_MARGIN / (columns as f64).sqrt();
    let margin = if margin > 0.0 { (margin + SWATCH + 4.0).min(widest) } else { 2.0 };
    Sides { gutter, margin }
}

fn widest_tick<'a>(
    drawing: &Drawing,
    canvas: &Canvas<'_>,
    panels: impl Iterator<Item = &'a Panel>,
) -> f64 {
    let widest = drawing.size.width * WIDEST_NAMES;
    panels
        .flat_map(|panel| y_ticks(drawing, panel).at)
        .map(|(_, text)| canvas.width(&text, TICK, Weight::Regular).min(widest))
        .fold(10.0, f64::max)
}

/// Labels that stand right of the plotting area.
pub(super) fn margin_labels(panel: &Panel) -> impl Iterator<Item = &Label> {
    panel
        .layers
        .iter()
        .flat_map(|layer| match layer {
            Layer::Labels(labels) => labels.as_slice(),
            _ => &[],
        })
        .filter(|label| label.place == Place::Margin)
}

/// Places of the key's entries in as many lines as they need, and where the panels may start.
fn key_places(
    key: &[KeyEntry],
    canvas: &Canvas<'_>,
    width: f64,
    top: f64,
) -> (Vec<(f64, f64)>, f64) {
    let mut places = Vec::new();
    let (mut x, mut line) = (0.0, 0);
    for entry in key {
        let needed = SWATCH + canvas.width(&entry.text, TICK, Weight::Regular);
        if x > 0.0 && x + needed > width {
            (x, line) = (0.0, line + 1);
        }
        places.push((x, top + KEY_LINE * f64::from(line) + TICK + 1.0));
        x += needed + 14.0;
    }
    let lines = if key.is_empty() { 0 } else { line + 1 };
    (places, top + KEY_LINE * f64::from(lines) + if lines > 0 { 3.0 } else { 0.0 })
}

impl Frame {
    pub(crate) fn width(&self) -> f64 {
        self.right - self.left
    }

    pub(crate) fn overlaps(&self, other: &Frame) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }
}
