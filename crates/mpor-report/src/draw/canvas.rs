//! Strokes, areas and texts in points on a plotters drawing area.
//!
//! plotters counts in whole pixels; here a pixel is a tenth of a point, so that thin strokes keep their place.

use plotters::coord::Shift;
use plotters::element::{Circle, PathElement, Polygon, Rectangle, Text};
use plotters::prelude::{DrawingArea, IntoDrawingArea, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, RGBColor, ShapeStyle, TextStyle};

use crate::error::ReportError;
use crate::fonts::{SVG_FAMILY, Typeface, Weight};
use crate::text;

/// Canvas units in a point.
const UNITS: f64 = 10.0;
/// plotters writes a font size of `size / 1.24` em into SVG.
const PLOTTERS_EM: f64 = 1.24;

/// How a text stands relative to its position, which is on its baseline.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// Size, weight, colour and anchor of a text.
#[derive(Clone, Copy)]
pub(crate) struct Type {
    pub size: f64,
    pub weight: Weight,
    pub colour: RGBColor,
    pub anchor: Anchor,
}

/// A drawing under way.
pub(crate) struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
    pub typeface: &'a Typeface,
    figure: &'a str,
}

type Drawn = Result<(), ReportError>;

impl<'a> Canvas<'a> {
    /// A canvas of `width` x `height` points that writes SVG into `svg`.
    pub(crate) fn new(
        svg: &'a mut String,
        (width, height): (f64, f64),
        figure: &'a str,
        typeface: &'a Typeface,
    ) -> Self {
        let size = (units(width) as u32, units(height) as u32);
        Canvas { area: SVGBackend::with_string(svg, size).into_drawing_area(), typeface, figure }
    }

    pub(crate) fn finish(self) -> Drawn {
        self.area.present().map_err(|error| refused(self.figure, &error))
    }

    pub(crate) fn line(&self, points: &[(f64, f64)], colour: RGBColor, width: f64) -> Drawn {
        let path: Vec<_> = points.iter().map(|&point| place(point)).collect();
        self.put(PathElement::new(path, stroke(colour, width)))
    }

    pub(crate) fn area(&self, outline: &[(f64, f64)], colour: RGBColor) -> Drawn {
        let path: Vec<_> = outline.iter().map(|&point| place(point)).collect();
        self.put(Polygon::new(path, colour.filled()))
    }

    pub(crate) fn block(&self, from: (f64, f64), to: (f64, f64), colour: RGBColor) -> Drawn {
        self.put(Rectangle::new([place(from), place(to)], colour.filled()))
    }

    pub(crate) fn frame(
        &self,
        from: (f64, f64),
        to: (f64, f64),
        colour: RGBColor,
        width: f64,
    ) -> Drawn {
        self.put(Rectangle::new([place(from), place(to)], stroke(colour, width)))
    }

    pub(crate) fn dot(&self, centre: (f64, f64), radius: f64, colour: RGBColor) -> Drawn {
        self.put(Circle::new(place(centre), units(radius), colour.filled()))
    }

    /// A text with its baseline at `at`; what the typeface lacks is written by code point.
    pub(crate) fn text(&self, shown: &str, (x, y): (f64, f64), style: Type) -> Drawn {
        let shown = text::printable(shown, self.typeface);
        if shown.trim().is_empty() {
            return Ok(());
        }
        let weight = match style.weight {
            Weight::Regular => FontStyle::Normal,
            Weight::Bold => FontStyle::Bold,
        };
        let size = style.size * UNITS;
        let font = FontDesc::new(FontFamily::Name(SVG_FAMILY), size * PLOTTERS_EM, weight);
        let anchor = match style.anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        let type_style =
            TextStyle::from(font).color(&style.colour).pos(Pos::new(anchor, VPos::Bottom));
        // plotters raises the baseline by half an ex, which renderers take as a quarter of an em.
        let baseline = (units(x), units(y) + (size / 4.0).round() as i32);
        self.put(Text::new(shown, baseline, type_style))
    }

    /// Width of a text in points, as it will be shown.
    pub(crate) fn width(&self, shown: &str, size: f64, weight: Weight) -> f64 {
        self.typeface.width(&text::printable(shown, self.typeface), size, weight)
    }

    /// The text, shortened in its middle until it is at most `room` points wide.
    pub(crate) fn fit(&self, shown: &str, size: f64, weight: Weight, room: f64) -> String {
        let shown = text::printable(shown, self.typeface);
        let width = |text: &str| self.typeface.width(text, size, weight);
        // A column as wide as its longest text must hold it in spite of rounding.
        let room = room + 0.05;
        if width(&shown) <= room {
            return shown;
        }
        let full = shown.chars().count().min(200);
        (3..full)
            .rev()
            .map(|longest| text::elide(&shown, longest))
            .find(|short| width(short) <= room)
            .unwrap_or_default()
    }

    fn put<E>(&self, element: E) -> Drawn
    where
        for<'b> &'b E: plotters::element::PointCollection<'b, (i32, i32)>,
        E: plotters::element::Drawable<SVGBackend<'a>>,
    {
        self.area.draw(&element).map_err(|error| refused(self.figure, &error))
    }
}

fn refused(figure: &str, error: &dyn std::fmt::Display) -> ReportError {
    ReportError::Draw { figure: figure.to_owned(), reason: error.to_string() }
}

fn stroke(colour: RGBColor, width: f64) -> ShapeStyle {
    colour.stroke_width(units(width).max(1) as u32)
}

fn place((x, y): (f64, f64)) -> (i32, i32) {
    (units(x), units(y))
}

fn units(points: f64) -> i32 {
    (points * UNITS).round() as i32
}
