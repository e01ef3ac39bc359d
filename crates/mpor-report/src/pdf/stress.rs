//! The short document of a stress test: the answer, tables and figures, what must be known.

use serde::Serialize;

use super::grid::{Cell, Grid, figures, words};
use super::{data, options, printable, world};
use crate::draw::{self, Setting};
use crate::drawing::Drawing;
use crate::error::ReportError;
use crate::fonts::Typeface;
use crate::text::{breakable, name};
use typst_layout::PagedDocument;
use world::Pages;

const TEMPLATE: &str = include_str!("stress.typ");

/// Words and tables of the document.
#[derive(Clone, Debug, Default)]
pub struct StressPages {
    /// Name of the study.
    pub study: String,
    /// What the study asks.
    pub description: String,
    /// The answer in a sentence.
    pub verdict: String,
    /// Margin date, for the document's date.
    pub time: mpor_core::Timestamp,
    /// Facts by name.
    pub facts: Vec<(String, String)>,
    /// Tables, in order.
    pub tables: Vec<StressTable>,
    /// Remarks.
    pub notes: Vec<String>,
    /// Version of mpor.
    pub version: String,
}

/// A table under its title.
#[derive(Clone, Debug, Default)]
pub struct StressTable {
    /// Title.
    pub title: String,
    /// The figure that belongs above it, by its id; empty for none.
    pub figure: String,
    /// Columns: title, and whether it holds numbers.
    pub columns: Vec<(String, bool)>,
    /// Cells, row by row.
    pub rows: Vec<Vec<String>>,
    /// What must be said under it; empty for nothing.
    pub note: String,
}

#[derive(Serialize)]
struct Document<'a> {
    plain_title: String,
    study: String,
    description: String,
    verdict: String,
    facts: &'a [(String, String)],
    sections: Vec<Section>,
    notes: Vec<String>,
    figures: Vec<data::Picture>,
    version: &'a str,
}

#[derive(Serialize)]
struct Section {
    title: String,
    figure: String,
    table: Grid,
}

/// Typesets the document.
pub(crate) fn render(pages: &StressPages, drawings: &[Drawing]) -> Result<Vec<u8>, ReportError> {
    let typeface = Typeface::load()?;
    let pictures: Result<Vec<Vec<u8>>, ReportError> = drawings
        .iter()
        .map(|drawing| Ok(draw::svg(drawing, &typeface, Setting::Page)?.into_bytes()))
        .collect();
    let shown: Vec<&Drawing> = drawings.iter().collect();
    let document = Document {
        plain_title: format!("{}: stress test", pages.study),
        study: breakable(&pages.study),
        description: breakable(&pages.description),
        verdict: breakable(&pages.verdict),
        facts: &pages.facts,
        sections: pages.tables.iter().map(section).collect(),
        notes: pages.notes.iter().map(|note| breakable(note)).collect(),
        figures: shown.iter().enumerate().map(data::picture).collect(),
        version: &pages.version,
    };
    let json = serde_json::to_vec(&printable(serde_json::to_value(document)?, &typeface))?;
    let pages_of = Pages::of(TEMPLATE, json, pictures?, &typeface)?;
    let typeset = typst::compile::<PagedDocument>(&pages_of).output;
    let typeset = typeset.map_err(|errors| world::refused(&errors))?;
    typst_pdf::pdf(&typeset, &options(Some(pages.time))?).map_err(|errors| world::refused(&errors))
}

fn section(table: &StressTable) -> Section {
    let columns = table.columns.iter().map(|(title, number)| match number {
        true => figures(title.as_str()),
        false => words(title.as_str(), 1.0),
    });
    let cell = |(text, (_, number)): (&String, &(String, bool))| -> Cell {
        if *number { text.as_str().into() } else { name(text).into() }
    };
    let row = |row: &Vec<String>| row.iter().zip(&table.columns).map(cell).collect();
    let grid = Grid {
        columns: columns.collect(),
        rows: table.rows.iter().map(row).collect(),
        note: table.note.clone(),
    };
    Section { title: table.title.clone(), figure: table.figure.clone(), table: grid }
}
