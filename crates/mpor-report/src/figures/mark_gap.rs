//! P&L from marks against P&L from the fitted surface: where can a loss that is valued on the surface be trusted?

use mpor_core::{Column, Table};

use super::Figure;
use crate::drawing::{Axis, Drawing, Layer, Panel, Shared, Size};
use crate::error::ReportError;
use crate::evidence::Evidence;
use crate::input::{MARK_GAP_DAYS, MARK_GAP_DEVIATIONS, MarkGap};

/// See the module.
pub struct MarkGapFigure;

/// Basis points in one.
const BASIS_POINTS: f64 = 10_000.0;

impl Figure for MarkGapFigure {
    fn id(&self) -> &'static str {
        "mark-gap"
    }

    fn question(&self) -> &'static str {
        "How far is the P&L of the surface from the P&L of the marks?"
    }

    fn build(&self, evidence: &Evidence<'_>) -> Result<Vec<Drawing>, ReportError> {
        let Some(gap) = &evidence.input.mark_gap else { return Ok(Vec::new()) };
        let count: usize = gap.counts.iter().flatten().sum();
        Ok(vec![Drawing {
            id: self.id().to_owned(),
            title: "P&L from marks less P&L from the surface".to_owned(),
            caption: format!(
                "Root mean square over {count} listed options and margin periods with a mark at both ends, in basis points of the \
                 underlying's price; by days to expiry (rows) and strike in standard deviations from the forward (columns)."
            ),
            reading: "A small number means that the fitted surface moved as the venue's marks did. Where it is large, losses \
                      of options without a mark are uncertain by about as much."
                .to_owned(),
            alt: format!("Heat map of the difference by tenor and moneyness over {count} options."),
            size: Size::page(26.0 * gap.rms.len() as f64),
            columns: 1,
            panels: vec![panel(gap)],
            shared: Shared::Nothing,
            row_titles: Vec::new(),
            key: Vec::new(),
            source: source(gap)?,
        }])
    }
}

fn panel(gap: &MarkGap) -> Panel {
    let values: Vec<Vec<f64>> =
        gap.rms.iter().map(|row| row.iter().map(|rms| rms * BASIS_POINTS).collect()).collect();
    let text = |(bp, count): (&f64, &usize)| match count {
        0 => "none".to_owned(),
        _ => format!("{bp:.1}"),
    };
    let texts = values
        .iter()
        .zip(&gap.counts)
        .map(|(row, counts)| row.iter().zip(counts).map(text).collect())
        .collect();
    Panel {
        title: String::new(),
        x: Axis::names(classes(&MARK_GAP_DEVIATIONS)).titled("strike, standard deviations"),
        y: Axis::names(classes(&MARK_GAP_DAYS)).titled("days to expiry"),
        layers: vec![Layer::Cells { values, texts, marked: None }],
    }
}

/// Names of the classes between bounds.
pub(super) fn classes(bounds: &[f64]) -> Vec<String> {
    let (first, last) = (bounds[0], bounds[bounds.len() - 1]);
    let mut names = vec![format!("up to {first}")];
    names.extend(bounds.windows(2).map(|pair| format!("{} to {}", pair[0], pair[1])));
    names.push(format!("above {last}"));
    names
}

fn source(gap: &MarkGap) -> Result<Table, ReportError> {
    let (days, deviations) = (classes(&MARK_GAP_DAYS), classes(&MARK_GAP_DEVIATIONS));
    let cells = || {
        let columns = deviations.len();
        (0..days.len() * columns).map(move |at| (at / columns, at % columns))
    };
    Ok(Table::new(
        "mark-gap",
        [
            ("days", Column::texts(cells().map(|(row, _)| days[row].clone()))),
            ("deviations", Column::texts(cells().map(|(_, column)| deviations[column].clone()))),
            ("options", Column::counts(cells().map(|(row, column)| gap.counts[row][column]))),
            ("rms", Column::numbers(cells().map(|(row, column)| gap.rms[row][column]))),
            ("worst", Column::numbers(cells().map(|(row, column)| gap.worst[row][column]))),
        ],
    )?)
}
