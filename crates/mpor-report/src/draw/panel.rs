//! One panel: grid, marks, axes and labels.

use super::canvas::{Anchor, Canvas, Type};
use super::layout::{Cell, Frame, PANEL_TITLE, SWATCH, TICK, margin_labels};
use super::{labels, marks, scale::Mapping, thin};
use crate::drawing::{AxisKind, Label, Layer, Panel, Place};
use crate::error::ReportError;
use crate::fonts::Weight;
use crate::palette::{self, AXIS, GRID, QUIET, TEXT, WHITE};

type Drawn = Result<(), ReportError>;

/// A panel in its place.
pub(super) struct Placed<'a> {
    pub panel: &'a Panel,
    pub cell: &'a Cell,
    pub x: Mapping,
    pub y: Mapping,
}

/// The place found for a label.
struct Spot {
    text: String,
    frame: Frame,
    /// Whether a line leads to it.
    led: bool,
    /// Whether it covers lines.
    on_lines: bool,
}

/// Regular text of one size.
pub(super) fn plain(size: f64, colour: plotters::style::RGBColor, anchor: Anchor) -> Type {
    Type { size, weight: Weight::Regular, colour, anchor }
}

pub(super) fn draw(canvas: &Canvas<'_>, panel: &Panel, cell: &Cell) -> Drawn {
    let x = Mapping::new(&panel.x, cell.plot.left, cell.plot.right);
    let y = Mapping::new(&panel.y, cell.plot.bottom, cell.plot.top);
    let placed = Placed { panel, cell, x, y };
    placed.title(canvas)?;
    placed.grid(canvas)?;
    for layer in &panel.layers {
        marks::draw(canvas, &placed, layer)?;
    }
    placed.axes(canvas)?;
    placed.rules(canvas)?;
    placed.margin(canvas)?;
    placed.near(canvas)
}

impl Placed<'_> {
    fn title(&self, canvas: &Canvas<'_>) -> Drawn {
        let plot = &self.cell.plot;
        let axis = self.axis_title();
        let axis_width = canvas.width(&axis, TICK, Weight::Regular);
        let room = (self.cell.bounds.right - plot.left - axis_width - 6.0).max(20.0);
        let title = canvas.fit(&self.panel.title, PANEL_TITLE, Weight::Bold, room);
        let baseline = plot.top - 4.0;
        let bold = Type { weight: Weight::Bold, ..plain(PANEL_TITLE, TEXT, Anchor::Start) };
        canvas.text(&title, (plot.left, baseline), bold)?;
        let gap = if title.is_empty() { 0.0 } else { 6.0 };
        let after = plot.left + canvas.width(&title, PANEL_TITLE, Weight::Bold) + gap;
        canvas.text(&axis, (after, baseline), plain(TICK, QUIET, Anchor::Start))
    }

    /// What the vertical axis shows and in which unit.
    fn axis_title(&self) -> String {
        let (title, unit) = (&self.panel.y.title, &self.cell.y.unit);
        match (self.cell.label_y, title.is_empty(), unit.is_empty()) {
            (false, _, _) | (true, true, true) => String::new(),
            (true, true, false) => unit.clone(),
            (true, false, true) => title.clone(),
            (true, false, false) => format!("{title}, {unit}"),
        }
    }

    fn grid(&self, canvas: &Canvas<'_>) -> Drawn {
        let plot = &self.cell.plot;
        let rows = matches!(self.panel.y.kind, AxisKind::Names(_));
        let names = matches!(self.panel.x.kind, AxisKind::Names(_));
        if !rows {
            for (value, _) in &self.cell.y.at {
                let y = self.y.place(*value);
                canvas.line(&[(plot.left, y), (plot.right, y)], GRID, 0.5)?;
            }
        }
        if !names && (rows || self.panel.x.kind != AxisKind::Time) {
            for (value, _) in &self.cell.x.at {
                let x = self.x.place(*value);
                canvas.line(&[(x, plot.top), (x, plot.bottom)], GRID, 0.5)?;
            }
        }
        Ok(())
    }

    fn axes(&self, canvas: &Canvas<'_>) -> Drawn {
        let plot = &self.cell.plot;
        canvas.line(&[(plot.left, plot.bottom), (plot.right, plot.bottom)], AXIS, 0.6)?;
        if self.cell.label_y {
            self.y_labels(canvas)?;
        }
        self.x_labels(canvas)
    }

    fn y_labels(&self, canvas: &Canvas<'_>) -> Drawn {
        let plot = &self.cell.plot;
        let room = plot.left - self.cell.bounds.left - 5.0;
        let colour = match self.panel.y.kind {
            AxisKind::Names(_) => TEXT,
            _ => QUIET,
        };
        for (value, text) in &self.cell.y.at {
            let text = canvas.fit(text, TICK, Weight::Regular, room);
            let baseline = self.y.place(*value) + TICK * 0.33;
            canvas.text(&text, (plot.left - 4.0, baseline), plain(TICK, colour, Anchor::End))?;
        }
        Ok(())
    }

    fn x_labels(&self, canvas: &Canvas<'_>) -> Drawn {
        let (plot, bounds) = (&self.cell.plot, &self.cell.bounds);
        let mut free_from = f64::NEG_INFINITY;
        for (value, text) in &self.cell.x.at {
            let x = self.x.place(*value);
            if !matches!(self.panel.x.kind, AxisKind::Names(_)) {
                canvas.line(&[(x, plot.bottom), (x, plot.bottom + 2.5)], AXIS, 0.6)?;
            }
            let half = canvas.width(text, TICK, Weight::Regular) / 2.0;
            let middle = x.clamp(bounds.left + half, (bounds.right - half).max(bounds.left + half));
            if self.cell.label_x && middle - half > free_from {
                let at = (middle, plot.bottom + TICK + 3.5);
                canvas.text(text, at, plain(TICK, QUIET, Anchor::Middle))?;
                free_from = middle + half + 4.0;
            }
        }
        self.x_title(canvas)
    }

    fn x_title(&self, canvas: &Canvas<'_>) -> Drawn {
        let (plot, title, unit) = (&self.cell.plot, &self.panel.x.title, &self.cell.x.unit);
        if !self.cell.label_x || title.is_empty() {
            return Ok(());
        }
        let text = if unit.is_empty() { title.clone() } else { format!("{title}, {unit}") };
        let at = ((plot.left + plot.right) / 2.0, plot.bottom + 2.0 * TICK + 7.0);
        canvas.text(&text, at, plain(TICK, QUIET, Anchor::Middle))
    }

    fn rules(&self, canvas: &Canvas<'_>) -> Drawn {
        let plot = &self.cell.plot;
        for layer in &self.panel.layers {
            let Layer::Rule { vertical, at, label } = layer else { continue };
            if *vertical {
                let x = self.x.place(*at);
                let half = canvas.width(label, TICK, Weight::Regular) / 2.0;
                let middle = x.min(self.cell.bounds.right - half).max(self.cell.bounds.left + half);
                canvas.text(label, (middle, plot.top - 4.0), plain(TICK, TEXT, Anchor::Middle))?;
            } else {
                let at = (plot.right - 2.0, self.y.place(*at) - 2.5);
                canvas.text(label, at, plain(TICK, TEXT, Anchor::End))?;
            }
        }
        Ok(())
    }

    fn margin(&self, canvas: &Canvas<'_>) -> Drawn {
        let (plot, bounds) = (&self.cell.plot, &self.cell.bounds);
        let labels: Vec<&Label> = margin_labels(self.panel).collect();
        let wanted: Vec<f64> = labels.iter().map(|label| self.y.place(label.at.1)).collect();
        let heights = labels::spread(&wanted, TICK + 1.5, (plot.top, plot.bottom));
        for (label, height) in labels.iter().zip(heights) {
            let mut left = plot.right + 4.0;
            if label.ink != crate::drawing::Ink::Text {
                let colour = palette::colour(label.ink);
                canvas.block((left, height - 2.5), (left + 5.0, height + 2.5), colour)?;
                left += SWATCH - 4.0;
            }
            let text = canvas.fit(&label.text, TICK, Weight::Regular, bounds.right - left);
            canvas.text(&text, (left, height + TICK * 0.33), plain(TICK, TEXT, Anchor::Start))?;
        }
        Ok(())
    }

    /// Labels near their points, each clear of the others, of the dots and of the rules' labels.
    fn near(&self, canvas: &Canvas<'_>) -> Drawn {
        let labels: Vec<&Label> = self.near_labels().collect();
        if labels.is_empty() {
            return Ok(());
        }
        let mut taken = self.obstacles(canvas);
        let lines = self.line_frames();
        for label in labels {
            let point = (self.x.place(label.at.0), self.y.place(label.at.1));
            let Some(spot) = self.spot(canvas, label, &taken, &lines) else { continue };
            let frame = spot.frame;
            if spot.on_lines {
                canvas.block((frame.left, frame.top), (frame.right, frame.bottom), WHITE)?;
            }
            taken.push(frame);
            if spot.led {
                let end = labels::lead_end(point, &frame);
                canvas.line(&[point, end], AXIS, 0.4)?;
                taken.extend(labels::along(point, end));
            }
            let at = (frame.left + 1.0, frame.bottom - 2.0);
            canvas.text(&spot.text, at, plain(TICK, TEXT, Anchor::Start))?;
        }
        Ok(())
    }

    /// Where a label goes: off the lines where there is room, else across them; a long text is shortened before it is
    /// given up.
    fn spot(
        &self,
        canvas: &Canvas<'_>,
        label: &Label,
        taken: &[Frame],
        lines: &[Frame],
    ) -> Option<Spot> {
        let point = (self.x.place(label.at.0), self.y.place(label.at.1));
        let plot = &self.cell.plot;
        let clear = [taken, lines].concat();
        [0.6, 0.25].into_iter().find_map(|share| {
            let text = canvas.fit(&label.text, TICK, Weight::Regular, plot.width() * share);
            let size = (canvas.width(&text, TICK, Weight::Regular) + 2.0, TICK + 3.0);
            let off_lines = labels::near(point, size, plot, &clear);
            let (frame, led) = off_lines.or_else(|| labels::near(point, size, plot, taken))?;
            Some(Spot { text, frame, led, on_lines: off_lines.is_none() })
        })
    }

    fn near_labels(&self) -> impl Iterator<Item = &Label> {
        let labels = self.panel.layers.iter().filter_map(|layer| match layer {
            Layer::Labels(labels) => Some(labels),
            _ => None,
        });
        labels.flatten().filter(|label| label.place == Place::Near)
    }

    /// What lines and stems cover.
    fn line_frames(&self) -> Vec<Frame> {
        let place = |&(x, y): &(f64, f64)| (self.x.place(x), self.y.place(y));
        let mut frames = Vec::new();
        for layer in &self.panel.layers {
            match layer {
                Layer::Line { points, .. } => {
                    let page: Vec<(f64, f64)> = points.iter().map(place).collect();
                    let thin = thin::line(&page, 1.0);
                    frames.extend(thin.windows(2).map(|pair| around(pair[0], pair[1])));
                }
                Layer::Stems { stems, .. } => {
                    let stem = |&(x, from, to): &(f64, f64, f64)| {
                        around(place(&(x, from)), place(&(x, to)))
                    };
                    let all: Vec<Frame> = stems.iter().map(stem).collect();
                    frames.extend(thin::largest(&all, 1.0, |f| f.left, |f| f.bottom - f.top));
                }
                Layer::Rule { vertical: false, at, .. } => {
                    let y = self.y.place(*at);
                    frames.push(around((self.cell.plot.left, y), (self.cell.plot.right, y)));
                }
                _ => {}
            }
        }
        frames
    }

    fn obstacles(&self, canvas: &Canvas<'_>) -> Vec<Frame> {
        let mut taken = Vec::new();
        for layer in &self.panel.layers {
            match layer {
                Layer::Dots { points, radius, .. } if points.len() <= 2_000 => {
                    let around =
                        |&(x, y): &(f64, f64)| square((self.x.place(x), self.y.place(y)), *radius);
                    taken.extend(points.iter().map(around));
                }
                Layer::Rule { vertical: false, at, label } if !label.is_empty() => {
                    let y = self.y.place(*at);
                    let width = canvas.width(label, TICK, Weight::Regular) + 4.0;
                    let right = self.cell.plot.right;
                    taken.push(Frame {
                        left: right - width,
                        top: y - TICK - 3.0,
                        right,
                        bottom: y,
                    });
                }
                _ => {}
            }
        }
        taken
    }
}

fn around(from: (f64, f64), to: (f64, f64)) -> Frame {
    Frame {
        left: from.0.min(to.0) - 0.8,
        top: from.1.min(to.1) - 0.8,
        right: from.0.max(to.0) + 0.8,
        bottom: from.1.max(to.1) + 0.8,
    }
}

fn square((x, y): (f64, f64), half: f64) -> Frame {
    Frame { left: x - half, top: y - half, right: x + half, bottom: y + half }
}
