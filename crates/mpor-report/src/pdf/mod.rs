//! The report as a PDF: typeset in process by typst from an embedded template, with every word and number handed over
//! as data, never as markup. The document is PDF/A-2a and PDF/UA-1: archivable, tagged, with alternative texts.

mod world;

use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

use crate::document::Document;
use crate::draw::{self, Setting};
use crate::drawing::Drawing;
use crate::error::ReportError;
use crate::fonts::Typeface;
use world::Pages;

/// Typesets a document.
pub(crate) fn render(
    document: &Document,
    drawings: &[Drawing],
    typeface: &Typeface,
) -> Result<Vec<u8>, ReportError> {
    let picture = |number: usize| match drawings.get(number) {
        Some(drawing) => Ok((number, draw::svg(drawing, typeface, Setting::Page)?.into_bytes())),
        None => Err(ReportError::Typeset(format!("there is no figure {number}"))),
    };
    let pictures: Result<Vec<(usize, Vec<u8>)>, ReportError> =
        document.drawings().into_iter().map(picture).collect();
    let data = serde_json::to_value(document)?;
    let json = serde_json::to_vec(&printable(data, typeface))?;
    let pages = Pages::new(json, pictures?, typeface)?;
    let typeset = typst::compile::<PagedDocument>(&pages).output;
    let typeset = typeset.map_err(|errors| world::refused(&errors))?;
    typst_pdf::pdf(&typeset, &options(document)?).map_err(|errors| world::refused(&errors))
}

/// All strings of the data as the typeface can show them.
fn printable(value: serde_json::Value, typeface: &Typeface) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::String(text) => Value::String(crate::text::printable_on_page(&text, typeface)),
        Value::Array(items) => {
            Value::Array(items.into_iter().map(|item| printable(item, typeface)).collect())
        }
        Value::Object(fields) => Value::Object(
            fields.into_iter().map(|(name, field)| (name, printable(field, typeface))).collect(),
        ),
        other => other,
    }
}

fn options(document: &Document) -> Result<PdfOptions, ReportError> {
    let standards = PdfStandards::new(&[PdfStandard::A_2a, PdfStandard::Ua_1])
        .map_err(|error| ReportError::Typeset(error.message().to_string()))?;
    Ok(PdfOptions { standards, timestamp: timestamp(document), ..PdfOptions::default() })
}

/// The document's own date: PDF/A wants one, and a clock would change the bytes of every run.
fn timestamp(document: &Document) -> Option<Timestamp> {
    use chrono::{Datelike, Timelike};
    let last = document.time?.utc();
    let small = |number: u32| u8::try_from(number).ok();
    let date = typst::foundations::Datetime::from_ymd_hms(
        last.year(),
        small(last.month())?,
        small(last.day())?,
        small(last.hour())?,
        small(last.minute())?,
        small(last.second())?,
    )?;
    Some(Timestamp::new_utc(date))
}
