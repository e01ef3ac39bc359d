//! The market history behind the result: from when to when is each series known, and where is it faulty?

use mpor_core::{Column, Finding, Table};

use super::Figure;
use crate::drawing::{
    Axis, Drawing, Ink, KeyEntry, KeyMark, Label, Layer, Panel, Place, Shared, Size, at,
};
use crate::error::ReportError;
use crate::evidence::Evidence;
use crate::format;
use crate::input::{DataOrigin, DataRow};

/// See the module.
pub struct DataCoverageFigure;

/// Most series in the figure.
const MOST: usize = 30;

impl Figure for DataCoverageFigure {
    fn id(&self) -> &'static str {
        "data-coverage"
    }

    fn question(&self) -> &'static str {
        "Which history is the result made from, and where is it faulty?"
    }

    fn build(&self, evidence: &Evidence<'_>) -> Result<Vec<Drawing>, ReportError> {
        let rows = shown(&evidence.input.data);
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        Ok(vec![Drawing {
            id: self.id().to_owned(),
            title: "Market history used".to_owned(),
            caption: caption(evidence, rows.len()),
            reading: "Each bar runs from a series' first to its last observation. Marks on it are dates on which a \
                      data check found something; the table of findings says what, and what was done."
                .to_owned(),
            alt: alt(&rows),
            size: Size::page((11.0 * rows.len() as f64).max(30.0)),
            columns: 1,
            panels: vec![panel(evidence, &rows)],
            shared: Shared::Nothing,
            row_titles: Vec::new(),
            key: key(evidence, &rows),
            source: source(&rows)?,
        }])
    }
}

/// All series, or those with the most missing observations when they are too many; in the order given.
fn shown(data: &[DataRow]) -> Vec<&DataRow> {
    let mut order: Vec<usize> = (0..data.len()).collect();
    if order.len() > MOST {
        order.sort_by_key(|&row| std::cmp::Reverse(data[row].missing));
        order.truncate(MOST);
        order.sort_unstable();
    }
    order.into_iter().map(|row| &data[row]).collect()
}

fn caption(evidence: &Evidence<'_>, shown: usize) -> String {
    let all = evidence.input.data.len();
    if shown < all {
        format!("The {shown} series of {all} with the most missing observations.")
    } else {
        "All series of the study.".to_owned()
    }
}

fn alt(rows: &[&DataRow]) -> String {
    let of_row = |row: &&DataRow| {
        format!("{} from {} to {}", row.symbol, format::day(row.from), format::day(row.to))
    };
    let parts: Vec<String> = rows.iter().map(of_row).collect();
    format!("Timeline of the market history. {}.", parts.join("; "))
}

fn key(evidence: &Evidence<'_>, rows: &[&DataRow]) -> Vec<KeyEntry> {
    let entry = |ink, text: &str| KeyEntry { ink, mark: KeyMark::Block, text: text.to_owned() };
    let mut key = vec![entry(Ink::Requirement, "quoted")];
    if rows.iter().any(|row| row.origin == DataOrigin::Modelled) {
        key.push(entry(MODELLED, "modelled"));
    }
    if !evidence.input.findings.is_empty() {
        key.push(entry(Ink::Breach, "finding of a data check"));
    }
    key
}

/// Orange of the series palette.
const MODELLED: Ink = Ink::Series(1);

fn panel(evidence: &Evidence<'_>, rows: &[&DataRow]) -> Panel {
    let bars = |origin: DataOrigin| -> Vec<(f64, f64, f64)> {
        let of_origin = rows.iter().enumerate().filter(|(_, row)| row.origin == origin);
        of_origin.map(|(y, row)| (y as f64, at(row.from), at(row.to))).collect()
    };
    let ends = rows.iter().flat_map(|row| [row.from, row.to]);
    let (first, last) = ends
        .fold(None, |range: Option<(_, _)>, time| {
            Some(range.map_or((time, time), |(low, high)| (time.min(low), time.max(high))))
        })
        .unwrap_or_default();
    Panel {
        title: String::new(),
        x: Axis::time(&[first, last]),
        y: Axis::names(rows.iter().map(|row| name(row)).collect()),
        layers: vec![
            Layer::Bars { bars: bars(DataOrigin::Quoted), ink: Ink::Requirement, thickness: 4.5 },
            Layer::Bars { bars: bars(DataOrigin::Modelled), ink: MODELLED, thickness: 4.5 },
            Layer::Bars { bars: faults(evidence, rows), ink: Ink::Breach, thickness: 7.5 },
            Layer::Labels(labels(rows)),
        ],
    }
}

fn name(row: &DataRow) -> String {
    if row.dataset.is_empty() {
        row.symbol.clone()
    } else {
        format!("{}, {}", row.symbol, row.dataset)
    }
}

fn faults(evidence: &Evidence<'_>, rows: &[&DataRow]) -> Vec<(f64, f64, f64)> {
    let mut bars = Vec::new();
    for (y, row) in rows.iter().enumerate() {
        let mut of_row: Vec<&Finding> = evidence
            .input
            .findings
            .iter()
            .filter(|finding| finding.symbol == row.symbol && belongs(finding, row))
            .collect();
        of_row.sort_by_key(|finding| finding.from);
        bars.extend(of_row.iter().map(|f| (y as f64, at(f.from), at(f.to))));
    }
    bars
}

/// A finding belongs to the row of its dataset; one whose source is a file name, to any row of its series.
fn belongs(finding: &Finding, row: &DataRow) -> bool {
    finding.source == row.dataset
        || finding.source.contains(&row.dataset)
        || finding.source.is_empty()
}

fn labels(rows: &[&DataRow]) -> Vec<Label> {
    let text = |row: &DataRow| {
        let missing = match row.missing {
            0 => "none missing".to_owned(),
            missing => format!("{} missing", format::count(missing)),
        };
        format!("{}, {missing}", format::counted(row.rows, "row", "rows"))
    };
    let label = |(y, row): (usize, &&DataRow)| Label {
        at: (0.0, y as f64),
        text: text(row),
        ink: Ink::Text,
        place: Place::Margin,
    };
    rows.iter().enumerate().map(label).collect()
}

fn source(rows: &[&DataRow]) -> Result<Table, ReportError> {
    let origin = |row: &&DataRow| match row.origin {
        DataOrigin::Quoted => "quoted",
        DataOrigin::Modelled => "modelled",
    };
    Ok(Table::new(
        "data-coverage",
        [
            ("dataset", Column::texts(rows.iter().map(|row| row.dataset.as_str()))),
            ("symbol", Column::texts(rows.iter().map(|row| row.symbol.as_str()))),
            ("from", Column::times(rows.iter().map(|row| row.from))),
            ("to", Column::times(rows.iter().map(|row| row.to))),
            ("rows", Column::counts(rows.iter().map(|row| row.rows))),
            ("missing", Column::counts(rows.iter().map(|row| row.missing))),
            ("origin", Column::texts(rows.iter().map(origin))),
        ],
    )?)
}
