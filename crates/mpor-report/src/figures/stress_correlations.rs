//! Correlations in calm and in stress, side by side: what came loose, and what came together?

use mpor_core::{Column, Table};

use super::stress::left_out;
use crate::drawing::{Axis, Drawing, Ink, KeyEntry, KeyMark, Layer, Panel, Shared, Size};
use crate::error::ReportError;

/// Most factors that a map has room for.
const MOST_FACTORS: usize = 12;
/// Factors up to which two maps stand beside each other.
const MOST_BESIDE: usize = 6;

/// One matrix.
#[derive(Clone, Debug)]
pub struct Heat {
    /// What it is of, and when.
    pub title: String,
    /// Correlations by row and column.
    pub values: Vec<Vec<f64>>,
}

/// Matrices of the same factors.
#[derive(Clone, Debug)]
pub struct Heats {
    /// Factors.
    pub factors: Vec<String>,
    /// Calm, then stressed.
    pub maps: Vec<Heat>,
    /// How they were estimated.
    pub estimator: String,
}

/// The maps.
pub(super) fn drawing(heats: &Heats) -> Result<Drawing, ReportError> {
    let shown = heats.factors.len().min(MOST_FACTORS);
    let block = |ink, text: &str| KeyEntry { ink, mark: KeyMark::Block, text: text.to_owned() };
    Ok(Drawing {
        id: "stress-correlations".to_owned(),
        title: "Correlations in calm and in stress".to_owned(),
        caption: format!(
            "Correlations of one-step moves, estimator: {}.{}",
            heats.estimator,
            left_out("factor", "factors", shown, heats.factors.len())
        ),
        reading: "A pair that is pale in calm and deep in stress is a hedge, or a diversification, that was there only while it \
                  was not needed."
            .to_owned(),
        alt: format!(
            "Two heat maps of the correlations of {}.",
            heats.factors[..shown].join(", ")
        ),
        size: Size::page((16.0 * shown as f64).clamp(50.0, 200.0)),
        columns: if shown <= MOST_BESIDE { heats.maps.len().max(1) } else { 1 },
        panels: heats.maps.iter().map(|heat| panel(heats, heat, shown)).collect(),
        shared: Shared::Nothing,
        row_titles: Vec::new(),
        key: vec![
            block(Ink::Breach, "against each other"),
            block(Ink::Requirement, "with each other"),
        ],
        source: source(heats)?,
    })
}

fn panel(heats: &Heats, heat: &Heat, shown: usize) -> Panel {
    // Columns are told by the numbers of their rows: names have no room under them.
    let numbered = heats.factors[..shown].iter().zip(1..);
    let names = numbered.map(|(name, number)| format!("{name} ({number})")).collect();
    let numbers = (1..=shown).map(|number| format!("({number})")).collect();
    let rows = || heat.values[..shown].iter().map(|row| &row[..shown]);
    let text = |value: &f64| format!("{value:.2}");
    let texts = rows().map(|row| row.iter().map(text).collect()).collect();
    Panel {
        title: heat.title.clone(),
        x: Axis::names(numbers),
        y: Axis::names(names),
        layers: vec![Layer::Cells {
            values: rows().map(<[f64]>::to_vec).collect(),
            texts,
            marked: None,
        }],
    }
}

fn source(heats: &Heats) -> Result<Table, ReportError> {
    let n = heats.factors.len();
    let cells = || {
        heats.maps.iter().flat_map(move |heat| {
            (0..n).flat_map(move |row| (0..n).map(move |column| (heat, row, column)))
        })
    };
    Ok(Table::new(
        "stress-correlations",
        [
            ("state", Column::texts(cells().map(|cell| cell.0.title.as_str()))),
            ("factor", Column::texts(cells().map(|cell| heats.factors[cell.1].as_str()))),
            ("other", Column::texts(cells().map(|cell| heats.factors[cell.2].as_str()))),
            ("correlation", Column::numbers(cells().map(|(heat, r, c)| heat.values[r][c]))),
        ],
    )?)
}
