//! The objective of a calibration over two parameters: is the chosen point at the bottom of a valley or on a cliff?

use mpor_core::{Column, Table};

use crate::drawing::{Axis, Drawing, Ink, KeyEntry, KeyMark, Layer, Panel, Shared, Size};
use crate::error::ReportError;

/// The objective on a grid of two parameters, all others at their chosen values.
#[derive(Clone, Debug)]
pub struct CalibrationMap {
    /// Parameter of the columns, and its values written out.
    pub columns: (String, Vec<String>),
    /// Parameter of the rows, and its values written out, from the top.
    pub rows: (String, Vec<String>),
    /// Objective by row and column, share of gross notional; `None` where it is not defined.
    pub objective: Vec<Vec<Option<f64>>>,
    /// Whether the constraint is met, by row and column.
    pub feasible: Vec<Vec<bool>>,
    /// The chosen cell, row then column.
    pub chosen: (usize, usize),
}

/// The drawing of a map.
pub(super) fn drawing(map: &CalibrationMap) -> Result<Drawing, ReportError> {
    let (row, column) = map.chosen;
    let best = map.objective[row][column].unwrap_or(0.0);
    let signed = |cell: (&Option<f64>, &bool)| {
        let excess = cell.0.map_or(0.0, |objective| objective - best);
        if *cell.1 { excess.abs() } else { -excess.abs() }
    };
    let zipped = || map.objective.iter().zip(&map.feasible);
    let values = zipped().map(|(o, f)| o.iter().zip(f).map(signed).collect()).collect();
    let texts = zipped().map(|(o, f)| o.iter().zip(f).map(text).collect()).collect();
    let (columns, rows) = (&map.columns, &map.rows);
    let entry = |ink, text: &str| KeyEntry { ink, mark: KeyMark::Block, text: text.to_owned() };
    Ok(Drawing {
        id: "calibration-map".to_owned(),
        title: format!("What is minimised, by {} and {}", columns.0, rows.0),
        caption: "In each cell: weighted cost and calm in percent of gross notional. The colour is deeper the further that is from \
                  the outlined cell; a number in brackets does not cover."
            .to_owned(),
        reading: "The outlined cell is the cheapest that covers. Where the cells around it differ little, the choice \
                  between them is the history's accident."
            .to_owned(),
        alt: format!(
            "Heat map over {} values of {} and {} values of {}. Outlined: {} = {}, {} = {}.",
            columns.1.len(),
            columns.0,
            rows.1.len(),
            rows.0,
            columns.0,
            columns.1[column],
            rows.0,
            rows.1[row]
        ),
        size: Size::page((16.0 * rows.1.len() as f64).clamp(60.0, 300.0)),
        columns: 1,
        panels: vec![Panel {
            title: String::new(),
            x: Axis::names(columns.1.clone()).titled(&columns.0),
            y: Axis::names(rows.1.clone()).titled(&rows.0),
            layers: vec![Layer::Cells { values, texts, marked: Some(map.chosen) }],
        }],
        shared: Shared::Nothing,
        row_titles: Vec::new(),
        key: vec![entry(Ink::Breach, "does not cover"), entry(Ink::Requirement, "covers")],
        source: source(map)?,
    })
}

/// The percentage of a cell, in brackets where the constraint is not met.
fn text((objective, feasible): (&Option<f64>, &bool)) -> String {
    match objective.map(|objective| 100.0 * objective) {
        None => String::new(),
        Some(percent) if *feasible => format!("{percent:.1}"),
        Some(percent) => format!("({percent:.1})"),
    }
}

fn source(map: &CalibrationMap) -> Result<Table, ReportError> {
    let cells = || {
        let rows = map.rows.1.iter().enumerate();
        rows.flat_map(|(row, y)| map.columns.1.iter().enumerate().map(move |(c, x)| (row, c, x, y)))
    };
    let flags = cells().map(|(row, column, ..)| Some(map.feasible[row][column])).collect();
    Ok(Table::new(
        "calibration-map",
        [
            (map.columns.0.clone(), Column::texts(cells().map(|cell| cell.2.as_str()))),
            (map.rows.0.clone(), Column::texts(cells().map(|cell| cell.3.as_str()))),
            (
                "objective".to_owned(),
                Column::Number(cells().map(|(row, c, ..)| map.objective[row][c]).collect()),
            ),
            ("feasible".to_owned(), Column::Flag(flags)),
        ],
    )?)
}
