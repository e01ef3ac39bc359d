//! From a figure's data to SVG, and from SVG to a picture. plotters draws; resvg, with the embedded fonts only,
//! turns the same SVG into PNG. Neither computes a number that the figure does not hold.

mod canvas;
mod labels;
mod layout;
mod marks;
mod panel;
mod scale;
mod thin;
mod ticks;
mod time_ticks;

use resvg::{tiny_skia, usvg};

use crate::drawing::{Drawing, KeyMark};
use crate::error::ReportError;
use crate::fonts::{Typeface, Weight};
use crate::palette::{self, QUIET, TEXT};
use canvas::{Anchor, Canvas, Type};
use layout::{Layout, PANEL_TITLE, SWATCH, TICK, TITLE, layout};

pub(crate) use ticks::{round_step, ticks};

/// Where a figure will stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setting {
    /// Alone, with its title.
    Alone,
    /// On a page that prints the title.
    Page,
}

/// White around a figure that stands alone, in points.
const PAD: f64 = 9.0;
/// CSS pixels in a point, and pixels of the picture in a CSS pixel.
const PIXELS: f64 = 4.0 / 3.0;
const ZOOM: f32 = 2.0;

/// The figure as SVG: real text in the report's typeface, opaque colours, with title and description.
pub(crate) fn svg(
    drawing: &Drawing,
    typeface: &Typeface,
    setting: Setting,
) -> Result<String, ReportError> {
    let mut unused = String::new();
    let measure = Canvas::new(&mut unused, (1.0, 1.0), &drawing.id, typeface);
    let layout = layout(drawing, &measure, setting == Setting::Alone);
    drop(measure);
    let size = (drawing.size.width, layout.height);
    let mut body = String::new();
    {
        let canvas = Canvas::new(&mut body, size, &drawing.id, typeface);
        paint(&canvas, drawing, &layout)?;
        canvas.finish()?;
    }
    let pad = if setting == Setting::Alone { PAD } else { 0.0 };
    Ok(headed(&body, drawing, size, pad))
}

fn paint(canvas: &Canvas<'_>, drawing: &Drawing, layout: &Layout) -> Result<(), ReportError> {
    let bold = |size| Type { size, weight: Weight::Bold, colour: TEXT, anchor: Anchor::Start };
    if let Some(baseline) = layout.title {
        let title = canvas.fit(&drawing.title, TITLE, Weight::Bold, drawing.size.width - 2.0);
        canvas.text(&title, (0.0, baseline), bold(TITLE))?;
    }
    key(canvas, drawing, layout)?;
    for (title, &baseline) in drawing.row_titles.iter().zip(&layout.headings) {
        let title = canvas.fit(title, PANEL_TITLE, Weight::Bold, drawing.size.width - 2.0);
        canvas.text(&title, (0.0, baseline), bold(PANEL_TITLE))?;
    }
    for (panel, cell) in drawing.panels.iter().zip(&layout.cells) {
        panel::draw(canvas, panel, cell)?;
    }
    Ok(())
}

fn key(canvas: &Canvas<'_>, drawing: &Drawing, layout: &Layout) -> Result<(), ReportError> {
    for (entry, &(x, baseline)) in drawing.key.iter().zip(&layout.key) {
        let colour = palette::colour(entry.ink);
        let middle = baseline - TICK * 0.33;
        match entry.mark {
            KeyMark::Line => canvas.line(&[(x, middle), (x + 8.0, middle)], colour, 1.4)?,
            KeyMark::Block => canvas.block((x, middle - 2.8), (x + 8.0, middle + 2.8), colour)?,
            KeyMark::Dot => canvas.dot((x + 4.0, middle), 2.2, colour)?,
        }
        let style =
            Type { size: TICK, weight: Weight::Regular, colour: QUIET, anchor: Anchor::Start };
        let room = drawing.size.width - x - SWATCH;
        let text = canvas.fit(&entry.text, TICK, Weight::Regular, room);
        canvas.text(&text, (x + SWATCH, baseline), style)?;
    }
    Ok(())
}

/// plotters' SVG with a size in CSS pixels, `pad` points of white around it, round joins, and a title and description
/// for those who cannot see it.
fn headed(body: &str, drawing: &Drawing, (width, height): (f64, f64), pad: f64) -> String {
    let inner = body.find('>').map_or("", |end| &body[end + 1..]);
    let (title, alt) = (xml(&drawing.title), xml(&drawing.alt));
    let (wide, high) = (width + 2.0 * pad, height + 2.0 * pad);
    let (w, h, x, y) = (wide * PIXELS, high * PIXELS, wide * 10.0, high * 10.0);
    let corner = if pad > 0.0 { -pad * 10.0 } else { 0.0 };
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w:.0}\" height=\"{h:.0}\" \
         viewBox=\"{corner:.0} {corner:.0} {x:.0} {y:.0}\" role=\"img\" stroke-linejoin=\"round\">\n\
         <title>{title}</title>\n<desc>{alt}</desc>\n\
         <rect x=\"{corner:.0}\" y=\"{corner:.0}\" width=\"{x:.0}\" height=\"{y:.0}\" fill=\"#FFFFFF\"/>{inner}"
    )
}

/// Text as XML character data; characters that XML forbids are left out.
fn xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '\n' => escaped.push(' '),
            c if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') => {}
            c => escaped.push(c),
        }
    }
    escaped
}

/// The picture of an SVG at twice its size in CSS pixels.
pub(crate) fn png(svg: &str, figure: &str, typeface: &Typeface) -> Result<Vec<u8>, ReportError> {
    let refuse = |reason: String| ReportError::Picture { figure: figure.to_owned(), reason };
    let options = usvg::Options {
        font_family: crate::fonts::FAMILY.to_owned(),
        fontdb: typeface.rasteriser(),
        ..usvg::Options::default()
    };
    let tree = usvg::Tree::from_str(svg, &options).map_err(|error| refuse(error.to_string()))?;
    let size = tree.size().to_int_size().scale_by(ZOOM);
    let mut pixels = size
        .and_then(|size| tiny_skia::Pixmap::new(size.width(), size.height()))
        .ok_or_else(|| refuse("it has no size".to_owned()))?;
    let zoom = tiny_skia::Transform::from_scale(ZOOM, ZOOM);
    resvg::render(&tree, zoom, &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| refuse(error.to_string()))
}
