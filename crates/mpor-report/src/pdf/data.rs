//! What the template prints, in the order of its pages. Everything is text by now.

use serde::Serialize;

use super::grid::Grid;
use super::inputs::{self, Card};
use super::oracle::{self, Fault};
use super::{coverage_tests, evidence as further, tables, world};
use crate::drawing::Drawing;
use crate::evidence::Evidence;
use crate::format::{count, counted, short_percent};
use crate::story;
use crate::text::{breakable, elide, name};

/// The document.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// For the document's properties: without places to break.
    pub plain_title: String,
    pub plain_answer: String,
    pub title: String,
    pub short_title: String,
    pub question: String,
    pub description: String,
    pub facts: Vec<(String, String)>,
    pub answer: String,
    pub verdicts: Grid,
    pub story: Vec<String>,
    pub figures: Vec<Picture>,
    pub tests: Grid,
    pub test_remarks: Vec<String>,
    pub evidence: Vec<further::Section>,
    pub ledger: Grid,
    pub procyclicality: Grid,
    pub oracle: Vec<Fault>,
    pub history: Grid,
    pub findings: Grid,
    pub cards: Vec<Card>,
    pub limitations: Vec<String>,
    pub manifest: Vec<(String, String)>,
    pub hashes: Grid,
    pub version: String,
}

/// A figure and what stands around it.
#[derive(Debug, Serialize)]
pub(super) struct Picture {
    pub id: String,
    pub file: String,
    pub title: String,
    pub caption: String,
    pub reading: String,
    pub alt: String,
}

/// The figures that have a place in the document: all but the single models' own.
pub(super) fn shown(drawings: &[Drawing]) -> Vec<&Drawing> {
    let alone = |drawing: &&Drawing| {
        let number = drawing.id.strip_prefix("margin-loss-");
        number.is_none_or(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    drawings.iter().filter(alone).collect()
}

pub(super) fn report(evidence: &Evidence<'_>, shown: &[&Drawing]) -> Report {
    let study = &evidence.input.study;
    let title = if study.name.trim().is_empty() { "Unnamed study" } else { &study.name };
    let asked = study.question.trim();
    let answer = story::answer(evidence);
    Report {
        plain_title: elide(title, 160),
        plain_answer: answer.clone(),
        title: breakable(&elide(title, 160)),
        short_title: elide(title, 60),
        question: breakable(if asked.is_empty() { "Was the margin enough?" } else { asked }),
        description: breakable(&study.description),
        facts: facts(evidence),
        answer: breakable(&answer),
        verdicts: tables::verdicts(evidence),
        story: story::story(evidence).iter().map(|text| breakable(text)).collect(),
        figures: shown.iter().enumerate().map(picture).collect(),
        tests: coverage_tests::tests(evidence),
        test_remarks: coverage_tests::test_remarks(evidence)
            .iter()
            .map(|text| breakable(text))
            .collect(),
        evidence: further::sections(evidence),
        ledger: tables::ledger(evidence),
        procyclicality: tables::procyclicality(evidence),
        oracle: oracle::faults(evidence),
        history: inputs::history(evidence),
        findings: inputs::findings(evidence),
        cards: inputs::cards(evidence),
        limitations: story::limitations(evidence).iter().map(|text| breakable(text)).collect(),
        manifest: manifest(evidence),
        hashes: inputs::hashes(evidence),
        version: evidence.input.manifest.version.clone(),
    }
}

pub(super) fn picture((number, drawing): (usize, &&Drawing)) -> Picture {
    Picture {
        id: drawing.id.clone(),
        file: world::picture_name(number),
        title: breakable(&elide(&drawing.title, 140)),
        caption: breakable(&drawing.caption),
        reading: drawing.reading.clone(),
        alt: elide(&drawing.alt, 1_200),
    }
}

fn facts(evidence: &Evidence<'_>) -> Vec<(String, String)> {
    let (result, study) = (evidence.result(), &evidence.input.study);
    let step = if study.step.is_empty() { String::new() } else { format!(", step {}", study.step) };
    let steps = counted(result.horizon.steps(), "step", "steps");
    let loss = match result.convention {
        mpor_core::LossConvention::Horizon => "at the end of the period",
        mpor_core::LossConvention::Worst => "worst mark within the period",
    };
    [
        ("Period", story::period(evidence)),
        ("Margin dates", format!("{}{step}", count(result.times.len()))),
        ("Calendar", study.calendar.clone()),
        ("Margin period of risk", format!("{} ({steps})", crate::format::duration(result.horizon))),
        ("Loss", loss.to_owned()),
        ("Target coverage", short_percent(result.level.value())),
        (
            "Accounts and models",
            format!(
                "{}, {}",
                counted(result.accounts.len(), "account", "accounts"),
                counted(result.models.len(), "model", "models")
            ),
        ),
        ("Reporting currency", name(&result.currency)),
    ]
    .into_iter()
    .filter(|(_, value)| !value.trim().is_empty())
    .map(|(label, value)| (label.to_owned(), value))
    .collect()
}

fn manifest(evidence: &Evidence<'_>) -> Vec<(String, String)> {
    let manifest = &evidence.input.manifest;
    let seed =
        evidence.input.study.seed.map_or("none: nothing was drawn".to_owned(), |s| s.to_string());
    [
        ("mpor version", manifest.version.clone()),
        ("Command", manifest.command.clone()),
        ("Study (BLAKE3)", manifest.study_hash.clone()),
        ("Seed", seed),
        ("Commit", manifest.git.clone().unwrap_or_default()),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_empty())
    .map(|(label, value)| (label.to_owned(), value))
    .collect()
}
