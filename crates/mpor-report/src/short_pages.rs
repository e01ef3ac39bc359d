//! The short document of a stress test or a calibration: the answer, tables and figures, what must be known.

use crate::document::grid::{Cell, Grid, figures, words};
use crate::document::{Block, Chapter, Document, Kind, Picture};
use crate::drawing::Drawing;
use crate::text::{breakable, elide, name};

/// Anchors of the chapters that hold tables, in order, so that each link of a page finds its own.
const ANCHORS: [&str; 10] = [
    "table-1", "table-2", "table-3", "table-4", "table-5", "table-6", "table-7", "table-8",
    "table-9", "table-10",
];

/// Words and tables of the document.
#[derive(Clone, Debug, Default)]
pub struct ShortPages {
    /// Name of the study.
    pub study: String,
    /// What the study asks.
    pub description: String,
    /// The answer in a sentence.
    pub verdict: String,
    /// Margin date, the last one of several, for the document's date.
    pub time: mpor_core::Timestamp,
    /// Facts by name.
    pub facts: Vec<(String, String)>,
    /// Tables, in order.
    pub tables: Vec<ShortTable>,
    /// Remarks.
    pub notes: Vec<String>,
    /// Version of mpor.
    pub version: String,
}

/// A table under its title.
#[derive(Clone, Debug, Default)]
pub struct ShortTable {
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

/// The document: the answer, a chapter a table with its figure above it where either is there, what must be known.
pub(crate) fn document(kind: Kind, pages: &ShortPages, drawings: &[Drawing]) -> Document {
    let question = match kind {
        Kind::Calibration => "Which parameters cover what was asked for, and at what cost?",
        _ => "What would stress take, and was there margin for it?",
    };
    let mut first = vec![
        Block::Title { title: breakable(&pages.study), description: breakable(&pages.description) },
        Block::Answer { question: question.to_owned(), answer: breakable(&pages.verdict) },
    ];
    if !pages.facts.is_empty() {
        first.push(Block::Facts { rows: pages.facts.clone(), code: false });
    }
    let mut chapters = vec![chapter("answer", "", first)];
    chapters.extend(pages.tables.iter().enumerate().filter_map(|(at, table)| {
        let numbered = drawings.iter().enumerate().find(|(_, one)| one.id == table.figure);
        let figure = numbered.map(|one| Block::Figure(Picture::of(one)));
        let blocks: Vec<Block> =
            figure.into_iter().chain(Block::small_table(grid(table))).collect();
        // A heading over nothing: its figure was not drawn.
        (!blocks.is_empty())
            .then(|| chapter(ANCHORS[at.min(ANCHORS.len() - 1)], &table.title, blocks))
    }));
    let items: Vec<String> = pages.notes.iter().map(|note| breakable(note)).collect();
    if !items.is_empty() {
        chapters.push(chapter("known", "What must be known", vec![Block::List { items }]));
    }
    Document {
        kicker: kind.kicker().to_owned(),
        plain_title: format!("{}: {}", pages.study, kind.kicker().to_lowercase()),
        plain_answer: pages.verdict.clone(),
        short_title: elide(&pages.study, 60),
        version: pages.version.clone(),
        chapters,
        time: Some(pages.time),
    }
}

fn chapter(id: &'static str, title: &str, blocks: Vec<Block>) -> Chapter {
    Chapter { id, title: title.to_owned(), new_page: false, blocks }
}

fn grid(table: &ShortTable) -> Grid {
    let columns = table.columns.iter().map(|(title, number)| match number {
        true => figures(title.as_str()),
        false => words(title.as_str(), 1.0),
    });
    let cell = |(text, (_, number)): (&String, &(String, bool))| -> Cell {
        if *number { text.as_str().into() } else { name(text).into() }
    };
    let row = |row: &Vec<String>| row.iter().zip(&table.columns).map(cell).collect();
    Grid {
        columns: columns.collect(),
        rows: table.rows.iter().map(row).collect(),
        note: table.note.clone(),
    }
}
