//! A report as chapters of blocks: what the PDF and the page for browsers both show, in the same words.
//!
//! Everything is text by now: a renderer lays out and computes nothing.

pub(crate) mod grid;

use mpor_core::Timestamp;
use serde::Serialize;

use crate::drawing::Drawing;
use crate::text::{breakable, elide};
use grid::Grid;

/// Whom a report is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Everything, for those who work with the models.
    Report,
    /// Two pages for a committee.
    Summary,
    /// For a validator or supervisor.
    Validation,
    /// What stress would take on one margin date.
    Stress,
    /// Which parameters of a model were chosen.
    Calibration,
}

impl Kind {
    /// Its name, and that of its files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Report | Kind::Stress | Kind::Calibration => "report",
            Kind::Summary => "summary",
            Kind::Validation => "validation",
        }
    }

    /// What stands above its title.
    pub(crate) fn kicker(self) -> &'static str {
        match self {
            Kind::Report => "Margin backtest",
            Kind::Summary => "Margin backtest: summary",
            Kind::Validation => "Margin model validation",
            Kind::Stress => "Stress test",
            Kind::Calibration => "Margin calibration",
        }
    }
}

/// One report.
#[derive(Debug, Serialize)]
pub(crate) struct Document {
    /// What stands above the title, and in the running head.
    pub kicker: String,
    /// For the document's properties: without places to break.
    pub plain_title: String,
    /// The answer, for the document's properties.
    pub plain_answer: String,
    pub short_title: String,
    /// Version of mpor; may be empty.
    pub version: String,
    pub chapters: Vec<Chapter>,
    /// Date of the document: the last margin date, because a clock would change the bytes of every run.
    #[serde(skip)]
    pub time: Option<Timestamp>,
}

/// One part of a report under a heading.
#[derive(Debug, Serialize)]
pub(crate) struct Chapter {
    pub id: &'static str,
    /// The heading; empty for none.
    pub title: String,
    /// Whether it begins a page.
    pub new_page: bool,
    pub blocks: Vec<Block>,
}

/// What a chapter is made of.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum Block {
    /// The title of the report and what the study's author says of it.
    Title { title: String, description: String },
    /// The question and its answer.
    Answer { question: String, answer: String },
    /// A heading of second order.
    Heading { text: String },
    /// A paragraph.
    Text { text: String },
    /// A remark in small print.
    Note { text: String },
    /// Points.
    List { items: Vec<String> },
    /// Names and values: in two columns, or in one with the values in a monospaced face.
    Facts { rows: Vec<(String, String)>, code: bool },
    /// A table; a small one is set smaller.
    Table { grid: Grid, small: bool },
    /// A figure.
    Figure(Picture),
    /// A figure that closes the first page of a PDF where there is room.
    FirstPage(Picture),
    /// The same figure where there was none.
    ElseHere(Picture),
    /// Models, side by side.
    Cards { cards: Vec<Card> },
}

/// A figure and what stands around it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Picture {
    pub id: String,
    /// Position in the drawings.
    pub number: usize,
    pub title: String,
    pub caption: String,
    pub reading: String,
    pub alt: String,
}

/// A model as the page describes it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Card {
    pub name: String,
    pub kind: String,
    pub summary: String,
    /// Rule set and versions in force.
    pub rules: Vec<String>,
    pub parameters: Vec<(String, String)>,
    pub modelled: Vec<String>,
}

impl Picture {
    pub fn of((number, drawing): (usize, &Drawing)) -> Self {
        Picture {
            id: drawing.id.clone(),
            number,
            title: breakable(&elide(&drawing.title, 140)),
            caption: breakable(&drawing.caption),
            reading: drawing.reading.clone(),
            alt: elide(&drawing.alt, 1_200),
        }
    }
}

impl Block {
    pub fn heading(text: &str) -> Self {
        Block::Heading { text: text.to_owned() }
    }

    pub fn note(text: impl Into<String>) -> Self {
        Block::Note { text: text.into() }
    }

    /// A table; nothing for one that has neither rows nor a note.
    pub fn table(grid: Grid) -> Option<Self> {
        let empty = grid.rows.is_empty() && grid.note.is_empty();
        (!empty).then_some(Block::Table { grid, small: false })
    }

    /// The same in a smaller size.
    pub fn small_table(grid: Grid) -> Option<Self> {
        let empty = grid.rows.is_empty() && grid.note.is_empty();
        (!empty).then_some(Block::Table { grid, small: true })
    }

    /// The figure that it shows.
    pub fn picture(&self) -> Option<&Picture> {
        match self {
            Block::Figure(picture) | Block::FirstPage(picture) | Block::ElseHere(picture) => {
                Some(picture)
            }
            _ => None,
        }
    }
}

impl Document {
    /// Positions of the drawings that it shows, in order and once each.
    pub fn drawings(&self) -> Vec<usize> {
        let blocks = self.chapters.iter().flat_map(|chapter| &chapter.blocks);
        let mut shown: Vec<usize> =
            blocks.filter_map(Block::picture).map(|picture| picture.number).collect();
        shown.sort_unstable();
        shown.dedup();
        shown
    }
}
