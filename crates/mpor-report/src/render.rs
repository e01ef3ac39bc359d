//! From an input to files, as bytes.

use mpor_core::Table;
use rayon::prelude::*;

use crate::document::{Document, Kind};
use crate::draw::{self, Setting};
use crate::drawing::Drawing;
use crate::error::ReportError;
use crate::evidence::Evidence;
use crate::fonts::Typeface;
use crate::html::{self, Explorer};
use crate::input::ReportInput;
use crate::{figures, pdf, sections};

/// What to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Each figure as SVG.
    Svg,
    /// Each figure as PNG.
    Png,
    /// The typeset report.
    Pdf,
    /// The report as one page for browsers.
    Html,
}

/// One file.
#[derive(Clone, Debug, PartialEq)]
pub struct Artifact {
    /// Where it goes, relative to the result's folder, with `/`.
    pub path: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// The files of a report.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// Figures, pages and PDFs, in a fixed order.
    pub artifacts: Vec<Artifact>,
    /// The table behind each figure, and where it goes as CSV.
    pub sources: Vec<(String, Table)>,
}

/// Renders a result in the formats asked for. Pure: the same input gives the same bytes.
///
/// # Errors
/// [`ReportError`] when the result does not fit together or holds a number that is not finite, and when a figure or
/// the document cannot be made, which would be a fault of this crate.
pub fn render(input: &ReportInput<'_>, formats: &[Format]) -> Result<Rendered, ReportError> {
    render_about(input, None, formats)
}

/// Like [`render`], with the figures of one account about the named one rather than the one with the largest shortfall.
///
/// # Errors
/// As [`render`], and [`ReportError::NoSuchAccount`].
pub fn render_about(
    input: &ReportInput<'_>,
    account: Option<&str>,
    formats: &[Format],
) -> Result<Rendered, ReportError> {
    render_kinds(input, account, &[Kind::Report], formats)
}

/// Like [`render_about`], for several kinds of readers: `report.pdf`, `summary.pdf`...
///
/// # Errors
/// As [`render_about`].
pub fn render_kinds(
    input: &ReportInput<'_>,
    account: Option<&str>,
    kinds: &[Kind],
    formats: &[Format],
) -> Result<Rendered, ReportError> {
    let evidence = Evidence::gather(input, account)?;
    let typeface = Typeface::load()?;
    let drawings = figures::build_all(&evidence)?;
    let page = formats.contains(&Format::Html);
    let explorer = page.then(|| html::explorer(&evidence)).transpose()?;
    let document = |&kind: &Kind| {
        let document = sections::document(&evidence, &drawings, kind);
        let models: Vec<&str> = input.result.models.iter().map(|m| m.id.as_str()).collect();
        let filters = (models.as_slice(), explorer.as_ref());
        documents(&document, kind, (&drawings, filters), formats, &typeface)
    };
    let (pictures, documents) = rayon::join(
        || pictures(&drawings, formats, &typeface),
        || kinds.par_iter().map(document).collect::<Vec<Result<Vec<Artifact>, ReportError>>>(),
    );
    let mut artifacts = pictures?;
    for files in documents {
        artifacts.extend(files?);
    }
    Ok(Rendered { artifacts, sources: sources(drawings) })
}

/// Names that a page can be filtered by.
type Filters<'a> = (&'a [&'a str], Option<&'a Explorer>);

/// One document as the files asked for.
pub(crate) fn documents(
    document: &Document,
    kind: Kind,
    (drawings, filters): (&[Drawing], Filters<'_>),
    formats: &[Format],
    typeface: &Typeface,
) -> Result<Vec<Artifact>, ReportError> {
    let mut files = Vec::new();
    if formats.contains(&Format::Html) {
        let bytes = html::render(document, drawings, filters, typeface)?;
        files.push(Artifact { path: format!("{}.html", kind.name()), bytes });
    }
    if formats.contains(&Format::Pdf) {
        let bytes = pdf::render(document, drawings, typeface)?;
        files.push(Artifact { path: format!("{}.pdf", kind.name()), bytes });
    }
    Ok(files)
}

/// Drawings that belong to no report, with the tables behind them. Pure: the same drawings give the same bytes.
///
/// # Errors
/// [`ReportError`] when a figure cannot be drawn.
pub fn render_drawings(
    drawings: Vec<Drawing>,
    formats: &[Format],
) -> Result<Rendered, ReportError> {
    let artifacts = pictures(&drawings, formats, &Typeface::load()?)?;
    Ok(Rendered { artifacts, sources: sources(drawings) })
}

/// The tables behind drawings, and where they go.
fn sources(drawings: Vec<Drawing>) -> Vec<(String, Table)> {
    drawings.into_iter().map(|d| (format!("figures/{}.csv", d.id), d.source)).collect()
}

/// The figures' files, in the order of the drawings.
fn pictures(
    drawings: &[Drawing],
    formats: &[Format],
    typeface: &Typeface,
) -> Result<Vec<Artifact>, ReportError> {
    let (svg, png) = (formats.contains(&Format::Svg), formats.contains(&Format::Png));
    if !svg && !png {
        return Ok(Vec::new());
    }
    let all: Result<Vec<Vec<Artifact>>, ReportError> =
        drawings.par_iter().map(|drawing| picture(drawing, (svg, png), typeface)).collect();
    Ok(all?.concat())
}

fn picture(
    drawing: &Drawing,
    (svg, png): (bool, bool),
    typeface: &Typeface,
) -> Result<Vec<Artifact>, ReportError> {
    let text = draw::svg(drawing, typeface, Setting::Alone)?;
    let mut files = Vec::new();
    if png {
        let bytes = draw::png(&text, &drawing.id, typeface)?;
        files.push(Artifact { path: format!("figures/{}.png", drawing.id), bytes });
    }
    if svg {
        let path = format!("figures/{}.svg", drawing.id);
        files.push(Artifact { path, bytes: text.into_bytes() });
    }
    Ok(files)
}
