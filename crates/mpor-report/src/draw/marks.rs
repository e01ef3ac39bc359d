//! The marks of one layer, thinned to what the page can show.

use super::canvas::{Anchor, Canvas};
use super::layout::{Frame, TICK};
use super::panel::{Placed, plain};
use super::thin;
use crate::drawing::Layer;
use crate::error::ReportError;
use crate::fonts::Weight;
use crate::palette::{self, AXIS, TEXT};

type Drawn = Result<(), ReportError>;

/// Columns of a thinned line and of a thinned area, in points.
const LINE_COLUMN: f64 = 0.5;
const AREA_COLUMN: f64 = 1.0;

pub(super) fn draw(canvas: &Canvas<'_>, placed: &Placed<'_>, layer: &Layer) -> Drawn {
    match layer {
        Layer::Line { points, ink, width } => {
            line(canvas, placed, points, palette::colour(*ink), *width)
        }
        Layer::Area { points, ink } => area(canvas, placed, points, palette::colour(*ink)),
        Layer::Stems { stems, ink, width } => {
            self::stems(canvas, placed, stems, palette::colour(*ink), *width)
        }
        Layer::Bars { bars, ink, thickness } => {
            self::bars(canvas, placed, bars, palette::colour(*ink), *thickness)
        }
        Layer::Dots { points, ink, radius } => {
            dots(canvas, placed, points, palette::colour(*ink), *radius)
        }
        Layer::Cells { values, texts, marked } => cells(canvas, placed, values, texts, *marked),
        Layer::Rule { vertical, at, .. } => rule(canvas, placed, *vertical, *at),
        Layer::Labels(_) => Ok(()),
    }
}

type Colour = plotters::style::RGBColor;

fn line(
    canvas: &Canvas<'_>,
    placed: &Placed<'_>,
    points: &[(f64, f64)],
    colour: Colour,
    width: f64,
) -> Drawn {
    let page: Vec<(f64, f64)> =
        points.iter().map(|&(x, y)| (placed.x.place(x), placed.y.place(y))).collect();
    match page.as_slice() {
        [] => Ok(()),
        [only] => canvas.dot(*only, 1.5, colour),
        _ => canvas.line(&thin::line(&page, LINE_COLUMN), colour, width),
    }
}

fn area(
    canvas: &Canvas<'_>,
    placed: &Placed<'_>,
    points: &[(f64, f64, f64)],
    colour: Colour,
) -> Drawn {
    let edge = |side: fn(&(f64, f64, f64)) -> f64| -> Vec<(f64, f64)> {
        let page: Vec<(f64, f64)> =
            points.iter().map(|p| (placed.x.place(p.0), placed.y.place(side(p)))).collect();
        thin::line(&page, AREA_COLUMN)
    };
    let (lower, upper) = (edge(|p| p.1), edge(|p| p.2));
    match upper.as_slice() {
        [] => Ok(()),
        [only] => {
            let bottom = lower.first().map_or(only.1, |low| low.1);
            canvas.block((only.0 - 3.0, only.1), (only.0 + 3.0, bottom), colour)
        }
        _ => canvas.area(&[upper, lower.into_iter().rev().collect()].concat(), colour),
    }
}

fn stems(
    canvas: &Canvas<'_>,
    placed: &Placed<'_>,
    stems: &[(f64, f64, f64)],
    colour: Colour,
    width: f64,
) -> Drawn {
    let page: Vec<(f64, f64, f64)> = stems
        .iter()
        .map(|&(x, from, to)| (placed.x.place(x), placed.y.place(from), placed.y.place(to)))
        .collect();
    for (x, from, to) in thin::largest(&page, LINE_COLUMN, |s| s.0, |s| (s.2 - s.1).abs()) {
        canvas.line(&[(x, from), (x, to)], colour, width)?;
    }
    Ok(())
}

fn bars(
    canvas: &Canvas<'_>,
    placed: &Placed<'_>,
    bars: &[(f64, f64, f64)],
    colour: Colour,
    thickness: f64,
) -> Drawn {
    let mut last: Option<(f64, f64, f64)> = None;
    for &(row, from, to) in bars {
        let (left, right) = (placed.x.place(from), placed.x.place(to));
        let right = right.max(left + 0.8);
        // A bar that the one before it covers cannot be seen.
        if last.is_some_and(|(r, l, end)| r == row && left >= l && right <= end) {
            continue;
        }
        last = Some((row, left, right));
        let y = placed.y.place(row);
        let half = thickness / 2.0;
        canvas.block((left, y - half), (right, y + half), colour)?;
    }
    Ok(())
}

fn dots(
    canvas: &Canvas<'_>,
    placed: &Placed<'_>,
    points: &[(f64, f64)],
    colour: Colour,
    radius: f64,
) -> Drawn {
    let page: Vec<(f64, f64)> =
        points.iter().map(|&(x, y)| (placed.x.place(x), placed.y.place(y))).collect();
    // Of many dots in one column of a time axis, the highest is the one that matters.
    let many = page.len() > 1_000;
    let shown = if many { thin::largest(&page, LINE_COLUMN, |p| p.0, |p| -p.1) } else { page };
    shown.into_iter().try_for_each(|point| canvas.dot(point, radius, colour))
}

fn cells(
    canvas: &Canvas<'_>,
    placed: &Placed<'_>,
    values: &[Vec<f64>],
    texts: &[Vec<String>],
    marked: Option<(usize, usize)>,
) -> Drawn {
    let largest = values.iter().flatten().map(|value| value.abs()).fold(0.0, f64::max);
    for (row, line) in values.iter().enumerate() {
        for (column, &value) in line.iter().enumerate() {
            let frame = cell_frame(placed, row, column);
            let colour = palette::diverging(if largest > 0.0 { value / largest } else { 0.0 });
            canvas.block((frame.left, frame.top), (frame.right, frame.bottom), colour)?;
            let text = texts.get(row).and_then(|line| line.get(column)).map_or("", |text| text);
            cell_text(canvas, &frame, text, palette::text_on(colour))?;
        }
    }
    let Some((row, column)) = marked else { return Ok(()) };
    let frame = cell_frame(placed, row, column);
    canvas.frame((frame.left, frame.top), (frame.right, frame.bottom), TEXT, 1.6)
}

/// Written only where the cell holds it.
fn cell_text(canvas: &Canvas<'_>, frame: &Frame, text: &str, colour: Colour) -> Drawn {
    let size = TICK.min((frame.bottom - frame.top) * 0.6);
    let fits = canvas.width(text, size, Weight::Regular) < frame.width() - 2.0 && size >= 4.5;
    if !fits {
        return Ok(());
    }
    let middle = ((frame.left + frame.right) / 2.0, (frame.top + frame.bottom) / 2.0 + size * 0.33);
    canvas.text(text, middle, plain(size, colour, Anchor::Middle))
}

fn cell_frame(placed: &Placed<'_>, row: usize, column: usize) -> Frame {
    let x = |edge: f64| placed.x.place(column as f64 + edge);
    let y = |edge: f64| placed.y.place(row as f64 + edge);
    Frame { left: x(-0.5), top: y(-0.5), right: x(0.5), bottom: y(0.5) }
}

fn rule(canvas: &Canvas<'_>, placed: &Placed<'_>, vertical: bool, at: f64) -> Drawn {
    let plot = &placed.cell.plot;
    let ends = if vertical {
        let x = placed.x.place(at);
        [(x, plot.top), (x, plot.bottom)]
    } else {
        let y = placed.y.place(at);
        [(plot.left, y), (plot.right, y)]
    };
    canvas.line(&ends, AXIS, 0.9)
}
