//! How well do the fitted surfaces meet the quotes that they were fitted to?

use mpor_core::{Column, Table};

use super::Figure;
use crate::drawing::{Axis, Drawing, Layer, Panel, Shared, Size};
use crate::error::ReportError;
use crate::evidence::Evidence;
use crate::figures::mark_gap::classes;
use crate::input::{MARK_GAP_DAYS, SurfaceFit};

/// See the module.
pub struct SurfaceFitFigure;

/// Volatility points in one.
const POINTS: f64 = 100.0;

impl Figure for SurfaceFitFigure {
    fn id(&self) -> &'static str {
        "surface-fit"
    }

    fn question(&self) -> &'static str {
        "How well do the surfaces meet their quotes?"
    }

    fn build(&self, evidence: &Evidence<'_>) -> Result<Vec<Drawing>, ReportError> {
        let Some(fit) = &evidence.input.surface_fit else { return Ok(Vec::new()) };
        let slices: usize = fit.slices.iter().flatten().sum();
        Ok(vec![Drawing {
            id: self.id().to_owned(),
            title: "Error of the fitted volatilities".to_owned(),
            caption: format!(
                "Root mean square error in volatility points over {slices} fitted expiries, by days to expiry (rows) and underlying \
                 (columns); beside it the mean share of quotes that the fit meets between bid and offer."
            ),
            reading: "A surface free of arbitrage cannot meet every quote. Errors beyond the width of bid and offer mean \
                      that options without a mark are valued with about that uncertainty. Each expiry of each snapshot is a \
                      row of the result table surfaces."
                .to_owned(),
            alt: format!("Heat map of the fit error by tenor and underlying over {slices} expiries."),
            size: Size::page(26.0 * fit.rms.len() as f64),
            columns: 1,
            panels: vec![panel(fit)],
            shared: Shared::Nothing,
            row_titles: Vec::new(),
            key: Vec::new(),
            source: source(fit)?,
        }])
    }
}

fn panel(fit: &SurfaceFit) -> Panel {
    let values: Vec<Vec<f64>> =
        fit.rms.iter().map(|row| row.iter().map(|rms| rms * POINTS).collect()).collect();
    let text = |row: usize, column: usize| match (fit.slices[row][column], fit.within[row][column])
    {
        (0, _) => "none".to_owned(),
        (_, None) => format!("{:.2}", values[row][column]),
        (_, Some(share)) => format!("{:.2} · {:.0} % inside", values[row][column], 100.0 * share),
    };
    let texts = (0..values.len())
        .map(|row| (0..fit.underlyings.len()).map(|column| text(row, column)).collect())
        .collect();
    Panel {
        title: String::new(),
        x: Axis::names(fit.underlyings.clone()),
        y: Axis::names(classes(&MARK_GAP_DAYS)).titled("days to expiry"),
        layers: vec![Layer::Cells { values, texts, marked: None }],
    }
}

fn source(fit: &SurfaceFit) -> Result<Table, ReportError> {
    let days = classes(&MARK_GAP_DAYS);
    let cells = || {
        let columns = fit.underlyings.len();
        (0..days.len() * columns).map(move |at| (at / columns, at % columns))
    };
    Ok(Table::new(
        "surface-fit",
        [
            ("days", Column::texts(cells().map(|(row, _)| days[row].clone()))),
            ("underlying", Column::texts(cells().map(|(_, at)| fit.underlyings[at].clone()))),
            ("expiries", Column::counts(cells().map(|(row, at)| fit.slices[row][at]))),
            ("rms_error", Column::numbers(cells().map(|(row, at)| fit.rms[row][at]))),
            (
                "within_spread",
                Column::Number(cells().map(|(row, at)| fit.within[row][at]).collect()),
            ),
        ],
    )?)
}
