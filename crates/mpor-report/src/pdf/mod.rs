//! The report as a PDF: typeset in process by typst from an embedded template, with every word and number handed over
//! as data, never as markup. The document is PDF/A-2a and PDF/UA-1: archivable, tagged, with alternative texts.

mod coverage_tests;
mod data;
mod evidence;
mod grid;
mod inputs;
mod oracle;
pub(crate) mod stress;
mod tables;
mod world;

use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

use crate::draw::{self, Setting};
use crate::drawing::Drawing;
use crate::error::ReportError;
use crate::evidence::Evidence;
use crate::fonts::Typeface;
use world::Pages;

/// Typesets the report.
pub(crate) fn render(
    evidence: &Evidence<'_>,
    drawings: &[Drawing],
    typeface: &Typeface,
) -> Result<Vec<u8>, ReportError> {
    let shown = data::shown(drawings);
    let pictures: Result<Vec<Vec<u8>>, ReportError> = shown
        .iter()
        .map(|drawing| Ok(draw::svg(drawing, typeface, Setting::Page)?.into_bytes()))
        .collect();
    let report = serde_json::to_value(data::report(evidence, &shown))?;
    let json = serde_json::to_vec(&printable(report, typeface))?;
    let pages = Pages::new(json, pictures?, typeface)?;
    let typeset = typst::compile::<PagedDocument>(&pages).output;
    let document = typeset.map_err(|errors| world::refused(&errors))?;
    typst_pdf::pdf(&document, &options(evidence.result().times.last().copied())?)
        .map_err(|errors| world::refused(&errors))
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

fn options(last: Option<mpor_core::Timestamp>) -> Result<PdfOptions, ReportError> {
    let standards = PdfStandards::new(&[PdfStandard::A_2a, PdfStandard::Ua_1])
        .map_err(|error| ReportError::Typeset(error.message().to_string()))?;
    Ok(PdfOptions { standards, timestamp: last.and_then(timestamp), ..PdfOptions::default() })
}

/// The last margin date: PDF/A wants a date, and a clock would change the bytes of every run.
fn timestamp(last: mpor_core::Timestamp) -> Option<Timestamp> {
    use chrono::{Datelike, Timelike};
    let last = last.utc();
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
